//! A condition on one path becomes the set of cells for which it is true (or false).
//!
//! Shapes that lanes answer well (a constant, a list, a range, a kind, a prefix) get a closed form;
//! everything else on one path is a test that evaluates the expression on a single cell, which
//! lanes run once per distinct value. Both forms of one leaf are the same set: a property test
//! below holds them together, so a closed form is an optimisation and never a second meaning.

use std::ops::Bound;
use std::sync::Arc;

use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet};
use twindex_index::text_match::{TextBlock, TextMatcher};
use twindex_lang::ast::CompareOp;
use twindex_lang::function::Function;
use twindex_model::cell::Cell;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;
use twindex_model::value::Value;
use twindex_plan::expr::{Expr, PathRef};
use twindex_plan::pattern::Pattern;
use twindex_planted::{Fault, planted};

use crate::cell_algebra::{number_range, text_range};
use crate::leaf_time;
use crate::row::{CellView, is_truth};

const BOOLEANS: KindSet = KindSet::of(&[Kind::False, Kind::True]);
const NULLISH: KindSet = KindSet::of(&[Kind::Undefined, Kind::Null]);

/// The one path that decides `expr` by its cell alone. None when there is no path, more than one,
/// or a function that looks inside objects.
pub(crate) fn cell_path(expr: &Expr) -> Option<PathId> {
    expr.single_path().filter(|_| !looks_inside_objects(expr))
}

fn looks_inside_objects(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(Function::InSync | Function::Drift, _))
        || !expr.all_children(&mut |child| !looks_inside_objects(child))
}

/// The catalogue path of a plain path, without steps into an array.
pub(crate) fn plain_path(expr: &Expr) -> Option<PathId> {
    match expr {
        Expr::Path(PathRef { id: Some(id), tail, .. }) if tail.is_empty() => Some(*id),
        _ => None,
    }
}

/// The cells for which `expr`, a leaf over one path, is the Boolean `wanted`.
pub(crate) fn cell_set(expr: &Expr, wanted: Wanted) -> CellSet {
    symbolic(expr, wanted).unwrap_or_else(|| generic(expr, wanted))
}

/// Which Boolean a leaf must yield.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    True,
    False,
}

impl Wanted {
    pub(crate) fn of(wanted: bool) -> Self {
        if wanted { Self::True } else { Self::False }
    }

    pub(crate) fn is_true(self) -> bool {
        self == Self::True
    }
}

/// The set by evaluation: at once for the kinds that are values themselves, by test for the rest.
pub(crate) fn generic(expr: &Expr, wanted: Wanted) -> CellSet {
    let singles = [Cell::Undefined, Cell::Null, Cell::Bool(false), Cell::Bool(true), Cell::Object];
    let kinds = singles
        .iter()
        .filter(|cell| is_truth(expr, &CellView(cell), wanted.is_true()))
        .fold(KindSet::NONE, |kinds, cell| kinds.with(cell.kind()));
    let expr = Arc::new(expr.clone());
    let (of_strings, of_arrays) = (Arc::clone(&expr), Arc::clone(&expr));
    CellSet {
        kinds,
        strings: TextSet::Test(Arc::new(move |text: &str| {
            let cell = Cell::String(text.into());
            is_truth(&of_strings, &CellView(&cell), wanted.is_true())
        })),
        arrays: TextSet::Test(Arc::new(move |text: &str| {
            let cell = Cell::Array(text.into());
            is_truth(&of_arrays, &CellView(&cell), wanted.is_true())
        })),
        numbers: NumberSet::Test(Arc::new(move |number| {
            is_truth(&expr, &CellView(&Cell::Number(number)), wanted.is_true())
        })),
    }
}

