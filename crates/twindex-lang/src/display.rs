//! Canonical text: keywords in capitals, one blank where one belongs, no parentheses without need.
//!
//! Law: for every tree the parser gives, parsing its text gives the tree again. Equal trees have
//! equal texts, so a fingerprint of the text is one of the tree.

mod text;

use std::fmt::{self, Display, Formatter, Write};

use twindex_planted::{Fault, planted};

use crate::ast::{
    Assignment, Call, Callee, Collection, CompareOp, Delete, Expr, InList, IsTest, Literal, Name,
    Node, Number, OrderKey, Path, ProductOp, Query, Segment, Segments, Select, SelectItem, Sign,
    Statement, SumOp, Update,
};
use text::{write_column_name, write_first_key, write_key, write_number, write_string};

/// How tightly a node holds its operands together; the order is that of the grammar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Not,
    Predicate,
    Sum,
    Product,
    Sign,
    Primary,
}

fn strength(node: &Node) -> Strength {
    match node {
        Node::Or(_) => Strength::Or,
        Node::And(_) => Strength::And,
        Node::Not(_) => Strength::Not,
        Node::Compare(..)
        | Node::In { .. }
        | Node::Between { .. }
        | Node::Like { .. }
        | Node::Is { .. } => Strength::Predicate,
        Node::Sum(..) => Strength::Sum,
        Node::Product(..) => Strength::Product,
        Node::Sign(..) => Strength::Sign,
        Node::Literal(_) | Node::Undefined | Node::Path(_) | Node::Array(_) | Node::Call(_) => {
            Strength::Primary
        }
    }
}

/// An expression where one of at least the given strength may stand.
struct Operand<'a>(&'a Expr, Strength);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(expr, least) = self;
        let is_weaker = strength(&expr.node) < *least && !planted(Fault::ParenthesesDropped);
        if is_weaker { write!(f, "({expr})") } else { write!(f, "{expr}") }
    }
}

/// Items with a separator between them.
struct Joined<'a, T>(&'a [T], &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(items, separator) = self;
        for (idx, item) in items.iter().enumerate() {
            if idx > 0 {
                f.write_str(separator)?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => write!(f, "{query}"),
            Self::Explain { analyze: false, query } => write!(f, "EXPLAIN {query}"),
            Self::Explain { analyze: true, query } => write!(f, "EXPLAIN ANALYZE {query}"),
            Self::Update(update) => write!(f, "{update}"),
            Self::Delete(delete) => write!(f, "{delete}"),
        }
    }
}

impl Display for Update {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "UPDATE {} SET {}", self.collection, Joined(&self.assignments, ", "))?;
        write_tail(f, self.condition.as_ref(), self.dry_run)
    }
}

impl Display for Assignment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.path, self.value)
    }
}

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "DELETE FROM {}", self.collection)?;
        write_tail(f, self.condition.as_ref(), self.dry_run)
    }
}

/// What `UPDATE` and `DELETE` end with.
fn write_tail(f: &mut Formatter<'_>, condition: Option<&Expr>, dry_run: bool) -> fmt::Result {
    if let Some(condition) = condition {
        write!(f, " WHERE {condition}")?;
    }
    f.write_str(if dry_run { " DRY RUN" } else { "" })
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.distinct { "SELECT DISTINCT " } else { "SELECT " })?;
        if let Some(top) = self.top {
            write!(f, "TOP {top} ")?;
        }
        write!(f, "{} FROM {}", self.select, self.collection)?;
        if let Some(condition) = &self.condition {
            write!(f, " WHERE {condition}")?;
        }
        if !self.group_by.is_empty() {
            write!(f, " GROUP BY {}", Joined(&self.group_by, ", "))?;
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", Joined(&self.order_by, ", "))?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " OFFSET {offset}")?;
        }
        match self.at_least {
            Some(version) => write!(f, " AT LEAST VERSION {version}"),
            None => Ok(()),
        }
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) => f.write_char('*'),
            Self::Items(items) => write!(f, "{}", Joined(items, ", ")),
        }
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            None => write!(f, "{}", self.expr),
            Some(name) => write!(f, "{} AS {name}", self.expr),
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.can_be_referred_to {
            f.write_str(&self.text)
        } else {
            write_column_name(f, &self.text)
        }
    }
}

impl Display for Collection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Devices => "devices",
            Self::Modules => "devices.modules",
            Self::Jobs => "devices.jobs",
        })
    }
}

