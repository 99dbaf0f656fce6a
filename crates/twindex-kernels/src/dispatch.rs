//! Which instructions the kernels use: decided once, when the program first asks.
//!
//! A kernel is a value with one method per instruction set, and `Isa::run` is the only place that
//! chooses. An [`Isa`] cannot be made by hand: it exists only after detection, so choosing by it
//! is sound wherever it comes from. Function pointers set at start were rejected: they hide generic
//! kernels from the compiler and save nothing over one predicted branch in 4 µs of work.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Level {
    Scalar = 1,
    /// AVX2 and the bit instructions that every processor with it has.
    #[cfg(target_arch = "x86_64")]
    Avx2 = 2,
}

/// The instruction set in use; 0 before the first question.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Isa {
    /// The set that every machine has.
    pub const SCALAR: Self = Self(Level::Scalar);

    /// Returns the best set of this machine.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
        {
            return Self(Level::Avx2);
        }
        Self::SCALAR
    }

    /// Returns all sets of this machine, from plain to best.
    pub fn available() -> Vec<Self> {
        let mut sets = vec![Self::SCALAR];
        if Self::best() != Self::SCALAR {
            sets.push(Self::best());
        }
        sets
    }

    /// Returns the set that kernels use now: the best one, unless [`Isa::make_current`] chose another.
    #[inline]
    pub fn current() -> Self {
        // Relaxed: nothing else is published with it, and every set gives the same answers.
        match CURRENT.load(Ordering::Relaxed) {
            level if level == Level::Scalar as u8 => Self::SCALAR,
            // Invariant: any other level was stored by `make_current`, so this machine has it.
            #[cfg(target_arch = "x86_64")]
            level if level == Level::Avx2 as u8 => Self(Level::Avx2),
            _ => {
                Self::best().make_current();
                Self::best()
            }
        }
    }

    /// Makes all kernels of the process use this set from now on: for benches and comparisons.
    pub fn make_current(self) {
        CURRENT.store(self.0 as u8, Ordering::Relaxed);
    }

    /// Runs `kernel` with these instructions.
    #[inline(always)]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Level::Scalar => kernel.scalar(),
            // SAFETY: a set of this level is made only by `best`, which found the features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { kernel.avx2() },
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
        })
    }
}

/// One call of a kernel, with its arguments.
pub(crate) trait Kernel {
    /// What it answers.
    type Output;

    /// Answers with plain code.
    fn scalar(self) -> Self::Output;

    /// Answers the same with AVX2. Without a body of its own this is the plain code, compiled for
    /// these instructions: enough where nothing need be said by name. `scalar` must then be
    /// inlined always, or it stays compiled for any processor.
    ///
    /// # Safety
    /// The processor must have AVX2, BMI1, BMI2, LZCNT and POPCNT.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(self) -> Self::Output
    where
        Self: Sized,
    {
        self.scalar()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_set_is_one_of_this_machine() {
        assert!(Isa::available().contains(&Isa::current()));
        assert_eq!(Isa::available().last(), Some(&Isa::best()));
        assert_eq!(Isa::SCALAR.to_string(), "scalar");
    }
}
