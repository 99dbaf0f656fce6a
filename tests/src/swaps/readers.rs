//! Readers: one of each class of query, with what it must answer in every version.

use serde_json::{Value, json};
use twindex::{Page, Query};
use twindex_testkit::Dice;

use super::fleet::{AMOUNT, BEAT, N_ALL, N_COLOURS, N_TWINS, colour, swapped, text};
use super::{N_WRITERS, Shared, lock};
use crate::swaps::fleet::N_GUESTS;

type Reader = fn(&Shared, &mut Dice) -> Result<(), String>;

/// Every class of query.
pub(super) const READERS: &[(&str, Reader)] = &[
    ("count", count),
    ("count all", count_all),
    ("count of a list", count_list),
    ("group", group),
    ("group by two", group_by_two),
    ("sum", sum),
    ("sum by row", sum_by_row),
    ("least and greatest", least_and_greatest),
    ("top", top),
    ("all rows", all_rows),
    ("contains", contains),
    ("like", like),
    ("by row", by_row),
    ("drift", drift),
    ("two fields", two_fields),
    ("range", range),
    ("distinct", distinct),
    ("ids", ids),
    ("whole twins", whole_twins),
    ("one twin", one_twin),
    ("snapshot pages", snapshot_pages),
    ("snapshot pages in order", snapshot_pages_in_order),
    ("snapshot twice", snapshot_twice),
    ("at least version", at_least_version),
    ("walk", walk),
];

fn run(query: &Query<'_>) -> Result<Page, String> {
    query.run().map_err(|error| error.to_string())
}

fn rows(shared: &Shared, text: &str) -> Result<Vec<Value>, String> {
    let page = run(&shared.db.query(text)).map_err(|reason| format!("{text}: {reason}"))?;
    Ok(page.values().collect())
}

fn expect(text: &str, found: Vec<Value>, expected: &[Value]) -> Result<(), String> {
    let is_same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(a, b)| twindex_oracle::equal(a, b));
    if is_same { Ok(()) } else { Err(format!("{text} gave {}", Value::Array(found))) }
}

fn expect_rows(shared: &Shared, text: &str, expected: &[Value]) -> Result<(), String> {
    expect(text, rows(shared, text)?, expected)
}

/// `condition` matches as many twins as it always does.
fn expect_count(shared: &Shared, condition: &str, n: usize) -> Result<(), String> {
    let text = format!("SELECT COUNT() AS n FROM devices WHERE {condition}");
    expect_rows(shared, &text, &[json!({ "n": n })])
}

fn count(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let colour = colour(dice.below(N_COLOURS));
    expect_count(shared, &format!("tags.colour = '{colour}'"), N_TWINS / N_COLOURS)
}

fn count_all(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    expect_rows(shared, "SELECT COUNT() AS n FROM devices", &[json!({ "n": N_ALL })])?;
    expect_count(shared, "tags.kind = 'guest'", N_WRITERS * N_GUESTS)
}

fn count_list(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    expect_count(shared, "tags.colour IN ['c0', 'c3', 'none']", 2 * N_TWINS / N_COLOURS)?;
    expect_count(shared, "tags.colour = 'c1' OR tags.colour = 'c2'", 2 * N_TWINS / N_COLOURS)?;
    expect_count(shared, "NOT tags.colour = 'c1'", 5 * N_TWINS / N_COLOURS)
}

fn group(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT tags.colour AS c, COUNT() AS n FROM devices WHERE tags.kind = 'twin' \
                GROUP BY tags.colour";
    let row = |nth: usize| json!({"c": colour(nth), "n": N_TWINS / N_COLOURS});
    expect_rows(shared, text, &(0..N_COLOURS).map(row).collect::<Vec<_>>())
}

fn group_by_two(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let asked = "SELECT tags.colour AS c, tags.text AS t, COUNT() AS n, SUM(tags.rank) AS s \
                 FROM devices WHERE tags.kind = 'twin' GROUP BY tags.colour, tags.text";
    let mut rows = rows(shared, asked)?;
    let ranks: f64 = rows.iter().filter_map(|row| row["s"].as_f64()).sum();
    rows.iter_mut().for_each(|row| row["s"] = json!(0));
    let row =
        |nth: usize| json!({"c": colour(nth), "t": text(nth), "n": N_TWINS / N_COLOURS, "s": 0});
    if ranks != (N_TWINS * (N_TWINS - 1) / 2) as f64 {
        return Err(format!("{asked}: the ranks are {ranks}"));
    }
    expect(asked, rows, &(0..N_COLOURS).map(row).collect::<Vec<_>>())
}

