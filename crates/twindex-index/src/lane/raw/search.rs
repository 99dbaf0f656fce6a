//! Searching raw texts, block by block.
//!
//! What is sought is looked for in the bytes of sixteen texts at once.

use memchr::memmem::Finder;
use twindex_kernels::mask::Words;

use super::{BLOCK, LONG, RawText};
use crate::text_match::{TextBlock, TextMatcher};

/// The slots of a block in a word that begins with it.
const OF_BLOCK: u64 = (1 << BLOCK) - 1;
/// One text in so many holds what is searched first, at most, or all texts are matched at once: a
/// hit costs about what matching a text does.
const FOUND_PART: usize = 4;
/// Texts searched until that is asked.
const SEARCHED_MIN: usize = 512;

/// Where a needle was found within a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// Whether it is the whole text.
    pub(crate) is_whole: bool,
}

impl RawText {
    /// Keeps the slots of `mask` whose bytes pass, walking each block once.
    pub(crate) fn narrow(&self, mask: &mut Words, mut keep: impl FnMut(&[u8]) -> bool) {
        self.narrow_blocks(mask, |block, asked| self.texts(block, asked).keep(&mut keep));
    }

    /// Keeps the slots of `mask` in whose text the needle is found in a place that `accept` takes.
    /// The needle is searched in a whole block at once.
    pub(crate) fn search(
        &self,
        mask: &mut Words,
        finder: &Finder<'_>,
        accept: impl Fn(Hit) -> bool,
    ) {
        self.narrow_blocks(mask, |block, _| self.search_block(block, finder, &accept));
    }

    /// Keeps the slots of `mask` that a matcher takes. What all of these hold is searched in whole
    /// blocks first, until it turns out that so many texts hold it that this saves nothing.
    pub(crate) fn matching(
        &self,
        mask: &mut Words,
        matcher: &dyn TextMatcher,
        finder: Option<&Finder<'_>>,
    ) {
        let (mut n_searched, mut n_found) = (0, 0);
        self.narrow_blocks(mask, |block, mut asked| {
            if let Some(finder) = finder
                && n_found * FOUND_PART <= n_searched + SEARCHED_MIN
            {
                let found = self.search_block(block, finder, |_| true);
                n_searched += BLOCK;
                n_found += found.count_ones() as usize;
                asked &= found;
            }
            if asked == 0 { 0 } else { matcher.matches(&self.texts(block, asked)) }
        });
    }

    /// Hands over the texts at some slots, ascending. A block is looked at once: where its texts lie,
    /// and that they are such.
    pub(crate) fn each<'a>(&'a self, slots: &Words, mut take: impl FnMut(&'a str)) {
        for (at, word) in slots.iter().enumerate().filter(|(_, word)| **word != 0) {
            for shift in (0..64).step_by(BLOCK) {
                let (block, asked) = ((at * 64 + shift) / BLOCK, *word >> shift & OF_BLOCK);
                let mut n_left = asked.count_ones();
                if asked != 0 && block < self.n_blocks() {
                    let texts = self.texts(block, asked);
                    n_left -= texts.asked().count_ones();
                    texts.each(&mut take);
                }
                // Past the end all texts are empty.
                (0..n_left).for_each(|_| take(""));
            }
        }
    }

    /// Keeps in each block the slots that `keep` leaves of those asked for.
    fn narrow_blocks(&self, mask: &mut Words, mut keep: impl FnMut(usize, u64) -> u64) {
        for (at, word) in mask.iter_mut().enumerate().filter(|(_, word)| **word != 0) {
            let mut kept = 0;
            for shift in (0..64).step_by(BLOCK) {
                let (block, asked) = ((at * 64 + shift) / BLOCK, *word >> shift & OF_BLOCK);
                if asked != 0 && block < self.n_blocks() {
                    kept |= (keep(block, asked) & asked) << shift;
                }
            }
            *word = kept;
        }
    }

    /// The texts of a block, of which some are asked for.
    fn texts(&self, block: usize, asked: u64) -> TextBlock<'_> {
        let first = block * BLOCK;
        let lens = &self.lens.as_slice()[first..(first + BLOCK).min(self.lens.len())];
        let mut bounds = [0; BLOCK + 1];
        let mut end = 0;
        for (place, len) in lens.iter().enumerate() {
            end += match *len {
                LONG => self.len_at(first + place),
                len => usize::from(len),
            };
            bounds[place + 1] = end;
        }
        // An empty block may have its base past an arena that was cut since.
        let bytes = self.arena.get(self.bases[block] as usize..).unwrap_or_default();
        TextBlock::new(bytes, bounds, asked & ((1 << lens.len()) - 1))
    }

    /// The slots of a block, one bit each, in whose text the needle is found.
    fn search_block(&self, block: usize, finder: &Finder<'_>, accept: impl Fn(Hit) -> bool) -> u64 {
        let (bytes, mut lens) = self.block(block);
        let Some(mut hit) = finder.find(bytes) else { return 0 };
        let n_needle = finder.needle().len();
        let (mut slot, mut start) = (0, 0);
        let mut end = lens.next().unwrap_or(0);
        let mut found = 0;
        loop {
            while end <= hit {
                slot += 1;
                start = end;
                end += lens.next().unwrap_or(bytes.len() - end);
            }
            // A hit across two texts is none, nor is a later one that begins in the first of them;
            // and past its first hit a text is not the needle. So each text is met once.
            let is_inside = hit + n_needle <= end;
            let is_whole = start == hit && hit + n_needle == end;
            let is_found = is_inside && accept(Hit { is_whole });
            found |= u64::from(is_found) << slot;
            match finder.find(&bytes[end..]) {
                Some(next) => hit = end + next,
                None => return found,
            }
        }
    }
}
