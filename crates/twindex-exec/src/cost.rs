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

/// The total of a chain of conditions, where those of its parts say it: one part at `dominant` makes
/// it that (no row in an AND, every row in an OR), parts at `neutral` leave it to the others.
pub(crate) fn joined_total(
    parts: impl Iterator<Item = Option<u64>>,
    neutral: u64,
    dominant: u64,
) -> Option<u64> {
    let (mut rest, mut n_rest) = (Some(neutral), 0);
    for part in parts {
        match part {
            Some(n_rows) if n_rows == dominant => return Some(dominant),
            Some(n_rows) if n_rows == neutral => (),
            part => {
                rest = part;
                n_rest += 1;
            }
        }
    }
    rest.filter(|_| n_rest <= 1)
}

#[cfg(test)]
mod tests {
    use super::joined_total;

    #[test]
    fn a_chain_is_known_where_all_parts_but_one_say_nothing() {
        let and = |parts: &[Option<u64>]| joined_total(parts.iter().copied(), 9, 0);
        assert_eq!(and(&[Some(9), Some(4), Some(9)]), Some(4));
        assert_eq!(and(&[None, Some(4), Some(0)]), Some(0));
        assert_eq!(and(&[Some(9), Some(9)]), Some(9));
        assert_eq!(and(&[Some(9), None]), None);
        assert_eq!(and(&[Some(3), Some(4)]), None);
        // Over no twin at all both are the same.
        assert_eq!(joined_total([Some(0), None].into_iter(), 0, 0), Some(0));
    }
}
