//! Thresholds between encodings, in one place so that tests reach every encoding with few rows.

/// When lanes change their form. The defaults suit millions of twins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexOptions {
    /// Rows of a segment that are filled before the next one is begun, 1 to 65,536.
    pub segment_rows_max: u32,
    /// Rows with the path in a segment up to which its lane is sparse: sorted rows and values.
    pub sparse_rows_max: usize,
    /// Odd numbers (or times) a lane keeps aside before it is encoded anew.
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
