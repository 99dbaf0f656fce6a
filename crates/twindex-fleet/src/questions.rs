//! The classes of queries that are measured, as questions to a generated fleet.
//!
//! They stand beside the fleet because they know its paths and how often each value occurs;
//! `twindex bench` and the criterion groups both take them from here, so that the two tell of the
//! same thing.

use std::time::Duration;

use crate::corners;
use crate::fleet::BLOCK;

/// One class of query.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Name of the class: operation and shape, as in criterion's groups.
    pub name: &'static str,
    /// The query; `{gateway}` stands for the id of a device in the middle of the fleet, other
    /// placeholders for what [`corners`] fill in.
    query: &'static str,
    /// Whether it is only the condition of twins that are to be counted.
    counts: bool,
    /// Rows of the page wanted; `None` for all rows.
    pub page_rows: Option<usize>,
    /// Which page of a fleet of a million; earlier in a smaller one.
    page: u64,
    /// What a machine must at least do.
    pub bound: Bound,
    /// How the answer is looked at once before timing.
    pub check: Check,
    /// Targets in microseconds at 1M and 10M twins, if there are any.
    target_us: Option<[f64; 2]>,
}

/// What bounds a class. The parts add up; the text handed over comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound {
    /// Bits read for each row, of masks.
    pub bits_a_row: f64,
    /// Bytes read for each row, of lanes.
    pub bytes_a_row: f64,
    /// Places in memory that nothing could foresee.
    pub misses: f64,
}

/// How an answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// So many rows, or fewer but at least one in a small fleet.
    Rows(usize),
    /// So many rows or fewer, none where the fleet ends before the first.
    AtMost(usize),
    /// One row, whose `n` is the number of twins that pass the condition.
    CountsMatches,
    /// The `n` of all rows add up to the number of twins that pass the condition.
    GroupsCountMatches,
    /// Up to so many rows whose `key` never grows.
    Descends(usize),
}

impl Question {
    /// The query, for a fleet of `n_twins`.
    #[must_use]
    pub fn text(&self, n_twins: u64) -> String {
        let gateway = n_twins / 2 / BLOCK * BLOCK;
        let text = self.query.replace("{gateway}", &format!("gw-{gateway:07}"));
        let text = if text.contains('{') { corners::fill(&text) } else { text };
        match self.counts {
            true => format!("SELECT COUNT() AS n FROM devices WHERE {text}"),
            false => text,
        }
    }

    /// The number of the page wanted, from 1.
    #[must_use]
    pub fn page_number(&self, n_twins: u64) -> u64 {
        (self.page * n_twins.min(1_000_000) / 1_000_000).max(1)
    }

    /// The target at a million twins, if there is one.
    #[must_use]
    pub fn target_1m(&self) -> Option<Duration> {
        self.target_us.map(|[target, _]| Duration::from_secs_f64(target / 1e6))
    }

    /// The target at ten million twins, if there is one.
    #[must_use]
    pub fn target_10m(&self) -> Option<Duration> {
        self.target_us.map(|[_, target]| Duration::from_secs_f64(target / 1e6))
    }
}

const fn question(
    name: &'static str,
    query: &'static str,
    bound: Bound,
    check: Check,
    target_us: [f64; 2],
) -> Question {
    Question { target_us: Some(target_us), ..untargeted(name, query, bound, check) }
}

pub(crate) const fn untargeted(
    name: &'static str,
    query: &'static str,
    bound: Bound,
    check: Check,
) -> Question {
    Question { name, query, counts: false, page_rows: None, page: 1, bound, check, target_us: None }
}

/// A count of the twins that pass a condition.
pub(crate) const fn count(name: &'static str, condition: &'static str, bound: Bound) -> Question {
    Question { counts: true, ..untargeted(name, condition, bound, Check::CountsMatches) }
}

pub(crate) const fn page(number: u64, rows: usize, question: Question) -> Question {
    Question { page_rows: Some(rows), page: number, ..question }
}

