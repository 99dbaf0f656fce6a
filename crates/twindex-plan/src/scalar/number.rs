//! Number functions: finite in, finite out, anything else undefined.

use twindex_lang::function::Function;

use crate::env::Scalar;

/// `number` as a scalar; undefined where it is not finite. `-0` becomes `0`, as in cells.
pub(crate) fn finite<'a>(number: f64) -> Scalar<'a> {
    if number.is_finite() { Scalar::Number(number + 0.0) } else { Scalar::Undefined }
}

/// The functions of one number; `None` for any other function.
pub(crate) fn of_one(function: Function) -> Option<fn(f64) -> f64> {
    Some(match function {
        Function::Abs => f64::abs,
        Function::Exp => f64::exp,
        Function::Square => |x| x * x,
        Function::Ceiling => f64::ceil,
        Function::Floor => f64::floor,
        Function::Sign => sign,
        Function::Sqrt => f64::sqrt,
        Function::Round => f64::round,
        _ => return None,
    })
}

/// The functions of two numbers; `None` for any other function.
pub(crate) fn of_two(function: Function) -> Option<fn(f64, f64) -> f64> {
    Some(match function {
        Function::Power => f64::powf,
        Function::Bin => |x, width| (x / width).floor() * width,
        _ => return None,
    })
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// The number that `text` holds, blanks around it aside: decimal digits with an optional sign,
/// point and exponent, as in a query; no hexadecimal, no `inf`, no `nan`.
pub(crate) fn parse_decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits_or_mark = |b: u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    // std reads exactly our decimals once `inf`, `infinity` and `nan` cannot be spelled.
    if !text.bytes().all(digits_or_mark) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(function: Function, x: f64) -> Option<f64> {
        finite(of_one(function).unwrap()(x)).as_number()
    }

    fn two(function: Function, x: f64, y: f64) -> Option<f64> {
        finite(of_two(function).unwrap()(x, y)).as_number()
    }

    #[test]
    fn functions_of_one_number() {
        assert_eq!(one(Function::Abs, -2.5), Some(2.5));
        assert_eq!(one(Function::Exp, 0.0), Some(1.0));
        assert_eq!(one(Function::Exp, 1e3), None);
        assert_eq!(one(Function::Square, -3.0), Some(9.0));
        assert_eq!(one(Function::Square, 1e200), None);
        assert_eq!(one(Function::Ceiling, 1.2), Some(2.0));
        assert_eq!(one(Function::Floor, -1.2), Some(-2.0));
        assert_eq!(one(Function::Sign, -7.0), Some(-1.0));
        assert_eq!(one(Function::Sign, 0.0), Some(0.0));
        assert_eq!(one(Function::Sqrt, 9.0), Some(3.0));
        assert_eq!(one(Function::Sqrt, -1.0), None);
        assert_eq!(one(Function::Round, 2.5), Some(3.0));
        assert_eq!(one(Function::Round, -2.5), Some(-3.0));
    }

    #[test]
    fn functions_of_two_numbers() {
        assert_eq!(two(Function::Power, 2.0, 10.0), Some(1024.0));
        assert_eq!(two(Function::Power, -8.0, 1.0 / 3.0), None);
        assert_eq!(two(Function::Power, 0.0, -1.0), None);
        assert_eq!(two(Function::Bin, 17.0, 5.0), Some(15.0));
        assert_eq!(two(Function::Bin, -1.0, 5.0), Some(-5.0));
        assert_eq!(two(Function::Bin, 1.0, 0.0), None);
        assert_eq!(two(Function::Bin, 1e308, 1e-10), None);
    }

    #[test]
    fn minus_zero_never_leaves() {
        assert!(one(Function::Ceiling, -0.5).unwrap().is_sign_positive());
    }

    #[test]
    fn decimals_and_what_is_none() {
        for (text, number) in [
            ("1", 1.0),
            (" -1.5e3\t", -1500.0),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("007", 7.0),
            ("1E+2", 100.0),
        ] {
            assert_eq!(parse_decimal(text), Some(number), "{text}");
        }
        for text in [
            "", " ", "0x1F", "inf", "nan", "1e999", "1 2", "- 1", "--1", "1,5", ".", "e3", "1_0",
            "\u{661}",
        ] {
            assert_eq!(parse_decimal(text), None, "{text}");
        }
    }
}
