//! `UPDATE`, `DELETE` and `twindex check` from the outside.

use crate::support::{Folder, query, run, run_with};

const UPDATE: &str = "UPDATE devices SET tags.wave = tags.floor + 1, tags.floor = null
    WHERE tags.site = 'Aarhus'";
const WAVES: &str =
    "SELECT deviceId, tags.wave, tags.floor FROM devices WHERE tags.site = 'Aarhus'";

#[test]
fn an_update_is_done_with_yes() {
    let run = query(&["--yes", "--format", "json", &format!("{UPDATE}; {WAVES}")]);
    // The floor of d3 is a text, so its wave is undefined.
    let done = r#"{"matched":2,"written":2,"unchanged":0,"failures":[]}"#;
    assert_eq!(run.lines(), [done, r#"[{"deviceId":"d1","wave":2},{"deviceId":"d3"}]"#]);
    assert!(run.stderr.contains("updated 2 twins, 0 failed"), "{run:?}");
}

#[test]
fn nothing_is_done_where_nobody_can_be_asked() {
    let run = query(&["--format", "json", &format!("{WAVES}; {UPDATE}; {WAVES}")]);
    run.fails(2, "this would update 2 twins");
    assert_eq!(run.stdout.lines().count(), 1);
    let delete = query(&["DELETE FROM devices.modules"]);
    delete.fails(2, "this would delete 1 twin,");
    let (_folder, file) = Folder::with_twins();
    let script = run_with(&["shell", "--load", &file], b"DELETE FROM devices;");
    script.fails(2, "--yes");
    let script = run_with(
        &["shell", "--yes", "--format", "json", "--load", &file],
        b"DELETE FROM devices; SELECT COUNT() AS n FROM devices.modules;",
    );
    assert_eq!(script.lines()[1..], [r#"[{"n":0}]"#]);
}

#[test]
fn a_dry_run_counts_and_shows_some() {
    let table = query(&[&format!("{UPDATE} DRY RUN; {WAVES}")]);
    let lines = table.lines();
    assert_eq!(
        lines[..7],
        [
            "2 twins would change",
            "d1",
            "  tags.wave: absent → 2",
            "  tags.floor: 1 → absent",
            "d3",
            "  tags.wave: absent → absent",
            "  tags.floor: \"roof\" → absent",
        ]
    );
    let json = query(&["--format", "json", &format!("{UPDATE} DRY RUN")]);
    let dry: serde_json::Value = serde_json::from_str(json.lines()[0]).expect("JSON");
    assert_eq!(dry["matched"], 2);
    assert_eq!(dry["sample"][0]["changes"][1]["old"], 1);
    let refused = query(&["UPDATE devices SET tags.[[a.b]] = 1 WHERE deviceId = 'd1' DRY RUN"]);
    assert!(refused.stdout.contains("  would be refused: "), "{refused:?}");
}

#[test]
fn twins_that_cannot_be_written_are_told_and_counted() {
    let long = "x".repeat(5_000);
    let update = format!("UPDATE devices SET tags.text = '{long}' WHERE deviceId = 'd1'");
    let run = query(&["--yes", &update]);
    run.fails(1, "updated 0 twins, 1 failed");
    assert!(run.stderr.contains("d1: ") && run.stdout.is_empty(), "{run:?}");
    let run = query(&["--yes", "--format", "json", &update]);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((&told["matched"], &told["written"]), (&1.into(), &0.into()));
    assert_eq!(told["failures"][0]["deviceId"], "d1");
    assert!(told["failures"][0]["error"]["code"].is_string(), "{told}");
    query(&["--yes", "UPDATE devices SET status = 'x'"]).fails(1, "P025");
}

#[test]
fn check_loads_and_compares() {
    let (_folder, file) = Folder::with_twins();
    let checked = run(&["check", &file]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stderr.contains("5 devices and 1 module: everything agrees"), "{checked:?}");
    run(&["check", "/nowhere/at/all"]).fails(1, "cannot open");
    run(&["check"]).fails(2, "FILE");
}
