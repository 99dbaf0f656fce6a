//! Storage of which one bit is not what was written.

use twindex_store::memory::MemoryStorage;

/// For each bit of a file the storage with that bit flipped, and the bit's number.
pub(crate) fn flipped_bits(
    whole: &MemoryStorage,
    name: &str,
) -> impl Iterator<Item = (usize, MemoryStorage)> {
    let bytes = whole.bytes(name).unwrap();
    (0..bytes.len() * 8).map(move |bit| {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let damaged = whole.to_copy();
        damaged.set_bytes(name, flipped);
        (bit, damaged)
    })
}
