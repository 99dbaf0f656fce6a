//! What every operator does, and the node that carries one in a tree and meters it for
//! `EXPLAIN ANALYZE`.
//!
//! Metering sits in the node, once per segment and never in a kernel, so that operators stay free
//! of it and a query that is not analysed pays one branch.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use twindex_index::filter::{Estimate, PathFilter};
use twindex_index::snapshot::SnapshotRead;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, PathId};

use crate::cost;
use crate::row::RowView;
use crate::term::Term;

/// How the slow path answers, as EXPLAIN says it of conditions and sinks alike.
pub(crate) const ROW_BY_ROW: &str = "row by row";

/// A physical operator: decides which rows of a segment stay.
///
/// The mask path and the single-row path are the same law: a row of the mask stays set exactly when
/// [`Operator::keeps`] says so. An operator never sets a bit. It may assume that the mask holds live
/// rows alone.
pub trait Operator: fmt::Debug + Send + Sync {
    /// Clears every row of `mask` that does not match.
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask);

    /// The same for one row.
    fn keeps(&self, row: &RowView<'_>) -> bool;

    /// What narrowing this segment would read and keep, from kept counts.
    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate;

    /// How many twins of a whole collection match, where totals know it.
    fn total(&self, _: &SnapshotRead<'_>, _: Collection) -> Option<u64> {
        None
    }

    /// Whether narrowing all rows of a segment is too much for one step.
    fn is_slow(&self, segment: &SegmentView<'_>) -> bool {
        self.children().iter().any(|child| child.operator().is_slow(segment))
    }

    /// Gets ready for rows by a bounded step; true once it is. The caller repeats it.
    fn prepare(&self, _: &SnapshotRead<'_>, _: &Preparation) -> bool {
        true
    }

    /// The rows that stay of a segment as a formula over planes; `None` if lanes must be read, or if
    /// what it depends on changed after the version of the view.
    fn term<'a>(&self, _: &SegmentView<'a>) -> Option<Term<'a>> {
        None
    }

    /// Adds the paths that decide; false if it is not known which they are.
    fn paths(&self, _: &mut Vec<PathId>) -> bool {
        false
    }

    /// Nanoseconds that narrowing would take, given that estimate.
    fn cost_ns(&self, estimate: &Estimate) -> f64 {
        if self.is_row_by_row() {
            f64::from(estimate.rows_max) * self.row_cost_ns()
        } else {
            cost::mask_ns(estimate)
        }
    }

    /// Nanoseconds to judge one row.
    fn row_cost_ns(&self) -> f64 {
        cost::PROBE_NS
    }

    /// Whether the operator only knows the single-row path.
    fn is_row_by_row(&self) -> bool {
        false
    }

    /// Whether the operator or one that it is made of goes row by row.
    fn has_row_steps(&self) -> bool {
        self.is_row_by_row() || self.children().iter().any(|child| child.operator().has_row_steps())
    }

    /// A condition on `deviceId` that every row kept meets, if it says so by itself.
    fn identities(&self) -> Option<&PathFilter> {
        None
    }

    /// Bytes on the heap that grow with what a condition lists.
    fn heap_bytes(&self) -> usize {
        self.children().iter().map(|child| child.operator().heap_bytes()).sum()
    }

    /// The operators it is made of.
    fn children(&self) -> &[Node] {
        &[]
    }

    /// One line for `EXPLAIN`, without the children.
    fn describe(&self) -> String;
}

/// A step of getting ready: tests are run for texts of dictionaries, not for each row that has them.
#[derive(Clone, Copy, Debug)]
pub struct Preparation {
    /// The collection that is read.
    pub collection: Collection,
    /// Rows that are asked about at most.
    pub rows_max: u64,
    /// Texts of a dictionary that may be looked at; none, and only what is ready is asked.
    pub n_texts: usize,
}

/// An operator in its place in the tree.
#[derive(Debug)]
pub struct Node {
    operator: Box<dyn Operator>,
    meter: Option<Meter>,
}

/// Whether a plan tells of its operators, and counts what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// Neither: the plan is run for its rows, and no text of a condition is printed.
    Off,
    /// It tells: `EXPLAIN`.
    Named,
    /// Both: `EXPLAIN ANALYZE`.
    On,
}

