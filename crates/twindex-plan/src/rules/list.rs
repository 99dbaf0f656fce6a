//! The list of rules and how it is run.

use super::{fold_constants, orient, push_not};
use crate::explain::explain;
use crate::logical::LogicalPlan;

/// A rule: its name and what it does.
type Rule = (&'static str, fn(LogicalPlan) -> LogicalPlan);

/// In this order: folding may leave a constant under a NOT or a chain, and only leaves are turned.
const RULES: [Rule; 3] = [
    ("fold_constants", fold_constants::rule),
    ("push_not", push_not::rule),
    ("orient", orient::rule),
];

/// A rule that changed the plan, and the plan after it as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of the rule.
    pub rule: &'static str,
    /// The plan after it.
    pub plan: String,
}

/// The plan after all rules.
#[must_use]
pub fn optimize(plan: LogicalPlan) -> LogicalPlan {
    RULES.iter().fold(plan, |plan, (_, rule)| rule(plan))
}

/// The plan after all rules, and those that changed it.
#[must_use]
pub fn optimize_with_steps(plan: LogicalPlan) -> (LogicalPlan, Vec<Step>) {
    let (mut plan, mut steps) = (plan, Vec::new());
    let mut text = explain(&plan);
    for (rule, apply) in RULES {
        plan = apply(plan);
        let after = explain(&plan);
        if after != text {
            steps.push(Step { rule, plan: after.clone() });
            text = after;
        }
    }
    (plan, steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logical::{Output, Predicate};
    use crate::rules::predicate_of;
    use crate::rules::testing::{condition, fleet, prop_same_rows};
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
    use twindex_lang::ast::Collection;

    fn plan_of(filter: Predicate) -> LogicalPlan {
        LogicalPlan {
            collection: Collection::Devices,
            filter,
            output: Output::Twins,
            order: Vec::new(),
            distinct: false,
            offset: 0,
            limit: None,
            warnings: Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// All rules together keep the same rows, and once is enough.
        #[test]
        fn keep_the_same_rows_and_are_idempotent(expr in condition(), rows in fleet()) {
            let before = Predicate::Leaf { expr: expr.clone(), wanted: true };
            let after = optimize(plan_of(predicate_of(expr)));
            prop_same_rows(&before, &after.filter, &rows)?;
            let (_, steps) = optimize_with_steps(after);
            prop_assert_eq!(steps, []);
        }
    }
}
