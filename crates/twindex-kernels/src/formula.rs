//! Conditions over planes: ANDs, ORs and complements of whole masks, counted or written in one pass.
//!
//! A formula is a list of steps over a small stack, in the manner of a pocket calculator. It runs
//! block by block, each of a size that stays next to the arithmetic, so that no mask is written in
//! between: three planes are read and counted where operator after operator would copy one, narrow
//! it twice, and read it again. One loop for each shape of condition was rejected: what a step costs
//! to choose is paid once a block.

use crate::dispatch::{Isa, Kernel};
use crate::mask::{MASK_WORDS, Words};

/// Words of a block: 1 KiB.
const BLOCK_WORDS: usize = 128;
/// Terms that may wait to be joined.
const TERMS_MAX: usize = 6;

type Block = [u64; BLOCK_WORDS];

/// One step of a formula.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Begins a term: the rows of a plane.
    Push(&'a Words),
    /// Begins a term: the rows that are not in a plane.
    PushNot(&'a Words),
    /// Keeps the rows of the term that are in a plane too.
    And(&'a Words),
    /// Keeps the rows of the term that are not in a plane.
    AndNot(&'a Words),
    /// Adds the rows of a plane to the term.
    Or(&'a Words),
    /// Joins the last two terms: rows in both.
    JoinAnd,
    /// Joins the last two terms: rows in either.
    JoinOr,
    /// Joins the last two terms: rows in the first and not in the last.
    JoinAndNot,
}

/// A condition over planes, built step by step.
#[derive(Clone, Debug, Default)]
pub struct Formula<'a> {
    /// Invariant: every step finds the terms that it needs, never more than `TERMS_MAX`.
    steps: Vec<Step<'a>>,
    n_terms: usize,
}

impl<'a> Formula<'a> {
    /// Adds a step; false, and nothing added, if there is no room for one more term, or if the terms
    /// that it needs are not there.
    #[must_use]
    pub fn push(&mut self, step: Step<'a>) -> bool {
        let n_after = match step {
            Step::Push(_) | Step::PushNot(_) => Some(self.n_terms + 1),
            Step::And(_) | Step::AndNot(_) | Step::Or(_) => Some(self.n_terms).filter(|n| *n > 0),
            Step::JoinAnd | Step::JoinOr | Step::JoinAndNot => {
                self.n_terms.checked_sub(1).filter(|n| *n > 0)
            }
        };
        let Some(n_terms) = n_after.filter(|n| *n <= TERMS_MAX) else { return false };
        self.steps.push(step);
        self.n_terms = n_terms;
        true
    }

    /// Counts the rows of the last term; none if there is no step.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count_by(Isa::current())
    }

    /// Writes the rows of the last term; none if there is no step.
    pub fn write(&self, rows: &mut Words) {
        self.write_by(Isa::current(), rows);
    }

    fn count_by(&self, isa: Isa) -> u32 {
        isa.run(Count { steps: &self.steps })
    }

    fn write_by(&self, isa: Isa, rows: &mut Words) {
        isa.run(Write { steps: &self.steps, rows });
    }
}

struct Count<'f, 'a> {
    steps: &'f [Step<'a>],
}

impl Kernel for Count<'_, '_> {
    type Output = u32;

    #[inline(always)]
    fn scalar(self) -> u32 {
        let mut n_rows = 0;
        for_each_block(self.steps, |_, block| {
            n_rows += block.iter().map(|word| word.count_ones()).sum::<u32>();
        });
        n_rows
    }
}

struct Write<'f, 'a, 'r> {
    steps: &'f [Step<'a>],
    rows: &'r mut Words,
}

impl Kernel for Write<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn scalar(self) {
        if self.steps.is_empty() {
            self.rows.fill(0);
        }
        for_each_block(self.steps, |at, block| {
            self.rows.as_chunks_mut::<BLOCK_WORDS>().0[at] = *block;
        });
    }
}

