//! Races for an etag: of all who write on the same one, exactly one wins.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use serde_json::{Value, json};
use twindex::{NewTwin, TwinId, Twindex, Write};

use super::lock;

/// Who race.
const N_RACERS: usize = 4;

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Races {
    /// Races, each with one winner.
    pub n_races: u64,
    /// Writes refused since somebody else had won.
    pub n_lost: u64,
}

/// Runs `n_races` races on one twin, half of them for its etag, half for its `$version`.
///
/// # Errors
/// The first race without exactly one winner.
pub fn run_races(n_races: u64) -> Result<Races, String> {
    let db = Twindex::in_memory();
    let id = TwinId::device("prize").map_err(|error| error.to_string())?;
    let created = db.write(Write::create(id.clone(), NewTwin::new()));
    let created = created.map_err(|error| error.to_string())?;
    let course = Course {
        db: &db,
        id,
        n_races,
        etag: Mutex::new((created.etag.as_str().to_owned(), created.desired_version)),
        n_won: AtomicU64::new(0),
        n_lost: AtomicU64::new(0),
        barrier: Barrier::new(N_RACERS),
        failure: Mutex::default(),
    };
    thread::scope(|scope| {
        for racer in 0..N_RACERS {
            let course = &course;
            scope.spawn(move || course.race(racer));
        }
    });
    if let Some(reason) = lock(&course.failure).take() {
        return Err(reason);
    }
    let twin: Value = serde_json::from_str(&db.twin("prize", None).unwrap_or_default())
        .map_err(|error| error.to_string())?;
    if twin["version"] != json!(n_races + 2) {
        return Err(format!("{n_races} races made {twin}"));
    }
    Ok(Races { n_races, n_lost: course.n_lost.load(Ordering::Relaxed) })
}

struct Course<'a> {
    db: &'a Twindex,
    id: TwinId,
    n_races: u64,
    /// What all race for: the twin's etag and its `$version` of desired.
    etag: Mutex<(String, u64)>,
    n_won: AtomicU64,
    n_lost: AtomicU64,
    barrier: Barrier,
    failure: Mutex<Option<String>>,
}

impl Course<'_> {
    fn race(&self, racer: usize) {
        for nth in 0..self.n_races {
            self.barrier.wait();
            let (etag, version) = lock(&self.etag).clone();
            // Everybody has read what it is about before anybody writes.
            self.barrier.wait();
            if let Err(reason) = self.run((racer, nth), &etag, version) {
                *lock(&self.failure) = Some(format!("race {nth}: {reason}"));
            }
            self.barrier.wait();
            let n_won = self.n_won.load(Ordering::SeqCst);
            if n_won != nth + 1 {
                let reason = format!("{n_won} winners after {} races", nth + 1);
                lock(&self.failure).get_or_insert(reason);
            }
            // Read by all before the next race changes it.
            self.barrier.wait();
            if lock(&self.failure).is_some() {
                return;
            }
        }
    }

    fn run(&self, (racer, nth): (usize, u64), etag: &str, version: u64) -> Result<(), String> {
        let body = json!({"properties": {"desired": {"racer": racer, "race": nth}}}).to_string();
        let write = Write::patch_twin(self.id.clone(), &body).map_err(|error| error.to_string())?;
        let is_for_etag = nth % 2 == 0;
        let write =
            if is_for_etag { write.if_etag(etag) } else { write.if_desired_version(version) };
        match self.db.write(write) {
            Ok(written) => {
                self.n_won.fetch_add(1, Ordering::SeqCst);
                *lock(&self.etag) = (written.etag.as_str().to_owned(), written.desired_version);
                self.is_seen(racer, nth)
            }
            Err(error) if error.code() == if is_for_etag { "T024" } else { "T025" } => {
                self.n_lost.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// What the winner wrote is what there is.
    fn is_seen(&self, racer: usize, nth: u64) -> Result<(), String> {
        let is = format!("properties.desired.racer = {racer} AND properties.desired.race = {nth}");
        match self.db.condition(&*is).ids().map(|ids| ids.len()) {
            Ok(1) => Ok(()),
            other => Err(format!("the winner {racer} sees {other:?} twins")),
        }
    }
}
