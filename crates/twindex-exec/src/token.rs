//! Continuation tokens: a position as opaque text, checked before anything in it is believed.
//!
//! base64url, without padding, of
//! `version: u8 | fingerprint: u128 | now_ms: i64 | rows_given: varint | place | crc32: u32`,
//! all little-endian, the checksum over what stands before it. A place is a tag and
//! - 0, row: `row: u32`;
//! - 1, ordered: `n: varint | n keys | row: u32`;
//! - 2, group: `n: varint | n sort keys | m: varint | m group keys`.
//!
//! A key is a tag: 0 undefined, 1 a value as `length: varint | JSON text`. Serialising with a
//! library would be shorter, but would allow a hostile length to allocate before it is checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use twindex_model::json::read::read_value;
use twindex_model::path::RowId;

use crate::key::Key;
use crate::position::{Place, Position};

/// Changes whenever the layout does.
const VERSION: u8 = 1;

const ROW: u8 = 0;
const ORDERED: u8 = 1;
const GROUP: u8 = 2;

const UNDEFINED: u8 = 0;
const VALUE: u8 = 1;

/// What a continuation token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// [`fingerprint`] of the query it belongs to.
    pub fingerprint: u128,
    /// The query's `NOW()`, milliseconds since 1970.
    pub now_ms: i64,
    /// Where the page ended.
    pub position: Position,
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not a token of ours, or was cut or changed on its way.
    #[error("the continuation token is damaged")]
    Damaged,
    /// It was given by another version of the engine.
    #[error("the continuation token has version {found}, expected {VERSION}")]
    Version {
        /// The version it has.
        found: u8,
    },
    /// It was given for another query text or other parameter values.
    #[error("the continuation token belongs to another query")]
    OtherQuery,
}

impl TokenError {
    /// Stable code, never reused.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Damaged => "X010",
            Self::Version { .. } => "X011",
            Self::OtherQuery => "X012",
        }
    }
}

/// The fingerprint of a query: of its canonical text, and of parameter values once there are any.
#[must_use]
pub fn fingerprint(canonical_text: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(canonical_text.as_bytes())
}

