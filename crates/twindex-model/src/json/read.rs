//! JSON text to leaves in one streaming pass.
//!
//! [`Leaves`] is what loading hands from the threads that parse to the one that writes lanes: flat
//! events in reading order over one text arena, no value tree and no heap block per leaf.

use crate::json::error::ReadError;
use crate::json::reader::{LeavesReader, ReadDocument};
use crate::json::steps::StepsName;
use crate::json::tree::read_tree;
use crate::value::Value;

/// How much of a path [`Leaves::path_at`] prints.
pub const PATH_BYTES_MAX: usize = 256;

/// One document as flat events in reading order. The keys of an object are distinct.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    /// The events. The root object itself has none: `{"a":{"b":1}}` is `Enter(a) Number(b) Leave`.
    pub events: Vec<Event>,
    /// Keys, strings and canonical array text that the events point into.
    pub text: String,
    /// The step of each event, where the reader keeps a tree of them.
    pub(crate) steps: Vec<u32>,
    /// The tree.
    pub(crate) steps_name: StepsName,
}

/// A piece of [`Leaves::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First byte.
    pub at: u32,
    /// Number of bytes.
    pub len: u32,
}

/// One event: a key of the object being read, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// An object begins; the events up to its [`Event::Leave`] are its entries.
    Enter {
        /// Its key.
        key: Piece,
    },
    /// The object begun last ends.
    Leave,
    /// A value that is no object.
    Leaf {
        /// Its key.
        key: Piece,
        /// The value.
        leaf: Leaf,
    },
}

/// A value that is no object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number, never `-0`.
    Number(f64),
    /// A string.
    String(Piece),
    /// An array, as its canonical text.
    Array(Piece),
}

impl Leaves {
    /// Reads the one object that `text` holds, forgiving what can be forgiven. To read many,
    /// keep a [`LeavesReader`].
    ///
    /// # Errors
    /// Any but those about twins.
    pub fn read(text: impl AsRef<[u8]>) -> Result<ReadDocument, ReadError> {
        let mut leaves = Self::default();
        let warnings = LeavesReader::default().read_into(text.as_ref(), &mut leaves)?;
        Ok(ReadDocument { leaves, warnings })
    }

