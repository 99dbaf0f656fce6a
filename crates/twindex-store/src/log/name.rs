//! Names of log files: `log-` and the number in 16 hexadecimal digits, so that names sort as numbers.

use crate::error::StoreError;
use crate::storage::Storage;

const PREFIX: &str = "log-";

/// The name of file `number`.
pub(crate) fn name_of(number: u64) -> String {
    format!("{PREFIX}{number:016x}")
}

/// The number in a name; `None` if it is not the name of a log file.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    (name_of(number) == name).then_some(number)
}

/// The numbers of all log files, ascending.
pub(crate) fn numbers(storage: &dyn Storage) -> Result<Vec<u64>, StoreError> {
    let names = storage.list().map_err(|error| StoreError::io("list", ".", error))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}
