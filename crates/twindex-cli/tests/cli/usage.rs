//! Wrong flags end with 2 and say why; help teaches.

use crate::support::{Folder, TWINS, run, run_with};

#[test]
fn wrong_flags_are_usage_errors() {
    let cases: [&[&str]; 9] = [
        &["query"],
        &["query", "--nonsense", "SELECT * FROM devices"],
        &["query", "--format", "xml", "SELECT * FROM devices"],
        &["query", "--page-size", "0", "SELECT * FROM devices"],
        &["query", "--after", "token", "SELECT * FROM devices"],
        &[
            "query",
            "--page-size",
            "1",
            "--after",
            "t",
            "SELECT * FROM devices; SELECT * FROM devices",
        ],
        &["generate", "--twins", "many"],
        &["dance"],
        &["bench", "--twins", "10", "--only", "no-such-class"],
    ];
    for case in cases {
        let run = run(case);
        run.fails(2, "error: ");
        assert!(run.stdout.is_empty(), "{case:?}: {run:?}");
    }
}

#[test]
fn stdin_is_read_once() {
    let cases: [&[&str]; 3] = [
        &["query", "--load", "-", "-f", "-"],
        &["query", "--load", "-", "--load", "-", "SELECT * FROM devices"],
        &["shell", "--load", "-"],
    ];
    for case in cases {
        run_with(case, b"{\"deviceId\":\"d\"}\n").fails(2, "stdin");
    }
}

#[test]
fn missing_files_are_errors_of_data() {
    run(&["query", "--load", "no/such/file", "SELECT * FROM devices"]).fails(1, "no/such/file");
    run(&["query", "-f", "no/such/file"]).fails(1, "no/such/file");
    let folder = Folder::new();
    run(&["generate", "--twins", "1", "--out", &folder.path("no/such")]).fails(1, "no/such");
}

#[test]
fn help_teaches_by_example() {
    for (command, text) in [
        ("query", "twindex query --load fleet.jsonl"),
        ("generate", "twindex generate --twins"),
        ("shell", ".help"),
        ("demo", "--twins"),
        ("bench", "floor"),
    ] {
        let run = run(&[command, "--help"]);
        assert_eq!(run.code, Some(0));
        assert!(run.stdout.contains(text), "{command}: {}", run.stdout);
    }
    let version = run(&["--version"]);
    assert_eq!(version.stdout.trim(), format!("twindex {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_environment_sets_flags() {
    let output = crate::support::command(&["generate"])
        .env("TWINDEX_TWINS", "3")
        .output()
        .expect("the binary ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
}

#[test]
fn an_empty_variable_is_as_none() {
    let folder = Folder::new();
    let twins = folder.write("twins.jsonl", TWINS.as_bytes());
    let count = "SELECT COUNT() AS n FROM devices";
    let mut asked = crate::support::command(&["query", "--load", &twins, count]);
    for name in ["DB", "FORMAT", "STRICT", "TWINS", "SEED"] {
        asked.env(format!("TWINDEX_{name}"), "");
    }
    let output = asked.output().expect("the binary ends");
    assert!(output.status.success(), "{output:?}");
    let checked = crate::support::command(&["check"]).env("TWINDEX_DB", "").output();
    let checked = checked.expect("the binary ends");
    assert_eq!(checked.status.code(), Some(2), "{checked:?}");
    assert!(String::from_utf8_lossy(&checked.stderr).contains("required"), "{checked:?}");
}
