//! Path selection in a twin.

use serde_json::Value;
use twindex_lang::ast::{Path, Segment};

/// The value at `segments` below `value`, or `None` where the path is missing. An index selects
/// only from an array, a key only from an object.
pub(crate) fn select<'a>(value: &'a Value, segments: &[Segment]) -> Option<&'a Value> {
    segments.iter().try_fold(value, |value, segment| match (value, segment) {
        (Value::Object(entries), Segment::Key(key)) => entries.get(key),
        (Value::Array(items), Segment::Index(index)) => items.get(usize::try_from(*index).ok()?),
        _ => None,
    })
}

/// What stands before and after the `[*]` of `path`, if it has one.
pub(crate) fn split_at_any_element(path: &Path) -> Option<(&[Segment], &[Segment])> {
    let at = path.segments.iter().position(|segment| *segment == Segment::AnyElement)?;
    Some((&path.segments[..at], &path.segments[at + 1..]))
}

/// The key of a path of exactly one segment.
pub(crate) fn single_key(path: &Path) -> Option<&str> {
    match path.segments.as_slice() {
        [Segment::Key(key)] => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_select_from_objects_and_indexes_from_arrays() {
        let twin = json!({"a": {"b": [10, {"c": null}]}, "0": 1});
        let key = |key: &str| Segment::Key(key.to_owned());
        let at = |segments: &[Segment]| select(&twin, segments).cloned();
        assert_eq!(at(&[key("a"), key("b"), Segment::Index(0)]), Some(json!(10)));
        let c = [key("a"), key("b"), Segment::Index(1), key("c")];
        assert_eq!(at(&c), Some(json!(null)));
        assert_eq!(at(&[key("a"), key("b"), Segment::Index(2)]), None);
        assert_eq!(at(&[key("a"), key("b"), key("0")]), None);
        assert_eq!(at(&[key("a"), Segment::Index(0)]), None);
        assert_eq!(at(&[Segment::Index(0)]), None);
        assert_eq!(at(&[key("A")]), None);
        assert_eq!(at(&[key("a"), key("b"), Segment::Index(u64::MAX)]), None);
    }
}
