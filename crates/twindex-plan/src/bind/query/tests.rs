//! Queries as bound: what is refused, and with which code.

use crate::explain::explain;
use crate::logical::{Output, Predicate};
use crate::testing::Fleet;

fn fleet() -> Fleet {
    Fleet::new(&[
        r#"{"deviceId": "d1", "status": "enabled", "lastActivityTime": "2023-01-01T00:00:00Z",
            "tags": {"site": "A", "n": 1, "list": [1], "mixed": 1, "my key": 0},
            "properties": {"desired": {"fw": 1, "$version": 1}, "reported": {"fw": 1}}}"#,
        r#"{"deviceId": "d2", "tags": {"mixed": "x"}}"#,
    ])
}

fn columns(text: &str) -> Vec<String> {
    let plan = fleet().bind(text);
    let columns = match plan.output {
        Output::Rows(columns) => columns,
        Output::Groups(groups) => groups.columns,
        Output::Twins => Vec::new(),
    };
    columns.iter().map(|column| format!("{}={}", column.name, column.expr)).collect()
}

fn check_errors(table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        assert_eq!(fleet().errors(text), *expected, "{text}");
    }
}

#[test]
fn columns_are_named_after_paths_or_counted() {
    assert_eq!(
        columns(
            "SELECT Properties.Desired.fw, 1, id, LENGTH(tags.site), tags.list[0] FROM devices"
        ),
        [
            "fw=properties.desired.fw",
            "$1=1",
            "deviceId=deviceId",
            "$2=LENGTH(tags.site)",
            "list=tags.list[0]"
        ]
    );
    assert_eq!(
        columns("SELECT tags.[[my key]], tags.n AS [[a b]], tags.site AS 'order' FROM devices"),
        ["my key=tags.[[my key]]", "a b=tags.n", "order=tags.site"]
    );
    assert_eq!(
        columns("SELECT deviceId, ID, DEVICES.deviceId FROM devices"),
        ["deviceId=deviceId"]
    );
    assert_eq!(columns("SELECT COUNT(), COUNT() FROM devices"), ["$1=#0", "$2=#0"]);
}

#[test]
fn colliding_paths_take_more_keys_with_a_warning() {
    let text = "SELECT properties.desired.fw, properties.reported.fw, tags.n FROM devices";
    assert_eq!(
        columns(text),
        ["desired.fw=properties.desired.fw", "reported.fw=properties.reported.fw", "n=tags.n"]
    );
    assert_eq!(
        fleet().warnings(text),
        ["W005: several columns would be named `fw`, so they are named `desired.fw`, \
          `reported.fw`; name them with AS"]
    );
    // One that differs already takes no more.
    let text = "SELECT tags.a.b.x, tags.c.b.x, tags.d.x FROM devices";
    let names: Vec<_> =
        columns(text).iter().map(|c| c[..c.find('=').unwrap()].to_owned()).collect();
    assert_eq!(names, ["a.b.x", "c.b.x", "d.x"]);
}

#[test]
fn a_name_used_twice_is_an_error() {
    let twice =
        |name: &str| format!("B007: two columns are named `{name}`; name one of them with AS");
    for (text, name) in [
        ("SELECT tags.n, tags.site AS n FROM devices", "n"),
        ("SELECT tags.n AS a, tags.n AS a FROM devices", "a"),
        ("SELECT tags.n, tags.n AS n FROM devices", "n"),
        ("SELECT tags.list[0], tags.list[1] FROM devices", "list"),
        ("SELECT 1, tags.[[$1]] FROM devices", "$1"),
    ] {
        assert_eq!(fleet().errors(text), [twice(name)], "{text}");
    }
}

