//! `UPDATE` and `DELETE`: ask first, do it with a bar, tell how it went.
//!
//! What cannot be taken back is never done because a script forgot to say that it means it: where
//! nobody can be asked, `--yes` has to.

use std::io::{self, BufRead as _, Write};

use serde_json::{Value, json};
use twindex::{CancelToken, DryRun, FleetReport, FleetUpdate, SampleTwin, TwinFailure};

use crate::answer::AskError;
use crate::args::Format;
use crate::output::{count, plural, printable, twins_bar};

/// Failures told of one by one; the rest are counted.
const FAILURES_TOLD: usize = 10;

/// How it is known that a change is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Consent {
    /// `--yes` says so.
    Given,
    /// Somebody at a terminal is asked.
    Ask,
    /// Nobody can be asked, and nothing says so.
    #[default]
    Missing,
}

impl Consent {
    /// What `--yes` and the terminal make of it.
    pub(crate) fn of(is_given: bool, can_ask: bool) -> Self {
        match (is_given, can_ask) {
            (true, _) => Self::Given,
            (false, true) => Self::Ask,
            (false, false) => Self::Missing,
        }
    }
}

/// How a change went.
#[derive(Debug)]
pub(crate) struct Changed {
    /// For stderr: a line or more.
    pub(crate) summary: String,
    /// Whether no twin that matched was left as it was.
    pub(crate) is_complete: bool,
    /// What came of it; `None` where it was not meant after all.
    pub(crate) report: Option<FleetReport>,
}

/// Does what `update` says, if it is meant.
pub(crate) fn change(
    update: FleetUpdate<'_>,
    consent: Consent,
    cancel: &CancelToken,
) -> Result<Changed, AskError> {
    let verb = if update.is_delete() { "delete" } else { "update" };
    let dry = update.dry_run()?;
    let twins = plural(dry.n_matched, "twin");
    match consent {
        Consent::Given => {}
        Consent::Missing => return Err(AskError::Unconfirmed(format!("{verb} {twins}"))),
        Consent::Ask => {
            if !is_meant(&format!("{verb} {twins}?"))? {
                let summary = "nothing was done".to_owned();
                return Ok(Changed { summary, is_complete: true, report: None });
            }
        }
    }
    let bar = twins_bar(if update.is_delete() { "deleting" } else { "updating" }, Some(0));
    let progress = |now: twindex::UpdateProgress| {
        bar.set_length(now.n_matched);
        bar.set_position(now.n_done);
    };
    let done = update.clone().cancel_with(cancel).on_progress(&progress).run();
    bar.finish_and_clear();
    let report = done?;
    let is_complete = report.failures.is_empty() && report.stopped.is_none();
    let summary = summary(&format!("{verb}d"), &report);
    Ok(Changed { summary, is_complete, report: Some(report) })
}

/// Asks on the terminal; anything but `y` or `yes` is no.
fn is_meant(question: &str) -> io::Result<bool> {
    let mut err = io::stderr().lock();
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn summary(verb: &str, report: &FleetReport) -> String {
    let n_failed = report.failures.len() as u64;
    let mut text = format!("{verb} {}", plural(report.n_written, "twin"));
    if report.n_unchanged > 0 {
        text.push_str(&format!(", {} had nothing to remove", count(report.n_unchanged)));
    }
    text.push_str(&format!(", {} failed", count(n_failed)));
    for failure in report.failures.iter().take(FAILURES_TOLD) {
        let name = name_of(&failure.device_id, failure.module_id.as_deref());
        let why = if failure.is_changed_meanwhile() { "changed meanwhile: " } else { "" };
        text.push_str(&format!("\n{name}: {why}{}", printable(&failure.error.to_string())));
    }
    let n_more = n_failed.saturating_sub(FAILURES_TOLD as u64);
    if n_more > 0 {
        text.push_str(&format!("\nand {} more", count(n_more)));
    }
    if let Some(stopped) = &report.stopped {
        let n_left = report.n_matched.saturating_sub(report.n_done());
        text.push_str(&format!(
            "\nstopped, {} left: {}",
            plural(n_left, "twin"),
            printable(&stopped.error.to_string())
        ));
    }
    text
}

/// Writes how a change went for machines, as one object; for the eye it is told on stderr.
pub(crate) fn write_changed(
    changed: &Changed,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(report) = &changed.report else { return Ok(()) };
    if !matches!(format, Format::Json | Format::Jsonl) {
        return Ok(());
    }
    let failures: Vec<Value> = report.failures.iter().map(failure_json).collect();
    let mut object = json!({
        "matched": report.n_matched,
        "written": report.n_written,
        "unchanged": report.n_unchanged,
        "failures": failures,
    });
    if let Some(stopped) = &report.stopped {
        object["stopped"] = json!(stopped.error.to_string());
    }
    writeln!(out, "{object}")
}

fn failure_json(failure: &TwinFailure) -> Value {
    let (code, message) = (failure.error.code(), failure.error.to_string());
    let mut object =
        json!({ "deviceId": failure.device_id, "error": { "code": code, "message": message } });
    if let Some(module_id) = &failure.module_id {
        object["moduleId"] = json!(module_id);
    }
    object
}

/// Writes what a change would do: for machines one object, else lines for the eye.
pub(crate) fn write_dry_run(dry: &DryRun, format: Format, out: &mut dyn Write) -> io::Result<()> {
    if matches!(format, Format::Json | Format::Jsonl) {
        let sample: Vec<Value> = dry.sample.iter().map(sample_json).collect();
        return writeln!(out, "{}", json!({ "matched": dry.n_matched, "sample": sample }));
    }
    writeln!(out, "{} would change", plural(dry.n_matched, "twin"))?;
    for twin in &dry.sample {
        writeln!(out, "{}", name_of(&twin.device_id, twin.module_id.as_deref()))?;
        for change in &twin.changes {
            let text = |side| printable(Option::as_deref(side).unwrap_or("absent")).into_owned();
            let path = printable(&change.path);
            writeln!(out, "  {path}: {} → {}", text(&change.old), text(&change.new))?;
        }
        if let Some(why) = &twin.refused {
            writeln!(out, "  would be refused: {}", printable(why))?;
        }
    }
    let n_more = dry.n_matched.saturating_sub(dry.sample.len() as u64);
    if n_more > 0 { writeln!(out, "and {} more", count(n_more)) } else { Ok(()) }
}

fn sample_json(twin: &SampleTwin) -> Value {
    let value = |text: &Option<String>| -> Option<Value> {
        text.as_deref().and_then(|text| serde_json::from_str(text).ok())
    };
    let change = |change: &twindex::SampledChange| {
        let mut entry = json!({ "path": change.path });
        for (side, text) in [("old", &change.old), ("new", &change.new)] {
            if let Some(value) = value(text) {
                entry[side] = value;
            }
        }
        entry
    };
    let changes: Vec<Value> = twin.changes.iter().map(change).collect();
    let mut object = json!({ "deviceId": twin.device_id, "changes": changes });
    if let Some(module_id) = &twin.module_id {
        object["moduleId"] = json!(module_id);
    }
    if let Some(why) = &twin.refused {
        object["refused"] = json!(why);
    }
    object
}

fn name_of(device_id: &str, module_id: Option<&str>) -> String {
    let device_id = printable(device_id);
    match module_id {
        Some(module_id) => format!("{device_id}/{}", printable(module_id)),
        None => device_id.into_owned(),
    }
}

/// What to say where a change is not confirmed.
pub(crate) fn unconfirmed(what: &str) -> String {
    format!("this would {what}, and nobody can be asked: give --yes, or end it with DRY RUN")
}
