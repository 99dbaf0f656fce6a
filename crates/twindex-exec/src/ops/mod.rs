//! The operators, one file each.

mod and;
mod compare_paths;
mod computed;
mod constant;
mod in_sync;
mod or;
mod path_cells;
mod row_predicate;

pub use and::And;
pub use compare_paths::ComparePaths;
pub use computed::Computed;
pub use constant::{Everything, Nothing};
pub use in_sync::InSync;
pub use or::Or;
pub use path_cells::PathCells;
pub use row_predicate::RowPredicate;
