//! What can be refused before any twin is read.
//!
//! The binder of the engine finds all this and more; here stands what the page says in so many
//! words, so that a harness can compare refusals and the evaluator need not fear them.

use twindex_lang::ast::{
    Call, Callee, Expr, InList, Literal, Node, Path, Query, Segment, Select, SelectItem,
};
use twindex_lang::function::Function;

use crate::path::single_key;
use crate::pattern::is_regex_match;
use crate::{literal, names};

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, in plain words.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}

type Checked = Result<(), Refusal>;

fn refuse<T>(reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(reason))
}

/// Where an expression stands, which decides what it may hold.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// What an expression may be built from.
    over: Over<'a>,
    /// The select list whose names a path may mean; empty where it may not.
    columns: &'a [SelectItem],
}

#[derive(Clone, Copy)]
enum Over<'a> {
    /// Paths of a twin.
    Twin,
    /// These grouped expressions, and aggregates.
    Group(&'a [Expr]),
}

const OVER_TWIN: Place<'static> = Place { over: Over::Twin, columns: &[] };

/// Whether a query is one that the language accepts, as far as the judge can see.
///
/// # Errors
/// The first thing found wrong.
pub fn check(query: &Query) -> Checked {
    if let Some(condition) = &query.condition {
        expr(condition, OVER_TWIN)?;
    }
    for key in &query.group_by {
        no_bare_number(key)?;
        expr(key, OVER_TWIN)?;
    }
    let over = if is_grouped(query) { Over::Group(&query.group_by) } else { Over::Twin };
    let items: &[SelectItem] = match &query.select {
        Select::All(_) if is_grouped(query) => return refuse("`SELECT *` in a grouped query"),
        Select::All(_) => &[],
        Select::Items(items) => items,
    };
    for item in items {
        expr(&item.expr, Place { over, columns: &[] })?;
    }
    names::columns(items)?;
    let with_columns = Place { over, columns: items };
    if let Some(having) = &query.having {
        expr(having, with_columns)?;
    }
    for key in &query.order_by {
        no_bare_number(&key.expr)?;
        expr(&key.expr, with_columns)?;
    }
    Ok(())
}

/// Whether a query has groups: by a clause, or by an aggregate selected or ordered by.
pub(crate) fn is_grouped(query: &Query) -> bool {
    let selected = match &query.select {
        Select::All(_) => false,
        Select::Items(items) => items.iter().any(|item| has_aggregate(&item.expr)),
    };
    let ordered_by = query.order_by.iter().any(|key| has_aggregate(&key.expr));
    !query.group_by.is_empty() || query.having.is_some() || selected || ordered_by
}

/// Whether a function is computed over all members of a group.
pub(crate) fn is_aggregate(function: Function) -> bool {
    matches!(
        function,
        Function::Count
            | Function::Sum
            | Function::Avg
            | Function::Min
            | Function::Max
            | Function::Percentile
            | Function::Stddev
    )
}

fn has_aggregate(expr: &Expr) -> bool {
    let is_call = |node: &Node| match node {
        Node::Call(call) => matches!(call.callee, Callee::Known(f) if is_aggregate(f)),
        _ => false,
    };
    is_call(&expr.node) || parts(expr).into_iter().any(has_aggregate)
}

/// Whether a path in `expr`, outside the arguments of aggregates, means a column of `items`.
pub(crate) fn refers_to_column(expr: &Expr, items: &[SelectItem]) -> bool {
    match &expr.node {
        Node::Path(path) => column_meant(path, items).is_some(),
        Node::Call(Call { callee: Callee::Known(function), .. }) if is_aggregate(*function) => {
            false
        }
        _ => parts(expr).into_iter().any(|part| refers_to_column(part, items)),
    }
}

/// The column that a path means, where it may mean one.
pub(crate) fn column_meant<'a>(path: &Path, items: &'a [SelectItem]) -> Option<&'a Expr> {
    single_key(path).and_then(|key| names::referred(items, key))
}

/// The expressions an expression is directly built from.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match &expr.node {
        Node::Literal(_) | Node::Undefined | Node::Path(_) => vec![],
        Node::Array(items) | Node::And(items) | Node::Or(items) => items.iter().collect(),
        Node::Not(inner) | Node::Sign(_, inner) => vec![inner],
        Node::Sum(first, rest) => first_and_rest(first, rest),
        Node::Product(first, rest) => first_and_rest(first, rest),
        Node::Compare(left, _, right) => vec![left, right],
        Node::In { value, list: InList::Items(items), .. } => {
            std::iter::once(&**value).chain(items).collect()
        }
        Node::In { value, list: InList::Expr(list), .. } => vec![value, list],
        Node::Between { value, low, high, .. } => vec![value, low, high],
        Node::Like { value, pattern, .. } => vec![value, pattern],
        Node::Is { value, .. } => vec![value],
        Node::Call(call) => call.args.iter().collect(),
    }
}

