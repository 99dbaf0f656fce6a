//! Backups, while writes go on and of closed stores, and the stores made of them.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use twindex::storage::{MemoryStorage, Storage};
use twindex::{CancelToken, CopyOptions, CopyProgress, ErrorKind, Twindex, Write};

use crate::{assert_refused, assert_same, bytes_of, device, fill, filled, open, open_to_read};

const PLAIN: fn() -> CopyOptions<'static> = CopyOptions::default;

#[test]
fn a_restored_backup_holds_the_same_twins_and_goes_its_own_way() {
    let (backup, restored) = (MemoryStorage::default(), MemoryStorage::default());
    let db = open(filled()).unwrap();
    let report = db.backup_storage(Arc::new(backup.clone()), &PLAIN()).unwrap();
    assert_eq!(report.version, db.version());
    let n_bytes: usize = bytes_of(&backup).values().map(Vec::len).sum();
    let n_seal = backup.bytes("BACKUP").unwrap().len();
    assert_eq!(report.n_bytes as usize + n_seal, n_bytes);
    assert_eq!(report.n_files as usize, backup.list().unwrap().len());

    let told = Twindex::restore_storage(&backup, Arc::new(restored.clone()), &PLAIN()).unwrap();
    assert_eq!(told.version, report.version);
    let new = open(restored).unwrap();
    assert_same(&db, &new);
    // Tokens of pages go on where they were.
    let text = "SELECT deviceId FROM devices";
    let first = db.query(text).page_size(10).run().unwrap();
    let next = |db: &Twindex| {
        let query = db.query(text).page_size(10).after(first.next().unwrap());
        query.run().unwrap().rows().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(next(&db), next(&new));
    // The two go on, each by itself.
    let write = || Write::report(device(1), r#"{"n":1}"#).unwrap();
    let (one, other) = (db.write(write()).unwrap(), new.write(write()).unwrap());
    assert_eq!((one.version, one.reported_version), (other.version, other.reported_version));
}

#[test]
fn a_backup_is_as_of_one_version_while_writes_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let db = Twindex::open(folder.path().join("db")).unwrap();
    fill(&db);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The same number in two twins at once: a backup must not have them differ.
            let mut n = 0;
            while !is_over.load(Ordering::Relaxed) {
                n += 1;
                let text = format!(r#"{{"n":{n}}}"#);
                let writes = [1, 2].map(|number| Write::report(device(number), &text).unwrap());
                for written in db.write_all(writes.to_vec()) {
                    written.unwrap();
                }
            }
        });
        for round in 0..10 {
            let target = folder.path().join(format!("backup-{round}"));
            let before = db.version();
            let report = db.backup(&target).unwrap();
            assert!((before..=db.version()).contains(&report.version));
            let backup = Twindex::open_read_only(&target).unwrap();
            assert_eq!(backup.version(), report.version);
            let text =
                "SELECT properties.reported.n AS n FROM devices WHERE deviceId IN ['d001','d002']";
            let page = backup.query(text).run().unwrap();
            let values: Vec<&str> = page.rows().collect();
            assert_eq!(values[0], values[1]);
            backup.check().unwrap();
            if round % 3 == 0 {
                db.checkpoint().unwrap();
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_closed_store_is_backed_up_without_being_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, backup) = (folder.path().join("db"), folder.path().join("backup"));
    let db = Twindex::open(&store).unwrap();
    fill(&db);
    // A reader may be there, a writer not.
    let target = folder.path().join("other");
    let refused = Twindex::backup_closed(&store, &target, &PLAIN());
    assert_refused(refused, (ErrorKind::Locked, "S008"), "is open in another process");
    assert!(!target.exists());
    drop(db);
    let before = crate::files_of(&store);
    let reader = Twindex::open_read_only(&store).unwrap();
    let report = Twindex::backup_closed(&store, &backup, &PLAIN()).unwrap();
    assert_eq!(before, crate::files_of(&store));
    assert_eq!(report.version, reader.version());
    assert_same(&reader, &Twindex::open_read_only(&backup).unwrap());
    // Of a reader, and of a backup, just as well.
    let (second, third) = (folder.path().join("second"), folder.path().join("third"));
    assert_eq!(reader.backup(&second).unwrap().version, report.version);
    assert_eq!(Twindex::backup_closed(&second, &third, &PLAIN()).unwrap().version, report.version);
    assert_same(&reader, &Twindex::open_read_only(&third).unwrap());
}

#[test]
fn a_store_without_twins_or_without_a_checkpoint_is_backed_up_too() {
    let storage = MemoryStorage::default();
    let db = open(storage.clone()).unwrap();
    for n_twins in [0, 1] {
        if n_twins > 0 {
            db.write(Write::create(device(0), twindex::NewTwin::new())).unwrap();
        }
        let (backup, restored) = (MemoryStorage::default(), MemoryStorage::default());
        let report = db.backup_storage(Arc::new(backup.clone()), &PLAIN()).unwrap();
        assert_eq!(report.version, db.version());
        Twindex::restore_storage(&backup, Arc::new(restored.clone()), &PLAIN()).unwrap();
        assert_same(&db, &open(restored).unwrap());
    }
}

#[test]
fn what_is_stopped_leaves_nothing() {
    let source = filled();
    let db = open(source).unwrap();
    let backup = MemoryStorage::default();
    db.backup_storage(Arc::new(backup.clone()), &PLAIN()).unwrap();
    // Stopped after each step, as long as there is one.
    let stopped_after = |n_steps: u32, work: &dyn Fn(&CopyOptions<'_>, &MemoryStorage) -> bool| {
        let (cancel, n_left) = (CancelToken::new(), Cell::new(n_steps));
        let progress = |_: CopyProgress| {
            n_left.set(n_left.get().saturating_sub(1));
            if n_left.get() == 0 {
                cancel.cancel();
            }
        };
        let target = MemoryStorage::default();
        let options = CopyOptions { progress: Some(&progress), cancel: cancel.clone() };
        let is_done = work(&options, &target);
        assert_eq!(target.list().unwrap().is_empty(), !is_done);
        is_done
    };
    let backs_up = |options: &CopyOptions<'_>, target: &MemoryStorage| {
        let done = db.backup_storage(Arc::new(target.clone()), options);
        done.inspect_err(|error| assert_eq!(error.code(), "S025")).is_ok()
    };
    let restores = |options: &CopyOptions<'_>, target: &MemoryStorage| {
        let done = Twindex::restore_storage(&backup, Arc::new(target.clone()), options);
        done.inspect_err(|error| assert_eq!(error.kind(), ErrorKind::Stopped)).is_ok()
    };
    let n_backup = (1..).take_while(|n| !stopped_after(*n, &backs_up)).count();
    let n_restore = (1..).take_while(|n| !stopped_after(*n, &restores)).count();
    assert!(n_backup > 10 && n_restore > 10, "{n_backup} {n_restore}");
}

