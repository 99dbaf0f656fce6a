//! Checkpoints: the index as parts of bytes, and back.
//!
//! Parts are copied one after the other while writes go on, each under a short hold of the lock. So
//! they need not be of one version: together with the redo of every batch since the first copy they
//! give the index at the end of the log, since doing redo again changes nothing. What the lanes
//! name (catalogue, dictionaries, policies) is copied after them, under one hold, and nothing may
//! be collected meanwhile. A copy at one version was rejected: it would have to put every cell that
//! changed since back into codes that may be gone.

use twindex_model::path::{Collection, PathId};
use twindex_planted::{Fault, planted};

use crate::catalog::Catalog;
use crate::dictionary::Dictionary;
use crate::image::{Image as _, ImageBytes};
use crate::index::Index;
use crate::known::Known;
use crate::lane::Lane;
use crate::lane::string::TextLane;
use crate::record::Records;
use crate::redo::BadRedo;
use crate::segment::Segment;
use crate::texts::{TextKind, Texts};

/// One part of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Every path.
    Catalog,
    /// How texts are stored.
    Policies,
    /// A dictionary, by a path that uses it: 0 for strings, 1 for arrays.
    Dictionary(PathId, u8),
    /// Rows, stamps and identity records of a segment.
    Segment(Collection, u32),
    /// A lane.
    Lane(Collection, u32, PathId),
}

impl Part {
    /// Its key: a letter, then numbers in big-endian order, so that keys sort as parts are read.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        let (letter, numbers) = match *self {
            Self::Catalog => (b'a', [None; 3]),
            Self::Policies => (b'b', [None; 3]),
            Self::Dictionary(path, kind) => (b'c', [Some(path.0), Some(kind.into()), None]),
            Self::Segment(collection, number) => {
                (b'd', [Some(collection as u32), Some(number), None])
            }
            Self::Lane(collection, number, path) => {
                (b'e', [Some(collection as u32), Some(number), Some(path.0)])
            }
        };
        let mut key = vec![letter];
        numbers.into_iter().flatten().for_each(|number| key.extend(number.to_be_bytes()));
        key
    }

    /// The part of a key; `None` if it is none.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let (letter, numbers) = key.split_first()?;
        let (numbers, rest) = numbers.as_chunks::<4>();
        let number = |at: usize| numbers.get(at).map(|bytes| u32::from_be_bytes(*bytes));
        let collection = || match number(0)? {
            0 => Some(Collection::Devices),
            1 => Some(Collection::Modules),
            _ => None,
        };
        let part = match (letter, numbers.len()) {
            (b'a', 0) => Self::Catalog,
            (b'b', 0) => Self::Policies,
            (b'c', 2) => Self::Dictionary(PathId(number(0)?), u8::try_from(number(1)?).ok()?),
            (b'd', 2) => Self::Segment(collection()?, number(1)?),
            (b'e', 3) => Self::Lane(collection()?, number(1)?, PathId(number(2)?)),
            _ => return None,
        };
        rest.is_empty().then_some(part)
    }
}

/// What the codes and places in a part stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Which fillings of dictionaries the codes are of.
    generations: [Option<u32>; 2],
    /// How often places among the stamps of the segment were written anew.
    n_compactions: u32,
}

/// A state of a part. Two states of one part with the same mark read the same, so what is written
/// of the one need not be written of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64, u64);

/// A segment or lane that was read and is to be put into its place.
#[derive(Debug)]
pub struct ReadPart {
    at: (Collection, u32),
    what: ReadWhat,
}

#[derive(Debug)]
enum ReadWhat {
    Segment(Box<(Segment, Records)>),
    Lane(Box<Lane>),
}

