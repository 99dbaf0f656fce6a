//! `grammar/twq.ebnf` and the parser are the same grammar: production by production, word by word.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpora;
use crate::golden;

/// Functions that give `Parsed` and are no productions: what several productions share.
const HELPERS: [&str; 11] = [
    "blanks_after",
    "digits",
    "digits_as_whole",
    "exprs_until",
    "item",
    "list",
    "literal_of_first",
    "many",
    "named",
    "negatable",
    "path_from",
];

/// Files of productions.
const FILES: [&str; 9] =
    ["statement", "change", "query", "select", "condition", "expr", "path", "literal", "lex"];

/// One production: its name and what it may be.
#[derive(Clone, Debug)]
pub(crate) enum Ebnf {
    Terminal(String),
    Special(String),
    Name(String),
    Sequence(Vec<Ebnf>),
    Either(Vec<Ebnf>),
    Optional(Box<Ebnf>),
    Repeated(Box<Ebnf>),
}

/// The productions of the page.
pub(crate) fn productions() -> BTreeMap<String, Ebnf> {
    let page = golden::read("grammar/twq.ebnf");
    let mut tokens = tokens(&page).into_iter().peekable();
    let mut productions = BTreeMap::new();
    while let Some(name) = tokens.next() {
        assert_eq!(tokens.next().as_deref(), Some("="), "after {name}");
        let body = either(&mut tokens);
        assert_eq!(tokens.next().as_deref(), Some(";"), "at the end of {name}");
        assert!(productions.insert(name.clone(), body).is_none(), "{name} twice");
    }
    productions
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<String>>;

fn either(tokens: &mut Tokens) -> Ebnf {
    let mut alternatives = vec![sequence(tokens)];
    while tokens.next_if(|token| token == "|").is_some() {
        alternatives.push(sequence(tokens));
    }
    if alternatives.len() == 1 { alternatives.remove(0) } else { Ebnf::Either(alternatives) }
}

fn sequence(tokens: &mut Tokens) -> Ebnf {
    let mut parts = Vec::new();
    while let Some(token) = tokens.next_if(|token| !matches!(&**token, "|" | ")" | "]" | "}" | ";"))
    {
        let mut inner = |close: &str| {
            let inner = either(tokens);
            assert_eq!(tokens.next().as_deref(), Some(close));
            inner
        };
        parts.push(match token.as_str() {
            "(" => inner(")"),
            "[" => Ebnf::Optional(Box::new(inner("]"))),
            "{" => Ebnf::Repeated(Box::new(inner("}"))),
            _ if token.starts_with(['"', '\'']) => {
                Ebnf::Terminal(token[1..token.len() - 1].to_owned())
            }
            _ if token.starts_with('?') => Ebnf::Special(token.trim_matches(['?', ' ']).to_owned()),
            _ => Ebnf::Name(token),
        });
    }
    Ebnf::Sequence(parts)
}

/// Names, quoted terminals, `? … ?`, and signs. Comments are left out.
fn tokens(page: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = page.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '(' if rest.starts_with("(*") => {
                rest = rest[rest.find("*)").unwrap() + 2..].trim_start();
                continue;
            }
            '"' | '\'' | '?' => rest[1..].find(first).unwrap() + 2,
            _ if first.is_alphabetic() => {
                rest.find(|c: char| !c.is_alphabetic() && c != '_').unwrap()
            }
            _ => first.len_utf8(),
        };
        tokens.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    tokens
}

/// A function of the grammar: its name, whether it parses, the production in its doc comment.
struct GrammarFn {
    name: String,
    parses: bool,
    production: Option<String>,
}

fn grammar_fns() -> Vec<GrammarFn> {
    let mut found = Vec::new();
    for file in FILES {
        let source = golden::read(&format!("crates/twindex-lang/src/grammar/{file}.rs"));
        let mut doc = String::new();
        let mut lines = source.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            if let Some(text) = line.strip_prefix("///") {
                doc.push_str(text.trim());
                doc.push(' ');
                continue;
            }
            if let Some((_, after)) = line.split_once("fn ").filter(|_| !line.starts_with("//")) {
                let name = after.split(['<', '(']).next().unwrap().to_owned();
                let mut head = line.to_owned();
                while !head.ends_with('{') && lines.peek().is_some() {
                    head.push_str(lines.next().unwrap());
                }
                let parses = head.contains("-> Parsed<") || head.contains("-> IResult<");
                found.push(GrammarFn { name, parses, production: production_in(&doc) });
            }
            doc.clear();
        }
    }
    found
}

