//! Tests of the language as a whole: grammar page, corpora, properties, limits.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

mod arb;
mod corpora;
mod corpus;
mod ebnf;
mod functions;
mod golden;
mod linear;
mod properties;
mod sentences;
mod truth;
