//! The log: frames, torn tails, damage.

use std::sync::Arc;

use proptest::prelude::{any, proptest};
use twindex_store::error::StoreError;
use twindex_store::header::StoreId;
use twindex_store::log::cut::cut;
use twindex_store::log::reader::{LogEnd, read_log};
use twindex_store::log::writer::LogWriter;
use twindex_store::memory::MemoryStorage;

use crate::damage::flipped_bits;

const STORE: StoreId = StoreId(*b"0123456789abcdef");

fn payload(n: u64) -> Vec<u8> {
    (0..n % 40).map(|i| (n * 31 + i) as u8).collect()
}

/// A log of `n` frames, each synced, and where each ends in its file.
fn log_of(n: u64, file_bytes: u64) -> (MemoryStorage, LogWriter) {
    let storage = MemoryStorage::default();
    let writer = LogWriter::create(Arc::new(storage.clone()), STORE, 1).unwrap();
    let mut writer = writer.with_file_bytes(file_bytes);
    for i in 1..=n {
        assert_eq!(writer.append(i * 10, &payload(i)).unwrap(), i);
        writer.sync().unwrap();
    }
    (storage, writer)
}

fn read(storage: &MemoryStorage, from: u64) -> Result<(Vec<u64>, Option<LogEnd>), StoreError> {
    let mut found = Vec::new();
    let end = read_log::<StoreError>(storage, STORE, from, |frame| {
        assert_eq!(frame.payload, payload(frame.header.sequence));
        assert_eq!(frame.header.stamp, frame.header.sequence * 10);
        found.push(frame.header.sequence);
        Ok(())
    })?;
    Ok((found, end))
}

#[test]
fn frames_come_back_in_order_across_files() {
    let (storage, writer) = log_of(100, 500);
    assert!(writer.file_number() > 5);
    let (found, end) = read(&storage, 1).unwrap();
    assert_eq!(found, (1..=100).collect::<Vec<_>>());
    let end = end.unwrap();
    assert_eq!((end.next_sequence, end.number, end.torn), (101, writer.file_number(), None));
    let (found, _) = read(&storage, 90).unwrap();
    assert_eq!(found, (90..=100).collect::<Vec<_>>());
}

