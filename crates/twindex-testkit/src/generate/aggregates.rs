//! Aggregates, and expressions over a group.

use serde_json::Value;
use twindex_lang::ast::{CompareOp, Expr, IsTest, Node, SumOp};
use twindex_lang::function::Function;

use super::paths::Author;
use crate::build::{self, call};

impl Author<'_> {
    /// Any aggregate.
    pub(crate) fn aggregate(&mut self) -> Expr {
        match self.dice.below(10) {
            0..=4 => self.exact_aggregate(),
            5 => {
                let share = [0.0, 1.0, 0.5, 0.25, 0.9, 0.95, 0.333][self.dice.below(7)];
                let args = vec![self.measured(), build::number(share)];
                call(Function::Percentile, args)
            }
            _ => {
                let function = *self.dice.one_of(&[Function::Sum, Function::Avg, Function::Stddev]);
                call(function, vec![self.measured()])
            }
        }
    }

    /// An aggregate whose value no order of summation changes, so that what is sorted or compared
    /// by it is the same for every engine that keeps the law.
    pub(crate) fn exact_aggregate(&mut self) -> Expr {
        match self.dice.below(10) {
            0..=3 => call(Function::Count, vec![]),
            4 => call(Function::Count, vec![self.place().to_expr()]),
            5 => build::count_distinct(self.place().to_expr()),
            6 => {
                let length =
                    call(Function::Length, vec![self.place_of(Value::is_string).to_expr()]);
                call(*self.dice.one_of(&[Function::Sum, Function::Avg]), vec![length])
            }
            _ => {
                let function = *self.dice.one_of(&[Function::Min, Function::Max]);
                call(function, vec![self.measured()])
            }
        }
    }

    /// What an aggregate is taken of: mostly a path with numbers.
    fn measured(&mut self) -> Expr {
        match self.dice.below(10) {
            0 => self.place().to_expr(),
            1 => self.numeric(2),
            2 => self.anything(1),
            _ => self.place_of(Value::is_number).to_expr(),
        }
    }

    /// An expression to group by.
    pub(crate) fn group_key(&mut self) -> Expr {
        let place = self.place();
        match self.dice.below(12) {
            0 => call(Function::Lower, vec![place.to_expr()]),
            1 => call(Function::Bin, vec![place.to_expr(), build::number(10.0)]),
            2 => call(Function::IsDefined, vec![place.to_expr()]),
            3 => self.condition(1),
            4 => self.numeric(1),
            5 => self.textual(1),
            _ => place.to_expr(),
        }
    }

    /// An expression built from grouped ones, exact aggregates and constants.
    pub(crate) fn over_group(&mut self, keys: &[Expr], depth: usize) -> Expr {
        if depth == 0 || self.dice.chance(50) {
            return match self.dice.below(6) {
                0..=2 if !keys.is_empty() => self.dice.one_of(keys).clone(),
                3 => build::number(self.dice.between(0, 12) as f64),
                _ => self.exact_aggregate(),
            };
        }
        let depth = depth - 1;
        let left = self.over_group(keys, depth);
        match self.dice.below(6) {
            0 => {
                let op = *self.dice.one_of(&[SumOp::Add, SumOp::Subtract]);
                build::sum(left, vec![(op, self.over_group(keys, depth))])
            }
            1 => {
                let test = *self.dice.one_of(&[IsTest::Null, IsTest::Defined]);
                let negated = self.dice.chance(50);
                build::expr(Node::Is { value: Box::new(left), negated, test })
            }
            2 => call(Function::Round, vec![left]),
            3 => build::expr(Node::Array(vec![left, self.over_group(keys, depth)])),
            _ => self.group_condition(keys, depth),
        }
    }

    /// A condition for HAVING.
    pub(crate) fn group_condition(&mut self, keys: &[Expr], depth: usize) -> Expr {
        if depth > 0 && self.dice.chance(40) {
            let parts: Vec<Expr> = (0..2).map(|_| self.group_condition(keys, depth - 1)).collect();
            return build::expr(match self.dice.below(3) {
                0 => Node::And(parts),
                1 => Node::Or(parts),
                _ => return build::not(self.group_condition(keys, depth - 1)),
            });
        }
        let left = self.over_group(keys, depth.saturating_sub(1));
        let ops = [
            CompareOp::Greater,
            CompareOp::GreaterOrEqual,
            CompareOp::Less,
            CompareOp::Equal,
            CompareOp::NotEqual,
        ];
        let op = *self.dice.one_of(&ops);
        let right = match self.dice.below(5) {
            0 => self.over_group(keys, 0),
            1 => build::null(),
            2 => {
                let place = self.place();
                self.literal(&place.pool)
            }
            _ => build::number(self.dice.between(0, 6) as f64),
        };
        build::compare(left, op, right)
    }
}
