//! What expressions yield, by hand.

use serde_json::json;
use twindex_lang::ast::Select;
use twindex_lang::{Limits, parse_query};

use super::*;

fn twin() -> Value {
    json!({
        "deviceId": "d",
        "lastActivityTime": "1970-01-01T00:00:01Z",
        "tags": {
            "n": 5, "m": -0.0, "s": "abc", "empty": "", "yes": true, "no": false, "null": null,
            "list": [1, "x", null, {"k": 1}, {"k": "b"}], "none": [], "texts": ["ab", "b"],
            "numbers": [1, 20], "o": {"a": 1, "b": [2]}, "same": {"b": [2.0], "a": 1.0},
        },
        "properties": {"desired": {"p": 1}, "reported": {"p": 1}},
    })
}

/// The value of an expression over [`twin`].
fn value_of(text: &str) -> Maybe {
    let query = format!("SELECT {text} AS v FROM devices");
    let query = parse_query(&query, &Limits::default())
        .unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    crate::check(&query).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    let Select::Items(items) = &query.select else { panic!("{text}") };
    let env = Env { now_ms: 100_000, subject: Subject::Twin(&twin()), columns: &[] };
    env.value(&items[0].expr)
}

fn assert_values(cases: &[(&str, Value)]) {
    for (text, expected) in cases {
        let found = value_of(text).unwrap_or_else(|| panic!("{text} is undefined"));
        assert!(equal(&found, expected), "{text} is {found}, not {expected}");
    }
}

fn assert_true(texts: &[&str]) {
    for text in texts {
        assert_eq!(value_of(text), Some(json!(true)), "{text}");
    }
}

fn assert_false(texts: &[&str]) {
    for text in texts {
        assert_eq!(value_of(text), Some(json!(false)), "{text}");
    }
}

fn assert_undefined(texts: &[&str]) {
    for text in texts {
        assert_eq!(value_of(text), None, "{text}");
    }
}

#[test]
fn equality_is_json_equality_and_undefined_where_a_side_is() {
    assert_true(&[
        "tags.n = 5",
        "tags.n = 5.0",
        "tags.n = 0x5",
        "tags.m = 0",
        "tags.s = 'abc'",
        "tags.o = tags.same",
        "tags.numbers = [1, 20]",
        "tags.none = []",
        "tags.n != '5'",
        "tags.n <> 6",
        "tags.o != tags.list",
        "tags.yes != 1",
        "tags.null != 0",
        "tags.null = tags.null",
    ]);
    assert_false(&[
        "tags.n = '5'",
        "tags.n = true",
        "tags.s = 'ABC'",
        "tags.s != 'abc'",
        "tags.o = tags.n",
        "tags.numbers = [20, 1]",
        "tags.null = false",
        "tags.empty = tags.null",
    ]);
    assert_undefined(&[
        "tags.u = 5",
        "tags.u != 5",
        "5 = tags.u",
        "tags.u = tags.u",
        "tags.u = tags.null",
        "tags.n = undefined",
    ]);
}

#[test]
fn the_literal_null_equals_null_and_undefined() {
    assert_true(&[
        "tags.null = null",
        "tags.u = null",
        "null = tags.u",
        "null = null",
        "undefined = null",
        "tags.n != null",
        "null <> tags.n",
        "tags.u IN [null]",
        "tags.null IN (1, null)",
        "tags.n NOT IN [null]",
    ]);
    assert_false(&[
        "tags.n = null",
        "tags.u != null",
        "tags.null != null",
        "tags.n IN [null, 6]",
        "tags.u NIN [null]",
    ]);
    assert_undefined(&["tags.n < null", "tags.null >= null"]);
}

#[test]
fn order_is_of_two_numbers_texts_or_booleans() {
    assert_true(&[
        "tags.n < 6",
        "tags.n <= 5",
        "tags.n > -1",
        "tags.n >= 5",
        "tags.m >= 0",
        "tags.s < 'abd'",
        "tags.s > 'ABC'",
        "'\u{FFFD}' < '\u{10000}'",
        "tags.no < tags.yes",
        "tags.yes <= true",
    ]);
    assert_false(&["tags.n < 5", "tags.s < ''", "tags.yes < false"]);
    assert_undefined(&[
        "tags.n < '6'",
        "tags.s > 1",
        "tags.yes > 0",
        "tags.null <= tags.null",
        "tags.list < tags.list",
        "tags.o >= tags.o",
        "tags.u < 1",
        "1 < tags.u",
    ]);
}

