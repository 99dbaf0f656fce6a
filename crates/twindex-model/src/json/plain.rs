//! Documents as machines write them, read without `serde_json`: half of the work of reading.
//!
//! The pass is the same, and so are its events: the loop below calls it as the visitors do. What is
//! not plain is left to them. A value with escapes, an array, a number that is no short decimal is
//! handed over by itself; anything else, an error above all, makes the whole document be read
//! again. So what is JSON and what is wrong with what is none is decided in one place, and not here.
//! There is no recursion.

use serde::de::DeserializeSeed;
use smallvec::SmallVec;

use crate::json::pass::{Entry, OpenObject, Pass};
use crate::json::read::{Leaf, Piece};

/// Digits of a number that surely is exact in 53 bits.
const DIGITS_MAX: usize = 15;
/// Powers of ten by exponent, each exact: a quotient of two exact doubles is rounded once.
const POWERS: [f64; DIGITS_MAX + 1] =
    [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// One byte in each of eight.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Where reading stands.
struct Text<'t> {
    text: &'t str,
    at: usize,
}

/// Reads the one object that `text` holds. `None` if that takes the other way, and what was pushed
/// until then is of no use.
pub(super) fn read(text: &str, pass: &mut Pass<'_>) -> Option<()> {
    let mut text = Text { text, at: 0 };
    let mut outer: SmallVec<[OpenObject; 16]> = SmallVec::new();
    text.expect(b'{')?;
    let mut object = pass.enter_root()?;
    let mut may_end = true;
    loop {
        let mut next = text.next()?;
        if next != b'}' || !may_end {
            let key = text.key(next, &object, pass)?;
            if text.next()? == b'{' {
                text.at += 1;
                outer.push(std::mem::replace(&mut object, pass.enter(key)?));
                may_end = true;
                continue;
            }
            text.value(key, pass)?;
            next = text.next()?;
        }
        while next == b'}' {
            text.at += 1;
            let Some(outside) = outer.pop() else {
                pass.leave_root();
                return text.ends().then_some(());
            };
            pass.leave(std::mem::replace(&mut object, outside));
            next = text.next()?;
        }
        if next != b',' {
            return None;
        }
        text.at += 1;
        may_end = false;
    }
}