/// The set in closed form, for the shapes that have one.
pub(crate) fn symbolic(expr: &Expr, wanted: Wanted) -> Option<CellSet> {
    match expr {
        Expr::Path(_) => {
            plain_path(expr)?;
            let kind = if wanted.is_true() { Kind::True } else { Kind::False };
            Some(CellSet::of_kinds(KindSet::of(&[kind])))
        }
        Expr::IsNullish(value) => {
            plain_path(value)?;
            Some(CellSet::of_kinds(if wanted.is_true() { NULLISH } else { NULLISH.complement() }))
        }
        Expr::Compare(a, op, b) => {
            compare(a, *op, b, wanted).or_else(|| leaf_time::compare(expr, wanted))
        }
        Expr::InList { value, items, null_in_list } => {
            in_list(value, items, NullItem::of(*null_in_list), wanted)
        }
        Expr::Between { .. } if !wanted.is_true() => None,
        Expr::Between { value, low, high } => {
            between(value, low, high).or_else(|| leaf_time::between(expr))
        }
        Expr::Like(value, pattern) | Expr::Matches(value, pattern) => {
            plain_path(value)?;
            Some(strings_only(matching(pattern, wanted)))
        }
        Expr::Call(function, args) => call(*function, args, wanted),
        _ => None,
    }
}

fn compare(a: &Expr, op: CompareOp, b: &Expr, wanted: Wanted) -> Option<CellSet> {
    let (op, constant) = match (a, b) {
        (_, Expr::Constant(constant)) if plain_path(a).is_some() => (op, constant),
        (Expr::Constant(constant), _) if plain_path(b).is_some() => (op.turned(), constant),
        _ => return None,
    };
    let op = if wanted.is_true() { op } else { op.negated() };
    match op {
        CompareOp::Equal => equal_to(constant),
        CompareOp::NotEqual => unequal_to(&[constant], KindSet::DEFINED),
        _ => Some(ordered(op, constant)),
    }
}

fn equal_to(constant: &Value) -> Option<CellSet> {
    points(&[constant], KindSet::NONE)
}

