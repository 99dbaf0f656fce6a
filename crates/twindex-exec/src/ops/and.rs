//! Conjunction: children narrow one mask, those that remove most for least work first.
//!
//! The order is chosen anew in each segment, since values cluster: a tag that is rare in the fleet
//! can fill a segment. Once few rows are left, judging them one by one reads less than the next
//! lane would.

use twindex_index::filter::{Estimate, PathFilter};
use twindex_index::snapshot::SnapshotRead;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, PathId};

use crate::cost;
use crate::operator::{Node, Operator, Preparation};
use crate::row::RowView;
use crate::term::Term;

/// Cost below which a child's mask path is taken without counting the rows left.
const CHEAP_NS: f64 = 1_000.0;

/// Keeps the rows that every child keeps.
#[derive(Debug)]
pub struct And {
    children: Vec<Node>,
}

impl And {
    /// The conjunction of `children`, two or more.
    #[must_use]
    pub fn new(children: Vec<Node>) -> Self {
        Self { children }
    }

    /// The children that can remove rows of this segment with their costs, best first; none when
    /// one of them is known to keep no row.
    fn ordered(&self, segment: &SegmentView<'_>) -> Option<Vec<(f64, f64, &Node)>> {
        let n_live = segment.n_live();
        let mut ordered = Vec::with_capacity(self.children.len());
        for child in &self.children {
            let estimate = child.estimate(segment);
            if estimate.rows_max == 0 {
                return None;
            }
            if estimate.is_exact && estimate.rows_max == n_live {
                continue;
            }
            let cost_ns = child.operator().cost_ns(&estimate);
            ordered.push((cost::rank(cost_ns, &estimate, n_live), cost_ns, child));
        }
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(ordered)
    }
}

impl Operator for And {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let Some(ordered) = self.ordered(segment) else {
            return mask.clear();
        };
        for (i, (_, cost_ns, child)) in ordered.into_iter().enumerate() {
            if i > 0 && mask.is_empty() {
                return;
            }
            let row_ns = child.operator().row_cost_ns();
            if i > 0 && cost_ns > CHEAP_NS && f64::from(mask.count()) * row_ns < cost_ns {
                child.probe(segment, mask);
            } else {
                child.narrow(segment, mask);
            }
        }
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        self.children.iter().all(|child| child.keeps(row))
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        let mut total =
            Estimate { rows_max: segment.n_live(), is_exact: false, bytes: 0, by: "all of" };
        for child in &self.children {
            let estimate = child.estimate(segment);
            total.rows_max = total.rows_max.min(estimate.rows_max);
            total.bytes = total.bytes.saturating_add(estimate.bytes);
        }
        total.is_exact = total.rows_max == 0;
        total
    }

    fn total(&self, read: &SnapshotRead<'_>, collection: Collection) -> Option<u64> {
        let n_all = read.n_rows(collection);
        let totals = self.children.iter().map(|child| child.operator().total(read, collection));
        cost::joined_total(totals, n_all, 0)
    }

    /// What one child is known to leave over is all that the others are asked about.
    fn prepare(&self, read: &SnapshotRead<'_>, step: &Preparation) -> bool {
        let look = Preparation { n_texts: 0, rows_max: u64::MAX, ..*step };
        let operators = || self.children.iter().map(Node::operator);
        if operators().all(|operator| operator.prepare(read, &look)) {
            return true;
        }
        let ready = operators().filter(|operator| operator.prepare(read, &look));
        let total = ready.filter_map(|operator| operator.total(read, step.collection)).min();
        let rows_max = total.map_or(step.rows_max, |total| total.min(step.rows_max));
        let step = Preparation { rows_max, ..*step };
        operators().all(|operator| operator.prepare(read, &step))
    }

    fn term<'a>(&self, segment: &SegmentView<'a>) -> Option<Term<'a>> {
        Term::all(self.children.iter().map(|child| child.term(segment)))
    }

    fn paths(&self, paths: &mut Vec<PathId>) -> bool {
        self.children.iter().all(|child| child.operator().paths(paths))
    }

    fn row_cost_ns(&self) -> f64 {
        self.children.iter().map(|child| child.operator().row_cost_ns()).sum()
    }

    fn is_row_by_row(&self) -> bool {
        self.children.iter().all(|child| child.operator().is_row_by_row())
    }

    fn children(&self) -> &[Node] {
        &self.children
    }

    fn identities(&self) -> Option<&PathFilter> {
        self.children.iter().find_map(|child| child.operator().identities())
    }

    fn describe(&self) -> String {
        "And".to_owned()
    }
}
