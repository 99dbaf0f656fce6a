//! What was copied and logged gives the index back: a checkpoint taken while writes go on, and the
//! redo of the batches since.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, any, prop, proptest};
use twindex_index::checkpoint::{Meaning, Part};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::Ts;

use crate::arb;
use crate::histories::{Step, step, strs, warm};
use crate::world::World;

/// A checkpoint in the making.
struct Copying {
    /// Batches logged when it began.
    replay_from: usize,
    /// Parts still to be copied.
    left: Vec<Part>,
    images: BTreeMap<Vec<u8>, Vec<u8>>,
    meanings: Vec<(Part, Meaning)>,
}

impl Copying {
    fn begin(index: &Index, replay_from: usize) -> Self {
        let mut left = index.parts();
        left.reverse();
        Self { replay_from, left, images: BTreeMap::new(), meanings: Vec::new() }
    }

    fn copy(&mut self, index: &Index, part: &Part) {
        let mut image = Vec::new();
        if index.write_part(part, &mut image) {
            self.images.insert(part.key(), image);
            self.meanings.push((*part, index.meaning_of(part)));
        }
    }

    fn copy_some(&mut self, index: &Index, n: usize) {
        for _ in 0..n {
            if let Some(part) = self.left.pop() {
                self.copy(index, &part);
            }
        }
    }

    /// Copies the rest, what has lost its meaning again, and what lanes name.
    fn finish(mut self, index: &Index) -> (usize, BTreeMap<Vec<u8>, Vec<u8>>) {
        self.copy_some(index, self.left.len());
        for (part, meaning) in std::mem::take(&mut self.meanings) {
            if index.meaning_of(&part) != meaning {
                self.images.remove(&part.key());
                self.copy(index, &part);
            }
        }
        for part in index.named_parts() {
            self.copy(index, &part);
        }
        (self.replay_from, self.images)
    }
}

fn reopened(
    options: &IndexOptions,
    images: &BTreeMap<Vec<u8>, Vec<u8>>,
    frames: &[Vec<u8>],
) -> Index {
    let mut index = Index::new(options.clone());
    for (key, image) in images {
        let part = Part::of_key(key).expect("a key that was written");
        index.restore(&part, image).unwrap_or_else(|_| panic!("{part:?} is restored"));
    }
    for frame in frames {
        index.redo(frame).expect("a batch is done again");
    }
    index.finish_redo().expect("the index is sound");
    index
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn a_log_and_a_checkpoint_taken_meanwhile_give_the_index_back(
        options in arb::options(),
        steps in prop::collection::vec(step(), 1..40),
        begin in any::<prop::sample::Index>(),
        speed in 0usize..12,
    ) {
        let mut world = World::new(options.clone());
        world.index.keep_redo();
        let begin = begin.index(steps.len());
        let mut frames: Vec<Vec<u8>> = Vec::new();
        let mut copying = None;
        for (n, step) in steps.into_iter().enumerate() {
            if n == begin {
                copying = Some(Copying::begin(&world.index, frames.len()));
            }
            let ts = Ts(n as u64 + 1);
            world.index.begin(ts);
            let n_twins = world.twins.len();
            match step {
                Step::Put(twin) => world.put(twin),
                Step::Warm => warm(&world.index),
                _ if n_twins == 0 => (),
                Step::Remove(at) => world.remove(at.index(n_twins)),
                Step::Set(at, keys, value) => world.set(at.index(n_twins), &strs(&keys), &value),
                Step::Unset(at, keys) => world.unset(at.index(n_twins), &strs(&keys)),
            }
            let mut frame = Vec::new();
            if world.index.write_redo(ts, &mut frame) {
                frames.push(frame);
                world.index.note_logged();
            }
            world.index.prune(ts);
            if let Some(copying) = &mut copying {
                copying.copy_some(&world.index, speed);
            } else {
                world.index.collect(ts, 1_000);
            }
        }
        let all = reopened(&options, &BTreeMap::new(), &frames);
        let (from, images) = copying.expect("begun").finish(&world.index);
        *world.index = all;
        world.check();
        *world.index = reopened(&options, &images, &frames[from..]);
        world.check();
    }
}
