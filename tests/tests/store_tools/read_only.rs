//! Opening to read: nothing is made or changed, whatever is found, and who writes is refused.

use std::sync::Arc;

use twindex::storage::{MemoryStorage, Storage};
use twindex::{Access, ErrorKind, LoadOptions, NewTwin, Options, StoreOptions, Twindex, Write};
use twindex_testkit::SimulatedStorage;

use crate::{
    assert_refused, assert_same, bytes_of, device, files_of, fill, filled, n_devices, open,
    open_to_read,
};

#[test]
fn a_directory_is_the_same_byte_for_byte_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let db = Twindex::open(&path).unwrap();
    fill(&db);
    let twins = crate::twins_of(&db);
    drop(db);
    let before = files_of(&path);
    let (one, other) =
        (Twindex::open_read_only(&path).unwrap(), Twindex::open_read_only(&path).unwrap());
    assert!(one.is_read_only());
    assert_eq!(crate::twins_of(&one), twins);
    assert_same(&one, &other);
    drop((one, other));
    assert_eq!(files_of(&path), before);
    Twindex::open(&path).unwrap();
}

#[test]
#[cfg(unix)]
fn permission_to_read_is_enough() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    fill(&Twindex::open(&path).unwrap());
    let set_mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in files_of(&path).into_keys() {
        let only_read = std::fs::Permissions::from_mode(0o444);
        std::fs::set_permissions(path.join(name), only_read).unwrap();
    }
    set_mode(0o555);
    assert_eq!(n_devices(&Twindex::open_read_only(&path).unwrap()), 29);
    // Root may do as it likes.
    if std::fs::write(path.join("probe"), b"").is_err() {
        let refused = Twindex::open(&path);
        assert_refused(refused, (ErrorKind::Io, "S001"), "cannot lock");
        set_mode(0o000);
        let refused = Twindex::open_read_only(&path);
        assert_refused(refused, (ErrorKind::Io, "S001"), "cannot");
    }
    set_mode(0o755);
}

#[test]
fn a_writer_and_readers_exclude_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let locked = (ErrorKind::Locked, "S008");
    let db = Twindex::open(&path).unwrap();
    assert_refused(Twindex::open_read_only(&path), locked, "is open in another process");
    drop(db);
    let reader = Twindex::open_read_only(&path).unwrap();
    assert_refused(Twindex::open(&path), locked, "is open in another process");
    drop(reader);
    drop(Twindex::open(&path).unwrap());
    // A copy by other means has no lock, and gets none.
    std::fs::remove_file(path.join("LOCK")).unwrap();
    drop(Twindex::open_read_only(&path).unwrap());
    assert!(!path.join("LOCK").exists());
}

#[test]
fn whatever_writes_is_refused() {
    let db = open_to_read(filled()).unwrap();
    let before = crate::twins_of(&db);
    let refused = (ErrorKind::ReadOnly, "T033");
    let text = "the store is open read-only";
    let write = || Write::report(device(1), r#"{"n":1}"#).unwrap();
    assert_refused(db.write(write()), refused, text);
    assert_refused(db.submit(write()), refused, text);
    for outcome in db.write_all(vec![write(), write()]) {
        assert_refused(outcome, refused, text);
    }
    assert_refused(db.update("UPDATE devices SET tags.a = 1").run(), refused, text);
    assert_refused(db.delete("DELETE FROM devices").run(), refused, text);
    assert!(db.update("UPDATE devices SET tags.a = 1").dry_run().is_ok());
    let loaded = db.load(&br#"{"deviceId":"x"}"#[..], &LoadOptions::default());
    assert_refused(loaded, (ErrorKind::ReadOnly, "X023"), text);
    assert_refused(db.checkpoint(), (ErrorKind::ReadOnly, "S024"), text);
    assert_refused(db.compact(), (ErrorKind::ReadOnly, "S024"), text);
    assert!(!db.remove("d001", None));
    assert_eq!(crate::twins_of(&db), before);
    db.check().unwrap();
}

#[test]
fn a_torn_tail_is_passed_over_and_stays() {
    let storage = filled();
    let log = storage.list().unwrap().into_iter().filter(|name| name.starts_with("log-")).max();
    let log = log.unwrap();
    let whole = storage.bytes(&log).unwrap();
    for n_cut in [1, 20] {
        storage.set_bytes(&log, whole[..whole.len() - n_cut].to_vec());
        let before = bytes_of(&storage);
        let reader = open_to_read(storage.clone()).unwrap();
        let torn = reader.recovery().unwrap().torn.clone().unwrap();
        assert_eq!(torn.file, log);
        assert_eq!(bytes_of(&storage), before);
        let writer = open(storage.to_copy()).unwrap();
        assert_eq!(writer.recovery().unwrap().torn.as_ref(), Some(&torn));
        assert_same(&reader, &writer);
    }
}

#[test]
fn a_log_file_whose_making_was_cut_off_stays() {
    let storage = filled();
    let logs = storage.list().unwrap().into_iter().filter(|name| name.starts_with("log-"));
    let last = logs.map(|name| u64::from_str_radix(&name[4..], 16).unwrap()).max().unwrap();
    storage.set_bytes(&format!("log-{:016x}", last + 1), b"TWIN".to_vec());
    let before = bytes_of(&storage);
    let reader = open_to_read(storage.clone()).unwrap();
    assert_eq!(bytes_of(&storage), before);
    assert_same(&reader, &open(storage).unwrap());
}

#[test]
fn not_one_call_that_writes_is_made() {
    // A storage that counts would miss a call that is no use; this one shows what came of it.
    let storage = SimulatedStorage::of(&filled());
    let before = bytes_of(&storage.kill());
    let mut store = StoreOptions::default();
    store.access = Access::ReadOnly;
    let db = Twindex::open_storage(Arc::new(storage.clone()), Options::default(), store).unwrap();
    assert_eq!(n_devices(&db), 29);
    assert!(db.write(Write::create(device(99), NewTwin::new())).is_err());
    drop(db);
    assert_eq!(bytes_of(&storage.kill()), before);
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let storage = MemoryStorage::default();
    let refused = open_to_read(storage.clone());
    assert_refused(refused, (ErrorKind::NotFound, "S007"), "its manifest is missing");
    assert!(storage.list().unwrap().is_empty());
}
