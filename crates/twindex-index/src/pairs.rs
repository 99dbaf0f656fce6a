//! Rows counted by the values of two paths at once: a table of counts by pair of codes.
//!
//! One pass over two columns instead of a number for each row and path. Only where both columns are
//! dictionary codes by row and few enough for a table; whoever asks counts the other rows singly.

use twindex_kernels::histogram_pairs;
use twindex_kernels::mask::Mask;
use twindex_model::cell::{Cell, Text};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use crate::dictionary::Dictionary;
use crate::lane::Lane;
use crate::lane::codes::{Codes, each_width};
use crate::lane::string::TextLane;
use crate::texts::TextKind;
use crate::view::SegmentView;

/// Entries of the table of counts at most: it should stay in a core's own cache.
const TABLE_MAX: usize = 1 << 16;

/// See [`SegmentView::count_pairs`].
pub(crate) fn count_pairs<'a>(
    view: &SegmentView<'a>,
    paths: (PathId, PathId),
    mask: &Mask,
    take: &mut dyn FnMut([Cell<'a>; 2], u32),
) -> Mask {
    let mut rest = mask.clone();
    if let (Some(a), Some(b)) = (Column::of(view, paths.0), Column::of(view, paths.1))
        && a.n_codes.saturating_mul(b.n_codes) <= TABLE_MAX
    {
        let mut rows = mask.clone();
        a.lane.kinds.narrow(KindSet::of(&[Kind::String]), rows.words_mut());
        b.lane.kinds.narrow(KindSet::of(&[Kind::String]), rows.words_mut());
        rest.and_not(&rows);
        let mut counts = vec![0; a.n_codes * b.n_codes];
        each_width!(a.codes, x => each_width!(b.codes, y => {
            histogram_pairs(rows.words(), x, y, b.n_codes, &mut counts);
        }));
        for (pair, n) in counts.into_iter().enumerate().filter(|(_, n)| *n > 0) {
            take([a.cell(pair / b.n_codes), b.cell(pair % b.n_codes)], n);
        }
    }
    rest
}

/// A column of dictionary codes whose slots are the rows.
struct Column<'a> {
    lane: &'a Lane,
    codes: &'a Codes,
    dictionary: &'a Dictionary,
    /// Codes below it occur.
    n_codes: usize,
}

impl<'a> Column<'a> {
    fn of(view: &SegmentView<'a>, path: PathId) -> Option<Self> {
        let lane = view.lane(path).filter(|lane| lane.kinds.is_dense())?;
        let Some(TextLane::Codes(part)) = lane.text_part(TextKind::Strings) else { return None };
        let dictionary = lane.dictionary(TextKind::Strings, &view.index().texts)?;
        let n_codes = part.codes.greatest_stored() as usize + 1;
        Some(Self { lane, codes: &part.codes, dictionary, n_codes })
    }

    fn cell(&self, code: usize) -> Cell<'a> {
        Cell::String(Text::Borrowed(self.dictionary.text(code as u32)))
    }
}
