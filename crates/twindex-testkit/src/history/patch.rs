//! Patches: what devices and back ends send, and what they should not send.

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::generate::{Shape, any_value};

/// A patch of the section below `prefix`, over the paths of the shape and seldom beside them.
pub(super) fn generate_patch(dice: &mut Dice, shape: &Shape, prefix: &[&str]) -> Value {
    let mut patch = json!({});
    let paths = shape.paths_below(prefix);
    for _ in 0..[0, 1, 1, 1, 2, 2, 3, 6][dice.below(8)] {
        let (mut keys, pool) = match paths.is_empty() || dice.chance(8) {
            true => (vec!["beside".to_owned()], Vec::new()),
            false => dice.one_of(&paths).clone(),
        };
        // Sometimes the subtree above, sometimes one below.
        if keys.len() > 1 && dice.chance(15) {
            keys.pop();
        }
        if dice.chance(10) {
            keys.push((*dice.one_of(&["a", "b", "deep"])).to_owned());
        }
        let value = match dice.below(20) {
            0..=4 => Value::Null,
            5 => json!({}),
            6 => json!([]),
            7 | 8 => any_value(dice),
            _ if pool.is_empty() => any_value(dice),
            _ => dice.one_of(&pool).clone(),
        };
        set(&mut patch, &keys, value);
    }
    if !dice.chance(4) {
        tame(&mut patch, false);
    }
    if dice.chance(6) {
        spoil(dice, &mut patch);
    }
    patch
}

fn set(patch: &mut Value, keys: &[String], value: Value) {
    let mut place = patch;
    for key in keys {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[key.as_str()];
    }
    *place = value;
}

/// Takes out what no write may contain.
fn tame(value: &mut Value, is_in_array: bool) {
    match value {
        Value::Object(entries) => {
            let forbidden =
                |c: char| c.is_control() || c.is_whitespace() || matches!(c, '.' | '$' | '#');
            entries.retain(|key, value| {
                let is_forbidden = key.chars().any(forbidden) || is_in_array && value.is_null();
                !is_forbidden
            });
            entries.values_mut().for_each(|value| tame(value, is_in_array));
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(|item| tame(item, true));
        }
        Value::Number(number) => {
            let is_large = number.as_i64().is_none_or(|n| n.unsigned_abs() > 1 << 50);
            if is_large && !number.is_f64() {
                *value = json!(1_i64 << 50);
            }
        }
        _ => {}
    }
}

/// Puts something into a patch that may not be there, or is just allowed.
fn spoil(dice: &mut Dice, patch: &mut Value) {
    let text = |n: usize| Value::String("é".repeat(n / 2) + &"x".repeat(n % 2));
    let (key, value) = match dice.below(13) {
        0 => ("$version".to_owned(), json!(3)),
        1 => ("$metadata".to_owned(), json!({"$lastUpdated": "2024-01-01T00:00:00Z"})),
        2 => ("a$b".to_owned(), json!(1)),
        3 => ((*dice.one_of(&["a.b", "a b", "#a", "a\u{85}", "a\u{3000}"])).to_owned(), json!(1)),
        4 => ("x".repeat(1023 + dice.below(3)), json!(1)),
        5 => ("long".to_owned(), text(4095 + dice.below(3))),
        6 => ("deep".to_owned(), nested(dice, false)),
        7 => ("deep".to_owned(), nested(dice, true)),
        8 => ("list".to_owned(), json!([1, null])),
        9 => ("list".to_owned(), json!([{"a": [{"b": null}]}])),
        10 => ("most".to_owned(), json!(4_503_599_627_370_494 + dice.between(0, 2))),
        11 => ("least".to_owned(), json!(-4_503_599_627_370_495 - dice.between(0, 2))),
        _ => ("inner".to_owned(), json!({"a": {"$x": 1}})),
    };
    if let Value::Object(entries) = patch {
        entries.insert(key, value);
    }
}

