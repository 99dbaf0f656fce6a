//! What an expression yields over a row, a cell or a group.
//!
//! One evaluator for all three: it asks an [`crate::env::Env`]. It recurses along the nesting of
//! the query, which the parser limits; chains are lists. Paths, comparisons and text tests on
//! stored text allocate nothing; arrays are parsed only where their elements matter.

mod call;
mod condition;
mod evaluate;
mod operand;
mod scope;

pub use condition::{holds, truth};
pub use evaluate::evaluate;
