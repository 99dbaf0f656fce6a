//! What fuzzers call, under mutations of what they begin with. Stores are forged in `damage.rs`.

use twindex_tests::fuzz::{
    fuzz_json, fuzz_seal, fuzz_token, json_corpus, mutations, seal_corpus, token_corpus,
};

#[test]
fn no_token_makes_a_query_panic() {
    let corpus = token_corpus();
    assert_eq!(corpus.len(), 6, "two for each question");
    mutations(1, 3_000, &corpus, fuzz_token);
}

#[test]
fn no_text_makes_a_reader_panic() {
    mutations(1, 3_000, &json_corpus(), fuzz_json);
}

#[test]
fn no_seal_makes_a_backup_panic() {
    let corpus = seal_corpus();
    assert_eq!(corpus.len(), 1);
    mutations(1, 1_000, &corpus, fuzz_seal);
}
