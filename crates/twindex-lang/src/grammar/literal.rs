//! Literals: `null`, Booleans, numbers and strings.

use nom::branch::alt;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::{char, one_of};
use nom::combinator::{map, opt, recognize, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::context::{Cx, Parsed, failure};
use super::expected::{Expected, word};
use super::later;
use super::lex::{blanks_after, name_char, unterminated};
use crate::ast::{Literal, Number};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// Sixteen to this power is beyond every finite number.
const HEX_DIGITS_MAX: usize = 256;

/// `literal = "NULL" | "TRUE" | "FALSE" | number | string ;`
pub(super) fn literal<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Literal> {
    if input.starts_with(|c: char| matches!(c, '\'' | '"') || c.is_ascii_digit()) {
        return literal_of_first(cx, input);
    }
    alt((
        value(Literal::Null, word(cx, Expected::Null)),
        value(Literal::Bool(true), word(cx, Expected::True)),
        value(Literal::Bool(false), word(cx, Expected::False)),
        map(cx.with(number), Literal::Number),
        map(cx.with(string), Literal::String),
    ))
    .parse(input)
}

/// The number or string that begins with a digit or a quote.
pub(super) fn literal_of_first<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Literal> {
    if input.starts_with(|c: char| c.is_ascii_digit()) {
        map(cx.with(number), Literal::Number).parse(input)
    } else {
        map(cx.with(string), Literal::String).parse(input)
    }
}

/// `number = hexadecimal | decimal ;`
fn number<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, Number> {
    let (rest, text) = digits(cx, input)?;
    let value = match text.get(2..).filter(|_| text.starts_with("0x") || text.starts_with("0X")) {
        Some(hex) => hexadecimal_value(hex),
        None => text.parse().unwrap_or(f64::INFINITY),
    };
    if value.is_finite() {
        return Ok((rest, Number { text: text.to_owned(), value }));
    }
    let message = "the number is too large";
    let diagnostic = Diagnostic::new(code::NUMBER_NOT_FINITE, message, cx.span_of(input, text))
        .expecting("a number below 1.8e308");
    Err(failure(diagnostic))
}

/// The text of a number that does not run into a name.
fn digits<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, &'a str> {
    let Ok((rest, text)) = alt((hexadecimal, decimal)).parse(input) else {
        return cx.missing(input, Expected::Expression);
    };
    if !rest.starts_with(name_char) {
        return blanks_after(cx, rest, text);
    }
    let end = rest.find(|c| !name_char(c)).unwrap_or(rest.len());
    let name = rest.get(..end).unwrap_or_default();
    let from = cx.offset(input);
    let message = format!("the number `{text}` runs into `{}`", shortened(name));
    let span = Span::new(from, from + text.len() + end);
    let diagnostic = Diagnostic::new(code::NUMBER_RUNS_ON, message, span)
        .expecting("a blank or an operator after the number");
    let is_word = super::lex::reserved(name);
    Err(failure(if is_word { diagnostic.suggesting(format!("{text} {name}")) } else { diagnostic }))
}

/// `hexadecimal = ( "0x" | "0X" ) hex_digit { hex_digit } ;`
fn hexadecimal(input: &str) -> IResult<&str, &str> {
    recognize((char('0'), one_of("xX"), take_while1(hex_digit))).parse(input)
}

/// `decimal = ( digit { digit } [ "." { digit } ] | "." digit { digit } ) [ exponent ] ;`
fn decimal(input: &str) -> IResult<&str, &str> {
    let whole = recognize((take_while1(digit), opt((char('.'), take_while(digit)))));
    let fraction = recognize(preceded(char('.'), take_while1(digit)));
    recognize((alt((whole, fraction)), opt(exponent))).parse(input)
}

/// `exponent = ( "e" | "E" ) [ "+" | "-" ] digit { digit } ;`
fn exponent(input: &str) -> IResult<&str, &str> {
    recognize((one_of("eE"), opt(one_of("+-")), take_while1(digit))).parse(input)
}

/// `digit = ? an ASCII digit ? ;`
fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// `hex_digit = ? an ASCII hexadecimal digit ? ;`
fn hex_digit(c: char) -> bool {
    c.is_ascii_hexdigit()
}

/// The nearest number to `digits`, which are hexadecimal; ties go to even, as `f64` rounds.
///
/// Sixteen digits fill a `u64`; what is cut off leaves a mark in its last bit, far below the 53 that
/// are kept, so that the one rounding sees on which side of a tie the number lies.
fn hexadecimal_value(digits: &str) -> f64 {
    let digits = digits.trim_start_matches('0');
    if digits.len() > HEX_DIGITS_MAX {
        return f64::INFINITY;
    }
    let (head, tail) = digits.split_at_checked(16).unwrap_or((digits, ""));
    let head = u64::from_str_radix(head, 16).unwrap_or(0);
    let mark = u64::from(tail.bytes().any(|digit| digit != b'0'));
    let mut value = (head | mark) as f64;
    for _ in 0..tail.len() {
        value *= 16.0;
    }
    value
}

/// `whole_number = digit { digit } ;`
///
/// One that does not fit is the greatest that does: there are never that many rows or elements.
pub(super) fn whole_number<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, u64> {
    let (_, _) = later::parameter(cx, input)?;
    if !input.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) {
        return cx.missing(input, Expected::WholeNumber);
    }
    let message = "not a whole number from 0 on, in digits";
    digits_as_whole(cx, input, (code::BAD_COUNT, message))
}

