//! What is no store, or not the one it should be: refused with a code and a reason, nothing changed.

use std::path::Path;
use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{CopyOptions, Error, ErrorKind, StoreOptions, Twindex};

use crate::{assert_refused, bytes_of, files_of, fill, filled, open, open_to_read};

type Refusal = (ErrorKind, &'static str);
const CORRUPT: Refusal = (ErrorKind::Corrupt, "S003");
const NEWER: Refusal = (ErrorKind::Corrupt, "S004");
const FOREIGN: Refusal = (ErrorKind::Corrupt, "S005");
const NO_STORE: Refusal = (ErrorKind::NotFound, "S007");
const NOT_EMPTY: Refusal = (ErrorKind::AlreadyExists, "S020");
const INSIDE: Refusal = (ErrorKind::AlreadyExists, "S026");
const NO_BACKUP: Refusal = (ErrorKind::NotFound, "S021");
const UNFINISHED: Refusal = (ErrorKind::Corrupt, "S023");

/// Bytes of the format version in a header.
const VERSION_AT: usize = 8;

/// Both ways of opening refuse it, and change nothing.
#[track_caller]
fn refuses(storage: &MemoryStorage, refusal: Refusal, text: &str) {
    let before = bytes_of(storage);
    assert_refused(open(storage.clone()), refusal, text);
    assert_eq!(bytes_of(storage), before);
    assert_refused(open_to_read(storage.clone()), refusal, text);
    assert_eq!(bytes_of(storage), before);
}

fn names(storage: &MemoryStorage, prefix: &str) -> Vec<String> {
    let names = storage.list().unwrap().into_iter();
    let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort_unstable();
    names
}

fn backup_of(storage: &MemoryStorage) -> MemoryStorage {
    let backup = MemoryStorage::default();
    let db = open(storage.clone()).unwrap();
    db.backup_storage(Arc::new(backup.clone()), &CopyOptions::default()).unwrap();
    backup
}

fn restore(backup: &MemoryStorage) -> Result<MemoryStorage, Error> {
    let target = MemoryStorage::default();
    let restored =
        Twindex::restore_storage(backup, Arc::new(target.clone()), &CopyOptions::default());
    match restored {
        Ok(_) => Ok(target),
        Err(error) => {
            assert!(target.list().unwrap().is_empty(), "it wrote before it verified");
            Err(error)
        }
    }
}

#[test]
fn paths_that_are_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("file"), b"x").unwrap();
    std::fs::create_dir(path("photos")).unwrap();
    std::fs::write(path("photos").join("a.jpg"), b"x").unwrap();
    let mut no_creation = StoreOptions::default();
    no_creation.creates = false;
    let open = |at: &Path| Twindex::open_with(at, twindex::Options::default(), no_creation.clone());
    for (name, text) in [("file", "it is no directory"), ("none", "there is nothing")] {
        assert_refused(open(&path(name)), NO_STORE, text);
        assert_refused(Twindex::open_read_only(path(name)), NO_STORE, text);
        let copied = Twindex::backup_closed(path(name), path("new"), &CopyOptions::default());
        assert_refused(copied, NO_STORE, text);
        let restored = Twindex::restore(path(name), path("new"), &CopyOptions::default());
        assert_refused(restored, NO_STORE, text);
    }
    let names =
        |at| -> Vec<_> { std::fs::read_dir(at).unwrap().map(|f| f.unwrap().file_name()).collect() };
    assert_refused(Twindex::open(path("photos")), NO_STORE, "it holds other files");
    assert_refused(open(&path("photos")), NO_STORE, "it holds other files");
    assert_eq!(names(path("photos")), ["a.jpg"]);
    let before = files_of(&path("photos"));
    assert_refused(Twindex::open_read_only(path("photos")), NO_STORE, "its manifest is missing");
    let restored = Twindex::restore(path("photos"), path("new"), &CopyOptions::default());
    assert_refused(restored, NO_BACKUP, "its seal `BACKUP` is missing");
    assert_eq!(files_of(&path("photos")), before);
    assert!(!path("new").exists() && !path("none").exists());
    assert_eq!(std::fs::read(path("file")).unwrap(), b"x");
}

#[test]
fn targets_that_are_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (store, backup) = (path("db"), path("backup"));
    let db = Twindex::open(&store).unwrap();
    fill(&db);
    db.backup(&backup).unwrap();
    let before = (files_of(&store), files_of(&backup));
    // Into the store itself, over another backup, into the backup that is restored.
    assert_refused(db.backup(&store), NOT_EMPTY, "is not empty");
    assert_refused(db.backup(&backup), NOT_EMPTY, "is not empty");
    assert_refused(db.backup(store.join("sub")), INSIDE, "is inside");
    drop(db);
    let plain = CopyOptions::default();
    assert_refused(Twindex::backup_closed(&store, &store, &plain), NOT_EMPTY, "is not empty");
    assert_refused(Twindex::restore(&backup, &backup, &plain), NOT_EMPTY, "is not empty");
    assert_refused(Twindex::restore(&backup, &store, &plain), NOT_EMPTY, "is not empty");
    assert_eq!((files_of(&store), files_of(&backup)), before);
    std::fs::write(path("file"), b"x").unwrap();
    assert_refused(Twindex::restore(&backup, path("file"), &plain), NO_STORE, "no directory");
    // One that is there and holds nothing will do.
    std::fs::create_dir(path("empty")).unwrap();
    Twindex::restore(&backup, path("empty"), &plain).unwrap();
    Twindex::open(path("empty")).unwrap();
}

