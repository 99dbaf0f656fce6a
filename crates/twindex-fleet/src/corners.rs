//! Worst corners: questions whose cost depends on how many conditions, paths, kinds or values there
//! are rather than on how many twins, each with what a plain scan of the bytes concerned would take.
//!
//! Half of them are asked of the generated fleet. The other half need what no real fleet has all at
//! once (a path that ten twins have, a path of five kinds, ids used as keys, a text that no two twins
//! share), so a small fleet of *odd twins* is made of that and nothing else: in twins of kilobytes
//! the corner would be hidden behind the rest.

use std::fmt::Write as _;

use crate::questions::{Check, Question, bits, bytes, count, misses, page, untargeted};

/// Paths that only so many odd twins have, whatever their number.
const RARE_TWINS: u64 = 10;

/// Corners of the generated fleet.
pub const CORNERS: [Question; 31] = [
    count("corner/and-50", "{and-50}", bytes(60.0)),
    count("corner/or-50", "{or-50}", bytes(60.0)),
    count("corner/in-4000-texts", "tags.customer IN [{texts-4000}]", bytes(2.0)),
    count("corner/not-in-4000-texts", "tags.customer NOT IN [{texts-4000}]", bytes(2.0)),
    count(
        "corner/in-4000-unique-texts",
        "properties.reported.serialNumber IN [{texts-4000}]",
        bytes(12.5),
    ),
    count("corner/in-4000-numbers", "version IN [{numbers-4000}]", bytes(2.0)),
    count("corner/not-equal-absent", "tags.absent != 'x'", misses(1.0)),
    count("corner/array-any", "tags.labels[*] = 'leased'", bytes(1.0)),
    count("corner/array-contains", "ARRAY_CONTAINS(tags.labels, 'leased')", bytes(1.0)),
    count("corner/array-length", "ARRAY_LENGTH(tags.labels) > 1", bytes(1.0)),
    count(
        "corner/regex-unique",
        "REGEX_MATCH(properties.reported.serialNumber, '^SN[0-9]A.*F')",
        bytes(12.5),
    ),
    count("corner/like-unique", "properties.reported.serialNumber LIKE 'SN%A%F'", bytes(12.5)),
    count("corner/row-by-row", "version + properties.reported.uptimeSeconds > 1000000", bytes(6.0)),
    page(
        1,
        1_000,
        untargeted(
            "corner/group-unique",
            "SELECT properties.reported.serialNumber, COUNT() AS n FROM devices \
             GROUP BY properties.reported.serialNumber",
            bytes(12.5),
            Check::Rows(1_000),
        ),
    ),
    page(
        1,
        1_000,
        untargeted(
            "corner/group-two-unique",
            "SELECT deviceId, properties.reported.serialNumber, COUNT() AS n FROM devices \
             GROUP BY deviceId, properties.reported.serialNumber",
            bytes(27.0),
            Check::Rows(1_000),
        ),
    ),
    page(
        1,
        1_000,
        untargeted(
            "corner/group-unique-by-count",
            "SELECT properties.reported.serialNumber, COUNT() AS key FROM devices \
             GROUP BY properties.reported.serialNumber ORDER BY COUNT() DESC",
            bytes(12.5),
            Check::Descends(1_000),
        ),
    ),
    page(
        1,
        1_000,
        untargeted(
            "corner/group-few-and-unique",
            "SELECT tags.env, properties.reported.serialNumber, COUNT() AS n FROM devices \
             GROUP BY tags.env, properties.reported.serialNumber",
            bytes(13.5),
            Check::Rows(1_000),
        ),
    ),
    untargeted(
        "corner/group-unique-deep",
        "SELECT properties.reported.serialNumber, COUNT() AS n FROM devices \
         GROUP BY properties.reported.serialNumber LIMIT 10 OFFSET 500000",
        bytes(12.5),
        Check::AtMost(10),
    ),
    page(
        1,
        1_000,
        untargeted(
            "corner/group-unique-statistics",
            "SELECT deviceId, MAX(version) AS key, AVG(version) AS mean, \
             MIN(properties.reported.serialNumber) AS least, STDDEV(version) AS spread, \
             COUNT(DISTINCT properties.reported.firmware.version) AS n FROM devices \
             GROUP BY deviceId ORDER BY MAX(version) DESC",
            bytes(32.0),
            Check::Descends(1_000),
        ),
    ),
    untargeted(
        "corner/group-count-distinct",
        "SELECT tags.deviceType, COUNT(DISTINCT properties.reported.serialNumber) AS n \
         FROM devices GROUP BY tags.deviceType",
        bytes(13.5),
        Check::AtMost(10),
    ),
    page(
        1,
        1_000,
        untargeted(
            "corner/distinct-two-paths",
            "SELECT DISTINCT tags.customer, properties.reported.serialNumber FROM devices \
             ORDER BY tags.customer DESC",
            bytes(14.5),
            Check::Rows(1_000),
        ),
    ),
    untargeted(
        "corner/order-expression",
        "SELECT deviceId, version + properties.reported.uptimeSeconds AS key FROM devices \
         ORDER BY version + properties.reported.uptimeSeconds DESC LIMIT 100",
        bytes(6.0),
        Check::Descends(100),
    ),
    untargeted(
        "corner/order-objects",
        "SELECT deviceId FROM devices ORDER BY tags.location DESC LIMIT 100",
        bytes(10.0),
        Check::Rows(100),
    ),
    untargeted(
        "corner/group-objects",
        "SELECT properties.reported.firmware, COUNT() AS n FROM devices \
         GROUP BY properties.reported.firmware",
        bytes(2.0),
        Check::GroupsCountMatches,
    ),
    page(
        1,
        1_000,
        untargeted(
            "corner/distinct-unique",
            "SELECT DISTINCT properties.reported.serialNumber FROM devices",
            bytes(12.5),
            Check::Rows(1_000),
        ),
    ),
    untargeted(
        "corner/count-distinct-unique",
        "SELECT COUNT(DISTINCT properties.reported.serialNumber) AS n FROM devices",
        bytes(12.5),
        Check::Rows(1),
    ),
    untargeted(
        "corner/order-text",
        "SELECT deviceId FROM devices ORDER BY properties.reported.serialNumber LIMIT 100",
        bytes(12.5),
        Check::Rows(100),
    ),
    untargeted(
        "corner/order-text-all",
        "SELECT deviceId FROM devices ORDER BY properties.reported.serialNumber \
         LIMIT 10 OFFSET 500000",
        bytes(12.5),
        Check::AtMost(10),
    ),
    page(
        900,
        1_000,
        untargeted(
            "corner/deep-page",
            "SELECT deviceId FROM devices",
            misses(1_000.0),
            Check::Rows(1_000),
        ),
    ),
    untargeted(
        "corner/deep-offset",
        "SELECT deviceId FROM devices LIMIT 100 OFFSET 500000",
        bits(1.0),
        Check::AtMost(100),
    ),
    page(
        1,
        10_000,
        untargeted(
            "corner/page-10000-twins",
            "SELECT * FROM devices",
            misses(10_000.0),
            Check::Rows(10_000),
        ),
    ),
];

