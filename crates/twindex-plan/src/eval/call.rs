//! Which function of the language calls which of [`crate::scalar`].

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

#[cfg(test)]
mod tests {
    use crate::testing::value_of;

    const TWIN: &str = r#"{
        "tags": {"n": -2.5, "s": "Größe 1", "null": null, "t": true, "l": [1, "a", null], "o": {}},
        "lastActivityTime": "2023-05-21T23:59:59.9999999Z",
        "properties": {
            "desired": {"a": 1, "b": {"c": [1], "d-e": 2}, "$version": 3},
            "reported": {"a": {"value": 1, "ac": 200, "av": 3}, "b": {"c": [1]}, "$version": 9}
        }
    }"#;

    fn check(table: &[(&str, &str)]) {
        for (text, expected) in table {
            let text = text.replace('@', "tags.");
            assert_eq!(value_of(&text, TWIN), *expected, "{text}");
        }
    }

    #[test]
    fn the_is_family_always_answers() {
        for (function, kinds) in [
            ("IS_DEFINED", "nstl0oxu"),
            ("IS_NULL", "0"),
            ("IS_BOOL", "t"),
            ("IS_NUMBER", "n"),
            ("IS_STRING", "s"),
            ("IS_ARRAY", "l"),
            ("IS_OBJECT", "o"),
            ("IS_PRIMITIVE", "nst0"),
        ] {
            for (kind, path) in
                [('n', "n"), ('s', "s"), ('t', "t"), ('l', "l"), ('0', "null"), ('o', "o")]
            {
                let expected = kinds.contains(kind).to_string();
                check(&[(&format!("{function}(@{path})"), &expected)]);
            }
            check(&[(&format!("{function}(@none)"), "false")]);
        }
        check(&[("IS_STRING(LOWER(@s))", "true"), ("ISDEFINED(@l[2])", "true")]);
    }

    #[test]
    fn as_number_reads_text() {
        check(&[
            ("AS_NUMBER(@n)", "-2.5"),
            ("AS_NUMBER(' +1e2 ')", "100"),
            ("AS_NUMBER('0x1F')", "undefined"),
            ("AS_NUMBER(@t)", "undefined"),
            ("AS_NUMBER(@none)", "undefined"),
        ]);
    }

    #[test]
    fn text_functions() {
        check(&[
            ("STARTSWITH(@s, 'Gr')", "true"),
            ("STARTS_WITH(@s, 'gr')", "false"),
            ("CONTAINS(@s, 'gr', 1)", "undefined"),
            ("CONTAINS(@s, 'gr', @none)", "undefined"),
            ("ENDSWITH(@s, '1')", "true"),
            ("CONTAINS(@s, 'ÖSS', true)", "false"),
            ("CONTAINS(@s, 'ÖßE', true)", "true"),
            ("CONTAINS(@l, 'a')", "undefined"),
            ("LENGTH(@s)", "7"),
            ("LENGTH(@n)", "undefined"),
            ("LOWER('ÀΣ')", r#""àς""#),
            ("UPPER('ß')", r#""SS""#),
            ("UPPER(@n)", "undefined"),
            ("CONCAT(@s, '-', 'x')", r#""Größe 1-x""#),
            ("CONCAT(@s, @n)", "undefined"),
            ("SUBSTRING(@s, 2, 3)", r#""öße""#),
            ("SUBSTRING(@s, 6)", r#""1""#),
            ("SUBSTRING(@s, 8)", "undefined"),
            ("SUBSTRING(CONCAT('a', 'b'), 1)", r#""b""#),
            ("INDEX_OF(@s, '1')", "6"),
            ("INDEX_OF(@s, 'z')", "-1"),
            ("REGEX_MATCH(@s, '^gr.*e', 'i')", "true"),
            ("REGEX_MATCH(@s, @s)", "true"),
            ("REGEX_MATCH(@n, 'x')", "undefined"),
        ]);
    }

    #[test]
    fn number_and_array_functions() {
        check(&[
            ("ABS(@n)", "2.5"),
            ("ROUND(@n)", "-3"),
            ("POWER(2, 3)", "8"),
            ("BIN(@n, 2)", "-4"),
            ("SQRT(@n)", "undefined"),
            ("EXP(@s)", "undefined"),
            ("ARRAY_CONTAINS(@l, null)", "true"),
            ("ARRAY_CONTAINS(@l, 2)", "false"),
            ("ARRAY_CONTAINS(@l, @none)", "undefined"),
            ("ARRAY_CONTAINS(@n, 1)", "undefined"),
            ("ARRAY_LENGTH(@l)", "3"),
            ("ARRAY_LENGTH(@o)", "undefined"),
        ]);
    }

    #[test]
    fn times_are_numbers_fixed_by_the_query() {
        check(&[
            ("NOW()", "1684713600000"),
            ("AGO('1d')", "1684627200000"),
            ("NOW() - AGO('90s')", "90000"),
            ("TIME(lastActivityTime)", "1684713599999"),
            ("TIME(lastActivityTime) < NOW()", "true"),
            ("TIME(@s)", "undefined"),
            ("lastActivityTime < NOW()", "undefined"),
        ]);
    }

    #[test]
    fn sync_and_drift() {
        check(&[("IN_SYNC()", "false"), ("DRIFT()", r#"["b.d-e"]"#)]);
        assert_eq!(value_of("IN_SYNC()", r#"{"deviceId": "x"}"#), "true");
        assert_eq!(value_of("DRIFT()", r#"{"deviceId": "x"}"#), "[]");
    }
}
