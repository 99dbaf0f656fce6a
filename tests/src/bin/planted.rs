//! Tries whether the tests catch the planted faults: `planted [--only NAME]...`, with the feature
//! `planted`. Writes `tests/planted.md`; with `--only` the rows of those faults alone, and what
//! passes without a fault is taken for granted. A NAME may be the beginning of some.

// Progress and usage are what a command's front is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::cell::OnceCell;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use twindex_planted::{Fault, VARIABLE, chosen};
use twindex_tests::files::path_of;
use twindex_tests::planted::{
    Attempt, CAMPAIGNS, Campaign, Caught, NO_CATCHERS, PACKAGES, TABLE, Table, attempts, campaign,
};

/// What runs longer is taken to hang.
const TIMEOUT: Duration = Duration::from_secs(600);
/// Characters of what was seen that are shown.
const SEEN_MAX: usize = 150;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut only = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        match (flag.as_str(), args.next()) {
            ("--only", Some(name)) => only.push(name),
            ("--campaign", Some(name)) => return run_here(&name, args.next()),
            _ => {
                eprintln!("usage: planted [--only NAME]...");
                return ExitCode::from(2);
            }
        }
    }
    match try_all(&only) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a campaign in this process, in which a fault may be in force.
fn run_here(name: &str, size: Option<String>) -> ExitCode {
    let size = size.and_then(|size| size.parse().ok());
    let (Some(campaign), Some(size)) = (campaign(name), size) else { return ExitCode::from(2) };
    let is_known = std::env::var(VARIABLE).is_err() || chosen().is_some();
    if !is_known {
        eprintln!("no such fault, or built without the feature `planted`");
        return ExitCode::from(2);
    }
    match (campaign.run)(size) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Tries the faults; false if one of them is caught by nobody, or something fails without one.
fn try_all(only: &[String]) -> Result<bool, Failure> {
    if !cfg!(feature = "planted") {
        return Err("to be built with `--features planted`".into());
    }
    let tests = OnceCell::new();
    if only.is_empty() && !passes_without(&tests)? {
        return Ok(false);
    }
    let is_asked = |fault: &&Fault| {
        only.is_empty() || only.iter().any(|name| fault.name().starts_with(name.as_str()))
    };
    let mut all_caught = true;
    for fault in Fault::ALL.iter().filter(is_asked) {
        let caught = catch(*fault, &tests)?;
        all_caught &= caught.is_some();
        note(*fault, caught)?;
    }
    Ok(all_caught)
}

/// Writes the row of a fault into the table, as it stands by now.
fn note(fault: Fault, caught: Option<Caught>) -> Result<(), Failure> {
    let path = path_of(TABLE);
    let mut table = match std::fs::read_to_string(&path) {
        Ok(text) => Table::read(&text),
        Err(_) => Table::default(),
    };
    table.caught.retain(|name, _| Fault::named(name).is_some());
    let name = fault.name().to_owned();
    match caught {
        Some(caught) => table.caught.insert(name, caught),
        None => table.caught.remove(&name),
    };
    Ok(std::fs::write(&path, table.text())?)
}

/// Whether every campaign and test passes without a fault.
fn passes_without(tests: &OnceCell<Vec<Tests>>) -> Result<bool, Failure> {
    let mut all_pass = true;
    for campaign in &CAMPAIGNS {
        let size = campaign.sizes[2];
        let seen = run_campaign(campaign, size, None)?;
        println!("without a fault: {}, {size} {}: {seen:?}", campaign.name, campaign.unit);
        all_pass &= seen.what.is_none();
    }
    for tests in built(tests)? {
        let seen = tests.run(None)?;
        println!("without a fault: {}: {seen:?}", tests.name());
        all_pass &= seen.what.is_none();
    }
    Ok(all_pass)
}

/// The first who catches a fault.
fn catch(fault: Fault, tests: &OnceCell<Vec<Tests>>) -> Result<Option<Caught>, Failure> {
    for attempt in attempts(fault) {
        let caught = match attempt {
            Attempt::Campaign(campaign, size) => {
                let within = format!("{size} {}", campaign.unit);
                let seen = run_campaign(campaign, size, Some(fault))?;
                seen.caught(campaign.name.to_owned(), |_| within)
            }
            Attempt::Tests(package) => {
                let mut seen = None;
                for tests in built(tests)?.iter().filter(|tests| tests.package == package) {
                    let caught = tests.run(Some(fault))?;
                    seen = caught.caught(tests.name(), |test| format!("`{test}`"));
                    if seen.is_some() {
                        break;
                    }
                }
                seen
            }
        };
        if let Some((caught, what)) = caught {
            println!("{}: {} sees {what}", fault.name(), caught.by);
            return Ok(Some(caught));
        }
    }
    println!("{}: NOBODY SEES IT", fault.name());
    Ok(None)
}

/// What was seen in a process, and how long it ran.
#[derive(Debug)]
struct Seen {
    what: Option<String>,
    took: Duration,
}

impl Seen {
    /// The row of the table, and what was seen, if anything was.
    fn caught(self, by: String, within: impl FnOnce(&str) -> String) -> Option<(Caught, String)> {
        let what = self.what?;
        let seconds = format!("{:.1}", self.took.as_secs_f64());
        Some((Caught { by, within: within(&what), seconds }, what))
    }
}

fn run_campaign(campaign: &Campaign, size: u64, fault: Option<Fault>) -> Result<Seen, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--campaign", campaign.name, &size.to_string()]);
    let (seen, output) = run(command, fault)?;
    let first = output.lines().next().unwrap_or("a panic").chars().take(SEEN_MAX).collect();
    Ok(Seen { what: seen.what.map(|what| if what.is_empty() { first } else { what }), ..seen })
}

