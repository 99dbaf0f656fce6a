//! What binding carries along: the catalogue, the clause it is in, what it found so far.

use std::collections::HashSet;

use twindex_lang::ast;
use twindex_lang::diagnostic::Diagnostic;
use twindex_lang::function::Function;
use twindex_lang::span::Span;
use twindex_model::kind::{Kind, KindSet};
use twindex_model::path::{Collection, PathId};

use super::aggregate::Grouping;
use super::alias::Names;
use crate::catalog_view::CatalogView;
use crate::errors::{BindError, BindWarning};

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    Where,
    GroupBy,
    /// The select list, HAVING or ORDER BY: what groups answer in a grouped query.
    Output,
    /// The argument of an aggregate.
    Aggregate(Function),
}

/// The state of binding one query.
pub(super) struct Binder<'a> {
    pub(super) catalog: &'a dyn CatalogView,
    /// `None` for jobs, of which there are none to know anything about.
    pub(super) collection: Option<Collection>,
    pub(super) now_ms: i64,
    pub(super) clause: Clause,
    /// Names given with AS, and the expressions they stand for.
    pub(super) names: Names<'a>,
    /// In the output of a grouped query: its keys and the aggregates met.
    pub(super) grouping: Option<Grouping<'a>>,
    errors: Found,
    warnings: Found,
}

/// Diagnostics, each text once.
#[derive(Default)]
struct Found {
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<(&'static str, String)>,
}

impl Found {
    fn push(&mut self, diagnostic: Diagnostic) {
        if self.seen.insert((diagnostic.code, diagnostic.message.clone())) {
            self.diagnostics.push(diagnostic);
        }
    }
}

impl<'a> Binder<'a> {
    pub(super) fn new(query: &'a ast::Query, now_ms: i64, catalog: &'a dyn CatalogView) -> Self {
        let collection = match query.collection {
            ast::Collection::Devices => Some(Collection::Devices),
            ast::Collection::Modules => Some(Collection::Modules),
            ast::Collection::Jobs => None,
        };
        Self {
            catalog,
            collection,
            now_ms,
            clause: Clause::Where,
            names: Names::new(&query.select),
            grouping: None,
            errors: Found::default(),
            warnings: Found::default(),
        }
    }

    pub(super) fn error(&mut self, error: &BindError, span: Span) {
        self.errors.push(error.at(span));
    }

    pub(super) fn warn(&mut self, warning: &BindWarning, span: Span) {
        self.warnings.push(warning.at(span));
    }

    /// The kinds that twins have at `path`; without a collection nothing is known.
    pub(super) fn kinds_at(&self, path: PathId) -> KindSet {
        self.collection.map_or(KindSet::ALL, |collection| self.catalog.kinds(collection, path))
    }

    /// Whether warnings about missing paths make sense: there are twins, and each has an id.
    pub(super) fn has_twins(&self) -> bool {
        self.collection.is_some()
            && self
                .catalog
                .path(&["deviceId"])
                .is_some_and(|id| self.kinds_at(id).contains(Kind::String))
    }

    /// The errors, in the order of the text, or else the warnings.
    pub(super) fn finish(self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let mut errors = self.errors.diagnostics;
        if errors.is_empty() {
            return Ok(self.warnings.diagnostics);
        }
        errors.sort_by_key(|error| error.span);
        Err(errors)
    }
}
