//! Smaller twins.

use serde_json::{Value, json};

/// The `nth` way to make a twin smaller by one piece, `None` past the last. Ids stay.
pub(crate) fn smaller(twin: &Value, nth: usize) -> Option<Value> {
    let mut changes = Vec::new();
    collect(twin, &mut Vec::new(), &mut changes);
    let change = changes.get(nth)?;
    let mut twin = twin.clone();
    apply(&mut twin, change);
    Some(twin)
}

/// A place in a twin and what becomes of it.
struct Change {
    place: Vec<Step>,
    to: To,
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

enum To {
    Nothing,
    Value(Value),
}

/// The changes below `value`, larger pieces first.
fn collect(value: &Value, place: &mut Vec<Step>, changes: &mut Vec<Change>) {
    let steps: Vec<(Step, &Value)> = match value {
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(i, value)| (Step::Index(i), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in steps {
        if matches!(&step, Step::Key(key) if place.is_empty() && key.ends_with("Id")) {
            continue;
        }
        place.push(step);
        changes.push(Change { place: place.clone(), to: To::Nothing });
        if let Some(plainer) = plainer(value) {
            changes.push(Change { place: place.clone(), to: To::Value(plainer) });
        }
        collect(value, place, changes);
        place.pop();
    }
}

/// A plainer value of the same type.
fn plainer(value: &Value) -> Option<Value> {
    let plain = match value {
        Value::Number(number) if number.as_f64() != Some(1.0) => json!(1),
        Value::String(text) if text.chars().count() > 1 => {
            let n = text.chars().count() / 2;
            Value::String(text.chars().take(n).collect())
        }
        _ => return None,
    };
    Some(plain)
}

fn apply(twin: &mut Value, change: &Change) {
    let Some((last, way)) = change.place.split_last() else {
        return;
    };
    let mut parent = twin;
    for step in way {
        let inner = match step {
            Step::Key(key) => parent.get_mut(key),
            Step::Index(index) => parent.get_mut(index),
        };
        let Some(inner) = inner else { return };
        parent = inner;
    }
    match (last, parent, &change.to) {
        (Step::Key(key), Value::Object(entries), To::Nothing) => {
            entries.shift_remove(key);
        }
        (Step::Key(key), Value::Object(entries), To::Value(value)) => {
            entries.insert(key.clone(), value.clone());
        }
        (Step::Index(index), Value::Array(items), To::Nothing) => {
            items.remove(*index);
        }
        (Step::Index(index), Value::Array(items), To::Value(value)) => {
            items[*index] = value.clone();
        }
        _ => {}
    }
}
