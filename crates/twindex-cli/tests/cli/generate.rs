//! `twindex generate`: the same bytes for the same seed, plain and compressed.

use std::io::Read as _;

use crate::support::{Folder, run};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = run(&["generate", "--twins", "300", "--seed", "5"]);
    assert_eq!(first.lines().len(), 300);
    assert_eq!(first.stdout, run(&["generate", "--twins", "300", "--seed", "5"]).stdout);
    assert_ne!(first.stdout, run(&["generate", "--twins", "300", "--seed", "6"]).stdout);
    for line in first.lines() {
        let twin: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(twin["deviceId"].is_string());
    }
}

#[test]
fn files_hold_what_stdout_would() {
    let folder = Folder::new();
    let plain = run(&["generate", "--twins", "50"]).stdout;
    for name in ["a.jsonl", "b.jsonl.gz", "c.jsonl.zst"] {
        let path = folder.path(name);
        let run = run(&["generate", "--twins", "50", "--out", &path]);
        assert!(run.lines().is_empty() && run.stderr.contains("50 twins"), "{run:?}");
        let bytes = std::fs::read(&path).expect("the file is there");
        let mut text = String::new();
        match name {
            "b.jsonl.gz" => {
                flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
            }
            "c.jsonl.zst" => {
                text =
                    String::from_utf8(zstd::decode_all(&bytes[..]).expect("zstd")).expect("UTF-8");
            }
            _ => text = String::from_utf8(bytes).expect("UTF-8"),
        }
        assert_eq!(text, plain, "{name}");
    }
}

#[test]
fn what_is_generated_loads_without_a_word() {
    let folder = Folder::new();
    let path = folder.path("fleet.jsonl");
    assert_eq!(run(&["generate", "--twins", "500", "--out", &path]).code, Some(0));
    let count = "SELECT COUNT() AS n FROM devices; SELECT COUNT() AS n FROM devices.modules";
    let run = run(&["query", "--strict", "--load", &path, "--format", "json", count]);
    assert_eq!(run.lines(), [r#"[{"n":467}]"#, r#"[{"n":33}]"#]);
}

/// Ctrl-C in the middle of a fleet that would take hours.
#[test]
#[cfg(unix)]
fn an_interrupt_ends_with_130() {
    use std::process::{Command, Stdio};
    let mut child = crate::support::command(&["generate", "--twins", "1000M"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    let mut first = [0];
    stdout.read_exact(&mut first).expect("the fleet has begun");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill starts").success());
    assert_eq!(child.wait().expect("the binary ends").code(), Some(130));
}
