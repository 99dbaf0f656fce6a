//! A list that grows while its values are borrowed: what a reader works out once and keeps.
//!
//! For few values: each look-up walks the list. A map behind a lock could not lend what it holds.

use std::sync::OnceLock;

/// Values by key, oldest first.
#[derive(Debug)]
pub(crate) struct Chain<K, V> {
    first: OnceLock<Box<Link<K, V>>>,
}

#[derive(Debug)]
struct Link<K, V> {
    key: K,
    value: V,
    next: OnceLock<Box<Self>>,
}

impl<K, V> Default for Chain<K, V> {
    fn default() -> Self {
        Self { first: OnceLock::new() }
    }
}

impl<K: Copy + PartialEq, V> Chain<K, V> {
    /// The value of a key, made if there is none. Threads that make it at once may make it twice.
    pub(crate) fn get_or_add(&self, key: K, make: impl Fn() -> V) -> &V {
        let mut end = &self.first;
        loop {
            let link =
                end.get_or_init(|| Box::new(Link { key, value: make(), next: OnceLock::new() }));
            if link.key == key {
                return &link.value;
            }
            end = &link.next;
        }
    }
}

impl<K, V> Drop for Chain<K, V> {
    /// Link by link: a long chain must not need a deep stack.
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut link) = next {
            next = link.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Chain;

    #[test]
    fn values_are_made_once_and_stay_in_place() {
        let chain: Chain<u32, String> = Chain::default();
        let first = chain.get_or_add(0, || "0".to_owned());
        for n in 0..1_000 {
            assert_eq!(*chain.get_or_add(n, || n.to_string()), n.to_string());
        }
        assert!(std::ptr::eq(first, chain.get_or_add(0, || unreachable!("made before"))));
    }

    #[test]
    fn long_chains_are_dropped_without_a_deep_stack() {
        let mut chain: Chain<u32, u32> = Chain::default();
        for n in 0..200_000 {
            let rest = std::mem::take(&mut chain.first);
            let link = super::Link { key: n, value: n, next: rest };
            _ = chain.first.set(Box::new(link));
        }
        drop(chain);
    }
}