/// Runs a process: nothing was seen if it ends well.
fn run(mut command: Command, fault: Option<Fault>) -> Result<(Seen, String), Failure> {
    command.env_remove(VARIABLE).env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    if let Some(fault) = fault {
        command.env(VARIABLE, fault.name());
    }
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut stdout = child.stdout.take().ok_or("a pipe was asked for")?;
    let reader = std::thread::spawn(move || {
        let mut output = Vec::new();
        // What cannot be read was not said.
        let _ = stdout.read_to_end(&mut output);
        String::from_utf8_lossy(&output).into_owned()
    });
    let status = loop {
        match child.try_wait()? {
            Some(status) => break Some(status),
            None if begun.elapsed() > TIMEOUT => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let output = reader.join().unwrap_or_default();
    let what = match status {
        None => Some("no end".to_owned()),
        Some(status) if status.success() => None,
        Some(status) if status.code() == Some(2) => return Err(format!("{command:?}").into()),
        Some(_) => Some(String::new()),
    };
    Ok((Seen { what, took: begun.elapsed() }, output))
}

/// The tests of one target of a package.
#[derive(Debug)]
struct Tests {
    package: String,
    target: String,
    executable: PathBuf,
    folder: PathBuf,
}

impl Tests {
    fn name(&self) -> String {
        if self.target.replace('_', "-") == self.package {
            format!("tests of {}", self.package)
        } else {
            format!("tests of {}, {}", self.package, self.target)
        }
    }

    fn run(&self, fault: Option<Fault>) -> Result<Seen, Failure> {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        let (seen, output) = run(command, fault)?;
        let failed = |line: &str| {
            let test = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
            Some(test.to_owned())
        };
        let first = || output.lines().find_map(failed).unwrap_or_else(|| "an abort".to_owned());
        Ok(Seen {
            what: seen.what.map(|what| if what.is_empty() { first() } else { what }),
            ..seen
        })
    }
}

/// The test binaries, built with the feature when they are first asked for.
fn built(tests: &OnceCell<Vec<Tests>>) -> Result<&[Tests], Failure> {
    if tests.get().is_none() {
        // Nobody else fills the cell.
        let _ = tests.set(build()?);
    }
    Ok(tests.get().map_or(&[], Vec::as_slice))
}

fn build() -> Result<Vec<Tests>, Failure> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["test", "--no-run", "--message-format", "json"]);
    command.args(["--lib", "--tests", "--features", "twindex-tests/planted"]);
    PACKAGES.iter().for_each(|package| _ = command.args(["-p", package]));
    let output = command.current_dir(path_of("")).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the tests cannot be built".into());
    }
    let text = String::from_utf8(output.stdout)?;
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tests: Vec<Tests> = messages.filter_map(|message| tests_of(&message)).collect();
    let is_catcher = |tests: &Tests| !NO_CATCHERS.contains(&tests.target.as_str());
    Ok(tests.into_iter().filter(is_catcher).collect())
}

fn tests_of(message: &Value) -> Option<Tests> {
    let executable = PathBuf::from(message["executable"].as_str()?);
    message["profile"]["test"].as_bool().filter(|is_test| *is_test)?;
    let folder = PathBuf::from(message["manifest_path"].as_str()?).parent()?.to_owned();
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let package = manifest.lines().find_map(|line| line.strip_prefix("name = "))?;
    let package = package.trim_matches('"').to_owned();
    let target = message["target"]["name"].as_str()?.to_owned();
    Some(Tests { package, target, executable, folder })
}
