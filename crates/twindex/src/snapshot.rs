//! A version of the twins, kept readable.

use twindex_exec::ExecError;
use twindex_index::snapshot::Expired;
use twindex_model::path::Collection;

use crate::engine::collection_of;
use crate::error::Error;

/// The twins as they were when it was made, whatever is written since.
///
/// It costs no copy. What it keeps from being forgotten is what was overwritten since, so let go of
/// it when done; if old versions take too much memory the oldest is given up, and reading it is an
/// error. Clones are of the same version.
#[derive(Clone, Debug)]
pub struct Snapshot {
    inner: twindex_index::snapshot::Snapshot,
}

impl Snapshot {
    pub(crate) fn new(inner: twindex_index::snapshot::Snapshot) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &twindex_index::snapshot::Snapshot {
        &self.inner
    }

    /// The version. Later ones are greater.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.inner.ts().0
    }

    /// The JSON text of one twin; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Run`] with [`ExecError::SnapshotExpired`].
    pub fn twin(&self, device_id: &str, module_id: Option<&str>) -> Result<Option<String>, Error> {
        Ok(twin_of(&self.inner, device_id, module_id).map_err(ExecError::from)?)
    }

    /// Number of twins in a collection.
    ///
    /// # Errors
    /// As [`Snapshot::twin`].
    pub fn n_twins(&self, collection: Collection) -> Result<u64, Error> {
        Ok(n_twins_of(&self.inner, collection).map_err(ExecError::from)?)
    }
}

/// The JSON text of one twin.
pub(crate) fn twin_of(
    snapshot: &twindex_index::snapshot::Snapshot,
    device_id: &str,
    module_id: Option<&str>,
) -> Result<Option<String>, Expired> {
    let read = snapshot.read()?;
    let Some(row) = read.find(device_id, module_id) else { return Ok(None) };
    let segment = read.segment(collection_of(module_id), row.segment());
    let mut out = String::new();
    segment.write_twin(row.place(), &mut out);
    Ok(Some(out))
}

/// Number of twins in a collection.
pub(crate) fn n_twins_of(
    snapshot: &twindex_index::snapshot::Snapshot,
    collection: Collection,
) -> Result<u64, Expired> {
    Ok(snapshot.read()?.n_rows(collection))
}
