//! One group for each class of query, from text to rows through the public API.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use twindex_benches::{Size, World};
use twindex_fleet::corners::{CORNERS, ODD_CORNERS};
use twindex_fleet::questions::{QUESTIONS, Question};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let world = World::load(Size::of_run()).expect("a generated fleet loads");
    for question in QUESTIONS.iter().chain(&CORNERS) {
        bench(&mut criterion, &world, question);
    }
    let odd = World::load_odd(Size::of_run()).expect("odd twins load");
    for question in &ODD_CORNERS {
        bench(&mut criterion, &odd, question);
    }
    criterion.final_summary();
}

/// `exec/range/1M-10pct` for the class `range/10pct`.
fn bench(criterion: &mut Criterion, world: &World, question: &Question) {
    let (operation, shape) = question.name.split_once('/').unwrap_or((question.name, "all"));
    let mut group = criterion.benchmark_group(format!("exec/{operation}"));
    group.throughput(Throughput::Elements(world.size.0));
    group.bench_function(format!("{}-{shape}", world.size), |bencher| {
        let query = world.db.query(question.text(world.size.0));
        let query = query.page_size(question.page_rows.unwrap_or(usize::MAX));
        let query = match world.token(question).expect("pages go on") {
            Some(token) => query.after(token),
            None => query,
        };
        world.assert_answers(question, &query.run().expect("a valid query"));
        bencher.iter(|| black_box(query.run()));
    });
    group.finish();
}
