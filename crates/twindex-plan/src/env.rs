//! Where an expression finds the values of paths, and what evaluating it gives.

use std::borrow::Cow;

use twindex_model::cell::{Cell, Text};
use twindex_model::path::PathId;
use twindex_model::value::Value;

/// The values an expression is evaluated over: one row, one cell, one group, or nothing at all.
pub trait Env {
    /// The cell at `path`.
    fn cell(&self, path: PathId) -> Cell<'_>;

    /// The whole object at `path`, asked only where [`Env::cell`] said [`Cell::Object`].
    fn object(&self, path: PathId) -> Value;

    /// The value of slot `slot` of a group: its keys come first, then its aggregates.
    fn slot(&self, slot: usize) -> Scalar<'_>;
}

/// What an expression yields.
#[derive(Clone, Debug)]
pub enum Scalar<'a> {
    /// No value.
    Undefined,
    /// JSON `null`.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A string that is stored or was printed on the spot.
    Text(Text<'a>),
    /// A string that was computed.
    String(String),
    /// An array or object, never another kind.
    Container(Cow<'a, Value>),
}
