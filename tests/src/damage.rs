//! Damage: bits of a small store are flipped, its files cut off and taken away, and checksums forged
//! over payloads that make no sense.
//!
//! What chance does is reported, with the file and a place in it, or changes no answer; of a backup,
//! which is sealed, every bit of it is reported. What only
//! forgery does may change answers, but never makes a reader panic, or take memory that the files do
//! not account for.
//!
//! One thing cannot be told from a store that was never written further: the last file of a log, cut
//! off just where a frame ends. Its answers are then those of an earlier version, whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use peak_alloc::PeakAlloc;
use twindex::storage::{MemoryStorage, Storage as _};
use twindex::{Error, StoreError};
use twindex_testkit::Dice;

use crate::fuzz::{fuzz_store, mutations, store_corpus};
use crate::small_store::{History, answers, backup_of, open, open_backup, small_store};

/// Memory that opening a store may take for each byte of its files: a table is up to so much wider
/// than what is written of it.
const BYTES_PER_BYTE_MAX: usize = 64;

/// Memory that a forged store may take: an id in a frame can be as far ahead as its bound allows.
const FORGED_BYTES_MAX: usize = 512 << 20;

/// Milliseconds that a forged store may take.
const FORGED_MS_MAX: u128 = 20_000;

/// What a campaign did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DamageReport {
    /// Bytes of the store.
    pub n_bytes: usize,
    /// Stores with a flipped bit.
    pub n_flips: u64,
    /// Stores with a file cut off.
    pub n_cuts: u64,
    /// Damage that was reported as an error.
    pub n_errors: u64,
    /// Damage that was reported as a torn tail of the log, which was cut off.
    pub n_torn: u64,
    /// Damage where nothing is kept: all answers as before.
    pub n_harmless: u64,
    /// Logs cut off where a frame ends.
    pub n_earlier: u64,
    /// Backups with a flipped bit or a file cut off, each of them refused.
    pub n_of_backups: u64,
    /// Most memory that opening one took.
    pub peak_bytes: usize,
}

/// Flips a bit of every `every`th byte, and cuts every file before it; `memory` is the allocator of
/// the program.
///
/// # Errors
/// The damage that was not reported.
pub fn damage(seed: u64, every: usize, memory: &PeakAlloc) -> Result<DamageReport, String> {
    let store = MemoryStorage::default();
    let history = small_store(Arc::new(store.clone())).map_err(|error| error.to_string())?;
    let mut dice = Dice::new(seed);
    let mut names = store.list().map_err(|error| error.to_string())?;
    names.sort_unstable();
    let last_log = names.iter().rfind(|name| name.starts_with("log-")).cloned();
    let files: Vec<Vec<u8>> = names.iter().filter_map(|name| store.bytes(name)).collect();
    let n_bytes = files.iter().map(Vec::len).sum();
    let mut judge =
        Judge { history, memory, report: DamageReport { n_bytes, ..DamageReport::default() } };
    judge.damage_backup(&store, &mut dice, every)?;
    for (name, bytes) in names.iter().zip(&files) {
        for at in (dice.below(every)..bytes.len()).step_by(every) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << dice.below(8);
            judge.report.n_flips += 1;
            judge.look_at(&with(&store, name, damaged), name, Harm::Flip)?;
            let harm = if Some(name) == last_log.as_ref() { Harm::LogCut } else { Harm::Cut };
            judge.report.n_cuts += 1;
            judge.look_at(&with(&store, name, bytes[..at].to_vec()), name, harm)?;
        }
        let without = store.to_copy();
        without.remove(name).map_err(|error| error.to_string())?;
        let harm = if Some(name) == last_log.as_ref() { Harm::LogCut } else { Harm::Loss };
        judge.look_at(&without, name, harm)?;
    }
    Ok(judge.report)
}

fn with(store: &MemoryStorage, name: &str, bytes: Vec<u8>) -> MemoryStorage {
    let damaged = store.to_copy();
    damaged.set_bytes(name, bytes);
    damaged
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Flip,
    Cut,
    /// The last file of the log was cut off.
    LogCut,
    /// The file is gone.
    Loss,
}

struct Judge<'a> {
    history: History,
    memory: &'a PeakAlloc,
    report: DamageReport,
}

