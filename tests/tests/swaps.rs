//! Readers never see half a batch, and races have one winner: the campaign at the size CI can
//! afford. Ten minutes: `cargo run --release -p twindex-tests --bin swaps`.

use std::time::Duration;

use twindex_tests::swaps;

#[test]
fn what_holds_in_every_version_is_never_seen_broken() {
    match swaps::run(Duration::from_secs(25), 1) {
        Ok(swaps) => {
            assert!(swaps.n_batches > 20 && swaps.n_changes > 20, "{swaps:?}");
            assert_eq!(swaps.answers.len(), 25, "{swaps:?}");
        }
        Err(reason) => panic!("{reason}"),
    }
}

#[test]
fn a_race_for_an_etag_has_one_winner() {
    match swaps::run_races(2_000) {
        Ok(races) => assert_eq!(races.n_lost, 3 * races.n_races, "{races:?}"),
        Err(reason) => panic!("{reason}"),
    }
}
