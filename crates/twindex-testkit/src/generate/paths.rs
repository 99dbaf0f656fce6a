//! Paths of a shape, and literals that stand there.

use serde_json::Value;
use twindex_lang::ast::{Expr, Node, Segment};

use super::shape::{PathShape, Shape};
use super::vocabulary;
use crate::build;
use crate::dice::Dice;

/// Writes expressions over the paths of a shape.
pub(crate) struct Author<'a> {
    pub(crate) dice: &'a mut Dice,
    pub(crate) shape: &'a Shape,
}

/// Segments, and values that may stand there.
pub(crate) struct Place {
    pub(crate) segments: Vec<Segment>,
    pub(crate) pool: Vec<Value>,
}

impl Place {
    pub(crate) fn to_expr(&self) -> Expr {
        build::path(self.segments.clone())
    }
}

impl<'a> Author<'a> {
    /// A place in twins: mostly one of the shape, also one below or above it, or one of none.
    pub(crate) fn place(&mut self) -> Place {
        match self.dice.below(20) {
            0 => self.unknown(),
            1 => self.bookkeeping(),
            2 => self.identity(),
            3 => self.above(),
            4..=6 => {
                let place = self.known(|_| true);
                self.below(place)
            }
            _ => self.known(|_| true),
        }
    }

    /// A place where such a value stands, if there is one.
    pub(crate) fn place_of(&mut self, is: fn(&Value) -> bool) -> Place {
        if self.dice.chance(12) { self.place() } else { self.known(is) }
    }

    fn known(&mut self, is: fn(&Value) -> bool) -> Place {
        let fits = |path: &&PathShape| path.pool.iter().any(is);
        let fitting: Vec<&PathShape> = self.shape.paths.iter().filter(fits).collect();
        let path = match fitting.is_empty() {
            true => self.dice.one_of(&self.shape.paths),
            false => *self.dice.one_of(&fitting),
        };
        Place { segments: to_segments(&path.keys), pool: path.pool.clone() }
    }

    fn unknown(&mut self) -> Place {
        let mut place = self.known(|_| true);
        if self.dice.chance(80) || place.segments.len() == 1 {
            place.segments.push(Segment::Key(vocabulary::key(self.dice)));
        } else {
            place.segments = to_segments(&["nowhere".to_owned()]);
        }
        place
    }

    fn bookkeeping(&mut self) -> Place {
        let section = *self.dice.one_of(&["desired", "reported"]);
        let mut keys = vec!["properties", section];
        let pool = if self.dice.chance(50) {
            keys.push("$version");
            vec![self.dice.between(1, 300).into()]
        } else {
            keys.push("$metadata");
            if self.dice.chance(50) {
                keys.push(*self.dice.one_of(vocabulary::PLAIN_KEYS));
            }
            keys.push("$lastUpdated");
            vec![vocabulary::time(self.dice).into()]
        };
        let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
        Place { segments: to_segments(&keys), pool }
    }

    fn identity(&mut self) -> Place {
        let field = *self.dice.one_of(&["deviceId", "deviceId", "moduleId"]);
        let n = self.dice.below(self.shape.n_twins + 1);
        let pool = vec![format!("dev{n:03}").into(), "$edgeAgent".into(), "d1".into()];
        Place { segments: to_segments(&[field.to_owned()]), pool }
    }

    /// Some object on the way to a place of the shape.
    fn above(&mut self) -> Place {
        let mut place = self.known(|_| true);
        let n = 1 + self.dice.below(place.segments.len());
        place.segments.truncate(n);
        place
    }

