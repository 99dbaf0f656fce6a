//! Tags: who a device belongs to, who works on it, and who gets it when two want it.
//!
//! `cargo run --example tagging -p twindex`
//!
//! Tags are the back end's alone. Their only guard is the etag: it moves with every write to tags
//! and desired, so a write that names the etag it has read overwrites nothing it has not seen.

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use serde_json::{Value, json};
use twindex::{Error, ErrorKind, NewTwin, TwinId, Twindex, Write, Written};

/// Who has a device in hand, with the etag it was read at.
struct Tagged {
    owner: Option<String>,
    etag: String,
}

fn read(db: &Twindex, id: &TwinId) -> Option<Tagged> {
    let twin: Value = serde_json::from_str(&db.twin(id.device_id(), id.module_id())?).ok()?;
    let owner = twin["tags"]["owner"].as_str().map(str::to_owned);
    Some(Tagged { owner, etag: twin["etag"].as_str()?.to_owned() })
}

/// Tags a device with an owner, or none, unless it was written since it was read.
fn set_owner(
    db: &Twindex,
    id: &TwinId,
    read: &Tagged,
    owner: Option<&str>,
) -> Result<Written, Error> {
    let patch = json!({"tags": {"owner": owner}}).to_string();
    db.write(Write::patch_twin(id.clone(), &patch)?.if_etag(&read.etag))
}

/// Takes a device that nobody has. False if somebody has it, or was faster.
fn claim(db: &Twindex, id: &TwinId, owner: &str) -> Result<bool, Error> {
    let Some(tagged) = read(db, id).filter(|tagged| tagged.owner.is_none()) else {
        return Ok(false);
    };
    match set_owner(db, id, &tagged, Some(owner)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::VersionMismatch => Ok(false),
        Err(error) => Err(error),
    }
}

fn rows(db: &Twindex, query: &str) -> Result<Vec<Value>, Error> {
    Ok(db.query(query).run()?.values().collect())
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Twindex::in_memory();
    let sites = [("Aarhus", 1), ("Aarhus", 2), ("Turin", 1), ("Turin", 2)];
    let mut ids = Vec::new();
    for (number, (site, line)) in sites.into_iter().enumerate() {
        let id = TwinId::device(&format!("press-{number}"))?;
        let tags = json!({"place": {"site": site, "line": line}, "labels": ["new"]}).to_string();
        db.write(Write::create(id.clone(), NewTwin::new().with_tags(&tags)?))?;
        ids.push(id);
    }

    // Objects merge and null removes; arrays are values, and replaced whole.
    let patch = r#"{"tags":{"place":{"line":9},"labels":["checked","hot"]}}"#;
    db.write(Write::patch_twin(ids[0].clone(), patch)?)?;
    let found = rows(&db, "SELECT tags FROM devices WHERE tags.labels[*] = 'hot'")?;
    let place = json!({"site": "Aarhus", "line": 9});
    assert_eq!(found, [json!({"tags": {"place": place, "labels": ["checked", "hot"]}})]);

    // A whole set of tags at once: what is not named is gone, desired is kept.
    let tags = r#"{"tags":{"place":{"site":"Turin","line":3}}}"#;
    db.write(Write::replace_twin(ids[3].clone(), tags)?)?;
    assert_eq!(rows(&db, "SELECT deviceId FROM devices WHERE IS_DEFINED(tags.labels)")?.len(), 3);

    // Two read the same free device; one gets it.
    let (seen_by_ada, seen_by_ben) = (read(&db, &ids[1]), read(&db, &ids[1]));
    let (Some(seen_by_ada), Some(seen_by_ben)) = (seen_by_ada, seen_by_ben) else {
        return Err("the device is there".into());
    };
    set_owner(&db, &ids[1], &seen_by_ada, Some("ada"))?;
    let refusal = set_owner(&db, &ids[1], &seen_by_ben, Some("ben"));
    let Err(refusal) = refusal else { return Err("both got it".into()) };
    println!("ben: {refusal}");
    assert_eq!(refusal.kind(), ErrorKind::VersionMismatch);
    assert_eq!(read(&db, &ids[1]).and_then(|tagged| tagged.owner).as_deref(), Some("ada"));
    // Ben takes another.
    assert!(!claim(&db, &ids[1], "ben")?);
    assert!(claim(&db, &ids[2], "ben")?);

    // Who has what, and what is left.
    let by_owner = "SELECT tags.owner AS owner, COUNT() AS n FROM devices GROUP BY tags.owner";
    let owners = rows(&db, by_owner)?;
    println!("{}", Value::from(owners.clone()));
    let expected =
        [json!({"owner": "ada", "n": 1}), json!({"owner": "ben", "n": 1}), json!({"n": 2})];
    assert_eq!(owners, expected);
    let free = rows(&db, "SELECT deviceId FROM devices WHERE NOT IS_DEFINED(tags.owner)")?;
    assert_eq!(free, [json!({"deviceId": "press-0"}), json!({"deviceId": "press-3"})]);

    // Given back, it can be claimed again.
    let Some(tagged) = read(&db, &ids[1]) else { return Err("the device is there".into()) };
    set_owner(&db, &ids[1], &tagged, None)?;
    assert!(claim(&db, &ids[1], "cyd")?);

    // The device itself knows nothing of all this.
    let view = db.device_view(&ids[1]).unwrap_or_default();
    assert!(!view.contains("cyd") && !view.contains("tags"));
    Ok(())
}