/// Hands over the last term, block by block; nothing without steps.
// Always inlined, so that the loops are compiled with the features of the kernel that calls it.
#[inline(always)]
fn for_each_block(steps: &[Step<'_>], mut take: impl FnMut(usize, &Block)) {
    let mut stack = [[0_u64; BLOCK_WORDS]; TERMS_MAX];
    for at in 0..MASK_WORDS / BLOCK_WORDS {
        let mut n_terms = 0;
        for step in steps {
            n_terms = apply(*step, at, (&mut stack, n_terms));
        }
        if n_terms > 0 {
            take(at, &stack[n_terms - 1]);
        }
    }
}

/// Takes one step in one block; gives the number of terms after it.
#[inline(always)]
fn apply(step: Step<'_>, at: usize, (stack, n_terms): (&mut [Block; TERMS_MAX], usize)) -> usize {
    match step {
        Step::Push(plane) => {
            stack[n_terms] = *block_of(plane, at);
            n_terms + 1
        }
        Step::PushNot(plane) => {
            combine(&mut stack[n_terms], block_of(plane, at), |_, b| !b);
            n_terms + 1
        }
        Step::And(plane) => {
            combine(&mut stack[n_terms - 1], block_of(plane, at), |a, b| a & b);
            n_terms
        }
        Step::AndNot(plane) => {
            combine(&mut stack[n_terms - 1], block_of(plane, at), |a, b| a & !b);
            n_terms
        }
        Step::Or(plane) => {
            combine(&mut stack[n_terms - 1], block_of(plane, at), |a, b| a | b);
            n_terms
        }
        Step::JoinAnd => join((stack, n_terms), |a, b| a & b),
        Step::JoinOr => join((stack, n_terms), |a, b| a | b),
        Step::JoinAndNot => join((stack, n_terms), |a, b| a & !b),
    }
}

#[inline(always)]
fn block_of(plane: &Words, at: usize) -> &Block {
    &plane.as_chunks::<BLOCK_WORDS>().0[at]
}

#[inline(always)]
fn combine(block: &mut Block, other: &Block, by: impl Fn(u64, u64) -> u64) {
    for (word, other) in block.iter_mut().zip(other) {
        *word = by(*word, *other);
    }
}

#[inline(always)]
fn join((stack, n_terms): (&mut [Block; TERMS_MAX], usize), by: impl Fn(u64, u64) -> u64) -> usize {
    let (below, last) = stack.split_at_mut(n_terms - 1);
    combine(&mut below[n_terms - 2], &last[0], by);
    n_terms - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

    use super::*;
    use crate::mask::Mask;
    use crate::testing::arb_mask;

    /// A step by its number, over one of the planes.
    fn step(planes: &[Mask], (which, plane): (u8, prop::sample::Index)) -> Step<'_> {
        let plane = plane.get(planes).words();
        match which {
            0 => Step::Push(plane),
            1 => Step::PushNot(plane),
            2 => Step::And(plane),
            3 => Step::AndNot(plane),
            4 => Step::Or(plane),
            5 => Step::JoinAnd,
            6 => Step::JoinOr,
            _ => Step::JoinAndNot,
        }
    }

    fn arb_steps() -> impl Strategy<Value = Vec<(u8, prop::sample::Index)>> {
        prop::collection::vec((0..8_u8, any::<prop::sample::Index>()), 0..20)
    }

    /// The formula one row at a time.
    fn holds(steps: &[Step<'_>], row: u16) -> bool {
        let has = |plane: &Words| crate::mask::get(plane, row);
        let mut stack = Vec::new();
        for step in steps {
            let value = match step {
                Step::Push(plane) => has(plane),
                Step::PushNot(plane) => !has(plane),
                Step::And(plane) => stack.pop().unwrap() & has(plane),
                Step::AndNot(plane) => stack.pop().unwrap() & !has(plane),
                Step::Or(plane) => stack.pop().unwrap() | has(plane),
                join => {
                    let (last, below): (bool, bool) = (stack.pop().unwrap(), stack.pop().unwrap());
                    match join {
                        Step::JoinAnd => below & last,
                        Step::JoinOr => below | last,
                        _ => below & !last,
                    }
                }
            };
            stack.push(value);
        }
        stack.pop().unwrap_or(false)
    }

    proptest! {
        /// Every formula keeps the rows that it keeps one by one, on every instruction set.
        #[test]
        fn formulas_work_row_by_row(
            planes in prop::collection::vec(arb_mask(), 1..5), steps in arb_steps(),
        ) {
            let mut formula = Formula::default();
            for which in steps {
                let _ = formula.push(step(&planes, which));
            }
            let rows = 0..=u16::MAX;
            let expected: Vec<u16> = rows.filter(|row| holds(&formula.steps, *row)).collect();
            for isa in Isa::available() {
                prop_assert_eq!(formula.count_by(isa) as usize, expected.len(), "{}", isa);
                let mut written = planes[0].clone();
                formula.write_by(isa, written.words_mut());
                prop_assert_eq!(written.iter().collect::<Vec<_>>(), expected.clone(), "{}", isa);
            }
        }
    }

    #[test]
    fn steps_without_their_terms_are_refused() {
        let plane = Mask::full();
        let mut formula = Formula::default();
        assert!(!formula.push(Step::And(plane.words())));
        assert!(!formula.push(Step::JoinOr));
        assert_eq!(formula.count(), 0);
        assert!(formula.push(Step::Push(plane.words())));
        assert!(!formula.push(Step::JoinOr));
        for _ in 1..TERMS_MAX {
            assert!(formula.push(Step::Push(plane.words())));
        }
        assert!(!formula.push(Step::PushNot(plane.words())));
        assert_eq!(formula.count(), 65_536);
    }
}
