//! Before-images of a segment: what stood in the cells that batches overwrote.
//!
//! Values are spelled out, never as codes, so lanes may be encoded anew and dictionaries collected
//! whatever is kept here. One log for all lanes of the segment was preferred to one for each: a
//! patch writes a handful of lanes, and one warm end costs less than as many cold ones. A record is
//! 16 bytes; texts lie in an arena behind the records, but for stamps, which fit a record.

use std::collections::VecDeque;

use twindex_model::cell::{Cell, Text};
use twindex_model::path::PathId;

use crate::lane::cells::Before;
use crate::lane::stamp::Stamp;
use crate::snapshot::Ts;

/// Records whose memory is kept for the next batches once none is needed any more.
const KEPT_RECORDS_MAX: usize = 1_024;
/// Batches, and events of rows, whose memory is kept likewise.
const KEPT_BATCHES_MAX: usize = 64;
/// Bytes of texts whose memory is kept likewise.
const KEPT_TEXT_BYTES_MAX: usize = 16_384;

/// The before-images of one segment, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    /// Invariant: ascending timestamps, none without records.
    batches: VecDeque<Batch>,
    /// Insertions and removals among the records.
    lives: VecDeque<Life>,
    records: Vec<Record>,
    /// Records dropped so far: number of the first in `records`.
    first_record: u64,
    texts: String,
    /// Bytes of texts dropped so far.
    first_text: u64,
}

/// Where the records of a batch begin.
#[derive(Clone, Copy, Debug)]
struct Batch {
    ts: Ts,
    record: u64,
    text: u64,
}

/// A row that got a twin or lost it.
#[derive(Clone, Copy, Debug)]
struct Life {
    record: u64,
    row: u16,
    fate: Fate,
}

/// What a row went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It got a twin. Nothing is kept of its cells: they were undefined.
    Born,
    /// It lost its twin, whose cells follow as records.
    Died,
}

/// A cell before a write, or an event of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    /// Bits of a number, ticks of a stamp, or the low half of a text's place and its length.
    value: u64,
    pub(crate) path: PathId,
    pub(crate) row: u16,
    form: Form,
    /// Digits of a stamp, or the high bits of a text's place.
    more: u8,
}

/// What the value of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Form {
    Undefined,
    Null,
    False,
    True,
    Number,
    String,
    Stamp,
    Array,
    Object,
    Born,
    Died,
}

/// The records of one batch, taken out of the log.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    records: Vec<Record>,
    texts: String,
    first_text: u64,
}

impl Undo {
    /// The newest batch that wrote here, if its before-images are kept.
    #[inline]
    pub(crate) fn newest(&self) -> Option<Ts> {
        self.batches.back().map(|batch| batch.ts)
    }

    /// Keeps the cell that `ts` is about to overwrite.
    pub(crate) fn note(&mut self, ts: Ts, at: (u16, PathId), before: &Before<'_>) {
        self.open(ts);
        let (row, path) = at;
        let (form, value, more) = match before {
            Before::Stamp(stamp) => (Form::Stamp, stamp.ticks as u64, stamp.digits),
            Before::Cell(cell) => match cell {
                Cell::Undefined => (Form::Undefined, 0, 0),
                Cell::Null => (Form::Null, 0, 0),
                Cell::Bool(false) => (Form::False, 0, 0),
                Cell::Bool(true) => (Form::True, 0, 0),
                Cell::Object => (Form::Object, 0, 0),
                Cell::Number(number) => (Form::Number, number.to_bits(), 0),
                Cell::String(text) => self.keep_text(Form::String, text),
                Cell::Array(text) => self.keep_text(Form::Array, text),
            },
        };
        self.records.push(Record { value, path, row, form, more });
    }

    /// Keeps that `ts` gives a row a twin, or is about to take its twin away.
    pub(crate) fn note_fate(&mut self, ts: Ts, row: u16, fate: Fate) {
        self.open(ts);
        let record = self.first_record + self.records.len() as u64;
        self.lives.push_back(Life { record, row, fate });
        let form = match fate {
            Fate::Born => Form::Born,
            Fate::Died => Form::Died,
        };
        self.records.push(Record { value: 0, path: PathId(0), row, form, more: 0 });
    }

    fn open(&mut self, ts: Ts) {
        if self.newest() != Some(ts) {
            let record = self.first_record + self.records.len() as u64;
            let text = self.first_text + self.texts.len() as u64;
            self.batches.push_back(Batch { ts, record, text });
        }
    }

    fn keep_text(&mut self, form: Form, text: &str) -> (Form, u64, u8) {
        let place = self.first_text + self.texts.len() as u64;
        self.texts.push_str(text);
        (form, place << 32 | text.len() as u64, (place >> 32) as u8)
    }

