//! Copies under another id, and seals.

use std::sync::Arc;

use proptest::prelude::*;
use twindex_store::backup::contents::{Contents, fill};
use twindex_store::backup::copy::Source;
use twindex_store::backup::seal::Seal;
use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::checkpoint::writer::CheckpointWriter;
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::log::writer::LogWriter;
use twindex_store::memory::MemoryStorage;
use twindex_store::recover::look;
use twindex_store::storage::Storage;

use crate::damage::flipped_bits;

const STORE: StoreId = StoreId([1; 16]);
const COPY: StoreId = StoreId([2; 16]);

/// A store of these parts and, behind them, these payloads.
fn store(parts: &[Vec<u8>], payloads: &[Vec<u8>]) -> (MemoryStorage, Manifest) {
    let storage = MemoryStorage::default();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let mut log = LogWriter::create(shared, STORE, 1).unwrap().with_file_bytes(300);
    log.append(1, b"before the checkpoint").unwrap();
    log.sync().unwrap();
    let before = Manifest::empty(STORE);
    let mut writer = CheckpointWriter::begin(&storage, &before).unwrap();
    for (number, part) in parts.iter().enumerate() {
        writer.write(&[u8::try_from(number).unwrap()], part).unwrap();
    }
    let manifest = writer.finish(1, log.next_sequence()).unwrap();
    for (payload, stamp) in payloads.iter().zip(2..) {
        log.append(stamp, payload).unwrap();
    }
    log.sync().unwrap();
    (storage, manifest)
}

/// The parts and frames of a store.
fn contents(storage: &MemoryStorage, manifest: &Manifest) -> Vec<(u64, Vec<u8>)> {
    let parts = manifest.parts.values();
    let parts = parts.map(|part| (0, manifest.read_part(storage, part).unwrap()));
    let mut all: Vec<_> = parts.collect();
    look::<StoreError>(storage, manifest, |frame| {
        all.push((frame.header.stamp, frame.payload.to_vec()));
        Ok(())
    })
    .unwrap();
    all
}

fn copy(storage: &MemoryStorage, manifest: &Manifest, last: Option<u64>) -> MemoryStorage {
    let target = MemoryStorage::default();
    let shared: Arc<dyn Storage> = Arc::new(target.clone());
    let source = Source { storage, manifest, last };
    fill(&target, "target", || source.copy(&shared, COPY, &mut |_| Ok(()), &mut |_| ())).unwrap();
    target
}

fn sealed(storage: &MemoryStorage, manifest: &Manifest) -> MemoryStorage {
    let target = copy(storage, manifest, None);
    Seal::new(COPY, STORE, 9).write(&target, &mut |_| Ok(())).unwrap();
    target
}

proptest! {
    #[test]
    fn a_copy_holds_the_same_and_is_of_another_store(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8),
        n_cut in 0_usize..9,
    ) {
        let (storage, manifest) = store(&parts, &payloads);
        let target = copy(&storage, &manifest, None);
        let copied = Manifest::read(&target).unwrap().unwrap();
        prop_assert_eq!(copied.store, COPY);
        let expected = contents(&storage, &manifest);
        prop_assert_eq!(&contents(&target, &copied), &expected);
        // Up to some frame, as where others are being written behind it.
        let n_frames = payloads.len().saturating_sub(n_cut);
        let last = manifest.replay_from - 1 + n_frames as u64;
        let target = copy(&storage, &manifest, Some(last));
        let copied = Manifest::read(&target).unwrap().unwrap();
        prop_assert_eq!(&contents(&target, &copied), &expected[..parts.len() + n_frames]);
    }
}

#[test]
fn a_seal_notices_every_bit_and_every_length() {
    let (storage, manifest) = store(&[b"part".to_vec(), vec![7; 90]], &[b"frame".to_vec()]);
    let whole = sealed(&storage, &manifest);
    let verify = |storage: &MemoryStorage| {
        Seal::read(storage, "it").and_then(|seal| seal.verify(storage, &mut |_| Ok(())))
    };
    verify(&whole).unwrap();
    for name in whole.list().unwrap() {
        let bytes = whole.bytes(&name).unwrap();
        let damaged = whole.to_copy();
        for (bit, flipped) in flipped_bits(&whole, &name) {
            assert!(verify(&flipped).is_err(), "{name}, bit {bit}");
        }
        for n_bytes in 0..bytes.len() {
            damaged.set_bytes(&name, bytes[..n_bytes].to_vec());
            assert!(verify(&damaged).is_err(), "{name}, {n_bytes} bytes");
        }
        damaged.remove(&name).unwrap();
        assert!(verify(&damaged).is_err(), "without {name}");
    }
}

#[test]
fn what_a_directory_holds_is_told_by_its_names() {
    let (storage, manifest) = store(&[], &[]);
    let of = |storage: &MemoryStorage| Contents::of(storage).unwrap();
    assert_eq!(of(&MemoryStorage::default()), Contents::Nothing);
    assert_eq!(of(&storage), Contents::Store);
    let backup = sealed(&storage, &manifest);
    assert_eq!(of(&backup), Contents::Backup);
    backup.set_bytes("UNFINISHED", Vec::new());
    assert_eq!(of(&backup), Contents::Unfinished);
    // What fails to be filled is empty again; what was not empty is left alone.
    let target = MemoryStorage::default();
    let failed = fill(&target, "it", || -> Result<(), StoreError> {
        drop(target.create("log-0000000000000001"));
        Err(StoreError::Stopped)
    });
    assert!(matches!(failed, Err(StoreError::Stopped)) && target.list().unwrap().is_empty());
    let refused = fill(&storage, "it", || Ok(()));
    assert!(matches!(refused, Err(StoreError::NotEmpty { .. })));
    assert_eq!(of(&storage), Contents::Store);
}
