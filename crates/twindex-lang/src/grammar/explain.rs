//! From the furthest place a text was understood to, to words that help its writer.
//!
//! First the mistakes that have a name (a reserved word where a path begins, an operator of another
//! language, a clause out of order, a keyword misspelt), then what was expected and what was found.

use super::context::Furthest;
use super::expected::{Expected, ExpectedSet};
use super::later::leading_name;
use super::lex::{comment, name_char, reserved, string_end};
use super::literal::shortened;
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::span::Span;

/// Clauses that have one place in a query.
const CLAUSES: [&str; 10] =
    ["SELECT", "DISTINCT", "TOP", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"];

/// Words that follow an operand, so that what stands before them was meant as one.
const AFTER_OPERAND: [&str; 12] =
    ["FROM", "AS", "AND", "OR", "IN", "NIN", "LIKE", "BETWEEN", "IS", "ASC", "DESC", "NOT"];

/// What stands where the parser could not go on.
struct Found<'a> {
    text: &'a str,
    at: usize,
    expected: ExpectedSet,
    whole: &'a str,
}

/// The diagnostic of a text that is understood up to `furthest` and no further.
pub(super) fn explain(whole: &str, furthest: Furthest) -> Diagnostic {
    let Furthest { at, expected } = furthest;
    let rest = whole.get(at..).unwrap_or_default();
    let found = Found { text: token(rest), at, expected, whole };
    None.or_else(|| found.empty())
        .or_else(|| found.another_statement())
        .or_else(|| found.not_as_operand())
        .or_else(|| found.reserved_path())
        .or_else(|| found.foreign())
        .or_else(|| found.name_needs_as())
        .or_else(|| found.clause_order())
        .or_else(|| found.habit())
        .or_else(|| found.misspelt())
        .unwrap_or_else(|| found.unexpected())
}

