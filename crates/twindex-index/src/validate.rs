//! The index against itself: every count, cache and table rebuilt from the cells and compared.

use twindex_kernels::mask::Mask;
use twindex_model::cell::Cell;
use twindex_model::kind::Kind;
use twindex_model::path::{Collection, RowId};

use crate::counts::Counts;
use crate::identity::{Identity, identity_of_row};
use crate::index::Index;
use crate::lane::Lane;
use crate::lane::number::NumberForm;
use crate::lane::string::{CodeLane, TextLane, place_at};
use crate::segment::Segment;
use crate::texts::TextKind;
use crate::zone::Zones;

/// Whether something is as it should be, or how it is not.
type Checked = Result<(), String>;

impl Index {
    /// Rebuilds everything that is kept beside the cells and compares.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn validate(&self) -> Result<(), String> {
        for collection in [Collection::Devices, Collection::Modules] {
            let store = self.store(collection);
            for (number, segment) in store.segments.iter().enumerate() {
                self.validate_segment(segment)
                    .map_err(|difference| format!("{collection:?} {number}: {difference}"))?;
            }
            let n_live: u64 = store.segments.iter().map(|s| u64::from(s.n_live())).sum();
            expect("live rows", store.n_rows, n_live)?;
            expect("identities", store.by_identity.len() as u64, n_live)?;
            self.validate_identities(collection)?;
            self.validate_catalog(collection)?;
        }
        let n_modules = self.store(Collection::Modules).n_rows;
        expect("modules", self.store(Collection::Modules).modules.len() as u64, n_modules)?;
        let roots = [&["tags"][..], &["properties", "desired"], &["properties", "reported"]];
        self.validate_totals()?;
        self.validate_weights(roots.map(|keys| self.catalog.path(keys)))?;
        self.catalog.validate()?;
        self.texts.validate(&self.catalog)
    }

    fn validate_identities(&self, collection: Collection) -> Checked {
        let store = self.store(collection);
        for (number, segment) in store.segments.iter().enumerate() {
            for place in segment.live() {
                let row = RowId::new(number, place);
                let (device, module) = identity_of_row(row, (&store.segments, &self.texts));
                let identity = Identity { device_id: &device, module_id: module.as_deref() };
                let found = store.by_identity.find(identity, (&store.segments, &self.texts));
                expect("row of identity", found, Some(row))?;
                expect("collection of identity", identity.collection(), collection)?;
            }
        }
        Ok(())
    }

    fn validate_catalog(&self, collection: Collection) -> Checked {
        for path in self.catalog.paths() {
            let lanes = self.store(collection).segments.iter().filter_map(|s| s.lane(path));
            let mut n_rows = [0; 8];
            for lane in lanes {
                let counts = n_rows.iter_mut().zip(lane.kinds.counts());
                counts.for_each(|(sum, count)| *sum += count);
            }
            for kind in Kind::ALL {
                let kept = self.catalog.n_rows(collection, path, kind);
                expect(&format!("{path:?} {kind:?}"), kept, n_rows[kind as usize])?;
            }
        }
        Ok(())
    }

    fn validate_segment(&self, segment: &Segment) -> Checked {
        expect("live", segment.n_live(), segment.live().count())?;
        segment.undo().validate()?;
        expect("listed undo", segment.undo().newest().is_none() || segment.is_listed, true)?;
        segment.stamps().validate()?;
        let free = (0..=u16::MAX).filter(|row| !segment.live().get(*row));
        let n_left: usize = free.map(|row| segment.stamps().n_places(row)).sum();
        expect("stamps of free rows", n_left, 0)?;
        expect("rows within the runs of the layout", segment.is_layout_valid(), true)?;
        for (lane, span) in segment.lanes().iter().zip(segment.spans()) {
            expect("rows within the span", lane.kinds.rows().all(|row| span.has(row)), true)?;
            self.validate_lane(segment, lane)
                .map_err(|difference| format!("{:?}: {difference}", lane.path))?;
        }
        Ok(())
    }

    fn validate_lane(&self, segment: &Segment, lane: &Lane) -> Checked {
        let above = self.catalog.parent(lane.path).map(|parent| segment.lane(parent));
        let mut counts = [0; 8];
        let rows: Vec<u16> = lane.kinds.rows().collect();
        expect("ascending rows", rows.is_sorted(), true)?;
        for row in rows {
            let kind = lane.kinds.kind(row);
            counts[kind as usize] += 1;
            expect("live row", segment.live().get(row), true)?;
            if let Some(above) = above {
                let kind = above.map_or(Kind::Undefined, |lane| lane.kinds.kind(row));
                expect("kind of the parent", kind, Kind::Object)?;
            }
            if let (Kind::String, Some(TextLane::Shared(places))) = (kind, lane.strings.as_deref())
            {
                let slot = lane.kinds.find(row).map_or(0, |(slot, _)| slot);
                let place = usize::from(place_at(places, slot));
                expect("a stamp of the row", segment.stamps().is_taken(row, place), true)?;
            }
            let cell = lane.cell(row, segment.reading(&self.texts));
            expect("kind of the cell", cell.kind(), kind)?;
            if let Cell::Number(number) = cell {
                expect("finite number", number.is_finite(), true)?;
            }
        }
        expect("counts", lane.kinds.counts(), &counts)?;
        self.validate_parts(lane)
    }

    fn validate_parts(&self, lane: &Lane) -> Checked {
        expect("numbers", lane.numbers.is_some(), lane.kinds.count(Kind::Number) > 0)?;
        expect("strings", lane.strings.is_some(), lane.kinds.count(Kind::String) > 0)?;
        expect("arrays", lane.arrays.is_some(), lane.kinds.count(Kind::Array) > 0)?;
        validate_numbers(lane)?;
        for kind in TextKind::ALL {
            match lane.text_part(kind) {
                Some(TextLane::Codes(part)) => {
                    expect("user of the dictionary", self.texts.is_user(lane.path, kind), true)?;
                    validate_codes((lane, kind), part)?;
                }
                Some(TextLane::Raw(raw)) => raw.validate()?,
                Some(TextLane::Times(_) | TextLane::Shared(_)) | None => (),
            }
        }
        Ok(())
    }
}

