//! The image of the policies: how the texts of each path are stored. Dictionaries have images of
//! their own; which paths use them is derived from the lanes.

use twindex_model::path::PathId;

use super::{Policy, TextForm, TextKind, Texts};
use crate::catalog::{Catalog, Family};
use crate::dictionary::Dictionary;
use crate::image::{Image as _, ImageBytes, put_len};

impl Texts {
    /// Appends the image.
    pub(crate) fn write_image(&self, catalog: &Catalog, out: &mut Vec<u8>) {
        let has_policy = |path: &PathId| (path.0 as usize) < self.policies.len();
        let paths: Vec<PathId> = catalog.paths().filter(has_policy).collect();
        put_len(out, paths.len());
        for path in paths {
            path.0.write(out);
            for policy in &self.policies[path.0 as usize] {
                (policy.form as u8).write(out);
                policy.n_added.write(out);
            }
        }
    }

    /// The policies of an image; `None` if it is none.
    pub(crate) fn read_image(bytes: &[u8], catalog: &Catalog) -> Option<Self> {
        let mut from = ImageBytes(bytes);
        let mut texts = Self::default();
        for _ in 0..from.len(14)? {
            let path = PathId(u32::read(&mut from)?);
            catalog.has(path).then_some(())?;
            for kind in TextKind::ALL {
                let form = form_of(u8::read(&mut from)?)?;
                let n_added = u32::read(&mut from)?;
                *texts.policy_mut(path, kind) = Policy { form, n_added, ..Policy::default() };
            }
        }
        from.end()?;
        Some(texts)
    }

    /// The families that have a dictionary of a kind.
    pub(crate) fn with_dictionary(&self) -> impl Iterator<Item = (Family, TextKind)> {
        let families = (0..).map(Family).zip(&self.by_family);
        families.flat_map(|(family, numbers)| {
            let has = move |kind: &TextKind| numbers[*kind as usize] > 0;
            TextKind::ALL.into_iter().filter(has).map(move |kind| (family, kind))
        })
    }

    /// Puts back the dictionary of an image; `None` if it is none.
    pub(crate) fn restore_dictionary(
        &mut self,
        (family, kind): (Family, TextKind),
        bytes: &[u8],
    ) -> Option<()> {
        self.n_generations += 1;
        let dictionary = Dictionary::read_image(bytes, self.n_generations)?;
        let place = self.dictionary_or_new(family, kind);
        self.dictionaries[place] = dictionary;
        Some(())
    }

    /// Notes that a path has codes in its lanes, after those were restored.
    pub(crate) fn restore_user(&mut self, path: PathId, family: Family, kind: TextKind) {
        let place = self.dictionary_or_new(family, kind);
        let policy = self.policy_mut(path, kind);
        if !std::mem::replace(&mut policy.is_user, true) {
            self.dictionaries[place].n_users += 1;
        }
    }
}

fn form_of(byte: u8) -> Option<TextForm> {
    let forms =
        [TextForm::Unknown, TextForm::Codes, TextForm::Times, TextForm::Shared, TextForm::Raw];
    forms.into_iter().find(|form| *form as u8 == byte)
}