#[test]
fn in_a_list_is_a_chain_of_equalities() {
    assert_true(&[
        "tags.n IN [1, 5]",
        "tags.n IN (5)",
        "tags.n IN [tags.u, 5]",
        "tags.o IN [tags.same]",
        "tags.n NIN [6, 'x']",
        "tags.n NOT IN (6)",
        "tags.n NIN []",
        "NOT tags.n IN []",
    ]);
    assert_false(&["tags.n IN ['5', 6]", "tags.n IN []", "tags.n NIN [5, tags.u]"]);
    assert_undefined(&[
        "tags.n IN [6, tags.u]",
        "tags.n NIN [6, tags.u]",
        "tags.u IN [1]",
        "tags.u NIN [1]",
        "tags.u IN []",
        "tags.u IN [tags.u]",
    ]);
}

#[test]
fn in_an_expression_asks_an_array() {
    assert_true(&[
        "1 IN tags.list",
        "'b' IN tags.texts",
        "tags.null IN tags.list",
        "null IN tags.list",
        "2 NIN tags.list",
    ]);
    assert_false(&["tags.n IN tags.list", "'1' IN tags.list", "tags.n IN tags.none"]);
    assert_undefined(&["tags.u IN tags.list", "1 IN tags.n", "1 IN tags.u", "1 NIN tags.s"]);
}

#[test]
fn between_is_two_comparisons() {
    assert_true(&[
        "tags.n BETWEEN 5 AND 5",
        "tags.s BETWEEN 'a' AND 'b'",
        "tags.n NOT BETWEEN 6 AND 'x'",
    ]);
    assert_false(&["5 BETWEEN 9 AND 'x'", "tags.n BETWEEN 9 AND 1", "5 NOT BETWEEN 1 AND 9"]);
    assert_undefined(&[
        "5 BETWEEN 1 AND 'x'",
        "5 NOT BETWEEN 1 AND 'x'",
        "tags.u BETWEEN 1 AND 2",
        "tags.s BETWEEN 1 AND 2",
    ]);
}

#[test]
fn like_is_of_two_texts() {
    assert_true(&["tags.s LIKE 'a%'", "tags.empty LIKE '%'", "tags.s NOT LIKE 'b%'"]);
    assert_true(&["'50%' LIKE '50\\%'", "tags.s LIKE tags.s"]);
    assert_false(&["tags.s LIKE 'A%'", "tags.s NOT LIKE '_b_'", "'501' LIKE '50\\%'"]);
    assert_undefined(&["tags.n LIKE '5'", "tags.s LIKE 5", "tags.u NOT LIKE 'a'"]);
}

#[test]
fn is_always_answers() {
    assert_true(&[
        "tags.null IS NULL",
        "tags.n IS NOT NULL",
        "tags.u IS NOT NULL",
        "tags.null IS DEFINED",
        "tags.u IS NOT DEFINED",
    ]);
    assert_false(&["tags.u IS NULL", "tags.u IS DEFINED", "tags.null IS NOT DEFINED"]);
}

