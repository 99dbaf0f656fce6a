//! The operations of a hub on one twin, each whole or not at all.
//!
//! Whatever can be refused is refused before the first cell is written, so nothing has to be taken
//! back. What a loaded twin lacks counts as in a fresh one: `version` 2, `$version` 1, the etag of
//! 1; it is written by the first write.

mod create;
mod refusal;
mod state;

pub use refusal::Refusal;

use twindex_model::cell::{Cell, InlineText, Text};
use twindex_model::etag;
use twindex_model::json::read::Leaves;
use twindex_model::path::{Collection, PathId, RowId};
use twindex_model::section::Section;
use twindex_planted::{Fault, planted};

use crate::identity::Identity;
use crate::index::Index;
use crate::known::Known;
use crate::metadata::Mark;
use crate::snapshot::Ts;
use state::State;

/// Whose twin is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwinName<'a> {
    /// The device.
    pub device_id: &'a str,
    /// The module of it, for a module's twin.
    pub module_id: Option<&'a str>,
}

/// When a write happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The batch it belongs to.
    pub ts: Ts,
    /// Milliseconds since 1970. A twin whose own last stamp is later goes by that.
    pub now_ms: i64,
}

/// What happens to a twin. Sections are given as their entries.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// It comes to be.
    Create(Create<'a>),
    /// It goes. A device takes its modules with it.
    Delete,
    /// A service's partial update: objects merge, null removes, anything else replaces. A section
    /// that is given counts as written, even by no entries.
    Merge {
        /// Entries of the tags.
        tags: Option<&'a Leaves>,
        /// Entries of the desired properties.
        desired: Option<&'a Leaves>,
    },
    /// A service's replacement: a section becomes what is given. One that is not given is kept.
    Replace {
        /// The new tags.
        tags: Option<&'a Leaves>,
        /// The new desired properties.
        desired: Option<&'a Leaves>,
    },
    /// The device's own partial update of its reported properties.
    Report(&'a Leaves),
    /// Identity fields, each replaced as a whole; null sets one to what it is in a fresh twin.
    Identify {
        /// Root fields, see [`twindex_model::patch::read_identity`].
        fields: &'a Leaves,
        /// The new authentication, if it changes.
        authentication: Option<&'a [u8]>,
    },
    /// A whole document as it stands, versions and all; its identity is the name's.
    Put(&'a Leaves),
}

/// A twin that comes to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Create<'a> {
    /// Root fields that differ from those of a fresh twin.
    pub fields: Option<&'a Leaves>,
    /// Its first tags.
    pub tags: Option<&'a Leaves>,
    /// Its first desired properties.
    pub desired: Option<&'a Leaves>,
    /// Tells it from any other twin that ever had this name.
    pub generation: u64,
    /// How it proves who it is; opaque, and never printed.
    pub authentication: &'a [u8],
}

/// What must hold of the twin, or the write is refused. The default asks for nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expect<'a> {
    /// Its etag: quoted, bare, or `*`. Changing the identity, or deleting it, may name its
    /// `deviceEtag` as well.
    pub etag: Option<&'a str>,
    /// `$version` of its desired properties.
    pub desired_version: Option<u64>,
    /// `$version` of its reported properties.
    pub reported_version: Option<u64>,
}

/// A twin after an accepted write; before it, if the twin was deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// Where it is.
    pub collection: Collection,
    /// Its row.
    pub row: RowId,
    /// Its `version`.
    pub version: u64,
    /// Its `etag`; empty if that is a loaded text of another form than a hub's.
    pub etag: InlineText,
    /// `$version` of its desired properties.
    pub desired_version: u64,
    /// `$version` of its reported properties.
    pub reported_version: u64,
    /// Its generation; 0 if it was loaded.
    pub generation: u64,
    /// The time of the write, as its stamps say it: never before an older stamp of the twin.
    pub time_ms: i64,
}

impl TwinName<'_> {
    /// The collection that it belongs to.
    #[must_use]
    pub fn collection(&self) -> Collection {
        self.identity().collection()
    }

    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity { device_id: self.device_id, module_id: self.module_id }
    }
}

