//! A closed form is the set that evaluation gives.

use std::sync::Arc;

use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof};
use proptest::proptest;
use twindex_lang::ast::CompareOp;
use twindex_lang::function::Function;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;
use twindex_model::value::Value;
use twindex_plan::expr::{Expr, PathRef};
use twindex_plan::pattern::Pattern;

use super::{Wanted, cell_path, generic, symbolic};
use crate::cell_algebra::{intersection, union};

fn path() -> Box<Expr> {
    Box::new(Expr::Path(PathRef {
        id: Some(PathId(3)),
        tail: Box::default(),
        text: "tags.p".into(),
    }))
}

fn time() -> Box<Expr> {
    Box::new(Expr::Call(Function::Time, vec![*path()]))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ab%_\u{e9}]{0,3}", Just("\u{10000}".to_owned())]
}

/// Texts among which stamps are, and times of other forms.
fn stamp() -> impl Strategy<Value = String> {
    let texts = [
        "1970-01-01T00:00:00.0020000Z",
        "1970-01-01T00:00:00.0015Z",
        "1970-01-01",
        "1970-01-01T00:00:00.001",
        "1969-12-31T23:59:59.9980000Z",
        "1970-01-01T01:00:00+01:00",
        "1970-01-32T00:00:00Z",
    ];
    prop::sample::select(texts.map(str::to_owned).to_vec())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(-0.0), (-2i8..3).prop_map(f64::from), Just(0.5), Just(1e300)]
}

fn constant() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::Bool),
        4 => number().prop_map(Value::Number),
        4 => text().prop_map(Value::String),
        1 => prop::collection::vec(number().prop_map(Value::Number), 0..2)
            .prop_map(Value::Array),
    ]
}

fn operand() -> impl Strategy<Value = Expr> {
    prop_oneof![9 => constant().prop_map(Expr::Constant), 1 => Just(Expr::Undefined)]
}

fn comparison() -> impl Strategy<Value = CompareOp> {
    prop::sample::select(CompareOp::ALL.to_vec())
}

fn call() -> impl Strategy<Value = Expr> {
    let asking = prop::sample::select(vec![
        Function::IsDefined,
        Function::IsNull,
        Function::IsBool,
        Function::IsNumber,
        Function::IsString,
        Function::IsArray,
        Function::IsObject,
        Function::IsPrimitive,
    ]);
    let searching =
        prop::sample::select(vec![Function::StartsWith, Function::EndsWith, Function::Contains]);
    prop_oneof![
        asking.prop_map(|function| Expr::Call(function, vec![*path()])),
        (searching, operand()).prop_map(|(f, part)| Expr::Call(f, vec![*path(), part])),
    ]
}

fn leaf() -> impl Strategy<Value = Expr> {
    let list = prop::collection::vec(operand(), 0..4);
    prop_oneof![
        Just(*path()),
        Just(Expr::IsNullish(path())),
        (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(path(), op, Box::new(c))),
        (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(Box::new(c), op, path())),
        (list, any::<bool>()).prop_map(|(items, null_in_list)| Expr::InList {
            value: path(),
            items,
            null_in_list,
        }),
        (operand(), operand()).prop_map(|(low, high)| Expr::Between {
            value: path(),
            low: Box::new(low),
            high: Box::new(high),
        }),
        (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(time(), op, Box::new(c))),
        (comparison(), operand()).prop_map(|(op, c)| Expr::Compare(Box::new(c), op, time())),
        (operand(), operand()).prop_map(|(low, high)| Expr::Between {
            value: time(),
            low: Box::new(low),
            high: Box::new(high),
        }),
        text().prop_map(|text| Expr::Like(path(), Arc::new(Pattern::like(&text)))),
        call(),
    ]
}

/// The texts of a cell, owned, for a cell borrows.
fn cell() -> impl Strategy<Value = (u8, f64, String)> {
    (0u8..8, number(), prop_oneof![text(), stamp()])
}

fn with_cell(cell: &(u8, f64, String), f: impl FnOnce(&Cell<'_>)) {
    let (kind, number, text) = cell;
    let array = Value::Array(vec![Value::Number(*number)]).to_canonical_text();
    f(&match kind {
        0 => Cell::Undefined,
        1 => Cell::Null,
        2 => Cell::Bool(false),
        3 => Cell::Bool(true),
        4 => Cell::Number(number + 0.0),
        5 => Cell::String(text.as_str().into()),
        6 => Cell::Array(array.as_str().into()),
        _ => Cell::Object,
    });
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

    /// A closed form is the set that evaluation gives.
    #[test]
    fn closed_forms_mean_what_evaluation_means(leaf in leaf(), cell in cell()) {
        prop_assert_eq!(cell_path(&leaf), Some(PathId(3)));
        for wanted in [Wanted::True, Wanted::False] {
            let Some(closed) = symbolic(&leaf, wanted) else { continue };
            let tested = generic(&leaf, wanted);
            with_cell(&cell, |cell| {
                let (found, expected) = (closed.contains(cell), tested.contains(cell));
                assert_eq!(found, expected, "{leaf} {wanted:?} {cell:?} {closed:?}");
            });
        }
    }

    /// What two leaves are joined to holds what both, or either, hold.
    #[test]
    fn joined_sets_are_both_or_either(a in leaf(), b in leaf(), cell in cell()) {
        let (Some(x), Some(y)) = (symbolic(&a, Wanted::True), symbolic(&b, Wanted::True)) else {
            return Ok(());
        };
        with_cell(&cell, |cell| {
            let (in_x, in_y) = (x.contains(cell), y.contains(cell));
            if let Some(both) = intersection(&x, &y) {
                assert_eq!(both.contains(cell), in_x && in_y, "{a} AND {b} {cell:?}");
            }
            if let Some(either) = union(&x, &y) {
                assert_eq!(either.contains(cell), in_x || in_y, "{a} OR {b} {cell:?}");
            }
        });
    }
}
