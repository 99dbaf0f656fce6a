//! Bound expressions in the spelling of the query language, for EXPLAIN.
//!
//! Parentheses stand where the grammar needs them and nowhere else. It is not canonical text (a
//! slot has none, a folded constant none of its own): the AST's `Display` is.

use std::fmt::{self, Display, Formatter, Write as _};

use twindex_lang::ast::{self, Literal, Node, ProductOp, Segment, SumOp};
use twindex_lang::function::Function;
use twindex_lang::span::Span;
use twindex_model::path::Step;
use twindex_model::value::Value;

use crate::errors::op_text;
use crate::expr::{Expr, PathRef};
use crate::logical::Predicate;
use crate::pattern::{Pattern, PatternSource};

/// How strongly a construct binds; an operand that binds weaker stands in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Predicate,
    Sum,
    Product,
    Unary,
    Primary,
}

/// Appends `key` to the text of a path; a first one without its dot.
pub(crate) fn push_key(out: &mut String, key: &str) {
    let is_plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_plain {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(key);
        return;
    }
    // Anything odd is spelled by the language itself, behind a name that is cut off again.
    let keys = ["x", key].map(|key| Segment::Key(key.to_owned()));
    let text = ast::Path { segments: keys.to_vec() }.to_string();
    let text = &text[1..];
    out.push_str(if out.is_empty() { text.strip_prefix('.').unwrap_or(text) } else { text });
}

/// An expression with the text of the slots in it.
pub(crate) struct WithSlots<'a>(pub(crate) &'a Expr, pub(crate) &'a [String]);

impl Display for WithSlots<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Printer { slots: self.1, array: "" }.expr(self.0, Level::Or, f)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        WithSlots(self, &[]).fmt(f)
    }
}

impl Display for PathRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let list = |f: &mut Formatter<'_>, terms: &[Self], word: &str, in_parens: bool| {
            for (i, term) in terms.iter().enumerate() {
                f.write_str(if i > 0 { word } else { "" })?;
                match term {
                    Self::Or(_) if in_parens => write!(f, "({term})")?,
                    _ => write!(f, "{term}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::All => f.write_str("true"),
            Self::Nothing => f.write_str("false"),
            Self::And(terms) => list(f, terms, " AND ", true),
            Self::Or(terms) => list(f, terms, " OR ", false),
            Self::Leaf { expr, wanted: true } => expr.fmt(f),
            Self::Leaf { expr, wanted: false } => {
                Printer { slots: &[], array: "" }.negated(expr, f)
            }
        }
    }
}

/// What an expression needs to know to print itself.
#[derive(Clone, Copy)]
struct Printer<'a> {
    /// Text of the slots of a grouped query.
    slots: &'a [String],
    /// Text of the array whose element is meant.
    array: &'a str,
}

