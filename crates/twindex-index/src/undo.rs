//! Before-images of a segment: what stood in the cells that batches overwrote.
//!
//! Values are spelled out, never as codes, so lanes may be encoded anew and dictionaries collected
//! whatever is kept here. One log for all lanes of the segment was preferred to one for each: a
//! patch writes a handful of lanes, and one warm end costs less than as many cold ones. A record is
//! 16 bytes: readers of old versions run through millions of them for those of one path, which a
//! tighter encoding would make them decode. Longer texts lie in an arena beside; stamps and texts
//! of up to eight bytes fit a record.

use std::collections::VecDeque;

use twindex_model::cell::{Cell, Text};
use twindex_model::kind::Kind;
use twindex_model::path::PathId;

use crate::lane::cells::Before;
use crate::lane::stamp::Stamp;
use crate::snapshot::Ts;

/// Records of a chunk: a page of memory.
const CHUNK_RECORDS: usize = 256;
/// Bytes of texts whose memory is kept for the next batches once none is needed any more.
const KEPT_TEXT_BYTES_MAX: usize = 16_384;
/// Batches, chunks and fates whose places are kept likewise.
const KEPT_MAX: usize = 64;

/// The before-images of one segment, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    /// Invariant: ascending timestamps, none without records.
    batches: VecDeque<Batch>,
    /// Insertions and removals among the records.
    lives: VecDeque<Life>,
    /// Invariant: all but the last are full, so memory is given back chunk by chunk and none is
    /// moved while the log grows.
    chunks: VecDeque<Chunk>,
    /// Number of the first record in the chunks, of all there ever were.
    first_record: u64,
    texts: String,
    /// Bytes of texts dropped so far.
    first_text: u64,
}

