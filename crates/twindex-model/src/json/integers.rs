//! Integers that no 64-bit integer holds.
//!
//! `serde_json` hands out `18446744073709551616` as the double nearest to it, just like `2e19`.
//! Only the first is an integer that was rounded. The reader notes the ordinals of such doubles,
//! and this scan of the (valid) text says how the literals were spelled; it runs only for
//! documents that hold one.

/// How many of the number literals with the ordinals `suspects` (ascending) are integers, and the
/// place in `suspects` of the first.
pub(super) fn count_integers(text: &str, suspects: &[u64]) -> (u64, Option<usize>) {
    let mut suspects = suspects.iter().enumerate().peekable();
    let (mut n, mut first) = (0, None);
    let literals = Literals { rest: text.as_bytes() };
    for (ordinal, literal) in literals.enumerate() {
        if suspects.next_if(|&(_, &suspect)| suspect == ordinal as u64).is_some_and(|(place, _)| {
            let integer = !literal.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
            first = first.or(integer.then_some(place));
            integer
        }) {
            n += 1;
        }
        if suspects.peek().is_none() {
            break;
        }
    }
    (n, first)
}

/// The number literals of valid JSON text, in order.
struct Literals<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Literals<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let is_start = |byte: &u8| matches!(byte, b'"' | b'-' | b'0'..=b'9');
        loop {
            self.rest = &self.rest[self.rest.iter().position(is_start)?..];
            if self.rest[0] != b'"' {
                let is_part = |b: &u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let end = self.rest.iter().position(|byte| !is_part(byte));
                let (literal, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                return Some(literal);
            }
            self.rest = after_string(self.rest);
        }
    }
}

/// What follows the string that `text` begins with.
fn after_string(text: &[u8]) -> &[u8] {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return &text[at + 1..],
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::count_integers;

    #[test]
    fn only_literals_without_point_and_exponent_count() {
        let text =
            r#"{"9\"9":1e30,"a":[100000000000000000000,"-5",-3.5e20],"b":-100000000000000000000}"#;
        assert_eq!(count_integers(text, &[0, 1, 2, 3]), (2, Some(1)));
        assert_eq!(count_integers(text, &[0, 2]), (0, None));
        assert_eq!(count_integers(text, &[3]), (1, Some(0)));
    }
}
