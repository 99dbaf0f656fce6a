//! Engine and naive hub agree on every history: the campaign at the size CI can afford. A longer
//! run: `cargo run --release -p twindex-tests --bin model -- --histories 1000000`.

use std::thread;

/// Histories that each of two threads runs.
const HISTORIES: u64 = 2_500;

#[test]
fn engine_agrees_with_the_naive_hub() {
    let campaigns =
        [1, 2].map(|seed| thread::spawn(move || twindex_tests::model::run(HISTORIES, seed)));
    for campaign in campaigns {
        match campaign.join().expect("a campaign does not panic") {
            Ok(campaign) => {
                assert_eq!(campaign.n_histories, HISTORIES);
                assert!(campaign.n_old * 4 > campaign.n_queries, "{campaign:?}");
            }
            Err(failure) => panic!("{failure}"),
        }
    }
}