impl Found<'_> {
    fn span(&self) -> Span {
        Span::new(self.at, self.at + self.text.len())
    }

    fn after(&self) -> &str {
        skip_blanks(self.whole.get(self.at + self.text.len()..).unwrap_or_default())
    }

    fn rest(&self) -> &str {
        self.whole.get(self.at..).unwrap_or_default()
    }

    fn before(&self) -> &str {
        self.whole.get(..self.at).unwrap_or_default()
    }

    fn is_word(&self, words: &[&str]) -> bool {
        words.iter().any(|word| word.eq_ignore_ascii_case(self.text))
    }

    fn is_string(&self) -> bool {
        self.text.starts_with(['\'', '"'])
    }

    fn waits_for(&self, expected: Expected) -> bool {
        self.expected.contains(expected)
    }

    /// Nothing but blanks and comments.
    fn empty(&self) -> Option<Diagnostic> {
        let first = skip_blanks(self.whole);
        let is_empty = first.is_empty() || (self.text == ";" && first == self.rest());
        is_empty.then(|| {
            let span = Span::new(0, self.whole.len());
            Diagnostic::new(code::EMPTY, "there is no query in the text", span)
                .expecting(self.expected_text())
        })
    }

    /// Text behind a `;`.
    fn another_statement(&self) -> Option<Diagnostic> {
        let is_behind = self.waits_for(Expected::End)
            && !self.waits_for(Expected::Semicolon)
            && self.before().contains(';');
        is_behind.then(|| {
            let message = "one statement at a time, and another begins behind the `;`";
            Diagnostic::new(code::UNEXPECTED, message, self.span()).expecting(Expected::End.label())
        })
    }

    /// `a = NOT b`.
    fn not_as_operand(&self) -> Option<Diagnostic> {
        let is_operand = self.waits_for(Expected::Expression) && self.is_word(&["NOT"]);
        is_operand.then(|| {
            let message = "`NOT` binds less tightly than the operator before it";
            Diagnostic::new(code::NOT_AS_OPERAND, message, self.span())
                .expecting("an operand")
                .suggesting("parentheses, as in `a = (NOT b)`")
        })
    }

    /// `WHERE order = 1`.
    fn reserved_path(&self) -> Option<Diagnostic> {
        let is_path = self.waits_for(Expected::Expression)
            && reserved(self.text)
            && self.is_followed_as_operand();
        is_path.then(|| {
            let message = format!("`{}` is a reserved word and begins no path", self.text);
            Diagnostic::new(code::RESERVED_PATH, message, self.span())
                .expecting(Expected::Expression.label())
                .suggesting(format!("`devices.{}`", self.text))
        })
    }

    fn is_followed_as_operand(&self) -> bool {
        let after = self.after();
        let (word, _) = leading_name(after);
        match after.chars().next() {
            None | Some(';') => !self.is_word(&["FROM", "AND", "OR", "WHERE"]),
            Some(c) if ".[=<>!,)+-*/%".contains(c) => true,
            _ => AFTER_OPERAND.iter().any(|operator| operator.eq_ignore_ascii_case(word)),
        }
    }

    /// Operators, quotes and signs from elsewhere.
    fn foreign(&self) -> Option<Diagnostic> {
        let (code, meant) = match self.text {
            "&&" | "&" => (code::FOREIGN_OPERATOR, "`AND`"),
            "||" | "|" => (code::FOREIGN_OPERATOR, "`OR`"),
            "!" => (code::FOREIGN_OPERATOR, "`NOT`"),
            "‘" | "’" | "“" | "”" | "„" | "«" | "»" => (code::UNEXPECTED, "`'`"),
            "`" => (code::UNEXPECTED, "`[[name]]` behind a dot"),
            "−" | "–" | "—" => (code::UNEXPECTED, "`-`"),
            "?" => (code::UNEXPECTED, "a literal"),
            _ => return None,
        };
        let message = format!("unexpected {}", shown(self.text));
        let diagnostic = Diagnostic::new(code, message, self.span());
        Some(diagnostic.expecting(self.expected_text()).suggesting(meant))
    }

    /// `SELECT tags.a order FROM …`, `SELECT tags.a 'x'`.
    fn name_needs_as(&self) -> Option<Diagnostic> {
        let (next, _) = leading_name(self.after());
        let is_name = reserved(self.text)
            && !self.expected.iter().any(|word| self.is_word(&[word.label()]))
            && (self.after().starts_with(',') || next.eq_ignore_ascii_case("FROM"));
        let needs_as = self.waits_for(Expected::As) && (is_name || self.is_string());
        needs_as.then(|| {
            let what = if self.is_string() { "a string" } else { "a reserved word" };
            let message = format!("{what} is a name only after `AS`");
            Diagnostic::new(code::NAME_NEEDS_AS, message, self.span())
                .expecting(self.expected_text())
                .suggesting(format!("`AS {}`", shortened(self.text)))
        })
    }

    /// `… LIMIT 5 ORDER BY x`, `… WHERE a = 1 WHERE b = 2`, `SELECT TOP 5 DISTINCT …`.
    fn clause_order(&self) -> Option<Diagnostic> {
        let is_clause = self.is_word(&CLAUSES) && self.waits_for(Expected::End);
        let is_late_distinct = self.is_word(&["DISTINCT", "TOP"]) && self.waits_for(Expected::Star);
        if !is_clause && !is_late_distinct {
            return None;
        }
        let clause = self.text.to_ascii_uppercase();
        let message = format!("`{clause}` cannot stand here");
        let diagnostic = Diagnostic::new(code::CLAUSE_ORDER, message, self.span());
        let diagnostic = diagnostic.expecting(self.expected_text());
        Some(match clause.as_str() {
            _ if self.waits_for(Expected::Dry) => {
                diagnostic.suggesting("`UPDATE … SET … WHERE …` or `DELETE FROM … WHERE …`")
            }
            "OFFSET" => diagnostic.suggesting("`LIMIT n OFFSET m`"),
            "TOP" | "DISTINCT" => diagnostic.suggesting("`SELECT DISTINCT TOP n …`"),
            _ => diagnostic.suggesting(
                "each clause once, in the order `SELECT`, `FROM`, `WHERE`, `GROUP BY`, `HAVING`, \
                 `ORDER BY`, `LIMIT`, `OFFSET`, `AT LEAST VERSION`",
            ),
        })
    }

    /// What users of other languages write.
    fn habit(&self) -> Option<Diagnostic> {
        let (last, _) = last_word(self.before());
        let is_join = self.is_word(&["JOIN"])
            || last.eq_ignore_ascii_case("JOIN")
            || (self.text == "," && last.eq_ignore_ascii_case("devices"));
        let suggestion = if self.waits_for(Expected::Defined) && self.is_word(&["UNDEFINED"]) {
            "`IS NOT DEFINED`"
        } else if self.waits_for(Expected::Defined) && self.is_word(&["TRUE", "FALSE"]) {
            "`=` for values"
        } else if self.waits_for(Expected::End) && is_join {
            "one collection: there are no joins"
        } else if self.is_word(&["VERSION"]) && last.eq_ignore_ascii_case("AT") {
            "`AT LEAST VERSION`"
        } else if self.text == "=" && self.before().ends_with('=') {
            "one `=`"
        } else if self.waits_for(Expected::Offset) && self.text == "," {
            "`LIMIT n OFFSET m`"
        } else if self.is_behind_as() && self.text == "-" {
            "`AS [[name]]` for names with other characters than letters, digits, `_` and `$`"
        } else if self.begins_condition() {
            "`SELECT * FROM devices WHERE …`"
        } else {
            return None;
        };
        Some(self.unexpected().suggesting(suggestion))
    }

    /// Whether the name before this place was given with `AS`.
    fn is_behind_as(&self) -> bool {
        let (_, at) = last_word(self.before());
        let (word, _) = last_word(self.before().get(..at).unwrap_or_default());
        word.eq_ignore_ascii_case("AS")
    }

    /// Whether a condition stands where a statement is wanted.
    fn begins_condition(&self) -> bool {
        self.waits_for(Expected::Select)
            && self.waits_for(Expected::Explain)
            && nearest(self.text, ["SELECT", "EXPLAIN", "UPDATE", "DELETE"]).is_none()
            && (self.text.starts_with(name_char) || "*('\"[".contains(self.text))
    }

    /// A keyword misspelt, or one before this place that was taken for a name: `FORM devices`.
    fn misspelt(&self) -> Option<Diagnostic> {
        let keywords = || self.expected.iter().filter(|word| word.is_word()).map(Expected::label);
        if let Some(meant) = nearest(self.text, keywords()) {
            return Some(self.unexpected().suggesting(format!("`{meant}`")));
        }
        let (last, last_at) = last_word(self.before());
        let is_segment = self.before().get(..last_at)?.trim_end().ends_with('.');
        let meant = nearest(last, keywords()).filter(|_| !is_segment && !reserved(last))?;
        let at_last = Found { text: last, at: last_at, expected: self.expected, whole: self.whole };
        Some(at_last.unexpected().suggesting(format!("`{meant}`")))
    }

    fn unexpected(&self) -> Diagnostic {
        let diagnostic = if self.text.is_empty() {
            let end = self.whole.trim_end().len();
            Diagnostic::new(code::UNEXPECTED, "the text ends too early", Span::new(end, end))
        } else {
            let message = format!("unexpected {}", shown(self.text));
            Diagnostic::new(code::UNEXPECTED, message, self.span())
        };
        let diagnostic = diagnostic.expecting(self.expected_text());
        if self.text.is_empty() && self.waits_for(Expected::From) {
            return diagnostic.suggesting("`FROM devices`");
        }
        diagnostic
    }

    /// What was expected, in words: the shortest list that tells.
    fn expected_text(&self) -> String {
        let mut set = self.expected;
        let mut drop = |members: &[Expected]| members.iter().for_each(|&one| set.remove(one));
        if self.waits_for(Expected::Expression) {
            drop(&BEGIN_EXPRESSION);
        }
        if self.waits_for(Expected::Or) {
            drop(&OPERATOR_WORDS);
            set.insert(Expected::Operator);
        }
        let mut tidied = set;
        let mut drop = |members: &[Expected]| members.iter().for_each(|&one| tidied.remove(one));
        drop(&[Expected::Dot, Expected::OpenParen, Expected::OpenBracket]);
        if self.waits_for(Expected::As) || self.waits_for(Expected::Settable) {
            drop(&[Expected::Name]);
        }
        if self.waits_for(Expected::End) {
            drop(&[Expected::Semicolon, Expected::As]);
        }
        in_words(if tidied.is_empty() { set } else { tidied })
    }
}

