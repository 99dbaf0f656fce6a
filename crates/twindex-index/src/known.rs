//! The paths of what a hub writes itself, found without hashing a key.
//!
//! A path id may be given back when no twin has the path any more, so ids are looked up for each
//! write; what is kept is where each key lies among its siblings, which one comparison confirms.

use twindex_model::path::PathId;
use twindex_model::section::Section;

use crate::catalog::Catalog;

/// One path: its key, where that probably lies, and the id as last looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownPath {
    key: &'static str,
    guess: u32,
    path: Option<PathId>,
}

impl KnownPath {
    const fn new(key: &'static str) -> Self {
        Self { key, guess: 0, path: None }
    }

    /// The id, if some twin ever had the path.
    pub(crate) fn path(&self) -> Option<PathId> {
        self.path
    }

    /// The id, of a path that is made if need be.
    pub(crate) fn path_or_new(&mut self, catalog: &mut Catalog, parent: Option<PathId>) -> PathId {
        let path = catalog.child_or_new(parent, self.key, self.guess);
        self.guess = catalog.ordinal(path);
        self.path = Some(path);
        path
    }

    fn look_up(&mut self, catalog: &Catalog, parent: Option<PathId>) -> Option<PathId> {
        self.path = catalog.child_near(parent, self.key, self.guess);
        if let Some(path) = self.path {
            self.guess = catalog.ordinal(path);
        }
        self.path
    }

    /// The same below a path that may not exist.
    fn look_up_below(&mut self, catalog: &Catalog, parent: Option<PathId>) -> Option<PathId> {
        match parent {
            Some(_) => self.look_up(catalog, parent),
            None => {
                self.path = None;
                None
            }
        }
    }
}

/// The paths of desired or reported properties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownSection {
    root: KnownPath,
    pub(crate) version: KnownPath,
    metadata: KnownPath,
    pub(crate) last_updated: KnownPath,
}

impl KnownSection {
    const fn new(key: &'static str) -> Self {
        Self {
            root: KnownPath::new(key),
            version: KnownPath::new("$version"),
            metadata: KnownPath::new("$metadata"),
            last_updated: KnownPath::new("$lastUpdated"),
        }
    }

    fn look_up(&mut self, catalog: &Catalog, properties: Option<PathId>) {
        let root = self.root.look_up_below(catalog, properties);
        self.version.look_up_below(catalog, root);
        let metadata = self.metadata.look_up_below(catalog, root);
        self.last_updated.look_up_below(catalog, metadata);
    }
}

/// All of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The mark of the catalogue when every id was looked up.
    looked_up_at: Option<u64>,
    pub(crate) version: KnownPath,
    pub(crate) etag: KnownPath,
    pub(crate) device_etag: KnownPath,
    tags: KnownPath,
    properties: KnownPath,
    pub(crate) desired: KnownSection,
    pub(crate) reported: KnownSection,
}

/// Where a section is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SectionPaths {
    /// The object above it, if it is not below the root itself.
    pub(crate) above: Option<PathId>,
    /// The section.
    pub(crate) root: PathId,
    /// Its `$version`; tags have none.
    pub(crate) version: Option<PathId>,
    /// Its `$metadata`; tags have none.
    pub(crate) metadata: Option<PathId>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            looked_up_at: None,
            version: KnownPath::new("version"),
            etag: KnownPath::new("etag"),
            device_etag: KnownPath::new("deviceEtag"),
            tags: KnownPath::new("tags"),
            properties: KnownPath::new("properties"),
            desired: KnownSection::new("desired"),
            reported: KnownSection::new("reported"),
        }
    }
}

impl Known {
    /// Looks every id up, unless no path has come or gone since that was done.
    pub(crate) fn look_up(&mut self, catalog: &Catalog) {
        if self.looked_up_at.replace(catalog.mark()) == Some(catalog.mark()) {
            return;
        }
        for path in [&mut self.version, &mut self.etag, &mut self.device_etag, &mut self.tags] {
            path.look_up(catalog, None);
        }
        let properties = self.properties.look_up(catalog, None);
        self.desired.look_up(catalog, properties);
        self.reported.look_up(catalog, properties);
    }

    /// What every write looks at.
    pub(crate) fn read_by_writes(&self) -> impl Iterator<Item = PathId> {
        let of = |section: &KnownSection| [section.version.path, section.last_updated.path];
        let paths = [[self.version.path, self.etag.path], of(&self.desired), of(&self.reported)];
        paths.into_iter().flatten().flatten()
    }

    /// The `$metadata` of a section, if some twin ever had it.
    pub(crate) fn metadata(&self, section: Section) -> Option<PathId> {
        match section {
            Section::Tags => None,
            Section::Desired => self.desired.metadata.path,
            Section::Reported => self.reported.metadata.path,
        }
    }

    /// The root of a section, if some twin ever had it.
    pub(crate) fn root(&self, section: Section) -> Option<PathId> {
        match section {
            Section::Tags => self.tags.path,
            Section::Desired => self.desired.root.path,
            Section::Reported => self.reported.root.path,
        }
    }

    /// The paths of a section, which are made if need be.
    pub(crate) fn section_or_new(
        &mut self,
        section: Section,
        catalog: &mut Catalog,
    ) -> SectionPaths {
        let paths = match section {
            Section::Tags => {
                let root = self.tags.path_or_new(catalog, None);
                return SectionPaths { above: None, root, version: None, metadata: None };
            }
            Section::Desired => &mut self.desired,
            Section::Reported => &mut self.reported,
        };
        let above = self.properties.path_or_new(catalog, None);
        let root = paths.root.path_or_new(catalog, Some(above));
        let metadata = paths.metadata.path_or_new(catalog, Some(root));
        SectionPaths {
            above: Some(above),
            root,
            version: Some(paths.version.path_or_new(catalog, Some(root))),
            metadata: Some(metadata),
        }
    }
}
