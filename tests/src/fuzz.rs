//! What fuzzers call: for each decoder a plain function over bytes, so that it is an ordinary test
//! too. `src/bin/fuzz_*.rs` hand them to libFuzzer; [`mutations`] is the poor man's fuzzer of CI.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use twindex::storage::MemoryStorage;
use twindex::{LoadOptions, NewTwin, TwinId, Twindex, Write};
use twindex_model::json::read::read_value;
use twindex_model::patch::{read_reported_patch, read_twin_patch, read_twin_replacement};
use twindex_store::backup::contents::SEAL;
use twindex_store::header::{FileKind, HEADER_BYTES, Header};
use twindex_testkit::Dice;

use crate::forge::{Payload, forged, payloads, sealed};
use crate::small_store::{answers, backup_of, open, open_backup, small_store};

/// The small store, and every payload that can be forged in it.
struct Base {
    store: MemoryStorage,
    payloads: Vec<(Payload, Vec<u8>)>,
}

// A store that cannot be written or read has other tests; here there is nothing to fuzz then.
static BASE: LazyLock<Base> = LazyLock::new(|| {
    let store = MemoryStorage::default();
    let payloads = match small_store(Arc::new(store.clone())) {
        Ok(_) => payloads(&store).unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    Base { store, payloads }
});

/// Opens a store one payload of which was replaced: the first two bytes say which, the others stand
/// in its place. It is refused, or a store that says something to every question.
///
/// # Panics
/// When a decoder does: that is what the fuzzer looks for.
pub fn fuzz_store(data: &[u8]) {
    let Some((number, bytes)) = data.split_first_chunk::<2>() else { return };
    let number = usize::from(u16::from_le_bytes(*number)) % BASE.payloads.len().max(1);
    let Some((payload, _)) = BASE.payloads.get(number) else { return };
    let Ok(image) = forged(&BASE.store, payload, bytes) else { return };
    let Ok(db) = open(&image) else { return };
    look_around(&db);
    if let Ok(id) = TwinId::device("fuzz") {
        // Nor may writing to it.
        drop(db.write(Write::create(id, NewTwin::new())));
        drop(db.checkpoint());
    }
}

/// Opens a backup whose seal was replaced, with checksums that are right. What the seal says of the
/// files is not so, or it is refused.
///
/// # Panics
/// When the decoder does.
pub fn fuzz_seal(data: &[u8]) {
    static BACKUP: LazyLock<MemoryStorage> =
        LazyLock::new(|| backup_of(&BASE.store).unwrap_or_default());
    let image = BACKUP.to_copy();
    let seal = image.bytes(SEAL).unwrap_or_default();
    if let Ok(header) = Header::decode(SEAL, FileKind::Seal, &seal) {
        image.set_bytes(SEAL, sealed(&header, data));
        drop(open_backup(&image));
    }
}

/// Data for [`fuzz_seal`]: the seal as it is.
#[must_use]
pub fn seal_corpus() -> Vec<Vec<u8>> {
    let seal = backup_of(&BASE.store).ok().and_then(|backup| backup.bytes(SEAL));
    let body = |seal: Vec<u8>| Some(seal.get(HEADER_BYTES..seal.len().checked_sub(4)?)?.to_vec());
    seal.and_then(body).into_iter().collect()
}

/// Asks everything. What is not sound may say anything, but says it.
fn look_around(db: &Twindex) {
    drop(db.check());
    drop(answers(db));
}

/// Data for [`fuzz_store`]: every payload as it is.
#[must_use]
pub fn store_corpus() -> Vec<Vec<u8>> {
    let corpus = (0_u16..).zip(&BASE.payloads).map(|(number, (_, bytes))| {
        let mut data = number.to_le_bytes().to_vec();
        data.extend_from_slice(bytes);
        data
    });
    corpus.collect()
}

/// Goes on from a continuation token, as it is and with a checksum that is right.
///
/// # Panics
/// When the decoder does, or when what it took for a token is refused as damaged.
pub fn fuzz_token(data: &[u8]) {
    static DB: LazyLock<Option<Twindex>> = LazyLock::new(|| open(&BASE.store).ok());
    let Some(db) = &*DB else { return };
    let text = String::from_utf8_lossy(data);
    let mut whole = data.to_vec();
    whole.extend_from_slice(&crc32fast::hash(data).to_le_bytes());
    for token in [text.into_owned(), BASE64_URL_SAFE_NO_PAD.encode(&whole)] {
        for question in PAGED {
            drop(db.query(*question).page_size(3).after(token.as_str()).run());
        }
    }
}

const PAGED: &[&str] = &[
    "SELECT * FROM devices",
    "SELECT deviceId FROM devices ORDER BY tags.two DESC, tags.site",
    "SELECT tags.site, COUNT() AS n FROM devices GROUP BY tags.site",
];

/// Data for [`fuzz_token`]: tokens as they are made, and their bytes without the checksum.
#[must_use]
pub fn token_corpus() -> Vec<Vec<u8>> {
    let Ok(db) = open(&BASE.store) else { return Vec::new() };
    let pages = PAGED.iter().filter_map(|question| db.query(*question).page_size(2).run().ok());
    let tokens = pages.filter_map(|page| page.next().map(str::to_owned));
    let both = tokens.flat_map(|token| {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap_or_default();
        bytes.truncate(bytes.len().saturating_sub(4));
        [token.into_bytes(), bytes]
    });
    both.collect()
}

/// Reads a text as a document, as each kind of patch and as an update of a digital twin.
///
/// # Panics
/// When a reader does, or when a document that is loaded does not give a twin that is sound.
pub fn fuzz_json(data: &[u8]) {
    drop(read_twin_patch(data));
    drop(read_twin_replacement(data));
    drop(read_reported_patch(data));
    let db = Twindex::with_options(crate::small_store::options());
    if db.load(data, &LoadOptions::default()).is_ok() {
        look_around(&db);
        db.check().unwrap_or_else(|fault| unreachable!("a loaded document is unsound: {fault}"));
    }
    drop(std::str::from_utf8(data).map(read_value));
    let twin = json!({"$metadata": {"$model": "dtmi:a;1"}, "a": 1, "b": {"c": [1, 2]}});
    if let Ok(patch) = serde_json::from_slice(data) {
        drop(twindex_pnp::apply_json_patch(&twin, &patch));
    }
}

/// Data for [`fuzz_json`].
#[must_use]
pub fn json_corpus() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"deviceId":"d","tags":{"a":[1,{"b":null}],"n":1.5e3},"properties":{"desired":{"x":true}}}"#,
        r#"{"tags":{"a":null,"b":{"c":"\u00e9"}},"properties":{"desired":{"$version":3}}}"#,
        r#"{"deviceId":"d","etag":"AAA=","properties":{"reported":{"$metadata":{"$lastUpdated":"2024-01-01T00:00:00Z"},"$version":2}}}"#,
        r#"[{"op":"add","path":"/b/c/0","value":{"$metadata":{}}},{"op":"remove","path":"/a"}]"#,
        r#"[{"op":"replace","path":"/a","value":7},{"op":"test","path":"/b","value":1}]"#,
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Calls `target` with `n` mutations of a corpus, after the corpus itself.
pub fn mutations(seed: u64, n: u64, corpus: &[Vec<u8>], target: impl Fn(&[u8])) {
    corpus.iter().for_each(|data| target(data));
    let mut dice = Dice::new(seed);
    for _ in 0..n {
        let mut data = dice.one_of(corpus).clone();
        for _ in 0..=dice.below(3) {
            mutate(&mut data, &mut dice);
        }
        target(&data);
    }
}

/// Numbers that lengths, places and codes are wrong by.
const ODD: [u64; 9] = [0, 1, 2, 0x7F, 0xFF, 0xFFFF, 1 << 31, u64::MAX, (1 << 48) + 1];

fn mutate(data: &mut Vec<u8>, dice: &mut Dice) {
    // Most that decides anything stands at the front.
    let reach = if dice.chance(50) { data.len().min(80) } else { data.len() };
    let at = dice.below(reach);
    let n = 1 << dice.below(4);
    let end = (at + n).min(data.len());
    let word = dice.one_of(&ODD).to_le_bytes();
    match dice.below(7) {
        0 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
        1 => data.iter_mut().skip(at).take(n).zip(word).for_each(|(to, from)| *to = from),
        2 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_add(1)),
        3 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_sub(1)),
        4 => drop(data.drain(at..end)),
        5 => data.truncate(at.max(2)),
        _ => {
            let copied: Vec<u8> = data.iter().skip(dice.below(reach)).take(n).copied().collect();
            drop(data.splice(at..at, copied));
        }
    }
}
