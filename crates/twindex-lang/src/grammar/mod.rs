//! The grammar: one function for each production of `grammar/twq.ebnf`, under the same name, with
//! the production in its doc comment. A test holds the two together.
//!
//! Productions are nom parsers over `&str`. A token takes the blanks behind it along, so every
//! production begins at a token and none skips the same blanks twice. No production tries an
//! alternative after it has taken more than a name or a keyword: work is linear in the text.

mod change;
mod condition;
mod context;
mod expected;
mod explain;
mod expr;
mod later;
mod lex;
mod literal;
mod path;
mod query;
mod select;
mod statement;

pub(crate) use change::settable;
pub(crate) use context::run;
pub(crate) use later::not_available;
pub(crate) use lex::{comment, name_char, name_start, reserved, string_end};
pub(crate) use path::is_dotted_name;
pub(crate) use query::Scoped;
pub(crate) use statement::{ScopedStatement, condition_text, query_text, statement};
