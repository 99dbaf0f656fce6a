//! A history from a seed.

use serde_json::{Map, Value, json};
use twindex_oracle::{Condition, Hub, Request, TwinId};

use super::patch::{generate_body, generate_fields, generate_large_patch, generate_patch};
use super::{Draft, Guard, History, Step};
use crate::case::Asked;
use crate::dice::Dice;
use crate::generate::Shape;

/// Names that are easily mangled, and some that are none.
const ODD_IDS: &[&str] = &["it's", "a.b-c:d", "100%", "$edge", "#1?x=(2)", "D0", "d 0", "", "é"];

const MODULE_IDS: &[&str] = &["$edgeAgent", "m", "M"];

/// Versions that may be open at once.
const OPEN_MAX: usize = 4;

pub(super) fn generate(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let shape = Shape::generate(&mut dice);
    let mut maker = Maker {
        n_devices: [1, 3, 6, 14][dice.below(4)],
        hub: Hub::new(),
        n_open: 0,
        clock: shape.now_ms,
        dice,
        shape,
    };
    let now_ms = maker.clock;
    let mut steps = maker.first_twins();
    steps.iter().for_each(|step| maker.follow(step));
    for _ in 0..4 + maker.dice.below(30) {
        let step = maker.step();
        maker.follow(&step);
        steps.push(step);
    }
    History { seed, now_ms, steps }
}

struct Maker {
    dice: Dice,
    shape: Shape,
    n_devices: usize,
    /// What there is by now, roughly: no condition is looked at.
    hub: Hub,
    n_open: usize,
    clock: i64,
}

impl Maker {
    fn follow(&mut self, step: &Step) {
        match step {
            Step::Load(documents) => documents.iter().for_each(|twin| self.hub.load(twin)),
            Step::Write(drafts) => {
                for Draft { id, request, .. } in drafts {
                    let _ = self.hub.apply(id, request, &Condition::default(), self.clock);
                }
            }
            _ => {}
        }
    }

    /// Twins to begin with: loaded, created, or none.
    fn first_twins(&mut self) -> Vec<Step> {
        match self.dice.below(5) {
            0 => Vec::new(),
            1 | 2 => vec![self.load()],
            _ => {
                let n = self.n_devices;
                let mut create = |n: usize| Draft {
                    id: TwinId::of_device(format!("d{n}")),
                    request: self.create(),
                    guard: Guard::None,
                };
                vec![Step::Write((0..n).map(&mut create).collect())]
            }
        }
    }

    fn step(&mut self) -> Step {
        match self.dice.below(100) {
            0..=7 => self.clock(),
            8..=10 => self.load(),
            11..=20 if self.n_open < OPEN_MAX => {
                self.n_open += 1;
                Step::Open
            }
            11..=20 => {
                self.n_open -= 1;
                Step::Close(self.dice.below(OPEN_MAX))
            }
            21..=50 => {
                let is_old = self.n_open > 0 && self.dice.chance(60);
                let at = is_old.then(|| self.dice.below(self.n_open));
                let asked = Asked::generate(&mut self.dice, &self.shape);
                Step::Ask { asked: Box::new(asked), at }
            }
            51..=55 => self.burst(),
            _ => {
                let n = [1, 1, 1, 2, 3, 8][self.dice.below(6)];
                Step::Write((0..n).map(|_| self.draft()).collect())
            }
        }
    }

    /// On, not at all, or back.
    fn clock(&mut self) -> Step {
        self.clock += match self.dice.below(4) {
            0 => -self.dice.between(1, 5_000_000),
            1 => 1,
            2 => 86_400_000,
            _ => self.dice.between(0, 60_000),
        };
        Step::Clock(self.clock)
    }

    /// Many changes of one twin in one batch.
    fn burst(&mut self) -> Step {
        let id = self.id();
        let n = 10 + self.dice.below(30);
        Step::Write((0..n).map(|_| Draft { id: id.clone(), ..self.draft() }).collect())
    }

    fn id(&mut self) -> TwinId {
        let device_id = match self.dice.below(20) {
            0 => (*self.dice.one_of(ODD_IDS)).to_owned(),
            _ => format!("d{}", self.dice.below(self.n_devices + 1)),
        };
        let module_id = self.dice.chance(20).then(|| (*self.dice.one_of(MODULE_IDS)).to_owned());
        TwinId { device_id, module_id }
    }

    fn draft(&mut self) -> Draft {
        let off = |dice: &mut Dice| if dice.chance(60) { 0 } else { *dice.one_of(&[-1, 1, 5]) };
        let guard = match self.dice.below(20) {
            0 => Guard::AnyEtag,
            1 => Guard::Etag(off(&mut self.dice)),
            2 => Guard::Desired(off(&mut self.dice)),
            3 => Guard::Reported(off(&mut self.dice)),
            _ => Guard::None,
        };
        let id = self.id();
        let n_create = if self.hub.generation(&id).is_some() { 3 } else { 70 };
        let request = match self.dice.below(100) {
            n if n < n_create => self.create(),
            0..=10 => Request::Delete,
            11..=36 => Request::Patch(generate_body(&mut self.dice, &self.shape)),
            37..=46 => Request::Replace(generate_body(&mut self.dice, &self.shape)),
            47..=90 => Request::Report(self.reported()),
            _ => Request::Identify(generate_fields(&mut self.dice)),
        };
        // A new twin has nothing that could be asked for.
        let guard = if matches!(request, Request::Create { .. }) { Guard::None } else { guard };
        Draft { id, request, guard }
    }

    fn reported(&mut self) -> Value {
        let dice = &mut self.dice;
        match dice.below(30) {
            0 => generate_large_patch(dice),
            1 => json!(["no object"]),
            _ => generate_patch(dice, &self.shape, &["properties", "reported"]),
        }
    }

    fn create(&mut self) -> Request {
        let Self { dice, shape, .. } = self;
        let mut section =
            |prefix: &[&str]| dice.chance(60).then(|| generate_patch(dice, shape, prefix));
        let (tags, desired) = (section(&["tags"]), section(&["properties", "desired"]));
        let fields = if dice.chance(20) { generate_fields(dice) } else { Map::new() };
        Request::Create { fields, tags, desired }
    }

    /// Documents as a hub prints them, since another hub has held these twins for a while.
    fn load(&mut self) -> Step {
        let mut other = Hub::new();
        let none = Condition::default();
        let ids: Vec<TwinId> = (0..1 + self.dice.below(4)).map(|_| self.id()).collect();
        for id in &ids {
            let device = TwinId::of_device(id.device_id.clone());
            for id in [&device, id] {
                // Some of these are refused, as they are on any hub.
                let _ = other.apply(id, &self.create(), &none, self.clock - 1000);
                for _ in 0..self.dice.below(4) {
                    let Draft { request, .. } = self.draft();
                    if request != Request::Delete {
                        let _ = other.apply(id, &request, &none, self.clock - 900);
                    }
                }
            }
        }
        Step::Load(other.ids().filter_map(|id| other.document(id)).collect())
    }
}
