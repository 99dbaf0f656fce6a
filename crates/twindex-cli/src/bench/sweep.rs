//! Growth: every class at several sizes of the fleet, on one thread and on all.
//!
//! On one thread the query runs inside a pool of one: an engine never wakes its own threads for a
//! caller that is a worker of some pool, so both are measured on the same twins.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context as _;
use rayon::ThreadPoolBuilder;
use twindex_fleet::questions::Question;

use crate::args::FleetArgs;
use crate::bench::report::OVER_BUDGET;
use crate::bench::{Spans, World, measure};
use crate::output::{Figures, count, duration, steps_bar};

/// The shortest run of a class, on one thread and on all; none where it may not hold the memory that
/// it needs.
type Times = Option<[Duration; 2]>;

/// What a sweep found.
pub(crate) struct Sweep {
    sizes: Vec<u64>,
    /// By class, in the order asked, and by size.
    classes: Vec<(&'static str, Vec<Times>)>,
}

impl Sweep {
    /// Loads a fleet of each size in turn and times every class, twice.
    pub(crate) fn measure(
        sizes: &[u64],
        questions: &[&'static Question],
        (seed, spans): (u64, Spans),
    ) -> anyhow::Result<Self> {
        let alone = ThreadPoolBuilder::new().num_threads(1).build().context("no thread")?;
        let mut classes: Vec<_> = questions.iter().map(|one| (one.name, Vec::new())).collect();
        for &twins in sizes {
            let world = World::load(FleetArgs { twins, seed })?;
            let bar = steps_bar(questions.len() as u64);
            for (question, (name, times)) in questions.iter().zip(&mut classes) {
                bar.set_message(*name);
                let on_all = measure(&world, question, spans)?;
                let on_one = alone.install(|| measure(&world, question, spans))?;
                times.push(on_one.zip(on_all).map(|(on_one, on_all)| [on_one.min, on_all.min]));
                bar.inc(1);
            }
            bar.finish_and_clear();
        }
        Ok(Self { sizes: sizes.to_vec(), classes })
    }

    /// Writes times, and how they grow from one size to the next and from all threads to one.
    pub(crate) fn write(&self, is_terminal: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut header = vec!["class".to_owned()];
        for twins in &self.sizes {
            let twins = count(*twins);
            header.extend([format!("{twins}, 1 thread"), format!("{twins}, all"), "÷".to_owned()]);
        }
        header.push("growth".to_owned());
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut figures = Figures::new(&names, is_terminal);
        for (name, times) in &self.classes {
            let mut line = vec![(*name).to_owned()];
            for times in times {
                line.extend(match *times {
                    None => [OVER_BUDGET, OVER_BUDGET, "–"].map(str::to_owned),
                    Some([on_one, on_all]) => {
                        let speedup = ratio(on_one, on_all);
                        [duration(on_one), duration(on_all), format!("{speedup:.2}")]
                    }
                });
            }
            line.push(self.growth(times));
            figures.push(line);
        }
        figures.write(out)?;
        writeln!(
            out,
            "shortest runs; ÷: speed gained by all threads; growth: exponent of the time"
        )?;
        writeln!(out, "in the number of twins from each size to the next, 0 is flat, 1 is linear")
    }

    /// The exponent of the growth between sizes that follow one another.
    fn growth(&self, times: &[Times]) -> String {
        let sizes = self.sizes.windows(2);
        let exponents = sizes.zip(times.windows(2)).map(|(sizes, times)| {
            #[allow(clippy::cast_precision_loss)] // numbers of twins are far below 2^53
            let rows = sizes[1] as f64 / sizes[0] as f64;
            let on_all = times[0].zip(times[1]).map(|([_, small], [_, large])| ratio(large, small));
            on_all.map_or_else(|| "–".to_owned(), |more| format!("{:.2}", more.ln() / rows.ln()))
        });
        exponents.collect::<Vec<_>>().join(" ")
    }
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::{Duration, Sweep};

    #[test]
    fn growth_is_an_exponent() {
        let us = Duration::from_micros;
        let sweep = Sweep { sizes: vec![1_000, 10_000, 100_000], classes: Vec::new() };
        let times = [[us(1), us(10)], [us(1), us(100)], [us(1), us(100)]].map(Some);
        assert_eq!(sweep.growth(&times), "1.00 0.00");
        assert_eq!(sweep.growth(&[times[0], times[1], None]), "1.00 –");
    }
}
