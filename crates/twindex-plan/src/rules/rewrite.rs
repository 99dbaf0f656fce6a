//! Walking plans and expressions: what rules share.

use crate::expr::Expr;
use crate::logical::{Groups, LogicalPlan, Output, Predicate};

impl Expr {
    /// The expression with `f` applied to those directly below it.
    // tidy: flat match
    pub(super) fn map_children(self, f: &mut dyn FnMut(Self) -> Self) -> Self {
        let mut boxed = |mut expr: Box<Self>| {
            *expr = f(std::mem::replace(&mut *expr, Self::Undefined));
            expr
        };
        match self {
            Self::Constant(_)
            | Self::Undefined
            | Self::Path(_)
            | Self::Element(_)
            | Self::Slot(_) => self,
            Self::Not(a) => Self::Not(boxed(a)),
            Self::Negate(a) => Self::Negate(boxed(a)),
            Self::Plus(a) => Self::Plus(boxed(a)),
            Self::IsNullish(a) => Self::IsNullish(boxed(a)),
            Self::Like(a, pattern) => Self::Like(boxed(a), pattern),
            Self::Matches(a, pattern) => Self::Matches(boxed(a), pattern),
            Self::LikeExpr(a, b) => Self::LikeExpr(boxed(a), boxed(b)),
            Self::Compare(a, op, b) => Self::Compare(boxed(a), op, boxed(b)),
            Self::InArray { value, array } => {
                Self::InArray { value: boxed(value), array: boxed(array) }
            }
            Self::Between { value, low, high } => {
                Self::Between { value: boxed(value), low: boxed(low), high: boxed(high) }
            }
            Self::Any { array, condition } => Self::Any { array, condition: boxed(condition) },
            Self::InList { value, items, null_in_list } => {
                let value = boxed(value);
                Self::InList { value, items: map_all(items, f), null_in_list }
            }
            Self::Array(items) => Self::Array(map_all(items, f)),
            Self::And(items) => Self::And(map_all(items, f)),
            Self::Or(items) => Self::Or(map_all(items, f)),
            Self::Call(function, args) => Self::Call(function, map_all(args, f)),
            Self::Sum(first, rest) => {
                let first = boxed(first);
                Self::Sum(first, rest.into_iter().map(|(op, e)| (op, f(e))).collect())
            }
            Self::Product(first, rest) => {
                let first = boxed(first);
                Self::Product(first, rest.into_iter().map(|(op, e)| (op, f(e))).collect())
            }
        }
    }
}

fn map_all(items: Vec<Expr>, f: &mut dyn FnMut(Expr) -> Expr) -> Vec<Expr> {
    items.into_iter().map(f).collect()
}

impl LogicalPlan {
    /// The plan with `f` applied to its filter.
    pub(super) fn map_filter(self, f: impl FnOnce(Predicate) -> Predicate) -> Self {
        Self { filter: f(self.filter), ..self }
    }

    /// The plan with `f` applied to every expression but those of its filter.
    pub(super) fn map_exprs(mut self, f: &mut dyn FnMut(Expr) -> Expr) -> Self {
        let mut apply = |expr: &mut Expr| *expr = f(std::mem::replace(expr, Expr::Undefined));
        self.order.iter_mut().for_each(|key| apply(&mut key.expr));
        match &mut self.output {
            Output::Twins => {}
            Output::Rows(columns) => columns.iter_mut().for_each(|c| apply(&mut c.expr)),
            Output::Groups(Groups { keys, aggregates, having, columns }) => {
                keys.iter_mut().for_each(&mut apply);
                aggregates.iter_mut().filter_map(|a| a.argument.as_mut()).for_each(&mut apply);
                having.iter_mut().for_each(&mut apply);
                columns.iter_mut().for_each(|c| apply(&mut c.expr));
            }
        }
        self
    }
}

impl Predicate {
    /// The conjunction: flat, without `All`, `Nothing` if one term is.
    #[must_use]
    pub fn all_of(terms: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for term in terms {
            match term {
                Self::All => {}
                Self::Nothing => return Self::Nothing,
                Self::And(inner) => flat.extend(inner),
                Self::Or(_) | Self::Leaf { .. } => flat.push(term),
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// The disjunction: flat, without `Nothing`, `All` if one term is.
    #[must_use]
    pub fn any_of(terms: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for term in terms {
            match term {
                Self::Nothing => {}
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                Self::And(_) | Self::Leaf { .. } => flat.push(term),
            }
        }
        match flat.len() {
            0 => Self::Nothing,
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// The predicate with `f` in the place of each leaf, flat again.
    pub(super) fn map_leaves(self, f: &mut dyn FnMut(Expr, bool) -> Self) -> Self {
        match self {
            Self::All | Self::Nothing => self,
            Self::And(terms) => Self::all_of(terms.into_iter().map(|term| term.map_leaves(f))),
            Self::Or(terms) => Self::any_of(terms.into_iter().map(|term| term.map_leaves(f))),
            Self::Leaf { expr, wanted } => f(expr, wanted),
        }
    }
}