impl Judge<'_> {
    /// The same of a backup, where every byte is sealed.
    fn damage_backup(
        &mut self,
        store: &MemoryStorage,
        dice: &mut Dice,
        every: usize,
    ) -> Result<(), String> {
        let backup = backup_of(store).map_err(|error| error.to_string())?;
        for name in backup.list().map_err(|error| error.to_string())? {
            let bytes = backup.bytes(&name).unwrap_or_default();
            for at in (dice.below(every)..bytes.len()).step_by(every) {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << dice.below(8);
                for damaged in [flipped, bytes[..at].to_vec()] {
                    match open_backup(&with(&backup, &name, damaged)) {
                        Err(Error::Store(error)) => is_report(&error, &name, Harm::Flip)?,
                        outcome => return Err(format!("{outcome:?} of `{name}` damaged at {at}")),
                    }
                    self.report.n_of_backups += 1;
                }
            }
        }
        Ok(())
    }

    /// Opens a damaged store: an error that names the file, or the answers of before.
    fn look_at(&mut self, image: &MemoryStorage, name: &str, harm: Harm) -> Result<(), String> {
        let say = |what: String| format!("{harm:?} of `{name}`: {what}");
        let before = self.memory.current_usage();
        self.memory.reset_peak_usage();
        let opened = catch_unwind(AssertUnwindSafe(|| open(image)));
        let peak = self.memory.peak_usage().saturating_sub(before);
        self.report.peak_bytes = self.report.peak_bytes.max(peak);
        if peak > BYTES_PER_BYTE_MAX * self.report.n_bytes {
            return Err(say(format!("opening took {peak} bytes")));
        }
        let db = match opened.map_err(|_| say("a panic".to_owned()))? {
            Err(Error::Store(error)) => {
                self.report.n_errors += 1;
                return is_report(&error, name, harm).map_err(say);
            }
            Err(error) => return Err(say(format!("is no error of a store: {error:?}"))),
            Ok(db) => db,
        };
        let torn = db.recovery().and_then(|recovery| recovery.torn.clone());
        let found = answers(&db).map_err(|error| say(error.to_string()))?;
        let last = self.history.last_key_value();
        if torn.is_none() && last.is_some_and(|(_, answers)| *answers == found) {
            self.report.n_harmless += 1;
            return Ok(());
        }
        if self.history.get(&db.version()) != Some(&found) {
            return Err(say("rows that nobody wrote".to_owned()));
        }
        match torn {
            Some(torn) if torn.file == name => self.report.n_torn += 1,
            None if harm == Harm::LogCut => self.report.n_earlier += 1,
            torn => return Err(say(format!("reported as {torn:?}"))),
        }
        Ok(())
    }
}

/// Whether an error names the damaged file; a file that is gone may be missed elsewhere.
fn is_report(error: &StoreError, name: &str, harm: Harm) -> Result<(), String> {
    let file = match error {
        StoreError::Corrupt { file, .. }
        | StoreError::NewerFormat { file, .. }
        | StoreError::Foreign { file }
        | StoreError::Missing { file } => file,
        _ => return Err(format!("is no report of damage: {error:?}")),
    };
    let is_elsewhere = matches!(harm, Harm::Loss | Harm::LogCut);
    if file == name || is_elsewhere { Ok(()) } else { Err(format!("reported as {error}")) }
}

/// What a campaign of forgery did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForgeryReport {
    /// Stores opened.
    pub n_stores: u64,
    /// Most memory that one took.
    pub peak_bytes: usize,
    /// The slowest, in milliseconds.
    pub slowest_ms: u128,
}

/// Forges `n` stores, opens each, asks it everything and writes to it.
///
/// # Errors
/// The data that [`fuzz_store`] panicked on, took too much memory or too long for.
pub fn forgery(seed: u64, n: u64, memory: &PeakAlloc) -> Result<ForgeryReport, String> {
    let report = std::cell::Cell::new(ForgeryReport::default());
    let fault = std::cell::OnceCell::new();
    let corpus = store_corpus();
    mutations(seed, n, &corpus, |data| {
        if fault.get().is_some() {
            return;
        }
        let before = memory.current_usage();
        memory.reset_peak_usage();
        let begun = std::time::Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| fuzz_store(data)));
        let peak = memory.peak_usage().saturating_sub(before);
        let taken = begun.elapsed().as_millis();
        let was = report.get();
        report.set(ForgeryReport {
            n_stores: was.n_stores + 1,
            peak_bytes: was.peak_bytes.max(peak),
            slowest_ms: was.slowest_ms.max(taken),
        });
        let what = match outcome {
            Err(_) => Some("a panic".to_owned()),
            Ok(()) if peak > FORGED_BYTES_MAX => Some(format!("{peak} bytes")),
            Ok(()) if taken > FORGED_MS_MAX => Some(format!("{taken} ms")),
            Ok(()) => None,
        };
        if let Some(what) = what {
            // The first one is kept; it can be replayed by the fuzz target.
            let file = std::env::temp_dir().join(format!("twindex-forged-{seed}"));
            let kept = std::fs::write(&file, data).map(|()| file.display().to_string());
            _ = fault.set(format!("seed {seed}: {what}; `fuzz_store` replays {kept:?}"));
        }
    });
    fault.into_inner().map_or(Ok(report.get()), Err)
}
