//! The codes of the diagnostics that this crate gives, in one list.
//!
//! A code is stable: clients and golden files branch on it, and one that is no longer given is
//! never used for anything else. `grammar/reject/` holds an example of each.

/// What stands is not what may stand here.
pub const UNEXPECTED: &str = "P001";
/// The text is longer than the limit.
pub const TEXT_TOO_LONG: &str = "P002";
/// Brackets, calls, `NOT` or signs nest too deep.
pub const NESTED_TOO_DEEP: &str = "P003";
/// A string, a comment or a `[[` is not closed.
pub const UNTERMINATED: &str = "P004";
/// A backslash in a string is followed by what it cannot escape.
pub const BAD_ESCAPE: &str = "P005";
/// `\u` escapes half of a surrogate pair.
pub const LONE_SURROGATE: &str = "P006";
/// A number runs into a letter, a digit or `_`.
pub const NUMBER_RUNS_ON: &str = "P007";
/// A number literal is not finite as a 64-bit float.
pub const NUMBER_NOT_FINITE: &str = "P008";
/// A reserved word stands where a path begins.
pub const RESERVED_PATH: &str = "P009";
/// A reserved word or a string names a column or a collection without `AS`.
pub const NAME_NEEDS_AS: &str = "P010";
/// An operator of other languages.
pub const FOREIGN_OPERATOR: &str = "P011";
/// Comparisons, `IN`, `LIKE`, `BETWEEN` and `IS` do not chain.
pub const CHAINED: &str = "P012";
/// `NOT` stands where an operand begins.
pub const NOT_AS_OPERAND: &str = "P013";
/// An index is negative or not whole.
pub const BAD_INDEX: &str = "P014";
/// `[*]` stands where no "any element" can be meant, or twice.
pub const MISPLACED_ANY: &str = "P015";
/// `FROM` names a collection that there is not.
pub const UNKNOWN_COLLECTION: &str = "P016";
/// The alias of the collection is the name of a twin field.
pub const ALIAS_IS_FIELD: &str = "P017";
/// `TOP`, `LIMIT` or `OFFSET` has no whole number.
pub const BAD_COUNT: &str = "P018";
/// A clause stands twice or in the wrong place.
pub const CLAUSE_ORDER: &str = "P019";
/// `ORDER BY 1`, `GROUP BY 1`: columns are named, not numbered.
pub const NUMBERED_COLUMN: &str = "P020";
/// `*` or `DISTINCT` in a call of anything but `COUNT`.
pub const ONLY_IN_COUNT: &str = "P021";
/// `*` beside other columns.
pub const STAR_NOT_ALONE: &str = "P022";
/// There is no statement in the text.
pub const EMPTY: &str = "P023";
/// Part of the language, but not available yet.
pub const NOT_AVAILABLE: &str = "P024";
/// `SET` names a path that no statement can write.
pub const NOT_SETTABLE: &str = "P025";
/// `SET` names a path twice, or one inside another.
pub const SET_TWICE: &str = "P026";
/// `UPDATE` or `DELETE` of jobs.
pub const JOBS_ARE_READ: &str = "P027";

/// Every code with one line of explanation, in order.
pub const ALL: [(&str, &str); 27] = [
    (UNEXPECTED, "what stands is not what may stand here"),
    (TEXT_TOO_LONG, "the text is longer than the limit"),
    (NESTED_TOO_DEEP, "brackets, calls, `NOT` or signs nest too deep"),
    (UNTERMINATED, "a string, a comment or a `[[` is not closed"),
    (BAD_ESCAPE, "a backslash is followed by what it cannot escape"),
    (LONE_SURROGATE, "`\\u` escapes half of a surrogate pair"),
    (NUMBER_RUNS_ON, "a number runs into a letter, a digit or `_`"),
    (NUMBER_NOT_FINITE, "a number is not finite as a 64-bit float"),
    (RESERVED_PATH, "a reserved word stands where a path begins"),
    (NAME_NEEDS_AS, "a reserved word or a string is a name only after `AS`"),
    (FOREIGN_OPERATOR, "an operator of other languages"),
    (CHAINED, "comparisons do not chain"),
    (NOT_AS_OPERAND, "`NOT` stands where an operand begins"),
    (BAD_INDEX, "an index is negative or not whole"),
    (MISPLACED_ANY, "`[*]` stands where no element can be meant, or twice"),
    (UNKNOWN_COLLECTION, "`FROM` names a collection that there is not"),
    (ALIAS_IS_FIELD, "the alias of the collection is the name of a twin field"),
    (BAD_COUNT, "`TOP`, `LIMIT` or `OFFSET` has no whole number"),
    (CLAUSE_ORDER, "a clause stands twice or in the wrong place"),
    (NUMBERED_COLUMN, "columns are named, not numbered"),
    (ONLY_IN_COUNT, "`*` and `DISTINCT` stand in calls of `COUNT` alone"),
    (STAR_NOT_ALONE, "`*` stands alone in a select list"),
    (EMPTY, "there is no statement in the text"),
    (NOT_AVAILABLE, "part of the language, but not available yet"),
    (NOT_SETTABLE, "`SET` names a path that no statement can write"),
    (SET_TWICE, "`SET` names a path twice, or one inside another"),
    (JOBS_ARE_READ, "`UPDATE` and `DELETE` are of devices and modules"),
];

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_numbered_without_gap() {
        for (idx, (code, _)) in ALL.iter().enumerate() {
            assert_eq!(*code, format!("P{:03}", idx + 1));
        }
    }
}
