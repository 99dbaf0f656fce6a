//! The texts of a lane, strings or arrays: dictionary codes, times, or raw text.

use std::sync::OnceLock;

use twindex_kernels::mask::Mask;
use twindex_model::cell::Text;
use twindex_model::kind::Kind;

use crate::counts::Counts;
use crate::dictionary::Dictionary;
use crate::lane::codes::Codes;
use crate::lane::kind::Kinds;
use crate::lane::number::Had;
use crate::lane::raw::RawText;
use crate::lane::stamp::Stamp;
use crate::lane::time::TimeLane;
use crate::options::IndexOptions;
use crate::posting::Postings;
use crate::texts::{TextForm, TextPlace, Texts};

/// Texts by slot.
#[derive(Debug)]
pub(crate) enum TextLane {
    /// Codes of the family's dictionary.
    Codes(CodeLane),
    /// Texts as they are.
    Raw(RawText),
    /// UTC stamps.
    Times(TimeLane),
}

/// Codes, with what is derived from them.
#[derive(Debug)]
pub(crate) struct CodeLane {
    pub(crate) codes: Codes,
    /// Rows by code, if codes are small enough.
    pub(crate) counts: OnceLock<Option<Counts>>,
    /// Rows of each code, if they are few; only in dense lanes.
    pub(crate) postings: OnceLock<Option<Postings>>,
}

/// What a text lane needs to know of the lane and index around it.
#[derive(Debug)]
pub(crate) struct TextScope<'a> {
    /// Kinds of the lane, with the slot that is written already of its new kind.
    pub(crate) kinds: &'a Kinds,
    /// Path and kind.
    pub(crate) place: TextPlace,
    /// Dictionaries and policies.
    pub(crate) texts: &'a mut Texts,
    /// Thresholds.
    pub(crate) options: &'a IndexOptions,
}

impl TextScope<'_> {
    fn kind(&self) -> Kind {
        self.place.kind.kind()
    }
}

impl TextLane {
    /// An empty lane in the form that the path's policy says, for its first text.
    pub(crate) fn new(first: &str, scope: &mut TextScope<'_>) -> Self {
        match scope.texts.form_of_new_lane(&scope.place, first) {
            TextForm::Raw => Self::Raw(RawText::default()),
            TextForm::Times => match Stamp::parse(first) {
                Some(stamp) => Self::Times(TimeLane::new(stamp, scope.options.exceptions_max)),
                None => Self::codes(),
            },
            TextForm::Codes | TextForm::Unknown => Self::codes(),
        }
    }

    fn codes() -> Self {
        Self::Codes(CodeLane::of(Codes::up_to(0)))
    }

    /// The text at a slot that holds one.
    #[inline]
    pub(crate) fn text<'a>(&'a self, slot: usize, dictionary: Option<&'a Dictionary>) -> Text<'a> {
        match self {
            Self::Codes(lane) => {
                let code = lane.codes.get(slot);
                Text::Borrowed(dictionary.map_or("", |dictionary| dictionary.text(code)))
            }
            Self::Raw(raw) => Text::Borrowed(raw.text(slot)),
            Self::Times(times) => times.text(slot),
        }
    }

    /// Writes a text; `had` says whether the slot held one before.
    pub(crate) fn set(&mut self, slot: usize, text: &str, had: Had, scope: &mut TextScope<'_>) {
        match self {
            Self::Codes(lane) => match scope.texts.code(&scope.place, scope.options, text) {
                Some(code) => lane.set(slot, code, had),
                None => {
                    self.make_raw(slot, scope);
                    self.set(slot, text, Had::None, scope);
                }
            },
            Self::Raw(raw) => raw.set(slot, text.as_bytes()),
            Self::Times(times) => {
                if !times.set(slot, text, (scope.kinds, scope.kind())) {
                    self.leave_times(slot, scope);
                    self.set(slot, text, Had::None, scope);
                }
            }
        }
    }

    /// Too many texts are no stamps: goes on as codes, or as raw text where codes would be many.
    /// The slot given is about to be written.
    fn leave_times(&mut self, slot: usize, scope: &mut TextScope<'_>) {
        let n_rows = scope.kinds.count(scope.kind()) as usize;
        let (path, kind) = (scope.place.path, scope.place.kind);
        if n_rows > scope.options.dictionary_values_min {
            scope.texts.set_form(path, kind, TextForm::Raw);
            self.make_raw(slot, scope);
            return;
        }
        scope.texts.set_form(path, kind, TextForm::Codes);
        let mut lane = CodeLane::of(Codes::up_to(0));
        for at in slots_but(scope, Some(slot)).iter().map(usize::from) {
            let text = self.text(at, None);
            if let Some(code) = scope.texts.code(&scope.place, scope.options, &text) {
                lane.codes.set(at, code);
            }
        }
        *self = Self::Codes(lane);
    }

