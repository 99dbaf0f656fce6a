//! Writing planes: rows come, go and change their kind.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use twindex_kernels::MASK_WORDS;
use twindex_kernels::mask::{self, Words};
use twindex_model::kind::Kind;

use super::{Plane, Planes, SharedRows};
use crate::lane::bits::{clear_bit, first, set_bit};

impl Planes {
    /// Makes slots ranks.
    pub(crate) fn pack(&mut self) {
        let present = self.present_words(self.n_present);
        let mut ranks = Box::new([0; MASK_WORDS]);
        let mut n_before = 0;
        for (rank, word) in ranks.iter_mut().zip(present) {
            // At most 65,472 rows lie before the last word.
            *rank = n_before as u16;
            n_before += word.count_ones();
        }
        self.ranks = Some(ranks.into());
    }

    /// Makes slots rows; gives the rows by slot as they were.
    pub(crate) fn unpack(&mut self) -> Vec<u16> {
        self.ranks = None;
        let rows = self.rows().collect();
        self.compact();
        rows
    }

    /// Gives a row another kind; `counts` are those after the change.
    pub(crate) fn set(&mut self, row: usize, change: (Kind, Kind), counts: &[u32; 8]) {
        let (old, new) = change;
        let n_after = self.n_present + usize::from(old == Kind::Undefined)
            - usize::from(new == Kind::Undefined);
        if new != Kind::Undefined && counts[new as usize] as usize == n_after {
            if !matches!(self.planes[new as usize], Plane::Full) {
                self.planes = Default::default();
                self.planes[new as usize] = Plane::Full;
                self.only = new;
            }
        } else if !(new == Kind::Undefined && matches!(self.planes[old as usize], Plane::Full)) {
            self.spell_out();
            self.planes[old as usize].clear(row, counts[old as usize]);
            if new != Kind::Undefined {
                self.planes[new as usize].set(row);
            }
        }
        if old == Kind::Undefined {
            self.insert(row);
        } else if new == Kind::Undefined {
            self.remove(row);
        }
    }

    /// Gives a kind to a row past all that have the path, if that changes no form; gives its slot.
    #[inline]
    pub(crate) fn append(&mut self, row: usize, kind: Kind) -> Option<usize> {
        if row < self.end {
            return None;
        }
        if self.present.is_none() && row != self.n_present {
            return None;
        }
        if self.only != kind {
            match &mut self.planes[kind as usize] {
                Plane::Bits(words) => set_bit(words, row),
                Plane::Empty | Plane::Full => return None,
            }
        }
        let slot = if self.is_packed() { self.n_present } else { row };
        self.insert(row);
        Some(slot)
    }

