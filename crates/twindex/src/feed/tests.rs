//! The feed against a list that forgets nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::{Strategy, any, proptest};
use proptest::{collection, prop_oneof};
use twindex_model::cell::InlineText;
use twindex_model::json::read::Leaves;

use super::{Change, Feed, Lagged, RingLimits, Subscribe, Subscription};
use crate::twin_id::TwinId;
use crate::write::{Op, Written};

fn feed(changes_max: usize) -> Arc<Feed> {
    Feed::new(RingLimits { changes_max, bytes_max: 1 << 20 })
}

fn written(version: u64) -> Written {
    Written {
        version,
        root_version: version,
        etag: InlineText::empty(),
        desired_version: 1,
        reported_version: 1,
        generation: 1,
        time_ms: 0,
    }
}

fn change(twin: &TwinId, version: u64) -> Change {
    let patch = Leaves::read(r#"{"a":1}"#).unwrap().leaves;
    Change::new(twin.clone(), Op::Report(patch), written(version), None)
}

fn push(feed: &Feed, twin: &TwinId, versions: impl IntoIterator<Item = u64>) {
    feed.push(versions.into_iter().map(|version| change(twin, version))).wake();
}

fn device(number: u8) -> TwinId {
    TwinId::device(&format!("d{number}")).unwrap()
}

/// Versions of the changes that are there, and how many were missed before each.
fn drain(subscription: &mut Subscription) -> (Vec<u64>, u64) {
    let (mut versions, mut missed) = (Vec::new(), 0);
    while let Some(item) = subscription.try_next() {
        match item {
            Ok(change) => versions.push(change.version()),
            Err(lagged) => missed += lagged.missed,
        }
    }
    (versions, missed)
}

#[derive(Clone, Debug)]
enum Step {
    /// A batch that touches these devices.
    Push(Vec<u8>),
    /// A subscription to a device, or to the fleet, begins so many changes back.
    Subscribe(Option<u8>, u64),
    /// The subscription reads all there is.
    Drain(usize),
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => collection::vec(0..4u8, 1..6).prop_map(Step::Push),
        2 => (proptest::option::of(0..4u8), 0..8u64)
            .prop_map(|(device, back)| Step::Subscribe(device, back)),
        3 => any::<usize>().prop_map(Step::Drain),
        1 => any::<usize>().prop_map(Step::End),
    ]
}

/// A subscription and what the list says of it.
struct Reader {
    subscription: Subscription,
    subject: Option<u8>,
    /// Changes of the list that are behind it.
    n_behind: usize,
}

proptest! {
    /// Whatever is read is what the list has, in order; what was missed is counted exactly, and is
    /// what had left the ring.
    #[test]
    fn tells_each_change_once_or_says_that_it_is_gone(
        steps in collection::vec(step(), 1..60),
        changes_max in 1..12usize,
    ) {
        let feed = feed(changes_max);
        let mut list: Vec<(u8, u64)> = Vec::new();
        let mut readers: Vec<Reader> = Vec::new();
        let mut version = 0;
        for step in steps {
            match step {
                Step::Push(devices) => {
                    version += 1; // a gap, as refused writes leave
                    let changes = devices.iter().map(|number| {
                        version += 1;
                        list.push((*number, version));
                        change(&device(*number), version)
                    });
                    feed.push(changes).wake();
                }
                Step::Subscribe(subject, back) => {
                    let n_kept = list.len().min(changes_max) as u64;
                    let n_behind = list.len() - back.min(n_kept) as usize;
                    let after = n_behind.checked_sub(1).map_or(0, |last| list[last].1);
                    let subscribe = Subscribe::new(&feed).after(after);
                    let subscription = match subject {
                        None => subscribe.subscribe(),
                        Some(number) => subscribe.of_device(device(number).device_id()).subscribe(),
                    };
                    readers.push(Reader { subscription, subject, n_behind });
                }
                Step::Drain(which) if !readers.is_empty() => {
                    let at = which % readers.len();
                    let Reader { subscription, subject, n_behind } = &mut readers[at];
                    let oldest = list.len().saturating_sub(changes_max);
                    let all: Vec<(usize, u64)> = list
                        .iter()
                        .enumerate()
                        .skip(*n_behind)
                        .filter(|(_, (number, _))| subject.is_none_or(|subject| subject == *number))
                        .map(|(place, (_, version))| (place, *version))
                        .collect();
                    let n_missed = all.iter().filter(|(place, _)| *place < oldest).count();
                    let expected: Vec<u64> =
                        all.iter().skip(n_missed).map(|(_, version)| *version).collect();
                    assert_eq!(drain(subscription), (expected, n_missed as u64));
                    *n_behind = list.len();
                }
                Step::End(which) if !readers.is_empty() => {
                    readers.remove(which % readers.len());
                }
                Step::Drain(_) | Step::End(_) => {}
            }
        }
    }
}

