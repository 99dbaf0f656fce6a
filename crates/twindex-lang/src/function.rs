//! The one table of functions: names, argument counts, what they mean.
//!
//! The parser looks names up here, the binder checks calls against it, and `grammar/functions.md`
//! is printed from it.

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