    /// The leaves of an object, or `None` for any other value.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let Value::Object(entries) = value else {
            return None;
        };
        let mut leaves = Self::default();
        leaves.push_entries(entries);
        Some(leaves)
    }

    /// The object as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut open = vec![(String::new(), Vec::new())];
        for event in &self.events {
            let entry = match *event {
                Event::Enter { key } => {
                    open.push((self.str(key).to_owned(), Vec::new()));
                    continue;
                }
                Event::Leaf { key, leaf } => (self.str(key).to_owned(), self.leaf_value(leaf)),
                Event::Leave => match open.pop() {
                    Some((key, entries)) => (key, Value::Object(entries)),
                    None => continue,
                },
            };
            if let Some((_, entries)) = open.last_mut() {
                entries.push(entry);
            }
        }
        Value::Object(open.pop().map(|(_, entries)| entries).unwrap_or_default())
    }

    /// The value of a leaf of this document.
    #[must_use]
    pub fn leaf_value(&self, leaf: Leaf) -> Value {
        match leaf {
            Leaf::Null => Value::Null,
            Leaf::Bool(value) => Value::Bool(value),
            Leaf::Number(number) => Value::Number(number),
            Leaf::String(piece) => Value::String(self.str(piece).to_owned()),
            // The canonical text of an array is JSON.
            Leaf::Array(piece) => read_value(self.str(piece)).unwrap_or(Value::Null),
        }
    }

    /// The twin's device, if it has an id that is text and not empty.
    #[must_use]
    pub fn device_id(&self) -> Option<&str> {
        self.root_text("deviceId")
    }

    /// The twin's module, if it has an id that is text and not empty: then it is a module's twin.
    #[must_use]
    pub fn module_id(&self) -> Option<&str> {
        self.root_text("moduleId")
    }

    /// The leaf at `key` of the root object.
    #[must_use]
    pub fn root_leaf(&self, key: &str) -> Option<Leaf> {
        match self.root_entry(key) {
            Some([Event::Leaf { leaf, .. }]) => Some(*leaf),
            _ => None,
        }
    }

    /// The events that spell out the value at `key` of the root object.
    #[must_use]
    pub fn root_entry(&self, key: &str) -> Option<&[Event]> {
        self.root_entries().find(|(name, _)| *name == key).map(|(_, entry)| entry)
    }

    /// The entries of the root object: each key with the events that spell out its value.
    pub fn root_entries(&self) -> impl Iterator<Item = (&str, &[Event])> {
        self.entries(&self.events)
    }

    /// The entries that `events`, a part of this document, begins with, up to the end of the
    /// object they are in: each key with the events that spell out its value.
    pub fn entries<'a>(
        &'a self,
        events: &'a [Event],
    ) -> impl Iterator<Item = (&'a str, &'a [Event])> {
        let mut rest = events;
        std::iter::from_fn(move || {
            let (Event::Enter { key } | Event::Leaf { key, .. }) = *rest.first()? else {
                return None;
            };
            let (entry, after) = rest.split_at(entry_len(rest));
            rest = after;
            Some((self.str(key), entry))
        })
    }

    /// The keys down to event number `event`, joined by dots and cut off after
    /// [`PATH_BYTES_MAX`] bytes; for people to read.
    #[must_use]
    pub fn path_at(&self, event: usize) -> String {
        let mut keys = Vec::new();
        for event in &self.events[..event.min(self.events.len())] {
            match event {
                Event::Enter { key } => keys.push(*key),
                Event::Leave => drop(keys.pop()),
                Event::Leaf { .. } => {}
            }
        }
        if let Some(Event::Enter { key } | Event::Leaf { key, .. }) = self.events.get(event) {
            keys.push(*key);
        }
        let mut path = String::new();
        for key in keys {
            if !path.is_empty() {
                path.push('.');
            }
            path.extend(self.str(key).chars().take(PATH_BYTES_MAX));
            if path.len() > PATH_BYTES_MAX {
                path.truncate(path.floor_char_boundary(PATH_BYTES_MAX));
                path.push('…');
                break;
            }
        }
        path
    }

    /// Forgets the document and keeps the memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.text.clear();
        self.steps.clear();
    }

    /// A number for the path of each event (of the object that ends, for [`Event::Leave`]), and the
    /// tree that they are of: documents with the same tree have the same number for the same path,
    /// and for no other. `None` unless read by [`LeavesReader::for_many`] and left as it was.
    #[must_use]
    #[inline]
    pub fn steps(&self) -> Option<(StepsName, &[u32])> {
        let is_whole = self.steps.len() == self.events.len();
        is_whole.then_some((self.steps_name, &self.steps))
    }

    /// The text of `piece`.
    #[must_use]
    #[inline]
    pub fn str(&self, piece: Piece) -> &str {
        let at = piece.at as usize;
        &self.text[at..at + piece.len as usize]
    }

    /// Appends `text` to the arena. The arena holds less than 4 GiB: what is read stays below
    /// [`crate::limits::DOCUMENT_BYTES_MAX`], and canonical text is at most a few times longer.
    pub fn append(&mut self, text: &str) -> Piece {
        let at = self.text.len();
        self.text.push_str(text);
        self.piece_from(at)
    }

    /// The piece from byte `at` to the end of the arena.
    #[must_use]
    pub fn piece_from(&self, at: usize) -> Piece {
        // The lossy casts cannot lose anything: see `append`.
        Piece { at: at as u32, len: (self.text.len() - at) as u32 }
    }

    /// Begins an object at `key`; push [`Event::Leave`] to end it.
    pub fn enter(&mut self, key: &str) {
        let key = self.append(key);
        self.events.push(Event::Enter { key });
    }

    /// Appends an entry that lies in `source`, under the name `key`.
    pub fn push_entry(&mut self, key: &str, source: &Self, entry: &[Event]) {
        let mut name = Some(key);
        for event in entry {
            let event = match *event {
                Event::Leave => Event::Leave,
                Event::Enter { key } => {
                    Event::Enter { key: self.append(name.take().unwrap_or(source.str(key))) }
                }
                Event::Leaf { key, leaf } => {
                    let key = self.append(name.take().unwrap_or(source.str(key)));
                    let leaf = match leaf {
                        Leaf::String(piece) => Leaf::String(self.append(source.str(piece))),
                        Leaf::Array(piece) => Leaf::Array(self.append(source.str(piece))),
                        Leaf::Null | Leaf::Bool(_) | Leaf::Number(_) => leaf,
                    };
                    Event::Leaf { key, leaf }
                }
            };
            self.events.push(event);
        }
    }

    fn push_entries(&mut self, entries: &[(String, Value)]) {
        for (key, value) in entries {
            let leaf = match value {
                Value::Object(entries) => {
                    self.enter(key);
                    self.push_entries(entries);
                    self.events.push(Event::Leave);
                    continue;
                }
                Value::Null => Leaf::Null,
                Value::Bool(value) => Leaf::Bool(*value),
                Value::Number(number) => Leaf::Number(*number + 0.0), // -0 becomes 0
                Value::String(text) => Leaf::String(self.append(text)),
                Value::Array(_) => Leaf::Array(self.append(&value.to_canonical_text())),
            };
            let key = self.append(key);
            self.events.push(Event::Leaf { key, leaf });
        }
    }

    fn root_text(&self, key: &str) -> Option<&str> {
        match self.root_leaf(key) {
            Some(Leaf::String(piece)) if piece.len > 0 => Some(self.str(piece)),
            _ => None,
        }
    }
}

