//! What a filter keeps of one segment, where it is a matter of planes that lie there: postings,
//! kinds, live rows. No lane is read.
//!
//! Equality is one posting, a list of values some of them, an inequality a complement; so a whole
//! condition is counted by reading its planes once, see [`Formula`]. A posting that is a list is
//! spread out on the spot: it has few rows, and the passes stay of one kind.

use smallvec::SmallVec;
use twindex_kernels::formula::{Formula, Step};
use twindex_kernels::mask::{self, Mask, Words};
use twindex_model::kind::{Kind, KindSet};
use twindex_planted::{Fault, planted};

use crate::filter::PathFilter;
use crate::lane::Lane;
use crate::lane::string::TextLane;
use crate::narrow::{WantedCodes, postings_of};
use crate::posting::{Posting, Postings};
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Planes joined at most: of more, one pass over codes costs less.
const PLANES_MAX: usize = 12;

/// The rows that a filter keeps of one segment as it is now.
#[derive(Debug)]
pub struct Planes<'a> {
    /// The rows among which those of `any` are left out; if there is none, those of `any` are kept.
    within: Option<Plane<'a>>,
    any: Any<'a>,
}

/// Planes of which any may have a row.
type Any<'a> = SmallVec<[Plane<'a>; 2]>;

/// Rows of a segment.
#[derive(Debug)]
enum Plane<'a> {
    Kept(&'a Words),
    Made(Mask),
}

impl Plane<'_> {
    fn words(&self) -> &Words {
        match self {
            Self::Kept(words) => words,
            Self::Made(mask) => mask.words(),
        }
    }
}

impl<'a> Planes<'a> {
    fn none() -> Self {
        Self { within: None, any: SmallVec::new() }
    }

    fn any(any: Any<'a>) -> Self {
        Self { within: None, any }
    }

    fn but(within: Plane<'a>, any: Any<'a>) -> Self {
        Self { within: Some(within), any }
    }

    /// Whether no row is kept.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.within.is_none() && self.any.is_empty()
    }

    /// Begins a term of `formula`: the rows kept. False if there is no room for it.
    #[must_use]
    pub fn push<'p>(&'p self, formula: &mut Formula<'p>) -> bool {
        let mut any = self.any.iter().map(Plane::words);
        match &self.within {
            Some(within) => {
                formula.push(Step::Push(within.words()))
                    && any.all(|plane| formula.push(Step::AndNot(plane)))
            }
            None => any.next().is_some_and(|first| {
                formula.push(Step::Push(first)) && any.all(|plane| formula.push(Step::Or(plane)))
            }),
        }
    }

    /// The same for a term that is there already: keeps the rows that are kept here too.
    #[must_use]
    pub fn push_and<'p>(&'p self, formula: &mut Formula<'p>) -> bool {
        match (&self.within, &self.any[..]) {
            (None, [plane]) => formula.push(Step::And(plane.words())),
            (Some(within), any) => {
                let mut any = any.iter();
                formula.push(Step::And(within.words()))
                    && any.all(|plane| formula.push(Step::AndNot(plane.words())))
            }
            _ => self.push(formula) && formula.push(Step::JoinAnd),
        }
    }

    /// The same: adds the rows kept here.
    #[must_use]
    pub fn push_or<'p>(&'p self, formula: &mut Formula<'p>) -> bool {
        match &self.within {
            None => self.any.iter().all(|plane| formula.push(Step::Or(plane.words()))),
            Some(_) => self.push(formula) && formula.push(Step::JoinOr),
        }
    }

    /// Clears the rows of `mask` that are not kept.
    pub(crate) fn narrow(&self, mask: &mut Mask) {
        match (&self.within, &self.any[..]) {
            (None, []) => mask.clear(),
            (None, [plane]) => mask::and(mask.words_mut(), plane.words()),
            (None, any) => {
                let mut union = Mask::empty();
                any.iter().for_each(|plane| mask::or(union.words_mut(), plane.words()));
                mask.and(&union);
            }
            (Some(within), any) => {
                mask::and(mask.words_mut(), within.words());
                any.iter().for_each(|plane| mask::and_not(mask.words_mut(), plane.words()));
            }
        }
    }
}