impl Index {
    /// Does what is asked of one twin.
    ///
    /// # Errors
    /// Why not. Nothing has changed then, no version either.
    pub fn write(
        &mut self,
        of: TwinName<'_>,
        change: &Change<'_>,
        expect: &Expect<'_>,
        when: &When,
    ) -> Result<Written, Refusal> {
        self.begin(when.ts);
        match change {
            Change::Create(create) => self.create(of, create, when),
            Change::Put(leaves) => self.put_named(of, leaves, when),
            _ => {
                let mut work = self.work(of, when)?;
                work.check(expect, change)?;
                work.apply(change)?;
                let written = work.written();
                self.finish(change, &written);
                Ok(written)
            }
        }
    }

    /// Looks up a twin that is to be written.
    fn work(&mut self, of: TwinName<'_>, when: &When) -> Result<Work<'_>, Refusal> {
        let collection = of.collection();
        let row = self.find(of.device_id, of.module_id);
        let row = row.ok_or(Refusal::NotFound { collection })?;
        let mut known = self.known;
        known.look_up(&self.catalog);
        let state = State::read(self, &known, (collection, row), when.now_ms);
        Ok(Work { index: self, known, at: (collection, row), state })
    }

    /// The rest of an accepted write.
    fn finish(&mut self, change: &Change<'_>, written: &Written) {
        if matches!(change, Change::Delete) {
            self.delete((written.collection, written.row));
        } else {
            self.settle();
        }
    }

    /// Removes a twin, and with a device its modules.
    fn delete(&mut self, (collection, row): (Collection, RowId)) {
        if collection == Collection::Devices && !planted(Fault::ModulesKept) {
            for module in self.modules_of(row) {
                self.remove(Collection::Modules, module);
            }
        }
        self.remove(collection, row);
    }

    fn put_named(
        &mut self,
        of: TwinName<'_>,
        leaves: &Leaves,
        when: &When,
    ) -> Result<Written, Refusal> {
        if Identity::of(leaves) != Some(of.identity()) {
            return Err(Refusal::IdInvalid { field: "deviceId" });
        }
        self.put(leaves).ok_or(Refusal::CollectionFull { collection: of.collection() })?;
        Ok(self.work(of, when)?.written())
    }
}

/// One write in the making.
struct Work<'a> {
    index: &'a mut Index,
    known: Known,
    at: (Collection, RowId),
    state: State,
}