impl<'t> Text<'t> {
    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// The next byte that is no white space.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn ends(&mut self) -> bool {
        self.next().is_none()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        let is_it = self.next()? == byte;
        self.at += 1;
        is_it.then_some(())
    }

    /// Reads a key, which begins with `first`, and the colon after it.
    #[inline]
    fn key(&mut self, first: u8, object: &OpenObject, pass: &mut Pass<'_>) -> Option<Piece> {
        if first != b'"' {
            return None;
        }
        let key = self.plain_string()?;
        self.expect(b':')?;
        Some(pass.key(object.number, key))
    }

    /// Reads a value that is no object.
    #[inline]
    fn value(&mut self, key: Piece, pass: &mut Pass<'_>) -> Option<()> {
        let start = self.at;
        match self.bytes()[start] {
            b'"' => match self.plain_string() {
                Some(text) => pass.string(key, text),
                None => {
                    self.at = string_end(self.bytes(), start)?;
                    return self.hand_over(start, key, pass);
                }
            },
            b't' => self.literal(b"true", || pass.bool(key, true))?,
            b'f' => self.literal(b"false", || pass.bool(key, false))?,
            b'n' => self.literal(b"null", || pass.leaf(key, Leaf::Null))?,
            b'[' => {
                self.at = array_end(self.bytes(), start)?;
                return self.hand_over(start, key, pass);
            }
            _ => return self.number(key, pass),
        }
        Some(())
    }

    /// The string that begins here, if it has no escapes.
    #[inline]
    fn plain_string(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let end = special_byte(self.bytes(), start)?;
        if self.bytes()[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    #[inline]
    fn literal(&mut self, literal: &[u8], mut push: impl FnMut()) -> Option<()> {
        let is_it = self.bytes()[self.at..].starts_with(literal);
        self.at += literal.len();
        push();
        is_it.then_some(())
    }

    /// Reads a number: a short one as mantissa and power of ten.
    #[inline]
    fn number(&mut self, key: Piece, pass: &mut Pass<'_>) -> Option<()> {
        let (start, bytes) = (self.at, self.bytes());
        let is_negative = bytes[start] == b'-';
        let first = start + usize::from(is_negative);
        let (mantissa, point) = digits(bytes, first, 0);
        let mut end = point;
        let is_decimal = bytes.get(point) == Some(&b'.');
        let mut all = mantissa;
        if is_decimal {
            (all, end) = digits(bytes, point + 1, mantissa);
        }
        let is_exact = end - first <= DIGITS_MAX && !matches!(bytes.get(end)?, b'e' | b'E');
        let has_digits = point > first && (!is_decimal || end > point + 1);
        let is_zero_led = bytes[first] == b'0' && point > first + 1;
        if !has_digits || is_zero_led {
            return None;
        }
        if !is_exact || (all == 0 && is_negative) {
            self.at = number_end(bytes, start);
            return self.hand_over(start, key, pass);
        }
        self.at = end;
        if is_decimal {
            let magnitude = all as f64 / POWERS[end - point - 1];
            let number = pass.double(if is_negative { -magnitude } else { magnitude });
            pass.leaf(key, Leaf::Number(number));
        } else {
            let number = pass.integer(all, is_negative);
            pass.leaf(key, Leaf::Number(number));
        }
        Some(())
    }

    /// Lets `serde_json` read the value from `start` to where reading stands.
    #[cold]
    fn hand_over(&self, start: usize, key: Piece, pass: &mut Pass<'_>) -> Option<()> {
        let mut json = serde_json::Deserializer::from_str(self.text.get(start..self.at)?);
        Entry { pass, key }.deserialize(&mut json).and_then(|()| json.end()).ok()
    }
}

/// The number that some digits go on with, wrapping, and where they end.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
        && digit <= 9
    {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (number, at)
}

/// The first byte from `at` on that cannot stand in a plain string: a quote, a backslash, a control
/// character. Eight bytes are looked at together.
#[inline]
fn special_byte(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let eight = u64::from_le_bytes(*eight);
        // The lowest of the bytes that are marked is one; others above it may be marked by mistake.
        let is_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let controls = eight.wrapping_sub(ONES * 0x20) & !eight & HIGHS;
        let marked = is_zero(eight ^ (ONES * u64::from(b'"')))
            | is_zero(eight ^ (ONES * u64::from(b'\\')))
            | controls;
        if marked != 0 {
            return Some(at + marked.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    bytes.get(at..)?.iter().position(is_special).map(|found| at + found)
}

/// Where a string that begins at `start` ends.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at = special_byte(bytes, at)?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

/// Where an array that begins at `start` ends, if it is one.
fn array_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => (),
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where what looks like a number ends.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let is_of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    start + bytes[start..].iter().take_while(is_of_number).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use crate::json::pass::{Pass, Seen};
    use crate::json::read::{Leaf, Leaves};
    use crate::json::steps::StepTree;

    /// The leaves of a document that is read here, or nothing.
    fn read(text: &str) -> Option<Leaves> {
        let (mut leaves, mut tree) = (Leaves::default(), StepTree::new(0));
        leaves.steps_name = tree.begin();
        super::read(text, &mut Pass::new(&mut leaves, Seen::Steps(&mut tree)))?;
        Some(leaves)
    }

    /// Checks that a document is read here, as it is read elsewhere.
    fn assert_plain(text: &str) {
        let plain = read(text).expect(text);
        let leaves = Leaves::read(text).unwrap().leaves;
        assert_eq!((&plain.events, &plain.text), (&leaves.events, &leaves.text), "{text}");
    }

    #[test]
    fn plain_documents_take_the_short_way() {
        for text in [
            "{}",
            " { } \r\n",
            r#"{"a":1,"b":{},"c":{"d":{"e":null},"f":true},"g":false}"#,
            "{\t\"a\" :\n{ \"b\" : \"x\" } , \"c\" : -1 }",
            r#"{"a":"longer than eight bytes: é, 😀","":""}"#,
            r#"{"a":"\u00e9\"\\","b":["x",{"y":[1,"]"]},2.5e3],"c":1e-7,"d":123456789012345678}"#,
            r#"{"a":-0,"b":-0.0,"c":0.0,"d":18446744073709551616,"e":"\n"}"#,
        ] {
            assert_plain(text);
        }
    }

    #[test]
    fn what_is_wrong_takes_the_other() {
        for text in [
            "",
            "{",
            "{}}",
            "{} {}",
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a" 1}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":+1}"#,
            r#"{"a":-}"#,
            r#"{"a":1e}"#,
            r#"{"a":1e999}"#,
            r#"{"a":tru}"#,
            r#"{"a":trueb}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a\n":1}"#,
            r#"{a:1}"#,
            r#"[{"a":1}]"#,
            "{\"a\":\"\n\"}",
            "{\"a\":\"12345678\u{1}\"}",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    proptest! {
        /// A decimal is the double nearest to it.
        #[test]
        fn decimals_are_the_nearest_doubles(literal in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?") {
            let text = format!(r#"{{"a":{literal}}}"#);
            let leaves = read(&text).expect("plain");
            let Some(Leaf::Number(number)) = leaves.root_leaf("a") else { panic!("a number") };
            // Adding nothing makes a plain zero of a negative one.
            let nearest = literal.parse::<f64>().unwrap() + 0.0;
            prop_assert_eq!(number.to_bits(), nearest.to_bits());
        }

        /// What ends a plain string is found wherever it stands.
        #[test]
        fn special_bytes_are_found(text in "[ -~\"\\\\\u{0}-\u{2f}\u{7f}-\u{ff}]{0,40}") {
            let bytes = text.as_bytes();
            let found = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
            prop_assert_eq!(super::special_byte(bytes, 0), found);
        }
    }
}
