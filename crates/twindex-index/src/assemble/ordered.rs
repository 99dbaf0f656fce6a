//! The paths below an object in the order in which objects are compared.
//!
//! Objects are ordered entry by entry in code-point order of their keys, so they are ordered by the
//! columns below them, one after the other, if those come in that order: nobody need put them
//! together to find the first ones.

use std::cmp::Reverse;

use twindex_model::path::PathId;

use crate::view::SegmentView;

/// A path below another one.
#[derive(Clone, Copy, Debug)]
pub struct Below {
    /// The path.
    pub path: PathId,
    /// The place in the list of the path that it lies directly below; `None` for the topmost.
    pub parent: Option<usize>,
}

/// See [`SegmentView::ordered_below`].
pub(crate) fn ordered_below(
    view: &SegmentView<'_>,
    path: PathId,
    n_max: usize,
) -> Option<Vec<Below>> {
    let (segment, catalog) = (view.segment(), &view.index().catalog);
    let layout = segment.layout(catalog);
    let range = layout.range_of(path, segment);
    if range.len() > n_max.saturating_add(1) {
        return None;
    }
    let path_of = |at: usize| segment.lanes()[layout.entries[at].lane as usize].path;
    // The entries directly below one, the last key first.
    let children = |at: usize| {
        let end = layout.entries[at].end as usize;
        let next = |child: &usize| Some(layout.entries.get(*child)?.end as usize);
        let mut children: Vec<usize> =
            std::iter::successors(Some(at + 1), next).take_while(|child| *child < end).collect();
        children.sort_by_key(|child| Reverse(catalog.key(path_of(*child))));
        children
    };
    let mut found = Vec::with_capacity(range.len());
    if range.is_empty() {
        return Some(found);
    }
    let mut open: Vec<(usize, Option<usize>)> =
        children(range.start).into_iter().map(|child| (child, None)).collect();
    while let Some((at, parent)) = open.pop() {
        let place = found.len();
        found.push(Below { path: path_of(at), parent });
        open.extend(children(at).into_iter().map(|child| (child, Some(place))));
    }
    Some(found)
}
