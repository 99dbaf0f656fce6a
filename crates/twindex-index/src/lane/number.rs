//! The numbers of a lane: codes in a decimal frame, or doubles where no frame holds them.
//!
//! Numbers outside the frame are kept aside, sorted by slot, until they are too many; then the lane
//! is encoded anew, once, in a frame with room. Blocks with a frame each were rejected: a bound
//! would have to be translated once per block, and comparing columns would need a decoder.

mod image;

use std::sync::OnceLock;

use twindex_kernels::LaneVec;
use twindex_model::kind::Kind;
use twindex_planted::{Fault, planted};

use crate::counts::Counts;
use crate::lane::codes::{self, Codes};
use crate::lane::frame::Frame;
use crate::lane::kind::Kinds;
use crate::lane::string::At;
use crate::zone::Zones;

/// Numbers by slot.
#[derive(Debug)]
pub(crate) struct NumberLane {
    pub(crate) form: NumberForm,
    /// Rows by code; only where codes take one byte.
    pub(crate) counts: OnceLock<Counts>,
    /// Extremes by 1,024 rows.
    pub(crate) zones: OnceLock<Box<Zones>>,
}

/// How the numbers are stored.
#[derive(Debug)]
pub(crate) enum NumberForm {
    /// Codes in a frame.
    Framed(Framed),
    /// As they are.
    Floats(LaneVec<f64>),
}

/// Codes in a frame.
#[derive(Debug)]
pub(crate) struct Framed {
    pub(crate) frame: Frame,
    /// Invariant: a slot has the code `frame.n_codes()` exactly if it is an exception.
    pub(crate) codes: Codes,
    /// Numbers outside the frame, by ascending slot.
    pub(crate) exceptions: Vec<(u16, f64)>,
}

impl NumberLane {
    /// A lane whose first number is `number`.
    ///
    /// An odd first number does not decide for doubles: any frame will do until more are met.
    pub(crate) fn new(number: f64) -> Self {
        let frame = Frame::fitting(&[number], 0).unwrap_or(Frame::FIRST);
        Self::of_form(NumberForm::framed(frame))
    }

    fn of_form(form: NumberForm) -> Self {
        Self { form, counts: OnceLock::new(), zones: OnceLock::new() }
    }

    /// The number at a slot that holds one.
    #[inline]
    pub(crate) fn number(&self, slot: usize) -> f64 {
        match &self.form {
            NumberForm::Framed(framed) => framed.number(slot),
            NumberForm::Floats(numbers) => numbers.get(slot).copied().unwrap_or(0.0),
        }
    }

    /// Writes a number. `kinds` is that of the lane, with this slot already a number; `had` says
    /// whether the slot held one before.
    pub(crate) fn set(&mut self, at: At, number: f64, had: Had, scope: (&Kinds, usize)) {
        let (slot, exceptions_max) = (at.1, scope.1);
        if had == Had::Value {
            self.forget(slot);
        }
        if !self.accept(at, number, exceptions_max) {
            self.encode_anew(slot, number, scope);
        }
    }

    /// Writes a number at a slot that holds none, in the form that the lane has; false if that
    /// cannot hold it.
    #[inline]
    pub(crate) fn accept(&mut self, (row, slot): At, number: f64, exceptions_max: usize) -> bool {
        match &mut self.form {
            NumberForm::Floats(numbers) => {
                if slot >= numbers.len() {
                    numbers.resize(slot + 1, 0.0);
                }
                numbers.as_mut_slice()[slot] = number;
            }
            NumberForm::Framed(framed) => {
                if !framed.set(slot, number, exceptions_max) {
                    return false;
                }
            }
        }
        self.note((row, slot), number);
        true
    }

    /// Brings what is derived up to date with a number just written.
    fn note(&mut self, (row, slot): At, number: f64) {
        if let Some(zones) = self.zones.get_mut().filter(|_| !planted(Fault::ZoneNotWidened)) {
            zones.widen(row.into(), number);
        }
        if let (Some(counts), NumberForm::Framed(framed)) = (self.counts.get_mut(), &self.form)
            && !counts.add(framed.codes.get(slot))
        {
            self.counts.take();
        }
    }

    /// Drops what is kept for the number at a slot, which is about to be another value.
    pub(crate) fn forget(&mut self, slot: usize) {
        if self.zones.get_mut().is_some_and(|zones| !zones.let_go()) {
            self.zones.take();
        }
        if let NumberForm::Framed(framed) = &mut self.form {
            if let Some(counts) = self.counts.get_mut() {
                counts.subtract(framed.codes.get(slot));
            }
            framed.forget(slot);
        }
    }

