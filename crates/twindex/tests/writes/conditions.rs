//! Optimistic concurrency: by etag and by `$version`.

use std::sync::Barrier;

use twindex::{ErrorKind, Write};

use super::{count, device, report, tag, with_devices};

/// Races that CI runs; `TWINDEX_RACES=100000` for more.
fn n_races() -> u64 {
    std::env::var("TWINDEX_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

#[test]
fn of_writers_with_one_etag_one_wins() {
    let db = with_devices(["d"]);
    let twin = device("d");
    let etag = parking_lot::Mutex::new(db.write(tag(&twin, "n", 0)).unwrap().etag);
    let n_writers = 4;
    let (began, ended) = (Barrier::new(n_writers), Barrier::new(n_writers));
    let race = |writer: u64| {
        let mut n_won = 0;
        for round in 0..n_races() {
            let expected = *etag.lock();
            began.wait();
            let write = tag(&twin, "n", round * n_writers as u64 + writer);
            let written = db.write(write.if_etag(expected.as_str()));
            // Who won gives out the etag of the next race, after all have read this one's.
            ended.wait();
            match written {
                Ok(written) => {
                    *etag.lock() = written.etag;
                    n_won += 1;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::VersionMismatch),
            }
            ended.wait();
        }
        n_won
    };
    let race = &race;
    let wins: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..n_writers as u64).map(|writer| scope.spawn(move || race(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(wins.iter().sum::<u64>(), n_races(), "one winner a race: {wins:?}");
    let last = db.write(tag(&twin, "n", 0)).unwrap();
    assert_eq!(last.root_version, 2 + n_races() + 2);
}

#[test]
fn a_version_that_is_another_changes_nothing() {
    let db = with_devices(["d"]);
    let twin = device("d");
    let before = db.twin("d", None).unwrap();
    let patch = |twin| Write::patch_twin(twin, r#"{"properties":{"desired":{"a":1}}}"#).unwrap();
    for stale in [
        patch(twin.clone()).if_desired_version(2),
        report(&twin, "a", 1).if_reported_version(7),
        patch(twin.clone()).if_etag("AAAAAAAAAAk="),
        Write::delete(twin.clone()).if_etag("AAAAAAAAAAk="),
    ] {
        let error = db.write(stale).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::VersionMismatch);
        assert_eq!(error.hub_error(), Some((412_001, "PreconditionFailed")));
    }
    assert_eq!(db.twin("d", None).unwrap(), before);
    let written = db.write(patch(twin.clone()).if_desired_version(1).if_etag("*")).unwrap();
    assert_eq!((written.desired_version, written.root_version), (2, 3));
    let written = db.write(report(&twin, "a", 1).if_reported_version(1)).unwrap();
    assert_eq!((written.reported_version, written.root_version), (2, 4));
    assert_eq!(count(&db, "properties.desired.a = properties.reported.a"), 1);
}

#[test]
fn a_device_that_comes_again_is_a_new_one() {
    let db = with_devices(["d"]);
    let twin = device("d");
    let deleted = db.write(Write::delete(twin.clone())).unwrap();
    assert_eq!(db.write(Write::delete(twin.clone())).unwrap_err().kind(), ErrorKind::NotFound);
    let again = db.write(Write::create(twin.clone(), twindex::NewTwin::new())).unwrap();
    assert_ne!(again.generation, deleted.generation);
    assert_eq!(db.identity(&twin).unwrap().generation, again.generation);
    let twice = db.write(Write::create(twin, twindex::NewTwin::new())).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::AlreadyExists);
    assert_eq!(twice.hub_error(), Some((409_001, "DeviceAlreadyExists")));
}
