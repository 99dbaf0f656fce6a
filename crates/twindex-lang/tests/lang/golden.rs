//! Files of the workspace, read and compared.

use std::path::PathBuf;

/// The path of a file named from the root of the workspace.
pub(crate) fn workspace_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// The text of a file named from the root of the workspace.
pub(crate) fn read(name: &str) -> String {
    let path = workspace_path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails unless the file holds `actual`; with `UPDATE_GOLDEN=1` it is written instead.
pub(crate) fn check(name: &str, actual: &str) {
    let path = workspace_path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; `UPDATE_GOLDEN=1 cargo test -p twindex-lang` rewrites it"
    );
}

/// The files of a folder, by name, with their texts.
pub(crate) fn folder(name: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(workspace_path(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}
