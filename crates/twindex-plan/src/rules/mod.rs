//! Static rewrites of a plan: what can be made simpler without looking at data.
//!
//! Each rule takes a plan and gives one with the same rows over every fleet; a property test in its
//! file says so. They run once, in the order of [`optimize`].

mod fold_constants;
mod list;
mod orient;
mod push_not;
mod rewrite;
#[cfg(test)]
mod testing;

pub use list::{Step, optimize, optimize_with_steps};
pub use push_not::predicate_of;
