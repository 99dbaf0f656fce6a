//! `grammar/functions.md` is the function table.

use crate::golden;

#[test]
fn function_reference_is_up_to_date() {
    golden::check("grammar/functions.md", &twindex_lang::function::reference());
}
