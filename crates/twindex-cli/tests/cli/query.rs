//! `twindex query`: formats, errors, pages, where statements come from.

use crate::support::{Folder, TWINS, query, run, run_with};

const IDS: &str = "SELECT deviceId FROM devices WHERE tags.site = 'Aarhus'";
const SITES: &str = "SELECT tags.site AS site, COUNT() AS n FROM devices GROUP BY tags.site";
const WRONG: &str = "SELECT deviceId FROM devices WHERE STARTWITH(deviceId, 'd')";

#[test]
fn json_is_one_line_a_statement() {
    let run =
        query(&["--format", "json", &format!("{IDS}; {SITES};"), "SELECT * FROM devices.modules"]);
    let lines = run.lines();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], r#"[{"deviceId":"d1"},{"deviceId":"d3"}]"#);
    assert_eq!(lines[1], r#"[{"site":"Aarhus","n":2},{"site":"Turin","n":2},{"n":1}]"#);
    let modules: serde_json::Value = serde_json::from_str(lines[2]).expect("JSON");
    assert_eq!(modules[0]["moduleId"], "camera");
    assert_eq!(modules.as_array().map(Vec::len), Some(1));
}

#[test]
fn no_row_is_an_empty_array() {
    let run = query(&["--format", "json", "SELECT deviceId FROM devices WHERE deviceId = 'none'"]);
    assert_eq!(run.lines(), ["[]"]);
    let run = query(&["--format", "jsonl", "SELECT deviceId FROM devices WHERE deviceId = 'none'"]);
    assert!(run.lines().is_empty());
}

#[test]
fn explain_is_one_object() {
    let run = query(&["--format", "json", &format!("EXPLAIN {IDS}; EXPLAIN ANALYZE {IDS}")]);
    let lines = run.lines();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let plan: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(plan.is_object(), "{plan}");
    }
    let table = query(&[&format!("EXPLAIN {IDS}")]);
    assert!(table.lines().len() > 1, "a tree has lines: {table:?}");
}

#[test]
fn jsonl_is_one_line_a_row() {
    let run = query(&["--format", "jsonl", IDS]);
    assert_eq!(run.lines(), [r#"{"deviceId":"d1"}"#, r#"{"deviceId":"d3"}"#]);
}

#[test]
fn csv_has_a_header_and_quotes() {
    let run = query(&[
        "--format",
        "csv",
        "SELECT deviceId, tags.note, properties.reported.temp FROM devices WHERE tags.site != 'Turin' OR IS_DEFINED(tags.note)",
    ]);
    assert_eq!(run.lines(), ["deviceId,note,temp", "d1,,20.5", "d3,,", "d4,\"a, \"\"b\"\"\",7"]);
}

#[test]
fn table_is_the_default() {
    let run = query(&[SITES]);
    let expected = "\
┌────────┬───┐
│ site   ┆ n │
╞════════╪═══╡
│ Aarhus ┆ 2 │
│ Turin  ┆ 2 │
│        ┆ 1 │
└────────┴───┘
";
    assert_eq!(run.stdout, expected);
    assert!(run.stderr.contains("3 rows"), "{run:?}");
}

#[test]
fn nothing_is_cut_off_a_terminal() {
    let long = "x".repeat(5_000);
    let twin = format!("{{\"deviceId\":\"d\",\"tags\":{{\"long\":\"{long}\"}}}}");
    let run = run_with(&["query", "--load", "-", "SELECT tags.long FROM devices"], twin.as_bytes());
    assert!(run.lines().iter().any(|line| line.contains(&long)));
}

#[test]
fn an_error_is_drawn_and_ends_the_run() {
    let run = query(&["--format", "json", &format!("{IDS}; {WRONG}; {IDS}")]);
    run.fails(1, "STARTWITH");
    assert!(run.stderr.contains("STARTSWITH"), "the nearest name is offered: {run:?}");
    assert_eq!(run.stdout.lines().count(), 1, "what came before stands: {run:?}");
    assert!(!run.stderr.contains('\u{1b}'), "no colour off a terminal: {run:?}");
}

#[test]
fn an_error_may_be_passed_over() {
    let arguments =
        ["--format", "json", "--continue-on-error", &format!("{IDS};\n  {WRONG}; {IDS}")];
    let run = query(&arguments);
    run.fails(1, "1 statement refused");
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], lines[2]);
    let error: serde_json::Value = serde_json::from_str(lines[1]).expect("JSON");
    let span = &error["error"]["span"];
    let (from, to) = (span[0].as_u64().expect("from"), span[1].as_u64().expect("to"));
    // Counted from the statement itself, wherever it stands.
    let place = &WRONG[usize::try_from(from).expect("small")..usize::try_from(to).expect("small")];
    assert!(place.contains("STARTWITH"), "{place}");
    assert!(error["error"]["code"].as_str().is_some_and(|code| code.starts_with('B')), "{error}");
    assert!(error["error"]["message"].is_string());
    assert_eq!(error["error"]["suggestion"], "`STARTSWITH`");
    assert_eq!(error["error"]["expected"], "the name of a function");
}

