//! Engine and oracle agree: the campaign at the size CI can afford. A longer run:
//! `cargo run --release -p twindex-tests --bin differential -- --pairs 10000000`.

use std::thread;

/// Pairs that each of two threads compares.
const PAIRS: u64 = 100_000;

#[test]
fn engine_agrees_with_oracle() {
    let campaigns =
        [1, 2].map(|seed| thread::spawn(move || twindex_tests::differential::run(PAIRS, seed)));
    for campaign in campaigns {
        match campaign.join().expect("a campaign does not panic") {
            Ok(campaign) => assert!(campaign.n_with_rows * 3 > campaign.n_pairs, "{campaign:?}"),
            Err(failure) => panic!("{failure}"),
        }
    }
}
