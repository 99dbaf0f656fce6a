//! Disks that fail or are full in the middle of a backup, of restoring, of a compaction: every call
//! of each fails once, and nothing that passes for a backup or store is left, nor anything lost.

use std::io::ErrorKind as IoKind;
use std::sync::Arc;

use twindex::storage::MemoryStorage;
use twindex::{CopyOptions, ErrorKind, Twindex, Write};
use twindex_testkit::{Calls, Dice, Fault, SimulatedStorage};

use crate::{assert_same, device, filled, open, open_to_read};

/// Lets each call fail in turn until none of those that `work` makes does, by its answer how many
/// there were.
fn each_call(fault: Fault, all: bool, mut work: impl FnMut(&dyn Fn(&SimulatedStorage)) -> u64) {
    let mut n_calls = 20;
    let mut call = 0;
    while call <= n_calls {
        let calls = if all { Calls::From(call) } else { Calls::One(call) };
        n_calls = n_calls.max(work(&|storage: &SimulatedStorage| storage.fail(calls, fault)));
        call += 1;
    }
}

const FAULTS: [Fault; 3] = [
    Fault::Error(IoKind::StorageFull),
    Fault::Half(IoKind::StorageFull),
    Fault::Error(IoKind::Other),
];

/// What was whole when its last sync failed may pass for a backup, since it is one.
fn is_whole_or_none(db: &Twindex, image: &MemoryStorage) {
    let restored = Twindex::restore_storage(
        image,
        Arc::new(MemoryStorage::default()),
        &CopyOptions::default(),
    );
    if restored.is_ok() {
        assert_same(db, &open_to_read(image.clone()).unwrap());
    }
}

#[test]
fn a_backup_is_whole_or_none() {
    let source = filled();
    let db = open(source).unwrap();
    for (fault, all) in FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        each_call(fault, all, |arm| {
            let target = SimulatedStorage::default();
            arm(&target);
            let done = db.backup_storage(Arc::new(target.clone()), &CopyOptions::default());
            let n_calls = target.n_calls();
            match done {
                Ok(_) => assert_same(&db, &open_to_read(target.kill()).unwrap()),
                Err(error) => {
                    let is_known = matches!(error.kind(), ErrorKind::NoRoom | ErrorKind::Io);
                    assert!(is_known, "{error:?}");
                    is_whole_or_none(&db, &target.kill());
                    if !all {
                        // What it wrote is gone, and the next one finds room.
                        target.mend();
                        let again =
                            db.backup_storage(Arc::new(target.clone()), &CopyOptions::default());
                        assert!(again.is_ok() || target.kill().bytes("UNFINISHED").is_some());
                    }
                }
            }
            n_calls
        });
    }
    // The store took no harm.
    db.write(Write::report(device(1), r#"{"n":1}"#).unwrap()).unwrap();
    db.checkpoint().unwrap();
}

#[test]
fn restoring_is_whole_or_nothing() {
    let db = open(filled()).unwrap();
    let backup = MemoryStorage::default();
    db.backup_storage(Arc::new(backup.clone()), &CopyOptions::default()).unwrap();
    for (fault, all) in FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        each_call(fault, all, |arm| {
            let target = SimulatedStorage::default();
            arm(&target);
            let shared = Arc::new(target.clone());
            let done = Twindex::restore_storage(&backup, shared, &CopyOptions::default());
            let n_calls = target.n_calls();
            match done {
                Ok(_) => assert_same(&db, &open(target.kill()).unwrap()),
                Err(_) => {
                    let left = target.kill();
                    match open(left) {
                        Ok(opened) if opened.recovery().unwrap().is_new => {}
                        // It was whole, and then its name could not be made durable.
                        Ok(opened) => assert_same(&db, &opened),
                        Err(_) => {}
                    }
                }
            }
            n_calls
        });
    }
}

#[test]
fn a_loss_of_power_leaves_a_whole_backup_or_none() {
    let db = open(filled()).unwrap();
    let mut dice = Dice::new(11);
    let (mut n_whole, mut n_none) = (0, 0);
    for call in 0..400 {
        let target = SimulatedStorage::default();
        target.fail(Calls::From(call), Fault::Error(IoKind::Other));
        let done = db.backup_storage(Arc::new(target.clone()), &CopyOptions::default());
        let image = target.crash(&mut dice);
        match Twindex::restore_storage(
            &image,
            Arc::new(MemoryStorage::default()),
            &CopyOptions::default(),
        ) {
            Ok(_) => {
                n_whole += 1;
                assert_same(&db, &open_to_read(image).unwrap());
            }
            Err(error) => {
                n_none += 1;
                assert!(done.is_err(), "a backup that was reported is lost: {error}");
            }
        }
    }
    assert!(n_whole > 5 && n_none > 50, "{n_whole} {n_none}");
}

#[test]
fn a_loss_of_power_leaves_a_whole_store_or_none() {
    let db = open(filled()).unwrap();
    let backup = MemoryStorage::default();
    db.backup_storage(Arc::new(backup.clone()), &CopyOptions::default()).unwrap();
    let mut dice = Dice::new(12);
    let (mut n_whole, mut n_unfinished) = (0, 0);
    for call in 0..400 {
        let target = SimulatedStorage::default();
        target.fail(Calls::From(call), Fault::Error(IoKind::Other));
        let shared = Arc::new(target.clone());
        let done = Twindex::restore_storage(&backup, shared, &CopyOptions::default());
        let image = target.crash(&mut dice);
        match open(image) {
            // Nothing survived, not even the mark.
            Ok(opened) if opened.recovery().unwrap().is_new => assert!(done.is_err()),
            Ok(opened) => {
                n_whole += 1;
                assert_same(&db, &opened);
            }
            Err(error) => {
                n_unfinished += 1;
                assert!(done.is_err(), "a store that was reported is lost: {error}");
                assert_eq!(error.code(), "S023", "{error}");
            }
        }
    }
    assert!(n_whole > 5 && n_unfinished > 20, "{n_whole} {n_unfinished}");
}

#[test]
fn a_compaction_that_fails_loses_nothing() {
    let image = filled();
    let before = open(image.to_copy()).unwrap();
    for (fault, all) in FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        each_call(fault, all, |arm| {
            let storage = SimulatedStorage::of(&image);
            let db = open(storage.clone()).unwrap();
            arm(&storage);
            let done = db.compact();
            let n_calls = storage.n_calls();
            storage.mend();
            assert_same(&before, &db);
            if let Err(error) = &done
                && error.kind() == ErrorKind::NoRoom
                && let Err(error) = db.compact()
            {
                // Room came back, but which manifest counts is open.
                assert_eq!(error.kind(), ErrorKind::Poisoned);
            }
            drop(db);
            assert_same(&before, &open(storage.kill()).unwrap());
            n_calls
        });
    }
}
