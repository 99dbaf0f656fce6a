//! How the prompt looks, when it asks for another line, and where its history is kept.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;

use reedline::{
    FileBackedHistory, Prompt, PromptEditMode, PromptHistorySearch, Reedline, ValidationResult,
    Validator,
};
use twindex::script::is_unfinished;

use crate::shell::dot::is_dot_command;

/// Inputs the history holds.
const HISTORY_ENTRIES: usize = 10_000;

/// `twindex>`, and dots for a statement that goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwindexPrompt;

impl Prompt for TwindexPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("twindex")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("    ...> ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!(" (search: {}) ", search.term))
    }
}

/// Asks for another line until a statement is ended by `;`.
#[derive(Clone, Copy, Debug)]
struct UntilSemicolon;

impl Validator for UntilSemicolon {
    fn validate(&self, input: &str) -> ValidationResult {
        if !is_dot_command(input) && is_unfinished(input) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Complete
        }
    }
}

/// A line editor with history, if there is a place for it.
pub(crate) fn editor() -> Reedline {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let editor =
        Reedline::create().with_validator(Box::new(UntilSemicolon)).with_ansi_colors(!is_plain);
    match history() {
        Some(history) => editor.with_history(Box::new(history)),
        None => editor,
    }
}

/// A shell without a place for its history works all the same, so refusals are not told.
fn history() -> Option<FileBackedHistory> {
    let path = history_path(&|name| std::env::var_os(name))?;
    std::fs::create_dir_all(path.parent()?).ok()?;
    FileBackedHistory::with_file(HISTORY_ENTRIES, path).ok()
}

/// `$XDG_STATE_HOME/twindex/history`, by default below `~/.local/state`. Relative paths do not
/// count, as the XDG specification has it.
fn history_path(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("twindex").join("history"))
}

#[cfg(test)]
mod tests {
    use super::{
        OsString, PathBuf, UntilSemicolon, ValidationResult, Validator as _, history_path,
    };

    #[test]
    fn history_is_in_the_state_folder() {
        let path = |state: &str, home: &str| {
            let (state, home) = (OsString::from(state), OsString::from(home));
            history_path(&|name| match name {
                "XDG_STATE_HOME" => Some(state.clone()),
                "HOME" => Some(home.clone()),
                _ => None,
            })
        };
        assert_eq!(path("/s", "/h"), Some(PathBuf::from("/s/twindex/history")));
        assert_eq!(path("", "/h"), Some(PathBuf::from("/h/.local/state/twindex/history")));
        assert_eq!(history_path(&|_| None), None);
    }

    #[test]
    fn statements_go_on_until_a_semicolon() {
        let is_complete =
            |text: &str| matches!(UntilSemicolon.validate(text), ValidationResult::Complete);
        assert!(is_complete("SELECT * FROM devices;") && is_complete(".help") && is_complete(""));
        assert!(!is_complete("SELECT *\nFROM devices"));
    }
}
