//! Digital twins of IoT Plug and Play: reading, updating and following them.
//!
//! A digital twin is a view of a device's twin (see [`twindex_pnp`]), made when it is asked for. An
//! update turns into a merge patch that fits desired as it was read, so it is written on the
//! condition that desired has that `$version` still; the loser of such a race reads again. The etag
//! was rejected for it: tags move it too, and twins of other makers have odd ones.

use jiff::Timestamp;
use serde_json::{Value, json};
use twindex_index::write::Refusal;
use twindex_model::etag;
use twindex_model::path::Collection;
use twindex_model::section::Section;
use twindex_pnp::{Change as SectionChange, ChangeKind as How, PnpError};

use crate::engine::Twindex;
use crate::error::Error;
use crate::feed::{Change, ChangeKind};
use crate::twin_id::TwinId;
use crate::write::{Write, Written};
use crate::write_error::WriteError;

impl Twindex {
    /// The digital twin of a device, as JSON text: components and properties with their values,
    /// and in `$metadata` what is desired of each and what the device answered.
    ///
    /// # Errors
    /// [`Error::Write`] if there is no such device, [`Error::DigitalTwin`] if its twin breaks the
    /// conventions of Plug and Play.
    pub fn digital_twin(&self, device_id: &str) -> Result<String, Error> {
        let (twin, _) = read(self, device_id)?;
        Ok(twindex_pnp::digital_twin(&twin)?.to_string())
    }

    /// Updates the desired properties of a device by a JSON Patch (RFC 6902) of its digital twin:
    /// `add`, `replace` and `remove` of properties and components. With an etag, only if the twin
    /// has it (`*` is any).
    ///
    /// # Errors
    /// As [`Twindex::digital_twin`]; [`Error::DigitalTwin`] too if the patch is refused, and
    /// [`Error::Write`] if what it comes to is. Nothing was changed.
    pub fn update_digital_twin(
        &self,
        device_id: &str,
        json_patch: &str,
        if_etag: Option<&str>,
    ) -> Result<Written, Error> {
        let patch: Value = serde_json::from_str(json_patch)
            .map_err(|error| PnpError::JsonPatch(error.to_string()))?;
        let mut refused_at = None;
        loop {
            let (twin, _) = read(self, device_id)?;
            check_etag(&twin, if_etag)?;
            let desired = twindex_pnp::apply_json_patch(&twin, &patch)?;
            let version = twin.pointer("/properties/desired/$version").and_then(Value::as_u64);
            let version = version.unwrap_or(1); // what it is where nothing was written yet
            let body = json!({"properties": {"desired": desired}}).to_string();
            let mut write = Write::patch_twin(TwinId::device(device_id)?, &body)?;
            if let Some(etag) = if_etag {
                write = write.if_etag(etag);
            }
            match self.write(write.if_desired_version(version)) {
                // Who is refused twice at one version was not overtaken: the twin has an odd one.
                Err(error) if is_version(&error) && refused_at != Some(version) => {
                    refused_at = Some(version);
                }
                outcome => return outcome,
            }
        }
    }

    /// A follower of a device's digital twin as it is now.
    ///
    /// # Errors
    /// As [`Twindex::digital_twin`].
    pub fn follow_digital_twin(&self, device_id: &str) -> Result<DigitalTwinFollower, Error> {
        let (twin, version) = read(self, device_id)?;
        let told = twindex_pnp::digital_twin(&twin)?;
        Ok(DigitalTwinFollower { id: TwinId::device(device_id)?, twin, told, version })
    }
}

/// Tells the changes of one device as a hub's `digitalTwinChangeEvents` do: as JSON Patch of the
/// digital twin. It keeps a copy of the twin and needs no look at the engine.
///
/// ```
/// # fn main() -> Result<(), twindex::Error> {
/// use twindex::{DigitalTwinChange, NewTwin, Twindex, TwinId, Write};
///
/// let db = Twindex::in_memory();
/// let fan = TwinId::device("fan")?;
/// db.write(Write::create(fan.clone(), NewTwin::new()))?;
/// let mut follower = db.follow_digital_twin("fan")?;
/// let mut changes = db.feed().of_twin(&fan).after(follower.version()).subscribe();
///
/// db.update_digital_twin("fan", r#"[{"op":"add","path":"/speed","value":3}]"#, None)?;
/// let Some(Ok(change)) = changes.try_next() else { panic!("the change is in the feed") };
/// let DigitalTwinChange::Events(events) = follower.tell(&change)? else { panic!("it shows") };
/// let wish = r#"{"desiredValue":3,"desiredVersion":2}"#;
/// assert_eq!(events, format!(r#"[{{"op":"add","path":"/$metadata/speed","value":{wish}}}]"#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DigitalTwinFollower {
    id: TwinId,
    /// The device's twin after the change that was told last.
    twin: Value,
    /// The digital twin that the events so far add up to. Older than `twin` while that breaks the
    /// conventions.
    told: Value,
    version: u64,
}

