//! Versions: one index shared by a writer and many readers.
//!
//! A batch of writes has a timestamp. A reader registers the last published one and sees the twins
//! as they were then, whatever is written meanwhile: cells that changed since lie in the undo of
//! their segment, and [`SegmentView`] reads them there.
//!
//! One lock stands around the index, held by a reader for the work on one segment and by the writer
//! for a few writes, so neither waits for the other's whole query or batch. A lock for each segment
//! was rejected: catalogue and dictionaries are read with every cell and would need locks of their
//! own, while on a short hold the one lock is not what anybody waits for.

use std::collections::BTreeMap;
use std::ops::{Bound, Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use twindex_model::path::{Collection, RowId};
use twindex_planted::{Fault, planted};
use twindex_sync::atomic::{AtomicU64, Ordering};
use twindex_sync::{Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::catalog::Catalog;
use crate::cell_set::TextSet;
use crate::chain::Chain;
use crate::collect::Collected;
use crate::filter::PathFilter;
use crate::identity::Identity;
use crate::index::Index;
use crate::past::Past;
use crate::record::Record;
use crate::sorted_ids::{IdSorter, InRange, Step};
use crate::view::SegmentView;

/// Rows that [`SnapshotRead::listed`] gives at most where it looks up a range.
const LISTED_MAX: usize = 4_096;

/// Number of a batch of writes. Later batches have greater ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ts(pub u64);

/// An index and its published version.
#[derive(Debug)]
pub struct Shared {
    index: RwLock<Index>,
    /// Invariant: every write of a batch up to it is in the index.
    visible: AtomicU64,
    /// Versions before it were given up. Changed under the write lock alone.
    floor: AtomicU64,
    /// How many snapshots are open at each timestamp.
    open: Mutex<BTreeMap<Ts, usize>>,
    /// Held by who looks at `visible` before waiting for `published`.
    looking: Mutex<()>,
    published: Condvar,
}

impl Shared {
    /// A share of `index`, whose twins are of version 0.
    #[must_use]
    pub fn new(index: Index) -> Arc<Self> {
        Arc::new(Self {
            index: RwLock::new(index),
            visible: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            open: Mutex::default(),
            looking: Mutex::default(),
            published: Condvar::new(),
        })
    }

    /// The version that queries see which begin now.
    #[must_use]
    pub fn visible(&self) -> Ts {
        Ts(self.visible.load(Ordering::Acquire))
    }

    /// Registers a reader of the published version.
    #[must_use]
    pub fn snapshot(self: &Arc<Self>) -> Snapshot {
        // Under the lock that `oldest` takes, so that no version is given up in between.
        let mut open = self.open.lock();
        let ts = self.visible();
        *open.entry(ts).or_insert(0) += 1;
        Snapshot { shared: Arc::clone(self), ts }
    }

    /// The oldest version that a reader has open and that was not given up, or that the next reader
    /// will have.
    #[must_use]
    pub fn oldest(&self) -> Ts {
        let open = self.open.lock();
        let floor = Ts(self.floor.load(Ordering::Acquire));
        let oldest = open.range(floor..).next().map(|(ts, _)| *ts);
        oldest.unwrap_or_else(|| self.visible())
    }

    /// The index as it is, writes of an unpublished batch included.
    pub fn read(&self) -> IndexRead<'_> {
        let alone = Alone::on_this_thread();
        Guard { index: self.index.read(), _alone: alone }
    }

    /// The index, to be written. There is one writer; it holds the lock for a few writes at a time.
    pub fn write(&self) -> IndexWrite<'_> {
        let alone = Alone::on_this_thread();
        Guard { index: self.index.write(), _alone: alone }
    }

    /// Lets new readers see the batches up to `ts`, all of whose writes are done.
    pub fn publish(&self, ts: Ts) {
        self.visible.store(ts.0, Ordering::Release);
        // Nobody is between looking and waiting now, so nobody misses the call.
        drop(self.looking.lock());
        self.published.notify_all();
    }

    /// Waits until version `ts` is published; false if it is not at `deadline`.
    #[must_use]
    pub fn wait_visible(&self, ts: Ts, deadline: Instant) -> bool {
        if self.visible() >= ts {
            return true;
        }
        let mut looking = self.looking.lock();
        while self.visible() < ts {
            if self.published.wait_until(&mut looking, deadline).timed_out() {
                return self.visible() >= ts;
            }
        }
        true
    }

    /// Drops the before-images that no open version needs. If more than `undo_bytes_max` are left,
    /// versions are given up, the oldest first, but never the published one: their readers get
    /// [`Expired`]. Takes the write lock; for the writer, after it has published.
    pub fn prune(&self, undo_bytes_max: usize) {
        self.prune_held(&mut self.write(), undo_bytes_max);
    }

    /// The same by a writer that holds the index, which must be this one's.
    pub fn prune_held(&self, index: &mut Index, undo_bytes_max: usize) {
        loop {
            let oldest = if planted(Fault::PruneTooEager) { self.visible() } else { self.oldest() };
            index.prune(oldest);
            if oldest >= self.visible() || index.undo_bytes() <= undo_bytes_max {
                return;
            }
            self.floor.store(oldest.0 + 1, Ordering::Release);
        }
    }

    /// Gives back some of what is no longer used, see [`Index::collect`]. Takes the write lock for
    /// about `work` microseconds; for the writer, between two slices, after [`Shared::prune`].
    pub fn collect(&self, work: u32) -> Collected {
        let mut index = self.write();
        index.collect(self.oldest(), work)
    }

    /// Gives up the versions before `ts`, which must not be above the published one; their readers
    /// get [`Expired`].
    pub fn expire_below(&self, ts: Ts) {
        let mut index = self.write();
        let ts = ts.min(self.visible());
        self.floor.fetch_max(ts.0, Ordering::AcqRel);
        index.prune(self.oldest());
    }
}

