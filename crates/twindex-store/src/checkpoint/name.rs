//! Names of the files of checkpoints.

use crate::error::StoreError;
use crate::storage::Storage;

/// The manifest that counts.
pub(crate) const MANIFEST: &str = "MANIFEST";
/// The next one, until it is whole.
pub(crate) const NEXT_MANIFEST: &str = "MANIFEST.next";

const PREFIX: &str = "extent-";

/// The name of extent `number`.
pub(crate) fn extent_name(number: u64) -> String {
    format!("{PREFIX}{number:016x}")
}

/// The numbers of all extents, in no order.
pub(crate) fn extents(storage: &dyn Storage) -> Result<Vec<u64>, StoreError> {
    let names = storage.list().map_err(|error| StoreError::io("list", ".", error))?;
    let number = |name: &String| {
        let number = u64::from_str_radix(name.strip_prefix(PREFIX)?, 16).ok()?;
        (extent_name(number) == *name).then_some(number)
    };
    Ok(names.iter().filter_map(number).collect())
}