/// Corners of the odd twins.
pub const ODD_CORNERS: [Question; 11] = [
    count("corner/odd-rare-equal", "tags.rare = true", misses(10.0)),
    count("corner/odd-rare-not-equal", "tags.rare != false", misses(10.0)),
    count("corner/odd-rare-not", "NOT (tags.rare = true AND tags.mixed = 'x')", bits(4.0)),
    count("corner/odd-kinds-equal", "tags.mixed = 'x'", bytes(1.0)),
    count("corner/odd-kinds-range", "tags.mixed > 2", bytes(2.0)),
    untargeted(
        "corner/odd-kinds-group",
        "SELECT tags.mixed, COUNT() AS n FROM devices GROUP BY tags.mixed",
        bytes(2.0),
        Check::GroupsCountMatches,
    ),
    count(
        "corner/odd-keys-defined",
        "IS_DEFINED(properties.reported.slots.k7) OR IS_DEFINED(properties.reported.slots.k9)",
        misses(4.0),
    ),
    untargeted(
        "corner/odd-keys-twin",
        "SELECT * FROM devices WHERE deviceId = 'odd-0000007'",
        misses(2.0),
        Check::Rows(1),
    ),
    page(
        1,
        100,
        untargeted(
            "corner/odd-keys-page",
            "SELECT * FROM devices",
            misses(100.0),
            Check::Rows(100),
        ),
    ),
    count(
        "corner/odd-unique-equal",
        "properties.reported.unique = 'u00000000000000007'",
        bytes(20.0),
    ),
    count("corner/odd-unique-contains", "CONTAINS(properties.reported.unique, '77')", bytes(20.0)),
];