/// The production that a doc comment begins with.
fn production_in(doc: &str) -> Option<String> {
    let (production, _) = doc.trim().strip_prefix('`')?.split_once('`')?;
    production.contains(" = ").then(|| production.to_owned())
}

fn normalised(text: &str) -> String {
    tokens(text).join(" ")
}

#[test]
fn every_production_has_its_function_and_the_reverse() {
    let page = golden::read("grammar/twq.ebnf");
    let all = tokens(&page);
    let on_page: BTreeSet<String> = all
        .split(|token| token == ";")
        .map(|one| one.join(" "))
        .filter(|one| !one.is_empty())
        .collect();
    let mut in_code = BTreeSet::new();
    for function in grammar_fns() {
        match function.production {
            Some(production) => {
                let production = normalised(&production);
                let name = production.split(' ').next().unwrap().to_owned();
                assert_eq!(name, function.name, "the production belongs to a function of its name");
                in_code.insert(production.trim_end_matches(" ;").to_owned());
            }
            None => assert!(
                !function.parses || HELPERS.contains(&function.name.as_str()),
                "`{}` parses and carries no production",
                function.name
            ),
        }
    }
    let missing: Vec<_> = on_page.symmetric_difference(&in_code).collect();
    assert!(missing.is_empty(), "on one side only: {missing:#?}");
}

#[test]
fn every_name_on_the_page_is_a_production() {
    let productions = productions();
    for (name, body) in &productions {
        for used in names(body) {
            assert!(productions.contains_key(&used), "{name} uses {used}");
        }
    }
    let used: BTreeSet<String> = productions.values().flat_map(names).collect();
    let unused: Vec<_> = productions.keys().filter(|name| !used.contains(*name)).collect();
    assert_eq!(unused, ["blanks", "condition_text", "query_text", "reserved", "statement"]);
}

fn names(body: &Ebnf) -> Vec<String> {
    match body {
        Ebnf::Name(name) => vec![name.clone()],
        Ebnf::Terminal(_) => Vec::new(),
        Ebnf::Special(words) => {
            words.split(' ').filter(|word| word.contains('_')).map(str::to_owned).collect()
        }
        Ebnf::Sequence(parts) | Ebnf::Either(parts) => parts.iter().flat_map(names).collect(),
        Ebnf::Optional(inner) | Ebnf::Repeated(inner) => names(inner),
    }
}

fn terminals(body: &Ebnf) -> Vec<String> {
    match body {
        Ebnf::Terminal(text) => vec![text.clone()],
        Ebnf::Name(_) | Ebnf::Special(_) => Vec::new(),
        Ebnf::Sequence(parts) | Ebnf::Either(parts) => parts.iter().flat_map(terminals).collect(),
        Ebnf::Optional(inner) | Ebnf::Repeated(inner) => terminals(inner),
    }
}

#[test]
fn every_terminal_is_in_an_accepted_text() {
    let texts: Vec<String> =
        corpora::lines("grammar/accept").into_iter().map(|(_, _, text)| text).collect();
    let words: BTreeSet<String> = texts.iter().flat_map(|text| words(text)).collect();
    for (name, body) in productions() {
        for terminal in terminals(&body) {
            let is_word = terminal.len() > 1 && terminal.chars().all(char::is_alphabetic);
            let is_there = match name.as_str() {
                _ if is_word => words.contains(&terminal.to_ascii_uppercase()),
                "escape" | "unicode" => {
                    texts.iter().any(|text| text.contains(&format!("\\{terminal}")))
                }
                _ => texts.iter().any(|text| text.contains(&terminal)),
            };
            assert!(is_there, "`{terminal}` of `{name}` is in no accepted text");
        }
    }
}

/// The words of a text outside its strings, in capitals.
fn words(text: &str) -> Vec<String> {
    let mut quote = None;
    let outside: String = text
        .chars()
        .map(|c| match quote {
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                ' '
            }
            Some(open) if c == open => {
                quote = None;
                ' '
            }
            Some(_) => ' ',
            None => c,
        })
        .collect();
    outside.split(|c: char| !c.is_alphanumeric()).map(str::to_ascii_uppercase).collect()
}