#[test]
fn static_errors() {
    check_errors(&[
        (
            "SELECT * FROM devices WHERE STARTWITH(tags.site, 'B')",
            &["B002: unknown function `STARTWITH`; `STARTSWITH`"],
        ),
        ("SELECT ABS() FROM devices", &["B001: `ABS` takes 1 argument, not 0"]),
        ("SELECT CONCAT('a') FROM devices", &["B001: `CONCAT` takes 2 or more arguments, not 1"]),
        (
            "SELECT * FROM devices WHERE COUNT() > 1",
            &["B004: the aggregate `COUNT` cannot stand in WHERE; `HAVING`"],
        ),
        (
            "SELECT 1 FROM devices GROUP BY SUM(tags.n)",
            &["B004: the aggregate `SUM` cannot stand in GROUP BY"],
        ),
        (
            "SELECT SUM(1 + COUNT()) FROM devices",
            &["B005: the aggregate `COUNT` cannot stand inside the aggregate `SUM`"],
        ),
        (
            "SELECT * FROM devices ORDER BY COUNT()",
            &["B006: `SELECT *` gives whole twins and cannot be grouped"],
        ),
        (
            "SELECT PERCENTILE(tags.n, 1.5) FROM devices",
            &["B010: the second argument of `PERCENTILE` is no number from 0 to 1"],
        ),
        (
            "SELECT * FROM devices WHERE REGEX_MATCH(tags.site, 'a(')",
            &["B011: bad regular expression: unclosed group"],
        ),
        (
            "SELECT * FROM devices WHERE REGEX_MATCH(tags.site, 'a', 'iq')",
            &["B012: bad flags of `REGEX_MATCH`: unknown flag `q`"],
        ),
        (
            "SELECT AGO('15 minutes') FROM devices",
            &["B013: the argument of `AGO` is no span of time"],
        ),
        ("SELECT AGO(tags.n) FROM devices", &["B013: the argument of `AGO` is no span of time"]),
    ]);
}

#[test]
fn all_errors_are_given_in_the_order_of_the_text() {
    let errors = fleet().errors("SELECT ABS(), NOPE(1) FROM devices WHERE AGO('x') > MAX(1)");
    let codes: Vec<_> = errors.iter().map(|error| &error[..4]).collect();
    assert_eq!(codes, ["B001", "B002", "B013", "B004"]);
}

#[test]
fn errors_point_into_patterns() {
    let text = "SELECT * FROM devices WHERE REGEX_MATCH(tags.site, 'ab(c')";
    let errors = fleet().try_bind(text).unwrap_err();
    let span = errors[0].span;
    assert_eq!(&text[span.from as usize..span.to as usize], "(");
}

#[test]
fn grouped_output_is_made_of_keys_aggregates_and_constants() {
    let not_grouped = |expr: &str| {
        format!("B003: `{expr}` is neither grouped nor aggregated; add `{expr}` to GROUP BY")
    };
    for (text, expr) in [
        ("SELECT tags.site, COUNT() FROM devices", "tags.site"),
        ("SELECT tags.n + 1 FROM devices GROUP BY tags.site", "tags.n"),
        ("SELECT tags.site.x FROM devices GROUP BY tags.site", "tags.site.x"),
        ("SELECT COUNT() FROM devices GROUP BY tags.site ORDER BY tags.n", "tags.n"),
        ("SELECT COUNT() FROM devices HAVING tags.n > 1", "tags.n"),
        ("SELECT COUNT(), IN_SYNC() FROM devices", "IN_SYNC()"),
        ("SELECT tags.list[*] = 1 FROM devices GROUP BY tags.list", "tags.list[*]"),
    ] {
        assert_eq!(fleet().errors(text), [not_grouped(expr)], "{text}");
    }
    assert_eq!(
        columns(
            "SELECT Tags.site, 1 + tags.n * 2, LENGTH(tags.site) + MAX(tags.n), COUNT(*),
             NOW() > 0
             FROM devices GROUP BY (tags.site), TAGS.n * 2, tags.list[*] = 1"
        ),
        ["site=#0", "$1=1 + #1", "$2=LENGTH(#0) + #3", "$3=#4", "$4=1684713600000 > 0"]
    );
    assert_eq!(
        columns(
            "SELECT tags.list[*] IN [1], in_sync() FROM devices
             GROUP BY tags.list[*] IN (1), INSYNC()"
        ),
        ["$1=#0", "$2=#1"]
    );
}

