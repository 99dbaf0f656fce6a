//! The randomness of a fleet.
//!
//! A generated fleet is test data whose bytes must never change for a seed, on no machine and in
//! no version, and twin number i must be computable alone. So the generator is SplitMix64, spelled
//! out here, seeded by mixing the fleet's seed with the twin's number; no float is involved. A
//! library's generator was rejected: seeding one for each twin costs more than the dozens of
//! draws a twin needs.

/// A stream of draws.
pub(crate) struct Dice(u64);

/// What a stream is for: different streams of one twin are independent.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// Everything about a twin that no other twin needs to know.
    Twin = 1,
    /// What a device's modules and children must know of it.
    Device = 2,
    /// A customer's site.
    Site = 3,
}

impl Dice {
    pub(crate) fn new(seed: u64, stream: Stream, number: u64) -> Self {
        Self(mix(seed ^ mix(number.wrapping_mul(4).wrapping_add(stream as u64))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `n`, which is at least 1.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number below `n`, small ones much more likely: half of them in the first eighth.
    pub(crate) fn skewed(&mut self, n: u64) -> u64 {
        let of_million = self.below(1_000_000);
        let cube = of_million * of_million / 1_000_000 * of_million / 1_000_000;
        (u128::from(n) * u128::from(cube) / 1_000_000) as u64
    }

    /// True in `n` of a thousand cases.
    pub(crate) fn per_mille(&mut self, n: u64) -> bool {
        self.below(1000) < n
    }

    /// One of `from`, the first ones much more likely.
    pub(crate) fn pick_skewed<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.skewed(from.len() as u64) as usize]
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The finaliser of SplitMix64: a permutation of the 64-bit numbers.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A permutation of the numbers below 2^`bits`: what is made of it is unique as long as the
/// numbers of the twins stay below 2^`bits`.
pub(crate) fn scatter(seed: u64, number: u64, bits: u32) -> u64 {
    let mask = (1 << bits) - 1;
    let half = bits / 2;
    let mut x = number.wrapping_add(mix(seed)) & mask;
    for factor in [0x9E37_79B9_7F4A_7C15_u64, 0xD1B5_4A32_D192_ED03] {
        x = x.wrapping_mul(factor) & mask; // odd, hence a permutation
        x ^= x >> half;
    }
    x
}

/// Ranks drawn by Zipf's law: rank r with weight 1 / (r + 2).
pub(crate) struct Zipf {
    /// Share of the ranks up to each one, of 2^32.
    up_to: Vec<u64>,
}

impl Zipf {
    pub(crate) fn new(n: u64) -> Self {
        let weights = || (0..n).map(|rank| (1 << 40) / (rank + 2));
        let total: u64 = weights().sum();
        let mut sum = 0;
        let share = |weight| {
            sum += weight;
            ((u128::from(sum) << 32) / u128::from(total)) as u64
        };
        Self { up_to: weights().map(share).collect() }
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.next() >> 32;
        self.up_to.partition_point(|&share| share <= at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Dice, Stream, Zipf, scatter};

    #[test]
    fn scatter_is_a_permutation() {
        for bits in [8, 15, 16] {
            let images: HashSet<u64> = (0..1 << bits).map(|n| scatter(7, n, bits)).collect();
            assert_eq!(images.len(), 1 << bits);
            assert!(images.iter().all(|image| image >> bits == 0));
        }
    }

    #[test]
    fn zipf_is_skewed_and_stays_in_bounds() {
        let zipf = Zipf::new(1000);
        let mut dice = Dice::new(1, Stream::Twin, 0);
        let mut counts = [0; 1000];
        for _ in 0..100_000 {
            counts[zipf.draw(&mut dice)] += 1;
        }
        assert!(counts[0] > 6_000 && counts[0] < 10_000, "{}", counts[0]);
        assert!(counts[0] > counts[10] && counts[10] > counts[500]);
    }

    #[test]
    fn skewed_and_below_stay_in_bounds() {
        let mut dice = Dice::new(1, Stream::Twin, 0);
        let draws: Vec<u64> = (0..10_000).map(|_| dice.skewed(800)).collect();
        assert!(draws.iter().all(|&draw| draw < 800));
        let small = draws.iter().filter(|&&draw| draw < 100).count();
        assert!((4500..5500).contains(&small), "{small}");
        assert!((0..1000).all(|_| dice.below(3) < 3));
    }
}
