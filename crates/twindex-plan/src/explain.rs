//! The logical plan as a text tree, one line per step of work, the last step on top.

use std::fmt::Write as _;

use twindex_lang::ast::Collection;

use crate::display::WithSlots;
use crate::logical::{
    Aggregate, AggregateFunction, Column, Groups, LogicalPlan, Output, Predicate,
};

/// The text of `plan`, lines parted by `\n`, without one at the end.
///
/// ```text
/// Limit: 10
/// └─ Project: deviceId
///    └─ Filter: tags.site = 'B'
///       └─ Scan: devices
/// ```
#[must_use]
pub fn explain(plan: &LogicalPlan) -> String {
    let mut out = String::new();
    for (depth, line) in steps(plan).iter().enumerate() {
        if depth > 0 {
            // Writing to a string cannot fail.
            let _ = write!(out, "\n{}└─ ", "   ".repeat(depth - 1));
        }
        out.push_str(line);
    }
    out
}

/// The steps of `plan`, the last one first: what [`explain`] prints.
#[must_use]
pub fn steps(plan: &LogicalPlan) -> Vec<String> {
    let slots = match &plan.output {
        Output::Groups(groups) => slot_texts(groups),
        Output::Twins | Output::Rows(_) => Vec::new(),
    };
    let mut lines = Vec::new();
    match (plan.limit, plan.offset) {
        (None, 0) => {}
        (None, offset) => lines.push(format!("Offset: {offset}")),
        (Some(limit), 0) => lines.push(format!("Limit: {limit}")),
        (Some(limit), offset) => lines.push(format!("Limit: {limit} offset {offset}")),
    }
    if plan.distinct {
        lines.push("Distinct".to_owned());
    }
    if !plan.order.is_empty() {
        let keys = plan.order.iter().map(|key| {
            let direction = if key.descending { " DESC" } else { "" };
            format!("{}{direction}", WithSlots(&key.expr, &slots))
        });
        lines.push(format!("Sort: {}", join(keys)));
    }
    push_output(&mut lines, &plan.output, &slots);
    match &plan.filter {
        Predicate::All => {}
        filter => lines.push(format!("Filter: {filter}")),
    }
    lines.push(format!("Scan: {}", collection_text(plan.collection)));
    lines
}

fn push_output(lines: &mut Vec<String>, output: &Output, slots: &[String]) {
    match output {
        Output::Twins => {}
        Output::Rows(columns) => lines.push(project(columns, slots)),
        Output::Groups(groups) => {
            lines.push(project(&groups.columns, slots));
            if let Some(having) = &groups.having {
                lines.push(format!("Having: {}", WithSlots(having, slots)));
            }
            let (keys, aggregates) = slots.split_at(groups.keys.len());
            lines.push(match (keys, aggregates) {
                ([], _) => format!("Aggregate: {}", aggregates.join(", ")),
                (_, []) => format!("Group: {}", keys.join(", ")),
                _ => format!("Group: {} → {}", keys.join(", "), aggregates.join(", ")),
            });
        }
    }
}

/// `name` where the expression says the same, else `name = expression`.
fn project(columns: &[Column], slots: &[String]) -> String {
    let columns = columns.iter().map(|column| {
        let text = WithSlots(&column.expr, slots).to_string();
        match text == *column.name {
            true => text,
            false => format!("{} = {text}", column.name),
        }
    });
    format!("Project: {}", join(columns))
}

fn slot_texts(groups: &Groups) -> Vec<String> {
    let keys = groups.keys.iter().map(ToString::to_string);
    keys.chain(groups.aggregates.iter().map(aggregate_text)).collect()
}

fn aggregate_text(aggregate: &Aggregate) -> String {
    let argument = aggregate.argument.as_ref().map(ToString::to_string).unwrap_or_default();
    match aggregate.function {
        AggregateFunction::CountRows => "COUNT()".to_owned(),
        AggregateFunction::Count => format!("COUNT({argument})"),
        AggregateFunction::CountDistinct => format!("COUNT(DISTINCT {argument})"),
        AggregateFunction::Sum => format!("SUM({argument})"),
        AggregateFunction::Avg => format!("AVG({argument})"),
        AggregateFunction::Min => format!("MIN({argument})"),
        AggregateFunction::Max => format!("MAX({argument})"),
        AggregateFunction::Percentile(p) => format!("PERCENTILE({argument}, {p})"),
        AggregateFunction::Stddev => format!("STDDEV({argument})"),
    }
}