/// `index = digit { digit } ;`
pub(super) fn index<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, u64> {
    if !input.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) {
        return cx.missing(input, Expected::WholeNumber);
    }
    digits_as_whole(cx, input, (code::BAD_INDEX, "an index is a whole number from 0 on, in digits"))
}

/// A number of digits alone, or a failure with `code` and `message`.
fn digits_as_whole<'a>(
    cx: Cx<'a>,
    input: &'a str,
    (code, message): (&'static str, &'static str),
) -> Parsed<'a, u64> {
    let signed = input.trim_start_matches(['-', '+']);
    let text = match digits(cx, signed) {
        Ok((rest, text)) if signed.len() == input.len() => {
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Ok((rest, saturating(text)));
            }
            text
        }
        Ok((_, text)) => input.get(..input.len() - signed.len() + text.len()).unwrap_or(text),
        Err(nom::Err::Failure(failed)) => return Err(nom::Err::Failure(failed)),
        Err(_) => input.get(..1).unwrap_or_default(),
    };
    let diagnostic = Diagnostic::new(code, message, cx.span_of(input, text))
        .expecting(Expected::WholeNumber.label());
    Err(failure(diagnostic))
}

fn saturating(digits: &str) -> u64 {
    let push = |sum: u64, digit: u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    digits.bytes().fold(0, push)
}

/// `string = "'" { escape | "''" | string_char } "'" | '"' { escape | '""' | string_char } '"' ;`
pub(super) fn string<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, String> {
    let Some(quote) = input.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return cx.missing(input, Expected::Text);
    };
    let mut text = String::new();
    let mut rest = input.strip_prefix(quote).unwrap_or_default();
    loop {
        let special = rest.find(|c| !string_char(c, quote));
        let special = special.and_then(|at| rest.split_at_checked(at));
        let Some((chunk, special)) = special else {
            let quote = quote.to_string();
            return Err(failure(unterminated(cx, input, &quote, &quote)));
        };
        text.push_str(chunk);
        rest = match special.strip_prefix(quote) {
            None => escape(cx, special, &mut text)?.0,
            Some(after) => match after.strip_prefix(quote) {
                Some(after) => {
                    text.push(quote);
                    after
                }
                None => return blanks_after(cx, after, text),
            },
        };
    }
}

/// `string_char = ? any character but the backslash and the quote that closes the string ? ;`
fn string_char(c: char, quote: char) -> bool {
    c != '\\' && c != quote
}

/// `escape = "\" ( "'" | '"' | "\" | "/" | "b" | "f" | "n" | "r" | "t" | "%" | "_" | unicode ) ;`
fn escape<'a>(cx: Cx<'a>, input: &'a str, text: &mut String) -> Parsed<'a, ()> {
    let mut chars = input.chars();
    chars.next();
    let after = chars.next();
    match after {
        Some(c @ ('\'' | '"' | '\\' | '/')) => text.push(c),
        Some('b') => text.push('\u{8}'),
        Some('f') => text.push('\u{c}'),
        Some('n') => text.push('\n'),
        Some('r') => text.push('\r'),
        Some('t') => text.push('\t'),
        // Kept with the backslash, so that `LIKE '50\%'` says what it says in PostgreSQL.
        Some(c @ ('%' | '_')) => text.extend(['\\', c]),
        Some('u') => return unicode(cx, input, text),
        _ => {
            let found = input.get(..1 + after.map_or(0, char::len_utf8)).unwrap_or("\\");
            return Err(failure(bad_escape(cx, input, found)));
        }
    }
    Ok((chars.as_str(), ()))
}

/// `unicode = "u" hex_digit hex_digit hex_digit hex_digit ;`
///
/// Two that are a surrogate pair are one character.
fn unicode<'a>(cx: Cx<'a>, input: &'a str, text: &mut String) -> Parsed<'a, ()> {
    let Some((first, rest)) = code_unit(input) else {
        return Err(failure(bad_escape(cx, input, r"\u")));
    };
    if let Some(c) = char::from_u32(first) {
        text.push(c);
        return Ok((rest, ()));
    }
    let second = code_unit(rest).filter(|_| (0xD800..0xDC00).contains(&first));
    let pair = second.and_then(|(low, rest)| {
        let offset = low.checked_sub(0xDC00).filter(|offset| *offset < 0x400)?;
        Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + offset)?, rest))
    });
    match pair {
        Some((c, rest)) => {
            text.push(c);
            Ok((rest, ()))
        }
        None => {
            let message = format!(r"`\u{first:04x}` is half of a surrogate pair");
            let span = cx.span_of(input, r"\uXXXX");
            let diagnostic = Diagnostic::new(code::LONE_SURROGATE, message, span)
                .expecting(r"both halves, as in `\ud83d\ude00`");
            Err(failure(diagnostic))
        }
    }
}

/// The number of a `\uXXXX` at the start of `input`, and what follows.
fn code_unit(input: &str) -> Option<(u32, &str)> {
    let (digits, rest) = input.strip_prefix(r"\u")?.split_at_checked(4)?;
    let is_hex = digits.chars().all(hex_digit);
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some((number, rest))
}

fn bad_escape(cx: Cx<'_>, input: &str, found: &str) -> Diagnostic {
    let message = format!("`{found}` is no escape");
    Diagnostic::new(code::BAD_ESCAPE, message, cx.span_of(input, found))
        .expecting(r#"`\'` `\"` `\\` `\/` `\b` `\f` `\n` `\r` `\t` `\uXXXX` `\%` or `\_`"#)
        .suggesting(r"`\\` for a backslash")
}

/// The first characters of `text`, for a message.
pub(super) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
