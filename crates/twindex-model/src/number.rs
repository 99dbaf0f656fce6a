//! Number text: the shortest that reads back equal, whole numbers up to 2^53 without point or
//! exponent.

/// Largest whole number printed digit by digit: beyond it not every integer is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Appends the text of `number`, which must be finite: `1.0` prints `1`, `-0` prints `0`.
pub fn write_number(out: &mut String, number: f64) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = if number == 0.0 {
        out.write_char('0')
    } else if number.abs() <= WHOLE_MAX && number.fract() == 0.0 {
        write!(out, "{}", number as i64)
    } else if number.abs() >= 1e16 || number.abs() < 1e-5 {
        write!(out, "{number:e}")
    } else {
        write!(out, "{number}")
    };
}
