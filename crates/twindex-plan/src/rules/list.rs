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
