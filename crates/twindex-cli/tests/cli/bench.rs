//! `twindex bench` on a fleet that is small enough to be a test: every answer is checked in it.

use crate::support::{Run, run};

/// Runs classes no longer than it takes to check them, and a few times more.
fn bench(arguments: &[&str]) -> Run {
    run(&[&["bench", "--seconds", "0", "--warm-up", "0"], arguments].concat())
}

#[test]
fn every_class_is_checked_and_timed() {
    let run = bench(&["--twins", "3000", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.lines().concat()).expect("JSON");
    assert_eq!(report["twins"], 3000);
    let classes = report["classes"].as_array().expect("a list");
    assert!(classes.len() >= 20);
    for class in classes {
        let name = &class["class"];
        assert!(class["median_us"].as_f64().is_some_and(|time| time > 0.0), "{name}");
        assert!(class["floor_us"].as_f64().is_some_and(|time| time > 0.0), "{name}");
        assert!(class["rows"].as_u64().is_some_and(|rows| rows > 0), "{name}");
    }
}

#[test]
fn figures_are_a_table_by_default() {
    let run = bench(&["--twins", "500", "--only", "count/"]);
    let text = run.lines().join("\n");
    assert!(text.contains("count/and-3") && text.contains("GB/s"), "{text}");
    assert!(!text.contains("range/"), "{text}");
}

#[test]
fn corners_are_checked_and_timed() {
    let run = bench(&["--twins", "2000", "--only", "corner/"]);
    let text = run.lines().join("\n");
    for class in ["corner/and-50", "corner/in-4000-texts", "corner/odd-keys-twin"] {
        assert!(text.contains(class), "no `{class}` in {text}");
    }
}

#[test]
fn figures_are_markdown_for_the_readme() {
    let arguments = ["--twins", "500", "--only", "count/", "--format", "markdown"];
    let run = bench(&arguments);
    let lines = run.lines();
    assert!(lines[0].starts_with("### 500 twins, 20"), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("| count/equal | 5.00 µs | ")), "{lines:?}");
}

#[test]
fn a_sweep_shows_growth() {
    let run = bench(&["--sweep=500,1k", "--only", "count/equal"]);
    let text = run.lines().join("\n");
    assert!(text.contains("1,000, 1 thread") && text.contains("count/equal"), "{text}");
}

#[test]
fn cancelling_is_measured() {
    let run = bench(&["--twins", "1000", "--cancel", "--only", "group/"]);
    let text = run.lines().join("\n");
    assert!(text.contains("longest to stop") && text.contains("group/two-paths"), "{text}");
}
