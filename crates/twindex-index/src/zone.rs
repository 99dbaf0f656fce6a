//! Least and greatest number of each 1,024 rows of a lane: a cache.
//!
//! Writes only widen a zone, so bounds may be wider than the values, never narrower. After so many
//! numbers went that some zones have probably lost an extreme, the cache is dropped and the next
//! reader builds it again: some tens of microseconds, and a few nanoseconds for each write before.
//! Looking for another extreme whenever one goes was rejected: counters lose theirs all the time.

use twindex_kernels::gather::{ZONES, zones_f64};
use twindex_kernels::{Code, zones_codes};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::lane::Lane;
use crate::lane::codes::each_width;
use crate::lane::number::{NumberForm, NumberLane};
use crate::view::SegmentView;

/// Numbers that may go before zones are built anew: one row of sixteen of a segment, and as many of
/// the zones are wider than their values then.
const GONE_MAX: u32 = 4_096;

/// Extremes by zone; `None` where no row has a number.
#[derive(Clone, Debug)]
pub(crate) struct Zones {
    pub(crate) extremes: [Option<(f64, f64)>; ZONES],
    /// Numbers that went since the zones were built.
    n_gone: u32,
}

impl Zones {
    /// No number in any zone.
    fn empty() -> Self {
        Self { extremes: [None; ZONES], n_gone: 0 }
    }

    /// Takes the number of a row in.
    pub(crate) fn widen(&mut self, row: usize, number: f64) {
        let zone = &mut self.extremes[row / twindex_kernels::ZONE_ROWS];
        let (min, max) = zone.unwrap_or((number, number));
        *zone = Some((min.min(number), max.max(number)));
    }

    /// A number goes; false once so many did that the zones are to be built anew.
    #[must_use]
    pub(crate) fn let_go(&mut self) -> bool {
        self.n_gone += 1;
        self.n_gone <= GONE_MAX
    }

    /// The zones of a lane.
    pub(crate) fn build(part: &NumberLane, lane: &Lane) -> Self {
        let mut slots = lane.kinds.slots_of_kind(Kind::Number, None);
        let mut zones = Self::empty();
        if !lane.kinds.is_dense() {
            let rows = lane.kinds.rows_of_slots(&slots);
            for (slot, row) in slots.iter().zip(&rows) {
                zones.widen(row.into(), part.number(slot.into()));
            }
            return zones;
        }
        let framed = match &part.form {
            NumberForm::Floats(numbers) => {
                return Self { extremes: zones_f64(slots.words(), numbers), n_gone: 0 };
            }
            NumberForm::Framed(framed) => framed,
        };
        for (slot, _) in &framed.exceptions {
            slots.clear_row(*slot);
        }
        let frame = framed.frame;
        each_width!(&framed.codes, codes => {
            let by_code = zones_codes(slots.words(), codes);
            for (zone, extremes) in zones.extremes.iter_mut().zip(by_code) {
                let number = |code: usize| frame.number(code as u32);
                *zone = extremes.map(|(min, max)| (number(min.index()), number(max.index())));
            }
        });
        for (slot, number) in &framed.exceptions {
            zones.widen(usize::from(*slot), *number);
        }
        zones
    }
}

/// The zones of a lane's numbers, kept or built; `None` without numbers.
pub(crate) fn zones_of(lane: &Lane) -> Option<&[Option<(f64, f64)>; ZONES]> {
    let part = lane.numbers.as_ref()?;
    Some(&part.zones.get_or_init(|| Box::new(Zones::build(part, lane))).extremes)
}

/// See [`SegmentView::number_zones`].
pub(crate) fn number_zones(view: &SegmentView<'_>, path: PathId) -> Vec<Option<(f64, f64)>> {
    let zones = view.lane(path).and_then(zones_of);
    zones.map_or_else(Vec::new, |zones| zones.to_vec())
}
