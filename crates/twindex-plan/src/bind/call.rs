//! Calls: names, argument counts, and literals whose text is a language of its own.

use std::sync::Arc;

use twindex_lang::ast::{self, Call, Callee, Literal, Node};
use twindex_lang::function::Function;
use twindex_lang::span::Span;
use twindex_model::value::Value;

use super::binder::Binder;
use crate::errors::BindError;
use crate::expr::Expr;
use crate::pattern::{Pattern, PatternError};

impl Binder<'_> {
    pub(super) fn call(&mut self, call: &Call, span: Span) -> Expr {
        let function = match &call.callee {
            Callee::Known(function) => *function,
            Callee::Unknown(name) => {
                let name = name.clone();
                self.error(&BindError::UnknownFunction { name }, call.name_at.0);
                // For the errors in them.
                self.exprs(&call.args);
                return Expr::Undefined;
            }
        };
        if call.distinct && function != Function::Count {
            self.error(&BindError::DistinctNotAllowed { function }, span);
        }
        let n_args = call.args.len();
        if !function.accepts(n_args) || (call.distinct && n_args == 0) {
            self.error(&BindError::ArgumentCount { function, n_args }, span);
            return Expr::Undefined;
        }
        if function.is_aggregate() {
            return self.aggregate(function, call, span);
        }
        self.function(function, &call.args, span)
    }

    fn function(&mut self, function: Function, args: &[ast::Expr], span: Span) -> Expr {
        match function {
            Function::Now => Expr::Constant(Value::Number(self.now_ms as f64)),
            Function::Ago => self.ago(args),
            Function::InSync | Function::Drift => self.sync(function, span),
            Function::RegexMatch => self.regex_match(args),
            _ => Expr::Call(function, self.exprs(args)),
        }
    }

    /// IN_SYNC and DRIFT read the twin without naming a path.
    fn sync(&mut self, function: Function, span: Span) -> Expr {
        if self.grouping.is_some() {
            let expr = format!("{function}()");
            self.error(&BindError::NotGrouped { expr }, span);
            return Expr::Undefined;
        }
        let sections = ["desired", "reported"].map(|name| self.section(["properties", name]));
        Expr::Call(function, sections.into())
    }

    fn ago(&mut self, args: &[ast::Expr]) -> Expr {
        let ms = args.first().and_then(literal_text).and_then(span_ms);
        match ms {
            Some(ms) => Expr::Constant(Value::Number((self.now_ms.saturating_sub(ms)) as f64)),
            None => {
                let span = args.first().map_or_else(Span::default, |arg| arg.at.0);
                self.error(&BindError::BadSpan, span);
                Expr::Undefined
            }
        }
    }

    fn regex_match(&mut self, args: &[ast::Expr]) -> Expr {
        let mut bound = self.exprs(args);
        let flags_arg = args.get(2);
        let pattern = args.get(1).and_then(literal_text);
        let flags = flags_arg.map_or(Some(""), literal_text);
        // What is no literal is not judged here.
        match Pattern::regex(pattern.unwrap_or_default(), flags.unwrap_or_default()) {
            Ok(compiled) if pattern.is_some() && flags.is_some() => {
                Expr::Matches(Box::new(bound.swap_remove(0)), Arc::new(compiled))
            }
            Ok(_) => Expr::Call(Function::RegexMatch, bound),
            Err(error) => {
                self.refuse_pattern(error, args);
                Expr::Undefined
            }
        }
    }

    fn refuse_pattern(&mut self, error: PatternError, args: &[ast::Expr]) {
        let is_of_flags = matches!(error, PatternError::UnknownFlag(_));
        let Some(arg) = args.get(if is_of_flags { 2 } else { 1 }) else {
            return;
        };
        if is_of_flags {
            self.error(&BindError::BadFlags { error }, arg.at.0);
        } else {
            let span = place_in(arg, &error);
            self.error(&BindError::BadPattern { error }, span);
        }
    }
}

/// The text of a string literal.
pub(super) fn literal_text(expr: &ast::Expr) -> Option<&str> {
    match &expr.node {
        Node::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

/// Milliseconds of `15m` and its like: a whole number and one of `s m h d w`.
fn span_ms(text: &str) -> Option<i64> {
    let unit_ms = match text.chars().next_back()? {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 604_800_000,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ms = digits.parse::<i64>().ok()?.checked_mul(unit_ms)?;
    // Beyond it not every millisecond is a number.
    (ms <= 1 << 53).then_some(ms)
}

/// Where in the query an error of a pattern lies: its very character if the literal is written
/// without escapes, else the literal.
fn place_in(literal: &ast::Expr, error: &PatternError) -> Span {
    let whole = literal.at.0;
    let pattern = literal_text(literal).unwrap_or_default();
    let is_plain = (whole.to - whole.from) as usize == pattern.len() + 2;
    match error {
        PatternError::Syntax { at, .. } if is_plain => {
            let from = whole.from as usize + 1 + at;
            let n_bytes = pattern[*at..].chars().next().map_or(1, char::len_utf8);
            Span::new(from, from + n_bytes)
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::span_ms;

    #[test]
    fn spans_of_time() {
        assert_eq!(span_ms("15m"), Some(900_000));
        assert_eq!(span_ms("0s"), Some(0));
        assert_eq!(span_ms("2w"), Some(1_209_600_000));
        for text in ["", "m", "15", "15M", "-1d", "1.5h", " 1d", "1d ", "1d12h", "9999999999w"] {
            assert_eq!(span_ms(text), None, "{text}");
        }
    }
}
