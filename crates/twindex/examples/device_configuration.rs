//! What a device does with its desired properties: apply, acknowledge, survive a lost connection.
//!
//! `cargo run --example device_configuration -p twindex`
//!
//! The device's side knows nothing but its own view of the twin and the notifications of desired
//! properties. It answers each wish by `{value, ac, av, ad}`: the value in force, how it went in
//! the manner of HTTP, and which `$version` of desired it answers.

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use serde_json::{Map, Value, json};
use twindex::{Change, Error, NewTwin, Subscription, TwinId, Twindex, Write};

/// Intervals in seconds that the device can measure at.
const INTERVALS: std::ops::RangeInclusive<u64> = 1..=3_600;

/// A device: what it is set to, and how it reaches its hub.
struct Device {
    id: TwinId,
    interval: u64,
    /// `$version` of the desired properties it has dealt with.
    seen_version: u64,
    connection: Option<Subscription>,
}

impl Device {
    fn new(id: TwinId) -> Self {
        Self { id, interval: 60, seen_version: 0, connection: None }
    }

    /// The flow of a hub's devices: subscribe, get, then pass over notifications that are not
    /// newer than what was got. In any other order a wish could fall in between.
    fn connect(&mut self, db: &Twindex) -> Result<(), Box<dyn std::error::Error>> {
        let subscription = db.feed().of_twin(&self.id).subscribe();
        let view = db.device_view(&self.id).ok_or("the hub does not know the device")?;
        let view: Value = serde_json::from_str(&view)?;
        assert!(view.get("tags").is_none(), "tags are none of a device's business");
        self.connection = Some(subscription);
        self.handle(db, &view["desired"])?;
        if view["reported"].get("interval").is_none() {
            // Nobody wished for anything: the value is that of the device's own start.
            self.acknowledge(db, 203, 0, "initial value")?;
        }
        Ok(())
    }

    /// Deals with everything that came in. Gives the number of notifications that were new.
    fn poll(&mut self, db: &Twindex) -> Result<usize, Box<dyn std::error::Error>> {
        let mut n_new = 0;
        while let Some(item) = self.connection.as_mut().and_then(Subscription::try_next) {
            // Who was away for too long reads again.
            let Ok(change) = item else {
                self.connect(db)?;
                continue;
            };
            n_new += usize::from(self.notify(db, &change)?);
        }
        Ok(n_new)
    }

    fn notify(
        &mut self,
        db: &Twindex,
        change: &Change,
    ) -> Result<bool, Box<dyn std::error::Error>> {
        let Some(notification) = change.desired_notification() else { return Ok(false) };
        let patch: Value = serde_json::from_str(&notification)?;
        Ok(self.handle(db, &patch)?)
    }

    /// Deals with desired properties, whole or in part. False if they are old news.
    fn handle(&mut self, db: &Twindex, desired: &Value) -> Result<bool, Error> {
        let version = desired["$version"].as_u64().unwrap_or(0);
        if version <= self.seen_version {
            return Ok(false);
        }
        self.seen_version = version;
        match desired.get("interval") {
            None => {}
            Some(Value::Number(wish)) if wish.as_u64().is_some_and(|s| INTERVALS.contains(&s)) => {
                let wish = wish.as_u64().unwrap_or(self.interval);
                // What takes its time is answered twice.
                self.acknowledge(db, 202, version, "changing")?;
                self.interval = wish;
                self.acknowledge(db, 200, version, "done")?;
            }
            Some(_) => self.acknowledge(db, 400, version, "seconds from 1 to 3600")?,
        }
        Ok(true)
    }

    fn acknowledge(
        &self,
        db: &Twindex,
        code: u16,
        version: u64,
        description: &str,
    ) -> Result<(), Error> {
        let ack = json!({"value": self.interval, "ac": code, "av": version, "ad": description});
        let patch = Map::from_iter([("interval".to_owned(), ack)]);
        db.write(Write::report(self.id.clone(), &Value::Object(patch).to_string())?)?;
        Ok(())
    }
}

fn wish(db: &Twindex, id: &TwinId, interval: &Value) -> Result<u64, Error> {
    let patch = json!({"properties": {"desired": {"interval": interval}}}).to_string();
    Ok(db.write(Write::patch_twin(id.clone(), &patch)?)?.desired_version)
}

/// What the hub knows of the answer: value, code, version.
fn answer(db: &Twindex, id: &TwinId) -> Result<Value, Error> {
    let query = format!(
        "SELECT properties.reported.interval.value AS v, properties.reported.interval.ac AS ac, \
         properties.reported.interval.av AS av, IN_SYNC() AS sync FROM devices \
         WHERE deviceId = '{id}'"
    );
    let page = db.query(query).run()?;
    Ok(page.values().next().unwrap_or_default())
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Twindex::in_memory();
    let id = TwinId::device("meter-7")?;
    let new = NewTwin::new().with_tags(r#"{"owner":"billing"}"#)?;
    db.write(Write::create(id.clone(), new))?;

    // The first connection: nothing is desired yet.
    let mut device = Device::new(id.clone());
    device.connect(&db)?;
    assert_eq!(answer(&db, &id)?, json!({"v": 60, "ac": 203, "av": 0, "sync": true}));

    // A wish that can be fulfilled.
    let version = wish(&db, &id, &json!(30))?;
    assert_eq!(answer(&db, &id)?["sync"], false);
    assert_eq!(device.poll(&db)?, 1);
    assert_eq!(answer(&db, &id)?, json!({"v": 30, "ac": 200, "av": version, "sync": true}));
    println!("{id} answers {}", answer(&db, &id)?);

    // And one that cannot: the old value stays in force, and everybody can see why.
    let version = wish(&db, &id, &json!(90_000))?;
    assert_eq!(device.poll(&db)?, 1);
    assert_eq!(answer(&db, &id)?, json!({"v": 30, "ac": 400, "av": version, "sync": false}));
    println!("{id} answers {}", answer(&db, &id)?);
    let refused = "SELECT deviceId FROM devices WHERE properties.reported.interval.ac >= 400";
    assert_eq!(db.query(refused).run()?.n_rows(), 1);

    // Wishes of a time without connection are not lost: the last one is in the twin.
    device.connection = None;
    wish(&db, &id, &json!(10))?;
    let version = wish(&db, &id, &json!(20))?;
    device.connect(&db)?;
    assert_eq!(answer(&db, &id)?, json!({"v": 20, "ac": 200, "av": version, "sync": true}));

    // A notification that overtook the answer to the get is old news.
    let mut late = db.feed().of_twin(&id).subscribe();
    wish(&db, &id, &json!(15))?;
    device.connect(&db)?;
    let Some(Ok(change)) = late.try_next() else { return Err("the change is in the feed".into()) };
    assert!(!device.notify(&db, &change)?);
    assert_eq!(device.poll(&db)?, 0);
    assert_eq!(device.interval, 15);
    Ok(())
}