#[test]
fn any_element_is_true_or_false_of_an_array() {
    assert_true(&[
        "tags.list[*] = 'x'",
        "tags.list[*] = null",
        "tags.list[*] != 1",
        "tags.list[*].k = 'b'",
        "tags.list[*].k = null",
        "tags.list[*].k IN [7, 1]",
        "tags.texts[*] LIKE 'a_'",
        "tags.texts[*] NOT LIKE 'c%'",
        "tags.texts[*] NIN ['z']",
        "tags.numbers[*] BETWEEN 1 AND 1",
        "tags.numbers[*] NOT BETWEEN 5 AND 9",
        "tags.list[*] IN tags.numbers",
        "NOT tags.none[*] = 1",
    ]);
    assert_false(&[
        "tags.list[*] = 'y'",
        "tags.list[*] > 'y'",
        "tags.none[*] = null",
        "tags.none[*] != 1",
        "tags.numbers[*] BETWEEN 5 AND 9",
        "tags.texts[*] NOT LIKE 'a_'",
        "tags.texts[*] NIN ['ab']",
        "tags.list[*].u = 1",
        "tags.list[*] = tags.u",
        "tags.list[*] IN tags.n",
    ]);
    assert_undefined(&[
        "tags.n[*] = 5",
        "tags.u[*] = null",
        "tags.o[*] != 1",
        "NOT tags.s[*] = 'a'",
        "tags.u[*] NIN [1]",
        "tags.u[*].k NOT LIKE 'a'",
    ]);
}

#[test]
fn logic_is_kleenes_and_what_is_no_boolean_is_undefined() {
    let (t, f, u) = ("tags.yes", "tags.no", "tags.u");
    for (a, b, and, or) in
        [(t, t, t, t), (t, f, f, t), (t, u, u, t), (f, f, f, f), (f, u, f, u), (u, u, u, u)]
    {
        for (a, b) in [(a, b), (b, a)] {
            assert_eq!(value_of(&format!("{a} AND {b}")), value_of(and), "{a} AND {b}");
            assert_eq!(value_of(&format!("{a} OR {b}")), value_of(or), "{a} OR {b}");
        }
    }
    assert_true(&["NOT tags.no", "tags.n OR true", "NOT (tags.s AND false)"]);
    assert_false(&["NOT tags.yes", "tags.null AND false"]);
    let not_booleans = ["NOT tags.u", "NOT tags.n", "NOT tags.null", "tags.s AND true"];
    assert_undefined(&not_booleans);
    assert_undefined(&["tags.list OR false", "tags.n AND tags.n"]);
}

#[test]
fn arithmetic_is_of_numbers_and_finite() {
    assert_values(&[
        ("1 + 2 * 3", json!(7)),
        ("7 - 2 - 1", json!(4)),
        ("(1 + 2) * 3", json!(9)),
        ("8 / 4 / 2", json!(1)),
        ("-7 % 3", json!(-1)),
        ("7.5 % -2", json!(1.5)),
        ("- -tags.n", json!(5)),
        ("+tags.n", json!(5)),
        ("0.1 + 0.2", json!(0.30000000000000004)),
        ("-tags.m", json!(0)),
    ]);
    assert_undefined(&[
        "1 / 0",
        "0 / 0",
        "1 % 0",
        "1e308 * 10",
        "1e308 * 10 / 10",
        "tags.n + '1'",
        "tags.s + 'x'",
        "tags.yes + 1",
        "-tags.s",
        "+tags.s",
        "+tags.null",
        "tags.u * 0",
    ]);
}

#[test]
fn arrays_leave_out_what_is_undefined() {
    assert_values(&[
        ("[tags.n, tags.u, null, 'x']", json!([5, null, "x"])),
        ("[tags.u]", json!([])),
        ("[[1, 2], [3]]", json!([[1, 2], [3]])),
    ]);
}

#[test]
fn paths_select_by_key_and_index() {
    assert_values(&[
        ("tags.list[3].k", json!(1)),
        ("tags['list'][1]", json!("x")),
        ("tags.[[null]]", json!(null)),
        ("Tags.n", json!(5)),
        ("devices.ID", json!("d")),
    ]);
    assert_undefined(&["tags.list[9]", "tags.list.k", "tags.o[0]", "tags.N", "tags.s[0]"]);
}

#[test]
fn functions_see_the_twin_and_the_time() {
    assert_true(&["IN_SYNC()", "TIME(lastActivityTime) < AGO('10s')", "NOW() = 100000"]);
    assert_true(&["lastActivityTime != NOW()", "CONTAINS(tags.s, 'B', true)"]);
    assert_undefined(&["lastActivityTime < NOW()", "lastActivityTime > AGO('1d')"]);
    assert_values(&[("DRIFT()", json!([])), ("LENGTH(CONCAT(tags.s, 'x'))", json!(4))]);
}
