//! A tiny fleet of JSON twins for unit tests: a catalogue, rows, and expressions over them.

use std::collections::HashMap;

use twindex_lang::ast::Query;
use twindex_lang::diagnostic::Diagnostic;
use twindex_lang::{Limits, parse_query};
use twindex_model::cell::Cell;
use twindex_model::json::read::read_value;
use twindex_model::kind::KindSet;
use twindex_model::path::{Collection, PathId};
use twindex_model::value::Value;

use crate::bind;
use crate::catalog_view::CatalogView;
use crate::env::{Env, Scalar};
use crate::eval::evaluate;
use crate::logical::{LogicalPlan, Output};

/// The NOW() of all tests: 2023-05-22T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_684_713_600_000;

/// A row: a value or nothing at each path, arrays as canonical text too, as in a lane.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Vec<(Option<Value>, String)>);

impl Row {
    pub(crate) fn cell_of(value: Option<Value>) -> (Option<Value>, String) {
        let text = value.as_ref().map(Value::to_canonical_text).unwrap_or_default();
        (value, text)
    }
}

impl Env for Row {
    fn cell(&self, path: PathId) -> Cell<'_> {
        let (value, text) = &self.0[path.0 as usize];
        match value {
            None => Cell::Undefined,
            Some(Value::Null) => Cell::Null,
            Some(Value::Bool(value)) => Cell::Bool(*value),
            Some(Value::Number(number)) => Cell::Number(*number),
            Some(Value::String(text)) => Cell::String(text.as_str().into()),
            Some(Value::Array(_)) => Cell::Array(text.as_str().into()),
            Some(Value::Object(_)) => Cell::Object,
        }
    }

    fn object(&self, path: PathId) -> Value {
        self.0[path.0 as usize].0.clone().unwrap_or(Value::Null)
    }

    fn slot(&self, _: usize) -> Scalar<'_> {
        Scalar::Undefined
    }
}

/// Device twins and the paths they have.
pub(crate) struct Fleet {
    twins: Vec<Value>,
    paths: HashMap<Vec<String>, PathId>,
    keys: Vec<Vec<String>>,
}

impl Fleet {
    pub(crate) fn new(twins: &[&str]) -> Self {
        let twins = twins.iter().map(|text| read_value(text).unwrap()).collect();
        let mut fleet = Self { twins, paths: HashMap::new(), keys: Vec::new() };
        for twin in fleet.twins.clone() {
            fleet.add(&twin, &[]);
        }
        fleet
    }

    fn add(&mut self, value: &Value, keys: &[String]) {
        let Value::Object(entries) = value else {
            return;
        };
        for (key, value) in entries {
            let keys = [keys, std::slice::from_ref(key)].concat();
            if !self.paths.contains_key(&keys) {
                self.paths.insert(keys.clone(), PathId(u32::try_from(self.keys.len()).unwrap()));
                self.keys.push(keys.clone());
            }
            self.add(value, &keys);
        }
    }

    fn look(&self, twin: usize, path: usize) -> Option<&Value> {
        self.keys[path].iter().try_fold(&self.twins[twin], |value, key| value.get(key))
    }

    pub(crate) fn row(&self, twin: usize) -> Row {
        let cells = (0..self.keys.len()).map(|path| Row::cell_of(self.look(twin, path).cloned()));
        Row(cells.collect())
    }

    pub(crate) fn try_bind(&self, text: &str) -> Result<LogicalPlan, Vec<Diagnostic>> {
        bind(&parse(text), NOW_MS, self)
    }

    pub(crate) fn bind(&self, text: &str) -> LogicalPlan {
        self.try_bind(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
    }

    /// `code: message` of each error.
    pub(crate) fn errors(&self, text: &str) -> Vec<String> {
        match self.try_bind(text) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(line).collect(),
        }
    }

    /// `code: message` of each warning.
    pub(crate) fn warnings(&self, text: &str) -> Vec<String> {
        self.bind(text).warnings.iter().map(line).collect()
    }
}

fn line(diagnostic: &Diagnostic) -> String {
    match &diagnostic.suggestion {
        None => format!("{}: {}", diagnostic.code, diagnostic.message),
        Some(meant) => format!("{}: {}; {meant}", diagnostic.code, diagnostic.message),
    }
}

impl CatalogView for Fleet {
    fn path(&self, keys: &[&str]) -> Option<PathId> {
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        self.paths.get(&keys).copied()
    }

    fn kinds(&self, collection: Collection, path: PathId) -> KindSet {
        if collection == Collection::Modules {
            return KindSet::NONE;
        }
        let values = (0..self.twins.len()).filter_map(|twin| self.look(twin, path.0 as usize));
        let kinds = values.map(|value| KindSet::of(&[Scalar::from_value(value).kind()]));
        kinds.fold(KindSet::NONE, KindSet::union)
    }

    fn children(&self, keys: &[&str], n_max: usize) -> Vec<String> {
        let below = self.keys.iter().filter(|path| {
            path.len() == keys.len() + 1 && path.iter().zip(keys).all(|(a, b)| a == b)
        });
        below.filter_map(|path| path.last().cloned()).take(n_max).collect()
    }
}

pub(crate) fn parse(text: &str) -> Query {
    parse_query(text, &Limits::default()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// The value of the expression `text` over one twin, as JSON or `undefined`.
pub(crate) fn value_of(text: &str, twin: &str) -> String {
    let fleet = Fleet::new(&[twin]);
    let plan = fleet.bind(&format!("SELECT {text} AS x FROM devices"));
    let Output::Rows(columns) = plan.output else {
        panic!("{text} is grouped");
    };
    let row = fleet.row(0);
    let mut out = String::new();
    evaluate(&columns[0].expr, &row).write_json(&mut out);
    if out.is_empty() { "undefined".to_owned() } else { out }
}

/// Each expression of `table` has the value beside it over one twin; `@` stands for `tags.`.
#[track_caller]
pub(crate) fn check_values(twin: &str, table: &[(&str, &str)]) {
    for (text, expected) in table {
        let text = text.replace('@', "tags.");
        assert_eq!(value_of(&text, twin), *expected, "{text}");
    }
}