    /// Place in [`Undo::records`] of the first record newer than a version.
    pub(crate) fn first_after(&self, ts: Ts) -> usize {
        let batch = self.batches.partition_point(|batch| batch.ts <= ts);
        let record = self.batches.get(batch).map(|batch| batch.record);
        record.map_or(self.records.len(), |record| (record - self.first_record) as usize)
    }

    /// The records from a place on, each with its place.
    pub(crate) fn records(&self, from: usize) -> impl Iterator<Item = (u32, &Record)> {
        (from as u32..).zip(&self.records[from..])
    }

    /// Events from a place on: the place of their record, the row, and what happened.
    pub(crate) fn fates(&self, from: usize) -> impl Iterator<Item = (u32, u16, Fate)> {
        let from = self.first_record + from as u64;
        let first = self.lives.partition_point(|life| life.record < from);
        let place = |record: u64| (record - self.first_record) as u32;
        self.lives.range(first..).map(move |life| (place(life.record), life.row, life.fate))
    }

    /// The cell that a record keeps.
    pub(crate) fn cell(&self, place: u32) -> Cell<'_> {
        self.records[place as usize].cell(&self.texts, self.first_text)
    }

    /// Drops what no version from `oldest` on needs.
    pub(crate) fn prune(&mut self, oldest: Ts) {
        let n_dead = self.batches.partition_point(|batch| batch.ts <= oldest);
        if n_dead == 0 {
            return;
        }
        self.batches.drain(..n_dead);
        let Some(first) = self.batches.front().copied() else {
            self.empty();
            return;
        };
        let n_lives = self.lives.partition_point(|life| life.record < first.record);
        self.lives.drain(..n_lives);
        self.drop_before(first);
    }

    /// Moves the records that are left to the front, once those dropped are the greater part.
    fn drop_before(&mut self, first: Batch) {
        let n_records = (first.record - self.first_record) as usize;
        if n_records * 2 < self.records.len() {
            return;
        }
        self.records.drain(..n_records);
        self.first_record = first.record;
        self.texts.drain(..(first.text - self.first_text) as usize);
        self.first_text = first.text;
        self.shrink();
    }

    fn empty(&mut self) {
        self.first_record += self.records.len() as u64;
        self.first_text += self.texts.len() as u64;
        self.records.clear();
        self.texts.clear();
        self.lives.clear();
        self.shrink();
    }

    fn shrink(&mut self) {
        let kept = |len: usize, least: usize| (len * 2).max(least);
        let Self { records, texts, batches, lives, .. } = self;
        if records.capacity() > kept(records.len(), KEPT_RECORDS_MAX) * 2 {
            records.shrink_to(kept(records.len(), KEPT_RECORDS_MAX));
        }
        if texts.capacity() > kept(texts.len(), KEPT_TEXT_BYTES_MAX) * 2 {
            texts.shrink_to(kept(texts.len(), KEPT_TEXT_BYTES_MAX));
        }
        if batches.capacity() > kept(batches.len(), KEPT_BATCHES_MAX) * 2 {
            batches.shrink_to(kept(batches.len(), KEPT_BATCHES_MAX));
        }
        if lives.capacity() > kept(lives.len(), KEPT_BATCHES_MAX) * 2 {
            lives.shrink_to(kept(lives.len(), KEPT_BATCHES_MAX));
        }
    }

    /// Takes the records of the newest batch out, if it is `ts`.
    pub(crate) fn take(&mut self, ts: Ts) -> Option<Taken> {
        let batch = self.batches.pop_back_if(|batch| batch.ts == ts)?;
        let first_text = batch.text;
        let texts = self.texts.split_off((batch.text - self.first_text) as usize);
        let records = self.records.split_off((batch.record - self.first_record) as usize);
        self.lives.truncate(self.lives.partition_point(|life| life.record < batch.record));
        Some(Taken { records, texts, first_text })
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
            + self.texts.capacity()
            + self.batches.capacity() * size_of::<Batch>()
            + self.lives.capacity() * size_of::<Life>()
    }

    /// Compares the log with itself.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let batches: Vec<_> = self.batches.iter().map(|batch| (batch.ts, batch.record)).collect();
        let is_ascending = batches.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1);
        let end = self.first_record + self.records.len() as u64;
        let is_within = batches.last().is_none_or(|(_, record)| *record < end);
        let events = self.records.iter().filter(|record| record.fate().is_some()).count();
        let from = batches.first().map_or(end, |(_, record)| *record);
        let n_dead = (from - self.first_record) as usize;
        let dead = self.records[..n_dead].iter().filter(|record| record.fate().is_some()).count();
        if is_ascending && is_within && events - dead == self.lives.len() {
            Ok(())
        } else {
            Err(format!("undo: {batches:?} up to {end}, {events} events, {:?}", self.lives))
        }
    }
}

