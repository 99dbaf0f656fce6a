//! Columns and bitmaps over twins: the catalogue of paths, segments of 65,536 rows, typed lanes,
//! dictionaries, postings, zones.
//!
//! Knows no query language. A condition on one path arrives as a [`cell_set::CellSet`], the set of
//! cells for which it is true, and [`filter::PathFilter`] narrows a mask by it in whatever form the
//! lane has.

pub mod ahead;
pub mod bulk;
pub mod catalog;
pub mod cell_set;
pub mod checkpoint;
pub mod coded;
pub mod collect;
pub mod filter;
pub mod index;
pub mod options;
pub mod outline;
pub mod planes;
pub mod record;
pub mod redo;
pub mod restore;
pub mod snapshot;
pub mod sorted_ids;
pub mod stats;
pub mod step_paths;
pub mod text_match;
pub mod totals;
pub mod view;
pub mod write;

mod apply;
mod as_of;
mod assemble;
mod chain;
mod columns;
mod counts;
mod device_view;
mod dictionary;
mod estimate;
mod former;
mod group;
mod identity;
mod image;
mod known;
mod lane;
mod lane_table;
mod merge;
mod metadata;
mod modules;
mod narrow;
mod number_cells;
mod numbers;
mod past;
mod posting;
mod segment;
mod span;
mod texts;
mod undo;
mod validate;
mod versions;
mod weight;
mod zone;
