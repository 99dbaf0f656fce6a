//! The layers beside query execution: parsing, loading, pages walked to the end, generating.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use twindex::{Collection, LoadOptions, Page, Twindex};
use twindex_benches::{Ratios, Size, fleet_text};
use twindex_fleet::questions::{Bound, QUESTIONS};
use twindex_lang::limits::Limits;

/// Twins of the groups that load anew in each round.
const TWINS_LOADED: u64 = 20_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let size = Size(Size::of_run().0.min(TWINS_LOADED));
    parse(&mut criterion);
    generate(&mut criterion, size);
    load(&mut criterion, size);
    walk(&mut criterion, size, &mut Ratios::of_run(size));
    criterion.final_summary();
}

/// Every query of the classes, and one with a long condition.
fn parse(criterion: &mut Criterion) {
    let texts: Vec<String> = QUESTIONS.iter().map(|question| question.text(1_000)).collect();
    let terms: Vec<String> = (0..100).map(|n| format!("tags.t{n} = {n}")).collect();
    let long = format!("SELECT * FROM devices WHERE {}", terms.join(" OR "));
    let limits = Limits::default();
    for text in texts.iter().chain([&long]) {
        assert!(twindex_lang::parse_statement(text, &limits).is_ok(), "{text}");
    }
    let mut group = criterion.benchmark_group("lang/parse");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("classes", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                let _ = black_box(twindex_lang::parse_statement(text, &limits));
            }
        });
    });
    group.throughput(Throughput::Bytes(long.len() as u64));
    group.bench_function("100-terms", |bencher| {
        bencher.iter(|| black_box(twindex_lang::parse_statement(&long, &limits)));
    });
    group.finish();
}

fn generate(criterion: &mut Criterion, size: Size) {
    let mut group = criterion.benchmark_group("fleet/generate");
    group.sample_size(10).throughput(Throughput::Elements(size.0));
    group.bench_function(size.to_string(), |bencher| {
        bencher.iter(|| black_box(fleet_text(0, size.0)));
    });
    group.finish();
}

fn load(criterion: &mut Criterion, size: Size) {
    let text = fleet_text(0, size.0);
    let load = |db: Twindex| {
        let report = db.load(text.as_bytes(), &LoadOptions::default());
        (db, report.map(|report| report.n_loaded).unwrap_or_default())
    };
    assert_eq!(load(Twindex::in_memory()).1, size.0);
    let mut group = criterion.benchmark_group("load/jsonl");
    group.sample_size(10).throughput(Throughput::Elements(size.0));
    group.bench_function(size.to_string(), |bencher| {
        bencher.iter_batched(Twindex::in_memory, load, BatchSize::PerIteration);
    });
    group.finish();
}

/// Whole twins, page by page to the end.
fn walk(criterion: &mut Criterion, size: Size, ratios: &mut Ratios) {
    let world = twindex_benches::load(size).expect("a generated fleet loads");
    let query = world.db.query("SELECT * FROM devices").page_size(1_000);
    let walk = || {
        let mut page = query.run().expect("a valid query");
        let (mut n_rows, mut n_bytes) = (page.n_rows() as u64, n_bytes_of(&page));
        while let Some(token) = page.next().map(str::to_owned) {
            page = query.clone().after(token).run().expect("a valid token");
            n_rows += page.n_rows() as u64;
            n_bytes += n_bytes_of(&page);
        }
        (n_rows, n_bytes)
    };
    let (n_rows, n_bytes) = walk();
    assert_eq!(n_rows, world.db.n_twins(Collection::Devices));
    let mut group = criterion.benchmark_group("page/walk");
    group.sample_size(10).throughput(Throughput::Elements(size.0));
    group.bench_function(format!("{size}-by-1000"), |bencher| {
        bencher.iter_custom(|n| ratios.time(n, walk));
    });
    group.finish();
    ratios.print(Bound::default(), size.0, n_bytes);
}

fn n_bytes_of(page: &Page) -> u64 {
    page.rows().map(|row| row.len() as u64).sum()
}
