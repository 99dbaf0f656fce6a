//! Many keys in sequence, their texts one after the other.
//!
//! A million keys that own their texts are a million allocations to make, and as many to let go:
//! that took longer than all a query did with them, and nothing can stop it on the way.

use twindex_model::cell::Cell;

use crate::budget::sampled;
use crate::key::{Container, Key};
use crate::key_ref::KeyRef;

/// Keys by their places.
#[derive(Debug, Default)]
pub(crate) struct KeyList {
    keys: Vec<Kept>,
    texts: String,
    containers: Vec<Container>,
}

/// One of them: 16 bytes.
#[derive(Clone, Copy, Debug)]
enum Kept {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text { begin: usize, len: u32 },
    Container(u32),
}

impl KeyList {
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key at a place below [`KeyList::len`].
    pub(crate) fn get(&self, place: usize) -> KeyRef<'_> {
        match self.keys[place] {
            Kept::Undefined => KeyRef::Undefined,
            Kept::Null => KeyRef::Null,
            Kept::Bool(value) => KeyRef::Bool(value),
            Kept::Number(number) => KeyRef::Number(number),
            Kept::Text { begin, len } => KeyRef::String(&self.texts[begin..begin + len as usize]),
            Kept::Container(place) => KeyRef::Container(&self.containers[place as usize]),
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = KeyRef<'_>> {
        (0..self.len()).map(|place| self.get(place))
    }

    /// Forgets all keys and keeps the room they had.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.texts.clear();
        self.containers.clear();
    }

    /// Adds a key.
    pub(crate) fn push(&mut self, key: KeyRef<'_>) {
        let kept = match key {
            KeyRef::Undefined => Kept::Undefined,
            KeyRef::Null => Kept::Null,
            KeyRef::Bool(value) => Kept::Bool(value),
            KeyRef::Number(number) => Kept::Number(number),
            KeyRef::String(text) => self.kept_text(text),
            KeyRef::Container(container) => {
                self.containers.push(container.clone());
                // A list has at most one key for each row of a collection.
                Kept::Container(self.containers.len() as u32 - 1)
            }
        };
        self.keys.push(kept);
    }

    /// Adds the key of a cell, which is no object.
    pub(crate) fn push_cell(&mut self, cell: &Cell<'_>) {
        if let Cell::String(text) = cell {
            let kept = self.kept_text(text);
            self.keys.push(kept);
        } else {
            self.push(Key::of_cell(cell, || None).borrowed());
        }
    }

    fn kept_text(&mut self, text: &str) -> Kept {
        let begin = self.texts.len();
        self.texts.push_str(text);
        // A text is shorter than 4 GiB, or it would not be in the index.
        Kept::Text { begin, len: text.len() as u32 }
    }

    /// Bytes on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let containers = &self.containers;
        self.keys.capacity() * size_of::<Kept>()
            + self.texts.capacity()
            + containers.capacity() * size_of::<Container>()
            + sampled(containers.iter().map(Container::heap_bytes), containers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Kept, Key, KeyList};
    use twindex_model::json::read::read_value;

    #[test]
    fn keys_come_back() {
        let texts = ["null", "true", "1.5", "\"\"", "\"abc\"", "[1,\"x\"]", "{\"a\":{}}", "\"d\""];
        let key = |text: &str| Key::of_value(read_value(text).expect("test JSON"));
        let keys: Vec<Key> = texts.map(key).into_iter().chain([Key::Undefined]).collect();
        let mut list = KeyList::default();
        keys.iter().for_each(|key| list.push(key.borrowed()));
        list.push_cell(&Cell::String("e".into()));
        list.push_cell(&Cell::Array("[2]".into()));
        assert_eq!(list.len(), keys.len() + 2);
        assert!(list.iter().zip(&keys).all(|(a, b)| a == b.borrowed() && a.to_key() == *b));
        assert_eq!(list.get(keys.len()).to_key(), key("\"e\""));
        assert_eq!(list.get(keys.len() + 1).to_key(), key("[2]"));
        assert_eq!(size_of::<Kept>(), 16);
    }
}
