//! `EXPLAIN [ANALYZE]`: the steps of the plan with the operators that answer them.
//!
//! One structure for both and for both fronts: a tree for eyes (`Display`) and one JSON object for
//! programs. Estimates are summed over all segments, so that what is printed for the fleet is what
//! AND was ordered by.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use twindex_index::snapshot::Snapshot;
use twindex_plan::expr::Expr;
use twindex_plan::logical::{Groups, LogicalPlan, Output};

use crate::catalog_view::twins_of;
use crate::error::ExecError;
use crate::group::GroupTable;
use crate::leaf::cell_path;
use crate::operator::{Measured, Metering, Node, Operator as _, ROW_BY_ROW};
use crate::ops::Everything;
use crate::page::{Request, TimedPage, execute_with};
use crate::physical::Filter;
use crate::scan::Scan;

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What is done, in one line.
    pub label: String,
    /// How lanes answer, in how many segments each; empty for steps that read no lane.
    pub by: String,
    /// Rows it gives, from kept counts.
    pub estimated: Option<EstimatedRows>,
    /// What it did; only after ANALYZE.
    pub actual: Option<Actual>,
    /// The steps it takes its rows from.
    pub children: Vec<Explanation>,
}

/// How many rows a step is expected to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EstimatedRows {
    /// The number, or what it is at most.
    pub rows_max: u64,
    /// Whether it is exact.
    pub is_exact: bool,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actual {
    /// Rows it gave.
    pub rows: u64,
    /// Time it took, what lies below included, summed over threads where it lies in the tree of
    /// operators.
    pub time: Duration,
    /// Bytes it read from lanes or wrote as text.
    pub bytes: u64,
    /// Whether it was run at all: kept counts may answer, or no row may be left for it.
    pub was_run: bool,
}

/// The plan as it would be run. Of `request` only the stop matters.
///
/// # Errors
/// [`ExecError::Stopped`] and [`ExecError::SnapshotExpired`].
pub fn explain(
    snapshot: &Snapshot,
    plan: &LogicalPlan,
    request: &Request<'_>,
) -> Result<Explanation, ExecError> {
    let filter = Filter::new(&plan.filter, Metering::Named);
    tree(&Scan::new(snapshot, plan, &filter, request)?, plan, None)
}

/// Runs the plan for one page and tells what each step did.
///
/// # Errors
/// As [`crate::execute`].
pub fn analyze(
    snapshot: &Snapshot,
    plan: &LogicalPlan,
    request: &Request<'_>,
) -> Result<Explanation, ExecError> {
    let filter = Filter::new(&plan.filter, Metering::On);
    let timed = execute_with(snapshot, plan, &filter, request)?;
    tree(&Scan::new(snapshot, plan, &filter, request)?, plan, Some(&timed))
}

/// The steps of the logical plan over the scan with its operators.
fn tree(
    scan: &Scan<'_>,
    plan: &LogicalPlan,
    timed: Option<&TimedPage>,
) -> Result<Explanation, ExecError> {
    let bottom = scan_node(scan, plan, timed.is_some())?;
    let steps = twindex_plan::explain::steps(plan);
    // The last steps are the filter and the scan, which the operators spell out.
    let is_above = |step: &&String| !step.starts_with("Filter: ") && !step.starts_with("Scan: ");
    let mut above: Vec<&String> = steps.iter().filter(is_above).collect();
    let twins = "Twins: whole documents".to_owned();
    if matches!(plan.output, Output::Twins) {
        above.push(&twins);
    }
    let scan_time = bottom.actual.map(|actual| actual.time);
    above.into_iter().rev().try_fold(bottom, |below, step| {
        Ok(Explanation {
            label: step.clone(),
            by: keyed_by(scan, plan, step)?.to_owned(),
            estimated: None,
            actual: timed.map(|timed| actual_of_step(step, timed, scan_time.unwrap_or_default())),
            children: vec![below],
        })
    })
}

