//! A filter keeps the rows whose cells it keeps, in every lane form, and estimates them rightly.

use std::sync::Arc;

use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use std::ops::Bound;
use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet, TimeSet};
use twindex_index::filter::PathFilter;
use twindex_index::text_match::{TextBlock, TextMatcher};
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::kind::KindSet;
use twindex_model::path::PathId;

use crate::arb;
use crate::world::{COLLECTIONS, World};

fn bound<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Bound<T>> {
    (value, 0..3).prop_map(|(value, which)| match which {
        0 => Bound::Included(value),
        1 => Bound::Excluded(value),
        _ => Bound::Unbounded,
    })
}

fn numbers() -> impl Strategy<Value = NumberSet> {
    let points = || {
        prop::collection::vec(arb::number(), 0..4).prop_map(|mut points| {
            points.sort_by(f64::total_cmp);
            points.dedup();
            points
        })
    };
    prop_oneof![
        Just(NumberSet::None),
        Just(NumberSet::All),
        (bound(arb::number()), bound(arb::number()))
            .prop_map(|(low, high)| NumberSet::Between(NumberBounds { low, high })),
        points().prop_map(NumberSet::Points),
        points().prop_map(NumberSet::NotPoints),
        Just(NumberSet::Test(Arc::new(|number| number % 2.0 == 0.0))),
    ]
}

pub(crate) fn texts() -> impl Strategy<Value = TextSet> {
    let text = || {
        prop_oneof![3 => arb::string(), 1 => Just("[1]".to_owned()), 1 => Just("[]".to_owned())]
            .prop_map(String::into_boxed_str)
    };
    let points = || {
        prop::collection::vec(text(), 0..4).prop_map(|mut points| {
            points.sort();
            points.dedup();
            points
        })
    };
    let part = part_of(text());
    let prefix =
        (text(), 0_usize..30).prop_map(|(text, n)| text.chars().take(n).collect::<String>().into());
    prop_oneof![
        1 => Just(TextSet::None),
        1 => Just(TextSet::All),
        2 => points().prop_map(TextSet::Points),
        2 => points().prop_map(TextSet::NotPoints),
        3 => (bound(text()), bound(text())).prop_map(|(low, high)| TextSet::Between(low, high)),
        2 => prefix.prop_map(TextSet::Prefix),
        2 => part.prop_map(TextSet::Contains),
        1 => Just(TextSet::Test(Arc::new(|text: &str| text.len() % 3 == 1))),
        2 => part_of(text()).prop_map(|part| TextSet::Match(Arc::new(EvenWith(part)))),
        3 => time_numbers().prop_map(time_set),
    ]
}

/// Some characters of a text.
fn part_of(text: impl Strategy<Value = Box<str>>) -> impl Strategy<Value = Box<str>> {
    (text, 0_usize..30, 0_usize..4).prop_map(|(text, from, n)| {
        text.chars()
            .skip(from % (text.chars().count() + 1))
            .take(n)
            .collect::<String>()
            .into_boxed_str()
    })
}

/// Takes texts of an even number of bytes that hold a part.
#[derive(Debug)]
struct EvenWith(Box<str>);

impl TextMatcher for EvenWith {
    fn is_match(&self, text: &[u8]) -> bool {
        let mut parts = text.windows(self.0.len().max(1));
        text.len().is_multiple_of(2)
            && (self.0.is_empty() || parts.any(|part| part == self.0.as_bytes()))
    }

    fn matches(&self, block: &TextBlock<'_>) -> u64 {
        block.keep(|text| self.is_match(text))
    }

    fn part(&self) -> Option<&[u8]> {
        Some(self.0.as_bytes()).filter(|part| !part.is_empty())
    }
}

/// Sets of times, about those that texts have.
fn time_numbers() -> impl Strategy<Value = NumberSet> {
    let time = || arb::string().prop_map(|text| milliseconds(&text).unwrap_or(1_708_559_999_650.5));
    prop_oneof![
        (bound(time()), bound(time()))
            .prop_map(|(low, high)| NumberSet::Between(NumberBounds { low, high })),
        time().prop_map(|time| NumberSet::Points(vec![time])),
        time().prop_map(|time| NumberSet::NotPoints(vec![time])),
    ]
}

