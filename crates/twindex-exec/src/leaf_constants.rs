//! The cells that stand in a relation to constants: equal to one, to none, before one, between two.

use std::ops::Bound;

use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet};
use twindex_lang::ast::CompareOp;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::value::Value;

use crate::cell_algebra::{number_range, text_range};

/// The cells equal to a constant; none for an object, of which a cell alone does not tell.
pub(crate) fn equal_to(constant: &Value) -> Option<CellSet> {
    points(&[constant], KindSet::NONE)
}

/// The cells equal to one of `constants`, and those of `kinds`.
pub(crate) fn points(constants: &[&Value], kinds: KindSet) -> Option<CellSet> {
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
pub(crate) fn unequal_to(constants: &[&Value], kinds: KindSet) -> Option<CellSet> {
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

/// The cells `c` with `c op constant`, for the operators of order.
pub(crate) fn ordered(op: CompareOp, constant: &Value) -> CellSet {
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

/// The range of what is `op` a constant, for the operators of order.
pub(crate) fn bounds<T>(op: CompareOp, constant: T) -> (Bound<T>, Bound<T>) {
    match op {
        CompareOp::Less => (Bound::Unbounded, Bound::Excluded(constant)),
        CompareOp::LessOrEqual => (Bound::Unbounded, Bound::Included(constant)),
        CompareOp::Greater => (Bound::Excluded(constant), Bound::Unbounded),
        _ => (Bound::Included(constant), Bound::Unbounded),
    }
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

/// The cells between two constants, both included.
pub(crate) fn between(low: &Value, high: &Value) -> CellSet {
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
    set
}