/// Records that lie together.
#[derive(Debug)]
struct Chunk {
    records: Vec<Record>,
    /// The bit of each path that a record may be of, so that readers pass over the others.
    paths: u64,
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
    /// Bits of a number, ticks of a stamp, the bytes of a short text, or the low half of a text's
    /// place and its length.
    value: [u8; 8],
    pub(crate) path: PathId,
    pub(crate) row: u16,
    form: Form,
    /// Digits of a stamp, the length of a short text, or the high bits of a text's place.
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
    ShortString,
    Stamp,
    Array,
    ShortArray,
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
            Before::Stamp(stamp) => (Form::Stamp, stamp.ticks.to_le_bytes(), stamp.digits),
            Before::Cell(cell) => match cell {
                Cell::Undefined => (Form::Undefined, [0; 8], 0),
                Cell::Null => (Form::Null, [0; 8], 0),
                Cell::Bool(false) => (Form::False, [0; 8], 0),
                Cell::Bool(true) => (Form::True, [0; 8], 0),
                Cell::Object => (Form::Object, [0; 8], 0),
                Cell::Number(number) => (Form::Number, number.to_le_bytes(), 0),
                Cell::String(text) => self.keep_text((Form::String, Form::ShortString), text),
                Cell::Array(text) => self.keep_text((Form::Array, Form::ShortArray), text),
            },
        };
        self.push(Record { value, path, row, form, more });
    }

    /// Keeps that `ts` gives a row a twin, or is about to take its twin away.
    pub(crate) fn note_fate(&mut self, ts: Ts, row: u16, fate: Fate) {
        self.open(ts);
        let record = self.end();
        self.lives.push_back(Life { record, row, fate });
        let form = match fate {
            Fate::Born => Form::Born,
            Fate::Died => Form::Died,
        };
        self.push(Record { value: [0; 8], path: PathId(0), row, form, more: 0 });
    }

    /// Number of the record to come, of all there ever were.
    fn end(&self) -> u64 {
        let n_full = self.chunks.len().saturating_sub(1) * CHUNK_RECORDS;
        self.first_record + (n_full + self.chunks.back().map_or(0, |c| c.records.len())) as u64
    }

    #[inline]
    fn push(&mut self, record: Record) {
        let paths = bit_of(record.path);
        match self.chunks.back_mut() {
            Some(chunk) if chunk.records.len() < CHUNK_RECORDS => {
                chunk.records.push(record);
                chunk.paths |= paths;
            }
            _ => {
                let mut records = Vec::with_capacity(CHUNK_RECORDS);
                records.push(record);
                self.chunks.push_back(Chunk { records, paths });
            }
        }
    }

    #[inline]
    fn open(&mut self, ts: Ts) {
        if self.newest() != Some(ts) {
            let text = self.first_text + self.texts.len() as u64;
            self.batches.push_back(Batch { ts, record: self.end(), text });
        }
    }

    fn keep_text(&mut self, (long, short): (Form, Form), text: &str) -> (Form, [u8; 8], u8) {
        let mut value = [0; 8];
        if let Some(bytes) = value.get_mut(..text.len()) {
            bytes.copy_from_slice(text.as_bytes());
            return (short, value, text.len() as u8);
        }
        let place = self.first_text + self.texts.len() as u64;
        self.texts.push_str(text);
        (long, (place << 32 | text.len() as u64).to_le_bytes(), (place >> 32) as u8)
    }

    /// Place of the first record newer than a version.
    pub(crate) fn first_after(&self, ts: Ts) -> usize {
        let batch = self.batches.partition_point(|batch| batch.ts <= ts);
        let record = self.batches.get(batch).map_or(self.end(), |batch| batch.record);
        (record - self.first_record) as usize
    }

    /// The records from a place on, each with its place.
    pub(crate) fn records(&self, from: usize) -> impl Iterator<Item = (u32, &Record)> {
        self.slices(from, u64::MAX).flat_map(|(place, records)| (place..).zip(records))
    }

    /// Hands over the records of a path from a place on, each with its place.
    pub(crate) fn for_each_at(
        &self,
        path: PathId,
        from: usize,
        mut take: impl FnMut(u32, &Record),
    ) {
        for (place, records) in self.slices(from, bit_of(path)) {
            for (at, record) in records.iter().enumerate() {
                if record.path == path {
                    take(place + at as u32, record);
                }
            }
        }
    }

    /// The records from a place on, slice by slice, without chunks that have none of `paths`.
    fn slices(&self, from: usize, paths: u64) -> impl Iterator<Item = (u32, &[Record])> {
        let first = (from / CHUNK_RECORDS).min(self.chunks.len());
        let chunks = (first..).zip(self.chunks.range(first..));
        chunks.filter(move |(_, chunk)| chunk.paths & paths != 0).map(move |(number, chunk)| {
            let at = number * CHUNK_RECORDS;
            let skipped = from.saturating_sub(at).min(chunk.records.len());
            ((at + skipped) as u32, &chunk.records[skipped..])
        })
    }

    /// Fates from a place on: the place of the record, the row, and what happened.
    pub(crate) fn fates(&self, from: usize) -> impl Iterator<Item = (u32, u16, Fate)> {
        let from = self.first_record + from as u64;
        let first = self.lives.partition_point(|life| life.record < from);
        let place = |record: u64| (record - self.first_record) as u32;
        self.lives.range(first..).map(move |life| (place(life.record), life.row, life.fate))
    }

    /// The record at a place.
    pub(crate) fn record(&self, place: u32) -> &Record {
        let place = place as usize;
        &self.chunks[place / CHUNK_RECORDS].records[place % CHUNK_RECORDS]
    }

    /// The cell that a record, or a copy of it, keeps.
    #[inline]
    pub(crate) fn cell<'a>(&'a self, record: &'a Record) -> Cell<'a> {
        record.cell(&self.texts, self.first_text)
    }

    /// Number of records from a place on.
    pub(crate) fn n_records(&self, from: usize) -> usize {
        (self.end() - self.first_record) as usize - from
    }

    /// Drops what no version from `oldest` on needs.
    pub(crate) fn prune(&mut self, oldest: Ts) {
        let n_dead = self.batches.partition_point(|batch| batch.ts <= oldest);
        if n_dead == 0 {
            return;
        }
        self.batches.drain(..n_dead);
        let text = self.first_text + self.texts.len() as u64;
        let end = Batch { ts: oldest, record: self.end(), text };
        let first = self.batches.front().copied().unwrap_or(end);
        let n_lives = self.lives.partition_point(|life| life.record < first.record);
        self.lives.drain(..n_lives);
        let n_chunks = match self.batches.is_empty() {
            true => self.chunks.len(),
            false => (first.record - self.first_record) as usize / CHUNK_RECORDS,
        };
        self.first_record = first.record.min(self.first_record + (n_chunks * CHUNK_RECORDS) as u64);
        self.chunks.drain(..n_chunks);
        let n_bytes = (first.text - self.first_text) as usize;
        if n_bytes * 2 >= self.texts.len() {
            self.texts.drain(..n_bytes);
            self.first_text = first.text;
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        shrink(&mut self.batches);
        shrink(&mut self.lives);
        shrink(&mut self.chunks);
        let kept = (self.texts.len() * 2).max(KEPT_TEXT_BYTES_MAX);
        if self.texts.capacity() > kept * 2 {
            self.texts.shrink_to(kept);
        }
    }

    /// Takes the newest `n` records of the newest batch out, if it is `ts`, and those before them of
    /// the same row: what is left tells earlier versions all they need of the other rows.
    pub(crate) fn take_newest(&mut self, ts: Ts, n: usize) -> Option<Taken> {
        let batch = *self.batches.back().filter(|batch| batch.ts == ts)?;
        let first = (batch.record - self.first_record) as usize;
        let end = (self.end() - self.first_record) as usize;
        let mut place = end.saturating_sub(n).max(first);
        let row = |place: usize| self.record(place as u32).row;
        while place > first && row(place - 1) == row(place) {
            place -= 1;
        }
        let records: Vec<Record> = self.records(place).map(|(_, record)| *record).collect();
        // Texts lie in the order of their records.
        let text = records.iter().find_map(|record| record.text_after(self.first_text));
        let text = text.unwrap_or(self.texts.len());
        let texts = self.texts.split_off(text);
        if place == first {
            self.batches.pop_back();
        }
        self.chunks.truncate(place.div_ceil(CHUNK_RECORDS));
        let n_full = self.chunks.len().saturating_sub(1) * CHUNK_RECORDS;
        if let Some(last) = self.chunks.back_mut() {
            last.records.truncate(place - n_full);
        }
        let record = self.first_record + place as u64;
        self.lives.truncate(self.lives.partition_point(|life| life.record < record));
        Some(Taken { records, texts, first_text: self.first_text + text as u64 })
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK_RECORDS * size_of::<Record>()
            + self.chunks.capacity() * size_of::<Chunk>()
            + self.texts.capacity()
            + self.batches.capacity() * size_of::<Batch>()
            + self.lives.capacity() * size_of::<Life>()
    }

    /// Compares the log with itself.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let batches: Vec<_> = self.batches.iter().map(|batch| (batch.ts, batch.record)).collect();
        let is_ascending = batches.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1);
        let first = batches.first().map_or(self.end(), |(_, record)| *record);
        let is_within = first >= self.first_record
            && batches.last().is_none_or(|(_, record)| *record < self.end());
        let is_full = |chunk: &Chunk| chunk.records.len() == CHUNK_RECORDS;
        let are_full = self.chunks.iter().rev().skip(1).all(is_full);
        let from = first.saturating_sub(self.first_record) as usize;
        let n_fates = self.records(from).filter(|(_, record)| record.fate().is_some()).count();
        if is_ascending && is_within && are_full && n_fates == self.lives.len() {
            Ok(())
        } else {
            Err(format!("undo: {batches:?} up to {}, {:?}", self.end(), self.lives))
        }
    }
}