fn sum(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT SUM(tags.amount) AS s, COUNT(tags.amount) AS n FROM devices";
    let row = json!({"s": AMOUNT * N_TWINS as i64, "n": N_TWINS});
    expect_rows(shared, text, &[row])
}

fn sum_by_row(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT SUM(tags.amount + tags.rank * 2) AS s FROM devices \
                WHERE tags.kind = 'twin'";
    let ranks = (N_TWINS * (N_TWINS - 1)) as i64;
    expect_rows(shared, text, &[json!({"s": AMOUNT * N_TWINS as i64 + ranks})])
}

fn least_and_greatest(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT MIN(tags.rank) AS a, MAX(tags.rank) AS b, COUNT(DISTINCT tags.rank) AS n \
                FROM devices";
    expect_rows(shared, text, &[json!({"a": 0, "b": N_TWINS - 1, "n": N_TWINS})])
}

fn top(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let n = 1 + dice.below(20);
    let text = format!("SELECT tags.rank AS r FROM devices ORDER BY tags.rank DESC LIMIT {n}");
    let row = |nth: usize| json!({"r": N_TWINS - 1 - nth});
    expect_rows(shared, &text, &(0..n).map(row).collect::<Vec<_>>())
}

/// Every rank once.
fn expect_ranks(text: &str, found: impl Iterator<Item = Value>) -> Result<(), String> {
    let mut ranks: Vec<u64> = found.filter_map(|row| row["r"].as_u64()).collect();
    ranks.sort_unstable();
    let is_whole = ranks.iter().copied().eq(0..N_TWINS as u64);
    if is_whole { Ok(()) } else { Err(format!("{text} gave the ranks {ranks:?}")) }
}

fn all_rows(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT tags.rank AS r FROM devices WHERE IS_DEFINED(tags.rank)";
    expect_ranks(text, rows(shared, text)?.into_iter())
}

fn contains(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let part = format!("needle-{}-", dice.below(N_COLOURS));
    expect_count(shared, &format!("CONTAINS(tags.text, '{part}')"), N_TWINS / N_COLOURS)
}

fn like(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let nth = dice.below(N_COLOURS);
    expect_count(shared, &format!("tags.text LIKE '%-{nth}- af_er'"), N_TWINS / N_COLOURS)
}

/// Colour and text of each twin go together.
fn by_row(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let part = "CONCAT('needle-', SUBSTRING(tags.colour, 1), '-')";
    expect_count(shared, &format!("NOT CONTAINS(tags.text, {part})"), 0)
}

fn drift(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    expect_count(shared, "NOT IN_SYNC()", 0)?;
    expect_count(shared, "ARRAY_LENGTH(DRIFT()) > 0", 0)
}

fn two_fields(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let mode = "properties.desired.mode != properties.reported.mode";
    let level = "properties.desired.nested.level != properties.reported.nested.level";
    expect_count(shared, mode, 0)?;
    expect_count(shared, level, 0)?;
    expect_count(shared, "properties.desired.mode = properties.reported.mode", N_TWINS)
}

fn range(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let (low, high) = (dice.below(N_TWINS / 2), N_TWINS / 2 + dice.below(N_TWINS / 2));
    let between = format!("tags.rank BETWEEN {low} AND {high}");
    expect_count(shared, &between, high - low + 1)?;
    expect_count(shared, &format!("tags.rank >= {low} AND tags.kind = 'twin'"), N_TWINS - low)
}

fn distinct(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT DISTINCT tags.colour AS c FROM devices WHERE IS_DEFINED(tags.colour) \
                ORDER BY tags.colour";
    let row = |nth: usize| json!({"c": colour(nth)});
    expect_rows(shared, text, &(0..N_COLOURS).map(row).collect::<Vec<_>>())
}

fn ids(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let condition = format!("tags.colour = '{}'", colour(dice.below(N_COLOURS)));
    let ids = shared.db.condition(&*condition).ids().map_err(|error| error.to_string())?;
    let n = N_TWINS / N_COLOURS;
    if ids.len() == n as u64 { Ok(()) } else { Err(format!("{} twins {condition}", ids.len())) }
}

/// Nothing of a document is of another version than the rest.
fn check_twin(twin: &Value) -> Result<(), String> {
    let strip = |section: &Value| {
        let mut section = section.as_object().cloned().unwrap_or_default();
        section.retain(|key, _| !key.starts_with('$'));
        section
    };
    let properties = &twin["properties"];
    let is_in_sync = strip(&properties["desired"]) == strip(&properties["reported"]);
    let colour_of = |nth: &usize| twin["tags"]["colour"] == json!(colour(*nth));
    let nth = (0..N_COLOURS).find(colour_of);
    if is_in_sync && nth.is_some_and(|nth| twin["tags"]["text"] == json!(text(nth))) {
        return Ok(());
    }
    Err(format!("parts of several versions: {twin}"))
}

