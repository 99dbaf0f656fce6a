//! Hard numbers: text that goes in comes out as the same number, as std reads both.

use serde_json::Value;
use twindex::{IndexOptions, Twindex};
use twindex_tests::files;
use twindex_tests::pair::{index_variants, open};

use crate::support::load;

/// The literals of the fixture.
fn literals() -> Vec<String> {
    let fixture = files::read("tests/fixtures/numbers.txt");
    let literals = fixture.lines().filter(|line| !line.starts_with('#'));
    literals.map(str::to_owned).collect()
}

/// What std reads, with the one zero there is.
fn std_number(literal: &str) -> f64 {
    literal.parse::<f64>().unwrap() + 0.0
}

/// The text between the outermost colon and brace of a row `{"v":…}`.
fn printed(row: &str) -> &str {
    row.strip_prefix(r#"{"v":"#)
        .and_then(|row| row.strip_suffix('}'))
        .unwrap_or_else(|| panic!("{row}"))
}

/// The significant digits of a number's text.
fn significant(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap().replace(['-', '.'], "");
    mantissa.trim_matches('0').to_owned()
}

/// `printed` is the number that `literal` is, and no longer than it needs to be.
fn assert_same(literal: &str, printed: &str) {
    let (expected, found) = (std_number(literal), printed.parse::<f64>().unwrap());
    assert_eq!(found.to_bits(), expected.to_bits(), "{literal} came out as {printed}");
    let shortest = significant(&format!("{expected:e}"));
    assert_eq!(significant(printed), shortest, "{literal} came out as {printed}");
    if expected.fract() == 0.0 && expected.abs() <= 9_007_199_254_740_992.0 {
        assert_eq!(printed, format!("{}", expected as i64), "whole numbers are plain");
    }
}

/// One twin for each literal.
fn twin_each(literals: &[String]) -> String {
    let twin = |(n, literal): (usize, &String)| {
        format!("{{\"deviceId\":\"d{n}\",\"a\":{literal},\"b\":[{literal},{{\"c\":{literal}}}]}}\n")
    };
    literals.iter().enumerate().map(twin).collect()
}

fn assert_printed(db: &Twindex, path: &str, literals: &[String]) {
    let page = db.query(format!("SELECT {path} AS v FROM devices")).run().unwrap();
    assert_eq!(page.n_rows(), literals.len());
    for (row, literal) in page.rows().zip(literals) {
        assert_same(literal, printed(row));
    }
}

#[test]
fn they_come_out_of_every_lane_as_std_reads_them() {
    let literals = literals();
    assert!(literals.len() > 400);
    for index in index_variants() {
        let db = open(index, 0);
        assert_eq!(load(&db, twin_each(&literals)).bad, []);
        for path in ["a", "b[0]", "b[1].c", "+a"] {
            assert_printed(&db, path, &literals);
        }
        for (row, literal) in db.query("SELECT * FROM devices").run().unwrap().rows().zip(&literals)
        {
            let (_, rest) = row.split_once(r#""a":"#).unwrap();
            assert_same(literal, rest.split([',', '}']).next().unwrap());
        }
    }
}

#[test]
fn they_come_out_of_dense_lanes_as_std_reads_them() {
    let literals: Vec<String> = literals().into_iter().cycle().take(9_000).collect();
    let db = Twindex::in_memory();
    load(&db, twin_each(&literals));
    assert_printed(&db, "a", &literals);
    assert_printed(&db, "b[1].c", &literals);
}

#[test]
fn literals_of_a_query_are_read_as_std_reads_them() {
    let literals = literals();
    let db = open(IndexOptions::default(), 0);
    load(&db, twin_each(&literals));
    for (n, literal) in literals.iter().enumerate() {
        let text =
            format!("SELECT {literal} AS v FROM devices WHERE a = {literal} AND deviceId = 'd{n}'");
        let page = db.query(&text).run().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(page.n_rows(), 1, "{text}");
        assert_same(literal, printed(page.rows().next().unwrap()));
    }
}

/// Comparing is as std compares, for each pair of numbers that stand next to each other.
#[test]
fn they_are_compared_as_std_compares_them() {
    let mut literals = literals();
    literals.sort_by(|a, b| std_number(a).total_cmp(&std_number(b)));
    literals.dedup_by_key(|literal| std_number(literal).to_bits());
    for index in index_variants() {
        let db = open(index, 0);
        load(&db, twin_each(&literals));
        for (n, literal) in literals.iter().enumerate() {
            for (op, expected) in [
                ("<", n),
                ("<=", n + 1),
                ("=", 1),
                (">=", literals.len() - n),
                ("!=", literals.len() - 1),
            ] {
                let ids = db.condition(format!("a {op} {literal}")).ids().unwrap();
                assert_eq!(ids.len() as usize, expected, "a {op} {literal}");
            }
        }
        let order = db.query("SELECT deviceId FROM devices ORDER BY a").run().unwrap();
        let ids: Vec<Value> = order.values().map(|row| row["deviceId"].clone()).collect();
        assert!(ids.iter().enumerate().all(|(n, id)| *id == format!("d{n}")), "{ids:?}");
    }
}
