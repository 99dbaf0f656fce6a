//! `twindex demo` off a terminal: samples with answers, then the end.

use crate::support::run;

#[test]
fn the_samples_are_shown_and_the_demo_ends() {
    let run = run(&["demo", "--twins", "2000"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.is_empty(), "no bar, no warning, no error: {}", run.stderr);
    let text = &run.stdout;
    assert!(text.contains("twins   2,000 (1,8"), "{text}");
    assert!(text.contains("memory  ") && text.contains("B a twin"), "{text}");
    assert!(text.contains("twins a second"), "{text}");
    let samples = text.lines().filter(|line| line.starts_with("-- ")).count();
    let answers = text.lines().filter(|line| line.contains("row") && line.contains(" in ")).count();
    assert!(samples >= 8, "{text}");
    assert_eq!(samples, answers, "{text}");
}