impl Printer<'_> {
    // tidy: flat match
    fn expr(self, expr: &Expr, least: Level, f: &mut Formatter<'_>) -> fmt::Result {
        if level(expr) < least {
            f.write_char('(')?;
            self.expr(expr, Level::Or, f)?;
            return f.write_char(')');
        }
        match expr {
            Expr::Constant(value) => write_constant(value, f),
            Expr::Undefined => f.write_str("undefined"),
            Expr::Path(path) => path.fmt(f),
            Expr::Element(steps) => self.element(steps, f),
            Expr::Slot(slot) => match self.slots.get(*slot) {
                Some(text) => f.write_str(text),
                None => write!(f, "#{slot}"),
            },
            Expr::Array(items) => self.list(("[", "]"), items, f),
            Expr::Not(inner) => self.negated(inner, f),
            Expr::Negate(inner) => self.signed("-", inner, f),
            Expr::Plus(inner) => self.signed("+", inner, f),
            Expr::Sum(first, rest) => {
                self.expr(first, Level::Product, f)?;
                rest.iter().try_for_each(|(op, operand)| {
                    f.write_str(if *op == SumOp::Add { " + " } else { " - " })?;
                    self.expr(operand, Level::Product, f)
                })
            }
            Expr::Product(first, rest) => {
                self.expr(first, Level::Unary, f)?;
                rest.iter().try_for_each(|(op, operand)| {
                    f.write_str(product_text(*op))?;
                    self.expr(operand, Level::Unary, f)
                })
            }
            Expr::And(terms) => self.chain(terms, " AND ", Level::Not, f),
            Expr::Or(terms) => self.chain(terms, " OR ", Level::And, f),
            Expr::Any { array, condition } => {
                Printer { array: &array.text, ..self }.expr(condition, least, f)
            }
            Expr::Call(Function::InSync | Function::Drift, _) => self.call(expr, &[], f),
            Expr::Call(_, args) => self.call(expr, args, f),
            Expr::Matches(text, pattern) => self.matches(text, pattern, f),
            _ => self.predicate(expr, false, f),
        }
    }

    /// `NOT expr`, or the negated spelling where there is one. For any element that is NOT IN and
    /// its like, but never `!=`, which asks whether some element differs.
    fn negated(self, expr: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
        match expr {
            Expr::Any { array, condition } if has_not_form(condition) => {
                Printer { array: &array.text, ..self }.predicate(condition, true, f)
            }
            Expr::IsNullish(_) => self.predicate(expr, true, f),
            Expr::Compare(left, ast::CompareOp::Equal, right) => {
                self.pair((left, right), " != ", f)
            }
            _ if has_not_form(expr) => self.predicate(expr, true, f),
            _ => {
                f.write_str("NOT ")?;
                self.expr(expr, Level::Not, f)
            }
        }
    }

    fn predicate(self, expr: &Expr, negated: bool, f: &mut Formatter<'_>) -> fmt::Result {
        let not = if negated { " NOT" } else { "" };
        match expr {
            Expr::Compare(left, op, right) => {
                self.pair((left, right), &format!(" {} ", op_text(*op)), f)
            }
            Expr::IsNullish(value) => {
                self.expr(value, Level::Sum, f)?;
                f.write_str(if negated { " != null" } else { " = null" })
            }
            Expr::InList { value, items, null_in_list } => {
                self.expr(value, Level::Sum, f)?;
                write!(f, "{not} IN ")?;
                let null = Expr::Constant(Value::Null);
                let items = null_in_list.then_some(&null).into_iter().chain(items);
                self.list(("[", "]"), items, f)
            }
            Expr::InArray { value, array } => self.pair((value, array), &format!("{not} IN "), f),
            Expr::Between { value, low, high } => {
                self.pair((value, low), &format!("{not} BETWEEN "), f)?;
                f.write_str(" AND ")?;
                self.expr(high, Level::Sum, f)
            }
            Expr::LikeExpr(text, pattern) => self.pair((text, pattern), &format!("{not} LIKE "), f),
            Expr::Like(text, pattern) => {
                self.expr(text, Level::Sum, f)?;
                let (PatternSource::Like(source) | PatternSource::Regex { pattern: source, .. }) =
                    pattern.source();
                write!(f, "{not} LIKE {}", Quoted(source))
            }
            _ => Ok(()),
        }
    }

    fn pair(self, (a, b): (&Expr, &Expr), word: &str, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr(a, Level::Sum, f)?;
        f.write_str(word)?;
        self.expr(b, Level::Sum, f)
    }

    fn chain(self, terms: &[Expr], word: &str, least: Level, f: &mut Formatter<'_>) -> fmt::Result {
        terms.iter().enumerate().try_for_each(|(i, term)| {
            f.write_str(if i > 0 { word } else { "" })?;
            self.expr(term, least, f)
        })
    }

    fn list<'e>(
        self,
        (open, close): (&str, &str),
        items: impl IntoIterator<Item = &'e Expr>,
        f: &mut Formatter<'_>,
    ) -> fmt::Result {
        f.write_str(open)?;
        for (i, item) in items.into_iter().enumerate() {
            f.write_str(if i > 0 { ", " } else { "" })?;
            self.expr(item, Level::Or, f)?;
        }
        f.write_str(close)
    }

    fn call(self, expr: &Expr, args: &[Expr], f: &mut Formatter<'_>) -> fmt::Result {
        if let Expr::Call(function, _) = expr {
            f.write_str(function.name())?;
        }
        self.list(("(", ")"), args, f)
    }

    fn matches(self, text: &Expr, pattern: &Pattern, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("REGEX_MATCH(")?;
        self.expr(text, Level::Or, f)?;
        match pattern.source() {
            PatternSource::Regex { pattern, flags } if !flags.is_empty() => {
                write!(f, ", {}, {})", Quoted(pattern), Quoted(flags))
            }
            PatternSource::Regex { pattern: source, .. } | PatternSource::Like(source) => {
                write!(f, ", {})", Quoted(source))
            }
        }
    }

    /// A sign; two in a row would begin a comment.
    fn signed(self, sign: &str, inner: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(sign)?;
        match level(inner) {
            Level::Unary => {
                f.write_char('(')?;
                self.expr(inner, Level::Or, f)?;
                f.write_char(')')
            }
            _ => self.expr(inner, Level::Unary, f),
        }
    }

    fn element(self, steps: &[Step], f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = format!("{}[*]", self.array);
        push_steps(&mut text, steps);
        f.write_str(&text)
    }
}

