//! The model campaign: an engine and the naive hub through one history after the other.

#[cfg(test)]
mod tests;

use serde_json::Value;
use twindex_lang::ast::Collection;
use twindex_oracle::{Answer, Condition, Fault, Hub, Request, TwinId, World, answer};

use super::shrink::shrink;
use super::{Draft, Guard, History, Step};
use crate::case::Asked;
use crate::compare::{Tolerances, answers_equal};
use crate::dice::Dice;
use crate::shrink::Shrinking;

/// Writes between two checks of the engine's inside.
const CHECK_EVERY: usize = 5;

/// A write, its condition spelled out.
#[derive(Clone, Debug, PartialEq)]
pub struct HubWrite {
    /// Whose twin.
    pub id: TwinId,
    /// What to do.
    pub request: Request,
    /// On which condition.
    pub condition: Condition,
}

/// The engine under test.
pub trait HubSubject {
    /// Sets the clock.
    fn set_clock(&mut self, now_ms: i64);

    /// Loads documents.
    ///
    /// # Errors
    /// Why it could not, in words.
    fn load(&mut self, documents: &[Value]) -> Result<(), String>;

    /// Hands over writes together, in order, and tells what became of each: the time it was done at
    /// in milliseconds since 1970, or why it was refused.
    ///
    /// # Errors
    /// Something other than a refusal, in words.
    fn write(&mut self, writes: &[HubWrite]) -> Result<Vec<Result<i64, Fault>>, String>;

    /// The document of a twin.
    fn twin(&self, id: &TwinId) -> Option<Value>;

    /// Keeps the newest version open, after those that are.
    fn open(&mut self);

    /// Closes an open version; the later ones move up.
    fn close(&mut self, nth: usize);

    /// All rows of a query, of the newest version or of an open one.
    ///
    /// # Errors
    /// Why it was refused, in words.
    fn query(&mut self, text: &str, at: Option<usize>) -> Result<Answer, String>;

    /// Whether what the engine derived agrees with what it holds.
    ///
    /// # Errors
    /// What does not agree, in words.
    fn check(&self) -> Result<(), String>;
}

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelCampaign {
    /// Histories run.
    pub n_histories: u64,
    /// Writes handed over.
    pub n_writes: u64,
    /// Of these, refused by both.
    pub n_refused: u64,
    /// Queries asked.
    pub n_queries: u64,
    /// Of these, of a version that was not the newest.
    pub n_old: u64,
    /// Of all, with at least one row.
    pub n_with_rows: u64,
}

/// A history on which engine and naive hub differ.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFailure {
    /// The history, as small as it got.
    pub history: History,
    /// How they differ.
    pub difference: String,
}

impl std::fmt::Display for ModelFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.difference, self.history.report())
    }
}

/// Runs `n_histories` histories.
///
/// # Errors
/// The first difference, on a history that was made small if asked for. `start` gives an empty engine for the
/// history of this seed, the same one whenever it is asked for it.
pub fn run_model(
    n_histories: u64,
    seed: u64,
    shrinking: Shrinking,
    start: &dyn Fn(u64) -> Box<dyn HubSubject>,
) -> Result<ModelCampaign, Box<ModelFailure>> {
    let mut seeds = Dice::new(seed);
    let mut campaign = ModelCampaign::default();
    for _ in 0..n_histories {
        let history = History::generate(seeds.seed());
        let run = |history: &History, campaign: &mut ModelCampaign| {
            Run::new(start(history.seed), campaign).history(history)
        };
        if let Err(difference) = run(&history, &mut campaign) {
            if shrinking == Shrinking::None {
                return Err(Box::new(ModelFailure { history, difference }));
            }
            let scratch = &mut ModelCampaign::default();
            let history = shrink(&history, &mut |history| run(history, scratch).is_err());
            let difference = run(&history, scratch).err().unwrap_or(difference);
            return Err(Box::new(ModelFailure { history, difference }));
        }
        campaign.n_histories += 1;
    }
    Ok(campaign)
}

/// A version that is kept open.
struct Version {
    hub: Hub,
    /// The twins of each collection in the order of their rows.
    rows: [Vec<TwinId>; 2],
}

struct Run<'a> {
    subject: Box<dyn HubSubject>,
    hub: Hub,
    now_ms: i64,
    /// The latest that the clock ever showed.
    latest_ms: i64,
    /// The rows last seen, with the generation of each twin: its row is its own for life.
    rows: [Vec<(TwinId, Option<u64>)>; 2],
    open: Vec<Version>,
    campaign: &'a mut ModelCampaign,
}

impl<'a> Run<'a> {
    fn new(subject: Box<dyn HubSubject>, campaign: &'a mut ModelCampaign) -> Self {
        let rows = [Vec::new(), Vec::new()];
        Self {
            subject,
            hub: Hub::new(),
            now_ms: i64::MIN,
            latest_ms: i64::MIN,
            rows,
            open: Vec::new(),
            campaign,
        }
    }

