//! Text functions. Positions and lengths count code points.

use twindex_model::cell::Text;

use crate::env::Scalar;
use crate::pattern::cached_regex;

/// How two texts are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseRule {
    /// As they are.
    Exact,
    /// Both through LOWER.
    Lowered,
}

impl CaseRule {
    /// The rule that a third argument asks for; `None` where it is no Boolean.
    pub(crate) fn of_argument(argument: &Scalar<'_>) -> Option<Self> {
        argument.as_bool().map(|lowered| if lowered { Self::Lowered } else { Self::Exact })
    }
}

/// `STARTSWITH(text, part)`.
pub(crate) fn starts_with<'a>(text: &Scalar<'_>, part: &Scalar<'_>, rule: CaseRule) -> Scalar<'a> {
    judge(text, part, rule, |text, part| text.starts_with(part))
}

/// `ENDSWITH(text, part)`.
pub(crate) fn ends_with<'a>(text: &Scalar<'_>, part: &Scalar<'_>, rule: CaseRule) -> Scalar<'a> {
    judge(text, part, rule, |text, part| text.ends_with(part))
}

/// `CONTAINS(text, part)`.
pub(crate) fn text_contains<'a>(
    text: &Scalar<'_>,
    part: &Scalar<'_>,
    rule: CaseRule,
) -> Scalar<'a> {
    judge(text, part, rule, |text, part| {
        memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
    })
}

fn judge<'a>(
    text: &Scalar<'_>,
    part: &Scalar<'_>,
    rule: CaseRule,
    test: impl Fn(&str, &str) -> bool,
) -> Scalar<'a> {
    let (Some(text), Some(part)) = (text.as_str(), part.as_str()) else {
        return Scalar::Undefined;
    };
    Scalar::Bool(match rule {
        CaseRule::Exact => test(text, part),
        CaseRule::Lowered => test(&text.to_lowercase(), &part.to_lowercase()),
    })
}

/// `LENGTH(text)`.
pub(crate) fn length<'a>(text: &Scalar<'_>) -> Scalar<'a> {
    match text.as_str() {
        Some(text) => Scalar::Number(text.chars().count() as f64),
        None => Scalar::Undefined,
    }
}

/// `CONCAT(a, b, …)`: undefined as soon as one is no string.
pub(crate) fn concat<'a>(parts: impl Iterator<Item = Scalar<'a>>) -> Scalar<'a> {
    let mut out = String::new();
    for part in parts {
        match part.as_str() {
            Some(text) => out.push_str(text),
            None => return Scalar::Undefined,
        }
    }
    Scalar::String(out)
}

/// `INDEX_OF(text, part)`: -1 if absent; an empty part is at 0.
pub(crate) fn index_of<'a>(text: &Scalar<'_>, part: &Scalar<'_>) -> Scalar<'a> {
    let (Some(text), Some(part)) = (text.as_str(), part.as_str()) else {
        return Scalar::Undefined;
    };
    let found = memchr::memmem::find(text.as_bytes(), part.as_bytes());
    Scalar::Number(found.map_or(-1.0, |byte| text[..byte].chars().count() as f64))
}

/// `SUBSTRING(text, start[, length])`: `length` past the end stops there.
pub(crate) fn substring<'a>(
    text: Scalar<'a>,
    start: &Scalar<'_>,
    length: Option<&Scalar<'_>>,
) -> Scalar<'a> {
    let length = match length {
        None => Some(usize::MAX),
        Some(length) => whole(length),
    };
    let (Some(whole_text), Some(start), Some(length)) = (text.as_str(), whole(start), length)
    else {
        return Scalar::Undefined;
    };
    let Some(from) = byte_of(whole_text, start) else {
        return Scalar::Undefined;
    };
    let rest = &whole_text[from..];
    let to = from + byte_of(rest, length).unwrap_or(rest.len());
    match text {
        Scalar::Text(Text::Borrowed(text)) => Scalar::Text(Text::Borrowed(&text[from..to])),
        _ => Scalar::String(whole_text[from..to].to_owned()),
    }
}

/// Where code point number `n` of `text` begins; its end for its length, `None` past that.
fn byte_of(text: &str, n: usize) -> Option<usize> {
    let starts = text.char_indices().map(|(byte, _)| byte);
    starts.chain([text.len()]).nth(n)
}

