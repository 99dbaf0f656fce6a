//! Paths: keys become a catalogue id, an index begins the tail.

use std::sync::Arc;

use twindex_lang::ast::{Path, Segment, Segments};
use twindex_lang::field::{TWIN_FIELDS, twin_field};
use twindex_lang::nearest;
use twindex_lang::span::Span;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::Step;

use super::binder::{Binder, Clause};
use crate::errors::{BindError, BindWarning};
use crate::expr::{Expr, PathRef};

/// Keys looked at for a suggestion.
const CHILDREN_MAX: usize = 1_000;

impl Binder<'_> {
    /// The value of `path`.
    pub(super) fn path(&mut self, path: &Path, span: Span) -> Expr {
        if let Some(keys) = self.grouping.as_ref().map(|_| path.to_string()) {
            self.error(&BindError::NotGrouped { expr: keys }, span);
            return Expr::Undefined;
        }
        if path.segments.contains(&Segment::AnyElement) {
            self.error(&BindError::MisplacedAny, span);
            return Expr::Undefined;
        }
        if self.refuses_name(path, span) {
            return Expr::Undefined;
        }
        Expr::Path(self.resolve_path(&path.segments, span))
    }

    /// The array and the steps below its element, if `path` holds `[*]`.
    pub(super) fn any_path(&mut self, path: &Path, span: Span) -> Option<(PathRef, Box<[Step]>)> {
        let place = path.segments.iter().position(|s| *s == Segment::AnyElement)?;
        let (array, below) = (&path.segments[..place], &path.segments[place + 1..]);
        if self.grouping.is_some() || below.contains(&Segment::AnyElement) {
            return None;
        }
        let array = self.resolve_path(array, span);
        Some((array, below.iter().filter_map(to_step).collect()))
    }

    /// A path of two keys that every twin may have; never worth a warning.
    pub(super) fn section(&self, keys: [&str; 2]) -> Expr {
        let id = self.catalog.path(&keys);
        Expr::Path(PathRef { id, tail: Box::default(), text: keys.join(".").into() })
    }

    fn resolve_path(&mut self, segments: &[Segment], span: Span) -> PathRef {
        let n_keys = segments.iter().take_while(|s| matches!(s, Segment::Key(_))).count();
        let (head, tail) = segments.split_at(n_keys);
        let keys: Vec<&str> = head.iter().filter_map(key_of).collect();
        let text: Arc<str> = Segments(segments).to_string().into();
        let path = PathRef {
            id: self.catalog.path(&keys),
            tail: tail.iter().filter_map(to_step).collect(),
            text,
        };
        self.warn_of_missing(&path, &keys, span);
        path
    }

    /// Whether `path` is a name given with AS where such names are not seen. A twin field, or what
    /// some twin has, is that.
    fn refuses_name(&mut self, path: &Path, span: Span) -> bool {
        let clause = match self.clause {
            Clause::Where => "WHERE",
            Clause::GroupBy => "GROUP BY",
            Clause::Output | Clause::Aggregate(_) => return false,
        };
        let Some(name) = path.single_key() else {
            return false;
        };
        let Some(expr) = self.names.get(name) else {
            return false;
        };
        if twin_field(name).is_some() || self.catalog.path(&[name]).is_some() {
            return false;
        }
        let (name, expr) = (name.to_owned(), crate::errors::shown(expr));
        self.error(&BindError::NameNotVisible { name, clause, expr }, span);
        true
    }

    fn warn_of_missing(&mut self, path: &PathRef, keys: &[&str], span: Span) {
        let (Some(_), [first, ..]) = (self.collection, keys) else {
            return;
        };
        if !TWIN_FIELDS.contains(first) && self.catalog.path(&[first]).is_none() {
            // `tag.x` is as near to `etag.x`, yet what has keys below it is meant.
            let nearest = nearest(first, ["tags", "properties"].into_iter().chain(TWIN_FIELDS));
            let warning = BindWarning::UnknownField {
                name: (*first).to_owned(),
                path: path.text.to_string(),
                nearest: nearest.map(|field| respelled(keys, 0, field)),
            };
            self.warn(&warning, span);
            return;
        }
        let kinds = path.id.map_or(KindSet::NONE, |id| self.kinds_at(id)).without(Kind::Undefined);
        let is_met =
            if path.tail.is_empty() { !kinds.is_empty() } else { kinds.contains(Kind::Array) };
        if !is_met && self.has_twins() {
            let nearest = if path.id.is_none() { self.nearest_path(keys) } else { None };
            self.warn(&BindWarning::UnknownPath { path: path.text.to_string(), nearest }, span);
        }
    }

    /// `keys` with the first one that is unknown replaced by its nearest sibling.
    fn nearest_path(&self, keys: &[&str]) -> Option<String> {
        let n_known = (1..keys.len()).rev().find(|&n| self.catalog.path(&keys[..n]).is_some());
        let unknown = n_known.unwrap_or(0);
        let siblings = self.catalog.children(&keys[..unknown], CHILDREN_MAX);
        let nearest = nearest(keys[unknown], siblings.iter().map(String::as_str))?;
        Some(respelled(keys, unknown, nearest))
    }
}

/// The text of `keys` with the one at `place` spelled `key`.
fn respelled(keys: &[&str], place: usize, key: &str) -> String {
    let spelled = keys.iter().enumerate().map(|(i, k)| if i == place { key } else { k });
    Path { segments: spelled.map(|k| Segment::Key(k.to_owned())).collect() }.to_string()
}

fn key_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) | Segment::AnyElement => None,
    }
}

fn to_step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Key(key) => Some(Step::Key(key.as_str().into())),
        Segment::Index(index) => Some(Step::Index(*index)),
        Segment::AnyElement => None,
    }
}
