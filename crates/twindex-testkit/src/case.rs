//! One case: a fleet, and rounds of edits and queries.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use twindex_lang::ast::Query;
use twindex_oracle::World;

use crate::build;
use crate::dice::Dice;
use crate::generate::{Shape, generate_edit, generate_fleet, generate_query};
use crate::render::{Manner, render};

/// A fleet with what happens to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The seed it came from.
    pub seed: u64,
    /// What `NOW()` is.
    pub now_ms: i64,
    /// The twins loaded first, in order.
    pub twins: Vec<Value>,
    /// What follows.
    pub rounds: Vec<Round>,
}

/// Some edits, then some queries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// Changes, in order.
    pub edits: Vec<Edit>,
    /// Questions asked after them.
    pub queries: Vec<Asked>,
}

/// A change of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A whole twin: a new one, or in the place of the one with the same identity.
    Put(Value),
    /// The end of a twin, which is there.
    Delete {
        /// Its `deviceId`.
        device_id: String,
        /// Its `moduleId`, for a module.
        module_id: Option<String>,
    },
}

/// A query as tree and as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The tree.
    pub query: Query,
    /// One of its spellings.
    pub text: String,
}

impl Case {
    /// The case of a seed: the same one on every machine.
    #[must_use]
    pub fn generate(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let shape = Shape::generate(&mut dice);
        let twins = generate_fleet(&mut dice, &shape);
        let mut rows = Rows::new(&twins, Reuse::Never);
        let mut rounds = Vec::new();
        for n in 0..1 + dice.below(3) {
            let n_edits = if n == 0 { 0 } else { 1 + dice.below(6) };
            let mut round = Round::default();
            for _ in 0..n_edits {
                let edit = generate_edit(&mut dice, &shape, &rows.twins());
                rows.apply(&edit);
                round.edits.push(edit);
            }
            for _ in 0..3 + dice.below(6) {
                round.queries.push(Asked::generate(&mut dice, &shape));
            }
            rounds.push(round);
        }
        Self { seed, now_ms: shape.now_ms, twins, rounds }
    }

    /// The number of queries.
    #[must_use]
    pub fn n_queries(&self) -> usize {
        self.rounds.iter().map(|round| round.queries.len()).sum()
    }

    /// All that is needed to see the case again: seed, twins as JSON Lines, edits, query texts.
    #[must_use]
    pub fn report(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "seed {}, now {} ms", self.seed, self.now_ms);
        for twin in &self.twins {
            let _ = writeln!(out, "{twin}");
        }
        for round in &self.rounds {
            for edit in &round.edits {
                let _ = match edit {
                    Edit::Put(twin) => writeln!(out, "put {twin}"),
                    Edit::Delete { device_id, module_id } => {
                        writeln!(out, "delete {device_id:?} {module_id:?}")
                    }
                };
            }
            for asked in &round.queries {
                let _ = writeln!(out, "query {}", asked.text);
            }
        }
        out
    }
}

impl Asked {
    /// A query over the paths of `shape`, in some spelling.
    #[must_use]
    pub fn generate(dice: &mut Dice, shape: &Shape) -> Self {
        loop {
            let query = generate_query(dice, shape);
            let wild = render(&query, &mut Manner::Wild(Box::new(Dice::new(dice.seed()))));
            // Long texts in lists can outgrow what the language allows, gaps or not.
            let texts = [wild, render(&query, &mut Manner::Plain)];
            if let Some(text) = texts.into_iter().find(|text| text.chars().count() <= 8192) {
                return Self { query, text };
            }
        }
    }

    /// The query in its plain spelling.
    #[must_use]
    pub fn plain(mut query: Query) -> Self {
        build::flatten_query(&mut query);
        let text = render(&query, &mut Manner::Plain);
        Self { query, text }
    }
}

/// Which freed row a new twin takes. The page leaves it open; the engine has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// None: it comes after all others.
    Never,
    /// The one freed last.
    LastFreed,
    /// The first in row order.
    First,
}

/// The twins in the rows that an engine gives them.
#[derive(Clone, Debug)]
pub struct Rows {
    devices: Collection,
    modules: Collection,
    reuse: Reuse,
}

/// `deviceId`, and `moduleId` of a module.
type Identity = (String, Option<String>);

#[derive(Clone, Debug, Default)]
struct Collection {
    rows: Vec<Option<Value>>,
    /// The row of each twin.
    places: BTreeMap<Identity, usize>,
    /// Rows without a twin, in the order in which they were freed.
    free: Vec<usize>,
}

