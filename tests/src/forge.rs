//! Damage that checksums call right: the payloads of a store, each of which can be replaced, with
//! all checksums above it made anew.
//!
//! Chance does not make such files; a defect or an attacker does. The decoders are all that stands
//! between them and a panic.

use twindex::storage::{MemoryStorage, Storage as _};
use twindex_store::checkpoint::manifest::Manifest;
use twindex_store::error::StoreError;
use twindex_store::header::{FileKind, HEADER_BYTES, Header, StoreId};
use twindex_store::log::frame;

/// Name of the manifest.
const MANIFEST: &str = "MANIFEST";

/// A payload of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A part of the checkpoint, by key.
    Part(Vec<u8>),
    /// A frame of a log file, by its place in it.
    Frame(String, usize),
    /// What stands in the manifest behind its header.
    Manifest,
    /// A whole file, checksums and all as they come.
    File(String),
}

/// The payloads of a store with their bytes.
///
/// # Errors
/// [`StoreError`]: the store is damaged.
pub fn payloads(storage: &MemoryStorage) -> Result<Vec<(Payload, Vec<u8>)>, StoreError> {
    let manifest = manifest_of(storage)?;
    let mut payloads = Vec::new();
    for (key, part) in &manifest.parts {
        payloads.push((Payload::Part(key.to_vec()), manifest.read_part(storage, part)?));
    }
    let mut names = storage.list().unwrap_or_default();
    names.sort_unstable();
    for name in names {
        let bytes = storage.bytes(&name).unwrap_or_default();
        if name.starts_with("log-") {
            let frames = frames_of(manifest.store, &bytes);
            let frames = (0..).zip(frames);
            let frame =
                |(at, frame): (usize, (_, Vec<u8>))| (Payload::Frame(name.clone(), at), frame.1);
            payloads.extend(frames.map(frame));
        }
        payloads.push((Payload::File(name), bytes));
    }
    let bytes = storage.bytes(MANIFEST).unwrap_or_default();
    let body = bytes.len().checked_sub(4).and_then(|end| bytes.get(HEADER_BYTES..end));
    payloads.push((Payload::Manifest, body.unwrap_or_default().to_vec()));
    Ok(payloads)
}

/// A copy of a store with another payload.
///
/// # Errors
/// [`StoreError`]: the store is damaged.
pub fn forged(
    storage: &MemoryStorage,
    payload: &Payload,
    bytes: &[u8],
) -> Result<MemoryStorage, StoreError> {
    let forged = storage.to_copy();
    match payload {
        Payload::Part(key) => forge_part(&forged, key, bytes)?,
        Payload::Frame(name, at) => forge_frame(&forged, (name, *at), bytes)?,
        Payload::Manifest => forge_manifest(&forged, bytes)?,
        Payload::File(name) => forged.set_bytes(name, bytes.to_vec()),
    }
    Ok(forged)
}

/// Adds the part to the end of its extent, and names it there.
fn forge_part(storage: &MemoryStorage, key: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
    let mut manifest = manifest_of(storage)?;
    if let Some(part) = manifest.parts.get_mut(key) {
        let name = format!("extent-{:016x}", part.extent);
        let mut extent = storage.bytes(&name).unwrap_or_default();
        (part.offset, part.n_bytes) = (extent.len() as u64, bytes.len() as u64);
        part.crc = crc32fast::hash(bytes);
        extent.extend_from_slice(bytes);
        storage.set_bytes(&name, extent);
    }
    manifest.write(storage)
}

fn forge_frame(
    storage: &MemoryStorage,
    (name, at): (&str, usize),
    payload: &[u8],
) -> Result<(), StoreError> {
    let store = manifest_of(storage)?.store;
    let bytes = storage.bytes(name).unwrap_or_default();
    let mut out = bytes.get(..HEADER_BYTES).unwrap_or_default().to_vec();
    for (number, (header, own)) in frames_of(store, &bytes).iter().enumerate() {
        frame::encode(&mut out, store, header, if number == at { payload } else { own });
    }
    storage.set_bytes(name, out);
    Ok(())
}

fn forge_manifest(storage: &MemoryStorage, body: &[u8]) -> Result<(), StoreError> {
    let manifest = manifest_of(storage)?;
    let (store, number) = (manifest.store, manifest.number);
    let header = Header { kind: FileKind::Manifest, store, number, first: 0 };
    storage.set_bytes(MANIFEST, sealed(&header, body));
    Ok(())
}

/// A file of a header, whose length is made anew, a body and a checksum of it.
pub(crate) fn sealed(header: &Header, body: &[u8]) -> Vec<u8> {
    let mut out = Header { first: body.len() as u64 + 4, ..*header }.encode();
    out.extend_from_slice(body);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header.store.0);
    hasher.update(body);
    out.extend_from_slice(&hasher.finalize().to_le_bytes());
    out
}

fn manifest_of(storage: &MemoryStorage) -> Result<Manifest, StoreError> {
    Manifest::read(storage)?.ok_or_else(|| StoreError::Missing { file: MANIFEST.to_owned() })
}

/// The frames of a log file, each with its payload.
fn frames_of(store: StoreId, bytes: &[u8]) -> Vec<(frame::FrameHeader, Vec<u8>)> {
    let mut frames = Vec::new();
    let mut rest = bytes.get(HEADER_BYTES..).unwrap_or_default();
    while let Some(frame) = frame::decode(store, rest) {
        frames.push((frame.header, frame.payload.to_vec()));
        rest = frame::n_bytes_of(rest).and_then(|end| rest.get(end..)).unwrap_or_default();
    }
    frames
}
