//! NOT moves to the leaves, where it asks for FALSE.
//!
//! De Morgan's laws hold in Kleene logic: NOT of an AND is true exactly where some operand is
//! false. So only rows where something is TRUE or FALSE are ever computed, never a complement. The
//! chains are flattened on the way.

use twindex_planted::{Fault, planted};

use crate::expr::Expr;
use crate::logical::{LogicalPlan, Predicate};

/// The predicate that keeps the rows for which `condition` is true.
#[must_use]
pub fn predicate_of(condition: Expr) -> Predicate {
    push(condition, true)
}

pub(super) fn rule(plan: LogicalPlan) -> LogicalPlan {
    plan.map_filter(push_not)
}

pub(super) fn push_not(predicate: Predicate) -> Predicate {
    predicate.map_leaves(&mut push)
}

fn push(expr: Expr, wanted: bool) -> Predicate {
    match (expr, wanted) {
        (Expr::Not(inner), _) => push(*inner, !wanted),
        (Expr::And(terms), false) if planted(Fault::NotKeepsAnd) => {
            Predicate::all_of(terms.into_iter().map(|term| push(term, wanted)))
        }
        (Expr::And(terms), true) | (Expr::Or(terms), false) => {
            Predicate::all_of(terms.into_iter().map(|term| push(term, wanted)))
        }
        (Expr::And(terms), false) | (Expr::Or(terms), true) => {
            Predicate::any_of(terms.into_iter().map(|term| push(term, wanted)))
        }
        (expr, wanted) => Predicate::Leaf { expr, wanted },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{condition, fleet, prop_same_rows};
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};

    fn is_normal(predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All | Predicate::Nothing => true,
            Predicate::And(terms) => {
                terms.len() > 1
                    && terms.iter().all(|t| !matches!(t, Predicate::And(_)) && is_normal(t))
            }
            Predicate::Or(terms) => {
                terms.len() > 1
                    && terms.iter().all(|t| !matches!(t, Predicate::Or(_)) && is_normal(t))
            }
            Predicate::Leaf { expr, .. } => {
                !matches!(expr, Expr::And(_) | Expr::Or(_) | Expr::Not(_))
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The predicate keeps exactly the rows where the condition is true, and is normal.
        #[test]
        fn keeps_the_rows_of_the_condition(expr in condition(), rows in fleet()) {
            let whole = Predicate::Leaf { expr: expr.clone(), wanted: true };
            let pushed = predicate_of(expr);
            prop_assert!(is_normal(&pushed), "{}", pushed);
            prop_same_rows(&whole, &pushed, &rows)?;
        }
    }
}
