//! Twins that come to be, and their identity fields.

use twindex_model::cell::{Cell, Text};
use twindex_model::etag::Etag;
use twindex_model::json::read::{Event, Leaf, Leaves};
use twindex_model::limits::{ID_CHARS_MAX, MODULES_MAX};
use twindex_model::patch::QUIET_FIELDS;
use twindex_model::path::Collection;
use twindex_model::section::Section;

use crate::apply::cell_of;
use crate::index::Index;
use crate::lane::stamp::Stamp;
use crate::metadata::Mark;
use crate::write::state::{FRESH_SECTION_VERSION, FRESH_VERSION, stamp_of_ms};
use crate::write::{Create, Refusal, TwinName, When, Work, Written};

/// The time that a hub prints for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Fields that no write of the identity reaches.
const NOT_OF_IDENTITY: [&str; 7] =
    ["deviceId", "moduleId", "etag", "deviceEtag", "version", "tags", "properties"];

impl Index {
    /// Makes a fresh twin.
    pub(super) fn create(
        &mut self,
        of: TwinName<'_>,
        create: &Create<'_>,
        when: &When,
    ) -> Result<Written, Refusal> {
        let collection = of.collection();
        check_ids(of)?;
        if self.find(of.device_id, of.module_id).is_some() {
            return Err(Refusal::AlreadyExists { collection });
        }
        if of.module_id.is_some() {
            let device = self.find(of.device_id, None).ok_or(Refusal::NoDevice)?;
            if self.modules_of(device).len() >= MODULES_MAX {
                return Err(Refusal::TooManyModules);
            }
        }
        let sections = [(Section::Tags, create.tags), (Section::Desired, create.desired)];
        crate::weight::check_whole(&sections)?;
        let put = self.put(&fresh(of, create, when.now_ms));
        let put = put.ok_or(Refusal::CollectionFull { collection })?;
        self.set_record((collection, put.row), create.generation, create.authentication);
        Ok(self.work(of, when)?.written())
    }
}

