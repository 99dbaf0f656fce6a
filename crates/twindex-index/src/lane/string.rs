//! The texts of a lane, strings or arrays: dictionary codes, times, or raw text.

mod image;

use std::sync::OnceLock;

use twindex_kernels::LaneVec;
use twindex_model::cell::Text;
use twindex_model::kind::Kind;

use crate::counts::Counts;
use crate::dictionary::Dictionary;
use crate::lane::codes::{self, Codes};
use crate::lane::kind::Kinds;
use crate::lane::number::Had;
use crate::lane::raw::RawText;
use crate::lane::row_stamps::RowStamps;
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
    /// Places among the stamps that the row's lanes share.
    Shared(LaneVec<u8>),
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
    /// Stamps that the lanes of a row share.
    pub(crate) stamps: &'a mut RowStamps,
    /// Thresholds.
    pub(crate) options: &'a IndexOptions,
}

/// Row and slot of a value.
pub(crate) type At = (u16, usize);

/// Where texts lie that a lane does not hold itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextSource<'a> {
    /// The dictionary of the path's family, if there is one.
    pub(crate) dictionary: Option<&'a Dictionary>,
    /// Stamps that the lanes of a row share.
    pub(crate) stamps: &'a RowStamps,
}

impl TextScope<'_> {
    fn kind(&self) -> Kind {
        self.place.kind.kind()
    }

    fn source(&self) -> TextSource<'_> {
        let dictionary = self.texts.dictionary(self.place.family, self.place.kind);
        TextSource { dictionary, stamps: self.stamps }
    }
}

impl TextLane {
    /// An empty lane in the form that the path's policy says, for its first text.
    pub(crate) fn new(first: &str, scope: &mut TextScope<'_>) -> Self {
        match scope.texts.form_of_new_lane(&scope.place, first) {
            TextForm::Raw => Self::Raw(RawText::default()),
            TextForm::Shared => Self::Shared(LaneVec::new()),
            TextForm::Times => {
                let stamps = Stamp::parse(first).into_iter().collect();
                let times = TimeLane::new(stamps, scope.options.exceptions_max);
                times.map_or_else(Self::codes, Self::Times)
            }
            TextForm::Codes | TextForm::Unknown => Self::codes(),
        }
    }

    fn codes() -> Self {
        Self::Codes(CodeLane::of(Codes::up_to(0)))
    }

    /// The text at a slot that holds one.
    #[inline]
    pub(crate) fn text<'a>(&'a self, at: At, source: TextSource<'a>) -> Text<'a> {
        let (row, slot) = at;
        match self {
            Self::Codes(lane) => {
                let code = lane.codes.get(slot);
                Text::Borrowed(source.dictionary.map_or("", |dictionary| dictionary.text(code)))
            }
            Self::Raw(raw) => Text::Borrowed(raw.text(slot)),
            Self::Times(times) => times.text(slot),
            Self::Shared(places) => source.stamps.text(row, place_at(places, slot)),
        }
    }

    /// Writes a text; `had` says whether the slot held one before.
    pub(crate) fn set(&mut self, at: At, text: &str, had: Had, scope: &mut TextScope<'_>) {
        let (row, slot) = at;
        match self {
            Self::Codes(lane) => match scope.texts.code(&scope.place, scope.options, text) {
                Some(code) => lane.set(slot, code, had),
                None => self.leave(TextForm::Raw, (at, text), scope),
            },
            Self::Raw(raw) => {
                raw.set(slot, text.as_bytes());
                scope.texts.note_raw(&scope.place, scope.options);
            }
            Self::Times(times) => {
                if !times.set(slot, text, (scope.kinds, scope.kind())) {
                    let is_many = scope.kinds.count(scope.kind()) as usize
                        > scope.options.dictionary_values_min;
                    let form = if is_many { TextForm::Raw } else { TextForm::Codes };
                    self.leave(form, (at, text), scope);
                }
            }
            Self::Shared(places) => {
                match scope.stamps.place(row, text, scope.options.exceptions_max) {
                    Some(place) => set_place(places, slot, place),
                    None => self.leave(TextForm::Times, (at, text), scope),
                }
            }
        }
    }

    /// Goes on in another form, and so do the path's lanes to come; then writes a text that was too
    /// much for this one.
    fn leave(&mut self, form: TextForm, (at, text): (At, &str), scope: &mut TextScope<'_>) {
        scope.texts.set_form(scope.place.path, scope.place.kind, form);
        let others = places_but(scope, Some(at.1));
        *self = match form {
            TextForm::Times => match self.times_of(&others, Some(text), scope) {
                Some(times) => Self::Times(times),
                None => self.codes_of(&others, scope),
            },
            TextForm::Codes => self.codes_of(&others, scope),
            _ => Self::Raw(self.raw_of(&others, scope.source())),
        };
        self.set(at, text, Had::None, scope);
    }

