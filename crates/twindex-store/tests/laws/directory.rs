//! The machine's own directory.

use twindex_store::directory::{Directory, IfMissing};
use twindex_store::error::StoreError;
use twindex_store::memory::MemoryStorage;
use twindex_store::storage::Storage;

#[test]
fn a_directory_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let missing = Directory::open(&path, IfMissing::Refuse);
    assert!(matches!(missing, Err(StoreError::NoStore { .. })));
    let first = Directory::open(&path, IfMissing::Create).unwrap();
    assert!(matches!(Directory::open(&path, IfMissing::Create), Err(StoreError::Locked { .. })));
    drop(first);
    Directory::open(&path, IfMissing::Refuse).unwrap();
}

#[test]
fn a_copy_lies_outside_of_what_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let source = Directory::open(&at("store"), IfMissing::Create).unwrap();
    let open = |name: &str| Directory::open_empty_outside(&at(name), &source);
    for inside in ["store", "store/a", "store/a/b", "other/../store/a", "store/../store/a"] {
        std::fs::create_dir_all(at("other")).unwrap();
        assert!(matches!(open(inside), Err(StoreError::Inside { .. })), "{inside}");
    }
    for outside in ["storehouse", "other", "store/../new", "a/b/store"] {
        open(outside).unwrap();
    }
    source.create("file").unwrap();
    assert!(matches!(open("store"), Err(StoreError::NotEmpty { .. })));
    assert_eq!(source.list().unwrap(), ["file"]);
    let memory = MemoryStorage::default();
    Directory::open_empty_outside(&at("store/a"), &memory).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_into_the_store_is_inside() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let source = Directory::open(&store, IfMissing::Create).unwrap();
    std::os::unix::fs::symlink(&store, folder.path().join("link")).unwrap();
    let opened = Directory::open_empty_outside(&folder.path().join("link/a"), &source);
    assert!(matches!(opened, Err(StoreError::Inside { .. })));
}

#[test]
fn a_file_is_no_directory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "x").unwrap();
    let opened = Directory::open(&path, IfMissing::Create);
    assert!(matches!(opened, Err(StoreError::NoStore { .. })));
}

#[test]
fn files_are_made_written_renamed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Directory::open(folder.path(), IfMissing::Refuse).unwrap();
    let file = storage.create("a").unwrap();
    assert_eq!(file.write_at(3, b"xyz").unwrap(), 3);
    file.sync().unwrap();
    assert!(storage.create("a").is_err());
    storage.rename("a", "b").unwrap();
    storage.sync_directory().unwrap();
    assert_eq!(storage.list().unwrap(), ["b"]);
    let mut bytes = [9; 8];
    assert_eq!(storage.open("b").unwrap().read_at(0, &mut bytes).unwrap(), 6);
    assert_eq!(&bytes[..6], b"\0\0\0xyz");
    storage.remove("b").unwrap();
    assert!(storage.open("b").is_err());
}
