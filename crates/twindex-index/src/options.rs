//! Thresholds between encodings, in one place so that tests reach every encoding with few rows.

/// When lanes change their form. The defaults suit millions of twins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexOptions {
    /// Rows of a segment that are filled before the next one is begun, 1 to 65,536.
    pub segment_rows_max: u32,
    /// Rows with the path in a segment up to which its lane is sparse: sorted rows and values.
    pub sparse_rows_max: usize,
    /// Odd numbers (or times) a lane keeps aside before it is encoded anew; at most 4,096.
    pub exceptions_max: usize,
    /// Distinct strings of a path up to which they are always dictionary codes.
    pub dictionary_values_min: usize,
    /// Greatest number of distinct values of a path for which postings are kept.
    pub posting_values_max: usize,
    /// Greatest number of distinct values for which each segment keeps counts.
    pub count_values_max: usize,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            segment_rows_max: 65_536,
            sparse_rows_max: 4_096,
            exceptions_max: 64,
            dictionary_values_min: 4_096,
            posting_values_max: 64,
            count_values_max: 4_096,
        }
    }
}

impl IndexOptions {
    /// The same with every threshold within its limits.
    pub(crate) fn clamped(mut self) -> Self {
        self.segment_rows_max = self.segment_rows_max.clamp(1, 65_536);
        self.sparse_rows_max = self.sparse_rows_max.min(65_536);
        self.exceptions_max = self.exceptions_max.min(4_096);
        self
    }
}
