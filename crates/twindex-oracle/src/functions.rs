//! The functions over values: type tests, text, numbers, arrays, time.
//!
//! A wrong argument type, an undefined argument or a result that is not finite gives undefined,
//! but for the IS_ family, which always answers.

#[cfg(test)]
mod tests;

use serde_json::Value;
use twindex_lang::function::Function;

use crate::pattern::is_regex_match;
use crate::time;
use crate::value::{Maybe, bool_of, count, equal, finite, number_of, text_of};

/// The value of a function other than an aggregate, `IN_SYNC` and `DRIFT`.
// tidy: flat match
pub(crate) fn call(function: Function, args: &[Maybe], now_ms: i64) -> Maybe {
    let arg = |i: usize| args.get(i).cloned().flatten();
    let text = |i: usize| args.get(i).and_then(text_of);
    let number = |i: usize| args.get(i).and_then(number_of);
    let is = |test: fn(&Value) -> bool| Some(Value::Bool(arg(0).as_ref().is_some_and(test)));
    match function {
        Function::IsDefined => is(|_| true),
        Function::IsNull => is(Value::is_null),
        Function::IsBool => is(Value::is_boolean),
        Function::IsNumber => is(Value::is_number),
        Function::IsString => is(Value::is_string),
        Function::IsArray => is(Value::is_array),
        Function::IsObject => is(Value::is_object),
        Function::IsPrimitive => is(|value| !value.is_array() && !value.is_object()),
        Function::AsNumber => match text(0) {
            Some(text) => as_number(text),
            None => number(0).and_then(finite),
        },

        Function::StartsWith => text_test(args, |text, part| text.starts_with(part)),
        Function::EndsWith => text_test(args, |text, part| text.ends_with(part)),
        Function::Contains => text_test(args, |text, part| text.contains(part)),
        Function::Length => Some(count(text(0)?.chars().count())),
        Function::Lower => Some(Value::String(text(0)?.to_lowercase())),
        Function::Upper => Some(Value::String(text(0)?.to_uppercase())),
        Function::Concat => {
            let texts: Option<Vec<&str>> = args.iter().map(text_of).collect();
            Some(Value::String(texts?.concat()))
        }
        Function::Substring => substring(args),
        Function::IndexOf => index_of(text(0)?, text(1)?),
        Function::RegexMatch => {
            let flags = if args.len() == 3 { text(2)? } else { "" };
            is_regex_match(text(0)?, text(1)?, flags).map(Value::Bool)
        }

        Function::Abs => finite(number(0)?.abs()),
        Function::Exp => finite(number(0)?.exp()),
        Function::Power => finite(number(0)?.powf(number(1)?)),
        Function::Square => finite(number(0)? * number(0)?),
        Function::Ceiling => finite(number(0)?.ceil()),
        Function::Floor => finite(number(0)?.floor()),
        Function::Sign => finite(sign(number(0)?)),
        Function::Sqrt => finite(number(0)?.sqrt()),
        Function::Round => finite(number(0)?.round()),
        Function::Bin => finite((number(0)? / number(1)?).floor() * number(1)?),

        Function::ArrayContains => {
            let (array, value) = (arg(0)?, arg(1)?);
            Some(Value::Bool(array.as_array()?.iter().any(|item| equal(item, &value))))
        }
        Function::ArrayLength => Some(count(arg(0)?.as_array()?.len())),

        Function::Time => time::time(text(0)?).map(Value::from),
        Function::Now => Some(Value::from(now_ms)),
        Function::Ago => Some(Value::from(now_ms.checked_sub(time::duration(text(0)?)?)?)),

        Function::InSync | Function::Drift => None,
        Function::Count
        | Function::Sum
        | Function::Avg
        | Function::Min
        | Function::Max
        | Function::Percentile
        | Function::Stddev => None,
    }
}

/// `STARTSWITH`, `ENDSWITH`, `CONTAINS`: a third argument `true` compares LOWER of both.
fn text_test(args: &[Maybe], test: impl Fn(&str, &str) -> bool) -> Maybe {
    let (text, part) = (text_of(&args[0])?, text_of(&args[1])?);
    let folded = if args.len() == 3 { bool_of(&args[2])? } else { false };
    Some(Value::Bool(if folded {
        test(&text.to_lowercase(), &part.to_lowercase())
    } else {
        test(text, part)
    }))
}

/// Code points from `start`, at most `length` of them.
fn substring(args: &[Maybe]) -> Maybe {
    let whole = |i: usize| {
        let number = number_of(&args[i])?;
        // Far beyond any text, saturation is as good as the number itself.
        (number >= 0.0 && number.trunc() == number).then_some(number as usize)
    };
    let chars: Vec<char> = text_of(&args[0])?.chars().collect();
    let start = whole(1)?;
    let length = if args.len() == 3 { whole(2)? } else { usize::MAX };
    let rest = chars.get(start..)?;
    Some(Value::String(rest.iter().take(length).collect()))
}

/// The place of `part` in code points from 0, or -1.
fn index_of(text: &str, part: &str) -> Maybe {
    let (text, part): (Vec<char>, Vec<char>) = (text.chars().collect(), part.chars().collect());
    let found = (0..=text.len()).find(|&at| text[at..].starts_with(&part));
    found.map_or(finite(-1.0), |at| Some(count(at)))
}

fn sign(number: f64) -> f64 {
    if number > 0.0 {
        1.0
    } else if number < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// The decimal number with an optional sign that `text` holds, blanks around it aside.
fn as_number(text: &str) -> Maybe {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // What std calls a number beyond this: `inf`, `infinity`, `nan`.
    let is_decimal = unsigned.starts_with(|c: char| c == '.' || c.is_ascii_digit());
    if is_decimal { text.parse().ok().and_then(finite) } else { None }
}
