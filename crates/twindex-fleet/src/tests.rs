//! What every fleet must be: bytes that never change, and twins as a hub returns them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use crate::{Fleet, FleetOptions};

const TWINS: u64 = 4800;

fn fleet(seed: u64) -> Fleet {
    Fleet::new(FleetOptions { twins: TWINS, seed })
}

fn twins() -> Vec<Value> {
    fleet(1).lines().map(|line| serde_json::from_str(&line).unwrap()).collect()
}

fn at<'a>(twin: &'a Value, path: &str) -> &'a Value {
    static MISSING: Value = Value::Null;
    path.split('.').try_fold(twin, |value, key| value.get(key)).unwrap_or(&MISSING)
}

fn is_module(twin: &Value) -> bool {
    twin.get("moduleId").is_some()
}

/// Share of the devices for which `check` holds, in percent.
fn percent(twins: &[Value], check: impl Fn(&Value) -> bool) -> usize {
    let devices: Vec<_> = twins.iter().filter(|twin| !is_module(twin)).collect();
    100 * devices.iter().filter(|twin| check(twin)).count() / devices.len()
}

#[test]
fn bytes_never_change_for_a_seed() {
    let mut checksum = crc32fast::Hasher::new();
    for line in Fleet::new(FleetOptions { twins: 1000, seed: 42 }).lines() {
        checksum.update(line.as_bytes());
        checksum.update(b"\n");
    }
    assert_eq!(checksum.finalize(), 4_060_635_084, "the bytes of a seed are a promise");
}

#[test]
fn a_twin_depends_on_seed_and_number_alone() {
    let lines: Vec<String> = fleet(3).lines().take(200).collect();
    let shorter = Fleet::new(FleetOptions { twins: 1, seed: 3 });
    for (i, line) in lines.iter().enumerate().rev() {
        let mut alone = String::new();
        shorter.twin_json(i as u64, &mut alone);
        assert_eq!(&alone, line);
    }
    let other: HashSet<String> = fleet(4).lines().take(200).collect();
    assert!(lines.iter().all(|line| !other.contains(line)), "another seed, another fleet");
}

#[test]
fn lines_are_lines_of_the_usual_size() {
    let (mut device_bytes, mut n_devices, mut module_bytes, mut n_modules) = (0, 0, 0, 0);
    for line in fleet(1).lines() {
        assert!(!line.contains('\n'));
        if line.contains("\"moduleId\"") {
            (module_bytes, n_modules) = (module_bytes + line.len(), n_modules + 1);
        } else {
            (device_bytes, n_devices) = (device_bytes + line.len(), n_devices + 1);
        }
    }
    let (device, module) = (device_bytes / n_devices, module_bytes / n_modules);
    assert!((2400..3000).contains(&device), "{device} bytes a device");
    assert!((1500..2600).contains(&module), "{module} bytes a module");
}

#[test]
fn ids_and_serials_are_unique() {
    let twins = twins();
    for path in [
        "deviceEtag",
        "properties.reported.serialNumber",
        "properties.reported.connectivity.ipAddress",
        "properties.reported.connectivity.mac",
    ] {
        let texts: Vec<_> = twins.iter().filter_map(|twin| at(twin, path).as_str()).collect();
        let distinct: HashSet<_> = texts.iter().collect();
        assert_eq!(distinct.len(), texts.len(), "{path}");
        assert!(texts.len() > 100, "{path}");
    }
    let ids: HashSet<_> = twins
        .iter()
        .map(|twin| (at(twin, "deviceId").as_str(), at(twin, "moduleId").as_str()))
        .collect();
    assert_eq!(ids.len(), twins.len());
}

#[test]
fn modules_follow_their_gateway() {
    let twins = twins();
    let mut gateways = HashSet::new();
    let mut n_modules = 0;
    for twin in &twins {
        if is_module(twin) {
            n_modules += 1;
            assert!(gateways.contains(at(twin, "deviceId").as_str().unwrap()));
            assert!(twin.get("capabilities").is_none());
        } else if at(twin, "capabilities.iotEdge") == &Value::Bool(true) {
            gateways.insert(at(twin, "deviceId").as_str().unwrap());
        }
    }
    assert_eq!(100 * n_modules / twins.len(), 6);
    let scopes: HashSet<_> = twins
        .iter()
        .filter(|twin| at(twin, "capabilities.iotEdge") == &Value::Bool(true))
        .map(|twin| at(twin, "deviceScope").as_str().unwrap())
        .collect();
    let parents = twins.iter().filter_map(|twin| at(twin, "parentScopes.0").as_str());
    assert!(parents.into_iter().all(|parent| scopes.contains(parent)));
}

