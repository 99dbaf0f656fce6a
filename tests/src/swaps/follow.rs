//! A follower of the feed, who looks for gaps.

use std::collections::HashMap;
use std::time::Duration;

use twindex::{Change, ChangeKind, Section, Subscription};

use super::Shared;

/// What a twin was last told to be: generation, `$version` of desired and of reported, `version`.
type Known = (u64, u64, u64, u64);

/// Follows until the campaign is over and nothing comes any more. Gives the number of changes and
/// how often some were missed.
pub(super) fn follow(shared: &Shared, feed: &mut Subscription) -> Result<(u64, u64), String> {
    let mut known: HashMap<String, Known> = HashMap::new();
    let (mut n_changes, mut n_lagged) = (0, 0);
    let mut version = 0;
    loop {
        match feed.next_timeout(Duration::from_millis(100)) {
            Some(Ok(change)) => {
                n_changes += 1;
                let outcome = check(&mut known, &mut version, &change);
                shared.note(outcome.clone());
                outcome?;
            }
            Some(Err(_)) => {
                n_lagged += 1;
                known.clear();
            }
            None if shared.is_over() => return Ok((n_changes, n_lagged)),
            None => {}
        }
    }
}

/// Compares a change with what was known of its twin.
fn check(
    known: &mut HashMap<String, Known>,
    version: &mut u64,
    change: &Change,
) -> Result<(), String> {
    if change.version() <= *version {
        return Err(format!("{change:?} came after version {version}"));
    }
    *version = change.version();
    let written = change.written();
    let now = (
        written.generation,
        written.desired_version,
        written.reported_version,
        written.root_version,
    );
    let id = change.twin().to_string();
    if change.kind() == ChangeKind::Deleted {
        known.remove(&id);
        return Ok(());
    }
    let wrote = |section: Section| u64::from(change.sections().any(|found| found == section));
    if let Some(before) = known.insert(id, now) {
        let is_next = match change.kind() {
            ChangeKind::Created => now.0 > before.0,
            _ => {
                now.0 == before.0
                    && now.1 == before.1 + wrote(Section::Desired)
                    && now.2 == before.2 + wrote(Section::Reported)
                    && now.3 == before.3 + 1
            }
        };
        if !is_next {
            return Err(format!("{change:?} came after {before:?}"));
        }
    }
    Ok(())
}