#[test]
fn trails_go_with_their_changes_and_subscribers() {
    let feed = feed(2);
    let subscription = Subscribe::new(&feed).of_device("d9").subscribe();
    for number in 0..100 {
        push(&feed, &device(number), [u64::from(number) + 1]);
    }
    assert_eq!(feed.state.lock().ring.n_trails(), 3);
    drop(subscription);
    assert_eq!(feed.state.lock().ring.n_trails(), 2);
}

#[test]
fn one_large_change_does_not_stay() {
    let feed = Feed::new(RingLimits { changes_max: 8, bytes_max: 1 });
    let mut subscription = Subscribe::new(&feed).subscribe();
    push(&feed, &device(1), [1, 2]);
    assert_eq!(drain(&mut subscription), (vec![], 2));
}

#[test]
fn a_subscription_past_the_ring_is_told_first() {
    let feed = feed(2);
    push(&feed, &device(1), 1..=5);
    let mut whole = Subscribe::new(&feed).after(1).subscribe();
    assert!(matches!(whole.try_next(), Some(Err(Lagged { missed: 2 }))));
    assert_eq!(drain(&mut whole), (vec![4, 5], 0));
    let mut exact = Subscribe::new(&feed).of_device("d1").after(3).subscribe();
    assert_eq!(drain(&mut exact), (vec![4, 5], 0));
    let mut ahead = Subscribe::new(&feed).after(9).subscribe();
    assert_eq!(drain(&mut ahead), (vec![], 0));
}

#[test]
fn a_load_makes_everybody_lag() {
    let feed = feed(8);
    push(&feed, &device(1), 1..=2);
    let mut fleet = Subscribe::new(&feed).subscribe();
    let mut one = Subscribe::new(&feed).of_device("d1").subscribe();
    let mut other = Subscribe::new(&feed).of_device("d2").subscribe();
    feed.skip(100);
    push(&feed, &device(1), [101]);
    assert_eq!(drain(&mut fleet), (vec![101], 1));
    assert_eq!(drain(&mut one), (vec![101], 1));
    assert_eq!(drain(&mut other), (vec![], 1));
    let mut late = Subscribe::new(&feed).after(2).subscribe();
    assert!(matches!(late.try_next(), Some(Err(Lagged { .. }))));
    let mut later = Subscribe::new(&feed).after(100).subscribe();
    assert_eq!(drain(&mut later), (vec![101], 0));
}

#[test]
fn a_twins_subscriber_hears_of_its_device_only_that_it_is_gone() {
    let feed = feed(8);
    let module = TwinId::module("d1", "m").unwrap();
    let mut of_module = Subscribe::new(&feed).of_twin(&module).subscribe();
    let mut of_device = Subscribe::new(&feed).of_twin(&device(1)).subscribe();
    push(&feed, &device(1), [1]);
    push(&feed, &module, [2]);
    let deletion = Change::new(device(1), Op::Delete, written(3), Some("{}".into()));
    feed.push([deletion].into_iter()).wake();
    assert_eq!(drain(&mut of_module), (vec![2, 3], 0));
    assert_eq!(drain(&mut of_device), (vec![1, 3], 0));
}

#[test]
fn waits_blocked_or_polled_and_ends_when_closed() {
    let feed = feed(8);
    let mut blocked = Subscribe::new(&feed).of_device("d1").subscribe();
    let mut polled = Subscribe::new(&feed).subscribe();
    assert!(blocked.next_timeout(Duration::from_millis(1)).is_none());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(polled.poll_next(&mut context).is_pending());
    }
    assert_eq!(feed.state.lock().ring.n_waiting(), 2, "each waits once");
    let reading = std::thread::spawn(move || {
        blocked.by_ref().map(|item| item.unwrap().version()).collect::<Vec<_>>()
    });
    push(&feed, &device(2), [1]);
    push(&feed, &device(1), [2, 3]);
    let mut seen = Vec::new();
    while let Poll::Ready(Some(item)) = polled.poll_next(&mut context) {
        seen.push(item.unwrap().version());
    }
    assert_eq!(seen, [1, 2, 3]);
    feed.close();
    assert_eq!(reading.join().unwrap(), [2, 3]);
    assert!(matches!(polled.poll_next(&mut context), Poll::Ready(None)));
}

#[test]
fn only_those_concerned_are_woken() {
    let feed = feed(8);
    let mut context = Context::from_waker(Waker::noop());
    let mut subscriptions = BTreeMap::new();
    for number in 0..100 {
        let id = device(number);
        let mut subscription = Subscribe::new(&feed).of_twin(&id).subscribe();
        assert!(subscription.poll_next(&mut context).is_pending());
        subscriptions.insert(number, subscription);
    }
    let woken = feed.push([change(&device(7), 1)].into_iter());
    assert_eq!(woken.0.len(), 1);
    woken.wake();
    assert!(subscriptions.get_mut(&7).unwrap().poll_next(&mut context).is_ready());
}