fn collection_text(collection: Collection) -> &'static str {
    match collection {
        Collection::Devices => "devices",
        Collection::Modules => "devices.modules",
        Collection::Jobs => "devices.jobs",
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::explain;
    use crate::optimize_with_steps;
    use crate::testing::Fleet;

    const TWIN: &str = r#"{"deviceId": "d1", "tags": {"site": "B", "n": 5, "l": [1], "o": {}},
        "properties": {"desired": {}, "reported": {}}}"#;

    #[test]
    fn every_step_has_a_line() {
        let plan = Fleet::new(&[TWIN]).bind(
            "SELECT DISTINCT deviceId, tags.n * 2 AS twice FROM devices
             WHERE tags.site = 'B' AND NOT (tags.n < 5 OR tags.l[*] = 1)
             ORDER BY tags.n DESC, deviceId LIMIT 10 OFFSET 20",
        );
        assert_eq!(
            explain(&plan),
            "\
Limit: 10 offset 20
└─ Distinct
   └─ Sort: tags.n DESC, deviceId
      └─ Project: deviceId, twice = tags.n * 2
         └─ Filter: tags.site = 'B' AND NOT tags.n < 5 AND NOT tags.l[*] = 1
            └─ Scan: devices"
        );
    }

    #[test]
    fn rules_that_change_the_plan_are_shown() {
        let fleet = Fleet::new(&[TWIN]);
        let plan = fleet.bind(
            "SELECT * FROM devices
             WHERE 1 + 1 = 2 AND 5 <= tags.n AND NOT tags.n > 3 * 2 AND tags.site IN ['B']",
        );
        let (optimized, steps) = optimize_with_steps(plan);
        let after = "Filter: tags.n >= 5 AND tags.n <= 6 AND tags.site = 'B'\n└─ Scan: devices";
        assert_eq!(explain(&optimized), after);
        let names: Vec<_> = steps.iter().map(|step| step.rule).collect();
        assert_eq!(names, ["fold_constants", "orient"]);
        assert_eq!(
            steps[0].plan,
            "Filter: 5 <= tags.n AND NOT tags.n > 6 AND tags.site IN ['B']\n└─ Scan: devices"
        );
        let never = fleet.bind("SELECT * FROM devices WHERE tags.none = 1 AND tags.n = 5");
        assert_eq!(explain(&optimize_with_steps(never).0), "Filter: false\n└─ Scan: devices");
    }

    #[test]
    fn expressions_keep_their_spelling() {
        let fleet = Fleet::new(&[TWIN]);
        for text in [
            "tags.n = 1 OR tags.n = 2 AND tags.site != 'B'",
            "(tags.n = 1 OR tags.n = 2) AND tags.site = 'B'",
            "(tags.n = 1) != true",
            "NOT tags.l[*] = 1",
            "tags.l[*] != 1",
            "tags.l[*] != null",
            "NOT tags.l[*] != null",
            "(tags.n + 1) * 2 - -(-tags.n) > 0",
            "tags.n IN [null, 1, 'it''s']",
            "tags.n NOT IN [1]",
            "tags.l[*] NOT IN [1]",
            "tags.l[*].k BETWEEN 1 AND 2",
            "tags.l[0].k NOT BETWEEN 1 AND 2",
            "tags.site LIKE 'a%'",
            "tags.site NOT LIKE CONCAT('a', tags.site)",
            "tags.site = null",
            "tags.site != null",
            "REGEX_MATCH(tags.site, 'a+', 'i')",
            "IN_SYNC()",
            "NOT IS_DEFINED(DRIFT())",
            "[1, [tags.n]] = tags.l",
            "1 IN tags.l",
            "tags.o.[[odd key]] = undefined",
            "true",
        ] {
            let plan = fleet.bind(&format!("SELECT ({text}) AS x FROM devices"));
            assert_eq!(explain(&plan), format!("Project: x = {text}\n└─ Scan: devices"));
        }
    }
}
