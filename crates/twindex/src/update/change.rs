//! A change of many twins as a query for what must be known of each.
//!
//! The query selects the ids, the etag, and for each assignment the new value and the old one. So
//! assignments are bound, optimised and evaluated as columns are, on the version that is read, and
//! a stopped update goes on by the continuation token of that query.

use twindex_lang::ast::{
    Assignment, Callee, Collection, Delete, Expr, Name, Node, Path, Query as Asked, Segment,
    Select, SelectItem, Update,
};
use twindex_lang::diagnostic::Diagnostic;
use twindex_lang::span::{At, Span};
use twindex_model::etag::Etag;
use twindex_model::json::read::read_value;
use twindex_model::value::Value;
use twindex_plan::errors::BindError;

use super::patch::patch_text;
use super::report::{DryRun, SampleTwin, SampledChange, text_of};
use crate::error::Error;
use crate::query::Query;
use crate::twin_id::TwinId;
use crate::write::Write;

/// Twins shown by a dry run.
const SAMPLE_TWINS: usize = 10;

/// What a statement asks for.
pub(crate) struct Change {
    /// The twins, and what must be known of them.
    pub(super) query: Asked,
    /// What is set, in the order of the text; empty for a deletion.
    pub(super) targets: Vec<Target>,
    /// The targets by path, so that a patch is written from front to back.
    pub(super) by_path: Vec<usize>,
    /// Whether the statement says `DRY RUN`.
    pub(super) dry_run: bool,
}

/// One path that is set.
pub(super) struct Target {
    pub(super) keys: Vec<String>,
    /// As the language writes it.
    text: String,
    span: Span,
}

/// What a twin was and is to be.
pub(super) struct Row {
    pub(super) device_id: String,
    pub(super) module_id: Option<String>,
    pub(super) etag: String,
    /// Old and new value of each target; `None` is undefined.
    pub(super) values: Vec<(Option<Value>, Option<Value>)>,
}

impl Change {
    /// # Errors
    /// [`Error::Query`] when an aggregate is set.
    pub(crate) fn of_update(update: Update) -> Result<Self, Error> {
        let Update { collection, assignments, condition, dry_run } = update;
        let refused: Vec<Diagnostic> =
            assignments.iter().filter_map(|one| refuse_aggregate(&one.value)).collect();
        if !refused.is_empty() {
            return Err(Error::Query(refused));
        }
        let targets: Vec<Target> = assignments.iter().map(Target::new).collect();
        let mut by_path: Vec<usize> = (0..targets.len()).collect();
        by_path.sort_by(|a, b| keys(&targets, *a).cmp(keys(&targets, *b)));
        let mut items = identity();
        for (idx, Assignment { path, at, value }) in assignments.into_iter().enumerate() {
            items.push(column(format!("n{idx}"), value));
            items.push(column(format!("o{idx}"), Expr { node: Node::Path(path), at }));
        }
        Ok(Self { query: selecting(items, collection, condition), targets, by_path, dry_run })
    }

    pub(crate) fn of_delete(delete: Delete) -> Self {
        let Delete { collection, condition, dry_run } = delete;
        let query = selecting(identity(), collection, condition);
        Self { query, targets: Vec::new(), by_path: Vec::new(), dry_run }
    }

    /// Reads a row of the query.
    pub(super) fn read_row(&self, text: &str) -> Row {
        let mut row = Row {
            device_id: String::new(),
            module_id: None,
            // What a twin lacks counts as in a fresh one.
            etag: Etag::FRESH.text().as_str().to_owned(),
            values: self.targets.iter().map(|_| (None, None)).collect(),
        };
        // The engine printed the text, so it is an object.
        let Ok(Value::Object(entries)) = read_value(text) else { return row };
        for (name, value) in entries {
            match (name.as_str(), value) {
                ("d", Value::String(text)) => row.device_id = text,
                // An empty one says that it is no module.
                ("m", Value::String(text)) => {
                    row.module_id = Some(text).filter(|id| !id.is_empty())
                }
                ("e", Value::String(text)) => row.etag = text,
                (name, value) => row.set(name, value),
            }
        }
        row
    }