    /// Goes on as raw text; the slot given is about to be written.
    fn make_raw(&mut self, slot: usize, scope: &mut TextScope<'_>) {
        let dictionary = scope.texts.dictionary(scope.place.family, scope.place.kind);
        *self = Self::Raw(self.raw_of(&slots_but(scope, Some(slot)), dictionary));
    }

    fn raw_of(&self, slots: &Mask, dictionary: Option<&Dictionary>) -> RawText {
        let mut raw = RawText::default();
        for slot in slots.iter().map(usize::from) {
            raw.set(slot, self.text(slot, dictionary).as_bytes());
        }
        raw
    }

    /// Turns codes into times where `form` says so and they are stamps, else into raw text.
    pub(crate) fn leave_codes(&mut self, form: TextForm, scope: &TextScope<'_>) {
        let Self::Codes(_) = self else { return };
        let dictionary = scope.texts.dictionary(scope.place.family, scope.place.kind);
        if form == TextForm::Times
            && let Some(times) = self.times_of(scope, dictionary)
        {
            *self = Self::Times(times);
            return;
        }
        *self = Self::Raw(self.raw_of(&slots_but(scope, None), dictionary));
    }

    fn times_of(&self, scope: &TextScope<'_>, dictionary: Option<&Dictionary>) -> Option<TimeLane> {
        let slots = slots_but(scope, None);
        let mut slots = slots.iter().map(usize::from);
        let texts = slots.clone().map(|at| self.text(at, dictionary));
        let stamps = texts.filter_map(|text| Stamp::parse(&text)).collect();
        let mut times = TimeLane::of_all(stamps, scope.options.exceptions_max)?;
        let fits = slots.all(|at| times.accept(at, &self.text(at, dictionary)));
        fits.then_some(times)
    }

    /// Drops what is kept for the text at a slot, which is about to be undefined or of another kind.
    pub(crate) fn forget(&mut self, slot: usize) {
        match self {
            Self::Codes(lane) => lane.forget(slot),
            Self::Raw(raw) => raw.set(slot, b""),
            Self::Times(_) => (),
        }
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        match self {
            Self::Codes(lane) => lane.codes.insert(slot),
            Self::Raw(raw) => raw.insert(slot),
            Self::Times(times) => times.insert(slot),
        }
    }

    /// Takes a slot out, whose text was forgotten.
    pub(crate) fn remove(&mut self, slot: usize) {
        match self {
            Self::Codes(lane) => lane.codes.remove(slot),
            Self::Raw(raw) => raw.remove(slot),
            Self::Times(times) => times.remove(slot),
        }
    }

    /// From slots to rows, as the lane becomes dense.
    pub(crate) fn scatter(&mut self, rows: &[u16]) {
        match self {
            Self::Codes(lane) => *lane = CodeLane::of(lane.codes.scatter(rows)),
            Self::Raw(raw) => raw.scatter(rows),
            Self::Times(times) => times.scatter(rows),
        }
    }
}

/// The slots that hold a text, but for one that is about to be written.
fn slots_but(scope: &TextScope<'_>, slot: Option<usize>) -> Mask {
    let mut slots = scope.kinds.slots_of_kind(scope.kind(), None);
    if let Some(slot) = slot {
        slots.clear_row(slot as u16);
    }
    slots
}

impl CodeLane {
    fn of(codes: Codes) -> Self {
        Self { codes, counts: OnceLock::new(), postings: OnceLock::new() }
    }

    #[inline]
    fn set(&mut self, slot: usize, code: u32, had: Had) {
        if had == Had::Value {
            self.forget(slot);
        }
        self.codes.set(slot, code);
        if let Some(Some(counts)) = self.counts.get_mut()
            && !counts.add(code)
        {
            self.counts = OnceLock::new();
        }
        if let Some(Some(postings)) = self.postings.get_mut()
            && !postings.add(code, slot)
        {
            self.postings = OnceLock::new();
        }
    }

    fn forget(&mut self, slot: usize) {
        let code = self.codes.get(slot);
        if let Some(Some(counts)) = self.counts.get_mut() {
            counts.subtract(code);
        }
        if let Some(Some(postings)) = self.postings.get_mut() {
            postings.remove(code, slot);
        }
    }

    /// Bytes of what is derived.
    pub(crate) fn derived_bytes(&self) -> usize {
        let counts = self.counts.get().and_then(Option::as_ref).map_or(0, Counts::bytes);
        counts + self.postings.get().and_then(Option::as_ref).map_or(0, Postings::bytes)
    }
}
