//! `twindex shell` with a script on stdin.

use crate::support::{Folder, Run, run_with};

fn shell(script: &str) -> Run {
    let (_folder, twins) = Folder::with_twins();
    run_with(&["shell", "--load", &twins], script.as_bytes())
}

#[test]
fn a_script_is_answered() {
    let run = shell(
        "SELECT deviceId\nFROM devices -- a comment; in the middle\nWHERE tags.site = 'Turin';\n\
         .format json\nSELECT COUNT() AS n FROM devices; SELECT COUNT() AS m\nFROM devices.modules",
    );
    let lines = run.lines();
    assert_eq!(lines[lines.len() - 2..], [r#"[{"n":5}]"#, r#"[{"m":1}]"#]);
    assert!(run.stdout.contains("│ d2       │"), "{run:?}");
    assert!(run.stderr.contains("2 rows"), "{run:?}");
}

#[test]
fn a_script_stops_at_the_first_error() {
    let run = shell(".format json\nSELECT nothing;\nSELECT COUNT() AS n FROM devices;\n");
    run.fails(1, "Error");
    assert!(run.stdout.is_empty(), "{run:?}");
    shell(".nonsense\nSELECT COUNT() AS n FROM devices;").fails(1, ".nonsense");
}

#[test]
fn a_script_may_leave() {
    let run = shell(".format json\n.quit\nSELECT COUNT() AS n FROM devices;\n");
    assert!(run.lines().is_empty());
}

#[test]
fn dot_commands_work() {
    let run = shell(
        ".help\n.stats\n.samples\n.timer on\n.rows 2\n.format jsonl\nSELECT deviceId FROM devices;\n.more\n.more\n.more\n",
    );
    let text = run.lines().join("\n");
    assert!(text.contains(".quit") && text.contains("6 (5 devices, 1 module)"), "{text}");
    let ids: Vec<_> = run.stdout.lines().filter(|line| line.starts_with("{\"deviceId\"")).collect();
    assert_eq!(ids.len(), 5, "three pages of two: {text}");
    assert!(run.stderr.contains("no more rows") && run.stderr.contains("µs"), "{run:?}");
}

#[test]
fn a_line_of_a_string_is_no_dot_command() {
    let run =
        shell(".format json\nSELECT COUNT() AS n FROM devices WHERE tags.site = 'a\n.quit\n;';\n");
    assert_eq!(run.lines(), [r#"[{"n":0}]"#]);
}
