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
        let parts = [
            (Kind::Number, lane.numbers.is_some()),
            (Kind::String, lane.strings.is_some()),
            (Kind::Array, lane.arrays.is_some()),
        ];
        let has_parts = parts.iter().all(|(kind, has)| (lane.kinds.count(*kind) > 0) == *has);
        let has_codes = TextKind::ALL.into_iter().all(|kind| lane.has_codes_of(kind, texts));
        (has_parts && has_codes).then_some(lane)
    }

    /// Whether the codes of a part are all in the dictionary.
    fn has_codes_of(&self, kind: TextKind, texts: &Texts) -> bool {
        let Some(TextLane::Codes(part)) = self.text_part(kind) else { return true };
        let n_texts = self.dictionary(kind, texts).map_or(0, |dictionary| dictionary.len());
        let slots = self.kinds.slots_of_kind(kind.kind(), None);
        slots.iter().all(|slot| (part.codes.get(slot.into()) as usize) < n_texts)
    }
}

fn write_part<T: Image>(part: Option<&T>, out: &mut Vec<u8>) {
    u8::from(part.is_some()).write(out);
    part.iter().for_each(|part| part.write(out));
}
