//! Values and keys that have broken stores before.
//!
//! Each pool is small, so that a query that draws from the same pool finds what it asks for.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Keys that are plain names in the language.
pub(crate) const PLAIN_KEYS: &[&str] =
    &["a", "b", "c", "A", "x1", "list", "fw", "site", "temp", "_u", "Zähler", "n", "mode"];

/// Keys that are not, or that look like something else.
pub(crate) const ODD_KEYS: &[&str] = &[
    "a.b",
    "a b",
    "",
    " ",
    "[x",
    "x]",
    "a]]b",
    "]]",
    "$x",
    "$1",
    "4x",
    "0",
    "order",
    "group",
    "NULL",
    "desired",
    "status",
    "deviceId",
    "a-b",
    "a--b",
    "-",
    "it's",
    "\"q\"",
    "back\\slash",
    "tab\there",
    "*",
    "[*]",
    "e\u{301}",
    "😀",
    "日本",
    "$version",
    "value",
    "ac",
];

/// Texts around every way of storing and comparing text.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "ab",
    "abc",
    "abd",
    "b",
    "B1",
    "true",
    "null",
    "0",
    "1",
    "-1.50",
    " 12 ",
    "1e3",
    "50%",
    "a_b",
    "a%b\\",
    "it's \"q\"",
    "line\nbreak\r\n\tend",
    "\u{0}\u{1F}",
    "e\u{301}",
    "é",
    "ß",
    "SS",
    "ss",
    "İ",
    "ı",
    "Σας",
    "ΣΑΣ",
    "\u{FB01}x",
    "\u{FFFD}",
    "\u{FF5E}",
    "\u{10000}",
    "😀",
    "a😀b",
    "日本語",
    "{\"a\":1}",
    "[1]",
    "enabled",
    "1.2.3",
];

/// Times as hubs and devices write them, then texts that are nearly times.
const TIMES: &[&str] = &[
    "2024-05-01T10:20:30Z",
    "2024-05-01T10:20:30.1Z",
    "2024-05-01T10:20:30.10Z",
    "2024-05-01T10:20:30.123Z",
    "2024-05-01T10:20:30.1234567Z",
    "2024-05-01T10:20:30.1234568Z",
    "2024-05-01T10:20:30.0000000Z",
    "2024-05-01T10:20:30.000Z",
    "2024-05-01T10:20:30+00:00",
    "2024-05-01T12:20:30+02:00",
    "2024-05-01T10:20:30",
    "2024-05-01",
    "2023-05-22T10:38:14.3501922Z",
    "1969-12-31T23:59:59.9999999Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.9999999Z",
    "2024-02-29T23:59:59Z",
    "2023-02-29T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-05-01T10:20:30.12345678Z",
    "2024-05-01t10:20:30z",
    "2024-05-01 10:20:30,5",
    "2024-05-01T10:20:30.Z",
    "2024-05-01T10:20:30ZZ",
    "2024-05-01T24:00:00Z",
    "24-05-01T10:20:30Z",
    "2024-5-1T10:20:30Z",
    "99999-05-01T10:20:30Z",
];

/// Whole numbers around the widths that codes and frames have.
const WHOLES: &[i64] = &[
    0,
    1,
    -1,
    2,
    7,
    100,
    127,
    128,
    254,
    255,
    256,
    257,
    -255,
    -256,
    32_767,
    32_768,
    65_534,
    65_535,
    65_536,
    65_537,
    -65_536,
    2_147_483_647,
    -2_147_483_648,
    4_294_967_295,
    4_294_967_296,
    4_294_967_297,
    4_503_599_627_370_495,
    -4_503_599_627_370_496,
    9_007_199_254_740_991,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    -9_007_199_254_740_993,
    i64::MAX,
];