#[test]
fn files_of_a_newer_format() {
    let whole = filled();
    let backup = backup_of(&whole);
    for prefix in ["MANIFEST", "log-", "extent-"] {
        let name = names(&whole, prefix).pop().unwrap();
        let storage = whole.to_copy();
        let mut bytes = storage.bytes(&name).unwrap();
        bytes[VERSION_AT] += 1;
        storage.set_bytes(&name, bytes);
        refuses(&storage, NEWER, &format!("`{name}` is of format"));
    }
    let mut seal = backup.bytes("BACKUP").unwrap();
    seal[VERSION_AT] += 1;
    backup.set_bytes("BACKUP", seal);
    assert_refused(restore(&backup), NEWER, "`BACKUP` is of format");
    assert_refused(open_to_read(backup), NEWER, "`BACKUP` is of format");
}

#[test]
fn files_of_two_stores() {
    let (ours, theirs) = (filled(), filled());
    for prefix in ["MANIFEST", "log-", "extent-"] {
        // The first file of a log may be of no use any more, and is not looked at then.
        let (to, from) =
            (names(&ours, prefix).pop().unwrap(), names(&theirs, prefix).pop().unwrap());
        let mixed = ours.to_copy();
        mixed.set_bytes(&to, theirs.bytes(&from).unwrap());
        refuses(&mixed, FOREIGN, "belongs to another store");
    }
}

#[test]
fn files_of_a_store_its_backup_and_what_was_restored_of_it() {
    let ours = filled();
    let backup = backup_of(&ours);
    let (one, other) = (restore(&backup).unwrap(), restore(&backup).unwrap());
    for (to, from) in [(&ours, &one), (&one, &ours), (&one, &other), (&one, &backup)] {
        for prefix in ["MANIFEST", "log-", "extent-"] {
            let mixed = to.to_copy();
            let name = names(to, prefix).pop().unwrap();
            let theirs = names(from, prefix).pop().unwrap();
            mixed.set_bytes(&name, from.bytes(&theirs).unwrap());
            refuses(&mixed, FOREIGN, "belongs to another store");
        }
    }
    // A log of another that goes on behind ours.
    let mixed = one.to_copy();
    let last = names(&one, "log-").pop().unwrap();
    let number = u64::from_str_radix(&last[4..], 16).unwrap() + 1;
    mixed.set_bytes(&format!("log-{number:016x}"), ours.bytes(&names(&ours, "log-")[0]).unwrap());
    refuses(&mixed, FOREIGN, "belongs to another store");
    // In a backup any other file is found by its seal.
    backup.set_bytes("log-00000000000000ff", Vec::new());
    assert_refused(restore(&backup), FOREIGN, "`log-00000000000000ff`");
}

#[test]
fn backups_that_are_cut_off_or_damaged_anywhere() {
    let backup = backup_of(&filled());
    assert!(restore(&backup).is_ok());
    for (name, bytes) in bytes_of(&backup) {
        for at in (0..bytes.len()).step_by(37).chain([bytes.len() - 1]) {
            let damaged = backup.to_copy();
            damaged.set_bytes(&name, bytes[..at].to_vec());
            let cut = restore(&damaged).unwrap_err();
            assert_eq!((cut.kind(), cut.code()), CORRUPT, "{name} cut at {at}: {cut}");
            assert!(cut.to_string().contains(&format!("`{name}` is damaged at byte")), "{cut}");
            assert!(open_to_read(damaged.clone()).is_err());

            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            damaged.set_bytes(&name, flipped);
            let error = restore(&damaged).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{name} flipped at {at}: {error}");
            assert!(error.to_string().contains(&name), "{error}");
            assert!(open_to_read(damaged.clone()).is_err());

            let mut longer = bytes.clone();
            longer.push(0);
            damaged.set_bytes(&name, longer);
            assert_refused(restore(&damaged), CORRUPT, &name);
        }
        let missing = backup.to_copy();
        missing.remove(&name).unwrap();
        assert!(restore(&missing).unwrap_err().to_string().contains(&name));
    }
}

#[test]
fn a_backup_that_was_cut_off_is_none() {
    let backup = backup_of(&filled());
    backup.set_bytes("UNFINISHED", Vec::new());
    refuses(&backup, UNFINISHED, "was cut off");
    assert_refused(restore(&backup), UNFINISHED, "was cut off");
    // A store in whose directory restoring was cut off is none either.
    let store = filled();
    store.set_bytes("UNFINISHED", Vec::new());
    refuses(&store, UNFINISHED, "was cut off");
    assert_refused(restore(&filled()), NO_BACKUP, "a store, or a backup without its seal");
}

#[test]
fn a_damaged_store_gives_no_backup() {
    let whole = filled();
    let extent = names(&whole, "extent-").pop().unwrap();
    let mut bytes = whole.bytes(&extent).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 100].iter_mut().for_each(|byte| *byte ^= 4);
    // Damaged after it was opened: it is the files that are read, and they are checked.
    let db = open(whole.clone()).unwrap();
    whole.set_bytes(&extent, bytes);
    let target = MemoryStorage::default();
    let refused = db.backup_storage(Arc::new(target.clone()), &CopyOptions::default());
    assert_refused(refused, CORRUPT, &format!("`{extent}` is damaged at byte"));
    assert!(target.list().unwrap().is_empty());
}
