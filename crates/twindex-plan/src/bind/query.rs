//! The clauses of a query, in their order of work.

#[cfg(test)]
mod tests;

use twindex_lang::ast::{self, Literal, Node, Query, Select};
use twindex_lang::diagnostic::Diagnostic;

use super::aggregate::{Grouping, is_grouped};
use super::binder::{Binder, Clause};
use crate::catalog_view::CatalogView;
use crate::errors::BindError;
use crate::expr::Expr;
use crate::logical::{Column, Groups, LogicalPlan, OrderKey, Output, Predicate};
use crate::rules::predicate_of;

/// Binds `query` as of `now_ms` (milliseconds since 1970 UTC, what NOW() gives).
///
/// # Errors
/// All that is wrong with the query, in the order of its text; codes in [`crate::errors`].
pub fn bind(
    query: &Query,
    now_ms: i64,
    catalog: &dyn CatalogView,
) -> Result<LogicalPlan, Vec<Diagnostic>> {
    let mut binder = Binder::new(query, now_ms, catalog);
    let filter = match &query.condition {
        Some(condition) => predicate_of(binder.expr(condition)),
        None => Predicate::All,
    };
    let keys = binder.group_keys(&query.group_by);
    binder.clause = Clause::Output;
    let grouped = is_grouped(query);
    binder.grouping = grouped.then(|| Grouping::new(&query.group_by));
    let columns = binder.columns(&query.select);
    let having = query.having.as_ref().map(|having| binder.output_expr(having));
    let order = binder.order(&query.order_by);
    let aggregates = binder.grouping.take().map(Grouping::into_aggregates).unwrap_or_default();
    let output = match columns {
        _ if grouped => Output::Groups(Groups {
            keys,
            aggregates,
            having,
            columns: columns.unwrap_or_default(),
        }),
        Some(columns) => Output::Rows(columns),
        None => Output::Twins,
    };
    if let (true, Select::All(at)) = (grouped, &query.select) {
        binder.error(&BindError::GroupedStar, at.0);
    }
    Ok(LogicalPlan {
        collection: query.collection,
        filter,
        output,
        order,
        distinct: query.distinct,
        offset: query.offset.unwrap_or(0),
        limit: query.top.into_iter().chain(query.limit).min(),
        warnings: binder.finish()?,
    })
}

impl Binder<'_> {
    fn group_keys(&mut self, keys: &[ast::Expr]) -> Vec<Expr> {
        self.clause = Clause::GroupBy;
        for key in keys {
            self.refuse_number(key, "GROUP BY");
        }
        self.exprs(keys)
    }

    /// The columns; `None` for whole twins.
    fn columns(&mut self, select: &Select) -> Option<Vec<Column>> {
        let Select::Items(items) = select else {
            return None;
        };
        let named = self.name_columns(items);
        let columns = named
            .into_iter()
            .map(|column| Column { expr: self.expr(&column.item.expr), name: column.name.into() });
        Some(columns.collect())
    }

    fn order(&mut self, keys: &[ast::OrderKey]) -> Vec<OrderKey> {
        let bound = keys.iter().map(|key| {
            self.refuse_number(&key.expr, "ORDER BY");
            OrderKey { expr: self.output_expr(&key.expr), descending: key.descending }
        });
        bound.collect()
    }

    /// An expression of HAVING or ORDER BY, which may name columns.
    fn output_expr(&mut self, expr: &ast::Expr) -> Expr {
        match self.names.resolve(expr) {
            Some(resolved) => self.expr(&resolved),
            None => {
                self.error(&BindError::NamesTooLarge, expr.at.0);
                Expr::Undefined
            }
        }
    }

    fn refuse_number(&mut self, key: &ast::Expr, clause: &'static str) {
        if matches!(key.node, Node::Literal(Literal::Number(_))) {
            self.error(&BindError::NumberedColumn { clause }, key.at.0);
        }
    }
}