fn check_ids(of: TwinName<'_>) -> Result<(), Refusal> {
    let is_id = |id: &str| {
        let is_of_id = |b: u8| b.is_ascii_alphanumeric() || b"-:.+%_#*?!(),=@;$'".contains(&b);
        (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(is_of_id)
    };
    if !is_id(of.device_id) {
        return Err(Refusal::IdInvalid { field: "deviceId" });
    }
    match of.module_id {
        Some(id) if !is_id(id) => Err(Refusal::IdInvalid { field: "moduleId" }),
        _ => Ok(()),
    }
}

/// The document of a fresh twin, in the order in which a hub prints it.
fn fresh(of: TwinName<'_>, create: &Create<'_>, now_ms: i64) -> Leaves {
    let mut twin = Leaves::default();
    push_text(&mut twin, "deviceId", of.device_id);
    if let Some(module_id) = of.module_id {
        push_text(&mut twin, "moduleId", module_id);
    }
    push_text(&mut twin, "etag", Etag::FRESH.text().as_str());
    push_text(&mut twin, "deviceEtag", Etag::FRESH.identity_text().as_str());
    let given = create.fields.map(Leaves::root_entries);
    for (name, entry) in given.into_iter().flatten() {
        let is_null = matches!(entry, [Event::Leaf { leaf: Leaf::Null, .. }]);
        if let (false, false, Some(fields)) =
            (is_null, NOT_OF_IDENTITY.contains(&name), create.fields)
        {
            twin.push_entry(name, fields, entry);
        }
    }
    let defaults = fresh_fields(of.collection());
    for (name, entry) in defaults.root_entries() {
        if twin.root_entry(name).is_none() {
            twin.push_entry(name, &defaults, entry);
        }
    }
    push_number(&mut twin, "version", FRESH_VERSION);
    twin.enter("tags");
    if let Some(tags) = create.tags {
        push_entries(&mut twin, tags, None);
    }
    twin.events.push(Event::Leave);
    twin.enter("properties");
    let now = stamp_of_ms(now_ms);
    let desired = create.desired.filter(|desired| !desired.events.is_empty());
    push_section(&mut twin, "desired", desired, now);
    push_section(&mut twin, "reported", None, now);
    twin.events.push(Event::Leave);
    twin
}

/// Identity fields of a fresh twin.
pub(super) fn fresh_fields(collection: Collection) -> Leaves {
    let mut fields = Leaves::default();
    push_text(&mut fields, "status", "enabled");
    push_text(&mut fields, "statusUpdateTime", NEVER);
    push_text(&mut fields, "connectionState", "Disconnected");
    push_text(&mut fields, "lastActivityTime", NEVER);
    push_number(&mut fields, "cloudToDeviceMessageCount", 0);
    push_text(&mut fields, "authenticationType", "sas");
    fields.enter("x509Thumbprint");
    for key in ["primaryThumbprint", "secondaryThumbprint"] {
        let key = fields.append(key);
        fields.events.push(Event::Leaf { key, leaf: Leaf::Null });
    }
    fields.events.push(Event::Leave);
    push_text(&mut fields, "modelId", "");
    if collection == Collection::Devices {
        fields.enter("capabilities");
        let key = fields.append("iotEdge");
        fields.events.push(Event::Leaf { key, leaf: Leaf::Bool(false) });
        fields.events.push(Event::Leave);
    }
    fields
}

/// A section with `$metadata` and `$version`. One that is not given was never written.
fn push_section(twin: &mut Leaves, key: &str, entries: Option<&Leaves>, now: Stamp) {
    twin.enter(key);
    let version = entries.map(|_| FRESH_SECTION_VERSION);
    let mark = match entries {
        Some(_) => Mark { time: now, version },
        None => Mark { time: Stamp::parse(NEVER).unwrap_or(now), version },
    };
    let nothing = Leaves::default();
    let entries = entries.unwrap_or(&nothing);
    push_entries(twin, entries, None);
    twin.enter("$metadata");
    push_mark(twin, mark);
    push_entries(twin, entries, Some(mark));
    twin.events.push(Event::Leave);
    push_number(twin, "$version", FRESH_SECTION_VERSION);
    twin.events.push(Event::Leave);
}

/// Entries without those that are null, or the mirror of them with a mark on each.
fn push_entries(twin: &mut Leaves, entries: &Leaves, mark: Option<Mark>) {
    for event in &entries.events {
        match (*event, mark) {
            (Event::Leaf { leaf: Leaf::Null, .. }, _) => (),
            (Event::Leave, _) => twin.events.push(Event::Leave),
            (Event::Enter { key }, mark) => {
                twin.enter(entries.str(key));
                mark.into_iter().for_each(|mark| push_mark(twin, mark));
            }
            (Event::Leaf { key, .. }, None) => {
                twin.push_entry(entries.str(key), entries, std::slice::from_ref(event));
            }
            (Event::Leaf { key, .. }, Some(mark)) => {
                twin.enter(entries.str(key));
                push_mark(twin, mark);
                twin.events.push(Event::Leave);
            }
        }
    }
}

fn push_mark(twin: &mut Leaves, mark: Mark) {
    push_text(twin, "$lastUpdated", &mark.time.text());
    if let Some(version) = mark.version {
        push_number(twin, "$lastUpdatedVersion", version);
    }
}

fn push_text(twin: &mut Leaves, key: &str, text: &str) {
    let (key, text) = (twin.append(key), twin.append(text));
    twin.events.push(Event::Leaf { key, leaf: Leaf::String(text) });
}

fn push_number(twin: &mut Leaves, key: &str, number: u64) {
    let key = twin.append(key);
    twin.events.push(Event::Leaf { key, leaf: Leaf::Number(number as f64) });
}

impl Work<'_> {
    /// Writes identity fields and the authentication.
    pub(super) fn identify(&mut self, fields: &Leaves, authentication: Option<&[u8]>) {
        let mut is_heard = authentication.is_some();
        let defaults = fresh_fields(self.at.0);
        let status = self.status();
        for (name, entry) in fields.root_entries() {
            if NOT_OF_IDENTITY.contains(&name) {
                continue;
            }
            is_heard |= !QUIET_FIELDS.contains(&name);
            let is_null = matches!(entry, [Event::Leaf { leaf: Leaf::Null, .. }]);
            match defaults.root_entry(name).filter(|_| is_null) {
                Some(default) => self.write_field(name, Some((&defaults, default))),
                None => self.write_field(name, (!is_null).then_some((fields, entry))),
            }
        }
        if self.status() != status && fields.root_entry("statusUpdateTime").is_none() {
            let mut time = Leaves::default();
            push_text(&mut time, "statusUpdateTime", &self.state.stamp().text());
            self.write_field("statusUpdateTime", Some((&time, &time.events)));
        }
        if let Some(authentication) = authentication {
            let generation = self.index.generation(self.at.0, self.at.1);
            self.index.set_record(self.at, generation, authentication);
        }
        if is_heard {
            self.state.version += 1;
            self.write_version();
            self.write_etag();
            self.write_device_etag();
        }
    }

    fn status(&self) -> Option<String> {
        let path = self.index.catalog.path(&["status"]);
        self.text(path).map(|text| text.to_string())
    }

    /// Puts an entry in the place of a root field, or removes that.
    fn write_field(&mut self, name: &str, entry: Option<(&Leaves, &[Event])>) {
        let row = self.at.1.place();
        let Some(mut writer) = self.index.writer(self.at.0, self.at.1) else { return };
        let Some((leaves, entry)) = entry else {
            if let Some(path) = writer.catalog.path(&[name]) {
                writer.unset(row, path);
            }
            return;
        };
        let path = writer.catalog.child_or_new(None, name, 0);
        match entry {
            [Event::Leaf { leaf, .. }] => _ = writer.set_cell(row, path, &cell_of(*leaf, leaves)),
            [Event::Enter { .. }, below @ .., Event::Leave] => {
                writer.unset(row, path);
                writer.set_cell(row, path, &Cell::Object);
                writer.merge_entries(row, path, (leaves, below));
            }
            _ => (),
        }
        writer.tidy();
    }

    fn write_device_etag(&mut self) {
        let text = self.text(self.known.device_etag.path());
        let etag = text.map_or(Some(Etag::FRESH), |text| Etag::parse_identity(&text));
        let next = etag.unwrap_or(Etag(0)).next().identity_text();
        let row = self.at.1.place();
        let Some(mut writer) = self.index.writer(self.at.0, self.at.1) else { return };
        let path = self.known.device_etag.path_or_new(writer.catalog, None);
        writer.set_cell(row, path, &Cell::String(Text::Inline(next)));
    }
}
