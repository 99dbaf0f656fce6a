//! Inputs with damage in any place: nothing panics, what is left is whole, and strict loading takes
//! exactly what forgiving loading has nothing to say about.

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::Value;
use twindex_tests::pair::{lines_of, open};

use crate::arb::{index_options, twin};
use crate::support::{FORGIVING, cases, gzip, load_strictly, texts_of, twins_of};

/// A change of some bytes: where, how many go, and what comes.
fn damage() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let bytes = prop::sample::select(vec![
        &b""[..],
        b"\n",
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\xFF",
        b"\0",
        b"1e999",
        b"\\ud800",
        b"[[[[[[[[",
        b"{\"a\":",
        b"deviceId",
        b"null",
        b"9007199254740993",
        b"\r\n{",
    ]);
    (any::<prop::sample::Index>(), 0..9_usize, bytes.prop_map(<[u8]>::to_vec))
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn whatever_comes_what_is_left_is_whole(
        index in index_options(),
        before in prop::collection::vec(twin(), 0..4),
        twins in prop::collection::vec(twin(), 1..6),
        damages in prop::collection::vec(damage(), 0..5),
        as_array in any::<bool>(),
        is_packed in any::<bool>(),
    ) {
        let array = || Value::Array(twins.clone()).to_string();
        let text = if as_array { array() } else { lines_of(&twins) };
        let mut bytes = if is_packed { gzip(&text) } else { text.into_bytes() };
        for (place, n_gone, new) in &damages {
            let from = place.index(bytes.len() + 1);
            let to = (from + n_gone).min(bytes.len());
            bytes.splice(from..to, new.iter().copied());
        }
        let start = || {
            let db = open(index.clone(), 0);
            db.load(lines_of(&before).as_bytes(), &FORGIVING).unwrap();
            db
        };
        let (forgiving, strict) = (start(), start());
        let untouched = twins_of(&strict);
        let outcome = forgiving.load(&bytes[..], &FORGIVING);
        prop_assert_eq!(forgiving.check(), Ok(()));
        let texts = texts_of(&forgiving);
        prop_assert!(texts.iter().all(|text| serde_json::from_str::<Value>(text).is_ok()));
        let is_clean = outcome.as_ref().is_ok_and(|r| r.n_bad == 0 && r.warnings.is_empty());
        match load_strictly(&strict, &bytes) {
            Ok(report) => {
                prop_assert!(is_clean, "strictly accepted: {outcome:?}");
                prop_assert_eq!(report.n_loaded, outcome.unwrap().n_loaded);
                prop_assert_eq!(texts_of(&strict), texts);
            }
            Err(error) => {
                prop_assert!(!is_clean, "strictly refused: {error}");
                prop_assert_eq!(twins_of(&strict), untouched);
            }
        }
    }
}
