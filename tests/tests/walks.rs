//! Pages under writes give each twin that stays once: the campaign at the size CI can afford. A
//! longer run: `cargo run --release -p twindex-tests --bin walks -- --walks 100000`.

#[test]
fn a_twin_that_stays_is_neither_missed_nor_repeated() {
    match twindex_tests::walks::run(150, 1) {
        Ok(walks) => assert!(walks.n_pages > 1_000 && walks.n_writes > 1_000, "{walks:?}"),
        Err(reason) => panic!("{reason}"),
    }
}
