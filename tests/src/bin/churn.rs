//! The churn campaign at any size: `churn [--patches N] [--twins N] [--seed S]`.
//!
//! Resident memory is compared with that of a process of its own that loads the same twins.

// Progress and usage are what a campaign's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use twindex_tests::churn::{self, Size};

fn main() -> ExitCode {
    let mut size = Size { n_twins: 100_000, n_patches: 1_000_000, seed: 1 };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next();
        let number = value.as_ref().and_then(|value| value.parse::<u64>().ok());
        match (flag.as_str(), value, number) {
            ("--patches", _, Some(number)) => size.n_patches = number,
            ("--twins", _, Some(number)) => size.n_twins = number,
            ("--seed", _, Some(number)) => size.seed = number,
            ("--load", Some(file), _) => return ended(load(Path::new(&file))),
            _ => {
                eprintln!("usage: churn [--patches N] [--twins N] [--seed S]");
                return ExitCode::from(2);
            }
        }
    }
    ended(campaign(size))
}

fn ended(result: Result<bool, Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Churns; false if more than a tenth of the memory is not given back.
fn campaign(size: Size) -> Result<bool, Box<dyn Error>> {
    let begun = Instant::now();
    let churned = churn::run(size, |line| println!("{:>6.0?} {line}", begun.elapsed()))?;
    println!("paths loaded, at most, left: {:?}", churned.n_paths);
    println!("bytes loaded {}, at most {}", churned.loaded.total(), churned.peak);
    println!("left  {:?} = {}", churned.left, churned.left.total());
    let file = std::env::temp_dir().join(format!("twindex-churn-{}.jsonl", std::process::id()));
    let mut out = BufWriter::new(File::create(&file)?);
    for twin in &churned.twins {
        writeln!(out, "{twin}")?;
    }
    out.into_inner()?.sync_all()?;
    let churn::Churned { shared, left, twins, .. } = churned;
    drop(twins);
    let resident = resident_bytes()?;
    drop(shared);
    let output = Command::new(std::env::current_exe()?).arg("--load").arg(&file).output()?;
    fs::remove_file(&file)?;
    let output = String::from_utf8(output.stdout)?;
    print!("{output}");
    let figure = |name| {
        let word = output.split_whitespace().skip_while(|word| *word != name).nth(1);
        word.and_then(|word| word.parse::<usize>().ok()).ok_or("the fresh load said nothing")
    };
    let (fresh, fresh_resident) = (figure("bytes")?, figure("resident")?);
    let percent = |of: usize, to: usize| of as f64 * 100.0 / to.max(1) as f64;
    let (bytes, resident) = (percent(left.total(), fresh), percent(resident, fresh_resident));
    println!("of a fresh load: {bytes:.1} % of the bytes, {resident:.1} % of the resident memory");
    Ok(bytes <= 110.0)
}

/// Loads twins and says what they take.
fn load(file: &Path) -> Result<bool, Box<dyn Error>> {
    let lines = BufReader::new(File::open(file)?).lines();
    let index = churn::load(lines.map_while(Result::ok))?;
    let bytes = index.stats().bytes;
    println!("fresh {bytes:?}");
    println!("bytes {} resident {}", bytes.total(), resident_bytes()?);
    Ok(true)
}

/// Resident memory of this process.
fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("no resident memory is told here")?.parse::<usize>()? * 1_024)
}
