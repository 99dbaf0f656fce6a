//! Whole segments answer as a plain table does, at the rows and codes where something ends: the
//! campaign at the size CI can afford.

#[test]
fn full_segments_answer_as_a_plain_table_does() {
    match twindex_tests::edges::run(4, 1) {
        Ok(report) => assert!(report.n_answers > 500 && report.n_old > 200, "{report:?}"),
        Err(reason) => panic!("{reason}"),
    }
}
