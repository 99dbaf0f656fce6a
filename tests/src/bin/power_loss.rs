//! The power-loss campaign at any size: `power_loss [--images N] [--seed S]`.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

/// Images between two lines of progress, each block with a seed of its own.
const BLOCK_IMAGES: u64 = 100_000;

fn main() -> ExitCode {
    let (mut n_images, mut seed) = (BLOCK_IMAGES, 1);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value) {
            ("--images", Some(value)) => n_images = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: power_loss [--images N] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    let begun = Instant::now();
    let mut n_done = 0;
    for seed in seed.. {
        if n_done >= n_images {
            break;
        }
        // Most images are of the store alone, which is where bytes are torn; the rest of engines.
        let n_block = BLOCK_IMAGES.min(n_images - n_done);
        let of_stores = twindex_tests::power_loss::power_loss(seed, n_block - n_block / 10);
        let of_engines = twindex_tests::engine_crash::engine_crashes(seed, n_block / 10);
        match (of_stores, of_engines) {
            (Ok(stores), Ok(engines)) => {
                n_done += stores.n_images + engines.n_images;
                let taken = begun.elapsed();
                println!("{n_done} images hold, {stores:?}, {engines:?}, {taken:.0?}");
            }
            (Err(fault), _) | (_, Err(fault)) => {
                println!("{fault}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