    fn encode_anew(&mut self, slot: usize, number: f64, scope: (&Kinds, usize)) {
        let (kinds, exceptions_max) = scope;
        let value = |at: usize| if at == slot { number } else { self.number(at) };
        let slots = kinds.slots_of_kind(Kind::Number, None);
        let numbers: Vec<f64> = slots.iter().map(|at| value(at.into())).collect();
        let mut form = NumberForm::fitting(&numbers, exceptions_max / 2);
        for (slot, number) in slots.iter().map(usize::from).zip(numbers) {
            match &mut form {
                NumberForm::Floats(column) => {
                    column.resize(slot, 0.0);
                    column.push(number);
                }
                // At most half of the exceptions allowed were left out of the frame.
                NumberForm::Framed(framed) => _ = framed.set(slot, number, exceptions_max),
            }
        }
        *self = Self::of_form(form);
    }

    /// Makes room at a slot for one that comes between.
    pub(crate) fn insert(&mut self, slot: usize) {
        match &mut self.form {
            NumberForm::Floats(numbers) => codes::insert(numbers, slot),
            NumberForm::Framed(framed) => {
                framed.codes.insert(slot);
                for (at, _) in framed.exceptions.iter_mut().filter(|e| usize::from(e.0) >= slot) {
                    *at += 1;
                }
            }
        }
    }

    /// Takes a slot out, whose number was forgotten.
    pub(crate) fn remove(&mut self, slot: usize) {
        match &mut self.form {
            NumberForm::Floats(numbers) => codes::remove(numbers, slot),
            NumberForm::Framed(framed) => {
                framed.codes.remove(slot);
                for (at, _) in framed.exceptions.iter_mut().filter(|e| usize::from(e.0) > slot) {
                    *at -= 1;
                }
            }
        }
    }

    /// From slots to rows, as the lane becomes dense.
    pub(crate) fn scatter(&mut self, rows: &[u16]) {
        match &mut self.form {
            NumberForm::Floats(numbers) => *numbers = codes::scatter(numbers, rows),
            NumberForm::Framed(framed) => {
                framed.codes = framed.codes.scatter(rows);
                let moved = if planted(Fault::ExceptionsNotMoved) { 0 } else { usize::MAX };
                for (at, _) in framed.exceptions.iter_mut().take(moved) {
                    *at = rows[usize::from(*at)];
                }
            }
        }
        self.counts.take();
    }

    /// Gives back memory if there is far more than needed.
    pub(crate) fn shrink(&mut self) {
        match &mut self.form {
            NumberForm::Floats(numbers) => numbers.shrink_to_fit(),
            NumberForm::Framed(framed) => framed.codes.shrink(),
        }
    }

    /// Bytes on the heap of the values.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.form {
                NumberForm::Floats(numbers) => numbers.memory_bytes(),
                NumberForm::Framed(framed) => {
                    framed.codes.bytes() + framed.exceptions.capacity() * size_of::<(u16, f64)>()
                }
            }
    }

    /// Those of them in which no number lies.
    pub(crate) fn slack_bytes(&self) -> usize {
        match &self.form {
            NumberForm::Floats(numbers) => numbers.slack_bytes(),
            NumberForm::Framed(framed) => framed.codes.slack_bytes(),
        }
    }

    /// Bytes on the heap of what is derived.
    pub(crate) fn derived_bytes(&self) -> usize {
        self.counts.get().map_or(0, Counts::bytes)
            + self.zones.get().map_or(0, |_| size_of::<Zones>())
    }
}

/// Whether a slot held a value of the part that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Had {
    /// It did.
    Value,
    /// It was undefined or of another kind.
    None,
}

impl NumberForm {
    fn fitting(numbers: &[f64], odd_max: usize) -> Self {
        match Frame::fitting(numbers, odd_max) {
            Some(frame) => Self::framed(frame),
            None => Self::Floats(LaneVec::new()),
        }
    }

    fn framed(frame: Frame) -> Self {
        let codes = Codes::up_to(frame.n_codes());
        Self::Framed(Framed { frame, codes, exceptions: Vec::new() })
    }
}

impl Framed {
    #[inline]
    pub(crate) fn number(&self, slot: usize) -> f64 {
        let code = self.codes.get(slot);
        if code == self.frame.n_codes() {
            return self.exception(slot).unwrap_or(0.0);
        }
        self.frame.number(code)
    }

    fn exception(&self, slot: usize) -> Option<f64> {
        let found = self.exceptions.binary_search_by_key(&slot, |e| usize::from(e.0));
        found.ok().map(|at| self.exceptions[at].1)
    }

    /// Writes a number into a slot that is no exception; false if there is no room for it.
    fn set(&mut self, slot: usize, number: f64, exceptions_max: usize) -> bool {
        if let Some(code) = self.frame.code(number) {
            self.codes.set(slot, code);
            return true;
        }
        if self.exceptions.len() >= exceptions_max {
            return false;
        }
        let at = self.exceptions.partition_point(|e| usize::from(e.0) < slot);
        self.exceptions.insert(at, (slot as u16, number));
        self.codes.set(slot, self.frame.n_codes());
        true
    }

    fn forget(&mut self, slot: usize) {
        if self.codes.get(slot) == self.frame.n_codes() {
            self.exceptions.retain(|e| usize::from(e.0) != slot);
            self.codes.set(slot, 0);
        }
    }
}
