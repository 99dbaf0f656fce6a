//! Which codes of a dictionary a set of texts takes: found once, kept, and extended as it grows.

use std::sync::{Arc, PoisonError, RwLock};

use memchr::memmem::Finder;

use crate::cell_set::TextSet;
use crate::dictionary::Dictionary;

/// A set of texts, made ready for scans and dictionaries.
#[derive(Debug)]
pub(crate) struct TextTest {
    /// The searcher of a `Contains`.
    finder: Option<Finder<'static>>,
    wanted: RwLock<Option<Arc<Wanted>>>,
}

/// The codes that are in, for one filling of a dictionary up to one length.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    generation: u32,
    n_texts: usize,
    pub(crate) codes: WantedCodes,
}

/// Codes in a set.
#[derive(Clone, Debug)]
pub(crate) enum WantedCodes {
    /// None or a few, ascending.
    Listed(Vec<u32>),
    /// Code `c` is bit `c % 64` of word `c / 64`.
    Bits(Vec<u64>),
}

impl TextTest {
    /// A test for `set`, to be asked with the same set always.
    pub(crate) fn new(set: &TextSet) -> Self {
        let finder = match set {
            TextSet::Contains(part) => Some(Finder::new(part.as_bytes()).into_owned()),
            _ => None,
        };
        Self { finder, wanted: RwLock::new(None) }
    }

    /// The searcher of a `Contains`.
    pub(crate) fn finder(&self) -> Option<&Finder<'static>> {
        self.finder.as_ref()
    }

    /// The codes of `dictionary` whose text is in `set`.
    pub(crate) fn wanted(&self, set: &TextSet, dictionary: &Dictionary) -> Arc<Wanted> {
        let kept = self.wanted.read().unwrap_or_else(PoisonError::into_inner).clone();
        let kept = kept.filter(|wanted| wanted.generation == dictionary.generation());
        if let Some(wanted) = &kept
            && wanted.n_texts == dictionary.len()
        {
            return Arc::clone(wanted);
        }
        let wanted = Arc::new(self.find(set, dictionary, kept.as_deref()));
        *self.wanted.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&wanted));
        wanted
    }

    fn find(&self, set: &TextSet, dictionary: &Dictionary, kept: Option<&Wanted>) -> Wanted {
        let codes = match set {
            TextSet::Points(points) => {
                let mut codes: Vec<u32> =
                    points.iter().filter_map(|p| dictionary.code(p)).collect();
                codes.sort_unstable();
                WantedCodes::Listed(codes)
            }
            TextSet::NotPoints(points) => {
                let mut bits = vec![u64::MAX; dictionary.len().div_ceil(64)];
                for code in points.iter().filter_map(|point| dictionary.code(point)) {
                    bits[code as usize / 64] &= !(1 << (code % 64));
                }
                WantedCodes::Bits(bits)
            }
            set => WantedCodes::Bits(self.bits_of(set, dictionary, kept)),
        };
        Wanted { generation: dictionary.generation(), n_texts: dictionary.len(), codes }
    }

    /// Runs the test for each text that was not there when `kept` was found.
    fn bits_of(&self, set: &TextSet, dictionary: &Dictionary, kept: Option<&Wanted>) -> Vec<u64> {
        let (mut bits, n_known) = match kept {
            Some(Wanted { codes: WantedCodes::Bits(bits), n_texts, .. }) => {
                (bits.clone(), *n_texts)
            }
            _ => (Vec::new(), 0),
        };
        bits.resize(dictionary.len().div_ceil(64), 0);
        for code in n_known..dictionary.len() {
            if self.contains(set, dictionary.text(code as u32)) {
                bits[code / 64] |= 1 << (code % 64);
            }
        }
        bits
    }

    /// Whether `text` is in `set`.
    pub(crate) fn contains(&self, set: &TextSet, text: &str) -> bool {
        match &self.finder {
            Some(finder) => finder.find(text.as_bytes()).is_some(),
            None => set.contains(text),
        }
    }
}

impl WantedCodes {
    /// Whether `code` is in.
    pub(crate) fn contains(&self, code: u32) -> bool {
        match self {
            Self::Listed(codes) => codes.binary_search(&code).is_ok(),
            Self::Bits(bits) => {
                bits.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
            }
        }
    }
}
