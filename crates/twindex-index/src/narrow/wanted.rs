//! Which codes of a dictionary a set of texts takes: found once, kept, and extended as it grows.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use memchr::memmem::Finder;

use crate::cell_set::TextSet;
use crate::dictionary::Dictionary;
use crate::narrow::points::PointTable;

/// A set of texts, made ready for scans and dictionaries.
#[derive(Debug)]
pub(crate) struct TextTest {
    /// The searcher of what all texts in the set hold, if that is known.
    /// It is aligned for vectors, which filters, most of which have none, need not be.
    finder: Option<Box<Finder<'static>>>,
    /// The texts listed, once many rows are asked.
    listed: OnceLock<PointTable>,
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
    /// All but none or a few, ascending.
    AllBut(Vec<u32>),
    /// Code `c` is bit `c % 64` of word `c / 64`.
    Bits(Vec<u64>),
}

impl TextTest {
    /// A test for `set`, to be asked with the same set always.
    pub(crate) fn new(set: &TextSet) -> Self {
        let part = match set {
            TextSet::Contains(part) => Some(part.as_bytes()),
            TextSet::Match(matcher) => matcher.part(),
            _ => None,
        };
        let finder = part.map(|part| Box::new(Finder::new(part).into_owned()));
        Self { finder, listed: OnceLock::new(), wanted: RwLock::new(None) }
    }

    /// The texts listed, of which `points` are all, to be found by hash.
    pub(crate) fn listed(&self, points: &[Box<str>]) -> &PointTable {
        self.listed.get_or_init(|| PointTable::new(points))
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let listed = self.listed.get().map_or(0, PointTable::heap_bytes);
        let wanted = self.wanted.read().unwrap_or_else(PoisonError::into_inner);
        let codes = wanted.as_ref().map_or(0, |wanted| match &wanted.codes {
            WantedCodes::Listed(codes) | WantedCodes::AllBut(codes) => size_of_val(&**codes),
            WantedCodes::Bits(words) => size_of_val(&**words),
        });
        listed + codes
    }

    /// The searcher of what all texts in the set hold, if that is known: of a `Contains` it is the
    /// whole test.
    pub(crate) fn finder(&self) -> Option<&Finder<'static>> {
        self.finder.as_deref()
    }

    /// The codes of `dictionary` whose text is in `set`.
    pub(crate) fn wanted(&self, set: &TextSet, dictionary: &Dictionary) -> Arc<Wanted> {
        let kept = self.kept(dictionary);
        if let Some(wanted) = &kept
            && wanted.n_texts == dictionary.len()
        {
            return Arc::clone(wanted);
        }
        self.keep(self.find(set, dictionary, kept.as_deref()))
    }

    /// Runs the test for some more texts, at most `n_max`; true once every text is known, as it is
    /// from the start where texts are listed. What is found so is what [`TextTest::wanted`] goes on
    /// from: a test of a million texts is no work for one step of a query.
    pub(crate) fn prepare(&self, set: &TextSet, dictionary: &Dictionary, n_max: usize) -> bool {
        let n_left = self.n_unknown(set, dictionary);
        if n_max == 0 {
            return n_left == 0;
        }
        if n_left > n_max {
            let kept = self.kept(dictionary);
            let n_texts = dictionary.len() - n_left + n_max;
            let codes =
                WantedCodes::Bits(self.bits_of(set, (dictionary, n_texts), kept.as_deref()));
            self.keep(Wanted { generation: dictionary.generation(), n_texts, codes });
        } else if n_left > 0 {
            self.wanted(set, dictionary);
        }
        n_left <= n_max
    }

    /// Texts for which the test was not run yet.
    pub(crate) fn n_unknown(&self, set: &TextSet, dictionary: &Dictionary) -> usize {
        match set {
            TextSet::None | TextSet::All | TextSet::Points(_) | TextSet::NotPoints(_) => 0,
            _ => dictionary.len() - self.kept(dictionary).map_or(0, |wanted| wanted.n_texts),
        }
    }

    /// What is known of this filling of a dictionary.
    fn kept(&self, dictionary: &Dictionary) -> Option<Arc<Wanted>> {
        let kept = self.wanted.read().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|wanted| wanted.generation == dictionary.generation())
    }

    fn keep(&self, wanted: Wanted) -> Arc<Wanted> {
        let wanted = Arc::new(wanted);
        *self.wanted.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&wanted));
        wanted
    }

    fn find(&self, set: &TextSet, dictionary: &Dictionary, kept: Option<&Wanted>) -> Wanted {
        let codes = match set {
            TextSet::Points(points) => WantedCodes::Listed(codes_of(points, dictionary)),
            TextSet::NotPoints(points) => WantedCodes::AllBut(codes_of(points, dictionary)),
            set => WantedCodes::Bits(self.bits_of(set, (dictionary, dictionary.len()), kept)),
        };
        Wanted { generation: dictionary.generation(), n_texts: dictionary.len(), codes }
    }

    /// Runs the test for each of the first `n_texts` that is not among those of `kept`.
    fn bits_of(
        &self,
        set: &TextSet,
        (dictionary, n_texts): (&Dictionary, usize),
        kept: Option<&Wanted>,
    ) -> Vec<u64> {
        let (mut bits, n_known) = match kept {
            Some(Wanted { codes: WantedCodes::Bits(bits), n_texts, .. }) => {
                (bits.clone(), *n_texts)
            }
            _ => (Vec::new(), 0),
        };
        bits.resize(n_texts.div_ceil(64), 0);
        for code in n_known..n_texts {
            if self.contains(set, dictionary.text(code as u32)) {
                bits[code / 64] |= 1 << (code % 64);
            }
        }
        bits
    }

    /// Whether `text` is in `set`.
    pub(crate) fn contains(&self, set: &TextSet, text: &str) -> bool {
        match (set, &self.finder) {
            (TextSet::Contains(_), Some(finder)) => finder.find(text.as_bytes()).is_some(),
            _ => set.contains(text),
        }
    }
}

/// The codes of the texts that are there, ascending.
fn codes_of(texts: &[Box<str>], dictionary: &Dictionary) -> Vec<u32> {
    let mut codes: Vec<u32> = texts.iter().filter_map(|text| dictionary.code(text)).collect();
    codes.sort_unstable();
    codes
}

impl WantedCodes {
    /// Whether `code` is in.
    pub(crate) fn contains(&self, code: u32) -> bool {
        match self {
            Self::Listed(codes) => codes.binary_search(&code).is_ok(),
            Self::AllBut(codes) => codes.binary_search(&code).is_err(),
            Self::Bits(bits) => {
                bits.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
            }
        }
    }
}