fn first_and_rest<'a, Op>(first: &'a Expr, rest: &'a [(Op, Expr)]) -> Vec<&'a Expr> {
    std::iter::once(first).chain(rest.iter().map(|(_, operand)| operand)).collect()
}

fn no_bare_number(key: &Expr) -> Checked {
    match &key.node {
        Node::Sign(_, operand) => no_bare_number(operand),
        Node::Literal(Literal::Number(_)) => refuse("a number where a key is meant"),
        _ => Ok(()),
    }
}

fn expr(expr: &Expr, place: Place<'_>) -> Checked {
    if let Over::Group(keys) = place.over
        && keys.contains(expr)
        && !refers_to_column(expr, place.columns)
    {
        return Ok(());
    }
    match &expr.node {
        Node::Literal(Literal::Number(number)) => literal::number(&number.text).map(|_| ()),
        Node::Path(path) => self::path(path, place),
        Node::Call(call) => self::call(call, place),
        Node::Compare(left, ..)
        | Node::In { value: left, .. }
        | Node::Between { value: left, .. }
        | Node::Like { value: left, .. }
            if is_any_element(left) =>
        {
            no_group(place)?;
            all(parts(expr).into_iter().skip(1), place)
        }
        _ => all(parts(expr), place),
    }
}

fn all<'a>(exprs: impl IntoIterator<Item = &'a Expr>, place: Place<'_>) -> Checked {
    exprs.into_iter().try_for_each(|part| expr(part, place))
}

/// Whether an expression is a path with just one `[*]`.
fn is_any_element(expr: &Expr) -> bool {
    match &expr.node {
        Node::Path(path) => n_any_element(path) == 1,
        _ => false,
    }
}

fn n_any_element(path: &Path) -> usize {
    path.segments.iter().filter(|segment| **segment == Segment::AnyElement).count()
}

fn path(path: &Path, place: Place<'_>) -> Checked {
    if n_any_element(path) > 0 {
        return refuse("`[*]` elsewhere than on the left of a comparison");
    }
    if column_meant(path, place.columns).is_some() { Ok(()) } else { no_group(place) }
}

fn no_group(place: Place<'_>) -> Checked {
    match place.over {
        Over::Twin => Ok(()),
        Over::Group(_) => refuse("an expression is neither grouped nor aggregated"),
    }
}

fn call(call: &Call, place: Place<'_>) -> Checked {
    let function = match &call.callee {
        Callee::Known(function) => *function,
        Callee::Unknown(name) => return refuse(format!("unknown function `{name}`")),
    };
    let (least, most) = n_args(function);
    if !(least..=most).contains(&call.args.len()) {
        return refuse(format!("{function:?} takes another number of arguments"));
    }
    if call.distinct && (function != Function::Count || call.args.is_empty()) {
        return refuse("DISTINCT belongs into COUNT(DISTINCT x) alone");
    }
    if !is_aggregate(function) {
        literal_pattern(function, &call.args)?;
        if matches!(function, Function::InSync | Function::Drift) {
            no_group(place)?;
        }
        return all(&call.args, place);
    }
    if matches!(place.over, Over::Twin) {
        return refuse("an aggregate where there is no group");
    }
    if function == Function::Percentile && percentile(call).is_none() {
        return refuse("the second argument of PERCENTILE is no number from 0 to 1");
    }
    // Over the twins of a group no aggregate is allowed, so none is inside another.
    all(&call.args, OVER_TWIN)
}

/// The literal share that PERCENTILE is asked for.
pub(crate) fn percentile(call: &Call) -> Option<f64> {
    match &call.args.get(1)?.node {
        Node::Literal(Literal::Number(number)) => {
            literal::number(&number.text).ok().filter(|share| (0.0..=1.0).contains(share))
        }
        _ => None,
    }
}

/// Refuses a bad literal pattern of REGEX_MATCH.
fn literal_pattern(function: Function, args: &[Expr]) -> Checked {
    let Some(Node::Literal(Literal::String(pattern))) = args.get(1).map(|arg| &arg.node) else {
        return Ok(());
    };
    let flags = match args.get(2).map(|arg| &arg.node) {
        Some(Node::Literal(Literal::String(flags))) => flags,
        _ => "",
    };
    if function == Function::RegexMatch && is_regex_match("", pattern, flags).is_none() {
        return refuse(format!("`{pattern}` is no regular expression"));
    }
    Ok(())
}