/// Number of events of the entry that `events` begins with.
pub(crate) fn entry_len(events: &[Event]) -> usize {
    let mut depth = 0usize;
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Enter { .. } => depth += 1,
            Event::Leave => depth = depth.saturating_sub(1),
            Event::Leaf { .. } => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    events.len()
}

/// Reads the value of canonical text (or of any JSON text).
///
/// # Errors
/// When `text` is not JSON, nests deeper than 127 levels, or holds a number that is not finite or a
/// lone surrogate.
pub fn read_value(text: &str) -> Result<Value, serde_json::Error> {
    read_tree(text)
}

#[cfg(test)]
mod tests {
    use super::{Event, Leaves, PATH_BYTES_MAX, read_value};

    #[test]
    fn to_value_undoes_from_value() {
        let text = r#"{"a":{"b":{},"c":[1,{"y":2,"x":[]}]},"d":null,"e":-0.0,"f":"x","g":true}"#;
        let value = read_value(text).unwrap();
        let leaves = Leaves::from_value(&value).unwrap();
        assert_eq!(leaves.to_value(), value);
        assert!(Leaves::from_value(&read_value("[1]").unwrap()).is_none());
        assert!(leaves.text.contains(r#"[1,{"x":[],"y":2}]"#), "{}", leaves.text);
    }

    #[test]
    fn entries_span_their_events() {
        let leaves = Leaves::read(r#"{"a":{"b":1,"c":{"d":2}},"e":3}"#).unwrap().leaves;
        let roots: Vec<_> =
            leaves.root_entries().map(|(key, events)| (key, events.len())).collect();
        assert_eq!(roots, [("a", 6), ("e", 1)]);
        let inner = &leaves.root_entry("a").unwrap()[1..];
        let inner: Vec<_> =
            leaves.entries(inner).map(|(key, events)| (key, events.len())).collect();
        assert_eq!(inner, [("b", 1), ("c", 3)]);
        assert!(leaves.root_leaf("a").is_none() && leaves.root_entry("b").is_none());
    }

    #[test]
    fn paths_name_events_and_stay_short() {
        let leaves = Leaves::read(r#"{"a":{"b":{"c":1},"d":2}}"#).unwrap().leaves;
        let paths: Vec<_> = (0..=leaves.events.len()).map(|event| leaves.path_at(event)).collect();
        assert_eq!(paths, ["a", "a.b", "a.b.c", "a.b", "a.d", "a", ""]);
        let long = format!(r#"{{"{}":{{"x":1}}}}"#, "é".repeat(1000));
        let path = Leaves::read(long).unwrap().leaves.path_at(1);
        assert!(path.len() <= PATH_BYTES_MAX + '…'.len_utf8() && path.ends_with('…'), "{path}");
    }

    #[test]
    fn buffers_are_reused() {
        let mut leaves = Leaves::read(r#"{"a":{"b":1}}"#).unwrap().leaves;
        let mut reader = crate::json::reader::LeavesReader::default();
        reader.read_into(br#"{"c":2}"#, &mut leaves).unwrap();
        assert_eq!((leaves.text.as_str(), leaves.events.len()), ("c", 1));
        assert!(matches!(leaves.events[0], Event::Leaf { .. }));
    }
}
