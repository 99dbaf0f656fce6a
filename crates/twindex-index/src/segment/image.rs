//! The image of a segment without its lanes: which rows hold a twin, and the stamps that lanes share.

use std::collections::HashMap;
use std::sync::OnceLock;

use twindex_kernels::mask::{Mask, Words};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::PathId;

use super::Segment;
use crate::catalog::Catalog;
use crate::image::{Image as _, ImageBytes};
use crate::lane::Lane;
use crate::lane::row_stamps::RowStamps;
use crate::span::Span;

impl Segment {
    /// Appends the image.
    pub(crate) fn write_image(&self, out: &mut Vec<u8>) {
        Box::new(*self.live.words()).write(out);
        self.stamps.write(out);
    }

    /// The segment of an image, without lanes; `None` if it is none.
    pub(crate) fn read_image(from: &mut ImageBytes<'_>) -> Option<Self> {
        let words = Box::<Words>::read(from)?;
        let mut segment = Self::new();
        segment.live.words_mut().copy_from_slice(&*words);
        segment.n_live = segment.live.count();
        segment.stamps = RowStamps::read(from)?;
        Some(segment)
    }

    /// Puts a lane back; the one of its path that is there goes.
    pub(crate) fn restore_lane(&mut self, lane: Lane) {
        let path = lane.path;
        match self.lane_place(path) {
            Some(place) => {
                self.spans[place] = Span::of(&lane);
                self.lanes[place] = lane;
            }
            None => {
                let n_lanes = self.lanes.len();
                self.by_path.set(path, n_lanes, n_lanes + 1);
                self.spans.push(Span::of(&lane));
                self.lanes.push(lane);
            }
        }
        self.layout = OnceLock::new();
    }

    /// Brings what is derived up to date after rows and lanes were restored.
    pub(crate) fn finish_restore(&mut self) {
        self.n_live = Mask::count(&self.live);
        self.first_free = 0;
        self.is_settled = false;
        self.layout = OnceLock::new();
        for lane in &mut self.lanes {
            lane.touched = 0;
        }
        self.n_writes = 0;
    }

    /// Whether all lanes have rows only where a twin is, and where the path above is an object.
    pub(crate) fn has_sound_rows(&self, catalog: &Catalog) -> bool {
        let mut objects: HashMap<PathId, Mask> = HashMap::new();
        self.lanes.iter().all(|lane| {
            let Some(above) = catalog.parent(lane.path) else {
                return lane.kinds.are_rows_in(&self.live);
            };
            let above = objects.entry(above).or_insert_with(|| {
                let mut objects = self.live.clone();
                match self.lane(above) {
                    Some(lane) => {
                        lane.kinds.narrow(KindSet::of(&[Kind::Object]), objects.words_mut());
                    }
                    None => objects.clear(),
                }
                objects
            });
            lane.kinds.are_rows_in(above)
        })
    }
}
