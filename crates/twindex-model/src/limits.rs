//! Sizes and depths: what a document may be at most, and what a hub lets a write contain.
//!
//! There are two kinds of limit. A *ceiling* is ours: past it a document is refused, so that no
//! input can exhaust the stack or the memory. A *hub limit* is what an IoT hub enforces on
//! writes: a loaded document may exceed it, at the price of a counted warning (see
//! [`crate::json::warning::LoadWarning`]), or is refused in strict reading. Refusing at the hub's
//! limits always was rejected: stores that are older than today's limits, and stores of other
//! makers, hold twins beyond them.

use crate::section::Section;

/// Ceiling: bytes of JSON text of one document (16 MiB).
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// Ceiling: bytes of JSON text of one patch (4 MiB): room for a whole twin at its limits that is
/// sent back, `$metadata` and all.
pub const PATCH_BYTES_MAX: usize = 4 << 20;

/// Ceiling: how deep objects and arrays may nest, the root object being level 1.
pub const DOCUMENT_DEPTH_MAX: usize = 64;

/// Hub limit: weight of the tags.
pub const TAGS_WEIGHT_MAX: u64 = 8 << 10;

/// Hub limit: weight of the desired properties, and of the reported ones.
pub const PROPERTIES_WEIGHT_MAX: u64 = 32 << 10;

/// Hub limit: UTF-8 bytes of a key in a section.
pub const KEY_BYTES_MAX: usize = 1 << 10;

/// Hub limit: UTF-8 bytes of a string in a section.
pub const STRING_BYTES_MAX: usize = 4 << 10;

/// Hub limit: how deep objects and arrays may nest below the root of a section.
pub const SECTION_DEPTH_MAX: usize = 10;

/// Hub limit: the least integer in a section (−2^52).
pub const INTEGER_MIN: i64 = -(1 << 52);

/// Hub limit: the greatest integer in a section (2^52 − 1).
pub const INTEGER_MAX: i64 = (1 << 52) - 1;

/// Hub limit: characters of a device id or module id.
pub const ID_CHARS_MAX: usize = 128;

/// The greatest whole number up to which every integer is a double (2^53). A larger integer is
/// read as the nearest double.
pub const EXACT_INTEGER_MAX: u64 = 1 << 53;

/// The hub limit on a section's weight.
///
/// A weight is the sum over the section, without `$version` and `$metadata`, of: the UTF-8 bytes
/// of each key; the characters of each string, control characters (C0, C1) aside; 8 for a number;
/// 4 for a Boolean; nothing for null, braces and brackets. Elements of arrays weigh like values.
#[must_use]
pub const fn section_weight_max(section: Section) -> u64 {
    match section {
        Section::Tags => TAGS_WEIGHT_MAX,
        Section::Desired | Section::Reported => PROPERTIES_WEIGHT_MAX,
    }
}

/// The weight of a string: see [`section_weight_max`].
#[must_use]
pub fn string_weight(text: &str) -> u64 {
    if text.is_ascii() {
        return text.bytes().filter(|&byte| byte >= 0x20).count() as u64;
    }
    let is_control = |char: &char| matches!(char, '\0'..'\x20' | '\u{80}'..='\u{9F}');
    text.chars().filter(|char| !is_control(char)).count() as u64
}

/// The weight of a number.
pub const NUMBER_WEIGHT: u64 = 8;

/// The weight of a Boolean.
pub const BOOL_WEIGHT: u64 = 4;

/// Hub limit: modules of one device.
pub const MODULES_MAX: usize = 50;
