//! The figures of a bench as Markdown, to be pasted below "Results" in `benches/README.md`.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use twindex::{Clock as _, SystemClock};

use crate::bench::report::{Class, OVER_BUDGET, Report, ratio};
use crate::output::{bytes, count, duration};

/// Writes a section: machine and date, load and memory, and a table of classes.
pub(crate) fn write_markdown(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Report { loaded, floors, .. } = report;
    let is_large = loaded.n_twins > 3_000_000;
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let now = Timestamp::from_millisecond(SystemClock.now_ms()).unwrap_or_default();
    let date = now.to_zoned(TimeZone::UTC).date();
    writeln!(out, "### {} twins, {date}\n", count(loaded.n_twins))?;
    writeln!(
        out,
        "{}, {n_threads} threads; Twindex {}.\n",
        processor(),
        env!("CARGO_PKG_VERSION")
    )?;
    writeln!(out, "| what | measured | target |\n|---|---|---|")?;
    writeln!(
        out,
        "| bulk load | {:.0} twins/s, {:.0} a thread | 40000 a core |",
        report.twins_each_second(),
        report.twins_each_second() / n_threads as f64
    )?;
    writeln!(
        out,
        "| memory | {}, {} B a twin | ≤ 330 B a twin |",
        bytes(report.n_bytes),
        report.bytes_a_twin()
    )?;
    if let Some(resident) = report.resident_bytes {
        let each = resident.checked_div(loaded.n_twins).unwrap_or_default();
        writeln!(out, "| resident | {}, {each} B a twin | ≤ 3.3 GB at 10M |", bytes(resident))?;
    }
    writeln!(
        out,
        "| floors | {:.1} GB/s, {} AND+popcount, {} a miss | |\n",
        floors.bytes_each_second / 1e9,
        duration(floors.and_popcount),
        duration(floors.miss)
    )?;
    writeln!(out, "| class | target | measured | met | floor | ratio | min | p99 |")?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for Class { question, found } in &report.classes {
        let target = if is_large { question.target_10m() } else { question.target_1m() };
        let (name, wanted) = (question.name, target.map_or_else(|| "–".to_owned(), duration));
        let Some((measured, floor)) = found else {
            writeln!(out, "| {name} | {wanted} | {OVER_BUDGET} | – | – | – | – | – |")?;
            continue;
        };
        writeln!(
            out,
            "| {name} | {wanted} | {} | {} | {} | {:.1} | {} | {} |",
            duration(measured.median),
            target.map_or("–", |target| verdict(measured.median, target)),
            duration(*floor),
            ratio(measured, *floor),
            duration(measured.min),
            duration(measured.p99),
        )?;
    }
    writeln!(out, "\nMeasured: the median; ratio: median to floor.")
}

fn verdict(measured: Duration, target: Duration) -> &'static str {
    if measured <= target { "yes" } else { "no" }
}

/// What Linux calls the processor.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.and_then(|rest| rest.split_once(':')).map(|(_, name)| name.trim().to_owned());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
