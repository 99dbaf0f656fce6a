//! How the texts of each path are stored, and the dictionaries of the families.
//!
//! A path begins with dictionary codes, or with times if its first text is a stamp. Once its texts
//! prove to be nearly all distinct it goes on as raw text, so that serials never fill dictionaries.
//! When its last text went it begins anew.

mod image;

use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::catalog::{Catalog, Family, shrink_vec};
use crate::dictionary::{Dictionary, Interned, texts_min};
use crate::lane::stamp::Stamp;
use crate::options::IndexOptions;

/// Times `dictionary_values_min`: so many values may a path bring before their bytes decide.
const MANY_VALUES: usize = 16;
/// One new value in so many rows is never too many.
const ROWS_PER_VALUE: u64 = 20;
/// Bytes of a dictionary for each text beside the text: offset, hash entry, and room to grow.
const ENTRY_BYTES: u64 = 16;
/// Bytes of a code among many, and of a raw text beside the text.
const CODE_BYTES: u64 = 4;
const RAW_BYTES: u64 = 2;

/// One of so many raw texts of a path must be written before it is looked at again.
const RAW_PART: u64 = 4;
/// The same once writes rest.
const REST_PART: u64 = 64;

/// Strings or arrays: each has dictionaries of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// Strings.
    Strings,
    /// Arrays, by canonical text.
    Arrays,
}

impl TextKind {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Strings, Self::Arrays];

    /// The kind of cell.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Strings => Kind::String,
            Self::Arrays => Kind::Array,
        }
    }

    /// The cell of a text.
    pub(crate) fn cell(self, text: Text<'_>) -> Cell<'_> {
        match self {
            Self::Strings => Cell::String(text),
            Self::Arrays => Cell::Array(text),
        }
    }
}

/// What new lanes of a path begin as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// No text was met.
    #[default]
    Unknown,
    /// Dictionary codes.
    Codes,
    /// Times.
    Times,
    /// Stamps that lanes of a row share.
    Shared,
    /// Raw text.
    Raw,
}

/// Policy of one path for one kind of text.
#[derive(Clone, Copy, Debug, Default)]
struct Policy {
    form: TextForm,
    /// Whether the path counts among the users of its dictionary.
    is_user: bool,
    /// Texts that this path brought into the dictionary; of raw text, those written since it was
    /// looked at.
    n_added: u32,
    /// Code that was written last, of whatever filling of the dictionary.
    newest: u32,
}

/// All policies and dictionaries.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// By path.
    policies: Vec<[Policy; 2]>,
    /// By family; 0 for none, else one above the place in `dictionaries`.
    by_family: Vec<[u32; 2]>,
    dictionaries: Vec<Dictionary>,
    /// Places in `dictionaries` that no family has.
    vacant: Vec<u32>,
    /// Generations below it were given to dictionaries.
    n_generations: u32,
    /// Dictionaries in which most codes may be of no row any more.
    due: Vec<(Family, TextKind)>,
    /// Texts written, ever.
    n_written: u64,
    /// Paths with raw text that should be looked at.
    raw_due: Vec<(PathId, TextKind)>,
    /// Paths that outgrew their dictionary and wait for [`Texts::take_outgrown`].
    outgrown: Vec<(PathId, TextKind)>,
}

/// Where a text is about to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextPlace {
    /// The path.
    pub(crate) path: PathId,
    /// Its family.
    pub(crate) family: Family,
    /// String or array.
    pub(crate) kind: TextKind,
    /// Rows of the path that hold such a text, this one apart.
    pub(crate) n_rows: u64,
    /// Whether stamps at the path are probably those of other lanes of the row.
    pub(crate) shares_stamps: bool,
}

impl Texts {
    /// The form a new lane takes for its first text.
    pub(crate) fn form_of_new_lane(&mut self, place: &TextPlace, text: &str) -> TextForm {
        let policy = self.policy_mut(place.path, place.kind);
        if policy.form == TextForm::Unknown {
            let is_string = place.kind == TextKind::Strings;
            policy.form = match Stamp::parse(text).filter(|_| is_string) {
                Some(stamp) if place.shares_stamps && stamp.is_trimmed() => TextForm::Shared,
                Some(_) => TextForm::Times,
                None => TextForm::Codes,
            };
        }
        policy.form
    }

    /// Decides what new lanes of a path take.
    pub(crate) fn set_form(&mut self, path: PathId, kind: TextKind, form: TextForm) {
        self.policy_mut(path, kind).form = form;
    }

