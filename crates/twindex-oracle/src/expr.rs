//! The value of an expression, over a twin or over a group.

#[cfg(test)]
mod tests;

use serde_json::Value;
use twindex_lang::ast::{
    Call, Callee, CompareOp, Expr, InList, IsTest, Literal, Node, Path, ProductOp, SelectItem,
    Sign, SumOp,
};
use twindex_lang::function::Function;

use crate::aggregate::{aggregate, count_distinct};
use crate::check::{column_meant, is_aggregate, percentile, refers_to_column};
use crate::value::{Maybe, bool_of, count, equal, finite, number_of, text_of};
use crate::{drift, functions, literal, path, pattern};

/// What an expression is evaluated over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Env<'a> {
    /// `NOW()`.
    pub(crate) now_ms: i64,
    /// The twin or the group.
    pub(crate) subject: Subject<'a>,
    /// The select list whose names a path may mean; empty outside ORDER BY and HAVING.
    pub(crate) columns: &'a [SelectItem],
}

/// A twin, or a group of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    /// One twin.
    Twin(&'a Value),
    /// Some twins.
    Group(&'a Group<'a>),
}

/// The twins for which the grouped expressions are the same.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// The grouped expressions.
    pub(crate) exprs: &'a [Expr],
    /// Their values.
    pub(crate) keys: Vec<Maybe>,
    /// The twins, in row order.
    pub(crate) members: Vec<&'a Value>,
}

/// True, false or undefined.
type Truth = Option<bool>;

impl<'a> Env<'a> {
    /// The same place without names of columns.
    fn without_columns(self) -> Self {
        Self { columns: &[], ..self }
    }

    /// Whether a condition is true, and neither false nor undefined nor anything else.
    pub(crate) fn is_true(self, condition: &Expr) -> bool {
        self.truth(condition) == Some(true)
    }

    /// The value of an expression.
    pub(crate) fn value(self, expr: &Expr) -> Maybe {
        if let Some(key) = self.group_key(expr) {
            return key.clone();
        }
        match &expr.node {
            Node::Literal(literal) => literal::value(literal),
            Node::Undefined => None,
            Node::Path(path) => self.path(path),
            Node::Array(items) => {
                Some(Value::Array(items.iter().filter_map(|item| self.value(item)).collect()))
            }
            Node::Sign(sign, operand) => {
                let number = number_of(&self.value(operand))?;
                finite(if *sign == Sign::Minus { -number } else { number })
            }
            Node::Sum(first, rest) => self.sum(first, rest),
            Node::Product(first, rest) => self.product(first, rest),
            Node::Call(call) => self.call(call),
            Node::Not(_)
            | Node::Compare(..)
            | Node::In { .. }
            | Node::Between { .. }
            | Node::Like { .. }
            | Node::Is { .. }
            | Node::And(_)
            | Node::Or(_) => self.condition(&expr.node).map(Value::Bool),
        }
    }