#[test]
fn an_error_line_says_what_was_expected() {
    let run = query(&["--continue-on-error", "SELECT deviceId FROM"]);
    let error: serde_json::Value = serde_json::from_str(run.stdout.trim()).expect("JSON");
    let expected = error["error"]["expected"].as_str().expect("it is said");
    assert!(expected.contains("devices"), "{expected}");
}

#[test]
fn a_statement_may_begin_with_a_comment() {
    let text = format!("-- sites = places\n{SITES}");
    let run = query(&[&text, "--format", "json", &format!("--one more\n{IDS}")]);
    assert_eq!(run.lines().len(), 2);
    query(&["-- nothing\nnonsense"]).fails(1, "query:2:1");
    query(&[IDS, "--nonsense"]).fails(2, "--nonsense");
}

#[test]
fn error_lines_come_in_every_format() {
    for format in ["table", "json", "jsonl", "csv"] {
        let run = query(&["--format", format, "--continue-on-error", "nonsense"]);
        assert_eq!(run.code, Some(1));
        assert!(run.stdout.starts_with("{\"error\":{\"code\":\"P"), "{format}: {run:?}");
        assert_eq!(run.stdout.lines().count(), 1);
    }
}

#[test]
fn pages_go_on_by_token() {
    let ask = |after: Option<&str>| {
        let mut arguments =
            vec!["--format", "json", "--page-size", "2", "SELECT deviceId FROM devices"];
        arguments.extend(after.iter().flat_map(|token| ["--after", *token]));
        let run = query(&arguments);
        let rows = run.lines().concat();
        let next =
            run.stderr.lines().find_map(|line| line.strip_prefix("next: ")).map(str::to_owned);
        (rows, next)
    };
    let (first, next) = ask(None);
    assert_eq!(first, r#"[{"deviceId":"d1"},{"deviceId":"d2"}]"#);
    let (second, next) = ask(next.as_deref());
    assert_eq!(second, r#"[{"deviceId":"d3"},{"deviceId":"d4"}]"#);
    let (third, next) = ask(next.as_deref());
    assert_eq!(third, r#"[{"deviceId":"d5"}]"#);
    assert_eq!(next, None, "no token where no row is left");
}

#[test]
fn a_foreign_token_is_refused() {
    let run = query(&["--page-size", "2", "SELECT deviceId FROM devices"]);
    let token = run.stderr.lines().find_map(|line| line.strip_prefix("next: ")).expect("a token");
    let other = query(&["--page-size", "2", "--after", token, "SELECT tags FROM devices"]);
    other.fails(1, "error[");
    let broken = query(&["--page-size", "2", "--after", "broken", "SELECT deviceId FROM devices"]);
    broken.fails(1, "error[");
    let arguments = ["--page-size", "2", "--after", "broken", "--continue-on-error", IDS];
    let line = query(&arguments);
    let error: serde_json::Value = serde_json::from_str(line.stdout.trim()).expect("JSON");
    assert_eq!(error["error"]["span"], serde_json::json!([0, IDS.len()]));
}

#[test]
fn statements_come_from_a_file_or_stdin() {
    let (folder, twins) = Folder::with_twins();
    let text = format!("-- a comment; with a semicolon\n{IDS};\n\n/* ; */ {SITES}\n;");
    let file = folder.write("queries.sql", text.as_bytes());
    let from_file = run(&["query", "--load", &twins, "--format", "json", "-f", &file]);
    assert_eq!(from_file.lines().len(), 2);
    let arguments = ["query", "--load", &twins, "--format", "json", "-f", "-"];
    assert_eq!(run_with(&arguments, text.as_bytes()).lines(), from_file.lines());
}

#[test]
fn an_error_in_a_file_names_its_line() {
    let (folder, twins) = Folder::with_twins();
    let file = folder.write("queries.sql", format!("{IDS};\n{WRONG};\n").as_bytes());
    let run = run(&["query", "--load", &twins, "-f", &file]);
    run.fails(1, "queries.sql:2:");
    assert!(run.stderr.contains("\n 2 │ SELECT deviceId"), "{run:?}");
}

#[test]
fn of_a_long_text_a_part_is_drawn() {
    let query = format!("SELECT 1 FROM devices WHERE tags.a IN [{}]", "1,".repeat(100_000));
    let folder = Folder::new();
    let script = folder.write("long.sql", query.as_bytes());
    let run = run(&["query", "-f", &script]);
    run.fails(1, "P0");
    assert!(run.stderr.len() < 8_000, "{} bytes", run.stderr.len());
}

#[test]
fn nothing_a_text_says_reaches_the_terminal() {
    let drawn = query(&["SELECT '\u{1b}[2J' FRM devices"]);
    drawn.fails(1, r"'\u{1b}[2J' FRM devices");
    let headed = query(&["SELECT 1 AS [a\u{7}b] FROM devices LIMIT 1"]);
    for run in [drawn, headed] {
        let is_odd = |c: char| c.is_control() && c != '\n';
        assert!(!run.stdout.contains(is_odd) && !run.stderr.contains(is_odd), "{run:?}");
    }
}

#[test]
fn a_cause_is_told_once() {
    let run = run(&["query", "--load", "/", "SELECT 1 FROM devices"]);
    run.fails(1, "Is a directory");
    assert_eq!(run.stderr.matches("Is a directory").count(), 1, "{run:?}");
}

#[test]
fn warnings_go_to_stderr() {
    let run =
        query(&["--format", "json", "SELECT deviceId FROM devices WHERE tag.site = 'Aarhus'"]);
    assert_eq!(run.lines(), ["[]"]);
    assert!(run.stderr.contains("warning[W"), "{run:?}");
}

#[test]
fn all_twins_are_given_however_many() {
    // More than are fetched at a time.
    let mut twins = String::new();
    for number in 0..70_000 {
        twins.push_str(&format!("{{\"deviceId\":\"d{number}\"}}\n"));
    }
    let folder = Folder::new();
    let file = folder.write("many.jsonl", twins.as_bytes());
    let whole = run(&["query", "--load", &file, "--format", "jsonl", "SELECT * FROM devices"]);
    assert_eq!(whole.lines().len(), 70_000);
    let ids = run(&["query", "--load", &file, "--format", "json", "SELECT deviceId FROM devices"]);
    let rows: serde_json::Value = serde_json::from_str(&ids.stdout).expect("JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(70_000));
    assert_eq!(rows[69_999]["deviceId"], "d69999");
}

#[test]
fn a_closed_pipe_is_quiet() {
    use std::process::Stdio;
    let (_folder, twins) = Folder::with_twins();
    let endless = "SELECT * FROM devices;".repeat(2_000);
    let mut child =
        crate::support::command(&["query", "--load", &twins, "--format", "json", &endless])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.to_lowercase().contains("pipe") && !stderr.contains("panic"), "{stderr}");
}

#[test]
fn twins_come_back_as_they_went_in() {
    let run = query(&["--format", "jsonl", "SELECT * FROM devices"]);
    let values = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    assert_eq!(run.code, Some(0));
    assert_eq!(values(&run.stdout), values(TWINS)[..5]);
}
