//! The one table of functions: names, argument counts, what they mean.
//!
//! The parser looks names up here, the binder checks calls against it, and `grammar/functions.md`
//! is printed from it. Functions of later issues (`MATCH`, `IN_GROUP` …) are not in it: the parser
//! says of them that they are not available yet.

mod reference;
mod table;

use std::fmt;

pub use reference::reference;
pub use table::TABLE;

use crate::nearest::nearest;

/// Every function and aggregate of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the table below documents each
pub enum Function {
    IsDefined,
    IsNull,
    IsBool,
    IsNumber,
    IsString,
    IsArray,
    IsObject,
    IsPrimitive,
    AsNumber,
    StartsWith,
    EndsWith,
    Contains,
    Length,
    Lower,
    Upper,
    Concat,
    Substring,
    IndexOf,
    RegexMatch,
    Abs,
    Exp,
    Power,
    Square,
    Ceiling,
    Floor,
    Sign,
    Sqrt,
    Round,
    Bin,
    ArrayContains,
    ArrayLength,
    Time,
    Now,
    Ago,
    InSync,
    Drift,
    Count,
    Sum,
    Avg,
    Min,
    Max,
    Percentile,
    Stddev,
}

/// What a function is about; the sections of `grammar/functions.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Asks for the type of a value, or changes it.
    Type,
    /// Works on strings.
    Text,
    /// Works on numbers.
    Number,
    /// Works on arrays.
    Array,
    /// Works on times, which are milliseconds since 1970.
    Time,
    /// Looks at the twin as a whole.
    Fleet,
    /// Folds the rows of a group into one value.
    Aggregate,
}

/// What the language says of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The function.
    pub function: Function,
    /// Its canonical spelling.
    pub name: &'static str,
    /// The other spelling that is accepted: with `_` where the canonical one has none, or without.
    pub other_name: Option<&'static str>,
    /// What it is about.
    pub family: Family,
    /// Fewest arguments.
    pub args_min: usize,
    /// Most arguments; `None` for any number.
    pub args_max: Option<usize>,
    /// Whether no hub has it (⊕ in the language page).
    pub is_extended: bool,
    /// How it is called, on one line.
    pub signature: &'static str,
    /// What it gives, on one line.
    pub doc: &'static str,
}

impl Function {
    /// The function called `name`, in any letter case, in either spelling.
    #[must_use]
    pub fn lookup(name: &str) -> Option<Self> {
        let is_meant = |spelling: &str| spelling.eq_ignore_ascii_case(name);
        TABLE
            .iter()
            .find(|entry| is_meant(entry.name) || entry.other_name.is_some_and(is_meant))
            .map(|entry| entry.function)
    }

    /// The canonical spelling of the function nearest to `name`, for a name that is in no table.
    #[must_use]
    pub fn nearest(name: &str) -> Option<&'static str> {
        let spellings = TABLE.iter().flat_map(|entry| [Some(entry.name), entry.other_name]);
        nearest(name, spellings.flatten()).and_then(Self::lookup).map(Self::name)
    }

    /// What the language says of it.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // Invariant: `TABLE` is in the order of the variants, each once (tested below).
        TABLE.get(self as usize).unwrap_or(&table::FIRST)
    }

    /// Its canonical spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Whether it folds the rows of a group into one value.
    #[must_use]
    pub fn is_aggregate(self) -> bool {
        self.entry().family == Family::Aggregate
    }

    /// Whether it may be called with `n_args` arguments.
    #[must_use]
    pub fn accepts(self, n_args: usize) -> bool {
        let entry = self.entry();
        n_args >= entry.args_min && entry.args_max.is_none_or(|max| n_args <= max)
    }
}

impl Entry {
    /// How many arguments it takes, in words: `2 arguments`, `1 to 3 arguments`.
    #[must_use]
    pub fn args_text(&self) -> String {
        let noun = |n: usize| if n == 1 { "argument" } else { "arguments" };
        match (self.args_min, self.args_max) {
            (0, Some(0)) => "no arguments".to_owned(),
            (min, Some(max)) if min == max => format!("{min} {}", noun(min)),
            (min, Some(max)) => format!("{min} to {max} arguments"),
            (min, None) => format!("{min} or more arguments"),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Family {
    /// Every family, in the order of the reference.
    pub const ALL: [Self; 7] = [
        Self::Type,
        Self::Text,
        Self::Number,
        Self::Array,
        Self::Time,
        Self::Fleet,
        Self::Aggregate,
    ];

    /// Its title in the reference.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Type => "Type",
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Array => "Array",
            Self::Time => "Time",
            Self::Fleet => "Fleet",
            Self::Aggregate => "Aggregates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, TABLE};

    #[test]
    fn table_is_in_the_order_of_the_variants() {
        for (idx, entry) in TABLE.iter().enumerate() {
            assert_eq!(entry.function as usize, idx, "{}", entry.name);
            assert_eq!(entry.function.name(), entry.name);
        }
        assert_eq!(TABLE.len(), Function::Stddev as usize + 1);
    }

    #[test]
    fn both_spellings_are_found_in_any_letter_case() {
        for entry in &TABLE {
            assert_eq!(Function::lookup(entry.name), Some(entry.function));
            assert_eq!(Function::lookup(&entry.name.to_lowercase()), Some(entry.function));
            if let Some(other) = entry.other_name {
                assert_eq!(Function::lookup(other), Some(entry.function));
                assert_eq!(other.replace('_', ""), entry.name.replace('_', ""));
                assert_ne!(other.contains('_'), entry.name.contains('_'));
            } else {
                assert!(!entry.name.contains('_'), "{}", entry.name);
            }
        }
        assert_eq!(Function::lookup("startsWith"), Some(Function::StartsWith));
        assert_eq!(Function::lookup("STARTS__WITH"), None);
    }

    #[test]
    fn nearest_gives_canonical_spellings() {
        assert_eq!(Function::nearest("STARTWITH"), Some("STARTSWITH"));
        assert_eq!(Function::nearest("start_with"), Some("STARTSWITH"));
        assert_eq!(Function::nearest("isdefind"), Some("IS_DEFINED"));
        assert_eq!(Function::nearest("cuont"), Some("COUNT"));
        assert_eq!(Function::nearest("frobnicate"), None);
    }

    #[test]
    fn argument_counts_are_told_in_words() {
        assert_eq!(Function::Now.entry().args_text(), "no arguments");
        assert_eq!(Function::Abs.entry().args_text(), "1 argument");
        assert_eq!(Function::Contains.entry().args_text(), "2 to 3 arguments");
        assert_eq!(Function::Concat.entry().args_text(), "2 or more arguments");
        assert!(Function::Count.accepts(0) && !Function::Count.accepts(2));
    }
}