/// Fractions that decimal encodings keep, or must not touch.
const FRACTIONS: &[f64] = &[
    0.5,
    -0.5,
    0.1,
    0.2,
    0.1 + 0.2,
    21.5,
    21.25,
    1.125,
    0.0001,
    0.00001,
    1.234_567,
    1.234_567_8,
    655.35,
    655.36,
    6_553.7,
    -0.0,
    1e-7,
    5e-324,
    1e300,
    -1e300,
    f64::MAX,
    f64::MIN_POSITIVE,
    1e16,
    1.5e20,
    0.333_333_333_333_333_3,
];

/// A text.
pub(crate) fn text(dice: &mut Dice) -> String {
    match dice.below(20) {
        0 => "long ".repeat(60) + &dice.below(3).to_string(),
        1 => "x".repeat([254, 255, 256, 257][dice.below(4)]),
        2 => format!("serial-{:08}", dice.below(5000)),
        3 => format!("fw {}.{}", dice.below(3), dice.below(12)),
        _ => (*dice.one_of(TEXTS)).to_owned(),
    }
}

/// A time, or nearly one.
pub(crate) fn time(dice: &mut Dice) -> String {
    if dice.chance(75) {
        return (*dice.one_of(TIMES)).to_owned();
    }
    let fraction = match dice.below(5) {
        0 => String::new(),
        1 => format!(".{:03}", dice.below(1000)),
        2 => format!(".{}", dice.below(10)),
        _ => format!(".{:07}", dice.below(10_000_000)),
    };
    let (month, day) = (dice.between(1, 12), dice.between(1, 28));
    let (year, hour) = (dice.between(2019, 2025), dice.between(0, 23));
    let (minute, second) = (dice.between(0, 59), dice.between(0, 59));
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// A number.
pub(crate) fn number(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0..=3 => json!(dice.one_of(WHOLES)),
        4..=5 => json!(dice.one_of(FRACTIONS)),
        6 => json!(dice.between(-20, 20)),
        7 => {
            // A decimal of one to seven digits behind the point.
            let digits = u32::try_from(dice.between(1, 7)).unwrap_or(1);
            json!(dice.between(-99_999, 99_999) as f64 / 10f64.powi(digits as i32))
        }
        8 => json!(dice.between(0, 70_000)),
        _ => json!(dice.between(0, 3)),
    }
}

/// A value that is no array or object.
pub(crate) fn primitive(dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => Value::Null,
        1 => Value::Bool(true),
        2 => Value::Bool(false),
        3..=6 => number(dice),
        7..=8 => Value::String(time(dice)),
        _ => Value::String(text(dice)),
    }
}

/// A key; mostly a plain one.
pub(crate) fn key(dice: &mut Dice) -> String {
    let keys = if dice.chance(75) { PLAIN_KEYS } else { ODD_KEYS };
    (*dice.one_of(keys)).to_owned()
}

/// An array: of numbers, of texts, of objects, of anything, with nulls, nested, or empty.
pub(crate) fn array(dice: &mut Dice) -> Value {
    let n = dice.below(4);
    let element = match dice.below(5) {
        0 => number,
        1 => |dice: &mut Dice| Value::String(text(dice)),
        2 | 3 => object_in_array,
        _ => any_in_array,
    };
    (0..n).map(|_| element(dice)).collect()
}

fn object_in_array(dice: &mut Dice) -> Value {
    let k = ["k", "k", "id"][dice.below(3)];
    let mut object = json!({ k: primitive(dice) });
    if dice.chance(40) {
        object["v"] = json!({ "w": primitive(dice) });
    }
    object
}

fn any_in_array(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!([]),
        1 => json!([primitive(dice), [primitive(dice)]]),
        2 => json!({}),
        3 => object_in_array(dice),
        _ => primitive(dice),
    }
}

/// An object with a few entries, or none.
pub(crate) fn object(dice: &mut Dice) -> Value {
    let n = dice.below(3);
    (0..n).map(|_| (key(dice), any(dice))).collect()
}

/// Any value.
pub(crate) fn any(dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => array(dice),
        1 => object(dice),
        _ => primitive(dice),
    }
}
