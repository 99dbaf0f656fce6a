//! Where the memory of an engine is, in words for people.
//!
//! The index counts what it has allocated; here its numbers get names and paths, and what the
//! engine itself holds joins them. Parts are disjoint and add up to the total, so that nobody has
//! to guess what is in what; `$metadata` and slack are told beside them, since they cut across.
//! Estimates by sampling were rejected: the sum is to be compared with the process.

use twindex_index::stats::{Bytes, LaneCounts, Stats};
use twindex_model::path::{Collection, PathId};

use crate::engine::Twindex;

/// Where the memory of an engine is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Memory {
    /// Number of twins, of all collections.
    pub n_twins: u64,
    /// Parts that add up to [`Memory::total_bytes`].
    pub parts: Vec<MemoryPart>,
    /// Those of the bytes that `$metadata` takes.
    pub metadata_bytes: usize,
    /// Those of the bytes in which nothing lies: room to grow, and what was overwritten in arenas.
    pub slack_bytes: usize,
    /// Bytes in blocks of lane memory that no engine of the process uses: at most so many are in
    /// memory beside the total.
    pub free_block_bytes: usize,
    /// Paths with their own bytes, most first; what paths share (dictionaries, stamps of rows) is in
    /// the parts alone.
    pub paths: Vec<PathMemory>,
}

/// Bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryPart {
    /// What they are for; the names are stable.
    pub name: &'static str,
    /// How many there are.
    pub bytes: usize,
}

/// Bytes of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathMemory {
    /// The path, as a query names it.
    pub path: String,
    /// Bytes of its lanes, with what is derived from them.
    pub bytes: usize,
    /// Number of its lanes: one for each segment that has the path.
    pub n_lanes: usize,
    /// The forms of its lanes.
    pub forms: Vec<&'static str>,
}

impl Memory {
    /// Bytes in all.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

impl Twindex {
    /// Where the memory of this engine is. Bytes are those allocated: what an allocator or the
    /// system adds is not among them, nor are queries under way.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let inner = self.inner();
        let (stats, paths) = {
            let index = inner.shared.read();
            let stats = index.stats();
            let name = |path: &PathId| name_of(&index.catalog().keys(*path));
            let paths = stats.paths.iter().map(|(path, bytes, lanes)| PathMemory {
                path: name(path),
                bytes: bytes.total(),
                n_lanes: lanes.sparse + lanes.packed + lanes.dense,
                forms: forms_of(lanes),
            });
            let mut paths: Vec<PathMemory> = paths.collect();
            paths.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
            (stats, paths)
        };
        let feed = MemoryPart { name: "feed", bytes: inner.writer.feed.bytes() };
        let Stats { bytes, metadata_bytes, slack_bytes, pool, .. } = stats;
        Memory {
            n_twins: self.n_twins(Collection::Devices) + self.n_twins(Collection::Modules),
            parts: parts_of(&bytes).into_iter().chain([feed]).collect(),
            metadata_bytes,
            slack_bytes,
            free_block_bytes: pool.mapped_bytes.saturating_sub(pool.used_bytes),
            paths,
        }
    }
}

fn parts_of(bytes: &Bytes) -> [MemoryPart; 12] {
    let part = |name, bytes| MemoryPart { name, bytes };
    [
        part("numbers", bytes.numbers),
        part("dictionary codes", bytes.codes),
        part("raw text", bytes.raw),
        part("times", bytes.times),
        part("kinds", bytes.kinds),
        part("postings", bytes.postings),
        part("counts and zones", bytes.derived),
        part("tables", bytes.tables),
        part("dictionaries", bytes.dictionaries),
        part("catalogue", bytes.catalog),
        part("identities", bytes.identities),
        part("undo", bytes.undo),
    ]
}

fn forms_of(lanes: &LaneCounts) -> Vec<&'static str> {
    let forms = [
        (lanes.sparse, "sparse"),
        (lanes.packed, "packed"),
        (lanes.dense, "dense"),
        (lanes.codes, "codes"),
        (lanes.times, "times"),
        (lanes.raw, "raw text"),
        (lanes.framed, "framed numbers"),
        (lanes.floats, "doubles"),
    ];
    forms.into_iter().filter(|(n, _)| *n > 0).map(|(_, name)| name).collect()
}

/// A path as queries name it.
fn name_of(keys: &[&str]) -> String {
    let mut name = String::new();
    for key in keys {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        if key.is_empty() || !key.chars().all(is_plain) {
            name.push_str("['");
            name.push_str(&key.replace('\'', "''"));
            name.push_str("']");
            continue;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(key);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::name_of;
    use crate::{LoadOptions, Twindex};

    #[test]
    fn paths_have_the_names_of_queries() {
        assert_eq!(name_of(&["tags", "site"]), "tags.site");
        assert_eq!(name_of(&["tags", "it's", "a"]), "tags['it''s'].a");
    }

    #[test]
    fn parts_and_paths_are_told() {
        let db = Twindex::in_memory();
        let empty = db.memory();
        let twins = br#"{"deviceId":"d1","tags":{"site":"A"},"properties":{"reported":{"t":1}}}"#;
        db.load(&twins[..], &LoadOptions::default()).expect("a twin");
        let memory = db.memory();
        assert_eq!((empty.n_twins, memory.n_twins), (0, 1));
        assert!(memory.total_bytes() > empty.total_bytes());
        assert!(memory.paths.iter().any(|path| path.path == "tags.site" && path.n_lanes == 1));
        assert!(memory.paths.is_sorted_by(|a, b| a.bytes >= b.bytes));
        let of_paths: usize = memory.paths.iter().map(|path| path.bytes).sum();
        assert!(of_paths <= memory.total_bytes() && memory.slack_bytes <= memory.total_bytes());
    }
}
