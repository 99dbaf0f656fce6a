//! Mask kernels and lane memory: slices in, masks out.
//!
//! A segment has 65,536 rows, and a query narrows one [`Mask`] a segment: one bit a row, 8 KB, held in
//! the first-level cache. The kernels read a lane once, word by word of the mask, and clear the rows
//! that do not match; words already empty are not looked at. This crate knows no paths, twins or
//! locks, and it is the only one with `unsafe`.
//!
//! - [`mask`]: the mask, and set algebra on whole words.
//! - [`codes`], [`numbers`], [`columns`]: narrowing by equality, range and set, of one lane or two.
//! - [`formula`]: conditions over planes, counted or written in one pass.
//! - [`mod@histogram`], [`combine`], [`gather`]: counting, summing, extremes and collecting under a mask.
//! - [`pack`]: masks of rows as masks of ranks, and back.
//! - [`pieces`]: text put together from short pieces.
//! - [`dispatch`]: which instructions all of them use.
//! - [`memory`]: where lanes live.

pub mod codes;
pub mod columns;
pub mod combine;
pub mod dispatch;
pub mod formula;
pub mod gather;
pub mod histogram;
pub mod mask;
pub mod memory;
pub mod numbers;
pub mod pack;
pub mod pieces;

#[cfg(target_arch = "x86_64")]
mod avx2;
mod narrow;
#[cfg(test)]
mod testing;

pub use codes::{Code, and_equal, and_in_range, and_in_set, and_in_set_u8};
pub use columns::{
    Relation, and_columns, and_columns_equal, and_columns_equal_f64, and_columns_f64,
};
pub use combine::{Place, combine_codes, write_codes};
pub use dispatch::Isa;
pub use formula::{Formula, Step};
pub use gather::{
    gather_codes, gather_f64, min_max_codes, min_max_f64, sum_codes, zones_codes, zones_f64,
};
pub use histogram::{histogram, histogram_pairs};
pub use mask::{MASK_WORDS, Mask, SEGMENT_ROWS, Words, ZONE_ROWS};
pub use memory::{LaneVec, prefetch};
pub use numbers::{Ends, and_in_bounds};
pub use pieces::{Piece, PieceText, Pieces, ShortText};
