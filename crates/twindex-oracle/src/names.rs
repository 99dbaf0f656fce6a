//! Columns: their names, and which of them a path may refer to.

use std::collections::BTreeSet;

use twindex_lang::ast::{Expr, Node, Path, Segment, SelectItem};

use crate::check::Refusal;

/// A column of the answer.
#[derive(Clone, Copy, Debug)]
struct Draft<'a> {
    item: &'a SelectItem,
    /// Trailing segments in the name, for a path without a name of its own.
    trailing: usize,
}

/// The columns of a select list, in order, with names that differ.
///
/// Unnamed paths whose names collide take one more segment each until they differ; the same
/// unnamed path twice is one column.
///
/// # Errors
/// When a name stands twice all the same.
pub(crate) fn columns(items: &[SelectItem]) -> Result<Vec<(String, &Expr)>, Refusal> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for item in items {
        let is_met = |met: &Draft<'_>| met.item == item && unnamed_path(item).is_some();
        if !drafts.iter().any(is_met) {
            drafts.push(Draft { item, trailing: 1 });
        }
    }
    while lengthen_colliding(&mut drafts) {}

    let mut columns = Vec::new();
    let mut n_unnamed = 0;
    for draft in &drafts {
        let name = match (&draft.item.name, unnamed_path(draft.item)) {
            (Some(name), _) => name.text.clone(),
            (None, Some(path)) => trailing_name(path, draft.trailing),
            (None, None) => {
                n_unnamed += 1;
                format!("${n_unnamed}")
            }
        };
        columns.push((name, &draft.item.expr));
    }
    let mut names = BTreeSet::new();
    match columns.iter().find(|(name, _)| !names.insert(name.clone())) {
        Some((name, _)) => Err(Refusal::new(format!("two columns are named `{name}`"))),
        None => Ok(columns),
    }
}

/// Adds a segment to each unnamed path whose name another one has; false if there was none.
fn lengthen_colliding(drafts: &mut [Draft<'_>]) -> bool {
    let name_of = |draft: &Draft<'_>| {
        unnamed_path(draft.item).map(|path| trailing_name(path, draft.trailing))
    };
    let names: Vec<Option<String>> = drafts.iter().map(name_of).collect();
    let mut any = false;
    for (draft, name) in drafts.iter_mut().zip(&names) {
        let Some(path) = unnamed_path(draft.item) else {
            continue;
        };
        let collides = names.iter().filter(|other| *other == name).count() > 1;
        if collides && draft.trailing < keys(path).len() {
            draft.trailing += 1;
            any = true;
        }
    }
    any
}

fn unnamed_path(item: &SelectItem) -> Option<&Path> {
    match (&item.name, &item.expr.node) {
        (None, Node::Path(path)) => Some(path),
        _ => None,
    }
}

/// The keys of a path, indexes aside.
fn keys(path: &Path) -> Vec<&str> {
    let mut keys = Vec::new();
    for segment in &path.segments {
        match segment {
            Segment::Key(key) => keys.push(key.as_str()),
            Segment::Index(_) | Segment::AnyElement => {}
        }
    }
    keys
}

/// The last `n` keys of a path, joined by dots.
fn trailing_name(path: &Path, n: usize) -> String {
    let keys = keys(path);
    keys[keys.len().saturating_sub(n)..].join(".")
}

/// The expression of the column that a path of the one segment `key` refers to.
pub(crate) fn referred<'a>(items: &'a [SelectItem], key: &str) -> Option<&'a Expr> {
    let is_meant = |item: &&SelectItem| {
        item.name.as_ref().is_some_and(|name| name.can_be_referred_to && name.text == key)
    };
    items.iter().find(is_meant).map(|item| &item.expr)
}

#[cfg(test)]
mod tests {
    use twindex_lang::ast::Select;
    use twindex_lang::{Limits, parse_query};

    use super::*;

    fn names(select: &str) -> Result<Vec<String>, Refusal> {
        let query = parse_query(&format!("SELECT {select} FROM devices"), &Limits::default());
        let Select::Items(items) = query.unwrap().select else { panic!("{select}") };
        columns(&items).map(|columns| columns.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn columns_are_named_as_the_page_says() {
        for (select, expected) in [
            ("tags.list[0]", vec!["list"]),
            ("Properties.Desired", vec!["desired"]),
            ("id, tags['a b']", vec!["deviceId", "a b"]),
            ("tags.a AS x, tags.b", vec!["x", "b"]),
            ("COUNT(), tags.a, SUM(tags.b) AS s, MAX(tags.c)", vec!["$1", "a", "s", "$2"]),
            ("properties.desired.fw, properties.reported.fw", vec!["desired.fw", "reported.fw"]),
            ("tags.a, tags.a, devices.tags.a", vec!["a"]),
            ("tags.x.a.k, tags.y.a.k, tags.z.b.k", vec!["x.a.k", "y.a.k", "b.k"]),
            ("tags, properties.desired.tags", vec!["tags", "desired.tags"]),
            ("'x', 1 + 1, null", vec!["$1", "$2", "$3"]),
        ] {
            assert_eq!(names(select).unwrap(), expected, "{select}");
        }
    }

    #[test]
    fn a_name_stands_once() {
        for select in [
            "tags.a AS x, tags.b AS x",
            "tags.a AS x, tags.x",
            "tags.list[0], tags.list[1]",
            "COUNT(), tags.$1",
        ] {
            assert!(names(select).is_err(), "{select}");
        }
    }
}
