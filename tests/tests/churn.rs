//! Nothing leaks under churn: the campaign at the size CI can afford. A longer run:
//! `cargo run --release -p twindex-tests --bin churn -- --patches 10000000`.

use twindex_tests::churn::{Size, load, run};

#[test]
fn memory_returns_to_that_of_a_fresh_load() {
    let size = Size { n_twins: 2_000, n_patches: 200_000, seed: 1 };
    let churned = run(size, |_| ()).expect("every patch is accepted");
    let [loaded, most, left] = churned.n_paths;
    assert!(left <= loaded + 2 && most > loaded + 1_000, "{:?}", churned.n_paths);
    let fresh = load(churned.twins.into_iter()).expect("twins").stats().bytes;
    // What tables keep for the next writes counts in an index as small as this one.
    let most = fresh.total() + fresh.total() / 10 + 65_536;
    assert!(churned.left.total() <= most, "{:?} where a new index has {fresh:?}", churned.left);
}
