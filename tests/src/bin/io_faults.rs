//! The campaign of failing I/O: `io_faults [--every N]`; every call, if not told otherwise.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let every = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(1),
        ["--every", every] => every.parse().ok().filter(|every| *every > 0),
        _ => None,
    };
    let Some(every) = every else {
        eprintln!("usage: io_faults [--every N]");
        return ExitCode::from(2);
    };
    match twindex_tests::io_faults::io_faults(every) {
        Ok(report) => println!("{report:?}"),
        Err(fault) => {
            println!("{fault}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
