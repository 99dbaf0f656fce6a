//! Rows with their ids, dealt into buckets that follow each other in the order of ids.
//!
//! Splitters are taken from a sample, so a bucket holds some thousand rows and is sorted within the
//! caches; nothing is merged, and memory is given back bucket by bucket. Rows mostly come in the
//! order of some number in their ids, so a bucket that is narrow enough is sorted as it stands.
//! Merging sorted runs was rejected: each row of ten million passes eleven comparisons of texts that
//! lie in a thousand places.

/// Bytes of an id that keys hold.
const KEY_BYTES: usize = 16;

/// Rows with their ids, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    texts: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
    rows: Vec<u32>,
}

impl Bucket {
    fn with_room(n_rows: usize, n_bytes: usize) -> Self {
        Self {
            texts: Vec::with_capacity(n_bytes),
            ends: Vec::with_capacity(n_rows),
            rows: Vec::with_capacity(n_rows),
        }
    }

    pub(super) fn push(&mut self, id: &[u8], row: u32) {
        self.texts.extend_from_slice(id);
        self.ends.push(self.texts.len());
        self.rows.push(row);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, at: usize) -> u32 {
        self.rows[at]
    }

    pub(super) fn id(&self, at: usize) -> &[u8] {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[begin..self.ends[at]]
    }

    /// Makes it so much shorter: the last `n` rows go.
    pub(super) fn drop_last(&mut self, n: usize) {
        let n_kept = self.len().saturating_sub(n);
        self.rows.truncate(n_kept);
        self.ends.truncate(n_kept);
        self.texts.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// The bytes of an id from `skip` on, which it has, as a number: as many as that holds, then zeros.
    #[inline]
    fn head(&self, at: usize, skip: usize) -> u128 {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]) + skip;
        let n_bytes = self.ends[at] - begin;
        let keep = match n_bytes {
            0..KEY_BYTES => !(u128::MAX >> (n_bytes * 8)),
            _ => u128::MAX,
        };
        // What stands behind the id is read with it and cut off: no copy of a length of its own.
        match self.texts[begin..].first_chunk::<KEY_BYTES>() {
            Some(head) => u128::from_be_bytes(*head) & keep,
            None => {
                let mut head = [0; KEY_BYTES];
                let rest = &self.texts[begin..];
                head[..rest.len()].copy_from_slice(rest);
                u128::from_be_bytes(head) & keep
            }
        }
    }

    /// The places of the rows in the order of their ids.
    pub(super) fn sorted(&self) -> impl Iterator<Item = usize> {
        let n_common = self.n_common();
        let key = |at: usize| (self.head(at, n_common) >> 64) as u64;
        let mut keys: Vec<(u64, u32)> = (0..self.len()).map(|at| (key(at), at as u32)).collect();
        let id = |of: &(u64, u32)| self.id(of.1 as usize);
        keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a).cmp(id(b))));
        keys.into_iter().map(|of| of.1 as usize)
    }

    /// A number that is never less for a greater id: the bytes behind `prefix`, where the id has it.
    #[inline]
    fn key_behind(&self, prefix: &[u8], at: usize) -> u128 {
        let id = self.id(at);
        if prefix.is_empty() || id.starts_with(prefix) {
            return self.head(at, prefix.len());
        }
        if id < prefix { 0 } else { u128::MAX }
    }

    /// Bytes that all ids begin with.
    fn n_common(&self) -> usize {
        if self.len() == 0 {
            return 0;
        }
        let first = self.id(0);
        (1..self.len()).fold(first.len(), |n, at| n_alike(&first[..n], self.id(at)))
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.rows.capacity() * size_of::<u32>()
    }
}

/// Buckets, and what says into which of them an id goes.
#[derive(Debug)]
pub(super) struct Buckets {
    /// What all ids of the sample begin with: it is left out of keys.
    prefix: Vec<u8>,
    /// Invariant: ascending. An id goes behind as many as are not greater than its key.
    splitters: Vec<u128>,
    pub(super) all: Vec<Bucket>,
}

impl Buckets {
    /// At most `n_max` buckets for `n_rows` ids of which `sample` is a sample.
    pub(super) fn of(sample: &Bucket, n_max: usize, n_rows: usize) -> Self {
        let prefix = match sample.len() {
            0 => Vec::new(),
            _ => sample.id(0)[..sample.n_common()].to_vec(),
        };
        let mut keys: Vec<u128> =
            (0..sample.len()).map(|at| sample.key_behind(&prefix, at)).collect();
        keys.sort_unstable();
        // A key that many share gets a bucket to itself, which the next deal tells apart.
        keys.dedup();
        let n_buckets = n_max.clamp(1, keys.len().max(1));
        let splitter = |bucket: usize| keys[bucket * keys.len() / n_buckets];
        let splitters: Vec<u128> = (1..n_buckets).map(splitter).collect();
        let room = n_rows / n_buckets + n_rows / n_buckets / 8;
        let id_bytes = sample.texts.len().div_ceil(sample.len().max(1));
        let all = (0..n_buckets).map(|_| Bucket::with_room(room, room * id_bytes)).collect();
        Self { prefix, splitters, all }
    }

    /// Puts a row of another bucket where it belongs.
    #[inline]
    pub(super) fn push(&mut self, from: &Bucket, at: usize) {
        let key = from.key_behind(&self.prefix, at);
        let bucket = self.splitters.partition_point(|splitter| *splitter <= key);
        self.all[bucket].push(from.id(at), from.row(at));
    }

    pub(super) fn bytes(&self) -> usize {
        self.all.iter().map(Bucket::bytes).sum()
    }
}

/// How many bytes two texts begin with alike.
fn n_alike(a: &[u8], b: &[u8]) -> usize {
    if b.starts_with(a) {
        return a.len();
    }
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
