//! Bound expressions: paths are catalogue ids, functions and constants are checked.

use std::sync::Arc;

use twindex_lang::ast::{CompareOp, ProductOp, SumOp};
use twindex_lang::function::Function;
use twindex_model::path::{PathId, Step};
use twindex_model::value::Value;

use crate::pattern::Pattern;

/// An expression ready to be evaluated over an [`crate::env::Env`]. Chains are lists, as in the AST.
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
    /// `a IN e`: undefined if `a` is undefined or `e` is no array, else whether an element equals `a`.
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
