//! The model campaign at any size: `model [--histories N] [--seed S]`.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

/// Histories between two lines of progress, each block with a seed of its own.
const BLOCK_HISTORIES: u64 = 1_000;

fn main() -> ExitCode {
    let (mut n_histories, mut seed) = (BLOCK_HISTORIES, 1);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value) {
            ("--histories", Some(value)) => n_histories = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: model [--histories N] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    campaign(n_histories, seed)
}

fn campaign(n_histories: u64, seed: u64) -> ExitCode {
    let begun = Instant::now();
    let (mut n_done, mut n_writes, mut n_queries) = (0, 0, 0);
    for seed in seed.. {
        if n_done >= n_histories {
            break;
        }
        match twindex_tests::model::run(BLOCK_HISTORIES.min(n_histories - n_done), seed) {
            Ok(campaign) => {
                n_done += campaign.n_histories;
                n_writes += campaign.n_writes;
                n_queries += campaign.n_queries;
            }
            Err(failure) => {
                println!("seed {seed}: {failure}");
                return ExitCode::FAILURE;
            }
        }
        let took = begun.elapsed();
        println!("{n_done} histories, {n_writes} writes, {n_queries} queries, {took:.0?}");
    }
    ExitCode::SUCCESS
}