    fn history(mut self, history: &History) -> Result<(), String> {
        self.set_clock(history.now_ms);
        let mut n_writes = 0;
        for (nth, step) in history.steps.iter().enumerate() {
            self.step(step).map_err(|difference| format!("step {nth}: {difference}"))?;
            n_writes += usize::from(matches!(step, Step::Write(_) | Step::Load(_)));
            if n_writes == CHECK_EVERY {
                n_writes = 0;
                self.check().map_err(|difference| format!("step {nth}: {difference}"))?;
            }
        }
        self.check()?;
        while !self.open.is_empty() {
            self.close(0)?;
        }
        self.check()
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Clock(now_ms) => {
                self.set_clock(*now_ms);
                Ok(())
            }
            Step::Load(documents) => self.load(documents),
            Step::Write(drafts) => self.write(drafts),
            Step::Open => self.open(),
            Step::Close(nth) => self.close(*nth),
            Step::Ask { asked, at } => {
                let at = at.filter(|&at| at < self.open.len());
                self.ask(asked, at).map_err(|reason| format!("at {at:?}: {reason}"))
            }
        }
    }

    fn set_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        self.latest_ms = self.latest_ms.max(now_ms);
        self.subject.set_clock(now_ms);
    }

    fn load(&mut self, documents: &[Value]) -> Result<(), String> {
        self.subject.load(documents).map_err(|reason| format!("loading: {reason}"))?;
        documents.iter().for_each(|document| self.hub.load(document));
        let ids = documents.iter().filter_map(TwinId::of_document);
        self.compare_twins(&ids.collect::<Vec<_>>())
    }

    fn write(&mut self, drafts: &[Draft]) -> Result<(), String> {
        // What comes of it does not depend on the time, which is the engine's to choose.
        let (mut scratch, mut writes, mut expected) = (self.hub.clone(), Vec::new(), Vec::new());
        for draft in drafts {
            let condition = condition(&scratch, draft);
            let Draft { id, request, .. } = draft.clone();
            expected.push(scratch.apply(&id, &request, &condition, self.now_ms));
            writes.push(HubWrite { id, request, condition });
        }
        let found = self.subject.write(&writes)?;
        self.campaign.n_writes += writes.len() as u64;
        if found.len() != expected.len() {
            return Err(format!("{} outcomes of {} writes", found.len(), expected.len()));
        }
        for (nth, (found, expected)) in found.into_iter().zip(expected).enumerate() {
            match (found, expected) {
                (Ok(at_ms), Ok(())) => self.follow(&writes[nth], at_ms)?,
                (Err(fault), Err(faults)) if faults.contains(&fault) => {
                    self.campaign.n_refused += 1;
                }
                (found, expected) => {
                    return Err(format!("write {nth}: {found:?}, not {expected:?}"));
                }
            }
        }
        let mut ids: Vec<TwinId> = writes.into_iter().map(|write| write.id).collect();
        ids.sort();
        ids.dedup();
        self.compare_twins(&ids)
    }

    /// Does what the engine did, when it did it: not before the clock's time nor the twin's, and
    /// not after both.
    fn follow(&mut self, write: &HubWrite, at_ms: i64) -> Result<(), String> {
        let last_ms = self.hub.last_ms(&write.id).unwrap_or(i64::MIN);
        let (least, most) = (self.now_ms.max(last_ms), self.latest_ms.max(last_ms));
        if !(least..=most).contains(&at_ms) {
            return Err(format!("{} is written at {at_ms} ms, not {least} to {most}", write.id));
        }
        let done = self.hub.apply(&write.id, &write.request, &write.condition, at_ms);
        done.map_err(|faults| format!("{} is refused only now: {faults:?}", write.id))
    }

    fn compare_twins(&self, ids: &[TwinId]) -> Result<(), String> {
        for id in ids {
            let (found, expected) = (self.subject.twin(id), self.hub.document(id));
            let is_same = match (&found, &expected) {
                (Some(found), Some(expected)) => twindex_oracle::equal(found, expected),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            if !is_same {
                let text = |twin: Option<Value>| twin.map_or("gone".to_owned(), |t| t.to_string());
                let (found, expected) = (text(found), text(expected));
                return Err(format!("twin {id}\nengine {found}\noracle {expected}"));
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        let rows = self.newest_rows()?;
        self.subject.open();
        self.open.push(Version { hub: self.hub.clone(), rows });
        Ok(())
    }

    fn close(&mut self, nth: usize) -> Result<(), String> {
        if nth < self.open.len() {
            // What was open is unchanged to the last.
            self.old_rows(nth)?;
            self.open.remove(nth);
            self.subject.close(nth);
        }
        Ok(())
    }

    fn ask(&mut self, asked: &Asked, at: Option<usize>) -> Result<(), String> {
        let rows = match at {
            Some(nth) => self.old_rows(nth)?,
            None => self.newest_rows()?,
        };
        let hub = at.map_or(&self.hub, |nth| &self.open[nth].hub);
        let [devices, modules] =
            rows.map(|ids| ids.iter().filter_map(|id| hub.document(id)).collect());
        let world = World { devices, modules, now_ms: self.now_ms };
        let found = self.subject.query(&asked.text, at);
        self.campaign.n_queries += 1;
        self.campaign.n_old += u64::from(at.is_some());
        let same = match (found, answer(&world, &asked.query)) {
            (Ok(found), Ok(expected)) => {
                self.campaign.n_with_rows += u64::from(!expected.rows.is_empty());
                let tolerances = Tolerances::of(&asked.query, &world);
                answers_equal(&found.rows, &expected.rows, &tolerances)
            }
            (Err(_), Err(_)) => Ok(()),
            (Err(reason), Ok(_)) => Err(format!("refused by the engine alone: {reason}")),
            (Ok(_), Err(refusal)) => Err(format!("refused by the oracle alone: {refusal}")),
        };
        same.map_err(|reason| format!("{reason}\non {}", asked.text))
    }

    /// The rows of an open version, which are what they were when it was opened.
    fn old_rows(&mut self, nth: usize) -> Result<[Vec<TwinId>; 2], String> {
        let rows = self.rows_at(Some(nth))?;
        if rows == self.open[nth].rows {
            return Ok(rows);
        }
        Err(format!("rows of open version {nth} are {rows:?}, were {:?}", self.open[nth].rows))
    }

    /// The rows of the newest version: of all its twins, those that stayed in the order they had.
    fn newest_rows(&mut self) -> Result<[Vec<TwinId>; 2], String> {
        let rows = self.rows_at(None)?;
        for (of_modules, ids) in rows.iter().enumerate() {
            let mut expected: Vec<&TwinId> = self
                .hub
                .ids()
                .filter(|id| usize::from(id.module_id.is_some()) == of_modules)
                .collect();
            let mut found: Vec<&TwinId> = ids.iter().collect();
            found.sort();
            expected.sort();
            if found != expected {
                return Err(format!("twins are {found:?}, not {expected:?}"));
            }
            let known = |id: &TwinId| (id.clone(), self.hub.generation(id));
            let now: Vec<_> = ids.iter().map(known).collect();
            let before = &self.rows[of_modules];
            let stayed: Vec<_> = before.iter().filter(|twin| now.contains(twin)).collect();
            let are_now: Vec<_> = now.iter().filter(|twin| before.contains(twin)).collect();
            if stayed != are_now {
                return Err(format!("the rows {are_now:?} were {stayed:?}"));
            }
            self.rows[of_modules] = now;
        }
        Ok(rows)
    }

    fn rows_at(&mut self, at: Option<usize>) -> Result<[Vec<TwinId>; 2], String> {
        let mut all = [Vec::new(), Vec::new()];
        for (rows, collection) in all.iter_mut().zip([Collection::Devices, Collection::Modules]) {
            let text = match collection {
                Collection::Modules => "SELECT deviceId, moduleId FROM devices.modules",
                _ => "SELECT deviceId FROM devices",
            };
            let answer = self.subject.query(text, at)?;
            *rows = answer.rows.iter().filter_map(TwinId::of_document).collect();
        }
        Ok(all)
    }

    fn check(&mut self) -> Result<(), String> {
        self.subject.check().map_err(|reason| format!("checking: {reason}"))?;
        self.newest_rows()?;
        let ids: Vec<TwinId> = self.hub.ids().cloned().collect();
        self.compare_twins(&ids)
    }
}

/// The condition of a draft on the twin as it is now.
fn condition(hub: &Hub, draft: &Draft) -> Condition {
    let off = |version: u64, n: i64| version.checked_add_signed(n).unwrap_or(9);
    let [desired, reported] = hub.versions(&draft.id).unwrap_or([1, 1]);
    let none = Condition::default();
    match draft.guard {
        Guard::None => none,
        Guard::AnyEtag => Condition { etag: Some("*".to_owned()), ..none },
        Guard::Etag(n) => {
            let etag = hub.etag(&draft.id, n).unwrap_or_else(|| "AAAAAAAAAAE=".to_owned());
            Condition { etag: Some(etag), ..none }
        }
        Guard::Desired(n) => Condition { desired_version: Some(off(desired, n)), ..none },
        Guard::Reported(n) => Condition { reported_version: Some(off(reported, n)), ..none },
    }
}