    /// The code of a text in the dictionary of the path; `None` if that is full.
    pub(crate) fn code(
        &mut self,
        place: &TextPlace,
        options: &IndexOptions,
        text: &str,
    ) -> Option<u32> {
        let dictionary = self.dictionary_or_new(place.family, place.kind);
        let policy = &mut self.policies[place.path.0 as usize][place.kind as usize];
        let interned = self.dictionaries[dictionary].intern_near(text, policy.newest);
        if let Interned::Known(code) | Interned::New(code) = interned {
            policy.newest = code;
        }
        if !policy.is_user {
            policy.is_user = true;
            self.dictionaries[dictionary].n_users += 1;
        }
        self.n_written += 1;
        if self.dictionaries[dictionary].note_write(texts_min(options)) {
            self.due.push((place.family, place.kind));
        }
        match interned {
            Interned::Known(code) => Some(code),
            Interned::New(code) => {
                policy.n_added += 1;
                let text_bytes = self.dictionaries[dictionary].mean_bytes();
                let (n_added, n_rows) = (u64::from(policy.n_added), place.n_rows + 1);
                if is_outgrown((n_added, n_rows), text_bytes, options.dictionary_values_min) {
                    self.outgrown.push((place.path, place.kind));
                }
                Some(code)
            }
            Interned::NoRoom => None,
        }
    }

    /// The dictionary of a family, if it has one.
    pub(crate) fn dictionary(&self, family: Family, kind: TextKind) -> Option<&Dictionary> {
        let number = self.by_family.get(family.0 as usize)?[kind as usize];
        self.dictionaries.get(number.checked_sub(1)? as usize)
    }

    /// Whether a path counts among the users of its dictionary.
    pub(crate) fn is_user(&self, path: PathId, kind: TextKind) -> bool {
        self.policies.get(path.0 as usize).is_some_and(|policies| policies[kind as usize].is_user)
    }

    /// Paths whose code lanes must become raw or times now.
    pub(crate) fn take_outgrown(&mut self) -> Vec<(PathId, TextKind)> {
        std::mem::take(&mut self.outgrown)
    }

    /// Whether [`Texts::take_outgrown`] would give any.
    pub(crate) fn has_outgrown(&self) -> bool {
        !self.outgrown.is_empty()
    }

    /// Notes that a path has no code lane left; the dictionary is emptied after its last user.
    pub(crate) fn leave_dictionary(&mut self, path: PathId, family: Family, kind: TextKind) {
        let policy = self.policy_mut(path, kind);
        if !std::mem::take(&mut policy.is_user) {
            return;
        }
        policy.n_added = 0;
        let number = self.by_family.get(family.0 as usize).map_or(0, |both| both[kind as usize]);
        if let Some(place) = number.checked_sub(1) {
            let dictionary = &mut self.dictionaries[place as usize];
            dictionary.n_users -= 1;
            if dictionary.n_users == 0 {
                self.n_generations = self.n_generations.wrapping_add(1);
                dictionary.empty(self.n_generations);
            }
        }
    }

    /// Forgets what was decided for a path, which has no text of the kind.
    pub(crate) fn forget(&mut self, path: PathId, family: Family, kind: TextKind) {
        self.leave_dictionary(path, family, kind);
        if let Some(policies) = self.policies.get_mut(path.0 as usize) {
            policies[kind as usize] = Policy::default();
        }
    }

    /// Forgets a family, which has no path any more.
    pub(crate) fn forget_family(&mut self, family: Family) {
        let Some(numbers) = self.by_family.get_mut(family.0 as usize) else { return };
        for number in std::mem::take(numbers) {
            if let Some(place) = number.checked_sub(1) {
                self.n_generations = self.n_generations.wrapping_add(1);
                self.dictionaries[place as usize] = Dictionary::new(self.n_generations);
                self.vacant.push(place);
            }
        }
    }

    /// The form that new lanes of a path take.
    pub(crate) fn form(&self, path: PathId, kind: TextKind) -> TextForm {
        self.policies.get(path.0 as usize).map_or(TextForm::Unknown, |p| p[kind as usize].form)
    }

    /// Notes that a raw text was written.
    pub(crate) fn note_raw(&mut self, place: &TextPlace, options: &IndexOptions) {
        self.n_written += 1;
        let policy = self.policy_mut(place.path, place.kind);
        policy.n_added += 1;
        let n_rows = place.n_rows.max(options.dictionary_values_min as u64);
        if u64::from(policy.n_added) * RAW_PART > n_rows {
            policy.n_added = 0;
            self.raw_due.push((place.path, place.kind));
        }
    }

