//! Paging under writes at any size: `walks [--walks N] [--seed S]`.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut n_walks, mut seed) = (10_000, 1);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value) {
            ("--walks", Some(value)) => n_walks = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: walks [--walks N] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    match twindex_tests::walks::run(n_walks, seed) {
        Ok(walks) => {
            println!("{walks:?}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
    }
}