pub(crate) const fn misses(misses: f64) -> Bound {
    Bound { misses, bits_a_row: 0.0, bytes_a_row: 0.0 }
}

pub(crate) const fn bits(bits_a_row: f64) -> Bound {
    Bound { misses: 1.0, bits_a_row, bytes_a_row: 0.0 }
}

pub(crate) const fn bytes(bytes_a_row: f64) -> Bound {
    Bound { misses: 1.0, bits_a_row: 0.0, bytes_a_row }
}

/// Every class, in the order of the table of targets.
pub const QUESTIONS: [Question; 25] = [
    question(
        "twin/by-id",
        "SELECT * FROM devices WHERE deviceId = '{gateway}'",
        misses(2.0),
        Check::Rows(1),
        [6.0, 8.0],
    ),
    question(
        "count/equal",
        "SELECT COUNT() AS n FROM devices WHERE tags.env = 'prod'",
        misses(1.0),
        Check::CountsMatches,
        [5.0, 10.0],
    ),
    question(
        "count/is-defined",
        "SELECT COUNT() AS n FROM devices WHERE IS_DEFINED(tags.owner)",
        misses(1.0),
        Check::CountsMatches,
        [5.0, 10.0],
    ),
    question(
        "count/in",
        "SELECT COUNT() AS n FROM devices WHERE tags.deviceType IN ['pump', 'meter']",
        misses(2.0),
        Check::CountsMatches,
        [5.0, 10.0],
    ),
    question(
        "count/and-3",
        "SELECT COUNT() AS n FROM devices WHERE tags.env = 'prod' \
         AND tags.deviceType = 'thermostat' AND connectionState = 'Connected'",
        bits(3.0),
        Check::CountsMatches,
        [25.0, 200.0],
    ),
    question(
        "count/or",
        "SELECT COUNT() AS n FROM devices WHERE tags.env = 'test' OR tags.ring = 'canary'",
        bits(2.0),
        Check::CountsMatches,
        [30.0, 250.0],
    ),
    question(
        "count/not",
        "SELECT COUNT() AS n FROM devices \
         WHERE NOT (tags.env = 'prod' AND connectionState = 'Connected')",
        bits(4.0),
        Check::CountsMatches,
        [30.0, 250.0],
    ),
    question(
        "count/not-equal",
        "SELECT COUNT() AS n FROM devices WHERE tags.env != 'prod' AND tags.ring != 'broad'",
        bits(4.0),
        Check::CountsMatches,
        [30.0, 250.0],
    ),
    question(
        "range/0.1pct",
        "SELECT COUNT() AS n FROM devices WHERE version > 39880",
        bytes(2.0),
        Check::CountsMatches,
        [100.0, 1_300.0],
    ),
    question(
        "range/10pct",
        "SELECT COUNT() AS n FROM devices WHERE version > 29160",
        bytes(2.0),
        Check::CountsMatches,
        [100.0, 1_300.0],
    ),
    question(
        "range/50pct",
        "SELECT COUNT() AS n FROM devices WHERE version > 5000",
        bytes(2.0),
        Check::CountsMatches,
        [100.0, 1_300.0],
    ),
    question(
        "prefix/device-id",
        "SELECT COUNT() AS n FROM devices WHERE STARTSWITH(deviceId, 'pump-00')",
        misses(40.0),
        Check::CountsMatches,
        [10.0, 15.0],
    ),
    question(
        "contains/unique",
        "SELECT COUNT() AS n FROM devices \
         WHERE CONTAINS(properties.reported.serialNumber, 'C0F')",
        bytes(11.0),
        Check::CountsMatches,
        [1_500.0, 15_000.0],
    ),
    question(
        "drift/firmware",
        "SELECT COUNT() AS n FROM devices \
         WHERE properties.desired.firmware.version != properties.reported.firmware.version",
        bytes(2.0),
        Check::CountsMatches,
        [100.0, 1_900.0],
    ),
    question(
        "group/6-keys",
        "SELECT tags.deviceType, COUNT() AS n FROM devices GROUP BY tags.deviceType",
        misses(6.0),
        Check::GroupsCountMatches,
        [6.0, 10.0],
    ),
    question(
        "group/1000-keys",
        "SELECT tags.customer, COUNT() AS n FROM devices GROUP BY tags.customer",
        bytes(0.0),
        Check::GroupsCountMatches,
        [80.0, 100.0],
    ),
    question(
        "group/two-paths",
        "SELECT tags.deviceType, properties.reported.firmware.version, COUNT() AS n \
         FROM devices GROUP BY tags.deviceType, properties.reported.firmware.version",
        bytes(2.0),
        Check::GroupsCountMatches,
        [400.0, 4_000.0],
    ),
    question(
        "group/statistics-filtered",
        "SELECT tags.deviceType, COUNT() AS n, AVG(properties.reported.temperature), \
         MIN(properties.reported.temperature), MAX(properties.reported.temperature) \
         FROM devices WHERE tags.ring = 'early' GROUP BY tags.deviceType",
        Bound { misses: 1.0, bits_a_row: 1.0, bytes_a_row: 3.0 },
        Check::GroupsCountMatches,
        [900.0, 9_000.0],
    ),
    page(
        1,
        100,
        question(
            "page/first-100-twins",
            "SELECT * FROM devices WHERE connectionState = 'Connected'",
            misses(100.0),
            Check::Rows(100),
            [200.0, 300.0],
        ),
    ),
    page(
        500,
        1_000,
        question(
            "page/500th-1000-twins",
            "SELECT * FROM devices",
            misses(1_000.0),
            Check::Rows(1_000),
            [1_500.0, 1_500.0],
        ),
    ),
    page(
        1,
        10_000,
        question(
            "project/3-fields-10000-rows",
            "SELECT deviceId, tags.location.site, version FROM devices \
             WHERE connectionState = 'Connected'",
            misses(1.0),
            Check::Rows(10_000),
            [800.0, 800.0],
        ),
    ),
    question(
        "top/100",
        "SELECT deviceId, version AS key FROM devices ORDER BY version DESC LIMIT 100",
        // Two bounds of eight bytes for each zone of 1,024 rows.
        bytes(0.016),
        Check::Descends(100),
        [250.0, 1_500.0],
    ),
    question(
        "top/100-filtered",
        "SELECT deviceId, version AS key FROM devices \
         WHERE tags.env = 'prod' AND tags.deviceType = 'thermostat' \
         ORDER BY version DESC LIMIT 100",
        bits(2.0),
        Check::Descends(100),
        [250.0, 1_500.0],
    ),
    // Two questions that no target names, yet every user asks.
    untargeted("count/all", "SELECT COUNT() AS n FROM devices", misses(1.0), Check::CountsMatches),
    untargeted(
        "drift/in-sync",
        "SELECT COUNT() AS n FROM devices WHERE NOT IN_SYNC()",
        bytes(24.0),
        Check::CountsMatches,
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::QUESTIONS;
    use crate::fleet::{Fleet, FleetOptions};

    #[test]
    fn names_differ() {
        let names: BTreeSet<_> = QUESTIONS.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), QUESTIONS.len());
    }

    #[test]
    fn the_device_in_the_middle_exists() {
        let n_twins = 1_000;
        let text = QUESTIONS[0].text(n_twins);
        let id = text.split('\'').nth(1).unwrap();
        let fleet = Fleet::new(FleetOptions { twins: n_twins, seed: 9 });
        let start = format!("{{\"deviceId\":\"{id}\"");
        assert!(fleet.lines().any(|line| line.starts_with(&start)));
    }

    #[test]
    fn pages_fit_the_fleet() {
        let deep = QUESTIONS.iter().find(|one| one.name == "page/500th-1000-twins").unwrap();
        assert_eq!(deep.page_number(1_000_000), 500);
        assert_eq!(deep.page_number(10_000_000), 500);
        assert_eq!(deep.page_number(4_000), 2);
        assert_eq!(deep.page_number(10), 1);
    }
}