impl Rows {
    /// The rows after loading `twins` in order.
    #[must_use]
    pub fn new(twins: &[Value], reuse: Reuse) -> Self {
        let empty = Collection::default();
        let mut rows = Self { devices: empty.clone(), modules: empty, reuse };
        for twin in twins {
            rows.apply(&Edit::Put(twin.clone()));
        }
        rows
    }

    /// Changes the twins.
    pub fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Put(twin) => {
                let reuse = self.reuse;
                let collection = self.collection(twin.get("moduleId").is_some());
                collection.put(twin.clone(), reuse);
            }
            Edit::Delete { device_id, module_id } => {
                let identity = (device_id.clone(), module_id.clone());
                self.collection(module_id.is_some()).delete(&identity);
            }
        }
    }

    fn collection(&mut self, of_modules: bool) -> &mut Collection {
        if of_modules { &mut self.modules } else { &mut self.devices }
    }

    /// All twins, devices first, in row order.
    #[must_use]
    pub fn twins(&self) -> Vec<&Value> {
        self.devices.rows.iter().chain(&self.modules.rows).flatten().collect()
    }

    /// What the oracle is asked of.
    #[must_use]
    pub fn to_world(&self, now_ms: i64) -> World {
        let twins = |collection: &Collection| collection.rows.iter().flatten().cloned().collect();
        World { devices: twins(&self.devices), modules: twins(&self.modules), now_ms }
    }
}

impl Collection {
    fn put(&mut self, twin: Value, reuse: Reuse) {
        let identity = identity_of(&twin);
        let row = self.places.get(&identity).copied().or_else(|| self.free_row(reuse));
        let row = row.unwrap_or_else(|| {
            self.rows.push(None);
            self.rows.len() - 1
        });
        self.rows[row] = Some(twin);
        self.places.insert(identity, row);
    }

    fn free_row(&mut self, reuse: Reuse) -> Option<usize> {
        match reuse {
            Reuse::Never => None,
            Reuse::LastFreed => self.free.pop(),
            Reuse::First => {
                let first = self.free.iter().copied().min()?;
                self.free.retain(|&row| row != first);
                Some(first)
            }
        }
    }

    fn delete(&mut self, identity: &Identity) {
        if let Some(row) = self.places.remove(identity) {
            self.rows[row] = None;
            self.free.push(row);
        }
    }
}

fn identity_of(twin: &Value) -> Identity {
    let id = |field: &str| twin.get(field).and_then(Value::as_str).map(str::to_owned);
    (id("deviceId").unwrap_or_default(), id("moduleId"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_seed_is_the_whole_case() {
        for seed in 0..50 {
            assert_eq!(Case::generate(seed), Case::generate(seed));
        }
        assert_ne!(Case::generate(1), Case::generate(2));
    }

    #[test]
    fn freed_rows_are_taken_as_the_engine_says() {
        let twin = |id: &str| json!({ "deviceId": id });
        let delete = |id: &str| Edit::Delete { device_id: id.to_owned(), module_id: None };
        for (reuse, expected) in [
            (Reuse::Never, ["c", "d", "e"]),
            (Reuse::LastFreed, ["e", "d", "c"]),
            (Reuse::First, ["d", "e", "c"]),
        ] {
            let mut rows = Rows::new(&[twin("a"), twin("b"), twin("c")], reuse);
            rows.apply(&delete("a"));
            rows.apply(&delete("b"));
            rows.apply(&Edit::Put(twin("d")));
            rows.apply(&Edit::Put(twin("e")));
            let ids: Vec<&Value> = rows.twins().into_iter().map(|twin| &twin["deviceId"]).collect();
            assert_eq!(ids, expected, "{reuse:?}");
        }
    }

    #[test]
    fn a_twin_put_again_keeps_its_row() {
        let mut rows =
            Rows::new(&[json!({"deviceId": "a"}), json!({"deviceId": "b"})], Reuse::Never);
        rows.apply(&Edit::Put(json!({"deviceId": "a", "moduleId": "m"})));
        rows.apply(&Edit::Put(json!({"deviceId": "a", "tags": {}})));
        let world = rows.to_world(0);
        assert_eq!(world.devices, [json!({"deviceId": "a", "tags": {}}), json!({"deviceId": "b"})]);
        assert_eq!(world.modules.len(), 1);
    }
}