impl Display for OrderKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expr, if self.descending { " DESC" } else { "" })
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.node)
    }
}

impl Display for Node {
    // tidy: flat match
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        let operand = |expr| Operand(expr, Strength::Sum);
        match self {
            Self::Literal(literal) => write!(f, "{literal}"),
            Self::Undefined => f.write_str("undefined"),
            Self::Path(path) => write!(f, "{path}"),
            Self::Array(items) => write!(f, "[{}]", Joined(items, ", ")),
            Self::Not(inner) => write!(f, "NOT {}", Operand(inner, Strength::Not)),
            Self::Sign(sign, inner) => write_sign(f, *sign, inner),
            Self::Sum(first, rest) => write_chain(f, first, rest, Strength::Product),
            Self::Product(first, rest) => write_chain(f, first, rest, Strength::Sign),
            Self::Compare(left, op, right) => {
                write!(f, "{} {op} {}", operand(left), operand(right))
            }
            Self::In { value, negated, list } => {
                write!(f, "{} {}IN {list}", operand(value), not(negated))
            }
            Self::Between { value, negated, low, high } => {
                write!(f, "{} {}BETWEEN ", operand(value), not(negated))?;
                write!(f, "{} AND {}", operand(low), operand(high))
            }
            Self::Like { value, negated, pattern } => {
                write!(f, "{} {}LIKE {}", operand(value), not(negated), operand(pattern))
            }
            Self::Is { value, negated, test } => {
                write!(f, "{} IS {}{test}", operand(value), not(negated))
            }
            Self::And(terms) => write_terms(f, terms, " AND ", Strength::Not),
            Self::Or(terms) => write_terms(f, terms, " OR ", Strength::And),
            Self::Call(call) => write!(f, "{call}"),
        }
    }
}

/// `-a`; with a blank in `- -a`, since `--` begins a comment.
fn write_sign(f: &mut Formatter<'_>, sign: Sign, inner: &Expr) -> fmt::Result {
    let blank = if matches!(inner.node, Node::Sign(..)) { " " } else { "" };
    write!(f, "{sign}{blank}{}", Operand(inner, Strength::Sign))
}

fn write_chain<Op: Display>(
    f: &mut Formatter<'_>,
    first: &Expr,
    rest: &[(Op, Expr)],
    least: Strength,
) -> fmt::Result {
    write!(f, "{}", Operand(first, least))?;
    rest.iter().try_for_each(|(op, expr)| write!(f, " {op} {}", Operand(expr, least)))
}

fn write_terms(
    f: &mut Formatter<'_>,
    terms: &[Expr],
    separator: &'static str,
    least: Strength,
) -> fmt::Result {
    for (idx, term) in terms.iter().enumerate() {
        if idx > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{}", Operand(term, least))?;
    }
    Ok(())
}

impl Display for InList {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(items) => write!(f, "[{}]", Joined(items, ", ")),
            Self::Expr(list) => write!(f, "{}", Operand(list, Strength::Sum)),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        write!(f, "{}({distinct}{})", self.callee, Joined(&self.args, ", "))
    }
}

impl Display for Callee {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(function) => write!(f, "{function}"),
            Self::Unknown(name) => f.write_str(name),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write_string(f, text),
        }
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_number(f, self.value)
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Segments(&self.segments).fmt(f)
    }
}

impl Display for Segments<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut segments = self.0.iter();
        if let Some(Segment::Key(first)) = segments.next() {
            write_first_key(f, first, matches!(self.0.get(1), Some(Segment::Key(_))))?;
        }
        segments.try_for_each(|segment| write!(f, "{segment}"))
    }
}

impl Display for Segment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write_key(f, key),
            Self::Index(idx) => write!(f, "[{idx}]"),
            Self::AnyElement => f.write_str("[*]"),
        }
    }
}

impl Display for Sign {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char(match self {
            Self::Minus => '-',
            Self::Plus => '+',
        })
    }
}

impl Display for SumOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char(match self {
            Self::Add => '+',
            Self::Subtract => '-',
        })
    }
}

impl Display for ProductOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char(match self {
            Self::Multiply => '*',
            Self::Divide => '/',
            Self::Remainder => '%',
        })
    }
}

impl Display for CompareOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for IsTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Defined => "DEFINED",
        })
    }
}