fn validate_numbers(lane: &Lane) -> Checked {
    let Some(part) = &lane.numbers else { return Ok(()) };
    let slots = lane.kinds.slots_of_kind(Kind::Number, None);
    if let NumberForm::Framed(framed) = &part.form {
        let is_odd = |slot: &u16| framed.codes.get(usize::from(*slot)) == framed.frame.n_codes();
        let odd: Vec<u16> = slots.iter().filter(is_odd).collect();
        let kept: Vec<u16> = framed.exceptions.iter().map(|e| e.0).collect();
        expect("exceptions", kept, odd)?;
        if let Some(counts) = part.counts.get() {
            let rebuilt = Counts::of_bytes(&framed.codes, slots.words());
            expect("number counts", counts.says_same(&rebuilt), true)?;
        }
    }
    if let Some(zones) = part.zones.get() {
        let tight = Zones::build(part, lane);
        for (kept, tight) in zones.extremes.iter().zip(tight.extremes) {
            let is_wide = match (kept, tight) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(kept), Some(tight)) => kept.0 <= tight.0 && kept.1 >= tight.1,
            };
            expect("zone as wide as its numbers", is_wide, true)?;
        }
    }
    Ok(())
}

fn validate_codes((lane, kind): (&Lane, TextKind), part: &CodeLane) -> Checked {
    let slots: Mask = lane.kinds.slots_of_kind(kind.kind(), None);
    if let Some(Some(counts)) = part.counts.get() {
        let rebuilt = Counts::build(&part.codes, slots.words(), usize::MAX);
        let same = rebuilt.is_some_and(|rebuilt| counts.says_same(&rebuilt));
        expect("code counts", same, true)?;
    }
    if let Some(Some(postings)) = part.postings.get() {
        let limits =
            crate::posting::PostingLimits { codes_max: usize::MAX, values_max: usize::MAX };
        let rebuilt = crate::posting::Postings::build(&part.codes, slots.words(), limits);
        let same = rebuilt.is_some_and(|rebuilt| postings.says_same(&rebuilt));
        expect("postings", same, true)?;
    }
    Ok(())
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, kept: T, rebuilt: T) -> Checked {
    if kept == rebuilt { Ok(()) } else { Err(format!("{what}: {kept:?} kept, {rebuilt:?} found")) }
}
