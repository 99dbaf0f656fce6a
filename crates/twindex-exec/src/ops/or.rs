//! Disjunction: each child is asked only about the rows that no cheaper one has kept.

use twindex_index::filter::Estimate;
use twindex_index::snapshot::SnapshotRead;
use twindex_index::view::SegmentView;
use twindex_kernels::mask::Mask;
use twindex_model::path::{Collection, PathId};

use crate::cost;
use crate::operator::{Node, Operator, Preparation};
use crate::row::RowView;
use crate::term::Term;

/// Keeps the rows that any child keeps.
#[derive(Debug)]
pub struct Or {
    children: Vec<Node>,
}

impl Or {
    /// The disjunction of `children`, two or more.
    #[must_use]
    pub fn new(children: Vec<Node>) -> Self {
        Self { children }
    }

    /// The children that can keep rows of this segment, cheapest first.
    fn ordered(&self, segment: &SegmentView<'_>) -> Vec<(f64, &Node)> {
        let mut ordered = Vec::with_capacity(self.children.len());
        for child in &self.children {
            let estimate = child.estimate(segment);
            if estimate.rows_max > 0 {
                ordered.push((child.operator().cost_ns(&estimate), child));
            }
        }
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
        ordered
    }
}

impl Operator for Or {
    fn narrow(&self, segment: &SegmentView<'_>, mask: &mut Mask) {
        let mut undecided = mask.clone();
        let mut asked = Mask::empty();
        for (i, (cost_ns, child)) in self.ordered(segment).into_iter().enumerate() {
            if i > 0 && undecided.is_empty() {
                break;
            }
            asked.copy_from(&undecided);
            let row_ns = child.operator().row_cost_ns();
            if i > 0 && f64::from(asked.count()) * row_ns < cost_ns {
                child.probe(segment, &mut asked);
            } else {
                child.narrow(segment, &mut asked);
            }
            undecided.and_not(&asked);
        }
        mask.and_not(&undecided);
    }

    fn keeps(&self, row: &RowView<'_>) -> bool {
        self.children.iter().any(|child| child.keeps(row))
    }

    fn estimate(&self, segment: &SegmentView<'_>) -> Estimate {
        let mut total = Estimate { rows_max: 0, is_exact: false, bytes: 0, by: "any of" };
        for child in &self.children {
            let estimate = child.estimate(segment);
            total.rows_max = total.rows_max.saturating_add(estimate.rows_max);
            total.bytes = total.bytes.saturating_add(estimate.bytes);
        }
        total.rows_max = total.rows_max.min(segment.n_live());
        total.is_exact = total.rows_max == 0;
        total
    }

    fn total(&self, read: &SnapshotRead<'_>, collection: Collection) -> Option<u64> {
        let n_all = read.n_rows(collection);
        let totals = self.children.iter().map(|child| child.operator().total(read, collection));
        cost::joined_total(totals, 0, n_all)
    }

    fn prepare(&self, read: &SnapshotRead<'_>, step: &Preparation) -> bool {
        self.children.iter().all(|child| child.operator().prepare(read, step))
    }

    fn term<'a>(&self, segment: &SegmentView<'a>) -> Option<Term<'a>> {
        Term::any(self.children.iter().map(|child| child.term(segment)))
    }

    fn paths(&self, paths: &mut Vec<PathId>) -> bool {
        self.children.iter().all(|child| child.operator().paths(paths))
    }

    fn row_cost_ns(&self) -> f64 {
        self.children.iter().map(|child| child.operator().row_cost_ns()).sum()
    }

    fn is_row_by_row(&self) -> bool {
        self.children.iter().any(|child| child.operator().is_row_by_row())
    }

    fn children(&self) -> &[Node] {
        &self.children
    }

    fn describe(&self) -> String {
        "Or".to_owned()
    }
}
