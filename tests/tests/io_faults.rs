//! No failing call to storage costs an acknowledged write: some calls here. All of them:
//! `cargo run --release -p twindex-tests --bin io_faults`.

use twindex_tests::io_faults::io_faults;

#[test]
fn what_was_acknowledged_survives_failing_calls() {
    let report = io_faults(47).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(report.n_calls_max > 100 && report.n_runs > 100, "{report:?}");
    assert!(report.n_poisoned > 10 && report.n_no_room > 10, "{report:?}");
    assert!(report.n_unopened > 5 && report.n_reopened == 2 * report.n_runs, "{report:?}");
}