    /// Whether there is such a path.
    pub(crate) fn has_raw_due(&self) -> bool {
        !self.raw_due.is_empty()
    }

    /// A path of which so many raw texts were written anew that they may have become few.
    pub(crate) fn next_raw(&mut self) -> Option<(PathId, TextKind)> {
        self.raw_due.pop()
    }

    /// A dictionary that should be looked through for codes that no row has.
    pub(crate) fn next_due(&mut self) -> Option<(Family, TextKind)> {
        self.due.pop()
    }

    /// Texts written, ever.
    pub(crate) fn n_written(&self) -> u64 {
        self.n_written
    }

    /// Makes due whatever was written at all since it was looked at, now that writes rest; so many
    /// rows have texts of a path.
    pub(crate) fn find_rest(
        &mut self,
        options: &IndexOptions,
        n_rows: impl Fn(PathId, TextKind) -> u64,
    ) {
        let texts_min = texts_min(options);
        for (family, numbers) in (0..).map(Family).zip(&self.by_family) {
            for kind in TextKind::ALL {
                let place = numbers[kind as usize].checked_sub(1);
                let dictionary = place.and_then(|at| self.dictionaries.get_mut(at as usize));
                if dictionary.is_some_and(|dictionary| dictionary.is_due_at_rest(texts_min)) {
                    self.due.push((family, kind));
                }
            }
        }
        for (path, policies) in (0..).map(PathId).zip(&mut self.policies) {
            for kind in TextKind::ALL {
                let Policy { form, n_added, .. } = &mut policies[kind as usize];
                let n_written = u64::from(*n_added) * REST_PART;
                if *form == TextForm::Raw && n_written > n_rows(path, kind) {
                    *n_added = 0;
                    self.raw_due.push((path, kind));
                }
            }
        }
    }

    /// Looks for dictionaries to be looked through now that so many rows have texts of them.
    pub(crate) fn find_due(
        &mut self,
        options: &IndexOptions,
        n_rows: impl Fn(Family, TextKind) -> u64,
    ) {
        let texts_min = texts_min(options);
        for (family, numbers) in (0..).map(Family).zip(&self.by_family) {
            for kind in TextKind::ALL {
                let place = numbers[kind as usize].checked_sub(1);
                let dictionary = place.and_then(|at| self.dictionaries.get_mut(at as usize));
                if dictionary.is_some_and(|d| d.is_due(n_rows(family, kind), texts_min)) {
                    self.due.push((family, kind));
                }
            }
        }
    }

    /// The dictionary of a family, to be looked through.
    pub(crate) fn dictionary_mut(
        &mut self,
        family: Family,
        kind: TextKind,
    ) -> Option<&mut Dictionary> {
        let number = self.by_family.get(family.0 as usize)?[kind as usize];
        self.dictionaries.get_mut(number.checked_sub(1)? as usize)
    }

    /// Numbers the texts of a dictionary in use anew, so many being in use. Gives the new code of
    /// each old one.
    pub(crate) fn renumber(
        &mut self,
        (family, kind): (Family, TextKind),
        in_use: &[u64],
    ) -> Vec<u32> {
        self.n_generations = self.n_generations.wrapping_add(1);
        let generation = self.n_generations;
        let dictionary = self.dictionary_mut(family, kind);
        dictionary.map_or_else(Vec::new, |dictionary| dictionary.renumber(in_use, generation))
    }

    /// Says that of so many texts of a path's dictionary only so many are left.
    pub(crate) fn note_left(&mut self, path: PathId, kind: TextKind, (left, of): (usize, usize)) {
        if let Some(policies) = self.policies.get_mut(path.0 as usize) {
            let n_added = &mut policies[kind as usize].n_added;
            *n_added = (*n_added as usize * left / of.max(1)) as u32;
        }
    }

    /// Gives back memory of paths and families at and past these numbers, which are gone.
    pub(crate) fn shrink(&mut self, n_paths: usize, n_families: usize) {
        self.policies.truncate(n_paths);
        self.by_family.truncate(n_families);
        // The last one is taken first.
        self.vacant.sort_unstable_by(|a, b| b.cmp(a));
        let n_dictionaries = self.dictionaries.len();
        let is_last = |(n, at): &(usize, &u32)| **at as usize + n + 1 == n_dictionaries;
        let n_last = self.vacant.iter().enumerate().take_while(is_last).count();
        self.vacant.drain(..n_last);
        self.dictionaries.truncate(n_dictionaries - n_last);
        shrink_vec(&mut self.policies);
        shrink_vec(&mut self.by_family);
        shrink_vec(&mut self.dictionaries);
        shrink_vec(&mut self.vacant);
    }

