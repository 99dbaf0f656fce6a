//! Which function of the language calls which of [`crate::scalar`].

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use twindex_lang::function::Function;
use twindex_model::value::Value;

use super::evaluate::eval;
use super::operand::operand;
use super::scope::Scope;
use crate::env::{Env, Scalar};
use crate::expr::Expr;
use crate::scalar::{self, CaseRule};

/// The value of `function(args)`. Argument counts were checked by binding; a missing one would be
/// undefined.
// tidy: flat match
pub(super) fn call<'a, E: Env + ?Sized>(
    function: Function,
    args: &'a [Expr],
    scope: Scope<'a, E>,
) -> Scalar<'a> {
    let arg = |i: usize| args.get(i).map_or(Scalar::Undefined, |arg| eval(arg, scope));
    let optional = |i: usize| args.get(i).map(|arg| eval(arg, scope));
    if let Some(kinds) = scalar::is_of(function) {
        let kind = args.first().map(|arg| operand(arg, scope).kind());
        return Scalar::Bool(kind.is_some_and(|kind| kinds.contains(kind)));
    }
    if let Some(apply) = scalar::of_one(function) {
        return arg(0).as_number().map_or(Scalar::Undefined, |x| scalar::finite(apply(x)));
    }
    if let Some(apply) = scalar::of_two(function) {
        return match (arg(0).as_number(), arg(1).as_number()) {
            (Some(x), Some(y)) => scalar::finite(apply(x, y)),
            _ => Scalar::Undefined,
        };
    }
    match function {
        Function::AsNumber => as_number(&arg(0)),
        Function::StartsWith => {
            with_case(&optional(2), |r| scalar::starts_with(&arg(0), &arg(1), r))
        }
        Function::EndsWith => with_case(&optional(2), |r| scalar::ends_with(&arg(0), &arg(1), r)),
        Function::Contains => {
            with_case(&optional(2), |r| scalar::text_contains(&arg(0), &arg(1), r))
        }
        Function::Length => scalar::text_length(&arg(0)),
        Function::Lower => map_text(&arg(0), str::to_lowercase),
        Function::Upper => map_text(&arg(0), str::to_uppercase),
        Function::Concat => scalar::concat(args.iter().map(|arg| eval(arg, scope))),
        Function::Substring => scalar::substring(arg(0), &arg(1), optional(2).as_ref()),
        Function::IndexOf => scalar::index_of(&arg(0), &arg(1)),
        Function::RegexMatch => scalar::regex_match(&arg(0), &arg(1), optional(2).as_ref()),
        Function::ArrayContains => scalar::contains_value(&arg(0), &arg(1)),
        Function::ArrayLength => scalar::array_length(&arg(0)),
        Function::Time => time(&arg(0)),
        Function::InSync => {
            let (desired, reported) = (arg(0).into_value(), arg(1).into_value());
            Scalar::Bool(scalar::is_in_sync(desired.as_ref(), reported.as_ref()))
        }
        Function::Drift => {
            let (desired, reported) = (arg(0).into_value(), arg(1).into_value());
            let paths = scalar::drift(desired.as_ref(), reported.as_ref());
            let paths = paths.into_iter().map(Value::String).collect();
            Scalar::Container(Cow::Owned(Value::Array(paths)))
        }
        // NOW and AGO are constants by now, aggregates are slots.
        _ => Scalar::Undefined,
    }
}

/// A text test under the rule that the optional third argument asks for.
fn with_case<'a>(
    argument: &Option<Scalar<'_>>,
    test: impl Fn(CaseRule) -> Scalar<'a>,
) -> Scalar<'a> {
    let rule = match argument {
        None => Some(CaseRule::Exact),
        Some(argument) => CaseRule::of_argument(argument),
    };
    rule.map_or(Scalar::Undefined, test)
}

fn map_text<'a>(text: &Scalar<'_>, map: impl Fn(&str) -> String) -> Scalar<'a> {
    text.as_str().map_or(Scalar::Undefined, |text| Scalar::String(map(text)))
}

fn as_number<'a>(value: &Scalar<'_>) -> Scalar<'a> {
    let number = value.as_number().or_else(|| value.as_str().and_then(scalar::parse_decimal));
    number.map_or(Scalar::Undefined, scalar::finite)
}

fn time<'a>(text: &Scalar<'_>) -> Scalar<'a> {
    let ms = text.as_str().and_then(scalar::parse_time);
    ms.map_or(Scalar::Undefined, Scalar::Number)
}
