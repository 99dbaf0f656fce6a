//! A process that is killed, in the middle of its writes, of a checkpoint or of opening, leaves a
//! store with all it acknowledged.
//!
//! The other binary of a longer run is `TWINDEX_BINARY`: a release build is killed at other places
//! than one that is made for tests.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Folder, TWINS, command, run};

/// Rounds in CI. A longer run: `TWINDEX_KILLS=1000 cargo test --release -p twindex-cli kill`.
const ROUNDS: u64 = 50;

/// Where a kill is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// Writes, one after the other.
    Writes,
    /// The checkpoint at the end of a load, twice in a row, and then the writes after it.
    Checkpoint,
    /// Opening a store, twice in a row, and then the writes after it.
    Recovery,
}

impl Aim {
    fn of(round: u64) -> Self {
        match round % 6 {
            2 => Self::Checkpoint,
            5 => Self::Recovery,
            _ => Self::Writes,
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let rounds = std::env::var("TWINDEX_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let folder = Folder::new();
    let fleet = folder.write("fleet.jsonl", TWINS.as_bytes());
    let one = folder.write("one.jsonl", br#"{"deviceId":"one","tags":{"site":"Turin"}}"#);
    let db = folder.path("fleet.db");
    assert_eq!(run(&["load", "--db", &db, &fleet]).code, Some(0));
    let mut sent = 0;
    for round in 0..rounds {
        let (aim, before) = (Aim::of(round), sent);
        // Steps of a millisecond over the time that it takes.
        for milliseconds in [round % 23, round % 41] {
            match aim {
                Aim::Writes => {}
                Aim::Checkpoint => kill_after(binary(&["load", "--db", &db, &one]), milliseconds),
                Aim::Recovery => kill_after(binary(&["shell", "--db", &db]), milliseconds),
            }
        }
        let acknowledged = write_until_killed(&db, &mut sent, round % 7 * 3).max(before);
        let found = value_in(&db);
        assert!(
            (acknowledged..=sent).contains(&found),
            "round {round}, {aim:?}: acknowledged {acknowledged}, sent {sent}, found {found}"
        );
        sent = found;
    }
    assert_eq!(run(&["check", "--db", &db]).code, Some(0));
}

/// The binary that is to be killed.
fn binary(arguments: &[&str]) -> Command {
    let mut binary = match std::env::var_os("TWINDEX_BINARY") {
        Some(path) => {
            let mut binary = Command::new(path);
            binary.args(arguments);
            binary
        }
        None => command(arguments),
    };
    binary.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    binary
}

fn kill(mut process: Child) {
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
}

/// Kills a process some milliseconds after its start, whatever it has come to.
fn kill_after(mut command: Command, milliseconds: u64) {
    let process = command.spawn().expect("the binary starts");
    std::thread::sleep(Duration::from_millis(milliseconds));
    kill(process);
}

/// Sends one update after the other and kills the process after some were acknowledged, while it
/// does the next ones. Gives the last value that was acknowledged, 0 for none.
fn write_until_killed(db: &str, sent: &mut u64, n_wanted: u64) -> u64 {
    let mut shell = binary(&["shell", "--db", db, "--yes"]).spawn().expect("the shell starts");
    let mut stdin = shell.stdin.take().expect("stdin is piped");
    let first = *sent + 1;
    // More than are waited for, so that the kill falls into work.
    for _ in 0..n_wanted + 3 {
        *sent += 1;
        let value = *sent;
        writeln!(stdin, "UPDATE devices SET tags.n = {value} WHERE deviceId = 'd1';")
            .expect("a pipe holds some lines");
    }
    stdin.flush().expect("a pipe holds some lines");
    let stderr = BufReader::new(shell.stderr.take().expect("stderr is piped"));
    let told = stderr.lines().map_while(Result::ok).filter(|line| line.starts_with("updated 1"));
    let n_acknowledged = told.take(usize::try_from(n_wanted).unwrap_or(0)).count() as u64;
    kill(shell);
    if n_acknowledged == 0 { 0 } else { first + n_acknowledged - 1 }
}

fn value_in(db: &str) -> u64 {
    let text = "SELECT tags.n FROM devices WHERE deviceId = 'd1'";
    let asked = run(&["query", "--db", db, "--format", "json", text]);
    let line = asked.lines()[0];
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
