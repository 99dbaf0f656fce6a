//! The function reference as Markdown: what `grammar/functions.md` holds.
//!
//! Printed from the table, so that page and engine cannot disagree about names and argument counts.

use std::fmt::Write;

use super::{Entry, Family, TABLE};

/// What stands above the table.
const HEAD: &str = "# Functions

Printed from the function table in `twindex-lang`; a test fails when this page differs
(`UPDATE_GOLDEN=1 cargo test -p twindex-lang` rewrites it). ⊕ marks what no hub has.

Letter case does not matter, and names of several words may be written with `_` or without.
A wrong argument type, an undefined argument or a result that is not finite gives undefined, except
for the `IS_` family, which always answers true or false. Unknown names and wrong argument counts
are errors.
";

/// The text of `grammar/functions.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for family in Family::ALL {
        write_family(&mut text, family);
    }
    text
}

fn write_family(text: &mut String, family: Family) {
    let head = "| call | arguments | also written | gives |\n|---|---|---|---|";
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "\n## {}\n\n{head}", family.title());
    for entry in TABLE.iter().filter(|entry| entry.family == family) {
        write_entry(text, entry);
    }
}

fn write_entry(text: &mut String, entry: &Entry) {
    let extended = if entry.is_extended { " ⊕" } else { "" };
    let other = entry.other_name.map(|name| format!("`{name}`")).unwrap_or_default();
    let _ = writeln!(
        text,
        "| `{}`{extended} | {} | {other} | {} |",
        entry.signature,
        entry.args_text().replace(" arguments", "").replace(" argument", ""),
        entry.doc
    );
}
