//! `twindex bench`: the classes of queries against a generated fleet.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use twindex_fleet::corners::{CORNERS, ODD_CORNERS};
use twindex_fleet::questions::{QUESTIONS, Question};
use twindex_measure::Floors;

use crate::args::{BenchArgs, BenchFormat, FleetArgs};
use crate::bench::{
    Cancelled, Class, Report, Spans, Sweep, World, measure, write_json, write_markdown, write_table,
};
use crate::failure::UsageError;
use crate::output::steps_bar;

/// Loads the fleet, runs the classes, writes the figures.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let questions = questions(args)?;
    let [warm_up, timed] = [args.warm_up, args.seconds].map(Duration::from_secs_f64);
    let spans = Spans { warm_up, timed };
    let is_terminal = io::stdout().is_terminal();
    if let Some(sizes) = args.sweep() {
        let sweep = Sweep::measure(&sizes, &questions, (args.fleet.seed, spans))?;
        return Ok(sweep.write(is_terminal, &mut io::stdout().lock())?);
    }
    let world = World::load(args.fleet)?;
    if args.cancel {
        let found = each(&questions, |question| Cancelled::measure(&world, question))?;
        return Ok(Cancelled::write(found, is_terminal, &mut io::stdout().lock())?);
    }
    let report = report(&world, &questions, (args.fleet, spans))?;
    let mut out = io::stdout().lock();
    match args.format {
        BenchFormat::Table => write_table(&report, is_terminal, &mut out)?,
        BenchFormat::Json => write_json(&report, &mut out)?,
        BenchFormat::Markdown => write_markdown(&report, &mut out)?,
    }
    Ok(out.flush()?)
}

/// The classes asked for. Corners only if they are named or wanted.
fn questions(args: &BenchArgs) -> Result<Vec<&'static Question>, UsageError> {
    let wanted = args.only.as_deref().unwrap_or_default();
    let has_corners = args.corners || args.cancel || wanted.starts_with("corner");
    let corners = CORNERS.iter().chain(&ODD_CORNERS).filter(|_| has_corners);
    let all = || QUESTIONS.iter().chain(corners.clone());
    let questions: Vec<_> = all().filter(|one| one.name.contains(wanted)).collect();
    if questions.is_empty() {
        let names: Vec<_> = all().map(|one| one.name).collect();
        let message = format!("no class is called `{wanted}`; there are {}", names.join(", "));
        return Err(UsageError(message));
    }
    Ok(questions)
}

fn report(
    world: &World,
    questions: &[&'static Question],
    (fleet, spans): (FleetArgs, Spans),
) -> anyhow::Result<Report> {
    let floors = Floors::measure(fleet.twins);
    let classes = each(questions, |question| -> anyhow::Result<Class> {
        let measured = measure(world, question, spans)?;
        let (_, n_twins) = world.of(question)?;
        let found = measured.map(|measured| {
            let floor = floors.of(question.bound, n_twins, measured.n_bytes);
            (measured, floor)
        });
        Ok(Class { question, found })
    })?;
    let n_bytes = world.db.stats().bytes_total() as u64;
    let (loaded, resident_bytes) = (world.loaded, world.resident);
    Ok(Report { loaded, n_bytes, resident_bytes, floors, classes })
}

/// What `work` finds of each question, with a bar.
fn each<T>(
    questions: &[&'static Question],
    mut work: impl FnMut(&'static Question) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let bar = steps_bar(questions.len() as u64);
    let found = questions.iter().map(|question| {
        bar.set_message(question.name);
        let found = work(question);
        bar.inc(1);
        found
    });
    let found = found.collect();
    bar.finish_and_clear();
    found
}
