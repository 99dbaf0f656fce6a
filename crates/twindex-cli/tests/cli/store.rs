//! Stores: what was loaded and changed is there when the next command opens it.

use crate::support::{Folder, TWINS, run};

const COUNT: &str = "SELECT COUNT() AS n FROM devices WHERE tags.wave = 1";

#[test]
fn a_store_keeps_what_was_loaded_and_changed() {
    let folder = Folder::new();
    let fleet = folder.write("fleet.jsonl", TWINS.as_bytes());
    let db = folder.path("fleet.db");
    let loaded = run(&["load", "--db", &db, &fleet]);
    assert_eq!(loaded.code, Some(0), "{loaded:?}");
    assert!(loaded.stderr.contains("a new store"), "{loaded:?}");
    let update = "UPDATE devices SET tags.wave = 1 WHERE tags.site = 'Turin'";
    let changed = run(&["query", "--db", &db, "--yes", update]);
    assert_eq!(changed.code, Some(0), "{changed:?}");
    let asked = run(&["query", "--db", &db, "--format", "json", COUNT]);
    assert_eq!(asked.lines(), [r#"[{"n":2}]"#]);
    assert!(asked.stderr.contains("6 twins"), "{asked:?}");
    let checked = run(&["check", "--db", &db]);
    assert!(checked.stderr.contains("5 devices and 1 module: everything agrees"), "{checked:?}");
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let folder = Folder::new();
    let missing = folder.path("none");
    run(&["query", "--db", &missing, COUNT]).fails(1, "is no store");
    assert!(!std::path::Path::new(&missing).exists());
    let file = folder.write("file", b"x");
    run(&["check", "--db", &file]).fails(1, "is no store");
    assert_eq!(std::fs::read(&file).expect("it is still there"), b"x");
    let fleet = folder.write("fleet.jsonl", TWINS.as_bytes());
    let of_others = folder.path("");
    run(&["load", "--db", &of_others, &fleet]).fails(1, "it holds other files");
}

#[test]
fn damage_is_reported_with_its_place() {
    let folder = Folder::new();
    let fleet = folder.write("fleet.jsonl", TWINS.as_bytes());
    let db = folder.path("fleet.db");
    assert_eq!(run(&["load", "--db", &db, &fleet]).code, Some(0));
    let extent = std::fs::read_dir(&db).expect("a directory").find_map(|entry| {
        let path = entry.ok()?.path();
        path.file_name()?.to_str()?.starts_with("extent-").then_some(path)
    });
    let extent = extent.expect("a checkpoint was made");
    let mut bytes = std::fs::read(&extent).expect("it can be read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 200].iter_mut().for_each(|byte| *byte ^= 1);
    std::fs::write(&extent, bytes).expect("it can be written");
    run(&["query", "--db", &db, COUNT]).fails(1, "is damaged at byte");
}
