//! Blanks, comments and names: what tokens are made of.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::context::{Cx, Parsed, failure};
use super::expected::Expected;
use crate::code;
use crate::diagnostic::Diagnostic;

/// The words of [`reserved`].
const RESERVED: [&str; 26] = [
    "SELECT",
    "DISTINCT",
    "TOP",
    "FROM",
    "AS",
    "WHERE",
    "GROUP",
    "BY",
    "HAVING",
    "ORDER",
    "ASC",
    "DESC",
    "LIMIT",
    "OFFSET",
    "AND",
    "OR",
    "NOT",
    "IN",
    "NIN",
    "BETWEEN",
    "LIKE",
    "IS",
    "NULL",
    "UNDEFINED",
    "TRUE",
    "FALSE",
];

/// `blanks = { white_space | comment } ;`
pub(super) fn blanks<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, ()> {
    let mut rest = input.trim_start_matches(white_space);
    while let Some(end) = comment(rest) {
        match end.and_then(|end| rest.split_at_checked(end)) {
            Some((_, after)) => rest = after.trim_start_matches(white_space),
            None => return Err(failure(unterminated(cx, rest, "/*", "*/"))),
        }
    }
    Ok((rest, ()))
}

/// `white_space = ? any Unicode white space ? ;`
pub(crate) fn white_space(c: char) -> bool {
    c.is_whitespace()
}

/// `comment = "/*" ? any text without "*/" ? "*/" | "--" ? any text to the end of the line ? ;`
///
/// `None` where no comment begins, `Some(None)` where one is not closed, else its bytes.
pub(crate) fn comment(input: &str) -> Option<Option<usize>> {
    if input.starts_with("--") {
        return Some(Some(input.find(['\n', '\r']).unwrap_or(input.len())));
    }
    // From the third byte on, so that `/*/` is not closed.
    let body = input.strip_prefix("/*")?;
    Some(body.find("*/").map(|at| at + 4))
}

/// Takes the blanks behind a token that ends where `rest` begins.
pub(super) fn blanks_after<'a, T>(cx: Cx<'a>, rest: &'a str, value: T) -> Parsed<'a, T> {
    cx.consume_to(rest);
    let (rest, ()) = blanks(cx, rest)?;
    Ok((rest, value))
}

/// `name = name_char { name_char } ;`
pub(super) fn name<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, &'a str> {
    match split_name(input) {
        (text, rest) if !text.is_empty() => blanks_after(cx, rest, text),
        _ => cx.missing(input, Expected::Name),
    }
}

/// The characters of a name that begin `input`, and what follows.
pub(super) fn split_name(input: &str) -> (&str, &str) {
    let is_short = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let n_short = input.bytes().take_while(is_short).count();
    let end = match input.as_bytes().get(n_short) {
        Some(byte) if !byte.is_ascii() => input.find(|c| !name_char(c)).unwrap_or(input.len()),
        _ => n_short,
    };
    input.split_at_checked(end).unwrap_or((input, ""))
}

/// `first_name = ? a name that begins with name_start and is not reserved ? ;`
pub(super) fn first_name<'a>(cx: Cx<'a>, input: &'a str) -> Parsed<'a, &'a str> {
    if !input.starts_with(name_start) {
        return cx.missing(input, Expected::Name);
    }
    let (rest, text) = name(cx, input)?;
    if reserved(text) { cx.missing(input, Expected::Name) } else { Ok((rest, text)) }
}

/// `reserved = "SELECT" | "DISTINCT" | "TOP" | "FROM" | "AS" | "WHERE" | "GROUP" | "BY" | "HAVING"
/// | "ORDER" | "ASC" | "DESC" | "LIMIT" | "OFFSET" | "AND" | "OR" | "NOT" | "IN" | "NIN" | "BETWEEN"
/// | "LIKE" | "IS" | "NULL" | "UNDEFINED" | "TRUE" | "FALSE" ;`
pub(crate) fn reserved(name: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// `name_start = ? any Unicode letter ? | "_" ;`
pub(crate) fn name_start(c: char) -> bool {
    match c {
        '_' => true,
        _ if c.is_ascii() => c.is_ascii_alphabetic(),
        _ => c.general_category_group() == GeneralCategoryGroup::Letter,
    }
}

/// `name_char = ? any Unicode letter, mark or decimal digit ? | "_" | "$" ;`
pub(crate) fn name_char(c: char) -> bool {
    match c {
        '_' | '$' => true,
        _ if c.is_ascii() => c.is_ascii_alphanumeric(),
        _ => {
            matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
            ) || c.general_category() == GeneralCategory::DecimalNumber
        }
    }
}

/// The bytes of the string that begins `input`, quotes included; `None` where none does, and
/// `Some(None)` where it is not closed. A doubled quote ends one string and begins the next.
pub(crate) fn string_end(input: &str) -> Option<Option<usize>> {
    let quote = input.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut is_escaped = false;
    let closing = input.char_indices().skip(1).find(|&(_, c)| {
        let is_closing = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_closing
    });
    Some(closing.map(|(at, _)| at + 1))
}

/// The diagnostic of something that begins with `open` at `input` and is not closed.
pub(super) fn unterminated(cx: Cx<'_>, input: &str, open: &str, close: &str) -> Diagnostic {
    let message = match open {
        "/*" => "the comment is not closed".to_owned(),
        "[[" => "the bracketed name is not closed".to_owned(),
        _ => "the string is not closed".to_owned(),
    };
    Diagnostic::new(code::UNTERMINATED, message, cx.span_of(input, open))
        .expecting(format!("`{close}`"))
}
