//! Laws that hold for every text and every tree.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof};
use proptest::proptest;
use proptest::sample::{Index, select};

use twindex_lang::fuzz::{check_round_trip, fuzz_parse};
use twindex_lang::{Limits, parse_statement, split_statements};

use crate::{arb, corpora, corpus};

/// Tokens that make trouble beside each other.
const TOKENS: [&str; 74] = [
    "SELECT",
    "DISTINCT",
    "TOP",
    "FROM",
    "devices",
    "modules",
    "AS",
    "WHERE",
    "GROUP",
    "BY",
    "HAVING",
    "ORDER",
    "ASC",
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
    "DEFINED",
    "EXPLAIN",
    "UPDATE",
    "SET",
    "DELETE",
    "DRY",
    "RUN",
    "AT",
    "LEAST",
    "VERSION",
    "COUNT",
    "NOW",
    "tags",
    "a",
    "id",
    "properties",
    "Desired",
    "1",
    ".5",
    "0x1F",
    "1e",
    "'",
    "''",
    "'x'",
    "\"",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "[[",
    "]]",
    "[*]",
    ",",
    ".",
    ";",
    "=",
    "==",
    "<>",
    "<",
    "+",
    "-",
    "--",
    "*",
    "/",
    "/*",
    "*/",
    "$x",
];

/// A statement of the corpora with some of its characters changed.
fn mutated() -> impl Strategy<Value = String> {
    let mut texts: Vec<String> =
        corpora::lines("grammar/accept").into_iter().map(|(_, _, text)| text).collect();
    texts.extend(corpus::entries().into_iter().map(|entry| entry.query));
    let change = (any::<Index>(), 0..4u8, select(TOKENS.to_vec()), any::<char>());
    (select(texts), vec(change, 1..5)).prop_map(|(text, changes)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (place, kind, token, c) in changes {
            let at = place.index(chars.len() + 1);
            match kind {
                0 => drop(chars.splice(at..at, token.chars())),
                1 => chars.insert(at, c),
                2 => drop(chars.drain(at..chars.len().min(at + 3))),
                _ => chars.truncate(at),
            }
        }
        chars.into_iter().collect()
    })
}

fn soup() -> impl Strategy<Value = String> {
    let blank = select(vec!["", " ", "\n", "\u{3000}"]);
    vec((select(TOKENS.to_vec()), blank), 0..30).prop_map(|tokens| {
        tokens.into_iter().map(|(token, blank)| format!("{token}{blank}")).collect()
    })
}

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn cases(n: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(n),
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// What is printed parses to what was printed, for every tree.
    #[test]
    fn trees_come_back(statement in arb::statement()) {
        check_round_trip(&statement);
    }

    /// No text makes the parser panic, and what it takes comes back.
    #[test]
    fn texts_never_panic(text in prop_oneof![soup(), mutated(), any::<String>()]) {
        fuzz_parse(text.as_bytes());
    }

    /// Nor do bytes.
    #[test]
    fn bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        fuzz_parse(&bytes);
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// A script of statements falls into those statements.
    #[test]
    fn scripts_fall_into_their_statements(statements in vec(arb::statement(), 0..4)) {
        let texts: Vec<String> = statements.iter().map(ToString::to_string).collect();
        let script: String = texts.iter().map(|text| format!(" {text} -- ;\n ; /* ; */\n")).collect();
        let split: Vec<&str> = split_statements(&script)
            .into_iter()
            .map(|one| &script[one.span.from as usize..one.span.to as usize])
            .collect();
        prop_assert_eq!(&split, &texts);
        for (text, statement) in split.iter().zip(&statements) {
            let again = parse_statement(text, &Limits::unlimited());
            prop_assert_eq!(again.as_ref(), Ok(statement));
        }
    }

    /// Other blanks, and comments for blanks, make no difference.
    #[test]
    fn blanks_and_comments_make_no_difference(statement in arb::statement(), seed in any::<u64>()) {
        let text = statement.to_string();
        let spaced = respaced(&text, seed);
        let again = parse_statement(&spaced, &Limits::unlimited());
        prop_assert_eq!(again.as_ref(), Ok(&statement), "{}", spaced);
    }
}

/// Canonical `text` with other blanks where it has one outside strings and bracketed names.
fn respaced(text: &str, seed: u64) -> String {
    const BLANKS: [&str; 6] = [" ", "\n\t", " /* ' */ ", " -- \"\n", "\u{a0}", "/**/"];
    let mut out = String::new();
    let mut at = 0;
    let mut choice = seed;
    while let Some(c) = text[at..].chars().next() {
        let (before, rest) = text.split_at(at);
        let is_name = rest.starts_with("[[") && (before.ends_with('.') || before.ends_with("AS "));
        let length = match c {
            '\'' => rest[1..].find('\'').map(|end| end + 2),
            _ if is_name => rest.find("]]").map(|end| end + 2),
            _ => None,
        };
        let length = length.unwrap_or(c.len_utf8());
        if c == ' ' {
            choice = choice.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            out.push_str(BLANKS[(choice >> 32) as usize % BLANKS.len()]);
        } else {
            out.push_str(&rest[..length]);
        }
        at += length;
    }
    out
}
