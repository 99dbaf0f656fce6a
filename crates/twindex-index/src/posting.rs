//! Rows of one lane by code, for paths with few distinct values: a cache.
//!
//! An own enum rather than a compressed bitmap: no second heap header, and the dense form is the
//! very mask that the algebra works on.

use twindex_kernels::mask::{self, Words};
use twindex_planted::{Fault, planted};

use crate::counts::Counts;
use crate::lane::codes::Codes;

/// Rows up to which a posting is a list.
const LIST_ROWS_MAX: usize = 4_096;

/// The rows of every code of a dense lane.
#[derive(Clone, Debug)]
pub(crate) struct Postings {
    /// By code.
    by_code: Vec<Posting>,
    codes_max: usize,
}

/// The rows of one code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Posting {
    /// Ascending rows.
    List(Vec<u16>),
    /// A bit for each row.
    Bits(Box<Words>),
}

impl Postings {
    /// Builds the postings of the rows in `mask`; `None` if codes reach `codes_max` or more distinct
    /// ones than `values_max` occur.
    pub(crate) fn build(codes: &Codes, mask: &Words, limits: PostingLimits) -> Option<Self> {
        let counts = Counts::build(codes, mask, limits.codes_max)?;
        if counts.n_codes() > limits.values_max {
            return None;
        }
        let n_codes = counts.iter().last().map_or(0, |(code, _)| code as usize + 1);
        let mut by_code = vec![Posting::List(Vec::new()); n_codes];
        for (code, n_rows) in counts.iter() {
            by_code[code as usize] = Posting::sized(n_rows as usize);
        }
        let mut postings = Self { by_code, codes_max: limits.codes_max };
        for row in mask::rows(mask) {
            _ = postings.add(codes.get(usize::from(row)), usize::from(row));
        }
        Some(postings)
    }

    /// The rows of `code`; `None` if there are none.
    pub(crate) fn of(&self, code: u32) -> Option<&Posting> {
        let posting = self.by_code.get(code as usize)?;
        (!matches!(posting, Posting::List(rows) if rows.is_empty())).then_some(posting)
    }

    /// Whether `code` is not past all codes that have rows.
    pub(crate) fn may_have(&self, code: u32) -> bool {
        (code as usize) < self.by_code.len()
    }

    /// Keeps in `mask` the rows of `code`.
    pub(crate) fn narrow(&self, code: u32, mask: &mut Words) {
        match self.by_code.get(code as usize) {
            None => mask.fill(0),
            Some(Posting::Bits(words)) => mask::and(mask, words),
            Some(Posting::List(rows)) => {
                let mut kept = [0; twindex_kernels::MASK_WORDS];
                for row in rows.iter().filter(|row| mask::get(mask, **row)) {
                    mask::set(&mut kept, *row);
                }
                *mask = kept;
            }
        }
    }

    /// Adds a row; false if the code is too great.
    #[must_use]
    pub(crate) fn add(&mut self, code: u32, row: usize) -> bool {
        let code = code as usize;
        if code >= self.codes_max {
            return false;
        }
        if code >= self.by_code.len() {
            self.by_code.resize(code + 1, Posting::List(Vec::new()));
        }
        self.by_code[code].add(row as u16);
        true
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, code: u32, row: usize) {
        if let Some(posting) = self.by_code.get_mut(code as usize)
            && !planted(Fault::PostingKept)
        {
            posting.remove(row as u16);
        }
    }

    /// Whether both say the same, in whatever form.
    pub(crate) fn says_same(&self, other: &Self) -> bool {
        let n_codes = self.by_code.len().max(other.by_code.len());
        (0..n_codes as u32).all(|code| {
            let mut masks = [[u64::MAX; twindex_kernels::MASK_WORDS]; 2];
            self.narrow(code, &mut masks[0]);
            other.narrow(code, &mut masks[1]);
            masks[0] == masks[1]
        })
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let of = |posting: &Posting| match posting {
            Posting::List(rows) => rows.capacity() * 2,
            Posting::Bits(_) => size_of::<Words>(),
        };
        self.by_code.capacity() * size_of::<Posting>() + self.by_code.iter().map(of).sum::<usize>()
    }
}

/// When postings are worth their memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PostingLimits {
    /// Codes must be below it.
    pub(crate) codes_max: usize,
    /// Distinct codes that may occur in the lane.
    pub(crate) values_max: usize,
}

impl Posting {
    fn sized(n_rows: usize) -> Self {
        if n_rows > LIST_ROWS_MAX {
            Self::Bits(Box::new([0; twindex_kernels::MASK_WORDS]))
        } else {
            Self::List(Vec::with_capacity(n_rows))
        }
    }

    fn add(&mut self, row: u16) {
        match self {
            Self::Bits(words) => mask::set(words, row),
            Self::List(rows) if rows.len() < LIST_ROWS_MAX => {
                let at = rows.partition_point(|r| *r < row);
                if rows.get(at) != Some(&row) {
                    rows.insert(at, row);
                }
            }
            Self::List(rows) => {
                let mut words = Box::new([0; twindex_kernels::MASK_WORDS]);
                let more = (!planted(Fault::PostingTurnLosesRow)).then_some(&row);
                for row in rows.iter().chain(more) {
                    mask::set(&mut words, *row);
                }
                *self = Self::Bits(words);
            }
        }
    }

    fn remove(&mut self, row: u16) {
        match self {
            Self::Bits(words) => mask::clear_row(words, row),
            Self::List(rows) => {
                if let Ok(at) = rows.binary_search(&row) {
                    rows.remove(at);
                }
            }
        }
    }
}
