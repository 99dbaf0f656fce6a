//! Twins put many at a time: they are what they say, as if put one after the other.

use proptest::prelude::{Strategy, prop, prop_oneof, proptest};
use twindex_index::bulk::{Bulk, NewTwin};
use twindex_index::index::{Index, Put};
use twindex_index::outline::Outline;
use twindex_index::snapshot::Ts;
use twindex_model::json::read::Leaves;
use twindex_model::json::reader::{LeavesReader, Strictness};
use twindex_model::value::{KeyOrder, Value};

use crate::arb;
use crate::world::World;

/// Reads twins as a load does, and puts some at a time.
pub(crate) struct Many {
    reader: LeavesReader,
    bulk: Bulk,
}

impl Default for Many {
    fn default() -> Self {
        let reader = LeavesReader::for_many(Strictness::Forgiving, 0);
        Self { reader, bulk: Bulk::default() }
    }
}

impl Many {
    pub(crate) fn put(&mut self, index: &mut Index, twins: &[Value]) -> Vec<Option<Put>> {
        let mut read = |twin: &Value| {
            let (mut text, mut leaves) = (String::new(), Leaves::default());
            twin.write_json(&mut text, KeyOrder::AsMet);
            self.reader.read_into(text.as_bytes(), &mut leaves).expect("an object");
            let outline = Outline::of(&leaves).expect("a twin");
            (leaves, outline)
        };
        let read: Vec<_> = twins.iter().map(&mut read).collect();
        let twins: Vec<NewTwin<'_>> =
            read.iter().map(|(leaves, outline)| (leaves, outline)).collect();
        let mut puts = Vec::new();
        index.put_many(&twins, &mut self.bulk, &mut puts);
        puts
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<Value>),
    Remove(usize),
    /// A batch that is taken back.
    TakeBack(Vec<Value>),
}

fn step() -> impl Strategy<Value = Step> {
    let twins = || prop::collection::vec(arb::twin(), 1..40);
    prop_oneof![
        5 => twins().prop_map(Step::Put),
        2 => (0usize..64).prop_map(Step::Remove),
        1 => twins().prop_map(Step::TakeBack),
    ]
}

fn put(world: &mut World, many: &mut Many, twins: Vec<Value>) {
    let puts = many.put(&mut world.index, &twins);
    assert_eq!(puts.len(), twins.len());
    for (put, twin) in puts.into_iter().zip(twins) {
        let put = put.expect("room for it");
        let same = |t: &&mut (_, _, Value)| (t.0, t.1) == (put.collection, put.row);
        let known = world.twins.iter_mut().find(same);
        assert_eq!(known.is_some(), put.replaced);
        match known {
            Some(known) => known.2 = twin,
            None => world.twins.push((put.collection, put.row, twin)),
        }
    }
}

proptest! {
    /// Whatever comes at a time: new twins, the same twin again, rows that others have left.
    #[test]
    fn twins_put_together_are_those_put_alone(
        options in arb::options(),
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let (mut world, mut many) = (World::new(options), Many::default());
        for (ts, step) in (1..).map(Ts).zip(steps) {
            world.index.begin(ts);
            match step {
                Step::Put(twins) => put(&mut world, &mut many, twins),
                Step::Remove(at) if at < world.twins.len() => world.remove(at),
                Step::Remove(_) => (),
                Step::TakeBack(twins) => {
                    many.put(&mut world.index, &twins);
                    world.index.roll_back(ts);
                }
            }
            world.check();
        }
    }
}