/// How a step that sorts, groups or tells rows apart comes by its values; nothing for other steps.
fn keyed_by(scan: &Scan<'_>, plan: &LogicalPlan, step: &str) -> Result<&'static str, ExecError> {
    let mut exprs: Vec<&Expr> = Vec::new();
    match &plan.output {
        Output::Groups(groups) if is_aggregation(step) && is_counted(scan, groups)? => {
            return Ok("kept counts");
        }
        Output::Groups(groups) if is_aggregation(step) => {
            exprs.extend(&groups.keys);
            exprs.extend(groups.aggregates.iter().filter_map(|one| one.argument.as_ref()));
        }
        Output::Rows(columns) if step == "Distinct" => {
            exprs.extend(columns.iter().map(|column| &column.expr));
        }
        Output::Rows(_) | Output::Twins if step.starts_with("Sort: ") => {
            exprs.extend(plan.order.iter().map(|key| &key.expr));
        }
        _ => return Ok(""),
    }
    let is_by_row = |expr: &&Expr| cell_path(expr).is_none() && !expr.is_constant();
    Ok(if exprs.iter().any(is_by_row) {
        ROW_BY_ROW
    } else if exprs.is_empty() {
        "matching rows"
    } else {
        "distinct values of each segment"
    })
}

fn is_aggregation(step: &str) -> bool {
    step.starts_with("Group: ") || step.starts_with("Aggregate: ")
}

/// Whether kept counts give all groups, so that no lane is read.
fn is_counted(scan: &Scan<'_>, groups: &Groups) -> Result<bool, ExecError> {
    if !GroupTable::is_answered_by_counts(groups) {
        return Ok(false);
    }
    for number in 0..scan.n_segments() {
        let is_known = scan.segment(number).step(|view| match groups.keys.len() {
            0 => scan.filter.exact_count(view).is_some(),
            _ => scan.filter.is_everything(view),
        })?;
        if !is_known {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a step above the scan did. Rows are printed last whatever stands above in the order of
/// work, so only the outermost times are whole.
fn actual_of_step(step: &str, timed: &TimedPage, scan_time: Duration) -> Actual {
    let rows = &timed.page.rows;
    let is_printing = step.starts_with("Project: ") || step.starts_with("Twins: ");
    Actual {
        rows: rows.len() as u64,
        time: if is_printing && !timed.printing.is_zero() {
            timed.printing
        } else {
            timed.total.max(scan_time)
        },
        bytes: if is_printing { rows.n_bytes() as u64 } else { 0 },
        was_run: true,
    }
}

fn scan_node(
    scan: &Scan<'_>,
    plan: &LogicalPlan,
    is_analyzed: bool,
) -> Result<Explanation, ExecError> {
    let n_segments = scan.n_segments();
    let nodes = [scan.filter.rows(), Some(scan.filter.masks())].into_iter().flatten();
    let mut children: Vec<Explanation> =
        nodes.map(|node| operator_node(scan, node)).collect::<Result<_, _>>()?;
    let mut n_rows = 0;
    for number in 0..n_segments {
        n_rows += u64::from(scan.segment(number).step(|view| view.n_live())?);
    }
    let estimated = children.iter().filter_map(|child| child.estimated);
    let estimated = estimated.min_by_key(|estimated| estimated.rows_max);
    let collection = match twins_of(plan.collection) {
        Some(twindex_model::path::Collection::Devices) => "devices",
        Some(twindex_model::path::Collection::Modules) => "devices.modules",
        None => "devices.jobs",
    };
    let actuals: Vec<Actual> = children.iter().filter_map(|child| child.actual).collect();
    // A scan without a condition says so by having no operators.
    children.retain(|child| child.label != Everything.describe());
    Ok(Explanation {
        label: format!(
            "Scan: {collection}, {} in {}",
            counted(n_rows, "row"),
            counted(n_segments as u64, "segment")
        ),
        by: String::new(),
        estimated,
        actual: is_analyzed.then(|| Actual {
            rows: actuals.first().map_or(0, |actual| actual.rows),
            time: actuals.iter().map(|actual| actual.time).sum(),
            bytes: actuals.iter().map(|actual| actual.bytes).sum(),
            was_run: actuals.iter().any(|actual| actual.was_run),
        }),
        children,
    })
}

fn operator_node(scan: &Scan<'_>, node: &Node) -> Result<Explanation, ExecError> {
    let mut estimated = EstimatedRows { rows_max: 0, is_exact: true };
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..scan.n_segments() {
        let estimate = scan.segment(number).step(|view| node.estimate(view))?;
        estimated.rows_max += u64::from(estimate.rows_max);
        estimated.is_exact &= estimate.is_exact;
        *by.entry(estimate.by).or_default() += 1;
    }
    let by: Vec<String> = match by.len() {
        0 | 1 => by.into_keys().map(str::to_owned).collect(),
        _ => by.into_iter().map(|(by, n)| format!("{by} × {n}")).collect(),
    };
    let children = node.operator().children().iter();
    Ok(Explanation {
        label: node.operator().describe(),
        by: by.join(", "),
        estimated: Some(estimated),
        actual: node.measured().map(Actual::of_operator),
        children: children.map(|child| operator_node(scan, child)).collect::<Result<_, _>>()?,
    })
}

/// `1 row`, `2 rows`.
fn counted(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

impl Actual {
    fn of_operator(measured: Measured) -> Self {
        Self {
            rows: measured.rows_out,
            time: Duration::from_nanos(measured.nanos),
            bytes: measured.bytes,
            was_run: measured.n_calls > 0,
        }
    }
}

impl Explanation {
    /// The tree as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("step".to_owned(), self.label.clone().into());
        if !self.by.is_empty() {
            object.insert("by".to_owned(), self.by.clone().into());
        }
        if let Some(estimated) = self.estimated {
            object.insert("estimatedRows".to_owned(), estimated.rows_max.into());
            object.insert("isExact".to_owned(), estimated.is_exact.into());
        }
        if let Some(actual) = self.actual {
            let nanos = u64::try_from(actual.time.as_nanos()).unwrap_or(u64::MAX);
            object.insert("actualRows".to_owned(), actual.rows.into());
            object.insert("timeNs".to_owned(), nanos.into());
            object.insert("bytes".to_owned(), actual.bytes.into());
            object.insert("wasRun".to_owned(), actual.was_run.into());
        }
        let inputs: Vec<serde_json::Value> = self.children.iter().map(Self::to_json).collect();
        object.insert("inputs".to_owned(), inputs.into());
        object.into()
    }

    fn write_line(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)?;
        let mut notes = Vec::new();
        if self.by == ROW_BY_ROW {
            notes.push(self.by.clone());
        } else if !self.by.is_empty() {
            notes.push(format!("by {}", self.by));
        }
        if let Some(estimated) = self.estimated {
            let at_most = if estimated.is_exact { "" } else { "at most " };
            notes.push(format!("estimated {at_most}{}", counted(estimated.rows_max, "row")));
        }
        match self.actual {
            Some(actual) if actual.was_run => notes.push(format!(
                "actual {}, {:?}, {}",
                counted(actual.rows, "row"),
                actual.time,
                counted(actual.bytes, "byte")
            )),
            Some(_) => notes.push("not run".to_owned()),
            None => {}
        }
        if !notes.is_empty() {
            write!(f, "  ({})", notes.join("; "))?;
        }
        Ok(())
    }

    fn write_tree(&self, f: &mut Formatter<'_>, indent: &mut String) -> fmt::Result {
        self.write_line(f)?;
        for (i, child) in self.children.iter().enumerate() {
            let (branch, more) = if i + 1 == self.children.len() {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            write!(f, "\n{indent}{branch}")?;
            let len = indent.len();
            indent.push_str(more);
            child.write_tree(f, indent)?;
            indent.truncate(len);
        }
        Ok(())
    }
}

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write_tree(f, &mut String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::{EstimatedRows, Explanation};

    fn node(label: &str, children: Vec<Explanation>) -> Explanation {
        Explanation {
            label: label.to_owned(),
            by: String::new(),
            estimated: None,
            actual: None,
            children,
        }
    }

    #[test]
    fn prints_a_tree_and_an_object() {
        let mut leaf = node("Cells: tags.a = 1", Vec::new());
        leaf.by = "posting".to_owned();
        leaf.estimated = Some(EstimatedRows { rows_max: 7, is_exact: true });
        let tree = node("Scan", vec![node("And", vec![leaf]), node("Row", Vec::new())]);
        let wanted =
            "Scan\n├─ And\n│  └─ Cells: tags.a = 1  (by posting; estimated 7 rows)\n└─ Row";
        assert_eq!(tree.to_string(), wanted);
        assert_eq!(tree.to_json()["inputs"][0]["inputs"][0]["estimatedRows"], 7);
    }
}
