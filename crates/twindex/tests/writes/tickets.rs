//! Submitting without waiting, the bound of the queue, and how an engine ends.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use twindex::{Error, ErrorKind, NewTwin, Options, Ticket, Twindex, Write, WriteError};

use super::{count, device, report, with_devices};

/// Blocks the engine's thread in a callback until what is given is called, so that writes queue.
fn hold(db: &Twindex) -> impl FnOnce() + use<> {
    let here = std::thread::current().id();
    loop {
        let (let_go, held) = channel::<()>();
        let (entered, has_entered) = channel();
        let ticket = db.submit(report(&device("d"), "held", 1)).unwrap();
        ticket.on_done(move |_| {
            // One that comes too late runs here: not the thread that is meant.
            let is_there = std::thread::current().id() != here;
            entered.send(is_there).unwrap();
            if is_there {
                held.recv().ok();
            }
        });
        if has_entered.recv_timeout(Duration::from_secs(60)).unwrap() {
            return move || drop(let_go);
        }
    }
}

#[test]
fn a_full_queue_refuses_and_waits() {
    let options = Options { queue_ops_max: 10, ..Options::default() };
    let db = Twindex::with_options(options);
    db.write(Write::create(device("d"), NewTwin::new())).unwrap();
    let let_go = hold(&db);
    let tickets: Vec<Ticket> =
        (0..10).map(|n| db.submit(report(&device("d"), "n", n)).unwrap()).collect();
    let full = db.submit(report(&device("d"), "n", 10)).unwrap_err();
    assert!(matches!(full, Error::Write(WriteError::QueueFull { ops_max: 10 })), "{full:?}");
    assert!(full.is_retryable());
    assert!(tickets[0].wait_timeout(Duration::from_millis(5)).is_none());
    // A blocking write waits for room instead.
    let writer = db.clone();
    let waiting = std::thread::spawn(move || writer.write(report(&device("d"), "n", 11)));
    std::thread::sleep(Duration::from_millis(10));
    let_go();
    waiting.join().unwrap().unwrap();
    let versions: Vec<u64> =
        tickets.into_iter().map(|ticket| ticket.wait().unwrap().reported_version).collect();
    assert!(versions.is_sorted() && versions.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(count(&db, "properties.reported.n = 11"), 1);
}

#[test]
fn what_was_submitted_is_done_when_the_last_handle_goes() {
    let db = with_devices(["d"]);
    let mut feed = db.feed().subscribe();
    let tickets: Vec<Ticket> =
        (0..1_000).map(|n| db.submit(report(&device("d"), "n", n)).unwrap()).collect();
    drop(db);
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    assert_eq!(feed.by_ref().count(), 1_000);
    assert!(feed.next().is_none());
}

#[test]
fn the_last_handle_may_go_in_a_callback() {
    let db = with_devices(["d"]);
    let (sent, received) = channel();
    let ticket = db.submit(report(&device("d"), "n", 1)).unwrap();
    let later = db.submit(report(&device("d"), "n", 2)).unwrap();
    ticket.on_done(move |written| {
        drop(db);
        sent.send(written.is_ok()).unwrap();
    });
    assert!(received.recv_timeout(Duration::from_secs(60)).unwrap());
    assert_eq!(later.wait().unwrap().reported_version, 3);
}

#[test]
fn a_callback_may_submit_but_not_wait() {
    let db = with_devices(["d"]);
    let let_go = hold(&db);
    let (sent, received) = channel();
    let again = db.clone();
    db.submit(report(&device("d"), "n", 1)).unwrap().on_done(move |_| {
        let refused = again.write(report(&device("d"), "n", 2)).unwrap_err();
        let ticket = again.submit(report(&device("d"), "n", 3));
        sent.send((refused.kind(), ticket)).unwrap();
    });
    let_go();
    let (kind, ticket) = received.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(kind, ErrorKind::Misuse);
    ticket.unwrap().wait().unwrap();
    assert_eq!(count(&db, "properties.reported.n = 3"), 1);
}

#[test]
fn a_ticket_that_is_dropped_takes_nothing_back() {
    let db = with_devices(["d"]);
    drop(db.submit(report(&device("d"), "n", 1)).unwrap());
    db.write(report(&device("d"), "m", 1)).unwrap();
    assert_eq!(count(&db, "properties.reported.n = 1"), 1);
}

#[test]
fn many_writes_have_a_result_each() {
    let db = with_devices(["a", "b"]);
    let writes = (0..10_000)
        .map(|n| report(&device(["a", "b", "missing"][n as usize % 3]), "n", n))
        .collect();
    let written = db.write_all(writes);
    assert_eq!(written.len(), 10_000);
    for (n, written) in written.iter().enumerate() {
        match written {
            Ok(written) => {
                assert_ne!(n % 3, 2);
                assert_eq!(written.reported_version, 2 + n as u64 / 3);
            }
            Err(error) => {
                assert_eq!((n % 3, error.kind()), (2, ErrorKind::NotFound));
                assert_eq!(error.code(), "T020");
            }
        }
    }
    assert_eq!(db.write_all(Vec::new()).len(), 0);
}

#[test]
fn threads_read_what_they_wrote() {
    let db = with_devices(["a", "b", "c", "d"]);
    let start = Arc::new(Barrier::new(4));
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let (db, start) = (db.clone(), Arc::clone(&start));
            scope.spawn(move || {
                let twin = device(name);
                start.wait();
                for n in 0..200 {
                    let written = db.write(report(&twin, "n", n)).unwrap();
                    assert_eq!(written.reported_version, n + 2, "no version is left out");
                    let condition = format!("deviceId = '{name}' AND properties.reported.n = {n}");
                    assert_eq!(count(&db, &condition), 1);
                    assert!(db.version() >= written.version);
                }
            });
        }
    });
}