    /// The write of one twin; `None` if it has nothing to write.
    ///
    /// # Errors
    /// What no hub takes of any twin, as [`Write::patch_twin`].
    pub(super) fn write_of(&self, row: &Row) -> Result<Option<Write>, Error> {
        let twin = TwinId::of_row(&row.device_id, row.module_id.as_deref());
        if self.targets.is_empty() {
            return Ok(Some(Write::delete(twin).if_etag(&row.etag)));
        }
        let Some(text) = patch_text(self, row) else { return Ok(None) };
        Ok(Some(Write::patch_twin(twin, &text)?.if_etag(&row.etag)))
    }

    fn sample(&self, row: Row) -> SampleTwin {
        let refused = self.write_of(&row).err().map(|error| error.to_string());
        let change = |(target, (old, new)): (&Target, (Option<Value>, Option<Value>))| {
            let new = new.filter(|new| *new != Value::Null);
            SampledChange {
                path: target.text.clone(),
                old: old.as_ref().map(text_of),
                new: new.as_ref().map(text_of),
            }
        };
        SampleTwin {
            device_id: row.device_id,
            module_id: row.module_id,
            changes: self.targets.iter().zip(row.values).map(change).collect(),
            refused,
        }
    }
}

impl Target {
    fn new(assignment: &Assignment) -> Self {
        let keys = assignment.path.keys().map(str::to_owned).collect();
        Self { keys, text: assignment.path.to_string(), span: assignment.at.0 }
    }
}

impl Row {
    /// Keeps the value of the column `n0`, `o0`, `n1` …
    fn set(&mut self, column: &str, value: Value) {
        let Some((kind, idx)) = column.split_at_checked(1) else { return };
        let Some((old, new)) = idx.parse().ok().and_then(|idx: usize| self.values.get_mut(idx))
        else {
            return;
        };
        *(if kind == "n" { new } else { old }) = Some(value);
    }
}

/// What `change` would do to the twins that `reading` sees.
pub(crate) fn dry_run(reading: &Query<'_>, change: Change) -> Result<DryRun, Error> {
    let n_matched = reading.ids_of(&change.query)?.len();
    let page = reading.clone().page_size(SAMPLE_TWINS).page_of(&change.query, None)?;
    // Columns that the statement did not ask for warn of nothing: no twin need have what is about
    // to be set, and ids and etags are of no place in the text.
    let is_told = |warning: &&Diagnostic| {
        let span = warning.span;
        span != Span::default() && !change.targets.iter().any(|one| one.span == span)
    };
    let warnings = page.warnings().iter().filter(is_told).cloned().collect();
    let sample = page.rows().map(|text| change.sample(change.read_row(text))).collect();
    Ok(DryRun { n_matched, sample, warnings, version: page.version() })
}

fn keys(targets: &[Target], idx: usize) -> &[String] {
    targets.get(idx).map_or(&[], |target| &target.keys)
}

fn selecting(items: Vec<SelectItem>, collection: Collection, condition: Option<Expr>) -> Asked {
    Asked { select: Select::Items(items), ..Asked::all(collection, condition) }
}

/// Columns for what names a twin and its state.
fn identity() -> Vec<SelectItem> {
    let field = |name: &str, field: &str| {
        let path = Path { segments: vec![Segment::Key(field.to_owned())] };
        column(name.to_owned(), Expr::new(Node::Path(path), Span::default()))
    };
    vec![field("d", "deviceId"), field("m", "moduleId"), field("e", "etag")]
}

/// A column whose name no expression can mean.
fn column(name: String, expr: Expr) -> SelectItem {
    let name = Name { text: name, can_be_referred_to: false, at: At::default() };
    SelectItem { expr, name: Some(name) }
}

/// Why an expression cannot be set, if it holds an aggregate: it would make groups of the twins.
fn refuse_aggregate(expr: &Expr) -> Option<Diagnostic> {
    if let Node::Call(call) = &expr.node
        && let Callee::Known(function) = call.callee
        && function.is_aggregate()
    {
        let error = BindError::AggregateNotAllowed { function, clause: "SET" };
        return Some(error.at(call.name_at.0));
    }
    let mut found = None;
    expr.for_each_child(&mut |child| found = found.take().or_else(|| refuse_aggregate(child)));
    found
}