/// The bit of a path among the 64 that chunks are marked with.
#[inline]
fn bit_of(path: PathId) -> u64 {
    // The golden ratio spreads neighbours.
    1 << (path.0.wrapping_mul(0x9E37_79B9) >> 26)
}

/// Gives memory back that a queue once needed.
fn shrink<T>(queue: &mut VecDeque<T>) {
    let kept = (queue.len() * 2).max(KEPT_MAX);
    if queue.capacity() > kept * 2 {
        queue.shrink_to(kept);
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

    /// The kind of the cell that it keeps.
    pub(crate) fn kind(&self) -> Kind {
        match self.form {
            Form::Undefined | Form::Born | Form::Died => Kind::Undefined,
            Form::Null => Kind::Null,
            Form::False => Kind::False,
            Form::True => Kind::True,
            Form::Number => Kind::Number,
            Form::String | Form::ShortString | Form::Stamp => Kind::String,
            Form::Array | Form::ShortArray => Kind::Array,
            Form::Object => Kind::Object,
        }
    }

    fn cell<'a>(&'a self, texts: &'a str, first_text: u64) -> Cell<'a> {
        match self.form {
            Form::Null => Cell::Null,
            Form::False => Cell::Bool(false),
            Form::True => Cell::Bool(true),
            Form::Number => Cell::Number(f64::from_le_bytes(self.value)),
            Form::String => Cell::String(self.long_text(texts, first_text)),
            Form::ShortString => Cell::String(self.short_text()),
            Form::Array => Cell::Array(self.long_text(texts, first_text)),
            Form::ShortArray => Cell::Array(self.short_text()),
            Form::Stamp => {
                let ticks = i64::from_le_bytes(self.value);
                Cell::String(Stamp { ticks, digits: self.more }.text())
            }
            Form::Object => Cell::Object,
            Form::Undefined | Form::Born | Form::Died => Cell::Undefined,
        }
    }

    fn short_text(&self) -> Text<'_> {
        let bytes = self.value.get(..usize::from(self.more)).unwrap_or_default();
        // It was a whole text.
        Text::Borrowed(std::str::from_utf8(bytes).unwrap_or_default())
    }

    /// Where the text of a record that has it in the arena lies.
    fn text_after(&self, first_text: u64) -> Option<usize> {
        matches!(self.form, Form::String | Form::Array).then(|| self.text_from(first_text))
    }

    fn text_from(&self, first_text: u64) -> usize {
        let value = u64::from_le_bytes(self.value);
        let place = u64::from(self.more) << 32 | value >> 32;
        // Places are kept modulo 2^40, and far less lies in the arena.
        (place.wrapping_sub(first_text) & 0xFF_FFFF_FFFF) as usize
    }

    fn long_text<'a>(&self, texts: &'a str, first_text: u64) -> Text<'a> {
        let from = self.text_from(first_text);
        let len = (u64::from_le_bytes(self.value) & u64::from(u32::MAX)) as usize;
        Text::Borrowed(texts.get(from..from + len).unwrap_or_default())
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
            1 if n % 8 == 1 => Before::Cell(Cell::String("text".into())),
            1 => Before::Cell(Cell::String("a longer text".into())),
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
        for oldest in (0..=600).step_by(7) {
            let mut undo = filled(600);
            for step in 0..=oldest {
                undo.prune(Ts(step));
            }
            assert_eq!(undo.validate(), Ok(()));
            let from = undo.first_after(Ts(oldest));
            let kept: Vec<_> = undo.records(from).filter(|(_, r)| r.fate().is_none()).collect();
            assert_eq!(kept.len() as u64, (600 - oldest) * 2);
            for (_, record) in kept {
                let n = u64::from(record.row) + u64::from(record.path.0) - 3;
                let expected = match before(n) {
                    Before::Cell(cell) => text(&cell),
                    Before::Stamp(stamp) => text(&Cell::String(stamp.text())),
                };
                assert_eq!(text(&undo.cell(record)), expected);
            }
            let events: Vec<_> = undo.fates(from).map(|(_, row, _)| u64::from(row)).collect();
            assert_eq!(events, (oldest + 1..=600).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_batch_taken_comes_newest_first_and_is_gone() {
        let mut undo = filled(5);
        assert!(undo.take_newest(Ts(4), 100).is_none());
        let taken = undo.take_newest(Ts(5), 100).expect("the newest");
        let cells: Vec<_> = taken.newest_first().map(|(r, cell)| (r.path.0, text(&cell))).collect();
        assert_eq!(cells[0], (4, text(&stamp(6))));
        assert_eq!(cells.len(), 3);
        assert_eq!(undo.newest(), Some(Ts(4)));
        assert_eq!(undo.validate(), Ok(()));
    }

    #[test]
    fn a_batch_taken_bit_by_bit_keeps_rows_whole() {
        let mut undo = Undo::default();
        for n in 0..500_u64 {
            // Rows of one to three records, some with a text in the arena.
            undo.note(
                Ts(1 + n / 300),
                (n as u16 / 3 * 2 + n as u16 % 2, PathId(n as u32)),
                &before(n),
            );
        }
        let mut left = undo.records(0).map(|(_, record)| *record).collect::<Vec<_>>();
        while let Some(taken) = undo.take_newest(Ts(2), 7) {
            let mut last = None;
            for (record, cell) in taken.newest_first() {
                let expected = left.pop().expect("as many as were noted");
                assert_eq!((record.row, record.path), (expected.row, expected.path));
                let shown = match before(u64::from(record.path.0)) {
                    Before::Cell(cell) => text(&cell),
                    Before::Stamp(stamp) => text(&Cell::String(stamp.text())),
                };
                assert_eq!(text(&cell), shown);
                last = Some(record.row);
            }
            assert_ne!(left.last().map(|record| record.row), last);
            assert_eq!(undo.validate(), Ok(()));
        }
        assert_eq!((left.len(), undo.newest()), (300, Some(Ts(1))));
        for (_, record) in undo.records(0) {
            assert!(!text(&undo.cell(record)).is_empty());
        }
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
