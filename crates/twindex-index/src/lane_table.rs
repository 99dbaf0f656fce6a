//! Which lane of a segment is that of a path.
//!
//! Ordinary paths have small ids, and documents are written and assembled path by path: an array
//! finds them in one look. Where keys are generated there may be a million paths, of which a
//! segment has some: an array would take four bytes for each in every segment, so it is kept no
//! longer than the number of lanes is worth, and a hash map holds the paths past it.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use twindex_model::path::PathId;

/// No lane.
const NONE: u32 = u32::MAX;
/// Length that the array may have in any case.
const NEAR_MIN: usize = 256;
/// Places of the array for each lane, at most.
const NEAR_EACH: usize = 16;

/// Places of lanes by path.
#[derive(Debug, Default)]
pub(crate) struct LaneTable {
    /// By path, for the paths below its length, which is a power of two.
    near: Vec<u32>,
    /// The other paths.
    far: HashMap<u32, u32, FixedState>,
}

impl LaneTable {
    /// The place of the lane of a path.
    #[inline]
    pub(crate) fn get(&self, path: PathId) -> Option<usize> {
        match self.near.get(path.0 as usize) {
            Some(&NONE) => None,
            Some(place) => Some(*place as usize),
            None => self.far.get(&path.0).map(|place| *place as usize),
        }
    }

    /// Sets the place of the lane of a path, one of so many lanes.
    pub(crate) fn set(&mut self, path: PathId, place: usize, n_lanes: usize) {
        let at = path.0 as usize;
        if at >= self.near.len() {
            self.reach(at, n_lanes);
        }
        match self.near.get_mut(at) {
            Some(near) => *near = place as u32,
            None => _ = self.far.insert(path.0, place as u32),
        }
    }

    /// Lets the array reach a path if there are lanes enough.
    fn reach(&mut self, at: usize, n_lanes: usize) {
        let len = (at + 1).next_power_of_two().max(NEAR_MIN);
        if len > (n_lanes * NEAR_EACH).max(NEAR_MIN) {
            return;
        }
        self.near.resize(len, NONE);
        for (path, place) in self.far.extract_if(|path, _| (*path as usize) < len) {
            self.near[path as usize] = place;
        }
    }

    /// Forgets the lane of a path; gives its place.
    pub(crate) fn remove(&mut self, path: PathId) -> Option<usize> {
        let place = match self.near.get_mut(path.0 as usize) {
            Some(place) => std::mem::replace(place, NONE),
            None => self.far.remove(&path.0).unwrap_or(NONE),
        };
        (place != NONE).then_some(place as usize)
    }

    /// Whether it takes far more memory than so many lanes are worth.
    pub(crate) fn is_roomy(&self, n_lanes: usize) -> bool {
        self.near.len() > (n_lanes * NEAR_EACH * 2).max(NEAR_MIN)
            || crate::catalog::is_roomy(self.far.len(), self.far.capacity())
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.near.capacity() * 4 + self.far.capacity() * 8 / 7 * 9
    }
}

#[cfg(test)]
mod tests {
    use super::LaneTable;
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};
    use std::collections::HashMap;
    use twindex_model::path::PathId;

    proptest! {
        /// The table says what a map says, whatever the ids.
        #[test]
        fn lanes_are_found_as_in_a_map(
            steps in prop::collection::vec((0u32..20, 0u32..80, any::<bool>()), 0..400),
        ) {
            let (mut table, mut model) = (LaneTable::default(), HashMap::new());
            for (magnitude, n, is_set) in steps {
                let path = PathId((1 << magnitude) + n);
                if is_set {
                    model.insert(path, n as usize);
                    table.set(path, n as usize, model.len());
                } else {
                    prop_assert_eq!(table.remove(path), model.remove(&path));
                }
                for (path, place) in &model {
                    prop_assert_eq!(table.get(*path), Some(*place));
                }
                prop_assert_eq!(table.get(PathId(n)), model.get(&PathId(n)).copied());
            }
        }
    }

    #[test]
    fn a_million_paths_cost_a_segment_that_has_few_nothing() {
        let mut table = LaneTable::default();
        for n in 0..150_u32 {
            table.set(PathId(n), n as usize, n as usize);
        }
        for n in 0..50_u32 {
            table.set(PathId(1_000_000 - n * 7), 150, 150 + n as usize);
        }
        assert!(table.bytes() < 4_096, "{}", table.bytes());
    }
}