fn whole_twins(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let text = "SELECT * FROM devices WHERE tags.kind = 'twin'";
    let twins = rows(shared, text)?;
    twins.iter().try_for_each(check_twin)?;
    expect_ranks(text, twins.iter().map(|twin| json!({"r": twin["tags"]["rank"]})))
}

fn one_twin(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let id = swapped(dice.below(N_TWINS));
    let twin = shared.db.twin(&id, None).ok_or_else(|| format!("{id} is gone"))?;
    check_twin(&serde_json::from_str(&twin).map_err(|error| error.to_string())?)
}

/// The rows page by page, of an open version.
fn pages(shared: &Shared, dice: &mut Dice, text: &str) -> Result<Vec<Value>, String> {
    let snapshot = shared.db.snapshot();
    let mut rows = Vec::new();
    let mut token: Option<String> = None;
    let size_max = *dice.one_of(&[7, 100, 1_000]);
    loop {
        let n_max = 1 + size_max / 2 + dice.below(size_max);
        let mut query = shared.db.query(text).at(&snapshot).page_size(n_max);
        if let Some(token) = token {
            query = query.after(token);
        }
        let page = run(&query)?;
        rows.extend(page.values());
        token = page.next().map(str::to_owned);
        if token.is_none() {
            return Ok(rows);
        }
    }
}

fn snapshot_pages(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let text = "SELECT tags.rank AS r FROM devices WHERE tags.kind = 'twin'";
    expect_ranks(text, pages(shared, dice, text)?.into_iter())
}

fn snapshot_pages_in_order(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let text = "SELECT tags.rank AS r FROM devices WHERE tags.kind = 'twin' ORDER BY tags.rank";
    let row = |nth: usize| json!({ "r": nth });
    let expected: Vec<Value> = (0..N_TWINS).map(row).collect();
    expect(text, pages(shared, dice, text)?, &expected)
}

fn snapshot_twice(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let snapshot = shared.db.snapshot();
    let texts = [
        "SELECT * FROM devices",
        "SELECT deviceId, tags.rank AS r FROM devices ORDER BY tags.amount DESC, deviceId",
        "SELECT properties.desired.mode AS m, COUNT() AS n FROM devices GROUP BY properties.desired.mode",
    ];
    let query = shared.db.query(*dice.one_of(&texts)).at(&snapshot);
    let first: Vec<String> = run(&query)?.rows().map(str::to_owned).collect();
    // Some batches later.
    count(shared, dice)?;
    drift(shared, dice)?;
    let second = run(&query)?;
    match first.iter().map(String::as_str).zip(second.rows()).find(|(a, b)| a != b) {
        None if first.len() == second.n_rows() => Ok(()),
        None => Err(format!("{} rows, then {}", first.len(), second.n_rows())),
        Some((first, second)) => Err(format!("{first}, then {second}")),
    }
}

fn at_least_version(shared: &Shared, _: &mut Dice) -> Result<(), String> {
    let (version, n) = *lock(&shared.beat);
    let text = format!("SELECT tags.n AS n FROM devices WHERE deviceId = '{BEAT}'");
    let page = run(&shared.db.query(&text).at_least_version(version))?;
    let found = page.values().next();
    match found.as_ref().and_then(|row| row["n"].as_u64()) {
        Some(found) if found >= n => Ok(()),
        found => Err(format!("{text} gave {found:?}, not {n} or more")),
    }
}

/// Pages of whatever version is the newest: nobody whose keys stay is missed or repeated.
fn walk(shared: &Shared, dice: &mut Dice) -> Result<(), String> {
    let text = match dice.below(2) {
        0 => "SELECT deviceId FROM devices WHERE tags.kind = 'twin'",
        _ => "SELECT deviceId FROM devices WHERE tags.kind = 'twin' ORDER BY tags.kind, deviceId",
    };
    let mut ids = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut query = shared.db.query(text).page_size(40 + dice.below(200));
        if let Some(token) = token {
            query = query.after(token);
        }
        let page = run(&query)?;
        ids.extend(page.values().filter_map(|row| row["deviceId"].as_str().map(str::to_owned)));
        token = page.next().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    ids.sort();
    let n_found = ids.len();
    ids.dedup();
    if n_found == N_TWINS && ids.len() == N_TWINS {
        return Ok(());
    }
    Err(format!("{text} gave {n_found} rows of {} twins", ids.len()))
}
