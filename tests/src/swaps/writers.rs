//! Writers: batches after which everything that must hold does.

use std::sync::atomic::Ordering;

use serde_json::json;
use twindex::{Error, NewTwin, TwinId, Write};
use twindex_testkit::Dice;

use super::fleet::{AMOUNT, BEAT, N_COLOURS, N_GUESTS, N_TWINS, colour, guest, swapped, text};
use super::{N_WRITERS, Shared, lock};

/// Actions in a batch at most, and in one of many, which readers come in between.
const ACTIONS_MAX: usize = 12;
const MANY_ACTIONS: usize = 150;

/// A twin as its writer knows it.
#[derive(Clone, Copy)]
struct Held {
    colour: usize,
    rank: usize,
    amount: i64,
}

struct Writer {
    part: usize,
    dice: Dice,
    /// Every `N_WRITERS`th twin of the fleet.
    twins: Vec<Held>,
    /// Guests that are there, by number.
    guests: Vec<usize>,
    n_guests: usize,
    n_beats: u64,
}

/// Writes batches until the campaign is over, and checks that each is seen once acknowledged.
pub(super) fn write(shared: &Shared, part: usize, dice: Dice) -> Result<(), String> {
    let held = |n: usize| Held { colour: n % N_COLOURS, rank: n, amount: AMOUNT };
    let mut writer = Writer {
        part,
        dice,
        twins: (part..N_TWINS).step_by(N_WRITERS).map(held).collect(),
        guests: (0..N_GUESTS).collect(),
        n_guests: N_GUESTS,
        n_beats: 0,
    };
    while !shared.is_over() {
        let writes = writer.batch().map_err(|error| error.to_string())?;
        let n_writes = writes.len() as u64;
        let mut version = 0;
        for outcome in shared.db.write_all(writes) {
            let written = outcome.map_err(|error| format!("a write was refused: {error}"))?;
            version = version.max(written.version);
        }
        shared.n_batches.fetch_add(1, Ordering::Relaxed);
        shared.n_writes.fetch_add(n_writes, Ordering::Relaxed);
        writer.see_own(shared, version)?;
    }
    Ok(())
}

impl Writer {
    fn batch(&mut self) -> Result<Vec<Write>, Error> {
        let mut writes = Vec::new();
        let n_max = if self.dice.chance(10) { MANY_ACTIONS } else { ACTIONS_MAX };
        for _ in 0..1 + self.dice.below(n_max) {
            match self.dice.below(5) {
                0 => self.swap(&mut writes)?,
                1 => self.rank(&mut writes)?,
                2 => self.transfer(&mut writes)?,
                3 => self.agree(&mut writes)?,
                _ => self.relay(&mut writes)?,
            }
        }
        if self.part == 0 {
            self.n_beats += 1;
            let body = json!({"tags": {"n": self.n_beats}}).to_string();
            writes.push(Write::patch_twin(TwinId::device(BEAT)?, &body)?);
        }
        Ok(writes)
    }

    fn two(&mut self) -> (usize, usize) {
        let n = self.twins.len();
        (self.dice.below(n), self.dice.below(n))
    }

    fn id(&self, nth: usize) -> Result<TwinId, Error> {
        TwinId::device(&swapped(self.part + nth * N_WRITERS))
    }

    /// Two twins swap colour and text.
    fn swap(&mut self, writes: &mut Vec<Write>) -> Result<(), Error> {
        let (a, b) = self.two();
        (self.twins[a].colour, self.twins[b].colour) = (self.twins[b].colour, self.twins[a].colour);
        for nth in [a, b] {
            let now = self.twins[nth].colour;
            let body = json!({"tags": {"colour": colour(now), "text": text(now)}});
            writes.push(Write::patch_twin(self.id(nth)?, &body.to_string())?);
        }
        Ok(())
    }