/// The cells equal to one of `constants`, and those of `kinds`.
fn points(constants: &[&Value], kinds: KindSet) -> Option<CellSet> {
    let mut set = CellSet::of_kinds(kinds);
    let (mut numbers, mut strings, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
    for constant in constants {
        match constant {
            Value::Null => set.kinds = set.kinds.with(Kind::Null),
            Value::Bool(value) => set.kinds = set.kinds.with(kind_of_bool(*value)),
            // -0 becomes 0, as in lanes.
            Value::Number(number) => numbers.push(number + 0.0),
            Value::String(text) => strings.push(text.clone().into_boxed_str()),
            Value::Array(_) => arrays.push(constant.to_canonical_text().into_boxed_str()),
            // No constant is an object; a cell alone could not tell whether it equals one.
            Value::Object(_) => return None,
        }
    }
    if !numbers.is_empty() {
        set.numbers = NumberSet::Points(sorted_numbers(numbers));
    }
    if !strings.is_empty() {
        set.strings = TextSet::Points(sorted_texts(strings));
    }
    if !arrays.is_empty() {
        set.arrays = TextSet::Points(sorted_texts(arrays));
    }
    Some(set)
}

/// The cells of `kinds` that equal none of `constants`.
fn unequal_to(constants: &[&Value], kinds: KindSet) -> Option<CellSet> {
    let equal = points(constants, KindSet::NONE)?;
    let taken = equal.kinds;
    let mut set = CellSet::of_kinds(kinds);
    set.kinds = set.kinds.intersection(taken.complement());
    if let NumberSet::Points(points) = equal.numbers {
        set.numbers = NumberSet::NotPoints(points);
    }
    if let TextSet::Points(points) = equal.strings {
        set.strings = TextSet::NotPoints(points);
    }
    if let TextSet::Points(points) = equal.arrays {
        set.arrays = TextSet::NotPoints(points);
    }
    Some(set)
}

fn kind_of_bool(value: bool) -> Kind {
    if value { Kind::True } else { Kind::False }
}

fn sorted_numbers(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    numbers
}

fn sorted_texts(mut texts: Vec<Box<str>>) -> Vec<Box<str>> {
    texts.sort();
    texts.dedup();
    texts
}

/// The cells `c` with `c op constant`, for the operators of order.
fn ordered(op: CompareOp, constant: &Value) -> CellSet {
    let mut set = CellSet::none();
    match constant {
        Value::Number(number) => {
            let (low, high) = bounds(op, number + 0.0);
            set.numbers = NumberSet::Between(NumberBounds { low, high });
        }
        Value::String(text) => {
            let (low, high) = bounds(op, text.clone().into_boxed_str());
            set.strings = TextSet::Between(low, high);
        }
        Value::Bool(constant) => {
            let (low, high) = bounds(op, *constant);
            let within = |value| std::ops::RangeBounds::contains(&(low, high), &value);
            set.kinds = [false, true]
                .into_iter()
                .filter(|&value| within(value))
                .fold(KindSet::NONE, |kinds, value| kinds.with(kind_of_bool(value)));
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
    set
}

pub(crate) fn bounds<T>(op: CompareOp, constant: T) -> (Bound<T>, Bound<T>) {
    match op {
        CompareOp::Less => (Bound::Unbounded, Bound::Excluded(constant)),
        CompareOp::LessOrEqual => (Bound::Unbounded, Bound::Included(constant)),
        CompareOp::Greater => (Bound::Excluded(constant), Bound::Unbounded),
        _ => (Bound::Included(constant), Bound::Unbounded),
    }
}

/// Whether the literal `null` is among the items of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NullItem {
    Absent,
    Present,
}

impl NullItem {
    fn of(null_in_list: bool) -> Self {
        if null_in_list { Self::Present } else { Self::Absent }
    }
}

fn in_list(value: &Expr, items: &[Expr], null: NullItem, wanted: Wanted) -> Option<CellSet> {
    plain_path(value)?;
    let constants = items
        .iter()
        .map(|item| match item {
            Expr::Constant(constant) => Some(constant),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    let nullish = match null {
        NullItem::Present => NULLISH,
        NullItem::Absent => KindSet::NONE,
    };
    if wanted.is_true() {
        points(&constants, nullish)
    } else {
        // False where every part is false, so an undefined value is never in: a part that compares
        // it is undefined, and the part of `null` is true.
        let asked = if planted(Fault::NotInMissing) { KindSet::ALL } else { KindSet::DEFINED };
        let others = asked.intersection(nullish.complement());
        unequal_to(&constants, others)
    }
}

fn between(value: &Expr, low: &Expr, high: &Expr) -> Option<CellSet> {
    plain_path(value)?;
    let (Expr::Constant(low), Expr::Constant(high)) = (low, high) else {
        return None;
    };
    let mut set = CellSet::none();
    match (low, high) {
        (Value::Number(low), Value::Number(high)) => {
            set.numbers = number_range(Bound::Included(low + 0.0), Bound::Included(high + 0.0));
        }
        (Value::String(low), Value::String(high)) => {
            let included = |text: &String| Bound::Included(text.clone().into_boxed_str());
            set.strings = text_range(included(low), included(high));
        }
        (Value::Bool(low), Value::Bool(high)) => {
            set.kinds = [false, true]
                .into_iter()
                .filter(|value| low <= value && value <= high)
                .fold(KindSet::NONE, |kinds, value| kinds.with(kind_of_bool(value)));
        }
        _ => {}
    }
    Some(set)
}

fn strings_only(strings: TextSet) -> CellSet {
    CellSet { strings, ..CellSet::none() }
}

/// The texts that match a pattern, or that do not.
fn matching(pattern: &Arc<Pattern>, wanted: Wanted) -> TextSet {
    let part = || std::str::from_utf8(pattern.part()?).ok();
    if wanted.is_true() {
        if let Some(text) = pattern.exact() {
            return TextSet::Points(vec![text.into()]);
        }
        if let Some(prefix) = pattern.prefix() {
            return TextSet::Prefix(prefix.into());
        }
        if let Some(part) = part() {
            return TextSet::Contains(part.into());
        }
    }
    TextSet::Match(Arc::new(Matching { pattern: Arc::clone(pattern), wanted }))
}

/// The texts that match a pattern, or those that do not.
#[derive(Debug)]
struct Matching {
    pattern: Arc<Pattern>,
    wanted: Wanted,
}

impl TextMatcher for Matching {
    fn is_match(&self, text: &[u8]) -> bool {
        let mut is_match = false;
        self.pattern.match_each([((), text)].into_iter(), |()| is_match = true);
        is_match == self.wanted.is_true()
    }

    fn matches(&self, block: &TextBlock<'_>) -> u64 {
        let mut found = 0;
        self.pattern.match_each(block.texts(), |bit| found |= bit);
        if self.wanted.is_true() { found } else { block.asked() & !found }
    }

    fn part(&self) -> Option<&[u8]> {
        if self.wanted.is_true() { self.pattern.required() } else { None }
    }
}

fn call(function: Function, args: &[Expr], wanted: Wanted) -> Option<CellSet> {
    let path = args.first()?;
    plain_path(path)?;
    if let Some(kinds) = kinds_asked(function) {
        let kinds = if wanted.is_true() { kinds } else { kinds.complement() };
        return Some(CellSet::of_kinds(kinds));
    }
    let [_, Expr::Constant(Value::String(part))] = args else {
        return None;
    };
    let part = part.clone().into_boxed_str();
    Some(strings_only(match (function, wanted) {
        (Function::StartsWith, Wanted::True) => TextSet::Prefix(part),
        (Function::StartsWith, Wanted::False) => {
            TextSet::Test(Arc::new(move |text: &str| !text.starts_with(&*part)))
        }
        (Function::Contains, Wanted::True) => TextSet::Contains(part),
        (Function::Contains, Wanted::False) => {
            let whole = TextSet::Contains(part);
            TextSet::Test(Arc::new(move |text: &str| !whole.contains(text)))
        }
        _ => return None,
    }))
}

/// The kinds for which a function of the `IS_` family is true.
fn kinds_asked(function: Function) -> Option<KindSet> {
    Some(match function {
        Function::IsDefined => KindSet::DEFINED,
        Function::IsNull => KindSet::of(&[Kind::Null]),
        Function::IsBool => BOOLEANS,
        Function::IsNumber => KindSet::of(&[Kind::Number]),
        Function::IsString => KindSet::of(&[Kind::String]),
        Function::IsArray => KindSet::of(&[Kind::Array]),
        Function::IsObject => KindSet::of(&[Kind::Object]),
        Function::IsPrimitive => {
            BOOLEANS.union(KindSet::of(&[Kind::Null, Kind::Number, Kind::String]))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof};
    use proptest::proptest;
    use twindex_lang::ast::CompareOp;
    use twindex_lang::function::Function;
    use twindex_model::cell::Cell;
    use twindex_model::path::PathId;
    use twindex_model::value::Value;
    use twindex_plan::expr::{Expr, PathRef};
    use twindex_plan::pattern::Pattern;

    use super::{Wanted, cell_path, generic, symbolic};
    use crate::cell_algebra::{intersection, union};

    fn path() -> Box<Expr> {
        Box::new(Expr::Path(PathRef {
            id: Some(PathId(3)),
            tail: Box::default(),
            text: "tags.p".into(),
        }))
    }

    fn time() -> Box<Expr> {
        Box::new(Expr::Call(Function::Time, vec![*path()]))
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[ab%_\u{e9}]{0,3}", Just("\u{10000}".to_owned())]
    }

    /// Texts among which stamps are, and times of other forms.
    fn stamp() -> impl Strategy<Value = String> {
        let texts = [
            "1970-01-01T00:00:00.0020000Z",
            "1970-01-01T00:00:00.0015Z",
            "1970-01-01",
            "1970-01-01T00:00:00.001",
            "1969-12-31T23:59:59.9980000Z",
            "1970-01-01T01:00:00+01:00",
            "1970-01-32T00:00:00Z",
        ];
        prop::sample::select(texts.map(str::to_owned).to_vec())
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.0), Just(-0.0), (-2i8..3).prop_map(f64::from), Just(0.5), Just(1e300)]
    }

    fn constant() -> impl Strategy<Value = Value> {
        prop_oneof![
            1 => Just(Value::Null),
            2 => any::<bool>().prop_map(Value::Bool),
            4 => number().prop_map(Value::Number),
            4 => text().prop_map(Value::String),
            1 => prop::collection::vec(number().prop_map(Value::Number), 0..2)
                .prop_map(Value::Array),
        ]
    }

    fn operand() -> impl Strategy<Value = Expr> {
        prop_oneof![9 => constant().prop_map(Expr::Constant), 1 => Just(Expr::Undefined)]
    }

    fn comparison() -> impl Strategy<Value = CompareOp> {
        prop::sample::select(vec![
            CompareOp::Equal,
            CompareOp::NotEqual,
            CompareOp::Less,
            CompareOp::LessOrEqual,
            CompareOp::Greater,
            CompareOp::GreaterOrEqual,
        ])
    }

    fn call() -> impl Strategy<Value = Expr> {
        let asking = prop::sample::select(vec![
            Function::IsDefined,
            Function::IsNull,
            Function::IsBool,
            Function::IsNumber,
            Function::IsString,
            Function::IsArray,
            Function::IsObject,
            Function::IsPrimitive,
        ]);
        let searching = prop::sample::select(vec![
            Function::StartsWith,
            Function::EndsWith,
            Function::Contains,
        ]);
        prop_oneof![
            asking.prop_map(|function| Expr::Call(function, vec![*path()])),
            (searching, operand()).prop_map(|(f, part)| Expr::Call(f, vec![*path(), part])),
        ]
    }

    fn leaf() -> impl Strategy<Value = Expr> {
        let list = prop::collection::vec(operand(), 0..4);
        prop_oneof![
            Just(*path()),
            Just(Expr::IsNullish(path())),
            (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(path(), op, Box::new(c))),
            (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(Box::new(c), op, path())),
            (list, any::<bool>()).prop_map(|(items, null_in_list)| Expr::InList {
                value: path(),
                items,
                null_in_list,
            }),
            (operand(), operand()).prop_map(|(low, high)| Expr::Between {
                value: path(),
                low: Box::new(low),
                high: Box::new(high),
            }),
            (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(time(), op, Box::new(c))),
            (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(Box::new(c), op, time())),
            (operand(), operand()).prop_map(|(low, high)| Expr::Between {
                value: time(),
                low: Box::new(low),
                high: Box::new(high),
            }),
            text().prop_map(|text| Expr::Like(path(), Arc::new(Pattern::like(&text)))),
            call(),
        ]
    }

    /// The texts of a cell, owned, for a cell borrows.
    fn cell() -> impl Strategy<Value = (u8, f64, String)> {
        (0u8..8, number(), prop_oneof![text(), stamp()])
    }

    fn with_cell(cell: &(u8, f64, String), f: impl FnOnce(&Cell<'_>)) {
        let (kind, number, text) = cell;
        let array = Value::Array(vec![Value::Number(*number)]).to_canonical_text();
        f(&match kind {
            0 => Cell::Undefined,
            1 => Cell::Null,
            2 => Cell::Bool(false),
            3 => Cell::Bool(true),
            4 => Cell::Number(number + 0.0),
            5 => Cell::String(text.as_str().into()),
            6 => Cell::Array(array.as_str().into()),
            _ => Cell::Object,
        });
    }

    proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

        /// A closed form is the set that evaluation gives.
        #[test]
        fn closed_forms_mean_what_evaluation_means(leaf in leaf(), cell in cell()) {
            prop_assert_eq!(cell_path(&leaf), Some(PathId(3)));
            for wanted in [Wanted::True, Wanted::False] {
                let Some(closed) = symbolic(&leaf, wanted) else { continue };
                let tested = generic(&leaf, wanted);
                with_cell(&cell, |cell| {
                    let (found, expected) = (closed.contains(cell), tested.contains(cell));
                    assert_eq!(found, expected, "{leaf} {wanted:?} {cell:?} {closed:?}");
                });
            }
        }

        /// What two leaves are joined to holds what both, or either, hold.
        #[test]
        fn joined_sets_are_both_or_either(a in leaf(), b in leaf(), cell in cell()) {
            let (Some(x), Some(y)) = (symbolic(&a, Wanted::True), symbolic(&b, Wanted::True)) else {
                return Ok(());
            };
            with_cell(&cell, |cell| {
                let (in_x, in_y) = (x.contains(cell), y.contains(cell));
                if let Some(both) = intersection(&x, &y) {
                    assert_eq!(both.contains(cell), in_x && in_y, "{a} AND {b} {cell:?}");
                }
                if let Some(either) = union(&x, &y) {
                    assert_eq!(either.contains(cell), in_x || in_y, "{a} OR {b} {cell:?}");
                }
            });
        }
    }
}
