//! What work costs, in nanoseconds of one thread: orders the children of AND and OR, decides
//! between a mask and probing, and whether waking the pool pays.
//!
//! Rough on purpose. The constants come from measured kernels (memory runs at about 9 bytes a
//! nanosecond a core); only their ratios matter.

use twindex_index::filter::Estimate;

/// Reading one cell by path and row, and judging it.
pub(crate) const PROBE_NS: f64 = 25.0;
/// Evaluating an expression over one row.
pub(crate) const ROW_NS: f64 = 150.0;
/// Below this much work the pool stays asleep; in this crate's tests it never does.
pub(crate) const PARALLEL_MIN_NS: f64 = if cfg!(test) { 0.0 } else { 300_000.0 };
/// Fixed cost of one operator on one segment.
const SEGMENT_NS: f64 = 60.0;
const BYTES_PER_NS: f64 = 9.0;

/// Cost of narrowing one segment by an operator that reads `estimate.bytes`.
pub(crate) fn mask_ns(estimate: &Estimate) -> f64 {
    SEGMENT_NS + f64::from(estimate.bytes) / BYTES_PER_NS
}

/// Rank of a conjunct: those that remove many rows for little work come first.
pub(crate) fn rank(cost_ns: f64, estimate: &Estimate, n_live: u32) -> f64 {
    let selectivity = f64::from(estimate.rows_max) / f64::from(n_live.max(1));
    cost_ns / (1.001 - selectivity.min(1.0))
}