    /// A place inside an array or object of the pool.
    fn below(&mut self, place: Place) -> Place {
        let containers: Vec<&Value> =
            place.pool.iter().filter(|value| value.is_array() || value.is_object()).collect();
        let mut segments = place.segments.clone();
        if containers.is_empty() {
            segments.push(Segment::Index(self.dice.below(2) as u64));
            return Place { segments, pool: place.pool };
        }
        let mut value = *self.dice.one_of(&containers);
        loop {
            value = match value {
                Value::Array(items) if !items.is_empty() => {
                    let at = self.dice.below(items.len());
                    segments.push(Segment::Index(at as u64));
                    &items[at]
                }
                Value::Object(entries) if !entries.is_empty() => {
                    let keys: Vec<&String> = entries.keys().collect();
                    let key = *self.dice.one_of(&keys);
                    segments.push(Segment::Key(key.clone()));
                    &entries[key]
                }
                _ => break,
            };
            if self.dice.chance(30) {
                break;
            }
        }
        Place { segments, pool: vec![value.clone()] }
    }

    /// `p[*]` or `p[*].k`, for the left of a comparison, and values of the elements.
    pub(crate) fn any_element(&mut self) -> Place {
        let Place { mut segments, pool } = self.place_of(Value::is_array);
        segments.push(Segment::AnyElement);
        let mut elements: Vec<Value> =
            pool.iter().filter_map(Value::as_array).flatten().cloned().collect();
        if self.dice.chance(50) {
            let key = *self.dice.one_of(&["k", "k", "v", "id"]);
            segments.push(Segment::Key(key.to_owned()));
            elements = elements.iter().filter_map(|element| element.get(key)).cloned().collect();
        }
        if elements.is_empty() {
            elements.push(vocabulary::primitive(self.dice));
        }
        Place { segments, pool: elements }
    }

    /// A literal: mostly of the pool, now and then beside one, or of another kind.
    pub(crate) fn literal(&mut self, pool: &[Value]) -> Expr {
        let value = match self.dice.below(10) {
            0 => vocabulary::primitive(self.dice),
            1 => {
                let near = self.dice.one_of(pool);
                beside(self.dice, near)
            }
            _ => self.dice.one_of(pool).clone(),
        };
        let other = vocabulary::primitive(self.dice);
        self.literal_of(&value).or_else(|| self.literal_of(&other)).unwrap_or_else(build::null)
    }

    /// An expression that spells `value`; none spells an object.
    fn literal_of(&mut self, value: &Value) -> Option<Expr> {
        Some(match value {
            Value::Null => build::null(),
            Value::Bool(value) => build::bool(*value),
            Value::Number(number) => self.number(number.as_f64()?),
            Value::String(text) => build::text(text),
            Value::Array(items) => {
                let items: Option<Vec<Expr>> =
                    items.iter().map(|item| self.literal_of(item)).collect();
                build::expr(Node::Array(items?))
            }
            Value::Object(_) => return None,
        })
    }

    /// A number in one of its spellings.
    pub(crate) fn number(&mut self, number: f64) -> Expr {
        // A literal has no sign, and so there is no literal -0.
        let number = if number == 0.0 { 0.0 } else { number };
        let is_whole = (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
        match self.dice.below(12) {
            0 if is_whole => build::hexadecimal(number as u64),
            1 if number > 0.0 => build::number_text(format!("{number:e}")),
            2 if is_whole => build::number_text(format!("{number}.0")),
            3 if number > 0.0 && number < 1.0 && number > 1e-9 => {
                build::number_text(format!("{number}").trim_start_matches('0').to_owned())
            }
            _ => build::number(number),
        }
    }
}

fn to_segments(keys: &[String]) -> Vec<Segment> {
    keys.iter().map(|key| Segment::Key(key.clone())).collect()
}

/// A value close to another one.
fn beside(dice: &mut Dice, value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let close = match dice.below(4) {
                0 => number + 1.0,
                1 => number.next_up(),
                2 => number.next_down(),
                _ => -number,
            };
            serde_json::Number::from_f64(close).map_or(Value::Null, Value::Number)
        }
        Value::String(text) => {
            let n = text.chars().count();
            match dice.below(4) {
                0 => text.chars().take(n.saturating_sub(1)).collect::<String>().into(),
                1 => format!("{text}a").into(),
                2 => text.to_uppercase().into(),
                _ => text.to_lowercase().into(),
            }
        }
        other => other.clone(),
    }
}
