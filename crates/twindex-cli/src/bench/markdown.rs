//! The figures of a bench as Markdown, to be pasted below "Results" in `benches/README.md`.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use twindex::{Clock as _, SystemClock};

use crate::bench::report::{Report, ratio};
use crate::output::{bytes, count, duration};

const DAY_MS: i64 = 86_400_000;

/// Writes a section: machine and date, load and memory, and a table of classes.
pub(crate) fn write_markdown(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Report { loaded, floors, .. } = report;
    let is_large = loaded.n_twins > 3_000_000;
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let date = date_of(SystemClock.now_ms());
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
    for (question, measured, floor) in &report.classes {
        let target = if is_large { question.target_10m() } else { question.target_1m() };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {:.1} | {} | {} |",
            question.name,
            target.map_or_else(|| "–".to_owned(), duration),
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

/// The day of a time in milliseconds since 1970, as `2026-01-31`.
fn date_of(ms: i64) -> String {
    // Days from the first of March of year 0, so that a leap day is the last of its year.
    let days = ms.div_euclid(DAY_MS) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, date_of};

    #[test]
    fn days_are_those_of_the_calendar() {
        let dates = [0, 59, 11_016, 20_513].map(|day| date_of(day * DAY_MS));
        assert_eq!(dates, ["1970-01-01", "1970-03-01", "2000-02-29", "2026-03-01"]);
        assert_eq!(date_of(-1), "1969-12-31");
    }
}
