//! Checkpoints: parts kept, parts replaced, damage.

use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::checkpoint::writer::CheckpointWriter;
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::memory::MemoryStorage;
use twindex_store::storage::Storage;

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

/// Every flipped bit and every cut of every file is reported, or lies where nothing is kept.
#[test]
fn damage_is_reported_or_harmless() {
    let whole = MemoryStorage::default();
    first(&whole);
    let intact = read_all(&whole).unwrap();
    for name in whole.list().unwrap() {
        let bytes = whole.bytes(&name).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let storage = whole.to_copy();
            storage.set_bytes(&name, damaged);
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
