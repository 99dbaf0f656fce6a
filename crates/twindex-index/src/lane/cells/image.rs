//! The image of a lane: its kinds, then a part for numbers, strings and arrays each, if there is one.
//! Path and family stand outside it.

use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use super::Lane;
use crate::catalog::Catalog;
use crate::image::{Image, ImageBytes};
use crate::lane::kind::Kinds;
use crate::lane::number::NumberLane;
use crate::lane::string::TextLane;
use crate::texts::{TextKind, Texts};

impl Lane {
    /// Appends the image.
    pub(crate) fn write_image(&self, out: &mut Vec<u8>) {
        self.kinds.write(out);
        write_part(self.numbers.as_deref(), out);
        write_part(self.strings.as_deref(), out);
        write_part(self.arrays.as_deref(), out);
    }

    /// The lane of `path` with this image; `None` if it is none, or has codes that the dictionary
    /// has not.
    pub(crate) fn read_image(
        path: PathId,
        bytes: &[u8],
        (catalog, texts): (&Catalog, &Texts),
    ) -> Option<Self> {
        let mut from = ImageBytes(bytes);
        let mut lane = Self::new(path, catalog);
        lane.kinds = Kinds::read(&mut from)?;
        lane.numbers = Option::<NumberLane>::read(&mut from)?.map(Box::new);
        lane.strings = Option::<TextLane>::read(&mut from)?.map(Box::new);
        lane.arrays = Option::<TextLane>::read(&mut from)?.map(Box::new);
        from.end()?;
        // It may have no rows: a lane that was emptied while the checkpoint was made.
        let is_sound = lane.has_sound_numbers()
            && TextKind::ALL.into_iter().all(|kind| lane.has_sound_texts(kind, texts));
        is_sound.then_some(lane)
    }

    /// Whether there is a number for each slot that holds one.
    fn has_sound_numbers(&self) -> bool {
        let slots = self.kinds.slots_of_kind(Kind::Number, None);
        match &self.numbers {
            None => slots.is_empty(),
            Some(part) => !slots.is_empty() && part.is_sound(&slots),
        }
    }

    /// Whether there is a text for each slot that holds one of the kind.
    fn has_sound_texts(&self, kind: TextKind, texts: &Texts) -> bool {
        let slots = self.kinds.slots_of_kind(kind.kind(), None);
        let Some(part) = self.text_part(kind) else { return slots.is_empty() };
        let n_codes = self.dictionary(kind, texts).map_or(0, |dictionary| dictionary.len());
        let is_form = kind == TextKind::Strings || !part.is_of_stamps();
        is_form && !slots.is_empty() && part.is_sound(&slots, (self.kinds.n_slots(), n_codes))
    }
}

fn write_part<T: Image>(part: Option<&T>, out: &mut Vec<u8>) {
    u8::from(part.is_some()).write(out);
    part.iter().for_each(|part| part.write(out));
}
