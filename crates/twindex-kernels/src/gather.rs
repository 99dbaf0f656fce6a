//! Values under a mask: collected, summed, and their extremes, also zone by zone.
//!
//! Rows past the data are not there, whatever the mask says.

use crate::codes::Code;
use crate::mask::{self, SEGMENT_ROWS, Words, ZONE_ROWS};

/// Zones of a segment.
pub const ZONES: usize = SEGMENT_ROWS / ZONE_ROWS;

/// Appends the codes of the rows of `mask`, in row order.
pub fn gather_codes<T: Code>(mask: &Words, codes: &[T], out: &mut Vec<u32>) {
    out.extend(values(mask, codes).map(Into::into));
}

/// Appends the numbers of the rows of `mask`, in row order.
pub fn gather_f64(mask: &Words, numbers: &[f64], out: &mut Vec<f64>) {
    out.extend(values(mask, numbers));
}

/// Sums the codes of the rows of `mask`; exact.
pub fn sum_codes<T: Code>(mask: &Words, codes: &[T]) -> u64 {
    values(mask, codes).map(|code| u64::from(code.into())).sum()
}

/// Returns the least and the greatest code of the rows of `mask`.
pub fn min_max_codes<T: Code>(mask: &Words, codes: &[T]) -> Option<(T, T)> {
    values(mask, codes).fold(None, |range: Option<(T, T)>, code| {
        Some(range.map_or((code, code), |(min, max)| (min.min(code), max.max(code))))
    })
}

/// Returns the least and the greatest number of the rows of `mask`. None may be a NaN.
pub fn min_max_f64(mask: &Words, numbers: &[f64]) -> Option<(f64, f64)> {
    values(mask, numbers).fold(None, |range: Option<(f64, f64)>, number| {
        Some(range.map_or((number, number), |(min, max)| {
            (min.min(number), max.max(number))
        }))
    })
}

/// Returns least and greatest code of each zone (1,024 rows); `None` where it has no row of `mask`.
pub fn zones_codes<T: Code>(mask: &Words, codes: &[T]) -> [Option<(T, T)>; ZONES] {
    let mut zones = [None; ZONES];
    for (row, code) in mask::rows(mask).zip(values(mask, codes)) {
        let zone = &mut zones[usize::from(row) / ZONE_ROWS];
        let (min, max) = zone.unwrap_or((code, code));
        *zone = Some((min.min(code), max.max(code)));
    }
    zones
}

/// Returns least and greatest number of each zone (1,024 rows); `None` where it has no row of `mask`.
pub fn zones_f64(mask: &Words, numbers: &[f64]) -> [Option<(f64, f64)>; ZONES] {
    let mut zones = [None; ZONES];
    for (row, number) in mask::rows(mask).zip(values(mask, numbers)) {
        let zone = &mut zones[usize::from(row) / ZONE_ROWS];
        let (min, max) = zone.unwrap_or((number, number));
        *zone = Some((min.min(number), max.max(number)));
    }
    zones
}

/// Values of the rows of `mask`, in row order.
fn values<T: Copy>(mask: &Words, data: &[T]) -> impl Iterator<Item = T> {
    mask::rows(mask).map_while(|row| data.get(usize::from(row)).copied())
}
