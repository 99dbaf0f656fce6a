//! Changes between queries.

use serde_json::Value;

use super::fleet::generate_identity;
use super::shape::Shape;
use super::twin::{Identity, generate_twin};
use crate::case::Edit;
use crate::dice::Dice;

/// A change of the fleet `twins`: a new twin, a whole twin replaced, a twin deleted.
#[must_use]
pub fn generate_edit(dice: &mut Dice, shape: &Shape, twins: &[&Value]) -> Edit {
    if twins.is_empty() || dice.chance(25) {
        let n = twins.len() + dice.below(20);
        let identity = generate_identity(dice, n);
        return Edit::Put(generate_twin(dice, shape, &identity));
    }
    let twin = *dice.one_of(twins);
    let id = |field: &str| twin.get(field).and_then(Value::as_str).map(str::to_owned);
    let identity =
        Identity { device_id: id("deviceId").unwrap_or_default(), module_id: id("moduleId") };
    if dice.chance(45) {
        return Edit::Delete { device_id: identity.device_id, module_id: identity.module_id };
    }
    Edit::Put(generate_twin(dice, shape, &identity))
}
