//! Checkpoints: parts kept, parts replaced, damage.

use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::checkpoint::writer::CheckpointWriter;
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::memory::MemoryStorage;
use twindex_store::storage::Storage;

use crate::damage::flipped_bits;

const STORE: StoreId = StoreId(*b"0123456789abcdef");

/// Keys and bytes of all parts.
type Parts = Vec<(Vec<u8>, Vec<u8>)>;

fn read_all(storage: &MemoryStorage) -> Result<Parts, StoreError> {
    let manifest = Manifest::read(storage)?.expect("there is a manifest");
    let parts = manifest.parts.iter();
    parts.map(|(key, part)| Ok((key.to_vec(), manifest.read_part(storage, part)?))).collect()
}

fn first(storage: &MemoryStorage) -> Manifest {
    let empty = Manifest::empty(STORE);
    let mut writer = CheckpointWriter::begin(storage, &empty).unwrap();
    writer.write(b"a", b"first").unwrap();
    writer.write(b"b", &[7; 1_000]).unwrap();
    writer.write(b"", b"").unwrap();
    writer.finish(5, 17).unwrap()
}

#[test]
fn parts_are_kept_replaced_and_dropped() {
    let storage = MemoryStorage::default();
    let before = first(&storage);
    assert_eq!(Manifest::read(&storage).unwrap().unwrap(), before);
    assert_eq!((before.number, before.stamp, before.replay_from), (1, 5, 17));
    let mut writer = CheckpointWriter::begin(&storage, &before).unwrap();
    writer.write(b"a", b"second").unwrap();
    assert!(writer.keep(b"b"));
    assert!(!writer.keep(b"c"));
    assert_eq!(writer.n_bytes(), 6);
    let after = writer.finish(6, 20).unwrap();
    assert_eq!(after.parts.len(), 2);
    assert_eq!(
        read_all(&storage).unwrap(),
        [(b"a".to_vec(), b"second".to_vec()), (b"b".to_vec(), vec![7; 1_000])]
    );
}

#[test]
fn a_dropped_checkpoint_changes_nothing_and_its_files_go() {
    let storage = MemoryStorage::default();
    let before = first(&storage);
    let mut writer = CheckpointWriter::begin(&storage, &before).unwrap();
    writer.write(b"a", b"lost").unwrap();
    drop(writer);
    assert_eq!(Manifest::read(&storage).unwrap().unwrap(), before);
    assert_eq!(storage.list().unwrap().len(), 3);
    drop(CheckpointWriter::begin(&storage, &before).unwrap());
    assert_eq!(storage.list().unwrap().len(), 2);
    assert_eq!(read_all(&storage).unwrap().len(), 3);
}

#[test]
fn extents_that_are_mostly_dead_are_written_anew() {
    let storage = MemoryStorage::default();
    let before = first(&storage);
    let mut writer = CheckpointWriter::begin(&storage, &before).unwrap();
    assert!(writer.keep(b"a"));
    let before = writer.finish(6, 18).unwrap();
    let mut writer = CheckpointWriter::begin(&storage, &before).unwrap();
    assert!(!writer.keep(b"a"), "a kilobyte is kept for five bytes");
    writer.write(b"a", b"first").unwrap();
    writer.finish(7, 19).unwrap();
    assert_eq!(read_all(&storage).unwrap(), [(b"a".to_vec(), b"first".to_vec())]);
    assert_eq!(storage.list().unwrap().len(), 2);
}

fn extent_bytes(storage: &MemoryStorage) -> (u64, u64) {
    let names = storage.list().unwrap().into_iter().filter(|name| name.starts_with("extent-"));
    let sizes: Vec<u64> = names.map(|name| storage.bytes(&name).unwrap().len() as u64).collect();
    (sizes.iter().sum(), sizes.len() as u64)
}

/// However parts change, extents take at most twice what is named, and the extents are few.
#[test]
fn disk_use_is_bounded() {
    let storage = MemoryStorage::default();
    let mut manifest = Manifest::empty(STORE);
    let mut random = 1_u64;
    let mut draw = |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % n
    };
    let keys: Vec<Vec<u8>> = (0..100_u8).map(|n| vec![n]).collect();
    let mut sizes: Vec<usize> = keys.iter().map(|_| draw(3_000) as usize).collect();
    let mut n_written = 0;
    for round in 0..200 {
        let n_changed = if round % 7 == 0 { draw(100) } else { draw(5) };
        let changed: Vec<usize> = (0..n_changed).map(|_| draw(100) as usize).collect();
        for at in &changed {
            sizes[*at] = draw(3_000) as usize;
        }
        let mut writer = CheckpointWriter::begin(&storage, &manifest).unwrap();
        let is_changed = |at: usize| changed.contains(&at);
        let unchanged = keys.iter().enumerate().filter(|(at, _)| !is_changed(*at));
        writer.judge_extents(unchanged.map(|(_, key)| key.as_slice()));
        for (at, key) in keys.iter().enumerate() {
            if is_changed(at) || !writer.keep(key) {
                writer.write(key, &vec![at as u8; sizes[at]]).unwrap();
            }
        }
        n_written += writer.n_bytes();
        manifest = writer.finish(round, 1).unwrap();
        let live: u64 = manifest.parts.values().map(|p| p.n_bytes.next_multiple_of(64)).sum();
        let (on_disk, n_extents) = extent_bytes(&storage);
        assert!(on_disk <= live * 2 + n_extents * 64, "{on_disk} bytes for {live}");
        assert!(n_extents <= 66, "{n_extents} extents");
    }
    for ((key, bytes), (at, size)) in
        read_all(&storage).unwrap().iter().zip(sizes.iter().enumerate())
    {
        assert_eq!((key, bytes), (&keys[at], &vec![at as u8; *size]));
    }
    assert!(n_written < 200 * 100 * 1_500 / 3, "{n_written} bytes were written");
}

/// Every flipped bit and every cut of every file is reported, or lies where nothing is kept.
#[test]
fn damage_is_reported_or_harmless() {
    let whole = MemoryStorage::default();
    first(&whole);
    let intact = read_all(&whole).unwrap();
    for name in whole.list().unwrap() {
        let bytes = whole.bytes(&name).unwrap();
        for (bit, storage) in flipped_bits(&whole, &name) {
            if let Ok(found) = read_all(&storage) {
                assert_eq!(found, intact, "bit {bit} of {name}");
            }
        }
        for n in 0..bytes.len() {
            let storage = whole.to_copy();
            storage.set_bytes(&name, bytes[..n].to_vec());
            assert!(read_all(&storage).is_err(), "{name} cut to {n} bytes");
        }
    }
}
