//! Documents are cut into runs that nobody waits long for, and each is in one of them.
#![allow(clippy::panic, clippy::unwrap_used)] // a test that cannot go on fails

use twindex_index::bulk::{RUN_EVENTS, RUN_TWINS};
use twindex_io::document::DocumentReader;
use twindex_model::json::reader::{LeavesReader, Strictness};

use super::{Batch, runs};

/// How many documents are in each run, of documents with so many tags; `None` for one that is bad.
fn lens(tags: &[Option<usize>]) -> Vec<usize> {
    let line = |n: &Option<usize>| match n {
        None => "{}\n".to_owned(),
        Some(n) => {
            let tags: Vec<String> = (0..*n).map(|tag| format!(r#""t{tag}":{tag}"#)).collect();
            format!("{{\"deviceId\":\"d\",\"tags\":{{{}}}}}\n", tags.join(","))
        }
    };
    let input: String = tags.iter().map(line).collect();
    let mut batch = Batch::default();
    batch.frame(&mut DocumentReader::new(input.as_bytes()), &|| false);
    let mut reader = LeavesReader::new(Strictness::Forgiving);
    batch.tasks(1).into_iter().for_each(|task| task.read(&mut reader));
    let outcomes: Vec<_> = batch.outcomes().collect();
    runs(&outcomes).map(<[_]>::len).collect()
}

#[test]
fn runs_end_by_number_and_by_size() {
    let (small, half, large) = (Some(1), Some(RUN_EVENTS / 2 - 3), Some(RUN_EVENTS + 1));
    assert_eq!(lens(&[]), [0; 0]);
    assert_eq!(lens(&[small; RUN_TWINS * 2 + 1]), [RUN_TWINS, RUN_TWINS, 1]);
    // An id and what surrounds the tags are three events.
    assert_eq!(lens(&[half; 5]), [2, 2, 1]);
    assert_eq!(lens(&[small, half, half, small]), [2, 2]);
    assert_eq!(lens(&[small, large, large, small, small]), [1, 1, 1, 2]);
    assert_eq!(lens(&[None; RUN_TWINS + 1]), [RUN_TWINS, 1]);
}
