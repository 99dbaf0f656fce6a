//! What the twins of one fleet have in common: paths and the values that stand there.
//!
//! Fleet and queries draw from one shape, which is why queries find something.

use serde_json::{Value, json};

use super::vocabulary;
use crate::dice::Dice;

/// The paths of a fleet.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The paths, some of them below others.
    pub(crate) paths: Vec<PathShape>,
    /// Twins in the fleet.
    pub(crate) n_twins: usize,
    /// What `NOW()` is.
    pub(crate) now_ms: i64,
}

/// A path and what stands there.
#[derive(Clone, Debug)]
pub(crate) struct PathShape {
    /// The keys from the root of the twin.
    pub(crate) keys: Vec<String>,
    /// The values met there, one or more.
    pub(crate) pool: Vec<Value>,
    /// How many of a hundred twins have the path.
    pub(crate) presence: u32,
}

impl Shape {
    /// A shape: mostly a small fleet of many kinds of values, sometimes a larger one of few.
    #[must_use]
    pub fn generate(dice: &mut Dice) -> Self {
        let dense = dice.chance(15);
        let n_twins = match dice.below(10) {
            _ if dense => 80 + dice.below(221),
            0 => dice.below(3),
            1..=5 => 3 + dice.below(15),
            _ => 10 + dice.below(51),
        };
        let n_paths = if dense { 2 + dice.below(4) } else { 3 + dice.below(12) };
        let mut paths: Vec<PathShape> = Vec::new();
        for _ in 0..n_paths {
            let keys = match paths.is_empty() || dice.chance(60) {
                true => fresh_keys(dice),
                false => related_keys(dice, &paths),
            };
            paths.push(PathShape { keys, pool: pool(dice, dense), presence: presence(dice) });
        }
        paths.extend(fields(dice));
        let now_ms = 1_714_558_830_123 + dice.between(-2, 2) * 86_400_000;
        Self { paths, n_twins, now_ms }
    }
}

impl Shape {
    /// The paths below `prefix`, without it, and what stands there.
    pub(crate) fn paths_below(&self, prefix: &[&str]) -> Vec<(Vec<String>, Vec<Value>)> {
        let is_below = |path: &&PathShape| {
            path.keys.len() > prefix.len() && path.keys.iter().zip(prefix).all(|(a, b)| a == b)
        };
        let below = self.paths.iter().filter(is_below);
        below.map(|path| (path.keys[prefix.len()..].to_vec(), path.pool.clone())).collect()
    }
}

fn presence(dice: &mut Dice) -> u32 {
    *dice.one_of(&[100, 95, 80, 50, 20, 3])
}

/// One to eight values, of one kind or of any.
fn pool(dice: &mut Dice, dense: bool) -> Vec<Value> {
    let n = if dense { 1 + dice.below(3) } else { 1 + dice.below(8) };
    let kind: fn(&mut Dice) -> Value = match dice.below(10) {
        0..=2 => vocabulary::number,
        3..=4 => |dice| Value::String(vocabulary::text(dice)),
        5 => |dice| Value::String(vocabulary::time(dice)),
        6 => vocabulary::array,
        7 => |dice| json!(dice.chance(50)),
        _ => vocabulary::any,
    };
    (0..n).map(|_| if dice.chance(8) { vocabulary::any(dice) } else { kind(dice) }).collect()
}

/// A path of one to three keys below a section, seldom beside the sections.
fn fresh_keys(dice: &mut Dice) -> Vec<String> {
    let mut keys: Vec<String> = match dice.below(11) {
        0..=3 => vec!["tags".to_owned()],
        4..=6 => vec!["properties".to_owned(), "desired".to_owned()],
        7..=9 => vec!["properties".to_owned(), "reported".to_owned()],
        _ => return vec![(*dice.one_of(&["custom", "extra", "Other"])).to_owned()],
    };
    for _ in 0..=[0, 0, 1, 1, 2][dice.below(5)] {
        keys.push(vocabulary::key(dice));
    }
    keys
}

/// A path below or above one there is, or the same in the other section.
fn related_keys(dice: &mut Dice, paths: &[PathShape]) -> Vec<String> {
    let mut keys = dice.one_of(paths).keys.clone();
    let is_property = keys.len() > 2 && keys[0] == "properties";
    match dice.below(3) {
        0 if is_property => {
            let other = if keys[1] == "desired" { "reported" } else { "desired" };
            keys[1] = other.to_owned();
        }
        1 if keys.len() > 3 => {
            keys.pop();
        }
        _ => keys.push(vocabulary::key(dice)),
    }
    keys
}

/// The twin's own fields.
fn fields(dice: &mut Dice) -> Vec<PathShape> {
    let times = || -> Vec<Value> {
        [
            "0001-01-01T00:00:00Z",
            "2024-05-01T10:20:30.1234567Z",
            "2024-05-01T10:20:30Z",
            "2024-04-30T23:59:59.99Z",
            "2024-04-01T00:00:00Z",
        ]
        .map(Value::from)
        .into()
    };
    let fields = [
        ("etag", vec![json!("AAAAAAAAAAE="), json!("AAAAAAAAAAc=")]),
        ("deviceEtag", vec![json!("MQ=="), json!("NTMwMjU0Mzcy")]),
        ("status", vec![json!("enabled"), json!("disabled")]),
        ("statusReason", vec![json!("lost"), json!(""), json!(null)]),
        ("statusUpdateTime", times()),
        ("connectionState", vec![json!("Connected"), json!("Disconnected"), json!("connected")]),
        ("lastActivityTime", times()),
        ("cloudToDeviceMessageCount", vec![json!(0), json!(3), json!(50)]),
        ("authenticationType", vec![json!("sas"), json!("selfSigned"), json!("none")]),
        (
            "x509Thumbprint",
            vec![
                json!({"primaryThumbprint": null, "secondaryThumbprint": null}),
                json!({"primaryThumbprint": "AB12", "secondaryThumbprint": null}),
            ],
        ),
        ("modelId", vec![json!(""), json!("dtmi:com:example:Thermostat;1")]),
        ("version", vec![json!(2), json!(7), json!(255), json!(256)]),
        ("capabilities", vec![json!({"iotEdge": true}), json!({"iotEdge": false}), json!({})]),
        (
            "configurations",
            vec![json!({"c-1": {"status": "Applied"}}), json!({"c-1": {"status": "Targeted"}})],
        ),
        ("deviceScope", vec![json!("ms-azure-iot-edge://e1-637"), json!("")]),
        ("parentScopes", vec![json!([]), json!(["s1"]), json!(["s1", "s2"])]),
        ("attributes", vec![json!({}), json!({"line": "L1"})]),
    ];
    let mut shapes = Vec::new();
    for (field, mut pool) in fields {
        if dice.chance(45) {
            if dice.chance(5) {
                pool.push(vocabulary::primitive(dice));
            }
            let keys = vec![field.to_owned()];
            shapes.push(PathShape { keys, pool, presence: *dice.one_of(&[100, 90, 50]) });
        }
    }
    shapes
}