    /// Two twins swap ranks.
    fn rank(&mut self, writes: &mut Vec<Write>) -> Result<(), Error> {
        let (a, b) = self.two();
        (self.twins[a].rank, self.twins[b].rank) = (self.twins[b].rank, self.twins[a].rank);
        for nth in [a, b] {
            let body = json!({"tags": {"rank": self.twins[nth].rank}});
            writes.push(Write::patch_twin(self.id(nth)?, &body.to_string())?);
        }
        Ok(())
    }

    /// A part of one twin's amount goes to another. Tags are replaced, which must not part them.
    fn transfer(&mut self, writes: &mut Vec<Write>) -> Result<(), Error> {
        let (a, b) = self.two();
        let moved = self.dice.between(-5, 5);
        self.twins[a].amount -= moved;
        self.twins[b].amount += moved;
        for nth in [a, b] {
            let Held { colour: now, rank, amount } = self.twins[nth];
            let tags = json!({"kind": "twin", "colour": colour(now), "text": text(now),
                "rank": rank, "amount": amount});
            let body = json!({ "tags": tags }).to_string();
            writes.push(Write::replace_twin(self.id(nth)?, &body)?);
        }
        Ok(())
    }

    /// What is desired of a twin and what it reports change together.
    fn agree(&mut self, writes: &mut Vec<Write>) -> Result<(), Error> {
        let (nth, _) = self.two();
        let mode = format!("m{}", self.dice.below(50));
        let value = match self.dice.below(3) {
            0 => json!({"mode": mode, "nested": {"level": self.dice.below(9)}}),
            1 => json!({"mode": mode, "nested": "flat"}),
            _ => json!({"mode": mode, "nested": null}),
        };
        let body = json!({"properties": {"desired": value}}).to_string();
        writes.push(Write::patch_twin(self.id(nth)?, &body)?);
        writes.push(Write::report(self.id(nth)?, &value.to_string())?);
        Ok(())
    }

    /// A guest leaves and another one comes.
    fn relay(&mut self, writes: &mut Vec<Write>) -> Result<(), Error> {
        let nth = self.dice.below(self.guests.len());
        let leaving = std::mem::replace(&mut self.guests[nth], self.n_guests);
        // Some names come again, for another generation.
        if self.dice.chance(30) {
            self.guests[nth] = leaving;
        }
        self.n_guests += 1;
        writes.push(Write::delete(TwinId::device(&guest(self.part, leaving))?));
        let new = NewTwin::new().with_tags(r#"{"kind":"guest"}"#)?;
        let coming = TwinId::device(&guest(self.part, self.guests[nth]))?;
        writes.push(Write::create(coming, new));
        Ok(())
    }

    /// Whoever was acknowledged sees what was written, with and without naming the version.
    fn see_own(&mut self, shared: &Shared, version: u64) -> Result<(), String> {
        let (nth, _) = self.two();
        let Held { colour: now, rank, amount } = self.twins[nth];
        let id = swapped(self.part + nth * N_WRITERS);
        let way = self.dice.below(3);
        let at_least = match way {
            0 => format!(" AT LEAST VERSION {version}"),
            _ => String::new(),
        };
        let text = format!(
            "SELECT COUNT() AS n FROM devices WHERE deviceId = '{id}' AND tags.rank = {rank} \
             AND tags.amount = {amount} AND tags.colour = '{}'{at_least}",
            colour(now)
        );
        let mut query = shared.db.query(&text);
        if way == 1 {
            query = query.at_least_version(version);
        }
        let page = query.run().map_err(|error| format!("{text}: {error}"))?;
        if page.values().next().is_none_or(|row| row["n"] != 1) {
            let twin = shared.db.twin(&id, None).unwrap_or_default();
            return Err(format!("an acknowledged write is not seen by {text}, but {twin}"));
        }
        if self.part == 0 {
            *lock(&shared.beat) = (version, self.n_beats);
        }
        Ok(())
    }
}
