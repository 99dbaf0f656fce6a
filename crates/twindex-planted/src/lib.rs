//! Faults planted in the engine, to see that the tests catch them.
//!
//! A fault is one line where it would be made: `if planted(Fault::PostingKept) { return; }`. The
//! question is the constant `false` and leaves nothing behind in the code, unless the feature
//! `planted` is on: then the environment of the process chooses one fault that is in force. A
//! mutation tester was rejected: it plants what is easy to write, not what people get wrong.

mod chosen;
mod fault;

pub use chosen::{VARIABLE, chosen, planted};
pub use fault::Fault;
