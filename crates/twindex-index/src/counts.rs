//! Rows by code within one lane: a cache, built on first use and kept in step by writes.

use twindex_kernels::mask::Words;
use twindex_planted::{Fault, planted};

use crate::lane::codes::Codes;

/// How many rows have each code.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// By code; codes past the end have none.
    rows: Vec<u32>,
    /// Codes are below it.
    codes_max: usize,
}

impl Counts {
    /// Counts the slots of `mask`; `None` if there are codes at or past `codes_max`.
    pub(crate) fn build(codes: &Codes, mask: &Words, codes_max: usize) -> Option<Self> {
        let n_codes = codes.greatest_stored() as usize + 1;
        if n_codes > codes_max {
            return None;
        }
        let mut rows = vec![0; n_codes];
        codes.histogram(mask, &mut rows);
        Some(Self { rows, codes_max })
    }

    /// Counts the slots of `mask`, whose codes take one byte.
    pub(crate) fn of_bytes(codes: &Codes, mask: &Words) -> Self {
        let mut rows = vec![0; usize::from(u8::MAX) + 1];
        codes.histogram(mask, &mut rows);
        Self { codes_max: rows.len(), rows }
    }

    /// Whether both count the same.
    pub(crate) fn says_same(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }

    /// The codes that rows have, and how many.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, n)| **n > 0).map(|(code, n)| (code as u32, *n))
    }

    /// Adds them to `sums`, by code; gives how many were added.
    pub(crate) fn add_to(&self, sums: &mut Vec<u32>) -> usize {
        if sums.len() < self.rows.len() {
            sums.resize(self.rows.len(), 0);
        }
        sums.iter_mut().zip(&self.rows).for_each(|(sum, n)| *sum += n);
        self.rows.len()
    }

    /// Number of distinct codes.
    pub(crate) fn n_codes(&self) -> usize {
        self.rows.iter().filter(|n| **n > 0).count()
    }

    /// One row more has `code`; false if the code is too great to be counted.
    #[must_use]
    pub(crate) fn add(&mut self, code: u32) -> bool {
        let code = code as usize;
        if code >= self.codes_max {
            return false;
        }
        if code >= self.rows.len() {
            self.rows.resize(code + 1, 0);
        }
        self.rows[code] += 1;
        true
    }

    /// One row less has `code`.
    pub(crate) fn subtract(&mut self, code: u32) {
        if let Some(rows) = self.rows.get_mut(code as usize) {
            *rows = rows.saturating_sub(u32::from(!planted(Fault::CountKept)));
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.capacity() * 4
    }
}