/// What a change means for a digital twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigitalTwinChange {
    /// Nothing: tags changed, or another twin, or it is no news.
    Nothing,
    /// The JSON Patch that leads to the digital twin after the change.
    Events(String),
    /// The twin was deleted or created anew: follow it anew.
    Ended,
}

impl DigitalTwinFollower {
    /// The version of the twin that is followed: the one for [`crate::Subscribe::after`].
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The digital twin that the events so far add up to, as JSON text.
    #[must_use]
    pub fn digital_twin(&self) -> String {
        self.told.to_string()
    }

    /// Tells a change, which must be the next one in the feed that concerns the twin.
    ///
    /// # Errors
    /// [`Error::DigitalTwin`] if the twin breaks the conventions from this change on. The next
    /// change after which it keeps them is told with all that was held back.
    pub fn tell(&mut self, change: &Change) -> Result<DigitalTwinChange, Error> {
        if *change.twin() != self.id || change.version() <= self.version {
            return Ok(DigitalTwinChange::Nothing);
        }
        self.version = change.version();
        match change.kind() {
            ChangeKind::Created | ChangeKind::Deleted => return Ok(DigitalTwinChange::Ended),
            ChangeKind::Identity => self.identify(change)?,
            ChangeKind::Updated => self.advance(change, How::Merge)?,
            ChangeKind::Replaced => self.advance(change, How::Replace)?,
        }
        let now = twindex_pnp::digital_twin(&self.twin)?;
        let events = twindex_pnp::events_between(&self.told, &now);
        self.told = now;
        if events.as_array().is_none_or(Vec::is_empty) {
            return Ok(DigitalTwinChange::Nothing);
        }
        Ok(DigitalTwinChange::Events(events.to_string()))
    }

    fn advance(&mut self, change: &Change, kind: How) -> Result<(), Error> {
        let written = change.written();
        let time = stamp_text(written.time_ms);
        for section in [Section::Desired, Section::Reported] {
            let Some(content) = change.patch(section) else { continue };
            let version = match section {
                Section::Reported => written.reported_version,
                _ => written.desired_version,
            };
            let content = &parse(&content)?;
            let change = SectionChange { section, kind, content, version, time: &time };
            twindex_pnp::advance(&mut self.twin, &change);
        }
        Ok(())
    }

    /// Takes over identity fields, of which the id of the model shows.
    fn identify(&mut self, change: &Change) -> Result<(), Error> {
        let fields = parse(&change.identity().unwrap_or_default())?;
        if let Some(model) = fields.get("modelId") {
            self.twin["modelId"] = model.clone();
        }
        Ok(())
    }
}

/// Refuses a stale etag before the patch is looked at, which may not fit the twin any more.
fn check_etag(twin: &Value, if_etag: Option<&str>) -> Result<(), WriteError> {
    match (twin["etag"].as_str(), if_etag) {
        (Some(found), Some(expected)) if !etag::matches(expected, found) => {
            let (expected, found) = (expected.to_owned(), found.to_owned());
            Err(Refusal::EtagMismatch { expected, found }.into())
        }
        _ => Ok(()),
    }
}

fn is_version(error: &Error) -> bool {
    matches!(error, Error::Write(WriteError::Refused(Refusal::VersionMismatch { .. })))
}

/// A device's twin, and the version it was read at.
fn read(db: &Twindex, device_id: &str) -> Result<(Value, u64), Error> {
    let snapshot = db.snapshot();
    match snapshot.twin(device_id, None)? {
        Some(text) => Ok((parse(&text)?, snapshot.version())),
        None => {
            let collection = Collection::Devices;
            Err(WriteError::from(Refusal::NotFound { collection }).into())
        }
    }
}

/// Reads text of the engine's own making.
fn parse(text: &str) -> Result<Value, Error> {
    Ok(serde_json::from_str(text).map_err(|error| PnpError::JsonPatch(error.to_string()))?)
}

/// A time as the stamps of writes have it.
fn stamp_text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |time| time.to_string())
}