#[test]
fn equal_aggregates_share_a_slot() {
    let plan = fleet().bind(
        "SELECT tags.site, COUNT() AS n, SUM(tags.n), sum(TAGS.n), COUNT(DISTINCT tags.n),
         COUNT(tags.n)
         FROM devices GROUP BY tags.site HAVING COUNT(*) > 1 ORDER BY SUM(tags.n) DESC, n",
    );
    assert_eq!(
        explain(&plan),
        "\
Sort: SUM(tags.n) DESC, COUNT()
└─ Project: site = tags.site, n = COUNT(), $1 = SUM(tags.n), $2 = SUM(tags.n), \
$3 = COUNT(DISTINCT tags.n), $4 = COUNT(tags.n)
   └─ Having: COUNT() > 1
      └─ Group: tags.site → COUNT(), SUM(tags.n), COUNT(DISTINCT tags.n), COUNT(tags.n)
         └─ Scan: devices"
    );
}

#[test]
fn having_alone_groups_everything() {
    let plan = fleet().bind("SELECT 1 AS one FROM devices HAVING true");
    let Output::Groups(groups) = plan.output else {
        panic!("HAVING makes a query grouped");
    };
    assert!(groups.keys.is_empty() && groups.aggregates.is_empty() && groups.having.is_some());
}

