//! libFuzzer target: the parser never panics, and what it accepts survives printing and parsing.
//! `CONTRIBUTING.md` has the command that builds it; without `--cfg fuzzing` it replays files.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| twindex_lang::fuzz::fuzz_parse(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        twindex_lang::fuzz::fuzz_parse(&std::fs::read(file)?);
    }
    Ok(())
}
