//! The fleet of the campaign: what of it never changes as a whole.

use serde_json::{Value, json};
use twindex::{IndexOptions, LoadOptions, Options, Twindex};

use super::N_WRITERS;

/// Twins whose values are swapped.
pub(super) const N_TWINS: usize = 600;

/// Colours, each of as many twins.
pub(super) const N_COLOURS: usize = 6;

/// What each has at first of what is moved.
pub(super) const AMOUNT: i64 = 100;

/// Twins that come and go, of each writer.
pub(super) const N_GUESTS: usize = 20;

/// All twins that there are at any time: one is there to be counted up.
pub(super) const N_ALL: usize = N_TWINS + N_WRITERS * N_GUESTS + 1;

/// The colour's name.
pub(super) fn colour(nth: usize) -> String {
    format!("c{nth}")
}

/// The text that goes with a colour.
pub(super) fn text(colour: usize) -> String {
    format!("before needle-{colour}- after")
}

/// A name of a device.
pub(super) fn swapped(nth: usize) -> String {
    format!("t{nth}")
}

/// The name of a guest.
pub(super) fn guest(writer: usize, nth: usize) -> String {
    format!("guest-{writer}-{nth}")
}

/// The twin that is counted up.
pub(super) const BEAT: &str = "beat";

fn twin(n: usize) -> Value {
    let colour_of = n % N_COLOURS;
    let tags = json!({"kind": "twin", "colour": colour(colour_of), "text": text(colour_of),
        "rank": n, "amount": AMOUNT});
    let desired = json!({"mode": "m0", "nested": {"level": 0}});
    json!({"deviceId": swapped(n), "tags": tags,
        "properties": {"desired": desired, "reported": desired}})
}

/// An engine with the fleet in several segments.
pub(super) fn open() -> Result<Twindex, String> {
    let index = IndexOptions { segment_rows_max: 256, ..IndexOptions::default() };
    let db = Twindex::with_options(Options { index, threads: 2, ..Options::default() });
    let mut lines = format!("{}\n", json!({"deviceId": BEAT, "tags": {"n": 0}}));
    (0..N_TWINS).for_each(|n| lines.push_str(&format!("{}\n", twin(n))));
    for writer in 0..N_WRITERS {
        for nth in 0..N_GUESTS {
            let tags = json!({"kind": "guest"});
            let guest = json!({"deviceId": guest(writer, nth), "tags": tags});
            lines.push_str(&format!("{guest}\n"));
        }
    }
    let report = db.load(lines.as_bytes(), &LoadOptions::default());
    let report = report.map_err(|error| error.to_string())?;
    if report.n_loaded == N_ALL as u64 {
        Ok(db)
    } else {
        Err(format!("{} twins loaded, not {N_ALL}", report.n_loaded))
    }
}