#[test]
fn progress_goes_up_to_its_total() {
    let db = open(filled()).unwrap();
    let last = Cell::new(CopyProgress::default());
    let progress = |now: CopyProgress| {
        assert!(now.n_bytes >= last.get().n_bytes && now.n_bytes <= now.bytes_total, "{now:?}");
        last.set(now);
    };
    let options = CopyOptions { progress: Some(&progress), ..CopyOptions::default() };
    let backup = MemoryStorage::default();
    db.backup_storage(Arc::new(backup.clone()), &options).unwrap();
    assert_eq!(last.get().n_bytes, last.get().bytes_total);
    last.set(CopyProgress::default());
    Twindex::restore_storage(&backup, Arc::new(MemoryStorage::default()), &options).unwrap();
    assert!(last.get().n_bytes > 0);
}

#[test]
fn a_backup_is_read_where_it_lies_and_never_written_to() {
    let backup = MemoryStorage::default();
    let db = open(filled()).unwrap();
    db.backup_storage(Arc::new(backup.clone()), &PLAIN()).unwrap();
    let before = bytes_of(&backup);
    assert_refused(open(backup.clone()), (ErrorKind::ReadOnly, "S022"), "restore it");
    assert_same(&db, &open_to_read(backup.clone()).unwrap());
    assert_eq!(before, bytes_of(&backup));
}

#[test]
fn an_engine_in_memory_has_no_backup() {
    let refused = Twindex::in_memory().backup_storage(Arc::new(MemoryStorage::default()), &PLAIN());
    assert_refused(refused, (ErrorKind::NotFound, "S007"), "nothing of it is on a disk");
}
