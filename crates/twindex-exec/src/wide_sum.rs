//! A sum of doubles without any rounding: a fixed-point number as wide as the range of doubles.
//!
//! Limbs of 32 bits in `i64`, so that carries can wait for a billion additions. The alternative,
//! compensated summation, depends on the order of its terms, and the order of segments among
//! threads is left to chance.

/// Bits below the point: the least double is 2^-1074.
const POINT: i32 = 1_088;
/// Up to 2^1024 a term, 2^64 times 2^64 terms, and a sign.
const LIMBS: usize = 74;
const LIMB_BITS: i32 = 32;
const LIMB_MASK: i64 = 0xFFFF_FFFF;
/// Each addition adds less than 2^33 to a limb, which leaves room for 2^29 of them.
const PENDING_MAX: u32 = 1 << 29;

/// The sum.
#[derive(Clone, Debug)]
pub(crate) struct WideSum {
    limbs: [i64; LIMBS],
    pending: u32,
}

impl WideSum {
    pub(crate) fn new() -> Self {
        Self { limbs: [0; LIMBS], pending: 0 }
    }

    /// Adds `± magnitude · 2^exponent`, where `-1088 <= exponent`, and the term is below 2^1152.
    pub(crate) fn add(&mut self, magnitude: u128, exponent: i32, is_negative: bool) {
        let low = magnitude as u64;
        let high = (magnitude >> 64) as u64;
        self.add_word(low, exponent + POINT, is_negative);
        if high != 0 {
            self.add_word(high, exponent + POINT + 64, is_negative);
        }
        self.pending += 1;
        if self.pending >= PENDING_MAX {
            self.carry();
        }
    }

    fn add_word(&mut self, word: u64, bit: i32, is_negative: bool) {
        let bit = usize::try_from(bit).unwrap_or(0);
        let mut chunk = u128::from(word) << (bit % LIMB_BITS as usize);
        let mut limb = bit / LIMB_BITS as usize;
        while chunk != 0 {
            let part = (chunk as i64) & LIMB_MASK;
            self.limbs[limb] += if is_negative { -part } else { part };
            chunk >>= LIMB_BITS;
            limb += 1;
        }
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        for (limb, more) in self.limbs.iter_mut().zip(other.limbs) {
            *limb += more;
        }
        self.carry();
    }

    /// Brings every limb but the last into 32 bits; the last bears the sign.
    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let value = *limb + carry;
            *limb = value & LIMB_MASK;
            carry = value >> LIMB_BITS;
        }
        self.limbs[LIMBS - 1] += carry;
        self.pending = 0;
    }

    /// The double nearest to the sum times `2^exponent`, ties to even; infinite where it is past
    /// all doubles.
    pub(crate) fn to_f64_scaled(&self, exponent: i32) -> f64 {
        let mut sum = self.clone();
        sum.carry();
        let is_negative = sum.limbs[LIMBS - 1] < 0;
        if is_negative {
            for limb in &mut sum.limbs {
                *limb = -*limb;
            }
            sum.carry();
        }
        let Some(top) = sum.limbs.iter().rposition(|&limb| limb != 0) else {
            return 0.0;
        };
        let bottom = top.saturating_sub(3);
        let mut bits = sum.limbs[bottom..=top]
            .iter()
            .rev()
            .fold(0u128, |bits, &limb| bits << LIMB_BITS | limb as u128);
        if sum.limbs[..bottom].iter().any(|&limb| limb != 0) {
            // With four limbs there are 97 bits or more, so the last one only breaks ties.
            bits |= 1;
        }
        let magnitude = round(bits, bottom as i32 * LIMB_BITS - POINT + exponent);
        if is_negative { -magnitude } else { magnitude }
    }
}

/// The double nearest to `bits · 2^exponent`, ties to even. `bits` is not zero.
fn round(bits: u128, exponent: i32) -> f64 {
    let top = exponent + 127 - bits.leading_zeros() as i32;
    // The exponent of the last bit of the result; subnormals share the least one.
    let unit = (top - 52).max(-1074);
    let shift = unit - exponent;
    let whole = if shift <= 0 {
        bits << -shift
    } else if shift > 127 {
        0
    } else {
        let floor = bits >> shift;
        let rest = bits & ((1 << shift) - 1);
        let half = 1 << (shift - 1);
        floor + u128::from(rest > half || (rest == half && floor & 1 == 1))
    };
    scale(whole as f64, unit)
}

/// `whole · 2^exponent` for a `whole` of at most 2^53 whose result is a double or past all of them.
fn scale(whole: f64, exponent: i32) -> f64 {
    // Two steps, since 2^-1074 as a factor and 2^1023 as one are the ends of the range.
    let half = exponent / 2;
    whole * power_of_two(half) * power_of_two(exponent - half)
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((i64::from(exponent) + 1_023) as u64) << 52)
}
