//! Functions at the edges of what they take.

use crate::testing::{check_values, value_of};

const TWIN: &str = r#"{
    "tags": {"n": -2.5, "s": "Größe 1", "null": null, "t": true, "l": [1, "a", null], "o": {}},
    "lastActivityTime": "2023-05-21T23:59:59.9999999Z",
    "properties": {
        "desired": {"a": 1, "b": {"c": [1], "d-e": 2}, "$version": 3},
        "reported": {"a": {"value": 1, "ac": 200, "av": 3}, "b": {"c": [1]}, "$version": 9}
    }
}"#;

fn check(table: &[(&str, &str)]) {
    check_values(TWIN, table);
}

#[test]
fn the_is_family_always_answers() {
    for (function, kinds) in [
        ("IS_DEFINED", "nstl0oxu"),
        ("IS_NULL", "0"),
        ("IS_BOOL", "t"),
        ("IS_NUMBER", "n"),
        ("IS_STRING", "s"),
        ("IS_ARRAY", "l"),
        ("IS_OBJECT", "o"),
        ("IS_PRIMITIVE", "nst0"),
    ] {
        for (kind, path) in
            [('n', "n"), ('s', "s"), ('t', "t"), ('l', "l"), ('0', "null"), ('o', "o")]
        {
            let expected = kinds.contains(kind).to_string();
            check(&[(&format!("{function}(@{path})"), &expected)]);
        }
        check(&[(&format!("{function}(@none)"), "false")]);
    }
    check(&[("IS_STRING(LOWER(@s))", "true"), ("ISDEFINED(@l[2])", "true")]);
}

#[test]
fn as_number_reads_text() {
    check(&[
        ("AS_NUMBER(@n)", "-2.5"),
        ("AS_NUMBER(' +1e2 ')", "100"),
        ("AS_NUMBER('0x1F')", "undefined"),
        ("AS_NUMBER(@t)", "undefined"),
        ("AS_NUMBER(@none)", "undefined"),
    ]);
}

#[test]
fn text_functions() {
    check(&[
        ("STARTSWITH(@s, 'Gr')", "true"),
        ("STARTS_WITH(@s, 'gr')", "false"),
        ("CONTAINS(@s, 'gr', 1)", "undefined"),
        ("CONTAINS(@s, 'gr', @none)", "undefined"),
        ("ENDSWITH(@s, '1')", "true"),
        ("CONTAINS(@s, 'ÖSS', true)", "false"),
        ("CONTAINS(@s, 'ÖßE', true)", "true"),
        ("CONTAINS(@l, 'a')", "undefined"),
        ("LENGTH(@s)", "7"),
        ("LENGTH(@n)", "undefined"),
        ("LOWER('ÀΣ')", r#""àς""#),
        ("UPPER('ß')", r#""SS""#),
        ("UPPER(@n)", "undefined"),
        ("CONCAT(@s, '-', 'x')", r#""Größe 1-x""#),
        ("CONCAT(@s, @n)", "undefined"),
        ("SUBSTRING(@s, 2, 3)", r#""öße""#),
        ("SUBSTRING(@s, 6)", r#""1""#),
        ("SUBSTRING(@s, 8)", "undefined"),
        ("SUBSTRING(CONCAT('a', 'b'), 1)", r#""b""#),
        ("INDEX_OF(@s, '1')", "6"),
        ("INDEX_OF(@s, 'z')", "-1"),
        ("REGEX_MATCH(@s, '^gr.*e', 'i')", "true"),
        ("REGEX_MATCH(@s, @s)", "true"),
        ("REGEX_MATCH(@n, 'x')", "undefined"),
    ]);
}

#[test]
fn number_and_array_functions() {
    check(&[
        ("ABS(@n)", "2.5"),
        ("ROUND(@n)", "-3"),
        ("POWER(2, 3)", "8"),
        ("BIN(@n, 2)", "-4"),
        ("SQRT(@n)", "undefined"),
        ("EXP(@s)", "undefined"),
        ("ARRAY_CONTAINS(@l, null)", "true"),
        ("ARRAY_CONTAINS(@l, 2)", "false"),
        ("ARRAY_CONTAINS(@l, @none)", "undefined"),
        ("ARRAY_CONTAINS(@n, 1)", "undefined"),
        ("ARRAY_LENGTH(@l)", "3"),
        ("ARRAY_LENGTH(@o)", "undefined"),
    ]);
}

#[test]
fn times_are_numbers_fixed_by_the_query() {
    check(&[
        ("NOW()", "1684713600000"),
        ("AGO('1d')", "1684627200000"),
        ("NOW() - AGO('90s')", "90000"),
        ("TIME(lastActivityTime)", "1684713599999"),
        ("TIME(lastActivityTime) < NOW()", "true"),
        ("TIME(@s)", "undefined"),
        ("lastActivityTime < NOW()", "undefined"),
    ]);
}

#[test]
fn sync_and_drift() {
    check(&[("IN_SYNC()", "false"), ("DRIFT()", r#"["b.d-e"]"#)]);
    assert_eq!(value_of("IN_SYNC()", r#"{"deviceId": "x"}"#), "true");
    assert_eq!(value_of("DRIFT()", r#"{"deviceId": "x"}"#), "[]");
}
