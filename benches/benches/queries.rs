//! One group for each class of query, from text to rows through the public API.

use criterion::{Criterion, Throughput};
use twindex_benches::{Ratios, Size, load};
use twindex_fleet::corners::{CORNERS, ODD_CORNERS};
use twindex_fleet::questions::{QUESTIONS, Question};
use twindex_measure::{World, check};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let size = Size::of_run();
    let mut ratios = Ratios::of_run(size);
    let world = load(size).expect("a generated fleet loads");
    for question in QUESTIONS.iter().chain(&CORNERS).chain(&ODD_CORNERS) {
        bench(&mut criterion, (&world, &mut ratios), question);
    }
    criterion.final_summary();
}

/// `exec/range/1M-10pct` for the class `range/10pct`.
fn bench(criterion: &mut Criterion, (world, ratios): (&World, &mut Ratios), question: &Question) {
    let (operation, shape) = question.name.split_once('/').unwrap_or((question.name, "all"));
    let (_, n_twins) = world.of(question).expect("odd twins load");
    let mut n_bytes = 0;
    let mut group = criterion.benchmark_group(format!("exec/{operation}"));
    group.throughput(Throughput::Elements(n_twins));
    group.bench_function(format!("{}-{shape}", Size(n_twins)), |bencher| {
        let query = world.prepare(question).expect("a valid query whose pages go on");
        let page = check(&query, question).expect(question.name);
        n_bytes = page.rows().map(|row| row.len() as u64).sum();
        bencher.iter_custom(|n| ratios.time(n, || query.run()));
    });
    group.finish();
    ratios.print(question.bound, n_twins, n_bytes);
}
