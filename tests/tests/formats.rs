//! Stores of every released format are opened, and say what they said when they were written.
//!
//! A folder `tests/fixtures/format-N` holds the files of a small store and `answers`, what it said.
//! `UPDATE_FORMAT=N cargo test -p twindex-tests --test formats` writes a new one, before the format
//! is released and never after.

#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::fs;
use std::sync::Arc;

use twindex::storage::MemoryStorage;
use twindex_store::header::FORMAT;
use twindex_tests::files::path_of;
use twindex_tests::small_store::{answers, open, small_store};

const ANSWERS: &str = "answers";

fn folder_of(format: u32) -> std::path::PathBuf {
    path_of(&format!("tests/fixtures/format-{format}"))
}

/// The files of a fixture, and its answers.
fn fixture(format: u32) -> (MemoryStorage, String) {
    let storage = MemoryStorage::default();
    for entry in fs::read_dir(folder_of(format)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != ANSWERS {
            storage.set_bytes(&name, fs::read(folder_of(format).join(&name)).unwrap());
        }
    }
    (storage, fs::read_to_string(folder_of(format).join(ANSWERS)).unwrap())
}

fn write_fixture(format: u32) {
    assert_eq!(format, FORMAT, "a program writes no format but its own");
    let storage = MemoryStorage::default();
    small_store(Arc::new(storage.clone())).unwrap();
    let folder = folder_of(format);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    for name in twindex::storage::Storage::list(&storage).unwrap() {
        fs::write(folder.join(&name), storage.bytes(&name).unwrap()).unwrap();
    }
    let said = answers(&open(&storage).unwrap()).unwrap();
    fs::write(folder.join(ANSWERS), said.join("\n") + "\n").unwrap();
}

#[test]
fn every_format_is_opened_and_says_what_it_said() {
    if let Ok(format) = std::env::var("UPDATE_FORMAT") {
        write_fixture(format.parse().unwrap());
    }
    for format in 1..=FORMAT {
        let (storage, said) = fixture(format);
        let db = open(&storage).unwrap();
        db.check().unwrap();
        let recovery = db.recovery().unwrap();
        assert!(recovery.n_batches > 5 && recovery.torn.is_none(), "{recovery:?}");
        let found = answers(&db).unwrap();
        assert!(found.iter().map(String::as_str).eq(said.lines()), "format {format}");
        // It goes on as a store of this format.
        db.checkpoint().unwrap();
        drop(db);
        assert_eq!(answers(&open(&storage).unwrap()).unwrap(), found);
    }
}
