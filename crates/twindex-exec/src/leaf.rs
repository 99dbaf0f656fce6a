//! A condition on one path becomes the set of cells for which it is true (or false).
//!
//! Shapes that lanes answer well (a constant, a list, a range, a kind, a prefix) get a closed form;
//! everything else on one path is a test that evaluates the expression on a single cell, which
//! lanes run once per distinct value. Both forms of one leaf are the same set: a property test
//! below holds them together, so a closed form is an optimisation and never a second meaning.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twindex_index::cell_set::{CellSet, NumberSet, TextSet};
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

use crate::leaf_constants::{between, equal_to, ordered, points, unequal_to};
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
            let (low, high) = match (plain_path(value), &**low, &**high) {
                (Some(_), Expr::Constant(low), Expr::Constant(high)) => (low, high),
                _ => return leaf_time::between(expr),
            };
            Some(between(low, high))
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