#[test]
fn a_log_goes_on_where_it_ended() {
    let (storage, _) = log_of(5, 1 << 20);
    let end = read(&storage, 1).unwrap().1.unwrap();
    let mut writer = LogWriter::resume(Arc::new(storage.clone()), STORE, &end).unwrap();
    assert_eq!(writer.append(60, &payload(6)).unwrap(), 6);
    assert_eq!(read(&storage, 1).unwrap().0, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn no_log_is_no_end() {
    assert_eq!(read(&MemoryStorage::default(), 1).unwrap(), (Vec::new(), None));
}

/// Wherever the last file is cut, what is whole before the cut is read; a cut that leaves half a
/// frame is counted, and the log goes on behind the last whole one.
#[test]
fn a_log_cut_anywhere_ends_with_its_last_whole_frame() {
    let (whole, _) = log_of(8, 1 << 20);
    let name = "log-0000000000000001";
    let bytes = whole.bytes(name).unwrap();
    let mut n_before = 0;
    for n in 64..=bytes.len() {
        let storage = MemoryStorage::default();
        storage.set_bytes(name, bytes[..n].to_vec());
        let (found, end) = read(&storage, 1).unwrap();
        let end = end.unwrap();
        assert!(found.len() >= n_before, "a longer log holds no fewer frames");
        n_before = found.len();
        assert_eq!(end.torn.is_some(), end.offset != n as u64);
        let mut writer = LogWriter::resume(Arc::new(storage.clone()), STORE, &end).unwrap();
        let next = end.next_sequence;
        writer.append(next * 10, &payload(next)).unwrap();
        writer.sync().unwrap();
        let (again, end) = read(&storage, 1).unwrap();
        assert_eq!(again.len(), found.len() + 1);
        assert_eq!(end.unwrap().torn, None);
    }
    assert_eq!(n_before, 8);
}

/// A last file cut within its header was being made: it is removed, and the one before counts.
#[test]
fn a_file_that_was_being_made_is_removed() {
    let (whole, mut writer) = log_of(3, 1 << 20);
    writer.rotate().unwrap();
    let name = "log-0000000000000002";
    let header = whole.bytes(name).unwrap();
    for n in 0..header.len() {
        let storage = whole.to_copy();
        storage.set_bytes(name, header[..n].to_vec());
        let (found, end) = read(&storage, 1).unwrap();
        assert_eq!((found, end.unwrap().number), (vec![1, 2, 3], 1));
        assert_eq!(storage.bytes(name), None);
    }
}

/// A flipped bit is damage with a place, or lies in the last frame, whose loss is counted.
#[test]
fn every_flipped_bit_is_damage_or_a_torn_last_frame() {
    let (whole, writer) = log_of(6, 200);
    assert!(writer.file_number() > 1);
    for number in 1..=writer.file_number() {
        let name = format!("log-{number:016x}");
        for (bit, storage) in flipped_bits(&whole, &name) {
            match read(&storage, 1) {
                Err(StoreError::Corrupt { file, .. } | StoreError::NewerFormat { file, .. }) => {
                    assert_eq!(file, name);
                }
                Ok((found, Some(end))) => {
                    assert_eq!(number, writer.file_number(), "only the last file may be torn");
                    assert_eq!(found, [1, 2, 3, 4, 5], "only the last frame may be lost");
                    assert!(end.torn.is_some());
                }
                other => panic!("bit {bit} of {name}: {other:?}"),
            }
        }
    }
}

#[test]
fn missing_files_and_foreign_ones_are_named() {
    let (whole, writer) = log_of(30, 300);
    let last = writer.file_number();
    assert!(last >= 4);
    let without = |number: u64| {
        let storage = whole.to_copy();
        twindex_store::storage::Storage::remove(&storage, &format!("log-{number:016x}")).unwrap();
        read(&storage, 1)
    };
    assert!(matches!(without(1), Err(StoreError::Corrupt { .. })));
    assert!(matches!(without(2), Err(StoreError::Corrupt { .. })));
    let other = read_log::<StoreError>(&whole, StoreId([9; 16]), 1, |_| Ok(()));
    assert!(matches!(other, Err(StoreError::Foreign { .. })));
}

/// A file that ends too early is damaged itself, wherever it is cut off.
#[test]
fn a_cut_file_before_the_last_is_named() {
    let (whole, writer) = log_of(12, 300);
    assert!(writer.file_number() > 2);
    let name = "log-0000000000000001";
    let bytes = whole.bytes(name).unwrap();
    for n in 0..bytes.len() {
        let storage = whole.to_copy();
        storage.set_bytes(name, bytes[..n].to_vec());
        match read(&storage, 1) {
            Err(StoreError::Corrupt { file, .. }) => assert_eq!(file, name, "cut at {n}"),
            other => panic!("cut at {n}: {other:?}"),
        }
    }
}

#[test]
fn cutting_removes_only_what_is_all_before() {
    let (storage, mut writer) = log_of(50, 400);
    cut(&storage, 20).unwrap();
    assert_eq!(read(&storage, 20).unwrap().0, (20..=50).collect::<Vec<_>>());
    assert!(read(&storage, 1).is_err(), "the first frames are gone");
    cut(&storage, 1_000).unwrap();
    assert_eq!(writer.append(510, &payload(51)).unwrap(), 51);
    assert!(read(&storage, 51).unwrap().0.ends_with(&[51]));
}

#[test]
fn zeros_behind_the_last_frame_are_no_tail() {
    let (storage, _) = log_of(3, 1 << 20);
    let name = "log-0000000000000001";
    let mut bytes = storage.bytes(name).unwrap();
    let n_bytes = bytes.len() as u64;
    bytes.resize(bytes.len() + 5_000, 0);
    storage.set_bytes(name, bytes);
    let end = read(&storage, 1).unwrap().1.unwrap();
    assert_eq!((end.offset, end.torn), (n_bytes, None));
}

/// A frame of a sync that failed may be read and not be on the disk: it is written again before the
/// next one says that it was durable.
#[test]
fn what_no_frame_says_was_durable_is_written_again() {
    let (storage, _) = log_of(3, 1 << 20);
    let end = read(&storage, 1).unwrap().1.unwrap();
    let last = 32 + payload(3).len() as u64;
    assert_eq!(end.unproven, end.offset - last, "the third says that the second was durable");
    let (storage, mut writer) = log_of(1, 1 << 20);
    assert_eq!(read(&storage, 1).unwrap().1.unwrap().unproven, 0, "nor is the header known to be");
    writer.append(20, &payload(2)).unwrap();
    writer.append(30, &payload(3)).unwrap();
    let end = read(&storage, 1).unwrap().1.unwrap();
    assert_eq!(end.unproven, 64 + 32 + payload(1).len() as u64, "two were not synced");
}

/// Frames that were never synced together may survive in part: a hole with a later frame behind it
/// that knew nothing of the hole is a torn tail.
#[test]
fn a_hole_among_unsynced_frames_is_a_torn_tail() {
    let storage = MemoryStorage::default();
    let mut writer = LogWriter::create(Arc::new(storage.clone()), STORE, 1).unwrap();
    for i in 1..=4 {
        writer.append(i * 10, &payload(i)).unwrap();
    }
    let name = "log-0000000000000001";
    let mut bytes = storage.bytes(name).unwrap();
    let second = 64 + 32 + payload(1).len();
    bytes[second..second + 32].fill(0);
    storage.set_bytes(name, bytes);
    let (found, end) = read(&storage, 1).unwrap();
    assert_eq!(found, [1]);
    assert!(end.unwrap().torn.is_some());
}

proptest! {
    /// No bytes behind a header make a reader panic, allocate more than the file or give frames
    /// that were not written.
    #[test]
    fn any_bytes_are_read_without_a_panic(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (storage, _) = log_of(2, 1 << 20);
        let name = "log-0000000000000001";
        let mut bytes = storage.bytes(name).unwrap();
        bytes.extend_from_slice(&tail);
        storage.set_bytes(name, bytes);
        let (found, _) = read(&storage, 1).unwrap();
        assert_eq!(found, [1, 2]);
    }
}
