//! Asking for memory ahead of its use.

/// Asks the machine for the cache line of a value, which is about to be read or written; nothing
/// happens past the end. It pays where the values of several rows are asked for before the first of
/// them is needed: their misses are then waited for at once.
#[inline]
pub fn prefetch<T>(values: &[T], at: usize) {
    if let Some(value) = values.get(at) {
        prefetch_line(value);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn prefetch_line<T>(value: &T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint, which reads nothing and cannot fault; every x86-64 has it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn prefetch_line<T>(_: &T) {}

#[cfg(test)]
mod tests {
    use super::prefetch;

    #[test]
    fn any_place_may_be_asked_for() {
        let values = [1_u64; 20];
        for at in [0, 19, 20, usize::MAX] {
            prefetch(&values, at);
        }
        prefetch::<u8>(&[], 0);
    }
}
