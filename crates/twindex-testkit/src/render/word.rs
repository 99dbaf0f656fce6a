//! Spellings of words: keywords, function names, keys, strings, prefixes.

use twindex_lang::ast::{Collection, Query, Segment};
use twindex_lang::field::TWIN_FIELDS;
use twindex_lang::function::Function;

use super::{Manner, Prefix, Writer};
use crate::size;

const RESERVED: &[&str] = &[
    "select",
    "distinct",
    "top",
    "from",
    "as",
    "where",
    "group",
    "by",
    "having",
    "order",
    "asc",
    "desc",
    "limit",
    "offset",
    "and",
    "or",
    "not",
    "in",
    "nin",
    "between",
    "like",
    "is",
    "null",
    "undefined",
    "true",
    "false",
];

const ALIASES: &[&str] = &["d", "dev", "Twin_1", "é"];

/// Whether a name may not stand bare.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name.to_lowercase().as_str())
}

/// A collection's alias, if the manner likes one, and the prefixes that paths may have.
pub(super) fn prefix(query: &Query, manner: &mut Manner) -> Prefix {
    let mut allowed = vec!["devices.", "DEVICES."];
    if query.collection == Collection::Modules {
        allowed.push("devices.modules.");
    }
    let is_first_key = |alias: &str| {
        size::paths(query).iter().any(|path| path.segments[0] == Segment::Key(alias.to_owned()))
    };
    let alias = Some(manner.one_of(ALIASES)).filter(|alias| !is_first_key(alias));
    let alias = alias.filter(|_| manner.takes_liberty(25));
    allowed.extend(alias.map(|alias| match alias {
        "d" => "d.",
        "dev" => "dev.",
        "Twin_1" => "Twin_1.",
        _ => "é.",
    }));
    Prefix { alias, allowed }
}

/// A keyword or other name whose letter case does not matter.
pub(super) fn in_any_case(word: &str, manner: &mut Manner) -> String {
    let mixed = |(i, c): (usize, char)| {
        if i % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
    };
    let (lower, upper) = (word.to_ascii_lowercase(), word.to_ascii_uppercase());
    let mixed: String = word.chars().enumerate().map(mixed).collect();
    manner.one_of(&[word, word, &lower, &upper, &mixed]).to_owned()
}

impl Writer<'_> {
    /// A path with its prefix.
    pub(super) fn path(&mut self, segments: &[Segment]) {
        let mut text = String::new();
        let may_be_column = self.names_columns && segments.len() == 1;
        if !may_be_column && self.manner.takes_liberty(15) {
            text.push_str(self.manner.one_of(&self.prefix.allowed));
        }
        for (i, segment) in segments.iter().enumerate() {
            match segment {
                Segment::AnyElement => text.push_str("[*]"),
                Segment::Index(index) => text.push_str(&format!("[{index}]")),
                Segment::Key(key) if i == 0 => text.push_str(&self.first_key(key, may_be_column)),
                Segment::Key(key) => {
                    let is_section = i == 1
                        && segments[0] == Segment::Key("properties".to_owned())
                        && (key == "desired" || key == "reported");
                    self.key(&mut text, key, is_section);
                }
            }
        }
        self.tokens.word(&text);
    }

    fn first_key(&mut self, key: &str, may_be_column: bool) -> String {
        if may_be_column || !TWIN_FIELDS.contains(&key) {
            return key.to_owned();
        }
        if key == "deviceId" && self.manner.takes_liberty(20) {
            return in_any_case("id", self.manner);
        }
        in_any_case(key, self.manner)
    }

    /// A key after the first: by dot, in double brackets, or as a string in brackets.
    fn key(&mut self, text: &mut String, key: &str, is_section: bool) {
        let spelled = if is_section { in_any_case(key, self.manner) } else { key.to_owned() };
        let fits_brackets = !key.contains("]]") && !key.ends_with(']') && !key.is_empty();
        if is_plain(key) && !self.manner.takes_liberty(20) {
            text.push_str(&format!(".{spelled}"));
        } else if fits_brackets && !self.manner.takes_liberty(40) {
            text.push_str(&format!(".[[{spelled}]]"));
        } else {
            text.push_str(&format!("[{}]", self.quoted(&spelled)));
        }
    }

    /// A string literal.
    pub(super) fn string(&mut self, text: &str) {
        let quoted = self.quoted(text);
        self.tokens.string(&quoted);
    }

    fn quoted(&mut self, text: &str) -> String {
        let quote = if self.manner.takes_liberty(30) { '"' } else { '\'' };
        let mut out = String::from(quote);
        for c in text.chars() {
            match c {
                c if c == quote && self.manner.takes_liberty(50) => out.extend([c, c]),
                c if c == quote => out.extend(['\\', c]),
                '\'' | '"' | '/' if self.manner.takes_liberty(20) => out.extend(['\\', c]),
                '\\' => out.push_str("\\\\"),
                '\n' if self.manner.takes_liberty(50) => out.push_str("\\n"),
                '\r' if self.manner.takes_liberty(50) => out.push_str("\\r"),
                '\t' if self.manner.takes_liberty(50) => out.push_str("\\t"),
                c if c.is_control() => push_escaped(&mut out, c),
                c if !c.is_ascii() && self.manner.takes_liberty(15) => push_escaped(&mut out, c),
                c => out.push(c),
            }
        }
        out.push(quote);
        out
    }

    /// The name of a function, with or without its `_`.
    pub(super) fn function(&mut self, function: Function) {
        let name = function_name(function);
        let bare = name.replace('_', "");
        let name = self.manner.one_of(&[name, name, &bare]).to_owned();
        self.keyword(&name);
    }
}

