//! Conditions by rows of their truth tables.

use crate::testing::check_values;

const TWIN: &str = r#"{
    "deviceId": "d1",
    "tags": {
        "n": 5, "s": "b", "t": true, "f": false, "null": null, "list": [1, "a", {"k": 2}, [3]],
        "same": [1, "a", {"k": 2}, [3]], "empty": [], "o": {"a": 1, "b": 2}, 
        "p": {"b": 2, "a": 1}
    }
}"#;

fn check(table: &[(&str, &str)]) {
    check_values(TWIN, table);
}

#[test]
fn equality_is_json_equality_and_undefined_without_a_side() {
    check(&[
        ("@n = 5", "true"),
        ("@n = 5.0", "true"),
        ("@n != 5", "false"),
        ("@n <> 6", "true"),
        ("@n = '5'", "false"),
        ("@n != '5'", "true"),
        ("@none = 5", "undefined"),
        ("@none != 5", "undefined"),
        ("5 = @none", "undefined"),
        ("@none = @none", "undefined"),
        ("@n = undefined", "undefined"),
        ("@t = true", "true"),
        ("@t = @f", "false"),
        ("@null = @n", "false"),
        ("@null = @null", "true"),
        ("@list = @same", "true"),
        ("@list = @empty", "false"),
        ("@list = [1, 'a', @list[2], [3]]", "true"),
        ("@list = [1, 'a']", "false"),
        ("@empty = []", "true"),
        ("@o = @p", "true"),
        ("@o = @list", "false"),
        ("@o != tags", "true"),
        ("@o = @none", "undefined"),
    ]);
}

#[test]
fn the_literal_null_is_never_undefined() {
    check(&[
        ("@null = null", "true"),
        ("@none = null", "true"),
        ("@n = null", "false"),
        ("null = @none", "true"),
        ("@null != null", "false"),
        ("@none != null", "false"),
        ("@n != null", "true"),
        ("@o = null", "false"),
        ("null = null", "true"),
        ("undefined = null", "true"),
        ("@n < null", "undefined"),
    ]);
}

#[test]
fn order_holds_within_numbers_strings_and_booleans() {
    check(&[
        ("@n < 6", "true"),
        ("@n <= 5", "true"),
        ("@n > 5", "false"),
        ("@n >= 5", "true"),
        ("@s > 'a'", "true"),
        ("@s < 'B'", "false"),
        ("'\u{FFFD}' < '\u{10000}'", "true"),
        ("@f < @t", "true"),
        ("@n < 'x'", "undefined"),
        ("@null <= @null", "undefined"),
        ("@list < @same", "undefined"),
        ("@o <= @o", "undefined"),
        ("@none < 1", "undefined"),
    ]);
}

#[test]
fn in_a_list_is_an_or_of_equalities() {
    check(&[
        ("@n IN [4, 5]", "true"),
        ("@n IN (5)", "true"),
        ("@n IN ('5', 6)", "false"),
        ("@n IN [4, @none]", "undefined"),
        ("@n IN [5, @none]", "true"),
        ("@n IN []", "false"),
        ("@none IN []", "undefined"),
        ("@none IN [1]", "undefined"),
        ("@none IN [1, null]", "true"),
        ("@null IN [null]", "true"),
        ("@n IN [null]", "false"),
        ("@n IN [null, @none]", "undefined"),
        ("@null IN [@null]", "true"),
        ("@n NIN [4]", "true"),
        ("@n NOT IN [5]", "false"),
        ("@none NIN [4]", "undefined"),
        ("@none NOT IN [null]", "false"),
    ]);
}

#[test]
fn in_an_expression_asks_its_elements() {
    check(&[
        ("1 IN @list", "true"),
        ("[3] IN @list", "true"),
        ("2 IN @list", "false"),
        ("2 NOT IN @list", "true"),
        ("@none IN @list", "undefined"),
        ("1 IN @n", "undefined"),
        ("1 IN @none", "undefined"),
        ("null IN @list", "false"),
    ]);
}

