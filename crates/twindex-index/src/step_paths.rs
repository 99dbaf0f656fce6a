//! Paths by the numbers that readers of many documents gave them.
//!
//! Readers number the paths they meet ([`Leaves::steps`]), so a key that was resolved once needs not
//! be looked at again. What was noted is of a catalogue from which no path was dropped since.

use twindex_model::json::read::Leaves;
use twindex_model::json::steps::StepsName;
use twindex_model::path::PathId;

use crate::catalog::Catalog;

/// No path.
const NONE: PathId = PathId(u32::MAX);

/// What one load has resolved, of one index and of readers that no other has the number of.
#[derive(Debug, Default)]
pub struct StepPaths {
    /// By number of the reader.
    by_reader: Vec<ByStep>,
}

/// What was resolved of the steps of one tree.
#[derive(Debug, Default)]
struct ByStep {
    name: StepsName,
    n_dropped: u64,
    paths: Vec<PathId>,
}

/// The steps of one document, each with what is known of its path.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    steps: &'a [u32],
    paths: &'a mut Vec<PathId>,
}

impl StepPaths {
    /// The steps of a document, if it has some that can be relied on.
    pub(crate) fn of<'a>(&'a mut self, leaves: &'a Leaves, catalog: &Catalog) -> Option<Steps<'a>> {
        let (name, steps) = leaves.steps()?;
        let reader = name.reader as usize;
        if reader >= self.by_reader.len() {
            self.by_reader.resize_with(reader + 1, ByStep::default);
        }
        let known = &mut self.by_reader[reader];
        let n_dropped = catalog.n_dropped();
        if (known.name, known.n_dropped) != (name, n_dropped) {
            *known = ByStep { name, n_dropped, paths: Vec::new() };
        }
        Some(Steps { steps, paths: &mut known.paths })
    }
}

impl Steps<'_> {
    /// The path of event number `event`, if it was noted.
    #[inline]
    pub(crate) fn path(&self, event: usize) -> Option<PathId> {
        let path = self.paths.get(*self.steps.get(event)? as usize)?;
        (*path != NONE).then_some(*path)
    }

    /// Notes the path of event number `event`.
    pub(crate) fn note(&mut self, event: usize, path: PathId) {
        let Some(step) = self.steps.get(event).map(|step| *step as usize) else { return };
        if step >= self.paths.len() {
            self.paths.resize(step + 1, NONE);
        }
        self.paths[step] = path;
    }
}