/// What an operator did, summed over segments and threads.
#[derive(Debug, Default)]
struct Meter {
    n_calls: AtomicU64,
    rows_in: AtomicU64,
    rows_out: AtomicU64,
    nanos: AtomicU64,
    bytes: AtomicU64,
}

/// What an operator did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Times it was asked, for a segment or a row. None: kept counts answered, or no row was left.
    pub n_calls: u64,
    /// Rows it had to decide.
    pub rows_in: u64,
    /// Rows it kept.
    pub rows_out: u64,
    /// Time it took, children included, summed over threads.
    pub nanos: u64,
    /// Bytes it read, children included.
    pub bytes: u64,
}

impl Node {
    /// A node of `operator`.
    #[must_use]
    pub fn new(operator: impl Operator + 'static, metering: Metering) -> Self {
        Self {
            operator: Box::new(operator),
            meter: (metering == Metering::On).then(Meter::default),
        }
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> &dyn Operator {
        &*self.operator
    }

    /// See [`Operator::narrow`].
    pub fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(meter) = &self.meter else {
            return self.operator.narrow(segment, mask);
        };
        let rows_in = mask.count();
        let begun = Instant::now();
        self.operator.narrow(segment, mask);
        meter.add(begun, rows_in, mask.count(), self.bytes_read(segment, rows_in));
    }

    /// Narrows by judging row by row: for few rows that is less than reading a lane.
    pub fn probe(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let rows_in = self.meter.as_ref().map_or(0, |_| mask.count());
        let begun = self.meter.as_ref().map(|_| Instant::now());
        retain(segment, mask, |row| self.operator.keeps(row));
        if let (Some(meter), Some(begun)) = (&self.meter, begun) {
            meter.add(begun, rows_in, mask.count(), u64::from(rows_in) * ROW_BYTES);
        }
    }

    /// See [`Operator::keeps`].
    #[must_use]
    pub fn keeps(&self, row: &RowView<'_>) -> bool {
        let Some(meter) = &self.meter else {
            return self.operator.keeps(row);
        };
        let begun = Instant::now();
        let is_kept = self.operator.keeps(row);
        meter.add(begun, 1, u32::from(is_kept), ROW_BYTES);
        is_kept
    }

    /// See [`Operator::estimate`].
    #[must_use]
    pub fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        self.operator.estimate(segment)
    }

    /// See [`Operator::term`]; none where the steps are to be metered.
    #[must_use]
    pub fn term<'a>(&self, segment: &SegmentView<'a>) -> Option<Term<'a>> {
        if self.meter.is_some() { None } else { self.operator.term(segment) }
    }

    /// What it did so far; none unless metered.
    #[must_use]
    pub fn measured(&self) -> Option<Measured> {
        self.meter.as_ref().map(Meter::read)
    }

    fn bytes_read(&self, segment: &SegmentView<'_>, rows_in: u32) -> u64 {
        if self.operator.is_row_by_row() {
            u64::from(rows_in) * ROW_BYTES
        } else {
            u64::from(self.operator.estimate(segment).bytes)
        }
    }
}

/// Bytes that judging one row is taken to read: a cell and its presence.
const ROW_BYTES: u64 = 8;

impl Meter {
    fn add(&self, begun: Instant, rows_in: u32, rows_out: u32, bytes: u64) {
        let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        self.rows_in.fetch_add(u64::from(rows_in), Ordering::Relaxed);
        self.rows_out.fetch_add(u64::from(rows_out), Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self) -> Measured {
        Measured {
            n_calls: self.n_calls.load(Ordering::Relaxed),
            rows_in: self.rows_in.load(Ordering::Relaxed),
            rows_out: self.rows_out.load(Ordering::Relaxed),
            nanos: self.nanos.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// Clears the rows of `mask` that `keeps` refuses.
pub(crate) fn retain(
    segment: &SegmentView<'_>,
    mask: &mut Mask,
    mut keeps: impl FnMut(&RowView<'_>) -> bool,
) {
    for (i, word) in mask.words_mut().iter_mut().enumerate() {
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            // A segment has 1,024 words of 64 rows, so the place fits.
            let row = u16::try_from(i * 64).unwrap_or(0) + bit as u16;
            if !keeps(&RowView { segment: *segment, row }) {
                *word &= !(1 << bit);
            }
        }
    }
}
