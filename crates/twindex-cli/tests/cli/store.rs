//! Stores: what was loaded and changed is there when the next command opens it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::support::{Folder, TWINS, run, run_with};

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
    assert!(!std::path::Path::new(&folder.path("LOCK")).exists());
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

/// A store with the six twins, some of them changed since its checkpoint, and its folder.
fn store() -> (Folder, String) {
    let folder = Folder::new();
    let fleet = folder.write("fleet.jsonl", TWINS.as_bytes());
    let db = folder.path("fleet.db");
    assert_eq!(run(&["load", "--db", &db, &fleet]).code, Some(0));
    let update = "UPDATE devices SET tags.wave = 1 WHERE tags.site = 'Turin'";
    assert_eq!(run(&["query", "--db", &db, "--yes", update]).code, Some(0));
    (folder, db)
}

fn files_of(directory: &str) -> BTreeMap<OsString, Vec<u8>> {
    let entries = std::fs::read_dir(directory).expect("a directory").map_while(Result::ok);
    entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).expect("a file"))).collect()
}

#[test]
fn a_backup_is_made_checked_asked_and_restored() {
    let (folder, db) = store();
    let (backup, restored) = (folder.path("monday"), folder.path("restored.db"));
    let before = files_of(&db);
    let made = run(&["backup", "--db", &db, &backup]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stderr.contains("backed up to") && made.stderr.contains("in 4 files"), "{made:?}");
    assert_eq!(files_of(&db), before);
    let checked = run(&["check", "--db", &backup]);
    assert!(checked.stderr.contains("a backup; its seal is right"), "{checked:?}");
    assert!(checked.stderr.contains("5 devices and 1 module: everything agrees"), "{checked:?}");
    let of = |db: &str| run(&["query", "--db", db, "--format", "json", COUNT]).lines().concat();
    assert_eq!(of(&backup), r#"[{"n":2}]"#);
    let told = run(&["restore", &backup, &restored]);
    assert!(told.stderr.contains("restored to"), "{told:?}");
    assert_eq!(of(&restored), r#"[{"n":2}]"#);
    run(&["restore", &backup, &restored]).fails(1, "is not empty");
    run(&["backup", "--db", &db, &backup]).fails(1, "is not empty");
    run(&["restore", &backup, &backup]).fails(1, "is not empty");
    let inside = |directory: &str| format!("{directory}/there/deeper");
    run(&["backup", "--db", &db, &inside(&db)]).fails(1, "error[S026]");
    run(&["restore", &backup, &inside(&backup)]).fails(1, "is inside `");
    assert_eq!(files_of(&db), before);
    run(&["restore", &db, &folder.path("new")]).fails(1, "error[S021]");
    run(&["shell", "--db", &backup]).fails(1, "error[S022]");
    std::fs::remove_file(folder.path("monday/MANIFEST")).expect("it was there");
    run(&["restore", &backup, &folder.path("new")]).fails(1, "`MANIFEST` is missing");
    assert!(!std::path::Path::new(&folder.path("new")).exists());
}

#[test]
fn compacting_keeps_the_twins() {
    let (_folder, db) = store();
    let compacted = run(&["compact", "--db", &db]);
    assert!(compacted.stderr.contains("compacted from"), "{compacted:?}");
    let asked = run(&["query", "--db", &db, "--format", "json", COUNT]);
    assert_eq!(asked.lines(), [r#"[{"n":2}]"#]);
    assert!(!asked.stderr.contains("done again"), "{asked:?}");
}

#[test]
fn reading_leaves_no_trace_and_changing_is_refused() {
    let (folder, db) = store();
    let before = files_of(&db);
    assert_eq!(run(&["query", "--db", &db, COUNT]).code, Some(0));
    let dry = "UPDATE devices SET tags.a = 1 DRY RUN";
    assert_eq!(run(&["query", "--db", &db, dry]).code, Some(0));
    assert_eq!(run(&["check", "--db", &db]).code, Some(0));
    let asked = run_with(&["shell", "--db", &db, "--read-only"], format!("{COUNT};").as_bytes());
    assert_eq!(asked.code, Some(0), "{asked:?}");
    let update = "UPDATE devices SET tags.a = 1";
    run(&["query", "--db", &db, "--read-only", "--yes", update]).fails(1, "is open read-only");
    run(&["query", "--db", &db, "--read-only", "--load", "-", COUNT]).fails(2, "cannot be used");
    assert_eq!(files_of(&db), before);
    let missing = folder.path("none");
    run(&["check", "--db", &missing]).fails(1, "is no store");
    run(&["backup", "--db", &missing, &folder.path("b")]).fails(1, "is no store");
    run(&["compact", "--db", &missing]).fails(1, "is no store");
    assert!(!std::path::Path::new(&missing).exists());
}
