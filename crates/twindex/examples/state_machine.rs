//! A state machine in the reported properties, whose transitions are refused when they are not
//! allowed, or when somebody else was faster.
//!
//! `cargo run --example state_machine -p twindex`
//!
//! The machine itself is in the program; that a transition starts from the state that was read is
//! the engine's to guard, by the `$version` of the section. Of any number of processes that act for
//! one device at once, one succeeds and the others are told.

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use std::fmt;
use std::sync::Barrier;

use serde_json::{Value, json};
use twindex::{Error, ErrorKind, NewTwin, TwinId, Twindex, Write};

/// Where an update of firmware stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Downloading,
    Applying,
    Failed,
}

impl State {
    const ALL: [Self; 4] = [Self::Idle, Self::Downloading, Self::Applying, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Downloading => "downloading",
            Self::Applying => "applying",
            Self::Failed => "failed",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Idle | Self::Failed, Self::Downloading)
                | (Self::Downloading, Self::Applying | Self::Failed)
                | (Self::Applying, Self::Idle | Self::Failed)
        )
    }
}

/// Why a transition did not take place. The state is as it was.
#[derive(Debug)]
enum Refused {
    /// There is no such way in the machine.
    NotAllowed {
        from: State,
        to: State,
    },
    /// The twin was written since its state was read.
    Overtaken,
    Engine(Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed { from, to } => {
                write!(f, "`{}` does not become `{}`", from.name(), to.name())
            }
            Self::Overtaken => f.write_str("somebody else was faster"),
            Self::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::VersionMismatch => Self::Overtaken,
            _ => Self::Engine(error),
        }
    }
}

/// A state together with the `$version` that it was read at.
#[derive(Clone, Copy, Debug)]
struct Seen {
    state: State,
    version: u64,
}

fn read(db: &Twindex, id: &TwinId) -> Option<Seen> {
    let view: Value = serde_json::from_str(&db.device_view(id)?).ok()?;
    let reported = &view["reported"];
    let version = reported["$version"].as_u64()?;
    // A device that never said anything is idle.
    let state = reported["update"]["state"].as_str().map_or(Some(State::Idle), State::parse)?;
    Some(Seen { state, version })
}

/// Goes from the state that was seen to another, if that is allowed and nothing came in between.
fn go(db: &Twindex, id: &TwinId, seen: Seen, to: State) -> Result<Seen, Refused> {
    if !seen.state.may_become(to) {
        return Err(Refused::NotAllowed { from: seen.state, to });
    }
    let patch = json!({"update": {"state": to.name()}}).to_string();
    let write = Write::report(id.clone(), &patch)?.if_reported_version(seen.version);
    let written = db.write(write)?;
    Ok(Seen { state: to, version: written.reported_version })
}

/// Lets many threads try the same transition at once. Gives how many got through.
fn race(db: &Twindex, id: &TwinId, seen: Seen, to: State) -> usize {
    const RACERS: usize = 8;
    let start = Barrier::new(RACERS);
    let try_once = || {
        start.wait();
        go(db, id, seen, to)
    };
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(try_once)).collect();
        let outcomes = racers.into_iter().filter_map(|racer| racer.join().ok());
        outcomes.filter(Result::is_ok).count()
    })
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Twindex::in_memory();
    let id = TwinId::device("pump-1")?;
    db.write(Write::create(id.clone(), NewTwin::new()))?;
    let idle = read(&db, &id).ok_or("the device is there")?;
    assert_eq!((idle.state, idle.version), (State::Idle, 1));

    // The way through the machine.
    let downloading = go(&db, &id, idle, State::Downloading)?;
    let applying = go(&db, &id, downloading, State::Applying)?;
    assert_eq!(applying.version, 3);

    // What the machine does not allow is not even sent.
    let refusal = go(&db, &id, applying, State::Downloading);
    if let Err(refusal) = &refusal {
        println!("refused: {refusal}");
    }
    assert!(matches!(refusal, Err(Refused::NotAllowed { from: State::Applying, .. })));

    // What was seen too long ago is refused by the engine, and changes nothing.
    let refusal = go(&db, &id, downloading, State::Failed);
    if let Err(refusal) = &refusal {
        println!("refused: {refusal}");
    }
    assert!(matches!(refusal, Err(Refused::Overtaken)));
    let now = read(&db, &id).ok_or("the device is there")?;
    assert_eq!((now.state, now.version), (State::Applying, 3));

    // Of many that try at once one gets through.
    assert_eq!(race(&db, &id, applying, State::Idle), 1);
    let now = read(&db, &id).ok_or("the device is there")?;
    assert_eq!((now.state, now.version), (State::Idle, 4));

    // The fleet by state, devices that never said anything included.
    db.write(Write::create(TwinId::device("pump-2")?, NewTwin::new()))?;
    let by_state = "SELECT properties.reported.update.state AS state, COUNT() AS n \
                    FROM devices GROUP BY properties.reported.update.state";
    let rows: Vec<Value> = db.query(by_state).run()?.values().collect();
    assert_eq!(rows, [json!({"state": "idle", "n": 1}), json!({"n": 1})]);
    Ok(())
}
