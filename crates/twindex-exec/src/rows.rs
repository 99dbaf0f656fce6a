//! The rows of a page: their JSON texts in one buffer.
//!
//! One buffer and end offsets instead of a string a row: a page of 10,000 rows is two allocations,
//! and what prints rows writes slices.

/// JSON texts of rows, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    text: String,
    ends: Vec<usize>,
}

impl Rows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The JSON text of row `i`.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&str> {
        let end = *self.ends.get(i)?;
        let begin = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(begin..end)
    }

    /// The JSON texts, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut begin = 0;
        self.ends.iter().map(move |&end| {
            let row = &self.text[begin..end];
            begin = end;
            row
        })
    }

    /// Bytes of all texts.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// Appends the row that `write` prints.
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len());
    }

    /// Appends a row that is already text.
    pub(crate) fn push(&mut self, row: &str) {
        self.push_with(|out| out.push_str(row));
    }

    /// Appends the rows of `other`.
    pub(crate) fn append(&mut self, other: &Self) {
        let base = self.text.len();
        self.text.push_str(&other.text);
        self.ends.extend(other.ends.iter().map(|end| base + end));
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn keeps_rows_apart() {
        let mut rows = Rows::default();
        rows.push("{}");
        rows.push(r#"{"a":1}"#);
        let mut all = Rows::default();
        all.push("null");
        all.append(&rows);
        assert_eq!(all.iter().collect::<Vec<_>>(), ["null", "{}", r#"{"a":1}"#]);
        assert_eq!((all.get(0), all.get(2), all.get(3)), (Some("null"), Some(r#"{"a":1}"#), None));
        assert_eq!(all.len(), 3);
    }
}
