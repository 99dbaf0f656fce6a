//! What a parser can wait for: keywords, symbols and kinds of token, as members of a set.
//!
//! At most 64 of them, so that the set of what was expected at one place is one word, kept at no
//! cost while the parser tries its alternatives.

use nom::Parser;
use nom::combinator::opt;

use super::context::{Cx, Failed, Parsed};
use super::lex::{blanks_after, name_char};

macro_rules! expected {
    ($($variant:ident $label:literal,)*) => {
        /// Something a parser waited for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Expected { $($variant),* }

        impl Expected {
            /// Each of them, in the order in which messages list them.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// The keyword or symbol itself, or what to call the kind of token.
            pub(crate) fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }
        }
    };
}

expected! {
    Expression "an expression",
    Operator "an operator",
    WholeNumber "a whole number",
    Name "a name",
    Text "a string",
    Explain "EXPLAIN",
    Analyze "ANALYZE",
    Select "SELECT",
    Update "UPDATE",
    Delete "DELETE",
    Set "SET",
    Settable "a path below `tags` or `properties.desired`",
    Equals "=",
    Distinct "DISTINCT",
    Top "TOP",
    Star "*",
    As "AS",
    Comma ",",
    From "FROM",
    Devices "devices",
    Modules "modules",
    Jobs "jobs",
    Where "WHERE",
    Group "GROUP",
    By "BY",
    Having "HAVING",
    Order "ORDER",
    Asc "ASC",
    Desc "DESC",
    Limit "LIMIT",
    Offset "OFFSET",
    At "AT",
    Least "LEAST",
    Version "VERSION",
    Dry "DRY",
    Run "RUN",
    And "AND",
    Or "OR",
    Not "NOT",
    In "IN",
    Nin "NIN",
    Between "BETWEEN",
    Like "LIKE",
    Is "IS",
    Null "NULL",
    Defined "DEFINED",
    Undefined "UNDEFINED",
    True "TRUE",
    False "FALSE",
    Dot ".",
    OpenParen "(",
    CloseParen ")",
    OpenBracket "[",
    CloseBracket "]",
    Semicolon ";",
    End "the end of the text",
}

impl Expected {
    /// Whether it is a keyword; its label is its text then.
    pub(crate) fn is_word(self) -> bool {
        self.label().bytes().all(|byte| byte.is_ascii_alphabetic())
    }

    /// Whether it is a kind of token and no token itself.
    pub(crate) fn is_kind(self) -> bool {
        self.label().contains(' ')
    }

    fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

/// A set of things waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExpectedSet(u64);

impl ExpectedSet {
    pub(crate) fn insert(&mut self, expected: Expected) {
        self.0 |= expected.bit();
    }

    pub(crate) fn remove(&mut self, expected: Expected) {
        self.0 &= !expected.bit();
    }

    pub(crate) fn contains(self, expected: Expected) -> bool {
        self.0 & expected.bit() != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members, in the order of messages.
    pub(crate) fn iter(self) -> impl Iterator<Item = Expected> {
        Expected::ALL.iter().copied().filter(move |expected| self.contains(*expected))
    }
}

/// Terminal: a keyword in any letter case, not part of a longer name.
///
/// Only ASCII letters fold. nom's `tag_no_case` folds Unicode, where the Kelvin sign is a `k`.
pub(super) fn word<'a>(
    cx: Cx<'a>,
    expected: Expected,
) -> impl nom::Parser<&'a str, Output = (), Error = Failed> {
    move |input: &'a str| {
        let text = expected.label();
        // Most attempts end at the first letter.
        let first = |text: &str| text.bytes().next().map(|byte| byte.to_ascii_uppercase());
        if first(input) != first(text) {
            return cx.missing(input, expected);
        }
        match input.split_at_checked(text.len()) {
            Some((head, rest))
                if head.eq_ignore_ascii_case(text) && !rest.starts_with(name_char) =>
            {
                blanks_after(cx, rest, ())
            }
            _ => cx.missing(input, expected),
        }
    }
}

/// Terminal: a symbol of one character.
pub(super) fn symbol<'a>(
    cx: Cx<'a>,
    expected: Expected,
) -> impl nom::Parser<&'a str, Output = (), Error = Failed> {
    let symbol = expected.label().bytes().next().unwrap_or_default();
    move |input: &'a str| match after_byte(input, symbol) {
        Some(rest) => blanks_after(cx, rest, ()),
        None => cx.missing(input, expected),
    }
}

/// What follows an ASCII character, if `input` begins with it.
#[inline]
pub(super) fn after_byte(input: &str, symbol: u8) -> Option<&str> {
    if input.bytes().next() == Some(symbol) { input.get(1..) } else { None }
}

/// Whether the keyword stands here; takes it if so.
pub(super) fn has_word<'a>(cx: Cx<'a>, input: &'a str, expected: Expected) -> Parsed<'a, bool> {
    let (input, found) = opt(word(cx, expected)).parse(input)?;
    Ok((input, found.is_some()))
}