/// Nine to eleven levels below the key it is put at, so that ten or eleven are below the section.
fn nested(dice: &mut Dice, of_arrays: bool) -> Value {
    let innermost = if of_arrays { json!([]) } else { json!({}) };
    let n_levels = 8 + dice.below(3);
    (0..n_levels)
        .fold(innermost, |inner, _| if of_arrays { json!([inner]) } else { json!({ "d": inner }) })
}

/// Large strings, of which a few fill a section.
pub(super) fn generate_large_patch(dice: &mut Dice) -> Value {
    let entry = |dice: &mut Dice| {
        let key = format!("large{}", dice.below(10));
        let value = match dice.below(4) {
            0 => Value::Null,
            _ => Value::String("x".repeat(1000 + dice.below(3000))),
        };
        (key, value)
    };
    let n = 1 + dice.below(4);
    Value::Object((0..n).map(|_| entry(dice)).collect())
}

/// The body of a back end's write.
pub(super) fn generate_body(dice: &mut Dice, shape: &Shape) -> Value {
    let mut body = json!({});
    let sections = dice.below(10);
    if sections < 6 {
        body["tags"] = section(dice, shape, &["tags"]);
    }
    if sections > 4 {
        body["properties"] = json!({ "desired": section(dice, shape, &["properties", "desired"]) });
    }
    if dice.chance(8) {
        spoil_body(dice, &mut body);
    }
    body
}

fn section(dice: &mut Dice, shape: &Shape, prefix: &[&str]) -> Value {
    if dice.chance(4) { generate_large_patch(dice) } else { generate_patch(dice, shape, prefix) }
}

/// What clients send back because they read it, and what no body may be.
fn spoil_body(dice: &mut Dice, body: &mut Value) {
    match dice.below(9) {
        0 => body["deviceId"] = json!("other"),
        1 => body["etag"] = json!("*"),
        2 => body["version"] = json!(99),
        3 => body["properties"]["reported"] = json!({"a": 1, "$version": 7}),
        4 => body["status"] = json!("disabled"),
        5 => body["properties"]["desired"]["$version"] = json!(12),
        6 => body["tags"] = any_value(dice),
        7 => body["properties"]["desired"] = any_value(dice),
        _ => *body = any_value(dice),
    }
}

/// Fields of an identity; seldom one that is none.
pub(super) fn generate_fields(dice: &mut Dice) -> Map<String, Value> {
    let mut fields = Map::new();
    for _ in 0..1 + dice.below(2) {
        let (field, values): (&str, Vec<Value>) = match dice.below(8) {
            0 | 1 => ("connectionState", vec![json!("Connected"), json!("Disconnected")]),
            2 => (
                "lastActivityTime",
                vec![json!("2024-05-01T10:20:30.1234567Z"), json!("2024-05-01T10:20:31Z")],
            ),
            3 | 4 => ("status", vec![json!("enabled"), json!("disabled")]),
            5 => ("statusReason", vec![json!("lost"), json!("")]),
            6 => ("capabilities", vec![json!({"iotEdge": true}), json!({"iotEdge": false})]),
            _ => ("modelId", vec![json!("dtmi:com:example:Thermostat;1")]),
        };
        fields.insert(field.to_owned(), dice.one_of(&values).clone());
    }
    if dice.chance(3) {
        fields.insert("tags".to_owned(), json!({}));
    }
    if dice.chance(3) {
        let (field, value) = dice.one_of(&wrong_fields()).clone();
        fields.insert(field.to_owned(), value);
    }
    fields
}

/// Identity fields that hold what they may not.
fn wrong_fields() -> [(&'static str, Value); 6] {
    [
        ("status", json!("e")),
        ("statusReason", json!(7)),
        ("cloudToDeviceMessageCount", json!(1.5)),
        ("parentScopes", json!(["a", 1])),
        ("capabilities", json!({"edge": true})),
        ("x509Thumbprint", json!({"primaryThumbprint": false})),
    ]
}
