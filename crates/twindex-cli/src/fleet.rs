//! Text of generated fleets, made by all cores and handed out in order.
//!
//! A twin depends on the seed and its number alone, so a chunk is cut into one range a core and the
//! parts are put together in order: the bytes do not depend on the number of cores.

use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use twindex::{LoadOptions, Twindex};
use twindex_fleet::{Fleet, FleetOptions};

use crate::args::FleetArgs;
use crate::output::twins_bar;

/// Twins generated at a time: about 45 MB of text.
const CHUNK_TWINS: u64 = 16_384;
/// Twins of one text: less than a megabyte. Whatever large blocks a process lets go of, the system's
/// allocator keeps as much room for ever, which would count as resident memory of the engine.
const PART_TWINS: u64 = 256;

/// A fleet as chunks of JSON Lines.
pub(crate) struct FleetText {
    fleet: Fleet,
    n_threads: u64,
}

/// Some twins of a fleet as JSON Lines, in parts that follow one another.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Number of twins.
    pub(crate) n_twins: u64,
    parts: Vec<String>,
}

impl FleetText {
    /// The fleet that `args` ask for.
    pub(crate) fn new(args: FleetArgs) -> Self {
        let FleetArgs { twins, seed } = args;
        let n_threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
        Self { fleet: Fleet::new(FleetOptions { twins, seed }), n_threads }
    }

    /// Number of twins.
    pub(crate) fn n_twins(&self) -> u64 {
        self.fleet.twins()
    }

    /// The chunks in order.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let n_twins = self.n_twins();
        (0..n_twins.div_ceil(CHUNK_TWINS)).map(move |number| {
            let from = number * CHUNK_TWINS;
            self.chunk(from..(from + CHUNK_TWINS).min(n_twins))
        })
    }

    fn chunk(&self, twins: Range<u64>) -> Chunk {
        let n_twins = twins.end - twins.start;
        let ranges = cut(twins, n_twins.div_ceil(self.n_threads));
        let parts = thread::scope(|scope| {
            let lines = |range| cut(range, PART_TWINS).map(|part| self.lines(part)).collect();
            let workers: Vec<_> =
                ranges.map(|range| scope.spawn(move || -> Vec<String> { lines(range) })).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        Chunk { n_twins, parts }
    }

    fn lines(&self, twins: Range<u64>) -> String {
        let mut text = String::new();
        for number in twins {
            self.fleet.twin_json(number, &mut text);
            text.push('\n');
        }
        text
    }
}

/// Cuts a range into ranges of `n`, the last one shorter.
fn cut(range: Range<u64>, n: u64) -> impl Iterator<Item = Range<u64>> {
    let (n, end) = (n.max(1), range.end);
    (0..(end - range.start).div_ceil(n)).map(move |part| {
        let from = range.start + part * n;
        from..(from + n).min(end)
    })
}

impl Chunk {
    /// Bytes of text.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.len() as u64).sum()
    }

    /// Writes the text.
    pub(crate) fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.parts.iter().try_for_each(|part| out.write_all(part.as_bytes()))
    }

    /// The text as a reader.
    pub(crate) fn into_reader(self) -> impl Read + Send {
        Parts { parts: self.parts.into_iter().map(Cursor::new).collect(), at: 0 }
    }
}

/// Reads parts one after the other.
struct Parts {
    parts: Vec<Cursor<String>>,
    at: usize,
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(part) = self.parts.get_mut(self.at) {
            let n_read = part.read(buffer)?;
            if n_read > 0 || buffer.is_empty() {
                return Ok(n_read);
            }
            self.at += 1;
        }
        Ok(0)
    }
}

/// How a fleet came into an engine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loaded {
    /// Twins loaded.
    pub(crate) n_twins: u64,
    /// Bytes of their text.
    pub(crate) n_bytes: u64,
    /// Time in the generator.
    pub(crate) generating: Duration,
    /// Time in the engine.
    pub(crate) loading: Duration,
}

/// Generates a fleet into an engine, with a bar. Generating and loading take turns, so that each
/// has all cores and a time of its own, and the whole text is never held.
pub(crate) fn load_fleet(db: &Twindex, args: FleetArgs) -> anyhow::Result<Loaded> {
    let fleet = FleetText::new(args);
    let bar = twins_bar("generating and loading", Some(fleet.n_twins()));
    let mut loaded = Loaded::default();
    let mut start = Instant::now();
    for chunk in fleet.chunks() {
        loaded.generating += start.elapsed();
        loaded.n_bytes += chunk.n_bytes();
        let n_twins = chunk.n_twins;
        start = Instant::now();
        let report = db.load(chunk.into_reader(), &LoadOptions::default())?;
        anyhow::ensure!(report.n_bad == 0, "generated twins were refused: {:?}", report.bad);
        loaded.loading += start.elapsed();
        loaded.n_twins += report.n_loaded;
        bar.inc(n_twins);
        start = Instant::now();
    }
    bar.finish_and_clear();
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{FleetArgs, FleetText};

    #[test]
    fn text_does_not_depend_on_the_number_of_threads() {
        let text = |n_threads| {
            let mut fleet = FleetText::new(FleetArgs { twins: 100, seed: 3 });
            fleet.n_threads = n_threads;
            let mut text = String::new();
            for chunk in fleet.chunks() {
                chunk.into_reader().read_to_string(&mut text).unwrap();
            }
            text
        };
        let alone = text(1);
        assert_eq!(alone.lines().count(), 100);
        assert!([2, 7, 1_000].into_iter().all(|n_threads| text(n_threads) == alone));
    }
}
