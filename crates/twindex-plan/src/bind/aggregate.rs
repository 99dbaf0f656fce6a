//! Grouped queries: keys and aggregates become slots.

use twindex_lang::ast::{self, Call, Literal, Node, Query, Select};
use twindex_lang::function::Function;
use twindex_lang::span::Span;

use super::alias::is_aggregate;
use super::binder::{Binder, Clause};
use crate::errors::BindError;
use crate::expr::Expr;
use crate::logical::{Aggregate, AggregateFunction};

/// The keys of a grouped query, and the aggregates that its output was found to need.
pub(super) struct Grouping<'a> {
    keys: &'a [ast::Expr],
    /// Each once, as written; same places as `aggregates`.
    calls: Vec<Call>,
    aggregates: Vec<Aggregate>,
}

impl<'a> Grouping<'a> {
    pub(super) fn new(keys: &'a [ast::Expr]) -> Self {
        Self { keys, calls: Vec::new(), aggregates: Vec::new() }
    }

    /// The slot of the key that is the same tree as `expr`.
    pub(super) fn key_slot(&self, expr: &ast::Expr) -> Option<usize> {
        self.keys.iter().position(|key| key == expr)
    }

    /// The slot of an aggregate met before.
    fn aggregate_slot(&self, call: &Call) -> Option<usize> {
        let place = self.calls.iter().position(|known| known == call)?;
        Some(self.keys.len() + place)
    }

    pub(super) fn into_aggregates(self) -> Vec<Aggregate> {
        self.aggregates
    }
}

/// Whether `query` answers with groups.
pub(super) fn is_grouped(query: &Query) -> bool {
    let in_select = match &query.select {
        Select::All(_) => false,
        Select::Items(items) => items.iter().any(|item| has_aggregate(&item.expr)),
    };
    let in_order = || query.order_by.iter().any(|key| has_aggregate(&key.expr));
    !query.group_by.is_empty() || query.having.is_some() || in_select || in_order()
}

fn has_aggregate(expr: &ast::Expr) -> bool {
    let mut found = matches!(&expr.node, Node::Call(call) if is_aggregate(call));
    expr.for_each_child(&mut |child| found = found || has_aggregate(child));
    found
}

impl Binder<'_> {
    pub(super) fn aggregate(&mut self, function: Function, call: &Call, span: Span) -> Expr {
        let refused = match self.clause {
            Clause::Where => Some("WHERE"),
            Clause::GroupBy => Some("GROUP BY"),
            Clause::Aggregate(outer) => {
                self.error(&BindError::NestedAggregate { inner: function, outer }, span);
                return Expr::Undefined;
            }
            Clause::Output => None,
        };
        if let Some(clause) = refused {
            self.error(&BindError::AggregateNotAllowed { function, clause }, span);
            return Expr::Undefined;
        }
        if let Some(slot) = self.grouping.as_ref().and_then(|g| g.aggregate_slot(call)) {
            return Expr::Slot(slot);
        }
        let Some(aggregate) = self.bind_aggregate(function, call) else {
            return Expr::Undefined;
        };
        // An aggregate in the output makes the query grouped, so there is a grouping.
        self.grouping.as_mut().map_or(Expr::Undefined, |grouping| {
            grouping.calls.push(call.clone());
            grouping.aggregates.push(aggregate);
            Expr::Slot(grouping.keys.len() + grouping.calls.len() - 1)
        })
    }

    fn bind_aggregate(&mut self, function: Function, call: &Call) -> Option<Aggregate> {
        let (grouping, clause) = (self.grouping.take(), self.clause);
        self.clause = Clause::Aggregate(function);
        let argument = call.args.first().map(|arg| self.expr(arg));
        self.grouping = grouping;
        self.clause = clause;
        let computed = match function {
            Function::Count if argument.is_none() => AggregateFunction::CountRows,
            Function::Count if call.distinct => AggregateFunction::CountDistinct,
            Function::Count => AggregateFunction::Count,
            Function::Sum => AggregateFunction::Sum,
            Function::Avg => AggregateFunction::Avg,
            Function::Min => AggregateFunction::Min,
            Function::Max => AggregateFunction::Max,
            Function::Stddev => AggregateFunction::Stddev,
            Function::Percentile => AggregateFunction::Percentile(self.fraction(call)?),
            _ => return None,
        };
        Some(Aggregate { function: computed, argument })
    }

    /// The second argument of PERCENTILE.
    fn fraction(&mut self, call: &Call) -> Option<f64> {
        let arg = call.args.get(1)?;
        match &arg.node {
            Node::Literal(Literal::Number(number)) if (0.0..=1.0).contains(&number.value) => {
                Some(number.value)
            }
            _ => {
                self.error(&BindError::BadPercentile, arg.at.0);
                None
            }
        }
    }
}
