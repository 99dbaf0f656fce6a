//! The examples of `grammar/truth.md` are conditions. What they give is judged where values are.

use twindex_lang::ast::Statement;
use twindex_lang::fuzz::check_round_trip;
use twindex_lang::{Limits, parse_condition};

use crate::golden;

#[test]
fn examples_are_conditions() {
    let mut n_examples = 0;
    for line in golden::read("grammar/truth.md").lines() {
        let Some((example, value)) =
            line.strip_prefix("| `").and_then(|row| row.split_once("` | "))
        else {
            continue;
        };
        assert!(["true |", "false |", "undefined |"].contains(&value), "{line}");
        let query = parse_condition(example, &Limits::default())
            .unwrap_or_else(|diagnostics| panic!("{example}\n{diagnostics:#?}"));
        check_round_trip(&Statement::Query(query));
        n_examples += 1;
    }
    assert!(n_examples > 100, "{n_examples}");
}
