//! Some rows of a segment, made ready to be looked up in one lane after another.
//!
//! Rows that stand together are looked up together: what a lane has of 64 rows is one word, and its
//! slots follow each other.

use std::cell::Cell;

use smallvec::SmallVec;

/// Rows asked for, at most 256.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Ascending, each with its number among those asked for.
    rows: SmallVec<[(u16, u8); 32]>,
    words: SmallVec<[Word; 4]>,
    /// Where the first row was found in the last list of rows that was searched for it: lists of the
    /// lanes of one model are alike.
    guess: Cell<usize>,
}

/// Rows from the first to the last, for each asked for, up to which they stand close together.
const CLOSE: usize = 8;

/// Those of 64 rows that are asked for.
#[derive(Debug)]
pub(crate) struct Word {
    /// Place of the word in a mask.
    pub(crate) at: usize,
    /// The rows.
    pub(crate) rows: u64,
    numbers: [u8; 64],
}

impl Asked {
    /// Asks for some rows, each of which comes once.
    pub(crate) fn new(rows: &[u16]) -> Self {
        let mut asked = Self { rows: rows.iter().copied().zip(0..).collect(), ..Self::default() };
        asked.rows.sort_unstable();
        for (row, number) in &asked.rows {
            let (at, bit) = (usize::from(*row) / 64, usize::from(*row) % 64);
            if asked.words.last().is_none_or(|last| last.at != at) {
                asked.words.push(Word { at, rows: 0, numbers: [0; 64] });
            }
            if let Some(word) = asked.words.last_mut() {
                word.rows |= 1 << bit;
                word.numbers[bit] = *number;
            }
        }
        asked
    }

    /// The rows, ascending, each with its number.
    pub(crate) fn rows(&self) -> &[(u16, u8)] {
        &self.rows
    }

    /// The rows by word.
    #[inline]
    pub(crate) fn words(&self) -> &[Word] {
        &self.words
    }

    /// Place of the first row of an ascending list that is not before all rows asked for.
    #[inline]
    pub(crate) fn first_in(&self, list: &[u16]) -> usize {
        let Some((first, _)) = self.rows.first() else { return list.len() };
        let guess = self.guess.get();
        let is_before = |at: usize| list.get(at).is_some_and(|row| row < first);
        if guess <= list.len() && !is_before(guess) && (guess == 0 || is_before(guess - 1)) {
            return guess;
        }
        let place = list.partition_point(|row| row < first);
        self.guess.set(place);
        place
    }

    /// Whether the rows stand so close together that it is less to go through what a list has between
    /// them than to look each of them up.
    #[inline]
    pub(crate) fn is_close(&self) -> bool {
        let span = self.ends().map_or(0, |(first, last)| usize::from(last - first));
        span < self.rows.len() * CLOSE
    }

    /// Hands over the number and place of those rows of an ascending list that are asked for; the
    /// list has none before the first.
    #[inline(always)]
    pub(crate) fn for_each_in(&self, list: &[u16], mut take: impl FnMut(usize, usize)) {
        let mut words = self.words.iter();
        let Some(mut word) = words.next() else { return };
        for (place, row) in list.iter().enumerate() {
            let (at, bit) = (usize::from(*row) / 64, usize::from(*row) % 64);
            while word.at < at {
                let Some(next) = words.next() else { return };
                word = next;
            }
            if word.at == at && word.rows >> bit & 1 == 1 {
                take(word.number(bit), place);
            }
        }
    }

    /// The first and the last row.
    pub(crate) fn ends(&self) -> Option<(u16, u16)> {
        Some((self.rows.first()?.0, self.rows.last()?.0))
    }
}

impl Word {
    /// The number of the row of a bit.
    #[inline]
    pub(crate) fn number(&self, bit: usize) -> usize {
        self.numbers[bit % 64].into()
    }
}
