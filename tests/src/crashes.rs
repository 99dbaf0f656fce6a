//! What campaigns that crash stores share: turns by seed, and faults drawn by lot.

use std::io::ErrorKind;

use twindex_testkit::{Calls, Dice, Fault, SimulatedStorage};

/// Takes one turn after the other, each with a seed of its own, until `is_enough`.
///
/// # Errors
/// What was wrong in a turn, with its seed.
pub(crate) fn take_turns<R: Default>(
    seed: u64,
    is_enough: impl Fn(&R) -> bool,
    turn: impl Fn(&mut Dice, &mut R) -> Result<(), String>,
) -> Result<R, String> {
    let mut report = R::default();
    for number in 0.. {
        if is_enough(&report) {
            break;
        }
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(number);
        turn(&mut Dice::new(seed), &mut report).map_err(|error| format!("seed {seed}: {error}"))?;
    }
    Ok(report)
}

/// Lets one of the next `n_calls` calls fail with one of `errors`, or all from it on.
pub(crate) fn let_calls_fail(
    storage: &SimulatedStorage,
    dice: &mut Dice,
    errors: &[ErrorKind],
    n_calls: usize,
) {
    let error = *dice.one_of(errors);
    let fault = if dice.chance(50) { Fault::Error(error) } else { Fault::Half(error) };
    let call = dice.below(n_calls) as u64;
    storage.fail(if dice.chance(50) { Calls::One(call) } else { Calls::From(call) }, fault);
}