/// `\uXXXX`, as a pair beyond the first plane.
fn push_escaped(out: &mut String, c: char) {
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        out.push_str(&format!("\\u{unit:04X}"));
    }
}

/// Whether a key may stand after a dot as it is. Narrower than the language: ASCII alone, and a
/// few letters beyond.
fn is_plain(key: &str) -> bool {
    let is_name_char =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | 'ä' | 'é' | '\u{301}');
    key.split('-').all(|part| !part.is_empty() && part.chars().all(is_name_char))
}

// tidy: flat match
fn function_name(function: Function) -> &'static str {
    match function {
        Function::IsDefined => "IS_DEFINED",
        Function::IsNull => "IS_NULL",
        Function::IsBool => "IS_BOOL",
        Function::IsNumber => "IS_NUMBER",
        Function::IsString => "IS_STRING",
        Function::IsArray => "IS_ARRAY",
        Function::IsObject => "IS_OBJECT",
        Function::IsPrimitive => "IS_PRIMITIVE",
        Function::AsNumber => "AS_NUMBER",
        Function::StartsWith => "STARTS_WITH",
        Function::EndsWith => "ENDS_WITH",
        Function::Contains => "CONTAINS",
        Function::Length => "LENGTH",
        Function::Lower => "LOWER",
        Function::Upper => "UPPER",
        Function::Concat => "CONCAT",
        Function::Substring => "SUBSTRING",
        Function::IndexOf => "INDEX_OF",
        Function::RegexMatch => "REGEX_MATCH",
        Function::Abs => "ABS",
        Function::Exp => "EXP",
        Function::Power => "POWER",
        Function::Square => "SQUARE",
        Function::Ceiling => "CEILING",
        Function::Floor => "FLOOR",
        Function::Sign => "SIGN",
        Function::Sqrt => "SQRT",
        Function::Round => "ROUND",
        Function::Bin => "BIN",
        Function::ArrayContains => "ARRAY_CONTAINS",
        Function::ArrayLength => "ARRAY_LENGTH",
        Function::Time => "TIME",
        Function::Now => "NOW",
        Function::Ago => "AGO",
        Function::InSync => "IN_SYNC",
        Function::Drift => "DRIFT",
        Function::Count => "COUNT",
        Function::Sum => "SUM",
        Function::Avg => "AVG",
        Function::Min => "MIN",
        Function::Max => "MAX",
        Function::Percentile => "PERCENTILE",
        Function::Stddev => "STDDEV",
    }
}