/// A whole number of 0 or more; one beyond memory is past the end of every text.
fn whole(scalar: &Scalar<'_>) -> Option<usize> {
    let number = scalar.as_number()?;
    (number >= 0.0 && number.fract() == 0.0).then_some(number as usize)
}

/// `REGEX_MATCH(text, pattern, flags)` with a pattern that changes from row to row. A bad pattern
/// or flag is a wrong argument, so undefined.
pub(crate) fn regex_match<'a>(
    text: &Scalar<'_>,
    pattern: &Scalar<'_>,
    flags: Option<&Scalar<'_>>,
) -> Scalar<'a> {
    let flags = match flags {
        None => Some(""),
        Some(flags) => flags.as_str(),
    };
    let (Some(text), Some(pattern), Some(flags)) = (text.as_str(), pattern.as_str(), flags) else {
        return Scalar::Undefined;
    };
    cached_regex(pattern, flags)
        .map_or(Scalar::Undefined, |pattern| Scalar::Bool(pattern.is_match(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(text: &str) -> Scalar<'_> {
        Scalar::Text(text.into())
    }

    fn n<'a>(number: f64) -> Scalar<'a> {
        Scalar::Number(number)
    }

    #[test]
    fn parts_with_and_without_case() {
        let (text, part) = (s("Straße"), s("STRA"));
        assert_eq!(starts_with(&text, &part, CaseRule::Exact).as_bool(), Some(false));
        assert_eq!(starts_with(&text, &part, CaseRule::Lowered).as_bool(), Some(true));
        assert_eq!(ends_with(&text, &s("ße"), CaseRule::Exact).as_bool(), Some(true));
        assert_eq!(text_contains(&text, &s(""), CaseRule::Exact).as_bool(), Some(true));
        assert_eq!(text_contains(&text, &s("aß"), CaseRule::Exact).as_bool(), Some(true));
        assert!(text_contains(&text, &n(1.0), CaseRule::Exact).is_undefined());
        assert_eq!(CaseRule::of_argument(&Scalar::Null), None);
    }

    #[test]
    fn lengths_and_places_are_code_points() {
        assert_eq!(length(&s("a\u{1F600}b")).as_number(), Some(3.0));
        assert_eq!(index_of(&s("a\u{1F600}b"), &s("b")).as_number(), Some(2.0));
        assert_eq!(index_of(&s("abc"), &s("")).as_number(), Some(0.0));
        assert_eq!(index_of(&s("abc"), &s("x")).as_number(), Some(-1.0));
        assert!(length(&Scalar::Null).is_undefined());
    }

    #[test]
    fn substrings_at_the_edges() {
        let of = |start: f64, length: Option<f64>| {
            let length = length.map(n);
            let found = substring(s("héllo"), &n(start), length.as_ref());
            found.as_str().map(str::to_owned)
        };
        assert_eq!(of(1.0, Some(2.0)).as_deref(), Some("él"));
        assert_eq!(of(1.0, None).as_deref(), Some("éllo"));
        assert_eq!(of(5.0, None).as_deref(), Some(""));
        assert_eq!(of(6.0, None), None);
        assert_eq!(of(4.0, Some(1e300)).as_deref(), Some("o"));
        assert_eq!(of(0.0, Some(0.0)).as_deref(), Some(""));
        assert_eq!(of(0.5, None), None);
        assert_eq!(of(-1.0, None), None);
        assert_eq!(of(0.0, Some(-1.0)), None);
        assert_eq!(of(0.0, Some(1.5)), None);
    }

    #[test]
    fn concat_takes_strings_alone() {
        assert_eq!(concat([s("a"), s("b")].into_iter()).as_str(), Some("ab"));
        assert!(concat([s("a"), n(1.0)].into_iter()).is_undefined());
    }

    #[test]
    fn regex_of_the_row() {
        assert_eq!(regex_match(&s("ABC"), &s("b"), Some(&s("i"))).as_bool(), Some(true));
        assert_eq!(regex_match(&s("ABC"), &s("b"), None).as_bool(), Some(false));
        assert!(regex_match(&s("ABC"), &s("("), None).is_undefined());
        assert!(regex_match(&s("ABC"), &s("b"), Some(&s("z"))).is_undefined());
    }
}