impl Index {
    /// The segments and lanes there are now.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for collection in [Collection::Devices, Collection::Modules] {
            for number in 0..self.n_segments(collection) {
                parts.extend(self.parts_of(collection, number));
            }
        }
        parts
    }

    /// A segment, which must be below [`Index::n_segments`], and the lanes it has now.
    pub fn parts_of(&self, collection: Collection, number: usize) -> impl Iterator<Item = Part> {
        let lanes = self.store(collection).segments[number].lanes().iter();
        let filled = lanes.filter(|lane| lane.kinds.n_defined() > 0);
        let number = number as u32;
        let lanes = filled.map(move |lane| Part::Lane(collection, number, lane.path));
        std::iter::once(Part::Segment(collection, number)).chain(lanes)
    }

    /// The state that a part is in; `None` if it is gone, or of a kind that is never kept.
    #[must_use]
    pub fn mark_of(&self, part: &Part) -> Option<Mark> {
        match *part {
            Part::Catalog => Some(Mark(self.catalog.mark(), 0)),
            // They count every text that is written.
            Part::Policies => None,
            Part::Dictionary(path, kind) => {
                self.catalog.has(path).then_some(())?;
                let kind = TextKind::ALL.into_iter().find(|of| *of as u8 == kind)?;
                let dictionary = self.texts.dictionary(self.catalog.family(path), kind)?;
                // A filling only grows, so these two say which texts there are.
                Some(Mark(dictionary.generation().into(), dictionary.len() as u64))
            }
            Part::Segment(collection, number) => {
                let store = self.store(collection);
                let records = store.records.get(number as usize);
                let segment = store.segments.get(number as usize)?;
                Some(Mark(segment.mark(), records.map_or(0, |records| records.mark)))
            }
            Part::Lane(collection, number, path) => {
                let segment = self.store(collection).segments.get(number as usize)?;
                Some(Mark(segment.lane(path)?.mark, 0))
            }
        }
    }

    /// The parts that lanes name: to be copied after them, under one hold.
    #[must_use]
    pub fn named_parts(&self) -> Vec<Part> {
        let mut parts = vec![Part::Catalog, Part::Policies];
        if planted(Fault::CheckpointWithoutDictionary) {
            return parts;
        }
        parts.extend(self.texts.with_dictionary().filter_map(|(family, kind)| {
            let path = self.catalog.paths_of(family).next()?;
            Some(Part::Dictionary(path, kind as u8))
        }));
        parts
    }

    /// Appends the image of a part; false, and nothing appended, if it is gone.
    pub fn write_part(&self, part: &Part, out: &mut Vec<u8>) -> bool {
        self.try_write_part(part, out).is_some()
    }

    fn try_write_part(&self, part: &Part, out: &mut Vec<u8>) -> Option<()> {
        match *part {
            Part::Catalog => self.catalog.write_image(out),
            Part::Policies => self.texts.write_image(&self.catalog, out),
            Part::Dictionary(path, kind) => {
                let kind = TextKind::ALL.into_iter().find(|of| *of as u8 == kind)?;
                self.texts.dictionary(self.catalog.family(path), kind)?.write_image(out);
            }
            Part::Segment(collection, number) => {
                let store = self.store(collection);
                store.segments.get(number as usize)?.write_image(out);
                match store.records.get(number as usize) {
                    Some(records) => records.write(out),
                    None => Records::default().write(out),
                }
            }
            Part::Lane(collection, number, path) => {
                let segment = self.store(collection).segments.get(number as usize)?;
                segment.lane(path)?.write_image(out);
            }
        }
        Some(())
    }

    /// What the codes in a part mean: where it has changed since a part was copied, the copy is of no
    /// use any more.
    #[must_use]
    pub fn meaning_of(&self, part: &Part) -> Meaning {
        let (collection, number, path) = match *part {
            Part::Segment(collection, number) => (collection, number, None),
            Part::Lane(collection, number, path) => (collection, number, Some(path)),
            Part::Catalog | Part::Policies | Part::Dictionary(..) => return Meaning::default(),
        };
        let generation = |kind| {
            let family = self.catalog.family(path.filter(|path| self.catalog.has(*path))?);
            self.texts.dictionary(family, kind).map(Dictionary::generation)
        };
        let segment = self.store(collection).segments.get(number as usize);
        Meaning {
            generations: TextKind::ALL.map(generation),
            n_compactions: segment.map_or(0, |segment| segment.n_compactions),
        }
    }

    /// Puts back any part but a lane. The catalogue comes first, then policies, dictionaries,
    /// segments and lanes: the order of their keys.
    ///
    /// # Errors
    /// [`BadRedo`]: it is none, or what it names is not there.
    pub fn restore(&mut self, part: &Part, bytes: &[u8]) -> Result<(), BadRedo> {
        self.try_restore(part, bytes).ok_or(BadRedo)
    }

    fn try_restore(&mut self, part: &Part, bytes: &[u8]) -> Option<()> {
        match *part {
            Part::Catalog => {
                self.catalog = Catalog::read_image(bytes)?;
                self.known = Known::default();
            }
            Part::Policies => self.texts = Texts::read_image(bytes, &self.catalog)?,
            Part::Dictionary(path, kind) => {
                let kind = TextKind::ALL.into_iter().find(|of| *of as u8 == kind)?;
                self.catalog.has(path).then_some(())?;
                let family = self.catalog.family(path);
                self.texts.restore_dictionary((family, kind), bytes)?;
            }
            Part::Segment(..) | Part::Lane(..) => {
                self.put_part(self.read_part(part, bytes).ok()?).ok()?;
            }
        }
        Some(())
    }

    /// Reads a segment, or a lane whose segment and dictionaries are restored. Threads may share the
    /// work.
    ///
    /// # Errors
    /// As [`Index::restore`].
    pub fn read_part(&self, part: &Part, bytes: &[u8]) -> Result<ReadPart, BadRedo> {
        self.try_read_part(part, bytes).ok_or(BadRedo)
    }

    fn try_read_part(&self, part: &Part, bytes: &[u8]) -> Option<ReadPart> {
        match *part {
            Part::Segment(collection, number) => {
                let mut from = ImageBytes(bytes);
                let read = (Segment::read_image(&mut from)?, Records::read(&mut from)?);
                from.end()?;
                let what = ReadWhat::Segment(Box::new(read));
                Some(ReadPart { at: (collection, number), what })
            }
            Part::Lane(collection, number, path) => {
                let has_segment = (number as usize) < self.store(collection).segments.len();
                (has_segment && self.catalog.has(path)).then_some(())?;
                let lane = Lane::read_image(path, bytes, (&self.catalog, &self.texts))?;
                Some(ReadPart { at: (collection, number), what: ReadWhat::Lane(Box::new(lane)) })
            }
            Part::Catalog | Part::Policies | Part::Dictionary(..) => None,
        }
    }

    /// Puts what was read into its place: segments in the order of their numbers.
    ///
    /// # Errors
    /// As [`Index::restore`].
    pub fn put_part(&mut self, read: ReadPart) -> Result<(), BadRedo> {
        let (collection, number) = read.at;
        let store = &mut self.stores[collection as usize];
        match read.what {
            ReadWhat::Segment(read) => {
                if store.segments.len() != number as usize {
                    return Err(BadRedo);
                }
                store.segments.push(read.0);
                store.records.push(read.1);
            }
            ReadWhat::Lane(lane) => {
                for kind in TextKind::ALL {
                    if matches!(lane.text_part(kind), Some(TextLane::Codes(_))) {
                        self.texts.restore_user(lane.path, lane.family, kind);
                    }
                }
                let segment = store.segments.get_mut(number as usize).ok_or(BadRedo)?;
                segment.restore_lane(*lane);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Part;
    use twindex_model::path::{Collection, PathId};

    #[test]
    fn keys_come_back_and_sort_as_parts_are_read() {
        let parts = [
            Part::Catalog,
            Part::Policies,
            Part::Dictionary(PathId(7), 1),
            Part::Segment(Collection::Devices, 0),
            Part::Segment(Collection::Devices, 300),
            Part::Segment(Collection::Modules, 2),
            Part::Lane(Collection::Devices, 1, PathId(9)),
        ];
        for part in &parts {
            assert_eq!(Part::of_key(&part.key()), Some(*part));
        }
        assert!(parts.is_sorted_by_key(Part::key));
        for wrong in [&b""[..], b"x", b"a1", b"d\0\0\0\0\0\0\0", b"d\0\0\0\x02\0\0\0\0"] {
            assert_eq!(Part::of_key(wrong), None);
        }
    }
}