    /// The value of a grouped expression of the group.
    fn group_key(self, expr: &Expr) -> Option<&'a Maybe> {
        let Subject::Group(group) = self.subject else {
            return None;
        };
        let at = group.exprs.iter().position(|key| key == expr)?;
        if refers_to_column(expr, self.columns) { None } else { Some(&group.keys[at]) }
    }

    fn path(self, path: &Path) -> Maybe {
        if let Some(column) = column_meant(path, self.columns) {
            return self.without_columns().value(column);
        }
        match self.subject {
            Subject::Twin(twin) => path::select(twin, &path.segments).cloned(),
            // Neither grouped nor aggregated, which was refused before.
            Subject::Group(_) => None,
        }
    }

    fn sum(self, first: &Expr, rest: &[(SumOp, Expr)]) -> Maybe {
        let mut total = self.value(first);
        for (op, operand) in rest {
            let (left, right) = (number_of(&total)?, number_of(&self.value(operand))?);
            total = finite(match op {
                SumOp::Add => left + right,
                SumOp::Subtract => left - right,
            });
        }
        total
    }

    fn product(self, first: &Expr, rest: &[(ProductOp, Expr)]) -> Maybe {
        let mut total = self.value(first);
        for (op, operand) in rest {
            let (left, right) = (number_of(&total)?, number_of(&self.value(operand))?);
            // Division by zero gives infinity or no number, and neither is finite.
            total = finite(match op {
                ProductOp::Multiply => left * right,
                ProductOp::Divide => left / right,
                ProductOp::Remainder => left % right,
            });
        }
        total
    }

    fn call(self, call: &Call) -> Maybe {
        let Callee::Known(function) = call.callee else {
            return None;
        };
        match (function, self.subject) {
            (_, Subject::Group(group)) if is_aggregate(function) => {
                self.aggregate(function, call, group)
            }
            (Function::InSync, Subject::Twin(twin)) => {
                Some(Value::Bool(drift::drift(twin).is_empty()))
            }
            (Function::Drift, Subject::Twin(twin)) => Some(Value::from(drift::drift(twin))),
            _ => {
                let args: Vec<Maybe> = call.args.iter().map(|arg| self.value(arg)).collect();
                functions::call(function, &args, self.now_ms)
            }
        }
    }

    fn aggregate(self, function: Function, call: &Call, group: &Group<'_>) -> Maybe {
        let Some(argument) = call.args.first() else {
            return Some(count(group.members.len()));
        };
        let over = |twin| Env { now_ms: self.now_ms, subject: Subject::Twin(twin), columns: &[] };
        let values: Vec<Maybe> =
            group.members.iter().map(|&twin| over(twin).value(argument)).collect();
        if call.distinct {
            return Some(count_distinct(&values));
        }
        aggregate(function, &values, percentile(call).unwrap_or_default())
    }

    /// The truth of an expression: what is no Boolean counts as undefined.
    fn truth(self, expr: &Expr) -> Truth {
        bool_of(&self.value(expr))
    }

    fn condition(self, node: &Node) -> Truth {
        match node {
            Node::Not(inner) => not(self.truth(inner)),
            Node::And(parts) => parts.iter().map(|part| self.truth(part)).fold(Some(true), and),
            Node::Or(parts) => parts.iter().map(|part| self.truth(part)).fold(Some(false), or),
            Node::Compare(left, op, right) => {
                let (null_left, null_right) = (is_null(left), is_null(right));
                let right = self.value(right);
                self.judge(left, |left| match op {
                    CompareOp::Equal | CompareOp::NotEqual if null_left || null_right => {
                        let other = if null_right { left } else { &right };
                        let is_nullish = other.as_ref().is_none_or(Value::is_null);
                        Some(is_nullish == (*op == CompareOp::Equal))
                    }
                    _ => compare(left, *op, &right),
                })
            }
            Node::In { value, negated, list } => {
                let is_in = self.is_in(value, list);
                if *negated { not(is_in) } else { is_in }
            }
            Node::Between { value, negated, low, high } => {
                let (low, high) = (self.value(low), self.value(high));
                let is_between = self.judge(value, |value| {
                    let above = compare(value, CompareOp::GreaterOrEqual, &low);
                    and(above, compare(value, CompareOp::LessOrEqual, &high))
                });
                if *negated { not(is_between) } else { is_between }
            }
            Node::Like { value, negated, pattern } => {
                let pattern = self.value(pattern);
                let is_like = self.judge(value, |value| {
                    Some(pattern::is_like(text_of(value)?, text_of(&pattern)?))
                });
                if *negated { not(is_like) } else { is_like }
            }
            Node::Is { value, negated, test } => {
                let value = self.value(value);
                let is = match test {
                    IsTest::Null => value.is_some_and(|value| value.is_null()),
                    IsTest::Defined => value.is_some(),
                };
                Some(is != *negated)
            }
            _ => None,
        }
    }

    fn is_in(self, value: &Expr, list: &InList) -> Truth {
        let null_value = is_null(value);
        match list {
            InList::Items(items) => {
                let items: Vec<(bool, Maybe)> =
                    items.iter().map(|item| (is_null(item), self.value(item))).collect();
                self.judge(value, |value| {
                    let is = |(null_item, item): &(bool, Maybe)| match (null_value, null_item) {
                        (_, true) => Some(value.as_ref().is_none_or(Value::is_null)),
                        (true, _) => Some(item.as_ref().is_none_or(Value::is_null)),
                        _ => compare(value, CompareOp::Equal, item),
                    };
                    let empty = if value.is_some() { Some(false) } else { None };
                    items.iter().map(is).reduce(or).unwrap_or(empty)
                })
            }
            InList::Expr(array) => {
                let array = self.value(array);
                self.judge(value, |value| {
                    let (value, array) = (value.as_ref()?, array.as_ref()?.as_array()?);
                    Some(array.iter().any(|item| equal(item, value)))
                })
            }
        }
    }

    /// Judges the left side of a comparison; for `p[*].k` whether some element makes it true.
    fn judge(self, left: &Expr, test: impl Fn(&Maybe) -> Truth) -> Truth {
        let any_element = match &left.node {
            Node::Path(path) => path::split_at_any_element(path),
            _ => None,
        };
        match (any_element, self.subject) {
            (Some((before, after)), Subject::Twin(twin)) => {
                let elements = path::select(twin, before)?.as_array()?;
                let is_true = |element| test(&path::select(element, after).cloned()) == Some(true);
                Some(elements.iter().any(is_true))
            }
            _ => test(&self.value(left)),
        }
    }
}

/// Whether an expression is the literal `null`.
fn is_null(expr: &Expr) -> bool {
    expr.node == Node::Literal(Literal::Null)
}

/// A comparison without the literal `null`.
fn compare(left: &Maybe, op: CompareOp, right: &Maybe) -> Truth {
    let (left, right) = (left.as_ref()?, right.as_ref()?);
    let is_ordered = matches!(
        (left, right),
        (Value::Number(_), Value::Number(_))
            | (Value::String(_), Value::String(_))
            | (Value::Bool(_), Value::Bool(_))
    );
    let order = is_ordered.then(|| crate::total_order(left, right));
    match op {
        CompareOp::Equal => Some(equal(left, right)),
        CompareOp::NotEqual => Some(!equal(left, right)),
        CompareOp::Less => order.map(|order| order.is_lt()),
        CompareOp::LessOrEqual => order.map(|order| order.is_le()),
        CompareOp::Greater => order.map(|order| order.is_gt()),
        CompareOp::GreaterOrEqual => order.map(|order| order.is_ge()),
    }
}

fn not(a: Truth) -> Truth {
    a.map(|a| !a)
}

fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Truth, b: Truth) -> Truth {
    not(and(not(a), not(b)))
}
