//! Errors and warnings for the eye (drawn under the query) and for scripts (one line).

use std::io::{self, IsTerminal as _, Write};

use ariadne::{Config, IndexType, Label, Report, ReportKind, Source};
use serde_json::json;
use twindex::{Diagnostic, Error};

use crate::output::excerpt::Excerpt;
use crate::output::printable::printable;
use crate::script::Statement;

/// Whether drawings are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// On a terminal that does not refuse it.
    On,
    /// Elsewhere, and where `NO_COLOR` is set.
    Off,
}

impl Colour {
    /// What stderr takes.
    pub(crate) fn of_stderr() -> Self {
        // https://no-color.org: set and not empty.
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if io::stderr().is_terminal() && !is_refused { Self::On } else { Self::Off }
    }
}

/// Draws why `statement` was refused.
pub(crate) fn draw_error(
    out: &mut dyn Write,
    statement: &Statement<'_>,
    error: &Error,
    colour: Colour,
) -> io::Result<()> {
    if error.diagnostics().is_empty() {
        let message = error.to_string();
        return writeln!(out, "error[{}]: {}", error.code(), printable(&message));
    }
    error
        .diagnostics()
        .iter()
        .try_for_each(|reason| draw(out, statement, reason, (ReportKind::Error, colour)))
}

/// Draws warnings about `statement`.
pub(crate) fn draw_warnings(
    out: &mut dyn Write,
    statement: &Statement<'_>,
    warnings: &[Diagnostic],
    colour: Colour,
) -> io::Result<()> {
    warnings
        .iter()
        .try_for_each(|warning| draw(out, statement, warning, (ReportKind::Warning, colour)))
}

/// Writes warnings one a line, for logs.
pub(crate) fn write_warnings(out: &mut dyn Write, warnings: &[Diagnostic]) -> io::Result<()> {
    for Diagnostic { code, message, suggestion, .. } in warnings {
        write!(out, "warning[{code}]: {}", printable(message))?;
        match suggestion {
            Some(suggestion) => writeln!(out, "; try {}", printable(suggestion))?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

/// The line that stands in place of a refused statement. An error with no place in the text is
/// given the whole statement.
pub(crate) fn error_line(statement: &str, error: &Error) -> String {
    let first = error.diagnostics().first();
    let whole = (0, u32::try_from(statement.len()).unwrap_or(u32::MAX));
    let (from, to) = first.map_or(whole, |reason| (reason.span.from, reason.span.to));
    let message = error.to_string();
    let mut line = json!({"code": error.code(), "message": message, "span": [from, to]});
    let more =
        first.map(|reason| [("expected", &reason.expected), ("suggestion", &reason.suggestion)]);
    for (name, text) in more.into_iter().flatten() {
        if let Some(text) = text {
            line[name] = json!(text);
        }
    }
    json!({ "error": line }).to_string()
}

fn draw(
    out: &mut dyn Write,
    statement: &Statement<'_>,
    reason: &Diagnostic,
    (kind, colour): (ReportKind<'static>, Colour),
) -> io::Result<()> {
    let script = statement.script();
    let end = script.text().len();
    let to = (statement.offset() + reason.span.to as usize).min(end);
    let from = (statement.offset() + reason.span.from as usize).min(to);
    let excerpt = Excerpt::of(script.text(), from..to);
    let span = (script.name(), excerpt.span.clone());
    let expected = reason.expected.as_ref().map(|text| format!("expected {}", printable(text)));
    let tip = reason.suggestion.as_ref().map(|text| format!("try {}", printable(text)));
    let label = expected.as_ref().or(tip.as_ref()).map_or("here", String::as_str);
    let config = Config::new().with_color(colour == Colour::On).with_index_type(IndexType::Byte);
    let mut report = Report::build(kind, span.clone())
        .with_config(config)
        .with_code(reason.code)
        .with_message(printable(&reason.message))
        .with_label(Label::new(span).with_message(label));
    if let Some(tip) = tip.as_ref().filter(|tip| *tip != label) {
        report = report.with_help(tip);
    }
    if excerpt.is_beheaded {
        report = report.with_note(format!("the place is byte {} of the text", from + 1));
    }
    report.finish().write((script.name(), Source::from(&*excerpt.text)), out)
}
