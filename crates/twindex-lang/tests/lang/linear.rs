//! Hostile texts: long ones take linear time, deep ones no stack.
//!
//! No clock is read. A quarter of a megabyte of each is parsed, and a whole one of some: an algorithm
//! that takes the square of the length would not end while anyone waits.

use twindex_lang::fuzz::fuzz_parse;
use twindex_lang::limits::{NESTING_MAX, QUERY_CHARS_MAX};
use twindex_lang::{Limits, code, parse_condition, parse_statement};

/// Bytes of a hostile text.
const BYTES: usize = 1 << 18;

/// Bytes of a long one.
const LONG_BYTES: usize = 1 << 20;

/// Stack that every text must do with; threads of a server have more.
const STACK_BYTES: usize = 512 << 10;

/// `unit` as often as fits.
fn many(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len())
}

/// Units that are repeated, before and after what makes a statement of them or not.
const UNITS: [&str; 56] = [
    "(",
    "[",
    "[[",
    "]]",
    "{",
    "NOT ",
    "not(",
    "- ",
    "+ ",
    "-+ ",
    "'",
    "\"",
    "''",
    "'\\",
    "/*",
    "/* */",
    "--",
    "-- \n",
    ";",
    ".",
    "..",
    ".a",
    ".[[",
    "[0]",
    "['a']",
    "[*]",
    "a.b[",
    "f(",
    "f(a,",
    "COUNT(",
    "a",
    "1",
    "0",
    ".5",
    "1e",
    "0x",
    "\\u",
    "'\\ud83d'",
    "a AND ",
    "a OR ",
    "a + ",
    "a * ",
    "a = ",
    "a IN (",
    "a IN [",
    "a, ",
    "a b, ",
    "a BETWEEN ",
    "SELECT ",
    "AS ",
    "UPDATE ",
    "tags.a = 1, ",
    "\u{301}",
    "😀",
    " ",
    "a-",
];

#[test]
fn hostile_texts_end() {
    for unit in UNITS {
        let body = many(unit, BYTES);
        fuzz_parse(body.as_bytes());
        for head in ["SELECT tags.", "a IN ["] {
            fuzz_parse(format!("{head}{body}").as_bytes());
        }
    }
}

#[test]
fn long_hostile_texts_end() {
    for unit in ["(", "[", "NOT ", "- ", "'", "/*", "a AND "] {
        fuzz_parse(many(unit, LONG_BYTES).as_bytes());
    }
}

#[test]
fn long_lists_are_no_nesting() {
    let limits = Limits::unlimited();
    for (unit, last) in [
        ("tags.a = 1 AND ", "b"),
        ("tags.a = 1 OR ", "b"),
        ("a AND b OR ", "c"),
        ("1 + ", "1"),
        ("1 * ", "1"),
        ("a IN (1, 2) AND ", "b"),
        ("(a) AND ", "b"),
    ] {
        let text = format!("{}{last}", many(unit, LONG_BYTES));
        let query = parse_condition(&text, &limits).unwrap();
        let again = parse_condition(&query.condition.clone().unwrap().to_string(), &limits);
        assert_eq!(again, Ok(query));
    }
    let columns = format!(
        "SELECT {} z FROM devices ORDER BY {} z",
        many("a b, ", LONG_BYTES),
        many("b, ", LONG_BYTES)
    );
    assert!(parse_statement(&columns, &limits).is_ok());
    let updates: String = (0..LONG_BYTES / 16).map(|n| format!("tags.k{n} = 1, ")).collect();
    let update = format!("UPDATE devices SET {updates} tags.a = 1");
    assert!(parse_statement(&update, &limits).is_ok());
    let list = format!("a IN [{} 1]", many("1, ", LONG_BYTES));
    assert!(parse_condition(&list, &limits).is_ok());
}

#[test]
fn worst_cases_of_the_default_length_end_within_a_small_stack() {
    let limits = Limits::default();
    let run = move || {
        for unit in UNITS {
            let text: String = unit.chars().cycle().take(QUERY_CHARS_MAX).collect();
            let _ = parse_statement(&text, &limits);
            let _ = parse_condition(&text, &limits);
        }
        for text in deepest() {
            let query = parse_condition(&text, &limits).unwrap();
            let again = parse_condition(&query.condition.clone().unwrap().to_string(), &limits);
            assert_eq!(again.unwrap(), query.clone());
            drop(query);
        }
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
}

/// Texts of exactly as many levels as are allowed.
fn deepest() -> Vec<String> {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(NESTING_MAX), close.repeat(NESTING_MAX))
    };
    vec![
        nested("(", "a", ")"),
        nested("[", "a", "]"),
        nested("NOT ", "a", ""),
        nested("- ", "a", ""),
        nested("ABS(", "a", ")"),
        nested("a IN (", "a", ")"),
        nested("b AND (a OR ", "a", ")"),
        nested("a OR b AND c = 1 + 2 * (", "a", ")"),
    ]
}

#[test]
fn nesting_is_limited_to_the_level() {
    let limits = Limits::default();
    for (open, close) in
        [("(", ")"), ("[", "]"), ("NOT ", ""), ("- ", ""), ("f(", ")"), ("a IN (", ")")]
    {
        let nested = |levels: usize| format!("{}a{}", open.repeat(levels), close.repeat(levels));
        assert!(parse_condition(&nested(NESTING_MAX), &limits).is_ok(), "{open}");
        let diagnostics = parse_condition(&nested(NESTING_MAX + 1), &limits).unwrap_err();
        assert_eq!(diagnostics[0].code, code::NESTED_TOO_DEEP, "{open}");
        let from = diagnostics[0].span.from as usize;
        assert!(
            (open.len() * NESTING_MAX..open.len() * (NESTING_MAX + 1)).contains(&from),
            "{open}"
        );
    }
}

#[test]
fn length_is_limited_in_code_points() {
    let limits = Limits { query_chars_max: 20 };
    let text = |n: usize| format!("a = '{}'", "é".repeat(n));
    assert!(parse_condition(&text(14), &limits).is_ok());
    let diagnostics = parse_condition(&text(15), &limits).unwrap_err();
    assert_eq!(diagnostics[0].code, code::TEXT_TOO_LONG);
    let message = &diagnostics[0].message;
    assert!(message.contains("`query_chars_max` is 20"), "{message}");
    let at_limit = format!("a = '{}'", "x".repeat(QUERY_CHARS_MAX - 6));
    assert!(parse_condition(&at_limit, &Limits::default()).is_ok());
    assert!(parse_condition(&format!("{at_limit} "), &Limits::default()).is_err());
}