#[test]
fn names_given_with_as_are_seen_by_order_by_and_having_alone() {
    let text = |text: &str| {
        let plan = fleet().bind(text);
        plan.order.iter().map(|key| key.expr.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(text("SELECT tags.n AS k FROM devices ORDER BY k, k + 1"), ["tags.n", "tags.n + 1"]);
    // A column hides the twin field of that name, but not in an aggregate.
    assert_eq!(text("SELECT tags.n AS status FROM devices ORDER BY status"), ["tags.n"]);
    assert_eq!(text("SELECT tags.n AS Status FROM devices ORDER BY status"), ["status"]);
    // Default names and longer paths are none.
    assert_eq!(text("SELECT tags.n FROM devices ORDER BY n"), ["n"]);
    assert_eq!(text("SELECT tags.n AS tags FROM devices ORDER BY tags.site"), ["tags.site"]);
    let plan = fleet().bind(
        "SELECT tags.n AS status, MAX(status) AS m FROM devices GROUP BY tags.n
         ORDER BY MAX(status)",
    );
    assert!(explain(&plan).starts_with("Sort: MAX(status)\n"));
}

#[test]
fn what_names_stand_for_is_limited() {
    let text = |n_terms: usize, n_keys: usize| {
        let (terms, keys) = (vec!["tags.n"; n_terms].join("+"), vec!["k"; n_keys].join(","));
        format!("SELECT {terms} AS k FROM devices ORDER BY {keys}")
    };
    assert_eq!(fleet().bind(&text(100, 90)).order.len(), 90);
    let expected = "B016: the names of columns stand for too much here; \
        use long expressions less often";
    assert_eq!(fleet().errors(&text(300, 600)), [expected]);
    let having = format!(
        "SELECT {} AS k, COUNT() FROM devices GROUP BY tags.n HAVING k > 1",
        vec!["tags.n"; 600].join("+")
    );
    assert!(fleet().try_bind(&having).is_ok());
    let more = [having, vec!["k = 1"; 40].join(" OR ")].join(" OR ");
    assert_eq!(fleet().errors(&more), [expected]);
}

#[test]
fn where_and_group_by_refuse_names_that_are_nothing_else() {
    check_errors(&[
        (
            "SELECT tags.n AS k FROM devices WHERE k > 1",
            &["B009: WHERE cannot use the name `k`, which AS gives to a column; \
               repeat its expression: `tags.n`"],
        ),
        (
            "SELECT tags.n AS k, COUNT() FROM devices GROUP BY k",
            &[
                "B003: `tags.n` is neither grouped nor aggregated; add `tags.n` to GROUP BY",
                "B009: GROUP BY cannot use the name `k`, which AS gives to a column; \
                 repeat its expression: `tags.n`",
            ],
        ),
        ("SELECT tags.n AS status FROM devices WHERE status = 'enabled'", &[]),
    ]);
}

#[test]
fn warnings_of_missing_paths_name_the_nearest() {
    for (text, expected) in [
        (
            "SELECT * FROM devices WHERE tag.site = 1",
            "W001: `tag` is no field of a twin, so `tag.site` is undefined; `tags.site`",
        ),
        ("SELECT tags.sitte FROM devices", "W002: no twin has `tags.sitte`; `tags.site`"),
        ("SELECT tags.zzz.y FROM devices", "W002: no twin has `tags.zzz.y`"),
        ("SELECT tags.site[0] FROM devices", "W002: no twin has `tags.site[0]`"),
        ("SELECT moduleId FROM devices", "W002: no twin has `moduleId`"),
        ("SELECT * FROM devices WHERE tags.nope[*] = 1", "W002: no twin has `tags.nope`"),
    ] {
        assert_eq!(fleet().warnings(text), [expected], "{text}");
    }
    assert!(fleet().warnings("SELECT tags.list[0], deviceId, IN_SYNC() FROM devices").is_empty());
    assert!(fleet().warnings("SELECT tags.nope FROM devices.modules").is_empty());
    assert!(fleet().warnings("SELECT tags.nope FROM devices.jobs").is_empty());
}

#[test]
fn warnings_of_comparisons_that_never_hold() {
    for (text, expected) in [
        ("tags.n = '1'", "W003: `tags.n = '1'` compares values that never share a type"),
        ("tags.n < 'x'", "W003: `tags.n < 'x'` compares values that never share a type"),
        ("tags.n IN [1, 'x']", "W003: `tags.n = 'x'` compares values that never share a type"),
        (
            "tags.n BETWEEN 1 AND 'x'",
            "W003: `tags.n <= 'x'` compares values that never share a type",
        ),
        (
            "LENGTH(tags.site) = 'x'",
            "W003: `LENGTH(tags.site) = 'x'` compares values that never share a type",
        ),
        ("tags.list > 1", "W003: `tags.list > 1` compares values that never share a type"),
        (
            "lastActivityTime < AGO('1d')",
            "W004: `lastActivityTime` is text and a time is a number, so their comparison is \
             undefined; `TIME(lastActivityTime)`",
        ),
        (
            "NOW() - 1000 > lastActivityTime",
            "W004: `lastActivityTime` is text and a time is a number, so their comparison is \
             undefined; `TIME(lastActivityTime)`",
        ),
    ] {
        let query = format!("SELECT * FROM devices WHERE {text}");
        assert_eq!(fleet().warnings(&query), [expected], "{text}");
    }
    for text in [
        "tags.mixed = 1",
        "tags.mixed = 'x'",
        "tags.n = null",
        "tags.list[*] = 'x'",
        "tags.n = tags.mixed",
    ] {
        assert!(
            fleet().warnings(&format!("SELECT * FROM devices WHERE {text}")).is_empty(),
            "{text}"
        );
    }
}

#[test]
fn limits_and_collections() {
    let plan = fleet().bind("SELECT DISTINCT TOP 5 * FROM devices LIMIT 3 OFFSET 2");
    assert_eq!((plan.limit, plan.offset, plan.distinct), (Some(3), 2, true));
    assert!(matches!(plan.filter, Predicate::All));
    assert_eq!(explain(&fleet().bind("SELECT * FROM devices.modules")), "Scan: devices.modules");
    assert_eq!(explain(&fleet().bind("SELECT * FROM devices.jobs")), "Scan: devices.jobs");
}
