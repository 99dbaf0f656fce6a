//! A small nasty fleet.

use serde_json::Value;

use super::shape::Shape;
use super::twin::{Identity, generate_twin};
use crate::dice::Dice;

/// Ids that a hub allows and that are easily mangled.
const DEVICE_IDS: &[&str] = &["D1", "d1", "it's", "a.b-c:d", "100%", "$edge", "#1?x=(2)", "d 1"];

const MODULE_IDS: &[&str] = &["$edgeAgent", "$edgeHub", "m1", "M1", "camera"];

/// Twins of devices and modules in loading order, every identity once.
///
/// Some modules have no device twin.
#[must_use]
pub fn generate_fleet(dice: &mut Dice, shape: &Shape) -> Vec<Value> {
    let mut identities: Vec<Identity> = Vec::new();
    while identities.len() < shape.n_twins {
        let identity = generate_identity(dice, identities.len());
        if !identities.contains(&identity) {
            identities.push(identity);
        }
    }
    identities.iter().map(|identity| generate_twin(dice, shape, identity)).collect()
}

/// The identity of a device, or of a module of one that may be there or not. With growing `n` it
/// is sooner or later a new one.
pub(crate) fn generate_identity(dice: &mut Dice, n: usize) -> Identity {
    let device_id = match dice.below(8) {
        0 => (*dice.one_of(DEVICE_IDS)).to_owned(),
        1 => format!("dev{:03}", dice.below(4 * n + 4)),
        _ => format!("dev{n:03}"),
    };
    let module_id = dice.chance(25).then(|| (*dice.one_of(MODULE_IDS)).to_owned());
    let device_id = match &module_id {
        Some(_) if dice.chance(70) => format!("dev{:03}", dice.below(n + 1)),
        _ => device_id,
    };
    Identity { device_id, module_id }
}
