//! Readers of versions beside a writer, on real threads: small enough for ThreadSanitizer, whose
//! command is in `CONTRIBUTING.md`. What the schedules of `models.rs` cannot show are missing
//! barriers: their atomics are all sequentially consistent.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Shared, Snapshot, Ts};
use twindex_model::json::read::Leaves;
use twindex_model::path::Collection;

/// Batches that the writer publishes.
const BATCHES: u64 = 300;

/// Twins that each batch writes.
const TWINS: u64 = 4;

fn put(shared: &Shared, n: u64, ts: u64) {
    let text = format!("{{\"deviceId\":\"d{n}\",\"tags\":{{\"n\":{ts},\"s\":\"text {ts}\"}}}}");
    let read = Leaves::read(&text).unwrap();
    shared.write().put(&read.leaves).unwrap();
}

/// Every twin is of the snapshot's own version.
fn assert_whole(snapshot: &Snapshot) {
    let ts = snapshot.ts().0;
    let read = snapshot.read().unwrap();
    for n in 0..TWINS {
        let row = read.find(&format!("d{n}"), None).unwrap();
        let mut text = String::new();
        read.segment(Collection::Devices, row.segment()).write_twin(row.place(), &mut text);
        let tags = format!("\"tags\":{{\"n\":{ts},\"s\":\"text {ts}\"}}");
        assert_eq!(text, format!("{{\"deviceId\":\"d{n}\",{tags}}}"));
    }
}

#[test]
fn readers_see_whole_versions_while_they_are_written_and_pruned() {
    let shared = Shared::new(Index::new(IndexOptions::default()));
    (0..TWINS).for_each(|n| put(&shared, n, 0));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (shared, acknowledged) = (Arc::clone(&shared), Arc::clone(&acknowledged));
            thread::spawn(move || {
                let mut kept = shared.snapshot();
                let mut last = 0;
                while last < BATCHES {
                    let least = acknowledged.load(Ordering::Acquire);
                    let snapshot = shared.snapshot();
                    last = snapshot.ts().0;
                    assert!(last >= least, "{last} after {least}");
                    assert_whole(&snapshot);
                    assert_whole(&kept);
                    if last % 7 == 0 {
                        kept = snapshot;
                    }
                }
            })
        })
        .collect();
    for ts in 1..=BATCHES {
        shared.write().begin(Ts(ts));
        (0..TWINS).for_each(|n| put(&shared, n, ts));
        shared.publish(Ts(ts));
        acknowledged.store(ts, Ordering::Release);
        shared.prune(usize::MAX);
    }
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    shared.prune(usize::MAX);
    assert!(!shared.read().has_undo());
}
