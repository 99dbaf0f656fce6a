//! Names, as they are met and as they are spelled.

use crate::{Limits, code, parse_condition, parse_query};

/// The canonical text of a query.
fn query(text: &str) -> String {
    parse_query(text, &Limits::default()).unwrap().to_string()
}

/// The canonical text of a condition, without what all of them have.
fn condition(text: &str) -> String {
    parse_condition(text, &Limits::default()).unwrap().to_string().replace("SELECT * FROM ", "")
}

#[test]
fn twin_fields_are_spelled_canonically() {
    assert_eq!(condition("DEVICEID = TAGS.Site"), "devices WHERE deviceId = tags.Site");
    assert_eq!(condition("Id = devices.ID"), "devices WHERE deviceId = deviceId");
    assert_eq!(
        condition("PROPERTIES['Desired'].X = properties.[[REPORTED]].tags"),
        "devices WHERE properties.desired.X = properties.reported.tags"
    );
    assert_eq!(condition("Capabilities.IotEdge"), "devices WHERE capabilities.IotEdge");
    assert_eq!(condition("tags.id = tags.Properties"), "devices WHERE tags.id = tags.Properties");
    assert_eq!(condition("properties[0].Desired"), "devices WHERE properties[0].Desired");
}

#[test]
fn prefixes_are_no_part_of_paths() {
    assert_eq!(condition("Devices.Tags.x = devices['tags'].x"), "devices WHERE tags.x = tags.x");
    assert_eq!(
        query("SELECT devices.modules.deviceId, devices.moduleId, modules.x FROM devices.modules"),
        "SELECT deviceId, moduleId, modules.x FROM devices.modules"
    );
    assert_eq!(query("SELECT devices.modules.x FROM devices"), "SELECT modules.x FROM devices");
    assert_eq!(condition("devices"), "devices WHERE devices");
    assert_eq!(condition("devices[0]"), "devices WHERE devices[0]");
    assert_eq!(condition("devices.devices.x"), "devices WHERE devices.devices.x");
    assert_eq!(
        condition("devices.order = devices.[[a b]]"),
        "devices WHERE devices.order = devices.[[a b]]"
    );
}

#[test]
fn aliases_are_no_part_of_paths() {
    assert_eq!(
        query("SELECT d.ID, D.x, d FROM devices d WHERE d.tags.d = devices.d.x"),
        "SELECT deviceId, D.x, d FROM devices WHERE tags.d = d.x"
    );
    let hidden = "SELECT d.x FROM devices AS [[d]]";
    assert_eq!(query(hidden), "SELECT d.x FROM devices");
    assert_eq!(
        query("SELECT modules.x FROM devices.modules AS modules WHERE devices.modules.y"),
        "SELECT x FROM devices.modules WHERE y"
    );
}

#[test]
fn columns_keep_their_spelling_where_they_are_meant() {
    assert_eq!(
        query(
            "SELECT tags.a AS Status, MAX(1) AS id FROM devices GROUP BY STATUS \
             HAVING Status = 1 ORDER BY Status, status, ID, id, MIN(id)"
        ),
        "SELECT tags.a AS Status, MAX(1) AS id FROM devices GROUP BY status HAVING Status = 1 \
         ORDER BY Status, status, deviceId, id, MIN(deviceId)"
    );
    // A quoted name is no name to refer to, and longer paths name no columns.
    assert_eq!(
        query("SELECT 1 AS 'Status', 2 AS Tags FROM devices ORDER BY Status, Tags.x"),
        "SELECT 1 AS [[Status]], 2 AS Tags FROM devices ORDER BY status, tags.x"
    );
}

#[test]
fn job_prefixes_name_the_collection_of_a_condition() {
    assert_eq!(
        condition("a = 1 AND NOT f(Devices.Jobs.jobId) = 2"),
        "devices.jobs WHERE a = 1 AND NOT f(jobId) = 2"
    );
    assert_eq!(condition("devices.jobs = 1"), "devices WHERE jobs = 1");
    assert_eq!(
        condition("FROM devices.modules WHERE devices.jobs.x"),
        "devices.modules WHERE jobs.x"
    );
}

#[test]
fn each_wrong_name_is_told() {
    let text = "SELECT tags.a[*] FROM devices tags GROUP BY 1 ORDER BY 2, tags.b[*].c[*] = 1";
    let diagnostics = parse_query(text, &Limits::default()).unwrap_err();
    let told: Vec<_> = diagnostics
        .iter()
        .map(|one| (one.code, &text[one.span.from as usize..one.span.to as usize]))
        .collect();
    assert_eq!(
        told,
        [
            (code::ALIAS_IS_FIELD, "tags"),
            (code::MISPLACED_ANY, "tags.a[*]"),
            (code::NUMBERED_COLUMN, "1"),
            (code::NUMBERED_COLUMN, "2"),
            (code::MISPLACED_ANY, "tags.b[*].c[*]"),
        ]
    );
}