    fn codes_of(&self, places: &[At], scope: &mut TextScope<'_>) -> Self {
        let mut lane = CodeLane::of(Codes::up_to(0));
        for at in places {
            let text = self.text(*at, scope.source()).to_string();
            match scope.texts.code(&scope.place, scope.options, &text) {
                Some(code) => lane.codes.set(at.1, code),
                None => return Self::Raw(self.raw_of(places, scope.source())),
            }
        }
        Self::Codes(lane)
    }

    fn raw_of(&self, places: &[At], source: TextSource<'_>) -> RawText {
        let mut raw = RawText::default();
        for at in places {
            raw.set(at.1, self.text(*at, source).as_bytes());
        }
        raw
    }

    /// The texts at `places` as stamps, with room for one more text; `None` if too many are odd.
    fn times_of(
        &self,
        places: &[At],
        more: Option<&str>,
        scope: &TextScope<'_>,
    ) -> Option<TimeLane> {
        let texts = || places.iter().map(|at| (at.1, self.text(*at, scope.source())));
        let stamps = texts().filter_map(|(_, text)| Stamp::parse(&text));
        let stamps = stamps.chain(more.and_then(Stamp::parse)).collect();
        let mut times = TimeLane::new(stamps, scope.options.exceptions_max)?;
        texts().all(|(slot, text)| times.accept(slot, &text)).then_some(times)
    }

    /// Turns codes into times where `form` says so and they are stamps, else into raw text.
    pub(crate) fn leave_codes(&mut self, form: TextForm, scope: &TextScope<'_>) {
        let Self::Codes(_) = self else { return };
        let places = places_but(scope, None);
        if form == TextForm::Times
            && let Some(times) = self.times_of(&places, None, scope)
        {
            *self = Self::Times(times);
            return;
        }
        *self = Self::Raw(self.raw_of(&places, scope.source()));
    }

    /// Turns raw text into codes.
    pub(crate) fn leave_raw(&mut self, scope: &mut TextScope<'_>) {
        if let Self::Raw(_) = self {
            *self = self.codes_of(&places_but(scope, None), scope);
        }
    }

    /// Drops what is kept for the text at a slot, which is about to be undefined or of another kind.
    pub(crate) fn forget(&mut self, slot: usize) {
        match self {
            Self::Codes(lane) => lane.forget(slot),
            Self::Raw(raw) => raw.set(slot, b""),
            Self::Times(_) | Self::Shared(_) => (),
        }
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        match self {
            Self::Codes(lane) => lane.codes.insert(slot),
            Self::Raw(raw) => raw.insert(slot),
            Self::Times(times) => times.insert(slot),
            Self::Shared(places) => codes::insert(places, slot),
        }
    }

    /// Takes a slot out, whose text was forgotten.
    pub(crate) fn remove(&mut self, slot: usize) {
        match self {
            Self::Codes(lane) => lane.codes.remove(slot),
            Self::Raw(raw) => raw.remove(slot),
            Self::Times(times) => times.remove(slot),
            Self::Shared(places) => codes::remove(places, slot),
        }
    }

    /// From slots to rows, as the lane becomes dense.
    pub(crate) fn scatter(&mut self, rows: &[u16]) {
        match self {
            Self::Codes(lane) => *lane = CodeLane::of(lane.codes.scatter(rows)),
            Self::Raw(raw) => raw.scatter(rows),
            Self::Times(times) => times.scatter(rows),
            Self::Shared(places) => *places = codes::scatter(places, rows),
        }
    }
}

/// Rows and slots that hold a text, but for one slot that is about to be written.
fn places_but(scope: &TextScope<'_>, slot: Option<usize>) -> Vec<At> {
    let places = scope.kinds.places_of_kind(scope.kind()).into_iter();
    places.filter(|at| Some(at.1) != slot).collect()
}

/// The place in a lane of shared stamps.
#[inline]
pub(crate) fn place_at(places: &LaneVec<u8>, slot: usize) -> u8 {
    places.get(slot).copied().unwrap_or(0)
}

/// Writes a place; the lane grows to the slot.
pub(crate) fn set_place(places: &mut LaneVec<u8>, slot: usize, place: u8) {
    if slot >= places.len() {
        places.resize(slot + 1, 0);
    }
    places.as_mut_slice()[slot] = place;
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
        self.append(slot, code);
    }

    /// Writes a code at a slot that held none.
    #[inline]
    pub(crate) fn append(&mut self, slot: usize, code: u32) {
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

    /// Writes the codes anew, each as `codes` has it, up to `greatest`.
    pub(crate) fn renumber(&mut self, codes: &[u32], greatest: u32) {
        *self = Self::of(self.codes.renumbered(codes, greatest));
    }

    /// Bytes of kept counts.
    pub(crate) fn count_bytes(&self) -> usize {
        self.counts.get().and_then(Option::as_ref).map_or(0, Counts::bytes)
    }

    /// Bytes of postings.
    pub(crate) fn posting_bytes(&self) -> usize {
        self.postings.get().and_then(Option::as_ref).map_or(0, Postings::bytes)
    }
}
