//! No synced frame is lost to a loss of power, at the size CI can afford. A longer run:
//! `cargo run --release -p twindex-tests --bin power_loss -- --images 1000000`.

use twindex_tests::engine_crash::engine_crashes;
use twindex_tests::late_sync::late_syncs;
use twindex_tests::power_loss::power_loss;

#[test]
fn what_was_synced_survives_every_crash() {
    let report = power_loss(1, 20_000).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(report.n_in_recovery * 10 >= report.n_images * 3, "{report:?}");
    assert!(report.n_torn > 100 && report.n_ahead > 100, "{report:?}");
}

#[test]
fn what_an_engine_acknowledged_survives_every_crash() {
    let report = engine_crashes(1, 4_000).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(report.n_in_recovery * 4 >= report.n_images, "{report:?}");
    assert!(report.n_acknowledged > 500 && report.n_checkpoints > 50, "{report:?}");
}

#[test]
fn what_is_synced_late_is_lost_from_the_newest_on_alone() {
    let report = late_syncs(1, 1_500).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(report.n_acknowledged > 2_000 && report.n_lost > 50, "{report:?}");
}
