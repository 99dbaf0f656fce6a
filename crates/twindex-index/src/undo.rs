//! Before-images of a segment: what stood in the cells that batches overwrote.
//!
//! Values are spelled out, never as codes, so lanes may be encoded anew and dictionaries collected
//! whatever is kept here. One log for all lanes of the segment was preferred to one for each: a
//! patch writes a handful of lanes, and one warm end costs less than as many cold ones. A record is
//! 16 bytes: readers of old versions run through millions of them for those of one path, which a
//! tighter encoding would make them decode. Longer texts lie in an arena beside; stamps and texts
//! of up to eight bytes fit a record.

mod record;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use twindex_model::cell::Cell;
use twindex_model::path::PathId;

use crate::lane::cells::Before;
use crate::snapshot::Ts;
use record::Form;
pub(crate) use record::{Fate, Record};

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

impl Taken {
    /// The records and the cells they keep, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (&Record, Cell<'_>)> {
        let records = self.records.iter().rev();
        records.map(|record| (record, record.cell(&self.texts, self.first_text)))
    }
}