#[test]
fn between_is_a_kleene_and() {
    check(&[
        ("@n BETWEEN 5 AND 5", "true"),
        ("@n BETWEEN 6 AND 9", "false"),
        ("@n NOT BETWEEN 6 AND 9", "true"),
        ("5 BETWEEN 9 AND 'x'", "false"),
        ("5 NOT BETWEEN 9 AND 'x'", "true"),
        ("5 BETWEEN 1 AND 'x'", "undefined"),
        ("@none BETWEEN 1 AND 2", "undefined"),
        ("@s BETWEEN 'a' AND 'c'", "true"),
    ]);
}

#[test]
fn like_is_for_strings() {
    check(&[
        ("'abc' LIKE 'a%'", "true"),
        ("@s LIKE '_'", "true"),
        ("@s LIKE @s", "true"),
        ("@s NOT LIKE 'b'", "false"),
        ("@s LIKE CONCAT('%', @s)", "true"),
        ("@n LIKE '5'", "undefined"),
        ("@s LIKE 5", "undefined"),
        ("@none LIKE '%'", "undefined"),
        ("@s LIKE @none", "undefined"),
        (r"'50%' LIKE '50\%'", "true"),
    ]);
}

#[test]
fn is_tests_are_total() {
    check(&[
        ("@null IS NULL", "true"),
        ("@none IS NULL", "false"),
        ("@none IS NOT NULL", "true"),
        ("@null IS DEFINED", "true"),
        ("@none IS DEFINED", "false"),
        ("@o IS NOT DEFINED", "false"),
    ]);
}

#[test]
fn any_element() {
    check(&[
        ("@list[*] = 1", "true"),
        ("@list[*] = 9", "false"),
        ("@list[*].k = 2", "true"),
        ("@list[2][*] = 2", "undefined"),
        ("@list[3][*] = 3", "true"),
        ("@list[*][0] = 3", "true"),
        ("@empty[*] = 1", "false"),
        ("@n[*] = 1", "undefined"),
        ("@none[*] = 1", "undefined"),
        ("@list[*] LIKE 'a'", "true"),
        ("@list[*] IN [7, 'a']", "true"),
        ("@list[*] NIN [7]", "true"),
        ("@list[*] NIN [1]", "false"),
        ("@list[*] != 1", "true"),
        ("NOT @list[*] != 1", "false"),
        ("@list[*] BETWEEN 1 AND 1", "true"),
        ("@list[*] NOT BETWEEN 2 AND 9", "true"),
        ("@list[*].k = null", "true"),
        ("@empty[*] = null", "false"),
        ("@none[*] NOT LIKE 'a'", "undefined"),
        ("@list[*] = @n - 4", "true"),
    ]);
}

/// The parser's limit of nesting fits the stack of any thread, even twice over by way of AS.
#[test]
fn deep_nesting_fits_the_stack() {
    let deep = format!("{}tags.n{}", "ABS(".repeat(60), ")".repeat(60));
    let outer = format!("{}x = 5{}", "NOT (".repeat(30), ")".repeat(30));
    let fleet = crate::testing::Fleet::new(&[TWIN]);
    let text = format!("SELECT {deep} AS x FROM devices ORDER BY {outer}");
    let plan = crate::optimize(fleet.bind(&text));
    let row = fleet.row(0);
    assert_eq!(super::truth(&plan.order[0].expr, &row), crate::truth::Truth::True);
}

#[test]
fn what_is_no_boolean_counts_as_undefined() {
    check(&[
        ("@t AND 5", "undefined"),
        ("@f AND 5", "false"),
        ("@t OR @n", "true"),
        ("@f OR @n", "undefined"),
        ("NOT @n", "undefined"),
        ("NOT @t", "false"),
        ("@t AND @t AND @none", "undefined"),
        ("@none OR @none OR @t", "true"),
        ("(@n = 5) = true", "true"),
        ("(@none = 5) = true", "undefined"),
    ]);
}
