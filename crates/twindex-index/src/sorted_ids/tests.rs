//! Buckets of ids, whatever the ids.

use proptest::prelude::{Strategy, prop, prop_assert_eq, proptest};

use super::buckets::{Bucket, Buckets};

/// Ids of which many begin alike, some are others' beginnings, and some hold any byte.
fn ids() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let text = "(|pump-|contoso-factory-west-000)[a-c0\\x00]{0,20}";
    let ids = prop::collection::btree_set(text.prop_map(String::into_bytes), 0..200);
    ids.prop_map(|ids| ids.into_iter().collect()).prop_shuffle()
}

fn bucket(ids: &[Vec<u8>]) -> Bucket {
    let mut bucket = Bucket::default();
    ids.iter().zip(0..).for_each(|(id, row)| bucket.push(id, row));
    bucket
}

proptest! {
    #[test]
    fn buckets_one_after_the_other_are_the_order_of_ids(
        ids in ids(),
        n_sampled in 0usize..40,
        n_buckets in 0usize..20,
    ) {
        let from = bucket(&ids);
        let sample = bucket(&ids[..n_sampled.min(ids.len())]);
        let mut buckets = Buckets::of(&sample, n_buckets, ids.len());
        (0..from.len()).for_each(|at| buckets.push(&from, at));
        let sorted = |bucket: &Bucket| -> Vec<Vec<u8>> {
            bucket.sorted().map(|at| ids[bucket.row(at) as usize].clone()).collect()
        };
        let found: Vec<Vec<u8>> = buckets.all.iter().flat_map(sorted).collect();
        let mut expected = ids.clone();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
