//! What was copied and logged gives the index back: a checkpoint taken while writes go on, and the
//! redo of the batches since.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use twindex_index::checkpoint::{Mark, Meaning, Part};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::Ts;

use crate::arb;
use crate::histories::{Step, step};
use crate::world::{Reads, Twins, World};

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
            step.take(&mut world);
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
        world.reads = Reads::default();
        world.check();
        *world.index = reopened(&options, &images, &frames[from..]);
        world.reads = Reads::default();
        world.check();
    }
}

/// The checkpoint that counts: images, the states they were copied in, and where the log goes on.
#[derive(Clone, Default)]
struct Counting {
    images: BTreeMap<Vec<u8>, Vec<u8>>,
    marks: HashMap<Part, Mark>,
    replay_from: usize,
}

/// A checkpoint in the making that leaves unchanged parts where they are.
struct Keeping {
    next: Counting,
    left: Vec<Part>,
    meanings: Vec<(Part, Meaning)>,
}

impl Counting {
    fn has(&self, index: &Index, part: &Part) -> bool {
        let mark = index.mark_of(part);
        mark.is_some() && self.marks.get(part).copied() == mark
    }

    fn keep(&self, index: &Index, part: &Part, next: &mut Self) {
        next.images.insert(part.key(), self.images[&part.key()].clone());
        next.marks.extend(index.mark_of(part).map(|mark| (*part, mark)));
    }

    fn copy(&mut self, index: &Index, part: &Part) -> bool {
        let mut image = Vec::new();
        let is_there = index.write_part(part, &mut image);
        if is_there {
            self.images.insert(part.key(), image);
            self.marks.extend(index.mark_of(part).map(|mark| (*part, mark)));
        }
        is_there
    }

    /// Looks at all parts, and leaves those that are unchanged.
    fn begin(&self, index: &Index, n_frames: usize) -> Keeping {
        let mut next = Self { replay_from: n_frames, ..Self::default() };
        let (mut left, mut meanings) = (Vec::new(), Vec::new());
        for part in index.parts() {
            if self.has(index, &part) {
                self.keep(index, &part, &mut next);
                meanings.push((part, index.meaning_of(&part)));
            } else {
                left.push(part);
            }
        }
        left.reverse();
        Keeping { next, left, meanings }
    }
}

impl Keeping {
    fn copy_some(&mut self, index: &Index, n: usize) {
        for _ in 0..n {
            let Some(part) = self.left.pop() else { break };
            if self.next.copy(index, &part) {
                self.meanings.push((part, index.meaning_of(&part)));
            }
        }
    }

    fn finish(mut self, index: &Index, before: &Counting) -> Counting {
        self.copy_some(index, self.left.len());
        for (part, meaning) in &self.meanings {
            if index.meaning_of(part) != *meaning {
                self.next.copy(index, part);
            }
        }
        for part in index.named_parts() {
            if before.has(index, &part) {
                before.keep(index, &part, &mut self.next);
            } else {
                self.next.copy(index, &part);
            }
        }
        self.next
    }
}

/// What happens beside the writes.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    /// A checkpoint is begun, also if that gives up one under way.
    Begin,
    Finish,
    /// The store is closed and opened.
    Reopen,
    /// The batch is taken back.
    RollBack,
    /// Memory is given back.
    Collect,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Nothing),
        3 => Just(Event::Begin),
        3 => Just(Event::Finish),
        1 => Just(Event::Reopen),
        1 => Just(Event::RollBack),
        3 => Just(Event::Collect),
    ]
}

/// An index, its log, and its checkpoints.
struct Stored {
    world: World,
    options: IndexOptions,
    frames: Vec<Vec<u8>>,
    counting: Counting,
    keeping: Option<Keeping>,
}

impl Stored {
    fn write(&mut self, step: Step, ts: Ts, event: Event) {
        let before: Twins = self.world.twins.clone();
        self.world.index.begin(ts);
        step.take(&mut self.world);
        if matches!(event, Event::RollBack) {
            self.world.index.roll_back(ts);
            self.world.twins = before;
            // A checkpoint under way is interrupted.
            self.keeping = None;
        } else {
            let mut frame = Vec::new();
            if self.world.index.write_redo(ts, &mut frame) {
                self.frames.push(frame);
                self.world.index.note_logged();
            }
        }
        self.world.index.prune(ts);
    }

    fn happen(&mut self, event: Event, ts: Ts) {
        let n_frames = self.frames.len();
        match event {
            Event::Nothing | Event::RollBack => (),
            Event::Begin => {
                self.keeping = Some(self.counting.begin(&self.world.index, n_frames));
            }
            Event::Finish => {
                if let Some(keeping) = self.keeping.take() {
                    self.counting = keeping.finish(&self.world.index, &self.counting);
                    self.check();
                }
            }
            Event::Reopen => {
                self.keeping = None;
                self.reopen();
            }
            Event::Collect if self.keeping.is_some() => (),
            // Often enough that writes count as being at rest, so that all is given back.
            Event::Collect => (0..20).for_each(|_| _ = self.world.index.collect(ts, 1_000)),
        }
    }

    /// What would be opened now is what is there.
    fn check(&self) {
        let frames = &self.frames[self.counting.replay_from..];
        let index = reopened(&self.options, &self.counting.images, frames);
        World { index: Box::new(index), twins: self.world.twins.clone(), reads: Reads::default() }
            .check();
    }

    fn reopen(&mut self) {
        let mut index = Index::new(self.options.clone());
        let mut marks = HashMap::new();
        for (key, image) in &self.counting.images {
            let part = Part::of_key(key).expect("a key that was written");
            index.restore(&part, image).expect("an image that was written");
        }
        for key in self.counting.images.keys() {
            let part = Part::of_key(key).expect("a key that was written");
            marks.extend(index.mark_of(&part).map(|mark| (part, mark)));
        }
        for frame in &self.frames[self.counting.replay_from..] {
            index.redo(frame).expect("a batch is done again");
        }
        index.finish_redo().expect("the index is sound");
        index.keep_redo();
        *self.world.index = index;
        self.world.reads = Reads::default();
        self.counting.marks = marks;
        self.world.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]
    #[test]
    fn checkpoints_that_keep_unchanged_parts_give_the_index_back(
        options in arb::options(),
        steps in prop::collection::vec((step(), event()), 1..60),
        speed in 0usize..12,
    ) {
        let mut world = World::new(options.clone());
        world.index.keep_redo();
        let counting = Counting::default();
        let mut stored = Stored { world, options, frames: Vec::new(), counting, keeping: None };
        for (n, (step, event)) in steps.into_iter().enumerate() {
            let ts = Ts(n as u64 + 1);
            stored.write(step, ts, event);
            if let Some(keeping) = &mut stored.keeping {
                keeping.copy_some(&stored.world.index, speed);
            }
            stored.happen(event, ts);
        }
        stored.world.check();
        stored.check();
    }
}
