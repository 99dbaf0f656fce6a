//! Paging under writes: walks from page to page while twins change, appear and vanish.
//!
//! A token pins no version: each page is of the newest one. What must hold is that a twin that
//! stayed, and whose match and sort keys did not change, is given exactly once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use twindex::{LoadOptions, ManualClock, NewTwin, Options, TwinId, Twindex, Write};
use twindex_testkit::Dice;

use crate::pair::index_variants;

/// Walks, and what happened on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walks {
    /// Walks from the first page to the last.
    pub n_walks: u64,
    /// Pages read.
    pub n_pages: u64,
    /// Writes between pages.
    pub n_writes: u64,
}

/// Queries that give a row a twin and match all that stay; the keys do not change.
const QUERIES: [&str; 7] = [
    "SELECT deviceId FROM devices WHERE tags.kind = 'stays'",
    "SELECT deviceId FROM devices WHERE tags.rank >= 0",
    "SELECT deviceId FROM devices",
    "SELECT deviceId FROM devices WHERE tags.kind = 'stays' ORDER BY tags.rank",
    "SELECT deviceId FROM devices ORDER BY tags.third DESC",
    "SELECT deviceId FROM devices WHERE STARTSWITH(tags.kind, 'st') ORDER BY tags.third, tags.name DESC",
    "SELECT deviceId FROM devices ORDER BY tags.rank * -1",
];

/// Walks until `n_walks` gave every twin that stayed once.
///
/// # Errors
/// The first walk that did not, with its seed.
pub fn run(n_walks: u64, seed: u64) -> Result<Walks, String> {
    let mut seeds = Dice::new(seed);
    let mut walks = Walks::default();
    while walks.n_walks < n_walks {
        let seed = seeds.seed();
        let mut world = World::new(seed);
        for _ in 0..6.min(n_walks - walks.n_walks) {
            world.walk(&mut walks).map_err(|reason| format!("seed {seed}: {reason}"))?;
            walks.n_walks += 1;
        }
        world.db.check().map_err(|reason| format!("seed {seed}: {reason}"))?;
    }
    Ok(walks)
}

struct World {
    db: Twindex,
    dice: Dice,
    n_staying: usize,
    /// Numbers of twins that come and go, those that are there.
    guests: Vec<usize>,
    n_guests: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let options = Options {
            clock: Arc::new(ManualClock::new(0)),
            index: dice.one_of(&index_variants()).clone(),
            threads: 1,
            ..Options::default()
        };
        let n_staying = [5, 20, 60, 1_500][dice.below(4)];
        let db = Twindex::with_options(options);
        let mut world = Self { db, dice, n_staying, guests: Vec::new(), n_guests: 0 };
        let staying = |n: usize| {
            let tags = json!({"kind": "stays", "rank": n, "third": n % 3, "name": format!("n{n}")});
            json!({"deviceId": format!("s{n}"), "tags": tags})
        };
        // Guests stand between those that stay, in rows that will be free.
        let mut lines = String::new();
        for n in 0..n_staying {
            lines.push_str(&format!("{}\n", staying(n)));
            if world.dice.chance(40) {
                let guest = world.next_guest();
                lines.push_str(&format!("{}\n", world.guest_document(guest)));
            }
        }
        // A slice can be read; what is missing after all is missed on the first walk.
        let _ = world.db.load(lines.as_bytes(), &LoadOptions::default());
        world
    }

    fn next_guest(&mut self) -> usize {
        self.n_guests += 1;
        self.guests.push(self.n_guests);
        self.n_guests
    }

    /// Guests match some queries and have keys among those of the others.
    fn guest_tags(&mut self) -> Value {
        let rank = self.dice.below(2 * self.n_staying);
        let kind = *self.dice.one_of(&["stays", "guest", "stray"]);
        json!({"kind": kind, "rank": rank, "third": rank % 4, "name": format!("n{rank}")})
    }

    fn guest_document(&mut self, guest: usize) -> Value {
        json!({"deviceId": format!("g{guest}"), "tags": self.guest_tags()})
    }

    fn walk(&mut self, walks: &mut Walks) -> Result<(), String> {
        let text = *self.dice.one_of(&QUERIES);
        // Not more pages than matter: each may ask for an order of all.
        let size_max = *self.dice.one_of(&[1, 3, 10, 100, 1_000]);
        let size_max = size_max.max(self.n_staying / 60);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = self.db.query(text).page_size(1 + self.dice.below(size_max));
            if let Some(token) = &token {
                query = query.after(token.clone());
            }
            let page = query.run().map_err(|error| format!("{text}: {error}"))?;
            walks.n_pages += 1;
            for row in page.values() {
                let id = row["deviceId"].as_str().unwrap_or_default().to_owned();
                *seen.entry(id).or_default() += 1;
            }
            token = page.next().map(str::to_owned);
            if token.is_none() {
                break;
            }
            self.disturb(walks)?;
        }
        let wrong = |n: &usize| seen.get(&format!("s{n}")) != Some(&1);
        match (0..self.n_staying).find(wrong) {
            None => Ok(()),
            Some(n) => {
                let times = seen.get(&format!("s{n}")).copied().unwrap_or(0);
                Err(format!("s{n} was given {times} times, pages up to {size_max}: {text}"))
            }
        }
    }

    /// A few writes: guests appear, vanish and change keys; those that stay change what is no key.
    fn disturb(&mut self, walks: &mut Walks) -> Result<(), String> {
        let n = [0, 1, 2, 8][self.dice.below(4)];
        let mut writes = Vec::new();
        for _ in 0..n {
            let write = self.write().map_err(|error| error.to_string())?;
            writes.push(write);
        }
        walks.n_writes += n as u64;
        let outcomes = self.db.write_all(writes);
        outcomes.into_iter().try_for_each(|outcome| outcome.map(drop).map_err(|e| e.to_string()))
    }

    fn write(&mut self) -> Result<Write, twindex::Error> {
        match self.dice.below(6) {
            0 | 1 => {
                let guest = self.next_guest();
                let tags = self.guest_tags().to_string();
                let id = TwinId::device(&format!("g{guest}"))?;
                Ok(Write::create(id, NewTwin::new().with_tags(&tags)?))
            }
            2 if !self.guests.is_empty() => {
                let nth = self.dice.below(self.guests.len());
                let guest = self.guests.swap_remove(nth);
                Ok(Write::delete(TwinId::device(&format!("g{guest}"))?))
            }
            3 if !self.guests.is_empty() => {
                let guest = *self.dice.one_of(&self.guests);
                let body = json!({ "tags": self.guest_tags() }).to_string();
                Write::patch_twin(TwinId::device(&format!("g{guest}"))?, &body)
            }
            _ => {
                let id = TwinId::device(&format!("s{}", self.dice.below(self.n_staying)))?;
                let n = self.dice.below(1_000);
                match self.dice.below(3) {
                    0 => Write::patch_twin(id, &json!({"tags": {"other": n}}).to_string()),
                    1 => Write::report(id, &json!({"a": {"b": n}, "c": [n]}).to_string()),
                    _ => Write::report(id, r#"{"a": null, "c": "text"}"#),
                }
            }
        }
    }
}
