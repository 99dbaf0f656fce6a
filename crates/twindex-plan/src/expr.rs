//! Bound expressions: paths are catalogue ids, functions and constants are checked.

use std::collections::HashSet;
use std::sync::Arc;

use twindex_lang::ast::{CompareOp, ProductOp, SumOp};
use twindex_lang::function::Function;
use twindex_model::path::{PathId, Step};
use twindex_model::value::Value;

use crate::pattern::Pattern;

/// An expression ready to be evaluated over an [`crate::env::Env`]. Chains are lists, as in the
/// AST.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A constant.
    Constant(Value),
    /// Always undefined: the literal, or a path that no twin can have.
    Undefined,
    /// The value of a path.
    Path(PathRef),
    /// The element (or a place below it) of the [`Expr::Any`] around.
    Element(Box<[Step]>),
    /// A key or aggregate of a grouped query: see [`crate::env::Env::slot`].
    Slot(usize),
    /// An array of the defined ones.
    Array(Vec<Expr>),
    /// `NOT a`.
    Not(Box<Expr>),
    /// `-a`.
    Negate(Box<Expr>),
    /// `+a`: a number itself, anything else undefined.
    Plus(Box<Expr>),
    /// `a + b - c …`.
    Sum(Box<Expr>, Vec<(SumOp, Expr)>),
    /// `a * b / c …`.
    Product(Box<Expr>, Vec<(ProductOp, Expr)>),
    /// `a op b` where neither side is the literal `null` under `=` or `!=`.
    Compare(Box<Expr>, CompareOp, Box<Expr>),
    /// `a = null`: true when `a` is null or undefined, else false. Never undefined.
    IsNullish(Box<Expr>),
    /// `a IN [x, y, …]`: Kleene OR of `a = x`, with [`Expr::IsNullish`] for the literal `null`.
    InList {
        /// The value looked for.
        value: Box<Expr>,
        /// The elements, literal `null`s aside.
        items: Vec<Expr>,
        /// Whether the literal `null` is among the elements.
        null_in_list: bool,
    },
    /// `a IN e`: undefined if `a` is undefined or `e` is no array, else whether an element
    /// equals `a`.
    InArray {
        /// The value looked for.
        value: Box<Expr>,
        /// The array.
        array: Box<Expr>,
    },
    /// `a BETWEEN low AND high`: Kleene AND of the two comparisons, `a` evaluated once.
    Between {
        /// The value judged.
        value: Box<Expr>,
        /// Least value that is in.
        low: Box<Expr>,
        /// Greatest value that is in.
        high: Box<Expr>,
    },
    /// `a LIKE 'constant'`.
    Like(Box<Expr>, Arc<Pattern>),
    /// `a LIKE b` with a pattern that changes from row to row.
    LikeExpr(Box<Expr>, Box<Expr>),
    /// `REGEX_MATCH(a, 'constant')`.
    Matches(Box<Expr>, Arc<Pattern>),
    /// `p[*].k op x`: undefined if `array` is no array, else true if `condition` is true of some
    /// element, else false.
    Any {
        /// The array.
        array: PathRef,
        /// The condition on [`Expr::Element`].
        condition: Box<Expr>,
    },
    /// Kleene AND; what is no Boolean counts as undefined.
    And(Vec<Expr>),
    /// Kleene OR, likewise.
    Or(Vec<Expr>),
    /// A function of the table other than an aggregate. `IN_SYNC` and `DRIFT` carry the desired and
    /// reported sections as arguments; `NOW` and `AGO` are constants by now.
    Call(Function, Vec<Expr>),
}

/// A path: the part that the catalogue knows, and steps below it into an array value.
#[derive(Clone, Debug, PartialEq)]
pub struct PathRef {
    /// The catalogue path; `None` if no twin has or had it, so that the value is undefined.
    pub id: Option<PathId>,
    /// Steps below, the first of them an index; empty for most paths.
    pub tail: Box<[Step]>,
    /// The canonical text of the whole path, for `EXPLAIN`.
    pub text: Arc<str>,
}