/// Appends steps below a path that is not empty.
pub(crate) fn push_steps(out: &mut String, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Key(key) => push_key(out, key),
            Step::Index(index) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "[{index}]");
            }
        }
    }
}

fn level(expr: &Expr) -> Level {
    match expr {
        Expr::Or(_) => Level::Or,
        Expr::And(_) => Level::And,
        // As `!=` or NOT IN it binds as that does.
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Compare(_, ast::CompareOp::Equal, _) | Expr::IsNullish(_) => Level::Predicate,
            Expr::Any { condition, .. } if has_not_form(condition) => Level::Predicate,
            inner if has_not_form(inner) => Level::Predicate,
            _ => Level::Not,
        },
        Expr::Compare(..)
        | Expr::IsNullish(_)
        | Expr::InList { .. }
        | Expr::InArray { .. }
        | Expr::Between { .. }
        | Expr::Like(..)
        | Expr::LikeExpr(..) => Level::Predicate,
        Expr::Any { condition, .. } => level(condition),
        Expr::Sum(..) => Level::Sum,
        Expr::Product(..) => Level::Product,
        Expr::Negate(_) | Expr::Plus(_) => Level::Unary,
        Expr::Constant(Value::Number(number)) if *number < 0.0 => Level::Unary,
        _ => Level::Primary,
    }
}

/// Whether NOT can stand within: `a NOT IN b`.
fn has_not_form(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::InList { .. }
            | Expr::InArray { .. }
            | Expr::Between { .. }
            | Expr::Like(..)
            | Expr::LikeExpr(..)
    )
}

fn product_text(op: ProductOp) -> &'static str {
    match op {
        ProductOp::Multiply => " * ",
        ProductOp::Divide => " / ",
        ProductOp::Remainder => " % ",
    }
}

/// A string as a literal of the language.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let literal = Node::Literal(Literal::String(self.0.to_owned()));
        ast::Expr::new(literal, Span::default()).fmt(f)
    }
}

fn write_constant(value: &Value, f: &mut Formatter<'_>) -> fmt::Result {
    match value {
        Value::String(text) => Quoted(text).fmt(f),
        Value::Array(items) => {
            f.write_char('[')?;
            for (i, item) in items.iter().enumerate() {
                f.write_str(if i > 0 { ", " } else { "" })?;
                write_constant(item, f)?;
            }
            f.write_char(']')
        }
        _ => f.write_str(&value.to_canonical_text()),
    }
}