/// The least and the greatest number of arguments.
fn n_args(function: Function) -> (usize, usize) {
    match function {
        Function::Now | Function::InSync | Function::Drift => (0, 0),
        Function::Count => (0, 1),
        Function::IndexOf
        | Function::Power
        | Function::Bin
        | Function::ArrayContains
        | Function::Percentile => (2, 2),
        Function::StartsWith
        | Function::EndsWith
        | Function::Contains
        | Function::Substring
        | Function::RegexMatch => (2, 3),
        Function::Concat => (2, usize::MAX),
        _ => (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use twindex_lang::{Limits, parse_query};

    use super::*;

    fn is_accepted(text: &str) -> bool {
        let query = parse_query(text, &Limits::default());
        query.is_ok_and(|query| check(&query).is_ok())
    }

    #[test]
    fn what_the_page_calls_an_error_is_refused() {
        for text in [
            "SELECT * FROM devices GROUP BY tags.a",
            "SELECT * FROM devices HAVING COUNT() > 1",
            "SELECT * FROM devices ORDER BY COUNT()",
            "SELECT tags.a FROM devices WHERE COUNT() > 1",
            "SELECT COUNT() AS n FROM devices GROUP BY COUNT()",
            "SELECT SUM(MAX(tags.a)) FROM devices",
            "SELECT tags.b, COUNT() FROM devices GROUP BY tags.a",
            "SELECT tags.a.b FROM devices GROUP BY tags.a",
            "SELECT tags.a FROM devices GROUP BY tags.a HAVING tags.b = 1",
            "SELECT COUNT() FROM devices ORDER BY tags.a",
            "SELECT IN_SYNC(), COUNT() FROM devices",
            "SELECT COUNT() FROM devices GROUP BY 1",
            "SELECT tags.a FROM devices ORDER BY 1",
            "SELECT tags.a FROM devices ORDER BY -1",
            "SELECT tags.a FROM devices ORDER BY -+1 DESC",
            "SELECT tags.l[*] FROM devices",
            "SELECT * FROM devices WHERE 1 = tags.l[*]",
            "SELECT * FROM devices WHERE tags.l[*][*] = 1",
            "SELECT * FROM devices WHERE NOT tags.l[*]",
            "SELECT * FROM devices WHERE tags.l[*] + 1 = 2",
            "SELECT COUNT() FROM devices HAVING tags.l[*] = 1",
            "SELECT * FROM devices WHERE NOPE(1)",
            "SELECT * FROM devices WHERE LENGTH()",
            "SELECT * FROM devices WHERE CONCAT('a')",
            "SELECT SUM(DISTINCT tags.a) FROM devices",
            "SELECT PERCENTILE(tags.a, 1.5) FROM devices",
            "SELECT PERCENTILE(tags.a, tags.b) FROM devices",
            "SELECT * FROM devices WHERE REGEX_MATCH(tags.a, '(')",
            "SELECT COUNT() AS n, SUM(n) FROM devices ORDER BY MAX(n) + COUNT(n + SUM(n))",
        ] {
            assert!(!is_accepted(text), "{text}");
        }
    }

    #[test]
    fn what_is_built_from_groups_is_accepted() {
        for text in [
            "SELECT tags.a, COUNT() FROM devices GROUP BY Tags.a",
            "SELECT LOWER(tags.a) AS l, 1 FROM devices GROUP BY lower(devices.tags['a'])",
            "SELECT UPPER(tags.a), NOW() - MAX(tags.t) FROM devices GROUP BY tags.a",
            "SELECT (tags.a) = 1 FROM devices GROUP BY tags.a = 1",
            "SELECT tags.l[*] = 1 AS any FROM devices GROUP BY tags.l[*] = 1",
            "SELECT COUNT() AS n FROM devices GROUP BY tags.a HAVING n > 1 ORDER BY n DESC, tags.a",
            "SELECT COUNT() AS n FROM devices ORDER BY COUNT(n)",
            "SELECT IN_SYNC() AS s, COUNT() FROM devices GROUP BY IN_SYNC()",
            "SELECT 1 AS one FROM devices HAVING COUNT() > 1",
            "SELECT COUNT(tags.l[*] = 1) FROM devices",
            "SELECT PERCENTILE(tags.a, 0.5) FROM devices",
        ] {
            assert!(is_accepted(text), "{text}");
        }
    }
}
