//! libFuzzer target: see [`twindex_tests::fuzz::fuzz_seal`]. `CONTRIBUTING.md` has the command that
//! builds it; without `--cfg fuzzing` it replays files, or writes a corpus: `--corpus FOLDER`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| twindex_tests::fuzz::fuzz_seal(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    use twindex_tests::fuzz::{fuzz_seal, seal_corpus};
    twindex_tests::files::replay_or_write(fuzz_seal, seal_corpus)
}
