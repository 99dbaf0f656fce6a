//! The log answers for each version as plain copies of the cells would.

use super::{Before, Fate, Undo};
use crate::lane::stamp::Stamp;
use crate::snapshot::Ts;
use twindex_model::cell::Cell;
use twindex_model::path::PathId;

fn before(n: u64) -> Before<'static> {
    match n % 4 {
        0 => Before::Cell(Cell::Number(n as f64)),
        1 if n % 8 == 1 => Before::Cell(Cell::String("text".into())),
        1 => Before::Cell(Cell::String("a longer text".into())),
        2 => Before::Stamp(Stamp { ticks: n as i64, digits: 7 }),
        _ => Before::Cell(Cell::Array("[1]".into())),
    }
}

fn filled(n_batches: u64) -> Undo {
    let mut undo = Undo::default();
    for ts in 1..=n_batches {
        undo.note(Ts(ts), (ts as u16, PathId(3)), &before(ts));
        undo.note_fate(Ts(ts), ts as u16, Fate::Died);
        undo.note(Ts(ts), (ts as u16, PathId(4)), &before(ts + 1));
    }
    undo
}

fn text(cell: &Cell<'_>) -> String {
    format!("{cell:?}")
}

#[test]
fn pruned_logs_keep_what_newer_versions_need() {
    for oldest in (0..=600).step_by(7) {
        let mut undo = filled(600);
        for step in 0..=oldest {
            undo.prune(Ts(step));
        }
        assert_eq!(undo.validate(), Ok(()));
        let from = undo.first_after(Ts(oldest));
        let kept: Vec<_> = undo.records(from).filter(|(_, r)| r.fate().is_none()).collect();
        assert_eq!(kept.len() as u64, (600 - oldest) * 2);
        for (_, record) in kept {
            let n = u64::from(record.row) + u64::from(record.path.0) - 3;
            let expected = match before(n) {
                Before::Cell(cell) => text(&cell),
                Before::Stamp(stamp) => text(&Cell::String(stamp.text())),
            };
            assert_eq!(text(&undo.cell(record)), expected);
        }
        let events: Vec<_> = undo.fates(from).map(|(_, row, _)| u64::from(row)).collect();
        assert_eq!(events, (oldest + 1..=600).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_taken_comes_newest_first_and_is_gone() {
    let mut undo = filled(5);
    assert!(undo.take_newest(Ts(4), 100).is_none());
    let taken = undo.take_newest(Ts(5), 100).expect("the newest");
    let cells: Vec<_> = taken.newest_first().map(|(r, cell)| (r.path.0, text(&cell))).collect();
    assert_eq!(cells[0], (4, text(&stamp(6))));
    assert_eq!(cells.len(), 3);
    assert_eq!(undo.newest(), Some(Ts(4)));
    assert_eq!(undo.validate(), Ok(()));
}

#[test]
fn a_batch_taken_bit_by_bit_keeps_rows_whole() {
    let mut undo = Undo::default();
    for n in 0..500_u64 {
        // Rows of one to three records, some with a text in the arena.
        undo.note(Ts(1 + n / 300), (n as u16 / 3 * 2 + n as u16 % 2, PathId(n as u32)), &before(n));
    }
    let mut left = undo.records(0).map(|(_, record)| *record).collect::<Vec<_>>();
    while let Some(taken) = undo.take_newest(Ts(2), 7) {
        let mut last = None;
        for (record, cell) in taken.newest_first() {
            let expected = left.pop().expect("as many as were noted");
            assert_eq!((record.row, record.path), (expected.row, expected.path));
            let shown = match before(u64::from(record.path.0)) {
                Before::Cell(cell) => text(&cell),
                Before::Stamp(stamp) => text(&Cell::String(stamp.text())),
            };
            assert_eq!(text(&cell), shown);
            last = Some(record.row);
        }
        assert_ne!(left.last().map(|record| record.row), last);
        assert_eq!(undo.validate(), Ok(()));
    }
    assert_eq!((left.len(), undo.newest()), (300, Some(Ts(1))));
    for (_, record) in undo.records(0) {
        assert!(!text(&undo.cell(record)).is_empty());
    }
}

fn stamp(ticks: i64) -> Cell<'static> {
    Cell::String(Stamp { ticks, digits: 7 }.text())
}

#[test]
fn an_emptied_log_gives_its_memory_back() {
    let mut undo = filled(50_000);
    assert!(undo.bytes() > 1 << 20);
    undo.prune(Ts(50_000));
    assert!(undo.bytes() < 1 << 17, "{}", undo.bytes());
    assert_eq!(undo.newest(), None);
}