/// A hold on the index by one thread.
#[derive(Debug)]
pub struct Guard<G> {
    index: G,
    _alone: Alone,
}

/// The index, while nobody writes it.
pub type IndexRead<'a> = Guard<RwLockReadGuard<'a, Index>>;
/// The index, while nobody else reads it.
pub type IndexWrite<'a> = Guard<RwLockWriteGuard<'a, Index>>;

impl<G: Deref<Target = Index>> Deref for Guard<G> {
    type Target = Index;

    fn deref(&self) -> &Index {
        &self.index
    }
}

impl<G: DerefMut<Target = Index>> DerefMut for Guard<G> {
    fn deref_mut(&mut self) -> &mut Index {
        &mut self.index
    }
}

impl IndexWrite<'_> {
    /// Lets go, and lets who waits go first: else this thread could have the lock again before they
    /// woke.
    pub fn unlock_fair(self) {
        // A model's scheduler decides who goes first.
        #[cfg(not(feature = "shuttle"))]
        RwLockWriteGuard::unlock_fair(self.index);
    }
}

/// A mark on a thread that it holds the index. A second hold would wait for a writer that waits for
/// the first, so debug builds look for it.
#[derive(Debug)]
struct Alone;

#[cfg(debug_assertions)]
twindex_sync::thread_local! {
    static IS_HOLDING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Alone {
    fn on_this_thread() -> Self {
        #[cfg(debug_assertions)]
        {
            let was_holding = IS_HOLDING.with(|is_holding| is_holding.replace(true));
            debug_assert!(!was_holding, "this thread holds the index already");
        }
        Self
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        IS_HOLDING.with(|is_holding| is_holding.set(false));
    }
}

/// The version was given up, since keeping it took too much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the version read was given up to bound the memory of old versions")]
pub struct Expired;

/// A reader of one version, which stays readable until this is dropped
/// or, if keeping it takes too much memory, until it is given up.
#[derive(Debug)]
pub struct Snapshot {
    shared: Arc<Shared>,
    ts: Ts,
}

impl Snapshot {
    /// The version.
    #[must_use]
    pub fn ts(&self) -> Ts {
        self.ts
    }

    /// Whether it is a snapshot of `shared`.
    #[must_use]
    pub fn is_of(&self, shared: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    /// Holds the writer off for work that is no longer than one on a segment: never over I/O, a
    /// caller's code, or waiting for other threads, and never twice on one thread.
    ///
    /// # Errors
    /// [`Expired`].
    pub fn read(&self) -> Result<SnapshotRead<'_>, Expired> {
        self.checked(self.shared.read())
    }

    /// The same; `None` if the writer does not make room before `deadline`.
    ///
    /// # Errors
    /// [`Expired`].
    pub fn read_until(&self, deadline: Instant) -> Result<Option<SnapshotRead<'_>>, Expired> {
        let alone = Alone::on_this_thread();
        let index = self.shared.index.try_read_until(deadline);
        index.map(|index| self.checked(Guard { index, _alone: alone })).transpose()
    }

    /// Segment `number` of `collection`, held for the work on it. `number` must be below
    /// [`SnapshotRead::n_segments`].
    ///
    /// # Errors
    /// [`Expired`].
    pub fn segment(
        &self,
        collection: Collection,
        number: usize,
    ) -> Result<SegmentRead<'_>, Expired> {
        Ok(SegmentRead { read: self.read()?, collection, number })
    }

    fn checked<'a>(&self, index: IndexRead<'a>) -> Result<SnapshotRead<'a>, Expired> {
        let floor = self.shared.floor.load(Ordering::Acquire);
        if self.ts.0 < floor {
            return Err(Expired);
        }
        Ok(SnapshotRead { index, ts: self.ts, pasts: Chain::default() })
    }
}

impl Clone for Snapshot {
    fn clone(&self) -> Self {
        *self.shared.open.lock().entry(self.ts).or_insert(0) += 1;
        Self { shared: Arc::clone(&self.shared), ts: self.ts }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let mut open = self.shared.open.lock();
        if let Some(n) = open.get_mut(&self.ts) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.ts);
            }
        }
    }
}

