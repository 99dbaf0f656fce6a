//! The concurrency campaign at any size: `swaps [--seconds N] [--races N] [--seed S]`.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Duration;

use twindex_tests::swaps;

fn main() -> ExitCode {
    let (mut n_seconds, mut n_races, mut seed) = (600, 100_000, 1);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value) {
            ("--seconds", Some(value)) => n_seconds = value,
            ("--races", Some(value)) => n_races = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: swaps [--seconds N] [--races N] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    let swaps = swaps::run(Duration::from_secs(n_seconds), seed);
    let races = swaps::run_races(n_races);
    match (swaps, races) {
        (Ok(swaps), Ok(races)) => {
            println!("{swaps:#?}\n{races:?}");
            ExitCode::SUCCESS
        }
        (swaps, races) => {
            for reason in [swaps.err(), races.err()].into_iter().flatten() {
                println!("{reason}");
            }
            ExitCode::FAILURE
        }
    }
}
