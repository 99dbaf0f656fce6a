//! Leaves in one of fewer shapes, so that operators need fewer cases.
//!
//! `5 < p` becomes `p > 5`; NOT `p < 5` becomes `p >= 5`, which is undefined for the same values;
//! `p != 5` is the false side of `p = 5`; a list of one is a comparison; BETWEEN over a path is two
//! comparisons. All exact in Kleene logic.

use twindex_lang::ast::CompareOp;

use crate::expr::Expr;
use crate::logical::{LogicalPlan, Predicate};

pub(super) fn rule(plan: LogicalPlan) -> LogicalPlan {
    plan.map_filter(orient)
}

pub(super) fn orient(predicate: Predicate) -> Predicate {
    predicate.map_leaves(&mut leaf)
}

fn leaf(expr: Expr, wanted: bool) -> Predicate {
    match expr {
        Expr::Compare(left, op, right) => compare((left, right), op, wanted),
        Expr::InList { value, mut items, null_in_list: false } if items.len() == 1 => {
            let item = Box::new(items.remove(0));
            compare((value, item), CompareOp::Equal, wanted)
        }
        Expr::Between { value, low, high } if is_cheap(&value) => {
            let least = compare((value.clone(), low), CompareOp::GreaterOrEqual, wanted);
            let greatest = compare((value, high), CompareOp::LessOrEqual, wanted);
            if wanted {
                Predicate::all_of([least, greatest])
            } else {
                Predicate::any_of([least, greatest])
            }
        }
        expr => Predicate::Leaf { expr, wanted },
    }
}

fn compare((left, right): (Box<Expr>, Box<Expr>), op: CompareOp, wanted: bool) -> Predicate {
    let (left, op, right) = if left.is_constant() && !right.is_constant() {
        (right, op.turned(), left)
    } else {
        (left, op, right)
    };
    let (op, wanted) = match (op, wanted) {
        (CompareOp::NotEqual, _) => (CompareOp::Equal, !wanted),
        (CompareOp::Equal, _) | (_, true) => (op, wanted),
        (_, false) => (op.negated(), true),
    };
    Predicate::Leaf { expr: Expr::Compare(left, op, right), wanted }
}

/// Whether reading it twice costs about nothing.
fn is_cheap(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.tail.is_empty()) || matches!(expr, Expr::Slot(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{condition, fleet, prop_keeps_rows};
    use proptest::prelude::{ProptestConfig, proptest};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The rule keeps the same rows.
        #[test]
        fn keeps_the_same_rows(expr in condition(), rows in fleet()) {
            prop_keeps_rows(orient, expr, &rows)?;
        }
    }
}
