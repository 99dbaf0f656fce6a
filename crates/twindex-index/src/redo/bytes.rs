//! Small numbers in few bytes: seven bits a byte, the lowest first, the top bit of all but the last
//! set. Texts with their length before them.

use crate::image::{Image as _, ImageBytes};

/// Bytes of the longest number.
const VARINT_BYTES_MAX: u32 = 10;

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn take_varint(from: &mut ImageBytes<'_>) -> Option<u64> {
    let mut value = 0;
    for place in 0..VARINT_BYTES_MAX {
        let byte = u8::read(from)?;
        value |= u64::from(byte & 0x7F).checked_shl(7 * place)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

pub(super) fn put_str(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn take_str<'a>(from: &mut ImageBytes<'a>) -> Option<&'a str> {
    let len = usize::try_from(take_varint(from)?).ok()?;
    std::str::from_utf8(from.slice(len)?).ok()
}

#[cfg(test)]
mod tests {
    use super::{put_str, put_varint, take_str, take_varint};
    use crate::image::ImageBytes;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(value in any::<u64>(), text in ".{0,200}") {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            put_str(&mut out, &text);
            let mut from = ImageBytes(&out);
            prop_assert_eq!(take_varint(&mut from), Some(value));
            prop_assert_eq!(take_str(&mut from), Some(text.as_str()));
            prop_assert_eq!(from.end(), Some(()));
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let mut from = ImageBytes(&bytes);
            while !from.0.is_empty() && take_varint(&mut from).is_some() {}
        }
    }
}