    /// Bytes of all dictionaries.
    pub(crate) fn dictionary_bytes(&self) -> usize {
        let bytes: usize = self.dictionaries.iter().map(Dictionary::bytes).sum();
        bytes
            + self.dictionaries.capacity() * size_of::<Dictionary>()
            + self.vacant.capacity() * 4
            + (self.raw_due.capacity() + self.due.capacity()) * size_of::<(Family, TextKind)>()
    }

    /// Those of them in which nothing lies.
    pub(crate) fn dictionary_slack_bytes(&self) -> usize {
        self.dictionaries.iter().map(Dictionary::slack_bytes).sum()
    }

    /// Bytes of the policies.
    pub(crate) fn policy_bytes(&self) -> usize {
        self.policies.capacity() * size_of::<[Policy; 2]>() + self.by_family.capacity() * 8
    }

    /// The first difference between the users that are noted and those in the catalogue.
    pub(crate) fn validate(&self, catalog: &Catalog) -> Result<(), String> {
        for kind in TextKind::ALL {
            let mut users = vec![0; self.dictionaries.len() + 1];
            for path in catalog.paths().filter(|path| self.is_user(*path, kind)) {
                let both = self.by_family.get(catalog.family(path).0 as usize);
                users[both.map_or(0, |both| both[kind as usize]) as usize] += 1;
            }
            for both in &self.by_family {
                let number = both[kind as usize] as usize;
                let noted = number.checked_sub(1).map(|place| self.dictionaries[place].n_users);
                if noted.is_some_and(|noted| noted != users[number]) {
                    return Err(format!(
                        "dictionary {number}: {noted:?} users noted, {}",
                        users[number]
                    ));
                }
            }
        }
        Ok(())
    }

    fn policy_mut(&mut self, path: PathId, kind: TextKind) -> &mut Policy {
        let at = path.0 as usize;
        if at >= self.policies.len() {
            self.policies.resize(at + 1, [Policy::default(); 2]);
        }
        &mut self.policies[at][kind as usize]
    }

    fn dictionary_or_new(&mut self, family: Family, kind: TextKind) -> usize {
        let at = family.0 as usize;
        if at >= self.by_family.len() {
            self.by_family.resize(at + 1, [0; 2]);
        }
        let number = &mut self.by_family[at][kind as usize];
        if *number == 0 {
            *number = 1 + match self.vacant.pop() {
                Some(place) => place,
                None => {
                    self.n_generations = self.n_generations.wrapping_add(1);
                    self.dictionaries.push(Dictionary::new(self.n_generations));
                    self.dictionaries.len() as u32 - 1
                }
            };
        }
        *number as usize - 1
    }
}

/// Whether so many new texts of so many bytes among the rows of a path are too many for a dictionary:
/// half of the rows early on; once there are many, what takes more than half of the memory that raw
/// text would. The other half is what hashing each text must be worth.
fn is_outgrown((n_added, n_rows): (u64, u64), text_bytes: u64, values_min: usize) -> bool {
    if n_added <= values_min as u64 {
        return false;
    }
    if n_added <= values_min.saturating_mul(MANY_VALUES) as u64 {
        return n_added * 2 > n_rows;
    }
    let texts = n_added * (text_bytes + text_bytes / 2 + ENTRY_BYTES);
    let is_large = (texts + n_rows * CODE_BYTES) * 2 > n_rows * (text_bytes + RAW_BYTES);
    is_large && n_added * ROWS_PER_VALUE > n_rows
}

#[cfg(test)]
mod tests {
    use super::is_outgrown;

    #[test]
    fn bytes_decide_once_values_are_many() {
        let million = 1_000_000;
        // Early on half of the rows may be new, whatever they hold.
        assert!(!is_outgrown((4_096, 4_096), 8, 4_096));
        assert!(!is_outgrown((5_000, 10_000), 8, 4_096));
        assert!(is_outgrown((5_001, 10_000), 8, 4_096));
        // Names of parents: long, and one for some rows.
        assert!(!is_outgrown((million, 10 * million), 45, 4_096));
        assert!(is_outgrown((million, 3 * million), 45, 4_096));
        // Short ones are no better off as codes, unless they are few.
        assert!(is_outgrown((million, 10 * million), 8, 4_096));
        assert!(!is_outgrown((million, 20 * million), 8, 4_096));
        // Serials.
        assert!(is_outgrown((million, million), 200, 4_096));
    }
}
