//! A lane of memory is what a vector would be.

use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::*;

/// A step of a history of a column.
#[derive(Clone, Debug)]
enum Step {
    Push(u16),
    Pop,
    Extend(Vec<u16>),
    Resize(usize, u16),
    Truncate(usize),
    Clone,
    Shrink,
    Write(usize, u16),
}

fn arb_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u16>().prop_map(Step::Push),
        1 => any::<bool>().prop_map(|_| Step::Pop),
        3 => prop::collection::vec(any::<u16>(), 0..3_000).prop_map(Step::Extend),
        2 => (0..70_000_usize, any::<u16>()).prop_map(|(len, value)| Step::Resize(len, value)),
        1 => (0..70_000_usize).prop_map(Step::Truncate),
        1 => any::<bool>().prop_map(|_| Step::Clone),
        1 => any::<bool>().prop_map(|_| Step::Shrink),
        2 => (0..5_000_usize, any::<u16>()).prop_map(|(place, value)| Step::Write(place, value)),
    ]
}

fn apply(column: &mut LaneVec<u16>, model: &mut Vec<u16>, step: Step) {
    match step {
        Step::Push(value) => {
            column.push(value);
            model.push(value);
        }
        Step::Pop => assert_eq!(column.pop(), model.pop()),
        Step::Extend(values) => {
            column.extend_from_slice(&values);
            model.extend_from_slice(&values);
        }
        Step::Resize(len, value) => {
            column.resize(len, value);
            model.resize(len, value);
        }
        Step::Truncate(len) => {
            column.truncate(len);
            model.truncate(len);
        }
        Step::Clone => *column = column.clone(),
        Step::Shrink => column.shrink_to_fit(),
        Step::Write(place, value) => {
            if let Some(cell) = column.get_mut(place) {
                *cell = value;
                model[place] = value;
            }
        }
    }
}

proptest! {
    /// A column holds what a `Vec` holds, after any history, beside others of the same pool.
    #[test]
    fn a_column_holds_what_a_vec_holds(steps in prop::collection::vec(arb_step(), 0..40)) {
        let neighbours = [LaneVec::filled(2_048, 1_u16), LaneVec::filled(40_000, 2_u16)];
        let (mut column, mut model) = (LaneVec::new(), Vec::new());
        for step in steps {
            apply(&mut column, &mut model, step);
            prop_assert_eq!(column.as_slice(), model.as_slice());
            prop_assert_eq!(column.as_ptr().addr() % 64, 0);
            assert!(column.capacity() >= column.len());
        }
        assert!(neighbours[0].iter().all(|value| *value == 1));
        assert!(neighbours[1].iter().all(|value| *value == 2));
    }
}

#[test]
fn lanes_of_a_segment_fit_their_blocks() {
    assert_eq!(LaneVec::<u8>::with_capacity(65_536).memory_bytes(), 65_536);
    assert_eq!(LaneVec::<f64>::with_capacity(65_536).memory_bytes(), 524_288);
    assert_eq!(LaneVec::<u64>::new().memory_bytes(), 0);
    assert_eq!(LaneVec::<u8>::with_capacity(1).memory_bytes(), 64);
    let mut column = LaneVec::filled(65_536, 1.5);
    column.truncate(3);
    column.shrink_to_fit();
    assert_eq!((column.memory_bytes(), column.as_slice()), (64, &[1.5; 3][..]));
    column.clear();
    column.shrink_to_fit();
    assert_eq!(column.memory_bytes(), 0);
}

#[test]
fn columns_larger_than_a_huge_page_grow() {
    let mut column: LaneVec<u64> = (0..600_000).collect();
    assert_eq!(column.len(), 600_000);
    assert!(column.iter().copied().eq(0..600_000));
    column.extend(600_000..600_010);
    assert_eq!(column.last(), Some(&600_009));
    assert_eq!(column.memory_bytes() % (2 << 20), 0);
}

#[test]
fn threads_share_the_pool() {
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            scope.spawn(move || {
                for round in 0..200 {
                    let mut columns: Vec<LaneVec<u32>> = Vec::new();
                    for n in 0..20 {
                        columns.push(LaneVec::filled(500 * (n + 1), thread * 1_000 + round));
                    }
                    let is_own = |value: &u32| *value == thread * 1_000 + round;
                    assert!(columns.iter().all(|column| column.iter().all(is_own)));
                }
            });
        }
    });
}