/// What stands for a placeholder of a corner.
pub(crate) fn fill(query: &str) -> String {
    let mut text = query.to_owned();
    if text.contains("{and-50}") {
        text = text.replace(
            "{and-50}",
            &terms(" AND ", |n| match n % 5 {
                0 => format!("version > {n}"),
                1 => format!("tags.env != 'env-{n}'"),
                2 => format!("tags.location.lat > -{n}"),
                3 => format!("NOT (tags.customer = 'customer-{n}')"),
                _ => format!("properties.reported.firmware.build >= {n}"),
            }),
        );
    }
    if text.contains("{or-50}") {
        text = text.replace(
            "{or-50}",
            &terms(" OR ", |n| match n % 3 {
                0 => format!("version = {}", n * 37),
                1 => format!("tags.customer = 'customer-{n}'"),
                _ => format!("properties.reported.connectivity.rssi = -{n}"),
            }),
        );
    }
    if text.contains("{texts-4000}") {
        text = text.replace("{texts-4000}", &list(|n| format!("'customer-{n}'")));
    }
    if text.contains("{numbers-4000}") {
        text = text.replace("{numbers-4000}", &list(|n| (n * 7).to_string()));
    }
    text
}

fn terms(between: &str, term: impl Fn(u32) -> String) -> String {
    (0..50).map(term).collect::<Vec<_>>().join(between)
}

fn list(item: impl Fn(u32) -> String) -> String {
    (0..4_000).map(item).collect::<Vec<_>>().join(",")
}

/// Appends an odd twin, one of `n_twins`, as one line of JSON.
pub fn odd_twin_json(number: u64, n_twins: u64, out: &mut String) {
    let mixed = match number % 7 {
        0 => "\"x\"".to_owned(),
        1 => (number % 100).to_string(),
        2 => "true".to_owned(),
        3 => "null".to_owned(),
        4 => format!("[{},\"x\"]", number % 3),
        5 => format!("{{\"a\":{}}}", number % 3),
        _ => format!("\"text-{}\"", number % 50),
    };
    let is_rare = number.is_multiple_of((n_twins / RARE_TWINS).max(1));
    let rare = if is_rare { ",\"rare\":true" } else { "" };
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        r#"{{"deviceId":"odd-{number:07}","tags":{{"mixed":{mixed}{rare}}},"properties":{{"desired":{{}},"reported":{{"unique":"u{number:017}","slots":{{"k{number}":{number}}}}}}}}}"#
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CORNERS, ODD_CORNERS, odd_twin_json};
    use crate::questions::QUESTIONS;

    #[test]
    fn names_differ_and_nothing_is_left_to_fill() {
        let all = || QUESTIONS.iter().chain(&CORNERS).chain(&ODD_CORNERS);
        let names: BTreeSet<_> = all().map(|one| one.name).collect();
        assert_eq!(names.len(), all().count());
        for question in all() {
            let text = question.text(1_000);
            assert!(!text.contains('{') && text.starts_with("SELECT"), "{}", question.name);
        }
    }

    #[test]
    fn few_odd_twins_are_rare_and_all_are_lines() {
        let mut text = String::new();
        (0..1_000).for_each(|number| odd_twin_json(number, 1_000, &mut text));
        assert_eq!(text.lines().count(), 1_000);
        assert_eq!(text.matches("\"rare\"").count(), 10);
    }
}
