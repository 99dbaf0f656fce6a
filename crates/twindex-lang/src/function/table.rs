//! The table itself: one row for each function, in the order of the enum.
//!
//! A row says the call and what it gives; what is not said holds for most functions: one argument,
//! one spelling, known to hubs.

use super::{Entry, Family, Function};

impl Entry {
    /// A function of one argument that hubs have.
    const fn new(
        function: Function,
        family: Family,
        name: &'static str,
        signature: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            function,
            name,
            other_name: None,
            family,
            args_min: 1,
            args_max: Some(1),
            is_extended: false,
            signature,
            doc,
        }
    }

    /// Also written `other_name`.
    const fn also(self, other_name: &'static str) -> Self {
        Self { other_name: Some(other_name), ..self }
    }

    /// Takes `min` to `max` arguments.
    const fn takes(self, min: usize, max: usize) -> Self {
        Self { args_min: min, args_max: Some(max), ..self }
    }

    /// Takes `min` arguments or more.
    const fn takes_from(self, min: usize) -> Self {
        Self { args_min: min, args_max: None, ..self }
    }

    /// No hub has it.
    const fn extended(self) -> Self {
        Self { is_extended: true, ..self }
    }
}

/// The first row, for which the compiler needs no proof that it is there.
pub(super) const FIRST: Entry = Entry::new(
    Function::IsDefined,
    Family::Type,
    "IS_DEFINED",
    "IS_DEFINED(x)",
    "Whether `x` is defined; `null` is.",
)
.also("ISDEFINED");