impl Token {
    /// The token as text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.fingerprint.to_le_bytes());
        bytes.extend(self.now_ms.to_le_bytes());
        write_varint(&mut bytes, self.position.rows_given);
        match &self.position.place {
            Place::Row(row) => {
                bytes.push(ROW);
                bytes.extend(row.0.to_le_bytes());
            }
            Place::Ordered { keys, row } => {
                bytes.push(ORDERED);
                write_keys(&mut bytes, keys);
                bytes.extend(row.0.to_le_bytes());
            }
            Place::Group { order, keys } => {
                bytes.push(GROUP);
                write_keys(&mut bytes, order);
                write_keys(&mut bytes, keys);
            }
        }
        let checksum = crc32fast::hash(&bytes);
        bytes.extend(checksum.to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Damaged`], [`TokenError::Version`].
    pub fn decode(text: &str) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| TokenError::Damaged)?;
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(TokenError::Damaged)?;
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(TokenError::Damaged);
        }
        let (&found, body) = body.split_first().ok_or(TokenError::Damaged)?;
        if found != VERSION {
            return Err(TokenError::Version { found });
        }
        let mut reader = Reader { rest: body };
        let token = reader.token().ok_or(TokenError::Damaged)?;
        if reader.rest.is_empty() { Ok(token) } else { Err(TokenError::Damaged) }
    }

    /// Reads a token of the query with `fingerprint`.
    ///
    /// # Errors
    /// Those of [`Token::decode`], and [`TokenError::OtherQuery`].
    pub fn decode_for(text: &str, fingerprint: u128) -> Result<Self, TokenError> {
        let token = Self::decode(text)?;
        if token.fingerprint == fingerprint { Ok(token) } else { Err(TokenError::OtherQuery) }
    }
}

fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn write_keys(bytes: &mut Vec<u8>, keys: &[Key]) {
    write_varint(bytes, keys.len() as u64);
    for key in keys {
        let mut text = String::new();
        if key.write_json(&mut text) {
            bytes.push(VALUE);
            write_varint(bytes, text.len() as u64);
            bytes.extend(text.as_bytes());
        } else {
            bytes.push(UNDEFINED);
        }
    }
}

/// Reads a body piece by piece; every piece is none when it is cut short or no such thing.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn token(&mut self) -> Option<Token> {
        Some(Token {
            fingerprint: u128::from_le_bytes(*self.chunk()?),
            now_ms: i64::from_le_bytes(*self.chunk()?),
            position: Position { rows_given: self.varint()?, place: self.place()? },
        })
    }

    fn place(&mut self) -> Option<Place> {
        let [tag] = *self.chunk()?;
        Some(match tag {
            ROW => Place::Row(self.row()?),
            ORDERED => Place::Ordered { keys: self.keys()?, row: self.row()? },
            GROUP => Place::Group { order: self.keys()?, keys: self.keys()? },
            _ => return None,
        })
    }

    fn row(&mut self) -> Option<RowId> {
        Some(RowId(u32::from_le_bytes(*self.chunk()?)))
    }

    fn keys(&mut self) -> Option<Box<[Key]>> {
        let n = self.varint()?;
        // Nothing is allocated by that number: a key takes a byte or more, and bytes run out.
        let mut keys = Vec::new();
        for _ in 0..n {
            keys.push(self.key()?);
        }
        Some(keys.into_boxed_slice())
    }

    fn key(&mut self) -> Option<Key> {
        let [tag] = *self.chunk()?;
        match tag {
            UNDEFINED => Some(Key::Undefined),
            VALUE => {
                let len = usize::try_from(self.varint()?).ok()?;
                let (text, rest) = self.rest.split_at_checked(len)?;
                self.rest = rest;
                let text = std::str::from_utf8(text).ok()?;
                read_value(text).ok().map(Key::of_value)
            }
            _ => None,
        }
    }

    fn chunk<const N: usize>(&mut self) -> Option<&[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(chunk)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = *self.chunk()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Place, Position, RowId, Token, TokenError, URL_SAFE_NO_PAD, fingerprint};
    use base64::Engine as _;
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof};
    use proptest::proptest;
    use twindex_model::json::read::read_value;

    fn keys() -> impl Strategy<Value = Box<[Key]>> {
        let key = prop_oneof![
            Just(Key::Undefined),
            Just(Key::Null),
            any::<bool>().prop_map(Key::Bool),
            any::<f64>().prop_map(Key::number),
            any::<String>().prop_map(|text| Key::String(text.into())),
            Just(Key::of_value(read_value(r#"{"a":[1,null,"x"]}"#).expect("test JSON"))),
        ];
        prop::collection::vec(key, 0..4).prop_map(Vec::into_boxed_slice)
    }

    fn tokens() -> impl Strategy<Value = Token> {
        let place = prop_oneof![
            any::<u32>().prop_map(|row| Place::Row(RowId(row))),
            (keys(), any::<u32>()).prop_map(|(keys, row)| Place::Ordered { keys, row: RowId(row) }),
            (keys(), keys()).prop_map(|(order, keys)| Place::Group { order, keys }),
        ];
        (any::<u128>(), any::<i64>(), any::<u64>(), place).prop_map(
            |(fingerprint, now_ms, rows_given, place)| Token {
                fingerprint,
                now_ms,
                position: Position { place, rows_given },
            },
        )
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(token in tokens()) {
            prop_assert_eq!(Token::decode(&token.encode()), Ok(token));
        }

        #[test]
        fn notices_any_change(token in tokens(), at in any::<prop::sample::Index>(), by in 1u8..) {
            let mut bytes = URL_SAFE_NO_PAD.decode(token.encode()).expect("own token");
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert_eq!(
                Token::decode(&URL_SAFE_NO_PAD.encode(&bytes)),
                Err(TokenError::Damaged)
            );
            bytes.truncate(at);
            prop_assert!(Token::decode(&URL_SAFE_NO_PAD.encode(&bytes)).is_err());
        }

        #[test]
        fn survives_hostile_bodies(body in prop::collection::vec(any::<u8>(), 0..80), tag in 0u8..3) {
            let mut bytes = vec![1; 25];
            bytes.extend([7, tag]);
            bytes.extend(body);
            bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
            let _ = Token::decode(&URL_SAFE_NO_PAD.encode(&bytes));
        }

        #[test]
        fn survives_any_text(text in any::<String>()) {
            prop_assert!(Token::decode(&text).is_err());
        }
    }

    #[test]
    fn belongs_to_one_query() {
        let token = Token {
            fingerprint: fingerprint("SELECT * FROM devices"),
            now_ms: 5,
            position: Position { place: Place::Row(RowId(9)), rows_given: 3 },
        };
        let text = token.encode();
        assert_eq!(Token::decode_for(&text, token.fingerprint), Ok(token));
        assert_eq!(
            Token::decode_for(&text, fingerprint("SELECT * FROM devices.modules")),
            Err(TokenError::OtherQuery)
        );
    }

    #[test]
    fn refuses_another_version() {
        let mut bytes = vec![9u8];
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let text = URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(Token::decode(&text), Err(TokenError::Version { found: 9 }));
    }
}
