//! The figures of a bench, for the eye and as JSON.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};
use twindex_fleet::questions::Question;
use twindex_measure::Floors;

use crate::bench::Measured;
use crate::fleet::Loaded;
use crate::output::{Figures, bytes, count, duration, plural};

/// What is written of a class that a query's budget of memory does not allow.
pub(super) const OVER_BUDGET: &str = "over budget";

/// A class and what was found of it.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) question: &'static Question,
    /// Its times and its floor; none where it may not hold the memory that it needs.
    pub(crate) found: Option<(Measured, Duration)>,
}

/// Everything a bench found.
#[derive(Debug)]
pub(crate) struct Report {
    /// How the fleet was loaded.
    pub(crate) loaded: Loaded,
    /// Bytes the engine holds.
    pub(crate) n_bytes: u64,
    /// Bytes the process has in memory, where the system tells.
    pub(crate) resident_bytes: Option<u64>,
    /// The floors of this machine.
    pub(crate) floors: Floors,
    /// The classes, in the order asked.
    pub(crate) classes: Vec<Class>,
}

impl Report {
    pub(super) fn bytes_a_twin(&self) -> u64 {
        self.n_bytes.checked_div(self.loaded.n_twins).unwrap_or_default()
    }

    #[allow(clippy::cast_precision_loss)] // numbers of twins are far below 2^53
    pub(super) fn twins_each_second(&self) -> f64 {
        self.loaded.n_twins as f64 / self.loaded.loading.as_secs_f64().max(1e-9)
    }
}

/// Writes the figures as a table.
pub(crate) fn write_table(
    report: &Report,
    is_terminal: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Report { loaded, floors, .. } = report;
    let (twins, loading) = (plural(loaded.n_twins, "twin"), duration(loaded.loading));
    writeln!(out, "load    {twins} in {loading}, {:.0} a second", report.twins_each_second())?;
    writeln!(out, "memory  {}, {} B a twin", bytes(report.n_bytes), report.bytes_a_twin())?;
    if let Some(resident) = report.resident_bytes {
        writeln!(out, "        {} of the whole process", bytes(resident))?;
    }
    writeln!(out, "floors  {:.1} GB/s read by all cores", floors.bytes_each_second / 1e9)?;
    writeln!(out, "        {} for AND+popcount of two bitmaps", duration(floors.and_popcount))?;
    writeln!(out, "        {} for a random miss", duration(floors.miss))?;
    if let Some(sync) = floors.fdatasync {
        writeln!(out, "        {} for an fdatasync", duration(sync))?;
    }
    let header = ["class", "rows", "min", "median", "p99", "floor", "ratio", "1M", "10M"];
    let mut figures = Figures::new(&header, is_terminal);
    for Class { question, found } in &report.classes {
        let name = question.name.to_owned();
        let targets = [target(question.target_1m()), target(question.target_10m())];
        let Some((measured, floor)) = found else {
            let missing = || "–".to_owned();
            let mut line = vec![name, missing(), missing(), OVER_BUDGET.to_owned()];
            line.extend([missing(), missing(), missing()].into_iter().chain(targets));
            figures.push(line);
            continue;
        };
        let [target_1m, target_10m] = targets;
        figures.push([
            name,
            count(measured.n_rows as u64),
            duration(measured.min),
            duration(measured.median),
            duration(measured.p99),
            duration(*floor),
            format!("{:.1}", ratio(measured, *floor)),
            target_1m,
            target_10m,
        ]);
    }
    figures.write(out)?;
    writeln!(out, "ratio: median to floor; 1M and 10M: the targets at so many twins")
}

/// Writes the figures as one JSON object.
pub(crate) fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Report { loaded, floors, .. } = report;
    let object = json!({
        "twins": loaded.n_twins,
        "json_bytes": loaded.n_bytes,
        "load": {
            "seconds": loaded.loading.as_secs_f64(),
            "twins_each_second": report.twins_each_second().round(),
        },
        "memory": {
            "bytes": report.n_bytes,
            "bytes_a_twin": report.bytes_a_twin(),
            "resident_bytes": report.resident_bytes,
        },
        "floors": {
            "gigabytes_each_second": floors.bytes_each_second / 1e9,
            "and_popcount_us": microseconds(floors.and_popcount),
            "miss_us": microseconds(floors.miss),
            "fdatasync_us": floors.fdatasync.map(microseconds),
        },
        "classes": report.classes.iter().map(|class| class_json(class, loaded.n_twins)).collect::<Vec<_>>(),
    });
    writeln!(out, "{object}")
}

fn class_json(Class { question, found }: &Class, n_twins: u64) -> Value {
    let Some((measured, floor)) = found else {
        let text = question.text(n_twins);
        return json!({ "class": question.name, "query": text, "over_budget": true });
    };
    json!({
        "class": question.name,
        "query": question.text(n_twins),
        "rows": measured.n_rows,
        "runs": measured.n_runs,
        "min_us": microseconds(measured.min),
        "median_us": microseconds(measured.median),
        "p99_us": microseconds(measured.p99),
        "floor_us": microseconds(*floor),
        "ratio": ratio(measured, *floor),
        "target_1m_us": question.target_1m().map(microseconds),
        "target_10m_us": question.target_10m().map(microseconds),
    })
}

fn target(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), duration)
}

pub(super) fn ratio(measured: &Measured, floor: Duration) -> f64 {
    measured.median.as_secs_f64() / floor.as_secs_f64().max(1e-9)
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
