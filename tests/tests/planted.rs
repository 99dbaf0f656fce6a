//! The list of planted faults is that of the code, and none of them went unnoticed. Whether that is
//! still so is tried by `cargo run --profile test -p twindex-tests --features planted --bin planted`.

use twindex_planted::Fault;
use twindex_tests::files::read;
use twindex_tests::planted::{TABLE, Table};

#[test]
fn the_list_names_every_fault_and_what_caught_it() {
    let text = read(TABLE);
    let table = Table::read(&text);
    assert_eq!(text, table.text(), "{TABLE} is written by the command alone");
    for fault in Fault::ALL {
        let caught = table.caught.get(fault.name()).map(|caught| caught.by.as_str());
        assert!(caught.is_some_and(|by| by != "nobody"), "{} goes unnoticed", fault.name());
    }
    assert_eq!(table.caught.len(), Fault::ALL.len());
    assert!(Fault::ALL.len() >= 30);
}