/// Every function, in the order of [`Function`].
pub const TABLE: [Entry; 43] = [
    FIRST,
    Entry::new(Function::IsNull, Family::Type, "IS_NULL", "IS_NULL(x)", "Whether `x` is `null`.")
        .also("ISNULL"),
    Entry::new(
        Function::IsBool,
        Family::Type,
        "IS_BOOL",
        "IS_BOOL(x)",
        "Whether `x` is `true` or `false`.",
    )
    .also("ISBOOL"),
    Entry::new(
        Function::IsNumber,
        Family::Type,
        "IS_NUMBER",
        "IS_NUMBER(x)",
        "Whether `x` is a number.",
    )
    .also("ISNUMBER"),
    Entry::new(
        Function::IsString,
        Family::Type,
        "IS_STRING",
        "IS_STRING(x)",
        "Whether `x` is a string.",
    )
    .also("ISSTRING"),
    Entry::new(
        Function::IsArray,
        Family::Type,
        "IS_ARRAY",
        "IS_ARRAY(x)",
        "Whether `x` is an array.",
    )
    .also("ISARRAY"),
    Entry::new(
        Function::IsObject,
        Family::Type,
        "IS_OBJECT",
        "IS_OBJECT(x)",
        "Whether `x` is an object.",
    )
    .also("ISOBJECT"),
    Entry::new(
        Function::IsPrimitive,
        Family::Type,
        "IS_PRIMITIVE",
        "IS_PRIMITIVE(x)",
        "Whether `x` is `null`, a Boolean, a number or a string.",
    )
    .also("ISPRIMITIVE"),
    Entry::new(
        Function::AsNumber,
        Family::Type,
        "AS_NUMBER",
        "AS_NUMBER(x)",
        "A number itself; text that holds, blanks aside, one decimal number with an optional \
         sign as that number; else undefined.",
    )
    .also("ASNUMBER"),
    Entry::new(
        Function::StartsWith,
        Family::Text,
        "STARTSWITH",
        "STARTSWITH(text, prefix[, ignore_case])",
        "Whether `text` begins with `prefix`; with `true` as third argument `LOWER` of both is \
         compared.",
    )
    .also("STARTS_WITH")
    .takes(2, 3),
    Entry::new(
        Function::EndsWith,
        Family::Text,
        "ENDSWITH",
        "ENDSWITH(text, suffix[, ignore_case])",
        "Whether `text` ends with `suffix`; with `true` as third argument `LOWER` of both is \
         compared.",
    )
    .also("ENDS_WITH")
    .takes(2, 3),
    Entry::new(
        Function::Contains,
        Family::Text,
        "CONTAINS",
        "CONTAINS(text, part[, ignore_case])",
        "Whether `part` occurs in `text`; with `true` as third argument `LOWER` of both is \
         compared.",
    )
    .takes(2, 3),
    Entry::new(
        Function::Length,
        Family::Text,
        "LENGTH",
        "LENGTH(text)",
        "The number of code points.",
    ),
    Entry::new(
        Function::Lower,
        Family::Text,
        "LOWER",
        "LOWER(text)",
        "Lower case by the full Unicode mapping, in no locale.",
    ),
    Entry::new(
        Function::Upper,
        Family::Text,
        "UPPER",
        "UPPER(text)",
        "Upper case by the full Unicode mapping, in no locale.",
    ),
    Entry::new(
        Function::Concat,
        Family::Text,
        "CONCAT",
        "CONCAT(a, b, …)",
        "The texts one after the other.",
    )
    .takes_from(2),
    Entry::new(
        Function::Substring,
        Family::Text,
        "SUBSTRING",
        "SUBSTRING(text, start[, length])",
        "Code points from `start`, which counts from 0; a length past the end stops there. \
         Undefined unless both are whole numbers from 0 on and `start` is at most \
         `LENGTH(text)`.",
    )
    .takes(2, 3),
    Entry::new(
        Function::IndexOf,
        Family::Text,
        "INDEX_OF",
        "INDEX_OF(text, part)",
        "The place of the first `part` in code points from 0, or -1.",
    )
    .also("INDEXOF")
    .takes(2, 2),
    Entry::new(
        Function::RegexMatch,
        Family::Text,
        "REGEX_MATCH",
        "REGEX_MATCH(text, pattern[, flags])",
        "Whether the pattern is found anywhere in `text`, in linear time; flags of `i m s x`.",
    )
    .also("REGEXMATCH")
    .takes(2, 3)
    .extended(),
    Entry::new(Function::Abs, Family::Number, "ABS", "ABS(x)", "`x` without its sign."),
    Entry::new(Function::Exp, Family::Number, "EXP", "EXP(x)", "e to the power of `x`."),
    Entry::new(Function::Power, Family::Number, "POWER", "POWER(x, y)", "`x` to the power of `y`.")
        .takes(2, 2),
    Entry::new(Function::Square, Family::Number, "SQUARE", "SQUARE(x)", "`x * x`."),
    Entry::new(
        Function::Ceiling,
        Family::Number,
        "CEILING",
        "CEILING(x)",
        "The least whole number from `x` on.",
    ),
    Entry::new(
        Function::Floor,
        Family::Number,
        "FLOOR",
        "FLOOR(x)",
        "The greatest whole number up to `x`.",
    ),
    Entry::new(Function::Sign, Family::Number, "SIGN", "SIGN(x)", "-1, 0 or 1."),
    Entry::new(
        Function::Sqrt,
        Family::Number,
        "SQRT",
        "SQRT(x)",
        "The square root; undefined below 0.",
    ),
    Entry::new(
        Function::Round,
        Family::Number,
        "ROUND",
        "ROUND(x)",
        "The nearest whole number, halves away from 0.",
    )
    .extended(),
    Entry::new(
        Function::Bin,
        Family::Number,
        "BIN",
        "BIN(x, width)",
        "`FLOOR(x / width) * width`.",
    )
    .takes(2, 2)
    .extended(),
    Entry::new(
        Function::ArrayContains,
        Family::Array,
        "ARRAY_CONTAINS",
        "ARRAY_CONTAINS(array, value)",
        "Whether an element equals `value` by JSON equality.",
    )
    .also("ARRAYCONTAINS")
    .takes(2, 2),
    Entry::new(
        Function::ArrayLength,
        Family::Array,
        "ARRAY_LENGTH",
        "ARRAY_LENGTH(array)",
        "The number of elements.",
    )
    .also("ARRAYLENGTH"),
    Entry::new(
        Function::Time,
        Family::Time,
        "TIME",
        "TIME(text)",
        "ISO 8601 text as milliseconds since 1970 UTC, finer digits cut off.",
    )
    .extended(),
    Entry::new(
        Function::Now,
        Family::Time,
        "NOW",
        "NOW()",
        "The time of the query in milliseconds since 1970 UTC, one for the query and its pages.",
    )
    .takes(0, 0)
    .extended(),
    Entry::new(
        Function::Ago,
        Family::Time,
        "AGO",
        "AGO('15m')",
        "`NOW()` less a span: a whole number of `s`, `m`, `h`, `d` or `w`.",
    )
    .extended(),
    Entry::new(
        Function::InSync,
        Family::Fleet,
        "IN_SYNC",
        "IN_SYNC()",
        "Whether every desired property is found equal in reported; acknowledgements count by \
         their `value`.",
    )
    .also("INSYNC")
    .takes(0, 0)
    .extended(),
    Entry::new(
        Function::Drift,
        Family::Fleet,
        "DRIFT",
        "DRIFT()",
        "The desired paths that are not in sync, an array of text in code-point order.",
    )
    .takes(0, 0)
    .extended(),
    Entry::new(
        Function::Count,
        Family::Aggregate,
        "COUNT",
        "COUNT(), COUNT(*), COUNT(x), COUNT(DISTINCT x)",
        "The rows; those where `x` is defined and not `null`; the distinct such values (⊕).",
    )
    .takes(0, 1),
    Entry::new(
        Function::Sum,
        Family::Aggregate,
        "SUM",
        "SUM(x)",
        "The sum of the numbers; `null` over none.",
    ),
    Entry::new(
        Function::Avg,
        Family::Aggregate,
        "AVG",
        "AVG(x)",
        "The mean of the numbers; `null` over none.",
    ),
    Entry::new(
        Function::Min,
        Family::Aggregate,
        "MIN",
        "MIN(x)",
        "The least Boolean, number or string in the total order; `null` over none.",
    ),
    Entry::new(
        Function::Max,
        Family::Aggregate,
        "MAX",
        "MAX(x)",
        "The greatest Boolean, number or string in the total order; `null` over none.",
    ),
    Entry::new(
        Function::Percentile,
        Family::Aggregate,
        "PERCENTILE",
        "PERCENTILE(x, p)",
        "The exact percentile of the numbers for a literal `p` from 0 to 1, by linear \
         interpolation; `null` over none.",
    )
    .takes(2, 2)
    .extended(),
    Entry::new(
        Function::Stddev,
        Family::Aggregate,
        "STDDEV",
        "STDDEV(x)",
        "The sample standard deviation of the numbers; `null` below two.",
    )
    .extended(),
];
