//! The pass over names: what can be said of paths without any twin.
//!
//! The select list stands before `FROM`, so prefixes and aliases come off only once the whole query
//! is read. Afterwards equal expressions are equal trees, which is what `GROUP BY` asks for. Names
//! given with `AS` are left as they are where they name a column: a column `Status` is no field.

mod set;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::ast::{
    Callee, Collection, Delete, Expr, InList, Literal, Name, Node, Path, Query, Segment, Select,
    SelectItem, Update,
};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::field::{properties_field, twin_field};
use crate::grammar::{Scoped, not_available};
use crate::span::Span;

/// Resolves the names of a query, or says what is wrong with them.
pub(crate) fn resolve(scoped: Scoped) -> Result<Query, Vec<Diagnostic>> {
    let Scoped { mut query, alias } = scoped;
    let refers = query.having.is_some() || !query.order_by.is_empty();
    let columns = if refers { column_names(&query.select) } else { HashSet::new() };
    let mut names = Names { columns, ..Names::of(query.collection) };
    names.take_alias(alias);
    names.query(&mut query);
    names.finish(query)
}

/// Resolves the names of an update, and says which of the paths it sets cannot be set.
pub(crate) fn resolve_update(mut update: Update) -> Result<Update, Vec<Diagnostic>> {
    let mut names = Names::of(update.collection);
    for assignment in &mut update.assignments {
        names.path(&mut assignment.path, assignment.at.0, Place::Twin);
        names.expr(&mut assignment.value, Place::Twin);
    }
    update.condition.iter_mut().for_each(|condition| names.expr(condition, Place::Twin));
    set::check(&update.assignments, &mut names.diagnostics);
    names.finish(update)
}

/// Resolves the names of a deletion.
pub(crate) fn resolve_delete(mut delete: Delete) -> Result<Delete, Vec<Diagnostic>> {
    let mut names = Names::of(delete.collection);
    delete.condition.iter_mut().for_each(|condition| names.expr(condition, Place::Twin));
    names.finish(delete)
}

/// Resolves the names of a condition text. One that says `devices.jobs.` is about jobs.
pub(crate) fn resolve_condition(mut scoped: Scoped) -> Result<Query, Vec<Diagnostic>> {
    let query = &mut scoped.query;
    if query.collection == Collection::Devices && query.condition.as_ref().is_some_and(has_jobs) {
        query.collection = Collection::Jobs;
    }
    resolve(scoped)
}

/// Whether a path of the expression begins with `devices.jobs.`.
fn has_jobs(expr: &Expr) -> bool {
    if let Node::Path(path) = &expr.node {
        return collection_prefix(path, Collection::Jobs) == 2;
    }
    let mut found = false;
    expr.for_each_child(&mut |child| found = found || has_jobs(child));
    found
}

/// How many segments name the collection: two for `devices.modules.x`, one for `devices.x`.
fn collection_prefix(path: &Path, collection: Collection) -> usize {
    let key = |idx: usize| match path.segments.get(idx) {
        Some(Segment::Key(key)) => Some(key.as_str()),
        _ => None,
    };
    let is = |idx: usize, name: &str| key(idx).is_some_and(|key| key.eq_ignore_ascii_case(name));
    let sub = match collection {
        Collection::Devices => None,
        Collection::Modules => Some("modules"),
        Collection::Jobs => Some("jobs"),
    };
    if !is(0, "devices") {
        0
    } else if sub.is_some_and(|sub| is(1, sub)) && key(2).is_some() {
        2
    } else {
        usize::from(key(1).is_some())
    }
}

/// The names given in the select list that a path may refer to.
fn column_names(select: &Select) -> HashSet<String> {
    let items: &[SelectItem] = match select {
        Select::All(_) => &[],
        Select::Items(items) => items,
    };
    let names = items.iter().filter_map(|item| item.name.as_ref());
    names.filter(|name| name.can_be_referred_to).map(|name| name.text.clone()).collect()
}

/// Where an expression stands, as far as names are concerned.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Names are paths into the twin.
    Twin,
    /// A path of one segment may name a column: `HAVING`, `ORDER BY`.
    Columns,
}

