//! The campaigns of damage and forgery: `damage [--every BYTES] [--forged STORES] [--seed S]`.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use peak_alloc::PeakAlloc;
use twindex_tests::damage::{damage, forgery};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let (mut every, mut n_forged, mut seed) = (1, 100_000, 1);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value) {
            ("--every", Some(value @ 1..)) => every = value,
            ("--forged", Some(value)) => n_forged = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: damage [--every BYTES] [--forged STORES] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    // What panics is caught and told with what caused it.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let damaged = damage(seed, usize::try_from(every).unwrap_or(usize::MAX), &MEMORY);
    println!("{damaged:?}");
    let forged = forgery(seed, n_forged, &MEMORY);
    println!("{forged:?}");
    if damaged.is_ok() && forged.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
