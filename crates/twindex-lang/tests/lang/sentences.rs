//! Sentences made from the grammar page by chance: the parser takes all of them.
//!
//! The page is read as a generator that knows nothing of the parser. What the page says beyond the
//! grammar (`[*]`, `COUNT`, numbered columns …) may still be refused, with the code that says so.

use std::collections::BTreeMap;

use twindex_lang::{Limits, code, parse_condition, parse_statement};

use crate::ebnf::{Ebnf, productions};

/// Sentences made per start symbol.
const SENTENCES: usize = 5_000;

/// Codes of rules that stand beside the grammar.
const BESIDE: [&str; 10] = [
    code::NESTED_TOO_DEEP,
    code::LONE_SURROGATE,
    code::NUMBER_NOT_FINITE,
    code::MISPLACED_ANY,
    code::ALIAS_IS_FIELD,
    code::NUMBERED_COLUMN,
    code::ONLY_IN_COUNT,
    code::NOT_SETTABLE,
    code::SET_TWICE,
    code::JOBS_ARE_READ,
];

/// Choices by chance (splitmix64), the same in every run.
struct Source(u64);

impl Source {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

struct Writer<'a> {
    productions: &'a BTreeMap<String, Ebnf>,
    source: Source,
    text: String,
    depth: usize,
}

/// Productions that are one token: no blanks inside.
const TOKENS: [&str; 8] =
    ["bracketed", "dotted_name", "first_name", "name", "whole_number", "index", "number", "string"];

impl Writer<'_> {
    fn production(&mut self, name: &str) {
        match name {
            "first_name" => return self.pick(&["tags", "a", "x1", "_y", "COUNT", "count", "ABS"]),
            "name" => return self.pick(&["a", "4x", "$version", "select", "b_1"]),
            _ => {}
        }
        self.depth += 1;
        let body = self.productions[name].clone();
        self.write(&body, TOKENS.contains(&name) || self.is_inside_token(name));
        self.depth -= 1;
    }

    fn is_inside_token(&self, name: &str) -> bool {
        [
            "hexadecimal",
            "decimal",
            "exponent",
            "digit",
            "hex_digit",
            "string_char",
            "escape",
            "unicode",
        ]
        .contains(&name)
    }

    fn pick(&mut self, texts: &[&str]) {
        let text = texts[self.source.below(texts.len())];
        self.text.push_str(text);
    }

    fn write(&mut self, body: &Ebnf, is_token: bool) {
        match body {
            Ebnf::Terminal(text) => self.terminal(text, is_token),
            Ebnf::Special(text) => self.special(&text.clone()),
            Ebnf::Name(name) => {
                let is_inside = self.is_inside_token(name) || (is_token && name == "name");
                if !is_inside {
                    self.blank();
                }
                self.production(&name.clone());
            }
            Ebnf::Sequence(parts) => parts.iter().for_each(|part| self.write(part, is_token)),
            Ebnf::Either(parts) => {
                // Deep down the last alternative is taken: it is the one that ends.
                let idx =
                    if self.depth > 60 { parts.len() - 1 } else { self.source.below(parts.len()) };
                self.write(&parts[idx], is_token);
            }
            Ebnf::Optional(inner) => {
                if self.depth < 60 && self.source.below(3) == 0 {
                    self.write(inner, is_token);
                }
            }
            Ebnf::Repeated(inner) => {
                while self.depth < 60 && self.source.below(4) == 0 {
                    self.write(inner, is_token);
                }
            }
        }
    }

    /// Keywords get blanks around them; so do signs, or `-` and `-` would begin a comment.
    fn terminal(&mut self, text: &str, is_token: bool) {
        if is_token {
            self.text.push_str(text);
            return;
        }
        self.blank();
        let swap = self.source.below(4) == 0;
        self.text.push_str(&if swap { text.to_ascii_lowercase() } else { text.to_owned() });
        self.blank();
    }

    fn blank(&mut self) {
        self.pick(&[" ", " ", " ", "\n\t", "/* x */", " -- y\n", "\u{a0}"]);
    }

    fn special(&mut self, what: &str) {
        match what {
            "an ASCII digit" => self.pick(&["0", "1", "7", "9"]),
            "an ASCII hexadecimal digit" => self.pick(&["0", "a", "F", "4"]),
            "any character but the backslash and the quote that closes the string" => {
                self.pick(&["x", " ", "é", "😀", "--", "/*", ";", "[["]);
            }
            "any text without \"]]\"" => self.pick(&["a b", "order", "[", "'", "]x"]),
            // Aliases are written as names that are neither.
            "not \"AT\" \"LEAST\"" => {}
            // A sign makes sure of it.
            "not \"(\"" => self.text.push('+'),
            other => panic!("no way to write {other}"),
        }
    }
}

#[test]
fn every_sentence_of_the_page_is_accepted() {
    let productions = productions();
    let mut writer =
        Writer { productions: &productions, source: Source(7), text: String::new(), depth: 0 };
    let mut accepted = 0;
    for idx in 0..2 * SENTENCES {
        writer.text.clear();
        let result = if idx % 2 == 0 {
            writer.production("statement");
            parse_statement(&writer.text, &Limits::unlimited()).map(|_| ())
        } else {
            writer.production("condition_text");
            parse_condition(&writer.text, &Limits::unlimited()).map(|_| ())
        };
        match result {
            Ok(()) => accepted += 1,
            Err(diagnostics) => {
                let code = diagnostics[0].code;
                assert!(
                    BESIDE.contains(&code),
                    "{}\n{:#?}\nat: {}",
                    writer.text,
                    diagnostics[0],
                    &writer.text[(diagnostics[0].span.from as usize).saturating_sub(80)..]
                );
            }
        }
    }
    assert!(accepted > SENTENCES / 2, "only {accepted} sentences met the rules beside the grammar");
}
