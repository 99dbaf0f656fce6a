//! `tests/planted.md`: each planted fault, and what caught it.
//!
//! The command writes it; an ordinary test looks that it names every fault there is. Whether all
//! are still caught only the command knows, which builds everything a second time.

use std::collections::BTreeMap;

use twindex_planted::Fault;

/// The file, counted from the root of the repository.
pub const TABLE: &str = "tests/planted.md";

const HEAD: &str = "\
# Planted faults

Mistakes that somebody could make, each a line in the code that the feature `planted` of
`twindex-planted` puts in force, and what caught them. Written by

```sh
cargo run --profile test -p twindex-tests --features planted --bin planted
```

which runs every campaign without a fault first, and then for each fault the smallest campaign that
might notice it, up to the sizes of CI, then the tests of the crates. A fault that nobody notices
fails it. Names begin with the crate that the fault lies in.

| fault | what goes wrong | caught by | within | s |
|---|---|---|---|---|
";

/// What caught a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// The campaign or test.
    pub by: String,
    /// How many cases it looked at, at most.
    pub within: String,
    /// Seconds that it took, as text.
    pub seconds: String,
}

/// The table, by the name of the fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What caught each.
    pub caught: BTreeMap<String, Caught>,
}

impl Table {
    /// Reads the table of a file's text; rows that are none are passed over.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut table = Self::default();
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let [_, name, _, by, within, seconds, _] = cells[..] {
                let [by, within, seconds] = [by, within, seconds].map(str::to_owned);
                let name = name.trim_matches('`').to_owned();
                table.caught.insert(name, Caught { by, within, seconds });
            }
        }
        table
    }

    /// The file's text: every fault in the order of the crates.
    #[must_use]
    pub fn text(&self) -> String {
        let row = |fault: &Fault| {
            let (name, what) = (fault.name(), fault.what());
            match self.caught.get(name) {
                Some(Caught { by, within, seconds }) => {
                    format!("| `{name}` | {what} | {by} | {within} | {seconds} |\n")
                }
                None => format!("| `{name}` | {what} | nobody | – | – |\n"),
            }
        };
        HEAD.chars().chain(Fault::ALL.iter().map(row).collect::<String>().chars()).collect()
    }
}
