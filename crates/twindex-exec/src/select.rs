//! The rows that match, as a set that outlives the query.

use roaring::RoaringBitmap;
use twindex_index::snapshot::Snapshot;
use twindex_plan::logical::LogicalPlan;

use crate::error::ExecError;
use crate::operator::Metering;
use crate::page::Request;
use crate::physical::Filter;
use crate::scan::Scan;

/// The ids of all rows of the plan's collection that pass its condition, whatever it selects, skips
/// or limits. Of `request` only the stop and the pool matter.
///
/// # Errors
/// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
pub fn select_ids(
    snapshot: &Snapshot,
    plan: &LogicalPlan,
    request: &Request<'_>,
) -> Result<RoaringBitmap, ExecError> {
    let filter = Filter::new(&plan.filter, Metering::Off);
    let scan = Scan::new(snapshot, plan, &filter, request)?;
    let segments: Vec<usize> = (0..scan.n_segments()).collect();
    let work_ns = scan.work_ns(0..segments.len(), 1.0)?;
    let parts = scan.runner.map(segments, work_ns, |number| {
        let segment = scan.segment(number);
        let mask = segment.mask(&filter)?;
        let ids = mask.iter().map(|row| segment.row_id(row).0);
        // A mask gives its rows in order, so nothing is refused.
        Ok(RoaringBitmap::from_sorted_iter(ids).unwrap_or_default())
    })?;
    let mut all = RoaringBitmap::new();
    parts.into_iter().for_each(|part| all |= part);
    Ok(all)
}
