//! `twindex stats`: parts that add up, paths by their names.

use crate::support::{Folder, run};

#[test]
fn parts_add_up_to_the_total() {
    let (_folder, twins) = Folder::with_twins();
    let run = run(&["stats", "--format", "json", "--paths=3", &twins]);
    let told: serde_json::Value = serde_json::from_str(&run.lines().concat()).expect("JSON");
    assert_eq!(told["twins"], 6);
    let parts = told["parts"].as_object().expect("parts").values();
    let sum: u64 = parts.filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(told["bytes"].as_u64(), Some(sum));
    assert!(told["slack_bytes"].as_u64() <= Some(sum) && sum > 0, "{told}");
    assert_eq!(told["paths"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_table_is_for_the_eye() {
    let (_folder, twins) = Folder::with_twins();
    let run = run(&["stats", &twins, "--paths"]);
    let text = run.lines().join("\n");
    for word in ["dictionary codes", "of which slack", "tags.site", "6 twins"] {
        assert!(text.contains(word), "no `{word}` in {text}");
    }
}

#[test]
fn something_must_be_named() {
    run(&["stats"]).fails(2, "FILE");
}