struct Names {
    collection: Collection,
    alias: Option<String>,
    columns: HashSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Names {
    fn of(collection: Collection) -> Self {
        Self { collection, alias: None, columns: HashSet::new(), diagnostics: Vec::new() }
    }

    /// The tree, unless something was wrong with its names.
    fn finish<T>(self, tree: T) -> Result<T, Vec<Diagnostic>> {
        if self.diagnostics.is_empty() { Ok(tree) } else { Err(self.diagnostics) }
    }

    fn take_alias(&mut self, alias: Option<Name>) {
        let Some(alias) = alias else {
            return;
        };
        if let Some(field) = twin_field(&alias.text) {
            let message = format!("the alias `{}` is the twin field `{field}`", alias.text);
            let diagnostic = Diagnostic::new(code::ALIAS_IS_FIELD, message, alias.at.0);
            self.diagnostics.push(diagnostic.expecting("a name that is no field of a twin"));
        } else if alias.can_be_referred_to {
            self.alias = Some(alias.text);
        }
    }

    fn query(&mut self, query: &mut Query) {
        if let Select::Items(items) = &mut query.select {
            items.iter_mut().for_each(|item| self.expr(&mut item.expr, Place::Twin));
        }
        query.condition.iter_mut().for_each(|condition| self.expr(condition, Place::Twin));
        for key in &mut query.group_by {
            self.refuse_numbered(key, "GROUP BY");
            self.expr(key, Place::Twin);
        }
        query.having.iter_mut().for_each(|condition| self.expr(condition, Place::Columns));
        for key in &mut query.order_by {
            self.refuse_numbered(&key.expr, "ORDER BY");
            self.expr(&mut key.expr, Place::Columns);
        }
    }

    /// `ORDER BY 1` would be the first column elsewhere, and a constant here.
    fn refuse_numbered(&mut self, key: &Expr, clause: &str) {
        let mut inner = key;
        while let Node::Sign(_, signed) = &inner.node {
            inner = signed;
        }
        if let Node::Literal(Literal::Number(_)) = &inner.node {
            let message = format!("`{clause} {key}`: columns are named, not numbered");
            let diagnostic = Diagnostic::new(code::NUMBERED_COLUMN, message, key.at.0);
            let meant = "a name given with `AS`, or the expression itself";
            self.diagnostics.push(diagnostic.expecting(meant));
        }
    }

    /// Resolves the paths of an expression. Recursion is as deep as the text nests, which is limited.
    fn expr(&mut self, expr: &mut Expr, place: Place) {
        let span = expr.at.0;
        match &mut expr.node {
            Node::Path(path) => {
                self.path(path, span, place);
                self.refuse_any(path, span);
            }
            Node::Compare(value, _, right) | Node::Like { value, pattern: right, .. } => {
                self.left(value, place);
                self.expr(right, place);
            }
            Node::In { value, list, .. } => {
                self.left(value, place);
                match list {
                    InList::Items(items) => items.iter_mut().for_each(|e| self.expr(e, place)),
                    InList::Expr(list) => self.expr(list, place),
                }
            }
            Node::Between { value, low, high, .. } => {
                self.left(value, place);
                self.expr(low, place);
                self.expr(high, place);
            }
            Node::Call(call) => {
                let is_aggregate =
                    matches!(call.callee, Callee::Known(function) if function.is_aggregate());
                let place = if is_aggregate { Place::Twin } else { place };
                call.args.iter_mut().for_each(|arg| self.expr(arg, place));
            }
            _ => expr.for_each_child_mut(&mut |child| self.expr(child, place)),
        }
    }

    /// Resolves the left side of a comparison, where `p[*]` means any element.
    fn left(&mut self, expr: &mut Expr, place: Place) {
        let span = expr.at.0;
        match &mut expr.node {
            Node::Path(path) => {
                self.path(path, span, place);
                self.refuse_any_twice(path, span);
            }
            _ => self.expr(expr, place),
        }
    }

    fn path(&mut self, path: &mut Path, span: Span, place: Place) {
        let n_prefix = self.prefix(path);
        path.segments.drain(..n_prefix);
        if place == Place::Columns
            && path.single_key().is_some_and(|key| self.columns.contains(key))
        {
            return;
        }
        if self.is_parent(path) {
            self.diagnostics.push(not_available("paths of the parent `device` are", span));
        }
        let mut segments = path.segments.iter_mut();
        let Some(Segment::Key(first)) = segments.next() else {
            return;
        };
        if let Some(field) = twin_field(first) {
            field.clone_into(first);
        }
        if first == "properties"
            && let Some(Segment::Key(second)) = segments.next()
            && let Some(field) = properties_field(second)
        {
            field.clone_into(second);
        }
    }

    /// How many segments at the front are no part of the path.
    fn prefix(&self, path: &Path) -> usize {
        let n_collection = collection_prefix(path, self.collection);
        let has_alias = match path.segments.as_slice() {
            [Segment::Key(first), Segment::Key(_), ..] => Some(first) == self.alias.as_ref(),
            _ => false,
        };
        if n_collection < 2 && has_alias { 1 } else { n_collection }
    }

    /// Whether the path is one into the device of a module.
    fn is_parent(&self, path: &Path) -> bool {
        self.collection == Collection::Modules
            && matches!(path.segments.as_slice(), [Segment::Key(first), Segment::Key(_), ..]
                if first.eq_ignore_ascii_case("device"))
    }

    fn refuse_any(&mut self, path: &Path, span: Span) {
        if path.n_any_elements() > 0 {
            let message = "`[*]` stands where no element can be meant";
            let diagnostic = Diagnostic::new(code::MISPLACED_ANY, message, span);
            self.diagnostics.push(diagnostic.expecting(
                "`[*]` in a path alone on the left of a comparison, `IN`, `LIKE` or `BETWEEN`",
            ));
        }
    }

    fn refuse_any_twice(&mut self, path: &Path, span: Span) {
        if path.n_any_elements() > 1 {
            let message = "`[*]` stands twice in one path";
            let diagnostic = Diagnostic::new(code::MISPLACED_ANY, message, span);
            self.diagnostics.push(diagnostic.expecting("`[*]` at most once in a path"));
        }
    }
}
