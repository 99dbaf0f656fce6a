//! A condition in one segment as a formula over planes: what can be counted without a mask.
//!
//! Operators that know their rows as planes say so; AND and OR put them together. What one of them
//! has to read a lane for goes the other way, mask by mask, where the order of its steps and an
//! early end are worth more than reading planes in one pass.

use twindex_index::planes::Planes;
use twindex_kernels::formula::{Formula, Step};
use twindex_kernels::mask::Mask;

/// The rows that a condition keeps of a segment.
#[derive(Debug)]
pub enum Term<'a> {
    /// No row.
    Nothing,
    /// Every live row.
    Everything,
    /// Rows known as planes.
    Planes(Planes<'a>),
    /// Rows that all terms keep, two or more.
    All(Vec<Term<'a>>),
    /// Rows that any term keeps, two or more.
    Any(Vec<Term<'a>>),
}

impl<'a> Term<'a> {
    /// The term of planes.
    #[must_use]
    pub fn of(planes: Planes<'a>) -> Self {
        if planes.is_nothing() { Self::Nothing } else { Self::Planes(planes) }
    }

    /// The rows that all of `terms` keep; `None` if one of them is not known, unless another keeps
    /// no row.
    #[must_use]
    pub fn all(terms: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let mut kept = Vec::new();
        for term in terms {
            match term? {
                Self::Nothing => return Some(Self::Nothing),
                Self::Everything => (),
                term => kept.push(term),
            }
        }
        Some(match kept.len() {
            0 => Self::Everything,
            1 => kept.remove(0),
            _ => Self::All(kept),
        })
    }

    /// The rows that any of `terms` keeps; `None` if one of them is not known, unless another keeps
    /// every row.
    #[must_use]
    pub fn any(terms: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let mut kept = Vec::new();
        for term in terms {
            match term? {
                Self::Everything => return Some(Self::Everything),
                Self::Nothing => (),
                term => kept.push(term),
            }
        }
        Some(match kept.len() {
            0 => Self::Nothing,
            1 => kept.remove(0),
            _ => Self::Any(kept),
        })
    }

    /// Counts the rows, of which `n_live` live; `None` if the formula has too many terms at once.
    #[must_use]
    pub fn count(&self, n_live: u32) -> Option<u32> {
        match self {
            Self::Nothing => Some(0),
            Self::Everything => Some(n_live),
            term => term.formula().map(|formula| formula.count()),
        }
    }

    /// Writes the rows into `mask`, which holds the live ones; false, and nothing written, if the
    /// formula has too many terms at once.
    #[must_use]
    pub fn write(&self, mask: &mut Mask) -> bool {
        match self {
            Self::Nothing => mask.clear(),
            Self::Everything => (),
            term => match term.formula() {
                Some(formula) => formula.write(mask.words_mut()),
                None => return false,
            },
        }
        true
    }

    fn formula(&self) -> Option<Formula<'_>> {
        let mut formula = Formula::default();
        self.push(&mut formula).then_some(formula)
    }

    fn push<'t>(&'t self, formula: &mut Formula<'t>) -> bool {
        match self {
            // Chains drop terms that say nothing, and a term alone is no formula.
            Self::Nothing | Self::Everything => false,
            Self::Planes(planes) => planes.push(formula),
            Self::All(terms) => {
                let mut rest = terms.iter();
                rest.next().is_some_and(|first| first.push(formula))
                    && rest.all(|term| match term {
                        Self::Planes(planes) => planes.push_and(formula),
                        term => term.push(formula) && formula.push(Step::JoinAnd),
                    })
            }
            Self::Any(terms) => {
                let mut rest = terms.iter();
                rest.next().is_some_and(|first| first.push(formula))
                    && rest.all(|term| match term {
                        Self::Planes(planes) => planes.push_or(formula),
                        term => term.push(formula) && formula.push(Step::JoinOr),
                    })
            }
        }
    }
}
