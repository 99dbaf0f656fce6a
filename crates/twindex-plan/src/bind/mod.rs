//! From AST to logical plan.
//!
//! Everything that can be known without a twin is decided here: paths become catalogue ids,
//! functions and literals are checked, columns are named, grouped expressions become slots. All
//! errors of a query are gathered, not only the first; a part that is wrong binds to undefined and
//! binding goes on.

mod aggregate;
mod alias;
mod binder;
mod call;
mod columns;
mod expr;
mod kinds;
mod path;
mod predicate;
mod query;

pub use query::bind;
