//! What may be loaded, and what is said about it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Folder, TWINS, run, run_with};

const COUNT: &str = "SELECT COUNT() AS n FROM devices";

#[test]
fn every_form_of_input_is_read() {
    let array = format!("[{}]", TWINS.trim_end().replace('\n', ","));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(TWINS.as_bytes()).expect("memory");
    let gzip = encoder.finish().expect("memory");
    let zstd = zstd::encode_all(TWINS.as_bytes(), 1).expect("memory");
    let folder = Folder::new();
    for (name, bytes) in [("a.json", array.as_bytes()), ("b.gz", &gzip), ("c.zst", &zstd)] {
        let file = folder.write(name, bytes);
        let from_file = run(&["query", "--load", &file, "--format", "json", COUNT]);
        assert_eq!(from_file.lines(), [r#"[{"n":5}]"#], "{name}");
        let from_stdin = run_with(&["query", "--load", "-", "--format", "json", COUNT], bytes);
        assert_eq!(from_stdin.lines(), from_file.lines(), "{name}");
    }
    let one = run_with(
        &["query", "--load", "-", "--format", "json", COUNT],
        b"{\n \"deviceId\": \"d\"\n}",
    );
    assert_eq!(one.lines(), [r#"[{"n":1}]"#]);
}

#[test]
fn several_files_add_up() {
    let (folder, twins) = Folder::with_twins();
    let more = folder.write("more.jsonl", b"{\"deviceId\":\"d1\"}\n{\"deviceId\":\"d9\"}\n");
    let run = run(&["query", "--load", &twins, "--load", &more, "--format", "json", COUNT]);
    assert_eq!(run.lines(), [r#"[{"n":6}]"#]);
    assert!(run.stderr.contains("loaded 6 twins") && run.stderr.contains("replacing"), "{run:?}");
}

#[test]
fn bad_lines_are_told_and_skipped() {
    let mut lines = String::from("{\"deviceId\":\"good\"}\n");
    for _ in 0..15 {
        lines.push_str("not json\n");
    }
    lines.push_str("{\"deviceId\":\"better\"}\n");
    let arguments = ["query", "--load", "-", "--format", "json", COUNT];
    let run = run_with(&arguments, lines.as_bytes());
    assert_eq!(run.lines(), [r#"[{"n":2}]"#]);
    assert!(run.stderr.contains("15 bad documents"), "{run:?}");
    assert!(run.stderr.contains("line 2") && run.stderr.contains("line 11"), "{run:?}");
    assert!(!run.stderr.contains("line 12") && run.stderr.contains("and 5 more"), "{run:?}");
}

#[test]
fn strict_stops_at_a_bad_line() {
    let arguments = ["query", "--strict", "--load", "-", COUNT];
    run_with(&arguments, b"{\"deviceId\":\"good\"}\nnot json\n").fails(1, "line 2");
    assert_eq!(run_with(&arguments, TWINS.as_bytes()).code, Some(0));
}

#[test]
fn forgiven_things_are_counted() {
    let twin = b"{\"deviceId\":\"d\",\"tags\":{\"a\":1,\"a\":2}}\n";
    let arguments = ["query", "--load", "-", "--format", "json", "SELECT tags.a FROM devices"];
    let run = run_with(&arguments, twin);
    assert_eq!(run.lines(), [r#"[{"a":2}]"#]);
    assert!(run.stderr.contains("duplicated key"), "{run:?}");
}
