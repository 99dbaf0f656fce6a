//! The differential campaign at any size: `differential [--pairs N] [--seed S]`.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

/// Pairs between two lines of progress, each block with a seed of its own.
const BLOCK_PAIRS: u64 = 100_000;

fn main() -> ExitCode {
    let (mut n_pairs, mut seed) = (BLOCK_PAIRS, 1);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value) {
            ("--pairs", Some(value)) => n_pairs = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: differential [--pairs N] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    campaign(n_pairs, seed)
}

fn campaign(n_pairs: u64, seed: u64) -> ExitCode {
    let begun = Instant::now();
    let (mut n_done, mut n_with_rows) = (0, 0);
    for seed in seed.. {
        if n_done >= n_pairs {
            break;
        }
        match twindex_tests::differential::run(BLOCK_PAIRS.min(n_pairs - n_done), seed) {
            Ok(campaign) => {
                n_done += campaign.n_pairs;
                n_with_rows += campaign.n_with_rows;
            }
            Err(failure) => {
                println!("seed {seed}: {failure}");
                return ExitCode::FAILURE;
            }
        }
        println!("{n_done} pairs agree, {n_with_rows} with rows, {:.0?}", begun.elapsed());
    }
    ExitCode::SUCCESS
}
