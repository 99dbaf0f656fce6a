//! Random conditions and rows for the property tests of rules.

use std::sync::Arc;

use proptest::prelude::{BoxedStrategy, Just, Strategy, TestCaseError, any, prop, prop_oneof};
use proptest::{prop_assert, prop_assert_eq};
use twindex_lang::ast::{CompareOp, ProductOp, SumOp};
use twindex_lang::function::Function;
use twindex_model::path::{PathId, Step};
use twindex_model::value::Value;

use crate::eval::{evaluate, holds, truth};
use crate::expr::{Expr, PathRef};
use crate::logical::Predicate;
use crate::pattern::Pattern;
use crate::rules::predicate_of;
use crate::testing::Row;

/// Paths of a row; arrays lie there as canonical text, as in a lane.
const N_PATHS: u32 = 4;

fn leaf_value() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2..3).prop_map(|n| Value::Number(f64::from(n))),
        "[ab1]{0,2}".prop_map(Value::String),
    ]
    .boxed()
}

fn value() -> BoxedStrategy<Value> {
    leaf_value()
        .prop_recursive(2, 6, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                inner.prop_map(|value| Value::Object(vec![("k".into(), value)])),
            ]
        })
        .boxed()
}

/// A few rows.
pub(super) fn fleet() -> impl Strategy<Value = Vec<Row>> {
    let cell = prop::option::of(value()).prop_map(Row::cell_of);
    let row = prop::collection::vec(cell, N_PATHS as usize).prop_map(Row);
    prop::collection::vec(row, 1..6)
}

fn path_ref() -> BoxedStrategy<PathRef> {
    let id = prop_oneof![6 => (0..N_PATHS).prop_map(Some), 1 => Just(None)];
    let tail = prop_oneof![
        4 => Just(Vec::new()),
        1 => Just(vec![Step::Index(0)]),
        1 => Just(vec![Step::Index(1), Step::Key("k".into())]),
    ];
    (id, tail)
        .prop_map(|(id, tail)| PathRef {
            id: id.map(PathId),
            text: Arc::from(format!("p{id:?}{tail:?}")),
            tail: tail.into(),
        })
        .boxed()
}

/// A random condition; some of it is no Boolean at all.
pub(super) fn condition() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        4 => path_ref().prop_map(Expr::Path),
        3 => leaf_value().prop_map(Expr::Constant),
        1 => Just(Expr::Undefined),
        1 => Just(Expr::Element(Box::default())),
        1 => Just(Expr::Element(Box::new([Step::Key("k".into())]))),
    ];
    leaf.prop_recursive(4, 40, 3, |inner| {
        prop_oneof![2 => logical(inner.clone()), 3 => predicate(inner.clone()), 1 => other(inner)]
    })
    .boxed()
}

fn logical(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let terms = prop::collection::vec(inner.clone(), 2..4);
    prop_oneof![
        inner.prop_map(|e| Expr::Not(e.into())),
        terms.clone().prop_map(Expr::And),
        terms.prop_map(Expr::Or),
    ]
    .boxed()
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    prop::sample::select(CompareOp::ALL.to_vec())
}

fn predicate(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let two = (inner.clone(), inner.clone());
    let three = (inner.clone(), inner.clone(), inner.clone());
    let list = prop::collection::vec(inner.clone(), 0..3);
    prop_oneof![
        4 => (two.clone(), compare_op()).prop_map(|((a, b), op)| {
            Expr::Compare(a.into(), op, b.into())
        }),
        1 => inner.clone().prop_map(|e| Expr::IsNullish(e.into())),
        1 => (inner.clone(), list, any::<bool>()).prop_map(|(value, items, null_in_list)| {
            Expr::InList { value: value.into(), items, null_in_list }
        }),
        1 => two.clone().prop_map(|(v, a)| Expr::InArray { value: v.into(), array: a.into() }),
        2 => three.prop_map(|(value, low, high)| Expr::Between {
            value: value.into(),
            low: low.into(),
            high: high.into(),
        }),
        1 => (inner.clone(), "[ab1%_]{0,3}").prop_map(|(text, pattern)| {
            Expr::Like(text.into(), Arc::new(Pattern::like(&pattern)))
        }),
        1 => two.prop_map(|(text, pattern)| Expr::LikeExpr(text.into(), pattern.into())),
        2 => (path_ref(), inner).prop_map(|(array, test)| Expr::Any {
            array,
            condition: test.into(),
        }),
    ]
    .boxed()
}

fn other(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let two = (inner.clone(), inner.clone());
    let of_one = prop::sample::select(vec![
        Function::IsDefined,
        Function::IsNull,
        Function::IsPrimitive,
        Function::Length,
        Function::AsNumber,
        Function::Upper,
        Function::Abs,
        Function::ArrayLength,
        Function::Time,
    ]);
    let of_two = prop::sample::select(vec![
        Function::StartsWith,
        Function::Contains,
        Function::Concat,
        Function::IndexOf,
        Function::RegexMatch,
        Function::ArrayContains,
        Function::Power,
        Function::Bin,
        Function::Drift,
        Function::InSync,
    ]);
    prop_oneof![
        inner.clone().prop_map(|e| Expr::Negate(e.into())),
        two.clone().prop_map(|(a, b)| Expr::Sum(a.into(), vec![(SumOp::Add, b)])),
        two.clone().prop_map(|(a, b)| Expr::Product(a.into(), vec![(ProductOp::Divide, b)])),
        prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::Array),
        (of_one, inner).prop_map(|(function, a)| Expr::Call(function, vec![a])),
        (of_two, two).prop_map(|(function, (a, b))| Expr::Call(function, vec![a, b])),
    ]
    .boxed()
}

/// Both predicates keep the same rows.
pub(super) fn prop_same_rows(
    before: &Predicate,
    after: &Predicate,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    for row in rows {
        prop_assert_eq!(holds(before, row), holds(after, row), "{} became {}", before, after);
    }
    Ok(())
}

/// A rule of predicates leaves that of a condition with the same rows.
pub(super) fn prop_keeps_rows(
    rule: fn(Predicate) -> Predicate,
    condition: Expr,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    let before = predicate_of(condition);
    prop_same_rows(&before, &rule(before.clone()), rows)
}

/// Both expressions have the same value and truth in every row.
pub(super) fn prop_same_values(
    before: &Expr,
    after: &Expr,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    for row in rows {
        let (a, b) = (evaluate(before, row), evaluate(after, row));
        prop_assert!(a.json_eq(&b), "{} became {}: {:?} {:?}", before, after, a, b);
        prop_assert_eq!(truth(before, row), truth(after, row));
    }
    Ok(())
}