/// What an expression may begin with, beside names; said by "an expression".
const BEGIN_EXPRESSION: [Expected; 12] = [
    Expected::Name,
    Expected::Text,
    Expected::WholeNumber,
    Expected::Not,
    Expected::Null,
    Expected::Undefined,
    Expected::True,
    Expected::False,
    Expected::OpenBracket,
    Expected::OpenParen,
    Expected::Distinct,
    Expected::Top,
];

/// Operators that are words; said by "an operator".
const OPERATOR_WORDS: [Expected; 8] = [
    Expected::And,
    Expected::Or,
    Expected::Not,
    Expected::In,
    Expected::Nin,
    Expected::Between,
    Expected::Like,
    Expected::Is,
];

fn in_words(set: ExpectedSet) -> String {
    let words: Vec<String> = set.iter().map(in_word).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

fn in_word(expected: Expected) -> String {
    match expected {
        Expected::Group | Expected::Order => format!("`{} BY`", expected.label()),
        Expected::At => "`AT LEAST VERSION`".to_owned(),
        Expected::Dry => "`DRY RUN`".to_owned(),
        _ if expected.is_kind() => expected.label().to_owned(),
        _ => format!("`{}`", expected.label()),
    }
}

/// A token as a message shows it.
fn shown(text: &str) -> String {
    match text {
        "`" => "backtick".to_owned(),
        _ => format!("`{}`", shortened(text)),
    }
}

/// The token that `rest` begins with, more or less: enough to name and to underline.
fn token(rest: &str) -> &str {
    let (name, _) = leading_name(rest);
    if !name.is_empty() {
        return name;
    }
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let end = match string_end(rest) {
        Some(end) => end.unwrap_or(rest.len()),
        None if rest.starts_with("&&") || rest.starts_with("||") => 2,
        None => first,
    };
    rest.get(..end).unwrap_or_default()
}

/// `text` without the blanks and comments it begins with.
fn skip_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(Some(end)) = comment(rest) {
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    rest
}

/// The name that `text` ends with, blanks aside, and where it begins.
fn last_word(text: &str) -> (&str, usize) {
    let text = text.trim_end();
    let head = text.trim_end_matches(name_char);
    (text.get(head.len()..).unwrap_or_default(), head.len())
}
