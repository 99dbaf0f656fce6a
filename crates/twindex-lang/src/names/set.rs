//! Which paths `SET` may name: keys alone, below `tags` or `properties.desired`, each set once.

use std::cmp::Ordering;

use crate::ast::{Assignment, Path, Segment};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::field::{PROPERTIES_FIELDS, TWIN_FIELDS};
use crate::grammar::settable;
use crate::nearest::nearest;

/// Tells what is wrong with the paths of `assignments`, whose names are resolved.
pub(super) fn check(assignments: &[Assignment], diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(assignments.iter().filter_map(not_settable));
    diagnostics.extend(twice(assignments));
}

/// Why the path of an assignment cannot be set, if it cannot.
fn not_settable(assignment: &Assignment) -> Option<Diagnostic> {
    let path = &assignment.path;
    let refused = |message: String| Diagnostic::new(code::NOT_SETTABLE, message, assignment.at.0);
    if !path.segments.iter().all(|segment| matches!(segment, Segment::Key(_))) {
        let message = format!("`SET` replaces an array whole, and `{path}` is in one");
        return Some(refused(message).expecting("a path of names alone"));
    }
    let keys: Vec<&str> = path.keys().collect();
    let below = match keys.as_slice() {
        ["tags", below @ ..] | ["properties", "desired", below @ ..] => below,
        _ => return Some(outside(refused(format!("`SET` cannot write `{path}`")), &keys)),
    };
    if below.is_empty() {
        let message = format!("`SET` writes single properties, and `{path}` is all of a section");
        return Some(refused(message).expecting(settable()));
    }
    let reserved = below.iter().find(|key| key.contains('$'))?;
    let message = format!("`SET` cannot write `{path}`: `{reserved}` has a `$`");
    Some(refused(message).expecting("names without `$`, which marks what the hub itself keeps"))
}

/// What to say of a path outside the two sections.
fn outside(diagnostic: Diagnostic, keys: &[&str]) -> Diagnostic {
    let diagnostic = diagnostic.expecting(settable());
    let (front, kept): (&[&str], usize) = match keys {
        ["properties", "reported", ..] => return diagnostic,
        ["properties", name, ..] => match nearest(name, PROPERTIES_FIELDS) {
            Some("reported") => return diagnostic,
            Some(_) => (&["properties", "desired"], 2),
            None => (&["properties", "desired"], 1),
        },
        ["desired", _, ..] => (&["properties"], 0),
        ["reported", ..] => return diagnostic,
        [name] if TWIN_FIELDS.contains(name) => return diagnostic,
        [_] => (&["tags"], 0),
        [name, ..] if nearest(name, ["tags"]).is_some() => (&["tags"], 1),
        _ => return diagnostic,
    };
    let meant = front.iter().chain(keys.iter().skip(kept)).map(|key| (*key).to_owned());
    let path = Path { segments: meant.map(Segment::Key).collect() };
    diagnostic.suggesting(format!("`{path}`"))
}

/// The paths that stand a second time, or inside another one.
///
/// In order, what lies inside a path follows it at once, so looking at neighbours is enough to find
/// each path that clashes with the last one that stands.
fn twice(assignments: &[Assignment]) -> Vec<Diagnostic> {
    let mut sorted: Vec<(Vec<&str>, &Assignment)> =
        assignments.iter().map(|one| (one.path.keys().collect(), one)).collect();
    sorted.sort_by(|(a, first), (b, second)| match a.cmp(b) {
        Ordering::Equal => first.at.0.cmp(&second.at.0),
        order => order,
    });
    let mut clashes = Vec::new();
    let mut outer: Option<&(Vec<&str>, &Assignment)> = None;
    for one in &sorted {
        match outer.filter(|(keys, _)| one.0.starts_with(keys)) {
            Some((keys, first)) => clashes.push(clash(keys.len() == one.0.len(), first, one.1)),
            None => outer = Some(one),
        }
    }
    clashes.sort_by_key(|clash| clash.span);
    clashes
}

fn clash(is_same: bool, first: &Assignment, second: &Assignment) -> Diagnostic {
    let path = &second.path;
    let message = if is_same {
        format!("`SET` names `{path}` twice")
    } else {
        format!("`SET` names `{path}`, which lies inside `{}`", first.path)
    };
    Diagnostic::new(code::SET_TWICE, message, second.at.0)
        .expecting("each path once, and none inside another")
}
