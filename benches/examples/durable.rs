//! What durable patches cost beside this machine's fdatasync: one writer, 64 writers, batches.
//!
//! `cargo run --release -p twindex-benches --example durable -- DIR 20000` makes a store in DIR, which
//! must not exist or be empty, with as many generated twins.

// A program that prints figures.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use twindex::{LoadOptions, TwinId, Twindex, Write};
use twindex_fleet::{Fleet, FleetOptions};

/// How long each way of writing is measured.
const SECONDS: f64 = 3.0;
/// Threads of the measurement with many writers.
const WRITERS: u64 = 64;

fn main() {
    let mut args = std::env::args().skip(1);
    let directory = args.next().expect("a directory for the store");
    let n_twins = args.next().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let db = Twindex::open(&directory).unwrap();
    let text: String =
        Fleet::new(FleetOptions { twins: n_twins, seed: 1 }).lines().map(|l| l + "\n").collect();
    db.load(text.as_bytes(), &LoadOptions::default()).unwrap();
    db.checkpoint().unwrap();
    let page = db.query("SELECT deviceId FROM devices").run().unwrap();
    let ids: Vec<TwinId> = page
        .values()
        .map(|row| TwinId::device(row["deviceId"].as_str().unwrap()).unwrap())
        .collect();
    println!("one writer: {:.0} patches a second", one_by_one(&db, &ids, 0));
    let together: f64 = std::thread::scope(|scope| {
        let (db, ids) = (&db, &ids);
        let writers = (0..WRITERS).map(|seed| scope.spawn(move || one_by_one(db, ids, seed)));
        let writers: Vec<_> = writers.collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    println!("{WRITERS} writers: {together:.0} patches a second");
    let before = log_bytes(Path::new(&directory));
    let (mut n, begun) = (0_u64, Instant::now());
    while begun.elapsed() < Duration::from_secs_f64(SECONDS) {
        let writes = (0..1_000).map(|at| patch(&ids, n + at)).collect();
        assert!(db.write_all(writes).iter().all(Result::is_ok));
        n += 1_000;
    }
    let rate = n as f64 / begun.elapsed().as_secs_f64();
    let bytes = (log_bytes(Path::new(&directory)) - before) as f64 / n as f64;
    println!("batches of 1,000: {rate:.0} patches a second, {bytes:.0} bytes of log each");
    // Last, when the disk has written what loading left behind.
    println!("fdatasync of 4 KiB: {:.0} a second", sync_rate(Path::new(&directory)));
}

fn patch(ids: &[TwinId], n: u64) -> Write {
    // A step that is prime to most sizes goes to every twin before it comes again.
    let id = ids[(n.wrapping_mul(7_919) % ids.len() as u64) as usize].clone();
    let text = format!(r#"{{"cpuPercent":{},"uptimeSeconds":{n},"status":"ok"}}"#, n % 100);
    Write::report(id, &text).unwrap()
}

fn one_by_one(db: &Twindex, ids: &[TwinId], seed: u64) -> f64 {
    let (mut n, begun) = (0_u64, Instant::now());
    while begun.elapsed() < Duration::from_secs_f64(SECONDS) {
        db.write(patch(ids, seed * 1_000_003 + n)).unwrap();
        n += 1;
    }
    n as f64 / begun.elapsed().as_secs_f64()
}

/// Appends and syncs, as a log does.
fn sync_rate(directory: &Path) -> f64 {
    let path = directory.join("log-of-nothing");
    let mut file = OpenOptions::new().create_new(true).append(true).open(&path).unwrap();
    let (mut n, begun) = (0_u64, Instant::now());
    while begun.elapsed() < Duration::from_secs_f64(SECONDS) {
        file.write_all(&[1; 4_096]).unwrap();
        file.sync_data().unwrap();
        n += 1;
    }
    drop(file);
    std::fs::remove_file(path).unwrap();
    n as f64 / begun.elapsed().as_secs_f64()
}

fn log_bytes(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let logs = files.filter(|file| file.file_name().to_string_lossy().starts_with("log-"));
    logs.map(|file| file.metadata().unwrap().len()).sum()
}
