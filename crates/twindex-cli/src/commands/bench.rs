//! `twindex bench`: the classes of queries against a generated fleet.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use twindex::Twindex;
use twindex_fleet::questions::QUESTIONS;

use crate::args::{BenchArgs, BenchFormat};
use crate::bench::{Floors, Report, measure, write_json, write_table};
use crate::failure::UsageError;
use crate::fleet::load_fleet;
use crate::output::steps_bar;
use crate::resident::resident_bytes;

/// Loads the fleet, runs the classes, writes the figures.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let wanted = args.only.as_deref().unwrap_or_default();
    let questions: Vec<_> = QUESTIONS.iter().filter(|one| one.name.contains(wanted)).collect();
    if questions.is_empty() {
        let names: Vec<_> = QUESTIONS.iter().map(|one| one.name).collect();
        let message = format!("no class is called `{wanted}`; there are {}", names.join(", "));
        return Err(UsageError(message).into());
    }
    let n_twins = args.fleet.twins;
    let db = Twindex::in_memory();
    let loaded = load_fleet(&db, args.fleet).context("cannot load the fleet")?;
    let resident_bytes = resident_bytes();
    let floors = Floors::measure(n_twins);
    let time = Duration::from_secs_f64(args.seconds);
    let bar = steps_bar(questions.len() as u64);
    let mut classes = Vec::new();
    for question in questions {
        bar.set_message(question.name);
        let measured = measure(&db, question, n_twins, time)?;
        let floor = floors.of(question.bound, n_twins, measured.n_bytes);
        classes.push((question, measured, floor));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let n_bytes = db.stats().bytes_total() as u64;
    let report = Report { loaded, n_bytes, resident_bytes, floors, classes };
    let mut out = io::stdout().lock();
    match args.format {
        BenchFormat::Table => write_table(&report, io::stdout().is_terminal(), &mut out)?,
        BenchFormat::Json => write_json(&report, &mut out)?,
    }
    Ok(out.flush()?)
}