pub(crate) fn time_set(milliseconds_in: NumberSet) -> TextSet {
    let milliseconds_of_test = milliseconds_in.clone();
    TextSet::Time(TimeSet {
        milliseconds: milliseconds_in,
        test: Arc::new(move |text: &str| {
            milliseconds(text).is_some_and(|time| milliseconds_of_test.contains(time))
        }),
    })
}

/// Milliseconds of a stamp in UTC, counted year by year.
pub(crate) fn milliseconds(text: &str) -> Option<f64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_year = |year: i64| if is_leap(year) { 366 } else { 365 };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let fraction = text.get(19..)?.strip_suffix('Z')?;
    let days_of_month =
        [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month_idx = usize::try_from(month).ok()?.checked_sub(1)?;
    if day < 1 || day > *days_of_month.get(month_idx)? || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = match year {
        ..1970 => -(year..1970).map(days_of_year).sum::<i64>(),
        _ => (1970..year).map(days_of_year).sum(),
    } + days_of_month[..month_idx].iter().sum::<i64>()
        + day
        - 1;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let milliseconds = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        None => return None,
        Some(digits) => format!("{digits}00").get(..3)?.parse::<i64>().ok()?,
    };
    Some((seconds * 1_000 + milliseconds) as f64)
}

pub(crate) fn cell_set() -> impl Strategy<Value = CellSet> {
    (any::<u8>(), numbers(), texts(), texts()).prop_map(|(kinds, numbers, strings, arrays)| {
        CellSet { kinds: KindSet(kinds), numbers, strings, arrays }
    })
}

/// Compares a filter with its verdict on single cells, in every segment.
pub(crate) fn check(world: &World, filter: &PathFilter) {
    for collection in COLLECTIONS {
        world.index.segments(collection).for_each(|view| check_view(&view, filter));
    }
}

/// Compares a filter with its verdict on single cells.
pub(crate) fn check_view(view: &SegmentView<'_>, filter: &PathFilter) {
    let estimate = filter.estimate(view);
    let mut kept = Mask::full();
    filter.narrow(view, &mut kept);
    let mut kept_live = view.live().clone();
    filter.narrow(view, &mut kept_live);
    let n_rows = view.live().last_set().map_or(0, |last| last + 1).max(70);
    for row in (0..n_rows).chain([u16::MAX]) {
        let cell = view.cell(filter.path, row);
        let keeps = filter.keeps(&cell);
        assert_eq!(kept.get(row), keeps, "row {row}: {cell:?} of {:?}", filter.set);
        assert_eq!(kept_live.get(row), keeps && view.live().get(row), "row {row}: {cell:?}");
    }
    let n_kept = kept_live.count();
    assert!(n_kept <= estimate.rows_max, "{n_kept} kept, {estimate:?}");
    assert!(!estimate.is_exact || n_kept == estimate.rows_max, "{n_kept} kept, {estimate:?}");
}

proptest! {
    #[test]
    fn filters_keep_what_they_keep_cell_by_cell(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 0..25),
        more in prop::collection::vec(arb::twin(), 0..10),
        sets in prop::collection::vec(cell_set(), 1..4),
    ) {
        let mut world = World::of(options, twins);
        let mut filters = Vec::new();
        for path in (0..world.index.catalog().n_paths() as u32).map(PathId) {
            filters.extend(sets.iter().map(|set| PathFilter::new(path, set.clone())));
        }
        filters.iter().for_each(|filter| check(&world, filter));
        // The same filters after writes: what they kept of dictionaries must be extended.
        more.into_iter().for_each(|twin| world.put(twin));
        filters.iter().for_each(|filter| check(&world, filter));
        prop_assert_eq!(world.index.validate(), Ok(()));
    }

    #[test]
    fn counts_by_kind_are_those_of_the_cells(
        options in arb::options(), twins in prop::collection::vec(arb::twin(), 0..25), kinds in any::<u8>(),
    ) {
        let world = World::of(options, twins);
        let kinds = KindSet(kinds);
        for collection in COLLECTIONS {
            for view in world.index.segments(collection) {
                for path in (0..world.index.catalog().n_paths() as u32).map(PathId) {
                    let is_in = |row: &u16| kinds.contains(view.cell(path, *row).kind());
                    let expected = view.live().iter().filter(is_in).count() as u32;
                    prop_assert_eq!(view.n_rows_of_kinds(path, kinds), expected);
                    prop_assert!(expected <= view.n_live());
                }
            }
        }
    }
}
