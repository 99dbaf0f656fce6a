//! The IS_ family: always true or false.

use twindex_lang::function::Function;
use twindex_model::kind::{Kind, KindSet};

/// The kinds for which `function` of the IS_ family is true; `None` for any other function.
pub(crate) fn is_of(function: Function) -> Option<KindSet> {
    let bools = KindSet::of(&[Kind::False, Kind::True]);
    let text_or_number = KindSet::of(&[Kind::Number, Kind::String]);
    Some(match function {
        Function::IsDefined => KindSet::DEFINED,
        Function::IsNull => KindSet::of(&[Kind::Null]),
        Function::IsBool => bools,
        Function::IsNumber => KindSet::of(&[Kind::Number]),
        Function::IsString => KindSet::of(&[Kind::String]),
        Function::IsArray => KindSet::of(&[Kind::Array]),
        Function::IsObject => KindSet::of(&[Kind::Object]),
        Function::IsPrimitive => bools.union(text_or_number).with(Kind::Null),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitive_is_neither_container_nor_undefined() {
        let kinds = is_of(Function::IsPrimitive).unwrap();
        let out: Vec<_> = kinds.complement().iter().collect();
        assert_eq!(out, [Kind::Undefined, Kind::Array, Kind::Object]);
        assert!(is_of(Function::Abs).is_none());
    }
}
