//! The rows of a page: their JSON texts in a few buffers.
//!
//! One buffer with end offsets for each thread that printed, instead of a string a row: a page of
//! 10,000 rows is a handful of allocations, and what prints rows writes slices. Joining the
//! buffers was rejected: it takes a third as long as printing twins does, for fresh memory alone.

/// JSON texts of rows, one after another.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    parts: Vec<Part>,
    n_rows: usize,
}

/// Rows in one buffer.
#[derive(Clone, Debug, Default)]
struct Part {
    /// Rows in the parts before.
    n_before: usize,
    text: String,
    ends: Vec<usize>,
}

impl Rows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// The JSON text of row `i`.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&str> {
        let part = self.parts.partition_point(|part| part.n_before <= i).checked_sub(1)?;
        let part = &self.parts[part];
        part.get(i - part.n_before)
    }

    /// The JSON texts, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let texts = self.parts.iter().flat_map(|part| {
            let mut begin = 0;
            part.ends.iter().map(move |&end| &part.text[std::mem::replace(&mut begin, end)..end])
        });
        Counted { texts, n_left: self.n_rows }
    }

    /// Bytes of all texts.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.text.len()).sum()
    }

    /// Appends the row that `write` prints.
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        let part = self.last_part();
        write(&mut part.text);
        part.ends.push(part.text.len());
        self.n_rows += 1;
    }

    /// Appends a row that is already text.
    pub(crate) fn push(&mut self, row: &str) {
        self.push_with(|out| out.push_str(row));
    }

    /// Appends rows that `write` prints into a buffer, with where each ends.
    pub(crate) fn extend_with(&mut self, write: impl FnOnce(&mut String, &mut Vec<usize>)) {
        let part = self.last_part();
        let n_before = part.ends.len();
        write(&mut part.text, &mut part.ends);
        let n_rows = part.ends.len() - n_before;
        self.n_rows += n_rows;
    }

    /// Makes room for so many rows like those there are.
    pub(crate) fn reserve_alike(&mut self, n_rows: usize) {
        if let Some(part) = self.parts.last_mut()
            && !part.ends.is_empty()
        {
            let row_bytes = part.text.len() / part.ends.len() + 1;
            // A sixteenth more, lest the last few rows move all others.
            part.text.reserve((row_bytes + row_bytes / 16) * n_rows);
            part.ends.reserve(n_rows);
        }
    }

    /// Appends the rows of `other`.
    pub(crate) fn append(&mut self, mut other: Self) {
        other.parts.iter_mut().for_each(|part| part.n_before += self.n_rows);
        self.parts.append(&mut other.parts);
        self.n_rows += other.n_rows;
    }

    fn last_part(&mut self) -> &mut Part {
        if self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Rows {}

impl Part {
    fn get(&self, i: usize) -> Option<&str> {
        let end = *self.ends.get(i)?;
        let begin = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(begin..end)
    }
}

/// An iterator that knows how many are left.
struct Counted<I> {
    texts: I,
    n_left: usize,
}

impl<'a, I: Iterator<Item = &'a str>> Iterator for Counted<I> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.n_left = self.n_left.saturating_sub(1);
        self.texts.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.n_left, Some(self.n_left))
    }
}

impl<'a, I: Iterator<Item = &'a str>> ExactSizeIterator for Counted<I> {}

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
        all.append(rows);
        all.append(Rows::default());
        all.reserve_alike(2);
        all.extend_with(|out, ends| {
            for row in ["1", "", "22"] {
                out.push_str(row);
                ends.push(out.len());
            }
        });
        let expected = ["null", "{}", r#"{"a":1}"#, "1", "", "22"];
        assert_eq!(all.iter().collect::<Vec<_>>(), expected);
        assert_eq!(all.iter().len(), 6);
        for (i, row) in expected.iter().enumerate() {
            assert_eq!(all.get(i), Some(*row));
        }
        assert_eq!((all.get(6), all.len(), all.n_bytes()), (None, 6, 16));
    }

    #[test]
    fn rows_are_equal_however_they_are_parted() {
        let (mut one, mut other) = (Rows::default(), Rows::default());
        one.push("1");
        let mut tail = Rows::default();
        tail.push("2");
        one.append(tail);
        other.push("1");
        assert_ne!(one, other);
        other.push("2");
        assert_eq!(one, other);
    }
}