impl PathFilter {
    /// The rows kept of `segment` as planes; `None` if they are no matter of planes, or if the path
    /// changed after the version of the view.
    #[must_use]
    pub fn planes<'a>(&self, segment: &SegmentView<'a>) -> Option<Planes<'a>> {
        let has_changed = segment.past_at(self.path).is_some() && !planted(Fault::PlanesOfNow);
        if has_changed || self.devices_listed(segment).is_some() {
            return None;
        }
        let Some(lane) = segment.lane(self.path) else {
            let keeps_all = self.set.kinds.contains(Kind::Undefined);
            return Some(match keeps_all {
                true => Planes::but(live(segment), SmallVec::new()),
                false => Planes::none(),
            });
        };
        let (whole, partial) = self.kinds_in(lane);
        match partial[..] {
            _ if lane.kinds.is_sparse() => {
                let mut rows = segment.live().clone();
                self.narrow_lane(lane, segment, &mut rows);
                Some(Planes::any(SmallVec::from_iter([Plane::Made(rows)])))
            }
            _ if !lane.kinds.is_dense() => None,
            [] => Some(of_kinds((lane, segment), whole)),
            [Kind::String] => self.of_texts((lane, segment), TextKind::Strings, whole),
            [Kind::Array] => self.of_texts((lane, segment), TextKind::Arrays, whole),
            _ => None,
        }
    }

    /// The rows with some texts of a kind, and all of the kinds in `whole`.
    fn of_texts<'a>(
        &self,
        of: (&'a Lane, &SegmentView<'a>),
        kind: TextKind,
        whole: KindSet,
    ) -> Option<Planes<'a>> {
        let (lane, segment) = of;
        let Some(TextLane::Codes(part)) = lane.text_part(kind) else { return None };
        let postings = postings_of((lane, kind), part, &segment.index().options)?;
        let dictionary = lane.dictionary(kind, &segment.index().texts)?;
        let (set, test) = match kind {
            TextKind::Strings => (&self.set.strings, &self.strings),
            TextKind::Arrays => (&self.set.arrays, &self.arrays),
        };
        let wanted = test.wanted(set, dictionary);
        let (codes, is_complement) = match &wanted.codes {
            WantedCodes::Listed(codes) => (planes_of(postings, codes.iter().copied())?, false),
            WantedCodes::AllBut(codes) => (planes_of(postings, codes.iter().copied())?, true),
            WantedCodes::Bits(bits) => (planes_of(postings, codes_of(bits))?, false),
        };
        let with_kind = whole.with(kind.kind());
        if !is_complement && !whole.contains(Kind::Undefined) {
            let mut any = codes;
            let kinds = whole.iter().map(|kind| of_kind(of, kind));
            any.extend(kinds);
            return Some(Planes::any(any));
        }
        if !is_complement {
            return None;
        }
        let mut all = of_kinds(of, with_kind);
        if all.within.is_none() {
            let [_] = &all.any[..] else { return None };
            all = Planes { within: all.any.pop(), any: SmallVec::new() };
        }
        all.any.extend(codes);
        Some(all)
    }
}

/// The codes in a bit table, ascending.
fn codes_of(bits: &[u64]) -> impl Iterator<Item = u32> {
    bits.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some((at * 64) as u32 + bit)
        })
    })
}

/// The postings of some codes, ascending; `None` if they are too many.
fn planes_of(postings: &Postings, codes: impl Iterator<Item = u32>) -> Option<Any<'_>> {
    let mut planes = Any::new();
    for code in codes.take_while(|code| postings.may_have(*code)) {
        match postings.of(code) {
            None => (),
            Some(_) if planes.len() == PLANES_MAX => return None,
            Some(Posting::Bits(words)) => planes.push(Plane::Kept(words)),
            Some(Posting::List(rows)) => {
                let mut made = Mask::empty();
                rows.iter().for_each(|row| made.set(*row));
                planes.push(Plane::Made(made));
            }
        }
    }
    Some(planes)
}

/// The rows of some kinds, undefined perhaps among them, of a dense lane.
fn of_kinds<'a>(of: (&'a Lane, &SegmentView<'a>), kinds: KindSet) -> Planes<'a> {
    let (lane, segment) = of;
    let met = lane.kinds.present();
    if kinds.contains(Kind::Undefined) {
        let others = met.iter().filter(|kind| !kinds.contains(*kind));
        return Planes::but(live(segment), others.map(|kind| of_kind(of, kind)).collect());
    }
    if met.iter().all(|kind| kinds.contains(kind)) {
        return Planes::any(SmallVec::from_iter([present(of)]));
    }
    let wanted = kinds.intersection(met);
    Planes::any(wanted.iter().map(|kind| of_kind(of, kind)).collect())
}

/// The rows of a kind that occurs in a dense lane.
fn of_kind<'a>(of: (&'a Lane, &SegmentView<'a>), kind: Kind) -> Plane<'a> {
    match of.0.kinds.plane_of(kind) {
        Some(words) => Plane::Kept(words),
        None => present(of),
    }
}

/// The rows that have the path of a dense lane.
fn present<'a>((lane, segment): (&'a Lane, &SegmentView<'a>)) -> Plane<'a> {
    let n_present = lane.kinds.n_defined();
    match lane.kinds.present_words() {
        // Only rows that live have a path.
        _ if n_present == segment.n_live() => live(segment),
        Some(words) => Plane::Kept(words),
        None => Plane::Made(Mask::first(n_present as usize)),
    }
}

fn live<'a>(segment: &SegmentView<'a>) -> Plane<'a> {
    Plane::Kept(segment.segment().live().words())
}