/// The index at a version, while the writer is held off.
#[derive(Debug)]
pub struct SnapshotRead<'a> {
    index: IndexRead<'a>,
    ts: Ts,
    /// What changed after the version, by segment asked for.
    pasts: Chain<(Collection, usize), Past>,
}

impl SnapshotRead<'_> {
    /// The version.
    #[must_use]
    pub fn ts(&self) -> Ts {
        self.ts
    }

    /// The catalogue, which is of no version: it may know paths that came later, and counts in it
    /// are those of the newest writes.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        self.index.catalog()
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Live twins of `collection`.
    #[must_use]
    pub fn n_rows(&self, collection: Collection) -> u64 {
        self.index.n_rows_at(self.ts, collection)
    }

    /// Segments of `collection`.
    #[must_use]
    pub fn n_segments(&self, collection: Collection) -> usize {
        self.index.n_segments(collection)
    }

    /// Segment `number` of `collection`, which must be below [`SnapshotRead::n_segments`]. For a
    /// few segments under one hold; a scan takes [`Snapshot::segment`] for each.
    #[must_use]
    pub fn segment(&self, collection: Collection, number: usize) -> SegmentView<'_> {
        let index = &*self.index;
        let segment = &index.store(collection).segments[number];
        let view = index.segment(collection, number);
        if !Past::is_any(segment, self.ts) {
            return view;
        }
        let past = self.pasts.get_or_add((collection, number), || Past::of(segment, self.ts));
        view.as_of(Some(past))
    }

    /// The identity record beside a twin.
    #[must_use]
    pub fn record(&self, collection: Collection, row: RowId) -> Record {
        self.index.record_at(self.ts, collection, row)
    }

    /// The rows of a collection that a condition on `deviceId` keeps, ascending, if looking them up
    /// is cheaper than looking at each row.
    #[must_use]
    pub fn listed(&self, collection: Collection, filter: &PathFilter) -> Option<Vec<RowId>> {
        let mut rows: Vec<RowId> = match filter.devices_listed_in(collection) {
            Some(ids) => ids.iter().filter_map(|id| self.find(id, None)).collect(),
            None => {
                let range = self.in_range(collection, filter)?;
                if range.n_max() > LISTED_MAX {
                    return None;
                }
                let moved = range.moved().filter(|row| self.keeps(collection, *row, filter));
                range.settled().chain(moved).collect()
            }
        };
        rows.sort_unstable();
        Some(rows)
    }

    /// The number of rows of a collection that a condition on `deviceId` keeps, if that can be
    /// looked up.
    #[must_use]
    pub fn n_listed(&self, collection: Collection, filter: &PathFilter) -> Option<u64> {
        let range = self.in_range(collection, filter)?;
        let moved = range.moved().filter(|row| self.keeps(collection, *row, filter));
        Some((range.n_settled() + moved.count()) as u64)
    }

    fn in_range(&self, collection: Collection, filter: &PathFilter) -> Option<InRange> {
        if collection != Collection::Devices || !filter.is_identity_range() {
            return None;
        }
        let store = self.index.store(collection);
        let sorted = store.by_identity.sorted();
        sorted.range(&filter.set.strings, self.ts, (&store.segments, &self.index.texts))
    }

    /// The rows of devices whose ids lie between two, in the order of these, if one was built.
    #[must_use]
    pub fn ids_between(&self, low: Bound<Box<str>>, high: Bound<Box<str>>) -> Option<InRange> {
        let store = self.index.store(Collection::Devices);
        let at = (&*store.segments, &self.index.texts);
        store.by_identity.sorted().range(&TextSet::Between(low, high), self.ts, at)
    }

    fn keeps(&self, collection: Collection, row: RowId, filter: &PathFilter) -> bool {
        let segment = self.segment(collection, row.segment());
        segment.live().get(row.place()) && filter.keeps(&segment.cell(filter.path, row.place()))
    }

    /// What builds an order of the ids of devices.
    #[must_use]
    pub fn id_sorter(&self) -> IdSorter {
        self.index.store(Collection::Devices).by_identity.sorted().sorter().clone()
    }

    /// Begins an order of the ids of devices, or copies some more of them for it.
    #[must_use]
    pub fn copy_ids(&self) -> Step {
        let store = self.index.store(Collection::Devices);
        let at = (&*store.segments, &self.index.texts);
        store.by_identity.sorted().copy(self.index.versions.newest, at)
    }

    /// The row of a twin.
    #[must_use]
    pub fn find(&self, device_id: &str, module_id: Option<&str>) -> Option<RowId> {
        self.index.find_at(self.ts, Identity { device_id, module_id })
    }
}

/// One segment at a version, while the writer is held off.
#[derive(Debug)]
pub struct SegmentRead<'a> {
    read: SnapshotRead<'a>,
    collection: Collection,
    number: usize,
}

impl SegmentRead<'_> {
    /// The segment.
    #[must_use]
    pub fn view(&self) -> SegmentView<'_> {
        self.read.segment(self.collection, self.number)
    }

    /// The catalogue, as [`SnapshotRead::catalog`] says.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        self.read.catalog()
    }
}
