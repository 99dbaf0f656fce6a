//! What a write needs to know of its twin: counters and the last stamp.

use twindex_model::cell::{Cell, Text};
use twindex_model::etag::Etag;
use twindex_model::path::{Collection, PathId, RowId};

use crate::index::Index;
use crate::known::Known;
use crate::lane::stamp::{Stamp, TICKS_MAX, TICKS_MIN};

/// `version` of a fresh twin.
pub(super) const FRESH_VERSION: u64 = 2;
/// `$version` of a fresh section.
pub(super) const FRESH_SECTION_VERSION: u64 = 1;
/// 100 ns ticks of a millisecond.
const TICKS_PER_MS: i64 = 10_000;
/// Counters that a double holds exactly are below it.
const COUNTER_MAX: f64 = 9_007_199_254_740_992.0;

/// Counters of a twin, and the time of the write.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) version: u64,
    pub(super) etag: Etag,
    /// Whether the twin has an etag that is no counter.
    pub(super) odd_etag: bool,
    pub(super) desired_version: u64,
    pub(super) reported_version: u64,
    /// 100 ns since 1970.
    ticks: i64,
}

impl State {
    /// The counters as they stand, and the time: the clock's, or the twin's last stamp if later.
    pub(super) fn read(index: &Index, known: &Known, at: (Collection, RowId), now_ms: i64) -> Self {
        let cell =
            |path: Option<PathId>| path.map_or(Cell::Undefined, |path| index.cell_now(at, path));
        let counter = |path, fresh| match cell(path) {
            Cell::Number(n) if (0.0..COUNTER_MAX).contains(&n) && n.fract() == 0.0 => n as u64,
            _ => fresh,
        };
        let last = |path: Option<PathId>| index.stamp_now(at, path?).map(|stamp| stamp.ticks);
        let etag = match cell(known.etag.path()) {
            Cell::Undefined => Some(Etag::FRESH),
            Cell::String(text) => Etag::parse(&text),
            _ => None,
        };
        let stamps = [known.desired.last_updated.path(), known.reported.last_updated.path()];
        let last = stamps.into_iter().filter_map(last).max();
        Self {
            version: counter(known.version.path(), FRESH_VERSION),
            etag: etag.unwrap_or(Etag(0)),
            odd_etag: etag.is_none(),
            desired_version: counter(known.desired.version.path(), FRESH_SECTION_VERSION),
            reported_version: counter(known.reported.version.path(), FRESH_SECTION_VERSION),
            ticks: ticks_of(now_ms).max(last.unwrap_or(TICKS_MIN)),
        }
    }

    /// The etag's text: the cell's own, if there is one.
    pub(super) fn etag_text<'a>(&self, cell: Option<Text<'a>>) -> Text<'a> {
        cell.unwrap_or_else(|| Text::Inline(self.etag.text()))
    }

    /// The time as a stamp.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp::trimmed(self.ticks)
    }

    /// The time.
    pub(super) fn time_ms(&self) -> i64 {
        self.ticks.div_euclid(TICKS_PER_MS)
    }
}

/// Milliseconds since 1970 as ticks that a stamp can say.
fn ticks_of(now_ms: i64) -> i64 {
    now_ms.saturating_mul(TICKS_PER_MS).clamp(TICKS_MIN, TICKS_MAX)
}

/// A time as stamps have it.
pub(super) fn stamp_of_ms(now_ms: i64) -> Stamp {
    Stamp::trimmed(ticks_of(now_ms))
}
