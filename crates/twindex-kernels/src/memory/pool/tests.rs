//! Regions are given out once, and come back.

use proptest::prelude::{any, prop, proptest};

use super::*;

/// A block in use, with its own mark in its first and last line.
struct Held {
    piece: Piece,
    mark: u8,
}

impl Held {
    fn fill(piece: Piece, mark: u8) -> Self {
        // SAFETY: the block was just handed out, and it has at least 4 KB.
        unsafe {
            piece.start.write_bytes(mark, 64);
            piece.start.add(piece.bytes - 64).write_bytes(mark, 64);
        }
        Self { piece, mark }
    }

    fn is_intact(&self) -> bool {
        // SAFETY: `fill` initialised both lines, and the block is still handed out.
        let lines: [[u8; 64]; 2] = unsafe {
            let last = self.piece.start.add(self.piece.bytes - 64);
            [self.piece.start.cast().read(), last.cast().read()]
        };
        lines == [[self.mark; 64]; 2]
    }

    fn addresses(&self) -> std::ops::Range<usize> {
        let start = self.piece.start.addr().get();
        start..start + self.piece.bytes
    }
}

fn give_back(pool: &mut Pool, held: Held) {
    assert!(held.is_intact());
    // SAFETY: the piece is from this pool, and `held` is gone after this.
    drop(unsafe { pool.give_back(held.piece) });
}

fn validate(pool: &Pool, held: &[Held]) {
    let mut ranges: Vec<_> = held.iter().map(Held::addresses).collect();
    ranges.sort_by_key(|range| range.start);
    assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
    let used: usize = held.iter().map(|held| held.piece.bytes).sum();
    assert_eq!(pool.stats.used_bytes, used);
    let chunks: Vec<&Chunk> = pool.chunks.iter().flatten().collect();
    assert_eq!(pool.stats.n_maps, chunks.len());
    assert_eq!(pool.stats.mapped_bytes, chunks.iter().map(|chunk| chunk.map_bytes).sum());
    assert_eq!(chunks.iter().map(|chunk| chunk.n_used as usize).sum::<usize>(), held.len());
    for chunk in chunks {
        assert!(chunk.n_touched <= chunk.n_blocks);
        assert_eq!(chunk.n_touched as usize, chunk.n_used as usize + chunk.free.len());
        assert_eq!(chunk.base.addr().get() % HUGE_PAGE_BYTES, 0);
    }
}

proptest! {
    /// Blocks in use never overlap, and all memory comes back, in whatever order.
    #[test]
    fn blocks_are_apart_and_come_back(
        steps in prop::collection::vec((any::<bool>(), 0..100_usize, 10..23_u32), 1..60),
    ) {
        let (mut pool, mut held) = (Pool::new(), Vec::<Held>::new());
        for (mark, (is_taken, place, log_bytes)) in steps.into_iter().enumerate() {
            if is_taken || held.is_empty() {
                let bytes = (1 << log_bytes) - place;
                let piece = pool.take(bytes).unwrap();
                assert!(piece.bytes >= bytes);
                assert_eq!(piece.start.addr().get() % 64, 0);
                held.push(Held::fill(piece, mark as u8));
            } else {
                let held = held.swap_remove(place % held.len());
                give_back(&mut pool, held);
            }
            validate(&pool, &held);
        }
        for held in held.drain(..) {
            give_back(&mut pool, held);
        }
        drop(pool.take_empty());
        validate(&pool, &[]);
        assert_eq!(pool.stats.mapped_bytes, 0);
    }
}

#[test]
fn emptied_maps_go_back_but_one() {
    let mut pool = Pool::new();
    let held: Vec<Held> =
        (0..40).map(|mark| Held::fill(pool.take(1 << 20).unwrap(), mark)).collect();
    assert!(pool.stats.n_maps > 2);
    held.into_iter().for_each(|held| give_back(&mut pool, held));
    assert_eq!((pool.stats.n_maps, pool.stats.used_bytes), (1, 0));
    // A map of its own goes back at once.
    let large = Held::fill(pool.take((1 << 20) + 1).unwrap(), 1);
    assert_eq!(large.piece.bytes, HUGE_PAGE_BYTES);
    assert_eq!(pool.stats.n_maps, 2);
    give_back(&mut pool, large);
    assert_eq!(pool.stats.n_maps, 1);
}

#[test]
fn freed_blocks_are_taken_again() {
    let mut pool = Pool::new();
    let first = pool.take(5_000).unwrap();
    assert_eq!(first.bytes, 8_192);
    give_back(&mut pool, Held::fill(first, 0));
    assert_eq!(pool.take(8_192).unwrap().start, first.start);
}

#[test]
fn no_memory_is_no_panic() {
    assert!(Pool::new().take(usize::MAX).is_none());
    assert!(Pool::new().take(usize::MAX / 4).is_none());
}

#[test]
fn successive_blocks_use_all_sets_of_a_cache() {
    for class in 0..N_CLASSES {
        let lines = stride_of(BLOCK_BYTES_MIN << class) / 64;
        let sets: BTreeSet<usize> = (0..64).map(|block_idx| block_idx * lines % 64).collect();
        assert_eq!(sets.len(), 64);
    }
}

#[test]
fn the_pool_of_the_process_answers() {
    let held = Held::fill(take(100_000).unwrap(), 9);
    assert!(stats().used_bytes >= 131_072);
    assert!(stats().mapped_bytes >= stats().used_bytes);
    assert!(held.is_intact());
    // SAFETY: from `take`, and not used below.
    unsafe { super::give_back(held.piece) };
    trim();
}