impl Work<'_> {
    /// Whether what is expected of the twin holds.
    fn check(&self, expect: &Expect<'_>, change: &Change<'_>) -> Result<(), Refusal> {
        if let Some(etag) = expect.etag {
            self.check_etag(etag, change)?;
        }
        let versions = [
            (Section::Desired, expect.desired_version, self.state.desired_version),
            (Section::Reported, expect.reported_version, self.state.reported_version),
        ];
        for (section, expected, found) in versions {
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                return Err(Refusal::VersionMismatch { section, expected, found });
            }
        }
        Ok(())
    }

    fn check_etag(&self, expected: &str, change: &Change<'_>) -> Result<(), Refusal> {
        let found = self.state.etag_text(self.text(self.known.etag.path()));
        if etag::matches(expected, &found) || planted(Fault::EtagUnchecked) {
            return Ok(());
        }
        let is_identity = matches!(change, Change::Identify { .. } | Change::Delete);
        if let Some(of_identity) = self.text(self.known.device_etag.path())
            && is_identity
            && etag::matches(expected, &of_identity)
        {
            return Ok(());
        }
        Err(Refusal::EtagMismatch { expected: expected.to_owned(), found: found.to_string() })
    }

    fn text(&self, path: Option<PathId>) -> Option<Text<'_>> {
        match self.index.cell_now(self.at, path?) {
            Cell::String(text) => Some(text),
            _ => None,
        }
    }

    fn apply(&mut self, change: &Change<'_>) -> Result<(), Refusal> {
        match change {
            Change::Merge { tags, desired } => {
                let sections = [(Section::Tags, *tags), (Section::Desired, *desired)];
                self.check_weights(&sections, Manner::Merge)?;
                self.write_service(sections, Manner::Merge);
            }
            Change::Replace { tags, desired } => {
                let sections = [(Section::Tags, *tags), (Section::Desired, *desired)];
                self.check_weights(&sections, Manner::Replace)?;
                self.write_service(sections, Manner::Replace);
            }
            Change::Report(patch) => {
                self.check_weights(&[(Section::Reported, Some(*patch))], Manner::Merge)?;
                self.write_section(Section::Reported, patch, Manner::Merge);
                self.state.version += 1;
                self.write_version();
            }
            Change::Identify { fields, authentication } => {
                self.identify(fields, *authentication);
            }
            Change::Create(_) | Change::Put(_) | Change::Delete => (),
        }
        Ok(())
    }

    fn check_weights(
        &mut self,
        sections: &[(Section, Option<&Leaves>)],
        manner: Manner,
    ) -> Result<(), Refusal> {
        for (section, entries) in sections {
            let Some(entries) = entries else { continue };
            let place = (*section, self.known.root(*section));
            let checked = match manner {
                Manner::Merge => self.index.check_growth(self.at, place, entries),
                Manner::Replace => self.index.check_replacement(self.at, place, entries),
            };
            if checked.is_err() {
                // A section that passed before will not be written either.
                self.index.forget_weights(self.at);
                return checked;
            }
        }
        Ok(())
    }

    fn write_service(&mut self, sections: [(Section, Option<&Leaves>); 2], manner: Manner) {
        let mut is_written = false;
        for (section, entries) in sections {
            if let Some(entries) = entries {
                self.write_section(section, entries, manner);
                is_written = true;
            }
        }
        if is_written {
            self.state.version += 1;
            self.write_version();
            self.write_etag();
        }
    }

    fn write_section(&mut self, section: Section, entries: &Leaves, manner: Manner) {
        let version = match section {
            Section::Tags => None,
            Section::Desired => Some(&mut self.state.desired_version),
            Section::Reported => Some(&mut self.state.reported_version),
        };
        let version = version.map(|version| {
            *version += 1 + u64::from(planted(Fault::SectionVersionTwice));
            *version
        });
        let of_marks = version.filter(|_| section == Section::Desired);
        let mark = Mark { time: self.state.stamp(), version: of_marks };
        let row = self.at.1.place();
        let Some(mut writer) = self.index.writer(self.at.0, self.at.1) else { return };
        let paths = self.known.section_or_new(section, writer.catalog);
        match manner {
            Manner::Merge => writer.merge_section(row, paths, entries, mark),
            Manner::Replace => writer.replace_section(row, paths, entries, mark),
        }
        if let (Some(path), Some(version)) = (paths.version, version) {
            writer.set_cell(row, path, &Cell::Number(version as f64));
        }
        writer.tidy();
    }

    fn write_version(&mut self) {
        let version = self.state.version;
        let row = self.at.1.place();
        let Some(mut writer) = self.index.writer(self.at.0, self.at.1) else { return };
        let path = self.known.version.path_or_new(writer.catalog, None);
        writer.set_cell(row, path, &Cell::Number(version as f64));
    }

    fn write_etag(&mut self) {
        self.state.etag = self.state.etag.next();
        let text = self.state.etag.text();
        self.state.odd_etag = false;
        let row = self.at.1.place();
        let Some(mut writer) = self.index.writer(self.at.0, self.at.1) else { return };
        let path = self.known.etag.path_or_new(writer.catalog, None);
        writer.set_cell(row, path, &Cell::String(Text::Inline(text)));
    }

    fn written(self) -> Written {
        self.index.known = self.known;
        let (collection, row) = self.at;
        let State { version, etag: counter, odd_etag, desired_version, reported_version, .. } =
            self.state;
        Written {
            collection,
            row,
            version,
            etag: if odd_etag { InlineText::empty() } else { counter.text() },
            desired_version,
            reported_version,
            generation: self.index.generation(collection, row),
            time_ms: self.state.time_ms(),
        }
    }
}

/// Whether a section's entries join it or become it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Merge,
    Replace,
}
