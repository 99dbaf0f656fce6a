//! Names of columns.
//!
//! A path is named after its last key, anything else `$1`, `$2` and so on, unless AS says
//! otherwise. Unnamed paths that collide take one key more each until they differ.

use std::collections::{HashMap, HashSet};

use twindex_lang::ast::{Node, SelectItem};

use super::binder::Binder;
use crate::errors::{BindError, BindWarning};

/// A column's name and the item that gives its value.
pub(super) struct Named<'a> {
    pub(super) name: String,
    pub(super) item: &'a SelectItem,
    /// For an unnamed path: its keys, and how many of the last ones make the name.
    keys: Option<(Vec<&'a str>, usize)>,
}

impl Named<'_> {
    /// Takes one key more into the name; whether there was one.
    fn lengthen(&mut self) -> bool {
        let Some((keys, n_taken)) = &mut self.keys else {
            return false;
        };
        if *n_taken == keys.len() {
            return false;
        }
        *n_taken += 1;
        self.name = keys[keys.len() - *n_taken..].join(".");
        true
    }

    fn last_key(&self) -> Option<&str> {
        self.keys.as_ref().and_then(|(keys, _)| keys.last().copied())
    }
}

impl Binder<'_> {
    /// The columns of a select list, in order; the same unnamed path twice is one.
    pub(super) fn name_columns<'q>(&mut self, items: &'q [SelectItem]) -> Vec<Named<'q>> {
        let mut columns = default_names(items);
        if columns.len() < 2 {
            return columns;
        }
        while lengthen_collided(&mut columns) {}
        self.warn_of_renamed(&columns);
        let mut taken = HashSet::new();
        for column in &columns {
            if !taken.insert(column.name.as_str()) {
                let shown = column.last_key().unwrap_or(&column.name).to_owned();
                let span = column.item.name.as_ref().map_or(column.item.expr.at, |name| name.at);
                self.error(&BindError::DuplicateColumn { name: shown }, span.0);
            }
        }
        columns
    }

    fn warn_of_renamed(&mut self, columns: &[Named<'_>]) {
        let mut by_key: HashMap<&str, Vec<&Named<'_>>> = HashMap::new();
        for column in columns {
            if let Some(key) = column.last_key() {
                by_key.entry(key).or_default().push(column);
            }
        }
        for column in columns {
            let Some((key, group)) = column.last_key().and_then(|key| by_key.remove_entry(key))
            else {
                continue;
            };
            if group.len() > 1 {
                let names: Vec<_> = group.iter().map(|c| format!("`{}`", c.name)).collect();
                let (name, names) = (key.to_owned(), names.join(", "));
                self.warn(&BindWarning::ColumnsRenamed { name, names }, column.item.expr.at.0);
            }
        }
    }
}

fn default_names(items: &[SelectItem]) -> Vec<Named<'_>> {
    let (mut columns, mut paths, mut n_counted) = (Vec::new(), HashSet::new(), 0);
    for item in items {
        let (name, keys) = match (&item.name, &item.expr.node) {
            (Some(name), _) => (name.text.clone(), None),
            (None, Node::Path(path)) => {
                if !paths.insert(path.segments.as_slice()) {
                    continue;
                }
                let keys = path.keys().collect::<Vec<_>>();
                (keys.last().copied().unwrap_or_default().to_owned(), Some((keys, 1)))
            }
            (None, _) => {
                n_counted += 1;
                (format!("${n_counted}"), None)
            }
        };
        columns.push(Named { name, item, keys });
    }
    columns
}

/// Makes unnamed paths that share a name longer by one key each; whether any could be.
fn lengthen_collided(columns: &mut [Named<'_>]) -> bool {
    let mut n_named: HashMap<&str, usize> = HashMap::new();
    for column in columns.iter().filter(|column| column.keys.is_some()) {
        *n_named.entry(&column.name).or_default() += 1;
    }
    let collided: Vec<bool> = columns
        .iter()
        .map(|column| n_named.get(column.name.as_str()).is_some_and(|&n| n > 1))
        .collect();
    let pairs = columns.iter_mut().zip(collided);
    pairs.fold(false, |any, (column, collided)| (collided && column.lengthen()) || any)
}