impl Record {
    /// The event that it is, if it is none of a cell.
    pub(crate) fn fate(&self) -> Option<Fate> {
        match self.form {
            Form::Born => Some(Fate::Born),
            Form::Died => Some(Fate::Died),
            _ => None,
        }
    }

    fn cell<'a>(&self, texts: &'a str, first_text: u64) -> Cell<'a> {
        let text = || {
            let place = u64::from(self.more) << 32 | self.value >> 32;
            // Places are kept modulo 2^40, and far less lies in the arena.
            let from = (place.wrapping_sub(first_text) & 0xFF_FFFF_FFFF) as usize;
            let len = (self.value & u64::from(u32::MAX)) as usize;
            Text::Borrowed(texts.get(from..from + len).unwrap_or_default())
        };
        match self.form {
            Form::Null => Cell::Null,
            Form::False => Cell::Bool(false),
            Form::True => Cell::Bool(true),
            Form::Number => Cell::Number(f64::from_bits(self.value)),
            Form::String => Cell::String(text()),
            Form::Array => Cell::Array(text()),
            Form::Stamp => {
                Cell::String(Stamp { ticks: self.value as i64, digits: self.more }.text())
            }
            Form::Object => Cell::Object,
            Form::Undefined | Form::Born | Form::Died => Cell::Undefined,
        }
    }
}

impl Taken {
    /// The records and the cells they keep, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (&Record, Cell<'_>)> {
        let records = self.records.iter().rev();
        records.map(|record| (record, record.cell(&self.texts, self.first_text)))
    }
}

const _: () = assert!(size_of::<Record>() == 16);

#[cfg(test)]
mod tests {
    use super::{Before, Fate, Undo};
    use crate::lane::stamp::Stamp;
    use crate::snapshot::Ts;
    use twindex_model::cell::Cell;
    use twindex_model::path::PathId;

    fn before(n: u64) -> Before<'static> {
        match n % 4 {
            0 => Before::Cell(Cell::Number(n as f64)),
            1 => Before::Cell(Cell::String("text".into())),
            2 => Before::Stamp(Stamp { ticks: n as i64, digits: 7 }),
            _ => Before::Cell(Cell::Array("[1]".into())),
        }
    }

    fn filled(n_batches: u64) -> Undo {
        let mut undo = Undo::default();
        for ts in 1..=n_batches {
            undo.note(Ts(ts), (ts as u16, PathId(3)), &before(ts));
            undo.note_fate(Ts(ts), ts as u16, Fate::Died);
            undo.note(Ts(ts), (ts as u16, PathId(4)), &before(ts + 1));
        }
        undo
    }

    fn text(cell: &Cell<'_>) -> String {
        format!("{cell:?}")
    }

    #[test]
    fn pruned_logs_keep_what_newer_versions_need() {
        for oldest in 0..=20 {
            let mut undo = filled(20);
            for step in 0..=oldest {
                undo.prune(Ts(step));
            }
            assert_eq!(undo.validate(), Ok(()));
            let from = undo.first_after(Ts(oldest));
            let kept: Vec<_> = undo.records(from).filter(|(_, r)| r.fate().is_none()).collect();
            assert_eq!(kept.len() as u64, (20 - oldest) * 2);
            for (place, record) in kept {
                let n = u64::from(record.row) + u64::from(record.path.0) - 3;
                let expected = match before(n) {
                    Before::Cell(cell) => text(&cell),
                    Before::Stamp(stamp) => text(&Cell::String(stamp.text())),
                };
                assert_eq!(text(&undo.cell(place)), expected);
            }
            let events: Vec<_> = undo.fates(from).map(|(_, row, _)| u64::from(row)).collect();
            assert_eq!(events, (oldest + 1..=20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_batch_taken_comes_newest_first_and_is_gone() {
        let mut undo = filled(5);
        assert!(undo.take(Ts(4)).is_none());
        let taken = undo.take(Ts(5)).expect("the newest");
        let cells: Vec<_> = taken.newest_first().map(|(r, cell)| (r.path.0, text(&cell))).collect();
        assert_eq!(cells[0], (4, "Number(6.0)".replace("Number(6.0)", &text(&stamp(6)))));
        assert_eq!(cells.len(), 3);
        assert_eq!(undo.newest(), Some(Ts(4)));
        assert_eq!(undo.validate(), Ok(()));
    }

    fn stamp(ticks: i64) -> Cell<'static> {
        Cell::String(Stamp { ticks, digits: 7 }.text())
    }

    #[test]
    fn an_emptied_log_gives_its_memory_back() {
        let mut undo = filled(50_000);
        assert!(undo.bytes() > 1 << 20);
        undo.prune(Ts(50_000));
        assert!(undo.bytes() < 1 << 17, "{}", undo.bytes());
        assert_eq!(undo.newest(), None);
    }
}