    /// Whether ascending rows, past all that have the path, may be given a kind without any other
    /// change.
    pub(crate) fn can_append(&self, rows: &[u16], kind: Kind) -> bool {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return false };
        let (first, last) = (usize::from(*first), usize::from(*last));
        let is_gapless = first == self.n_present && last - first + 1 == rows.len();
        first >= self.end
            && (self.present.is_some() || is_gapless)
            && (self.only == kind || matches!(self.planes[kind as usize], Plane::Bits(_)))
    }

    /// Gives a kind to rows that [`Planes::can_append`].
    pub(crate) fn append_all(&mut self, rows: &[u16], kind: Kind) {
        let Some(last) = rows.last().map(|last| usize::from(*last)) else { return };
        if self.only != kind
            && let Plane::Bits(words) = &mut self.planes[kind as usize]
        {
            rows.iter().for_each(|row| set_bit(words, usize::from(*row)));
        }
        let n_before = self.n_present;
        if self.present.is_some() {
            let words = self.present_words(n_before);
            rows.iter().for_each(|row| set_bit(words, usize::from(*row)));
        }
        let mut n_ranks = self.n_ranks();
        if let Some(ranks) = self.ranks.as_mut().filter(|_| n_ranks <= last / 64) {
            let ranks = Arc::make_mut(ranks);
            for (n_present, row) in (n_before..).zip(rows) {
                let word = usize::from(*row) / 64;
                if n_ranks <= word {
                    // A word that has a rank has rows below it, so the number fits.
                    ranks[n_ranks..=word].fill(n_present as u16);
                    n_ranks = word + 1;
                }
            }
        }
        self.n_present = n_before + rows.len();
        self.end = last + 1;
    }

    /// Gives the plane that all rows are in, if there is one, bits of its own.
    fn spell_out(&mut self) {
        self.only = Kind::Undefined;
        for plane in &mut self.planes {
            if let Plane::Full = plane {
                *plane = Plane::Bits(match &self.present {
                    None => first(self.n_present),
                    Some(words) => Box::new(**words),
                });
            }
        }
    }

    fn insert(&mut self, row: usize) {
        let (n_before, n_ranks) = (self.n_present, self.n_ranks());
        self.n_present += 1;
        self.end = self.end.max(row + 1);
        if row == n_before && self.present.is_none() {
            return;
        }
        set_bit(self.present_words(n_before), row);
        match &mut self.ranks {
            Some(_) if n_ranks == row / 64 + 1 => (),
            Some(ranks) if n_ranks <= row / 64 => {
                // A word that has a rank has rows below it, so the number fits.
                Arc::make_mut(ranks)[n_ranks..=row / 64].fill(n_before as u16);
            }
            Some(ranks) => {
                let after = &mut Arc::make_mut(ranks)[row / 64 + 1..n_ranks];
                after.iter_mut().for_each(|rank| *rank += 1);
            }
            None if row < n_before => self.compact(),
            None => (),
        }
    }

    /// Words whose ranks are right.
    fn n_ranks(&self) -> usize {
        self.end.div_ceil(64)
    }

    fn remove(&mut self, row: usize) {
        let (n_before, n_ranks) = (self.n_present, self.n_ranks());
        self.n_present -= 1;
        if row + 1 == n_before && self.present.is_none() {
            return;
        }
        clear_bit(self.present_words(n_before), row);
        match &mut self.ranks {
            Some(ranks) => {
                let after = &mut Arc::make_mut(ranks)[row / 64 + 1..n_ranks];
                after.iter_mut().for_each(|rank| *rank -= 1);
            }
            None if row + 1 >= n_before => self.compact(),
            None => (),
        }
    }

    /// The words of the rows present, `n` in number, spelled out if they were not.
    fn present_words(&mut self, n: usize) -> &mut Words {
        Arc::make_mut(self.present.get_or_insert_with(|| first(n).into()))
    }

    /// Drops the words of the rows present if those are all below their number.
    fn compact(&mut self) {
        // Forwards: where rows lie past their number, one of them mostly lies near.
        let (word, bit) = (self.n_present / 64, self.n_present % 64);
        let is_past = |words: &Arc<Words>| {
            let is_past_in = |words: &u64| words >> bit != 0;
            words.get(word).is_some_and(is_past_in)
                || words.iter().skip(word + 1).any(|word| *word != 0)
        };
        if self.present.as_ref().is_some_and(|words| !is_past(words)) {
            self.present = None;
        }
    }

    /// Forgets that rows past the last one had the path; gives the end of those that do.
    pub(crate) fn cut_end(&mut self) -> usize {
        if !self.is_packed() {
            self.compact();
        }
        let last = self.present.as_ref().map(|words| mask::last_set(words).map_or(0, usize::from));
        self.end = last.map_or(self.n_present, |last| last + 1);
        self.end
    }

    /// Takes the rows present, and the ranks, of a lane with the same ones, or offers its own.
    pub(crate) fn share(&mut self, shared: &mut SharedRows) {
        let (n_ranks, n_present) = (self.n_ranks(), self.n_present);
        if let Some(ranks) = &mut self.ranks
            && ranks[n_ranks..].iter().any(|rank| usize::from(*rank) != n_present)
        {
            // The other lane may end later. No word is past the last where all rows are present.
            Arc::make_mut(ranks)[n_ranks..].fill(n_present as u16);
        }
        let Some(words) = &mut self.present else { return };
        let alike = shared.entry(FixedState::default().hash_one(words.as_slice())).or_default();
        match alike.iter_mut().find(|other| other.0 == *words) {
            Some((other, ranks)) => {
                *words = Arc::clone(other);
                match (&mut self.ranks, ranks) {
                    (Some(own), Some(other)) => *own = Arc::clone(other),
                    (Some(own), ranks) => *ranks = Some(Arc::clone(own)),
                    (None, _) => (),
                }
            }
            None => alike.push((Arc::clone(words), self.ranks.clone())),
        }
    }
}

impl Plane {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    fn set(&mut self, row: usize) {
        if let Self::Empty = self {
            *self = Self::Bits(Box::new([0; MASK_WORDS]));
        }
        if let Self::Bits(words) = self {
            set_bit(words, row);
        }
    }

    /// Takes a row out, after which `left` rows remain.
    fn clear(&mut self, row: usize, left: u32) {
        match self {
            Self::Bits(_) if left == 0 => *self = Self::Empty,
            Self::Bits(words) => clear_bit(words, row),
            Self::Empty | Self::Full => (),
        }
    }
}
