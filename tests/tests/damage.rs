//! Damage is reported or harmless, and no forged store makes a reader panic: some bytes here. All of
//! them: `cargo run --release -p twindex-tests --bin damage`.

use peak_alloc::PeakAlloc;
use twindex_tests::damage::{damage, forgery};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

// One test, since memory is measured of the whole process.
#[test]
fn damage_is_reported_or_harmless_and_forgery_does_no_harm() {
    let report = damage(1, 199, &MEMORY).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(report.n_flips > 500 && report.n_errors > 500, "{report:?}");
    assert!(report.n_of_backups > 500, "{report:?}");
    assert!(report.n_torn > 0 && report.n_harmless > 0, "{report:?}");
    let report = forgery(1, 1_500, &MEMORY).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(report.n_stores > 1_500, "{report:?}");
}