impl Expr {
    /// Whether `f` says so of each of the expressions directly below; asked in order, up to the first
    /// of which it does not.
    // tidy: flat match
    #[must_use]
    pub fn all_children<'a>(&'a self, f: &mut dyn FnMut(&'a Self) -> bool) -> bool {
        match self {
            Self::Constant(_)
            | Self::Undefined
            | Self::Path(_)
            | Self::Element(_)
            | Self::Slot(_) => true,
            Self::Array(items) | Self::And(items) | Self::Or(items) | Self::Call(_, items) => {
                items.iter().all(f)
            }
            Self::Not(a)
            | Self::Negate(a)
            | Self::Plus(a)
            | Self::IsNullish(a)
            | Self::Like(a, _)
            | Self::Matches(a, _)
            | Self::Any { condition: a, .. } => f(a),
            Self::Sum(first, rest) => f(first) && rest.iter().all(|(_, operand)| f(operand)),
            Self::Product(first, rest) => f(first) && rest.iter().all(|(_, operand)| f(operand)),
            Self::Compare(a, _, b)
            | Self::LikeExpr(a, b)
            | Self::InArray { value: a, array: b } => f(a) && f(b),
            Self::InList { value, items, .. } => f(value) && items.iter().all(f),
            Self::Between { value, low, high } => f(value) && f(low) && f(high),
        }
    }

    /// The expressions directly below.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        let mut children = Vec::new();
        let _ = self.all_children(&mut |child| {
            children.push(child);
            true
        });
        children
    }

    /// The distinct paths it depends on, in the order met; that of [`Expr::Any`] too.
    #[must_use]
    pub fn paths(&self) -> Vec<&PathRef> {
        let (mut found, mut texts) = (Vec::new(), HashSet::new());
        let mut pending = vec![self];
        while let Some(expr) = pending.pop() {
            // The text is canonical, so it stands for the path.
            if let Self::Path(path) | Self::Any { array: path, .. } = expr
                && texts.insert(&path.text)
            {
                found.push(path);
            }
            pending.extend(expr.children().into_iter().rev());
        }
        found
    }

    /// Whether it is the same for every row: no path that a twin can have, no slot, no element.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self {
            Self::Path(path) | Self::Any { array: path, .. } => path.id.is_none(),
            Self::Slot(_) | Self::Element(_) => false,
            _ => self.all_children(&mut Self::is_constant),
        }
    }

    /// The only catalogue path it depends on, if that is all it depends on.
    #[must_use]
    pub fn single_path(&self) -> Option<PathId> {
        let mut found = None;
        self.adds_no_other_path(&mut found).then_some(found).flatten()
    }

    /// Whether it depends on no catalogue path but the one found, if one was, and on no slot.
    fn adds_no_other_path(&self, found: &mut Option<PathId>) -> bool {
        let is_other = match self {
            Self::Slot(_) => true,
            Self::Path(path) | Self::Any { array: path, .. } => {
                path.id.is_some_and(|id| *found.get_or_insert(id) != id)
            }
            _ => false,
        };
        !is_other && self.all_children(&mut |child| child.adds_no_other_path(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(id: u32) -> Expr {
        let text = format!("p{id}").into();
        Expr::Path(PathRef { id: Some(PathId(id)), tail: Box::default(), text })
    }

    #[test]
    fn paths_are_distinct_and_in_order() {
        let sum =
            Expr::Sum(Box::new(path(2)), vec![(SumOp::Add, path(1)), (SumOp::Subtract, path(2))]);
        let texts: Vec<_> = sum.paths().iter().map(|path| path.text.to_string()).collect();
        assert_eq!(texts, ["p2", "p1"]);
        assert_eq!(sum.single_path(), None);
        assert_eq!(Expr::Not(Box::new(path(2))).single_path(), Some(PathId(2)));
        assert_eq!(Expr::Slot(0).single_path(), None);
    }

    #[test]
    fn constants_read_no_row() {
        assert!(Expr::Array(vec![Expr::Constant(Value::Null), Expr::Undefined]).is_constant());
        assert!(!Expr::And(vec![Expr::Undefined, path(0)]).is_constant());
        assert!(!Expr::Slot(0).is_constant());
    }
}
