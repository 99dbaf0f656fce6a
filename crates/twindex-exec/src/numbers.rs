//! The numbers of a group with their counts: what percentiles and deviations are taken from.

use twindex_planted::{Fault, planted};

use crate::exact_sum::ExactSum;

/// Entries below which numbers are not compacted.
const COMPACT_MIN: usize = 1_024;

/// A multiset of numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// Values with counts; ascending and distinct up to `n_compact`.
    pairs: Vec<(f64, u64)>,
    n_compact: usize,
}

impl Numbers {
    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<(f64, u64)>()
    }

    pub(crate) fn add(&mut self, number: f64, n: u64) {
        self.pairs.push((number, n));
        // Doubling keeps the work of sorting below that of adding, times a logarithm.
        if self.pairs.len() >= (2 * self.n_compact).max(COMPACT_MIN) {
            self.compact();
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (number, n) in other.pairs {
            self.add(number, n);
        }
    }

    fn compact(&mut self) {
        self.pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.pairs.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 += later.1;
            }
            is_same
        });
        self.n_compact = self.pairs.len();
    }

    /// The value below which the share `p` of the numbers lies, linearly interpolated between
    /// neighbours; none without numbers.
    pub(crate) fn percentile(mut self, p: f64) -> Option<f64> {
        self.compact();
        let n: u64 = self.pairs.iter().map(|pair| pair.1).sum();
        let place = p * n.checked_sub(1)? as f64;
        let below = self.at(place.floor() as u64)?;
        let next = if planted(Fault::PercentileRankLow) { place.floor() } else { place.ceil() };
        let above = self.at(next as u64)?;
        let share = place - place.floor();
        let width = above - below;
        Some(if width.is_finite() {
            below + width * share
        } else {
            below * (1.0 - share) + above * share
        })
    }

    /// The number at `rank` in ascending order.
    fn at(&self, rank: u64) -> Option<f64> {
        let mut before = 0;
        let pair = self.pairs.iter().find(|pair| {
            before += pair.1;
            before > rank
        });
        pair.map(|pair| pair.0)
    }

    /// The standard deviation of the sample; none below two numbers.
    pub(crate) fn deviation(mut self) -> Option<f64> {
        self.compact();
        let n: u64 = self.pairs.iter().map(|pair| pair.1).sum();
        if n < 2 {
            return None;
        }
        let mut sum = ExactSum::default();
        self.pairs.iter().for_each(|&(number, n)| sum.add(number, n));
        let mean = sum.mean(n);
        // The mean is rounded; what that shifts each distance by is taken out again.
        let (mut squares, mut shift) = (ExactSum::default(), ExactSum::default());
        for &(number, n) in &self.pairs {
            let distance = number - mean;
            let square = distance * distance;
            if !square.is_finite() {
                return Some(f64::INFINITY);
            }
            squares.add(square, n);
            shift.add(distance, n);
        }
        let shift = shift.to_f64();
        let variance = (squares.to_f64() - shift * shift / n as f64) / (n - 1) as f64;
        Some(variance.max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    fn of(numbers: &[f64]) -> Numbers {
        let mut all = Numbers::default();
        numbers.iter().for_each(|&n| all.add(n, 1));
        all
    }

    #[test]
    fn percentile_interpolates() {
        assert_eq!(of(&[]).percentile(0.5), None);
        assert_eq!(of(&[3.0]).percentile(0.99), Some(3.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]).percentile(0.5), Some(2.5));
        assert_eq!(of(&[1.0, 1.0, 1.0, 2.0]).percentile(1.0), Some(2.0));
        assert_eq!(of(&[10.0, 20.0]).percentile(0.25), Some(12.5));
    }

    #[test]
    fn deviation_of_a_sample() {
        assert_eq!(of(&[1.0]).deviation(), None);
        assert_eq!(of(&[2.0, 2.0]).deviation(), Some(0.0));
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0]).deviation(), Some((5.0f64 / 3.0).sqrt()));
        // A naive sum of squares loses all digits here.
        let far = of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).deviation();
        assert_eq!(far, Some(1.0));
    }

    #[test]
    fn compacting_keeps_counts() {
        let mut all = Numbers::default();
        (0..10_000u32).for_each(|n| all.add(f64::from(n % 7), 1));
        let mut other = Numbers::default();
        other.add(100.0, 5);
        all.merge(other);
        assert_eq!(all.clone().percentile(0.0), Some(0.0));
        assert_eq!(all.percentile(1.0), Some(100.0));
    }
}
