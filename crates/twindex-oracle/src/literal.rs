//! Number literals, read from their text by std.
//!
//! The value the parser kept beside the text is not looked at: the judge reads for itself.

use twindex_lang::ast::Literal;

use serde_json::Value;

use crate::check::Refusal;
use crate::value::{Maybe, finite};

/// The value of a literal; undefined only for a number that [`number`] refuses.
pub(crate) fn value(literal: &Literal) -> Maybe {
    match literal {
        Literal::Null => Some(Value::Null),
        Literal::Bool(value) => Some(Value::Bool(*value)),
        Literal::Number(written) => number(&written.text).ok().and_then(finite),
        Literal::String(text) => Some(Value::String(text.clone())),
    }
}

/// The number that `text` spells: decimal, or `0x` and hexadecimal digits.
pub(crate) fn number(text: &str) -> Result<f64, Refusal> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let number = match hexadecimal {
        Some(digits) => hexadecimal_number(digits),
        None => text.parse().ok(),
    };
    let unreadable = || Refusal::new(format!("`{text}` is no finite number"));
    number.filter(|number: &f64| number.is_finite()).ok_or_else(unreadable)
}

/// The double nearest to the whole number of these hexadecimal digits, ties to even.
fn hexadecimal_number(digits: &str) -> Option<f64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    // 30 digits are 117 bits or more: what follows matters only by not being zero.
    let (head, rest) = digits.split_at(digits.len().min(30));
    let head = if head.is_empty() { 0 } else { u128::from_str_radix(head, 16).ok()? };
    let sticky = u128::from(rest.bytes().any(|b| b != b'0'));
    let rest_bits = i32::try_from(rest.len()).ok()?.checked_mul(4)?;
    Some((head | sticky) as f64 * 2f64.powi(rest_bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_and_hexadecimals_are_read() {
        for (text, value) in [
            ("1", 1.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("0x1F", 31.0),
            ("0X00ff", 255.0),
            ("0x20000000000001", 9_007_199_254_740_992.0), // 2^53 + 1, a tie
            ("0x20000000000003", 9_007_199_254_740_996.0),
            ("0x200000000000010000000000000000000001", 2f64.powi(141) + 2f64.powi(89)),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        for text in ["1e999", "0x", "0xG", "inf", "nan", &format!("0x{}", "F".repeat(300))] {
            assert!(number(text).is_err() || text == "inf" || text == "nan", "{text}");
        }
    }
}
