//! Versions of a segment with many rows: every form of lanes, thousands of changes behind, and
//! what is given up when that takes too much memory.

use std::ops::Bound;

use twindex_index::cell_set::{CellSet, NumberBounds, NumberSet, TextSet};
use twindex_index::index::Index;
use twindex_index::options::IndexOptions;
use twindex_index::snapshot::{Expired, Shared, Snapshot, Ts};
use twindex_model::json::read::{Leaves, read_value};
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::Collection;
use twindex_model::value::Value;

use crate::versions::{check_functions, check_live};
use crate::world::{Reads, Twins, World};

const N_TWINS: u64 = 1_500;
const DEVICES: Collection = Collection::Devices;

/// Xorshift: the same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

fn stamp(n: u64) -> String {
    format!("2024-05-06T{:02}:{:02}:{:02}.1234567Z", n / 3_600 % 24, n / 60 % 60, n % 60)
}

fn string(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn object(entries: Vec<(&str, Value)>) -> Value {
    Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Values that are spread over dictionary codes, raw texts, frames, doubles and stamps.
fn twin(n: u64, random: &mut Random) -> Value {
    let mut tags = vec![
        ("site", string(format!("site-{}", random.below(9)))),
        ("serial", string(format!("a serial number like {n}-{}", random.below(1_000_000)))),
        ("wide", Value::Number(random.below(1 << 40) as f64 / 3.0)),
        ("$lastUpdated", string(stamp(random.below(80_000)))),
    ];
    if random.below(3) == 0 {
        tags.push(("level", Value::Number(random.below(100) as f64)));
    }
    object(vec![("deviceId", string(format!("device-{n}"))), ("tags", object(tags))])
}

fn change(world: &mut World<impl std::ops::DerefMut<Target = Index>>, random: &mut Random) {
    let at = random.below(world.twins.len() as u64) as usize;
    match random.below(20) {
        0 => world.remove(at),
        1 => {
            let n = random.below(N_TWINS * 2);
            world.put(twin(n, random));
        }
        2 => world.unset(at, &["tags", "level"]),
        3 => world.set(at, &["tags", "site"], &Value::Number(random.below(5) as f64)),
        4..8 => {
            world.set(at, &["tags", "site"], &string(format!("site-{}", random.below(12))));
        }
        8..14 => world.set(at, &["tags", "level"], &Value::Number(random.below(300) as f64)),
        14..17 => world.set(at, &["tags", "$lastUpdated"], &string(stamp(random.below(80_000)))),
        _ => {
            let text = format!("another serial number {}", random.below(1_000));
            world.set(at, &["tags", "serial"], &string(text));
        }
    }
}

fn sets() -> Vec<CellSet> {
    let bounds = NumberBounds { low: Bound::Included(20.0), high: Bound::Excluded(120.0) };
    let mut one = CellSet::of_kinds(KindSet::of(&[Kind::Undefined]));
    one.numbers = NumberSet::Between(bounds);
    one.strings = TextSet::Points(vec!["device-7".into(), "site-3".into()]);
    let mut other = CellSet::none();
    other.strings = TextSet::Between(Bound::Included("2024-05-06T12".into()), Bound::Unbounded);
    vec![one, other]
}

fn check(snapshot: &Snapshot, twins: &Twins) {
    let read = snapshot.segment(DEVICES, 0).expect("not given up");
    check_live(&read.view(), twins.iter().map(|twin| twin.1));
    check_functions(&read.view(), &sets(), 0x5555_1234_8765_FFFF);
    let mut text = String::new();
    for (_, row, twin) in twins {
        text.clear();
        read.view().write_twin(row.place(), &mut text);
        assert_eq!(&read_value(&text).expect("JSON"), twin);
    }
}

#[test]
fn versions_far_behind_stay_as_they_were() {
    let options = IndexOptions { dictionary_values_min: 64, ..IndexOptions::default() };
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut world = World::new(options);
    (0..N_TWINS).for_each(|n| world.put(twin(n, &mut random)));
    let mut twins = world.twins;
    let shared = Shared::new(*world.index);
    let mut open = vec![(shared.snapshot(), twins.clone())];
    for ts in (1..=5).map(Ts) {
        shared.write().begin(ts);
        let mut world = World { index: shared.write(), twins, reads: Reads::default() };
        (0..1_200).for_each(|_| change(&mut world, &mut random));
        twins = world.twins;
        drop(world.index);
        open.iter().for_each(|(snapshot, twins)| check(snapshot, twins));
        shared.publish(ts);
        open.push((shared.snapshot(), twins.clone()));
        assert_eq!(shared.read().validate(), Ok(()));
        if ts.0 % 2 == 0 {
            open.remove(0);
            shared.prune(usize::MAX);
        }
    }
    open.iter().for_each(|(snapshot, twins)| check(snapshot, twins));
    open.clear();
    shared.prune(usize::MAX);
    assert!(!shared.read().has_undo());
}

fn one_twin() -> std::sync::Arc<Shared> {
    let mut world = World::new(IndexOptions::default());
    world.put(twin(1, &mut Random(1)));
    Shared::new(*world.index)
}

/// Writes a batch and publishes it.
fn write(shared: &Shared, ts: Ts) {
    let holder = object(vec![("v", Value::Number(ts.0 as f64))]);
    let leaves = Leaves::from_value(&holder).expect("an object");
    let mut index = shared.write();
    index.begin(ts);
    let row = index.find("device-1", None).expect("put before");
    let leaf = leaves.root_leaf("v").expect("given");
    assert!(index.set((DEVICES, row), &["tags", "level"], (leaf, &leaves)).is_some());
    drop(index);
    shared.publish(ts);
}

#[test]
fn versions_are_given_up_oldest_first_and_only_as_need_be() {
    let shared = one_twin();
    let snapshots: Vec<Snapshot> = (1..=3)
        .map(|ts| {
            write(&shared, Ts(ts));
            shared.snapshot()
        })
        .collect();
    write(&shared, Ts(4));
    shared.prune(usize::MAX);
    assert!(snapshots.iter().all(|snapshot| snapshot.read().is_ok()));
    shared.expire_below(Ts(2));
    assert_eq!(snapshots[0].read().err(), Some(Expired));
    assert!(snapshots[1].read().is_ok());
    assert_eq!(shared.oldest(), Ts(2));
    shared.prune(0);
    assert_eq!(snapshots[2].segment(DEVICES, 0).err(), Some(Expired));
    assert!(!shared.read().has_undo());
    assert_eq!(shared.oldest(), Ts(4));
    assert!(shared.snapshot().read().is_ok(), "the published version is never given up");
}

#[cfg(debug_assertions)]
#[test]
fn a_thread_that_takes_the_index_twice_is_found_out() {
    let shared = one_twin();
    let snapshot = shared.snapshot();
    let _first = snapshot.read();
    let second = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(shared.read())));
    let reason = second.unwrap_err();
    assert_eq!(reason.downcast_ref(), Some(&"this thread holds the index already"));
}
