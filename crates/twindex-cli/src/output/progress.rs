//! Progress on stderr. indicatif hides every bar off a terminal.

use std::fs::File;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts twins, hidden where there is no number of them.
pub(crate) fn twins_bar(message: &'static str, n_twins: Option<u64>) -> ProgressBar {
    let template = "{msg} {wide_bar} {human_pos}/{human_len} twins, {per_sec}, ETA {eta}";
    match n_twins {
        Some(n_twins) => styled(ProgressBar::new(n_twins), template, message),
        None => ProgressBar::hidden(),
    }
}

/// A bar that counts steps; its message is the one under way.
pub(crate) fn steps_bar(n_steps: u64) -> ProgressBar {
    styled(ProgressBar::new(n_steps), "{wide_bar} {pos}/{len} {msg}", "")
}

/// A bar over the bytes of a file, or a spinner where they are not known.
pub(crate) fn file_bar(message: &'static str, file: &File) -> ProgressBar {
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => {
            let template = "{msg} {wide_bar} {bytes}/{total_bytes}, ETA {eta}";
            styled(ProgressBar::new(metadata.len()), template, message)
        }
        _ => spinner(message),
    }
}

/// A bar over bytes whose number is told later.
pub(crate) fn bytes_bar(message: &'static str) -> ProgressBar {
    let template = "{msg} {wide_bar} {bytes}/{total_bytes}, ETA {eta}";
    styled(ProgressBar::new(0), template, message)
}

/// A spinner with the bytes so far.
pub(crate) fn spinner(message: &'static str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), "{msg} {spinner} {bytes}, {bytes_per_sec}", message)
}

fn styled(bar: ProgressBar, template: &str, message: &'static str) -> ProgressBar {
    // The templates are constants; a wrong one would leave the default style.
    let bar = bar.with_message(message);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