#[test]
fn shares_are_as_documented() {
    let twins = twins();
    let share = |path: &str, value: &str| percent(&twins, |twin| at(twin, path) == value);
    assert!((80..90).contains(&share("connectionState", "Connected")));
    assert!((94..99).contains(&share("status", "enabled")));
    assert!((72..84).contains(&share("authenticationType", "sas")));
    assert!((36..46).contains(&share("tags.deviceType", "thermostat")));
    assert!((6..16).contains(&share("tags.customer", "aurora-foods")));
    let missing = |path: &str| percent(&twins, |twin| at(twin, path).is_null());
    assert!((2..7).contains(&missing("tags.env")));
    assert!((35..45).contains(&missing("tags.owner")));
    assert!((6..12).contains(&percent(&twins, |twin| at(twin, "tags.location.floor") == "G")));
    let build = "properties.reported.firmware.build";
    assert!((75..85).contains(&percent(&twins, |twin| at(twin, build).is_number())));
    assert!((8..16).contains(&percent(&twins, |twin| at(twin, build).is_string())));
    let drift = percent(&twins, |twin| {
        let version =
            |section: &str| at(twin, &format!("properties.{section}.firmware.version")).clone();
        version("desired") != version("reported")
    });
    assert!((8..18).contains(&drift), "{drift}");
    let null_thumbprint = percent(&twins, |twin| {
        at(twin, "x509Thumbprint").get("primaryThumbprint") == Some(&Value::Null)
    });
    assert!((90..99).contains(&null_thumbprint));
    assert!(percent(&twins, |twin| at(twin, "properties.reported.errors").is_array()) > 12);
    let customers: BTreeSet<_> =
        twins.iter().filter_map(|twin| at(twin, "tags.customer").as_str()).collect();
    assert!(customers.len() > 500, "{}", customers.len());
}

#[test]
fn metadata_mirrors_its_section() {
    for twin in twins() {
        for section in ["desired", "reported"] {
            let section_value = at(&twin, &format!("properties.{section}"));
            let metadata = section_value.get("$metadata").unwrap();
            assert_mirrors(section_value, metadata, section == "desired");
            assert!(section_value.get("$version").unwrap().is_u64());
        }
    }
}

fn assert_mirrors(value: &Value, metadata: &Value, with_versions: bool) {
    let updated = metadata.get("$lastUpdated").and_then(Value::as_str).unwrap();
    assert_eq!(metadata.get("$lastUpdatedVersion").is_some(), with_versions);
    let Some(entries) = value.as_object() else {
        assert_eq!(metadata.as_object().unwrap().len(), 1 + usize::from(with_versions));
        return;
    };
    let mut n = 0;
    for (key, inner) in entries.iter().filter(|(key, _)| !key.starts_with('$')) {
        let mirrored = metadata.get(key).unwrap();
        let inner_updated = mirrored.get("$lastUpdated").and_then(Value::as_str).unwrap();
        assert!(sortable(updated) >= sortable(inner_updated), "{key}");
        assert_mirrors(inner, mirrored, with_versions);
        n += 1;
    }
    let mirrored = metadata.as_object().unwrap().keys().filter(|key| !key.starts_with('$'));
    assert_eq!(mirrored.count(), n);
}

/// A stamp without its `Z`: then text order is time order.
fn sortable(stamp: &str) -> &str {
    stamp.trim_end_matches('Z')
}

fn collect_stamps<'a>(metadata: &'a Value, stamps: &mut BTreeSet<&'a str>) {
    for (key, value) in metadata.as_object().unwrap() {
        match value {
            Value::String(stamp) if key == "$lastUpdated" => drop(stamps.insert(stamp)),
            Value::Object(_) => collect_stamps(value, stamps),
            _ => {}
        }
    }
}

#[test]
fn stamps_are_many_and_spread_over_two_years() {
    let twins = twins();
    let mut months: BTreeMap<String, usize> = BTreeMap::new();
    let mut fraction_lengths = BTreeSet::new();
    for twin in &twins {
        let mut stamps = BTreeSet::new();
        for section in ["desired", "reported"] {
            collect_stamps(at(twin, &format!("properties.{section}.$metadata")), &mut stamps);
        }
        let is_used = at(twin, "lastActivityTime") != "0001-01-01T00:00:00Z";
        assert!(
            stamps.len() >= if is_used { 9 } else { 4 },
            "{}: {}",
            twin["deviceId"],
            stamps.len()
        );
        stamps.remove("0001-01-01T00:00:00Z");
        for stamp in stamps {
            *months.entry(stamp[..7].to_owned()).or_default() += 1;
            let fraction = stamp.split_once('.').map_or(0, |(_, digits)| digits.len() - 1);
            fraction_lengths.insert(fraction);
        }
    }
    assert_eq!(months.len(), 24, "{months:?}");
    assert!(fraction_lengths.contains(&7) && fraction_lengths.contains(&6), "{fraction_lengths:?}");
}

#[test]
fn keys_stand_once() {
    for line in fleet(1).lines().take(500) {
        let twin: Value = serde_json::from_str(&line).unwrap();
        // A duplicated key would be lost in between.
        let again = serde_json::to_string(&twin).unwrap();
        assert_eq!(again.matches("\":").count(), line.matches("\":").count(), "{line}");
    }
}
