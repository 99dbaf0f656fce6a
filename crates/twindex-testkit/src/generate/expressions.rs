//! Random expressions over a twin.

use serde_json::Value;
use twindex_lang::ast::{Expr, Node, ProductOp, Sign, SumOp};
use twindex_lang::function::Function;

use super::paths::Author;
use super::vocabulary;
use crate::build::{self, call};

const NUMBER_FUNCTIONS: &[Function] = &[
    Function::Abs,
    Function::Exp,
    Function::Square,
    Function::Ceiling,
    Function::Floor,
    Function::Sign,
    Function::Sqrt,
    Function::Round,
    Function::AsNumber,
];

const SUM_OPS: &[SumOp] = &[SumOp::Add, SumOp::Subtract];

const PRODUCT_OPS: &[ProductOp] = &[ProductOp::Multiply, ProductOp::Divide, ProductOp::Remainder];

impl Author<'_> {
    /// Any expression, at most about `depth` levels deep.
    pub(crate) fn anything(&mut self, depth: usize) -> Expr {
        match self.dice.below(14) {
            0..=4 => self.place().to_expr(),
            5 => {
                let value = vocabulary::any(self.dice);
                self.literal(&[value])
            }
            6 => build::expr(Node::Undefined),
            7 | 8 => self.numeric(depth),
            9 | 10 => self.textual(depth),
            11 => self.array(depth),
            _ => self.condition(depth),
        }
    }

    /// An expression that is mostly a number.
    pub(crate) fn numeric(&mut self, depth: usize) -> Expr {
        if depth == 0 || self.dice.chance(35) {
            return self.number_leaf();
        }
        let depth = depth - 1;
        match self.dice.below(22) {
            0..=2 => {
                let first = self.numeric(depth);
                let n = 1 + self.dice.below(3);
                let rest = (0..n).map(|_| (*self.dice.one_of(SUM_OPS), self.numeric(depth)));
                build::sum(first, rest.collect())
            }
            3..=5 => {
                let first = self.numeric(depth);
                let n = 1 + self.dice.below(2);
                let rest = (0..n).map(|_| (*self.dice.one_of(PRODUCT_OPS), self.numeric(depth)));
                build::product(first, rest.collect())
            }
            6 => {
                let sign = *self.dice.one_of(&[Sign::Minus, Sign::Plus]);
                build::expr(Node::Sign(sign, Box::new(self.numeric(depth))))
            }
            7..=14 => {
                let function = *self.dice.one_of(NUMBER_FUNCTIONS);
                let wrong_kind = self.dice.chance(10) || function == Function::AsNumber;
                let arg = if wrong_kind { self.anything(depth) } else { self.numeric(depth) };
                call(function, vec![arg])
            }
            15 | 16 => {
                let args = vec![self.numeric(depth), self.small_number()];
                call(*self.dice.one_of(&[Function::Power, Function::Bin]), args)
            }
            17 => call(Function::Length, vec![self.textual(depth)]),
            18 => call(Function::ArrayLength, vec![self.array(depth)]),
            19 => {
                let args = vec![self.textual(depth), self.part_of_text()];
                call(Function::IndexOf, args)
            }
            20 => self.time(depth),
            _ => self.anything(depth),
        }
    }

    fn number_leaf(&mut self) -> Expr {
        let place = self.place_of(Value::is_number);
        if self.dice.chance(60) { place.to_expr() } else { self.literal(&place.pool) }
    }

    fn small_number(&mut self) -> Expr {
        let number = *self.dice.one_of(&[0.0, 1.0, 2.0, 3.0, 0.5, 5.0, 10.0, -1.0, 0.25]);
        self.number(number)
    }

    /// Milliseconds.
    pub(crate) fn time(&mut self, depth: usize) -> Expr {
        match self.dice.below(5) {
            0 => call(Function::Now, vec![]),
            1 => {
                let n = self.dice.below(40);
                let unit = *self.dice.one_of(&["s", "m", "h", "d", "w"]);
                call(Function::Ago, vec![build::text(format!("{n}{unit}"))])
            }
            2 => call(Function::Time, vec![build::text(vocabulary::time(self.dice))]),
            3 => call(Function::Time, vec![self.textual(depth)]),
            _ => {
                let place = self.place_of(|value| {
                    value.as_str().is_some_and(|text| text.len() > 9 && text.contains('-'))
                });
                call(Function::Time, vec![place.to_expr()])
            }
        }
    }

    /// An expression that is mostly a text.
    pub(crate) fn textual(&mut self, depth: usize) -> Expr {
        if depth == 0 || self.dice.chance(45) {
            let place = self.place_of(Value::is_string);
            return if self.dice.chance(75) { place.to_expr() } else { self.literal(&place.pool) };
        }
        let depth = depth - 1;
        match self.dice.below(8) {
            0 | 1 => {
                let function = *self.dice.one_of(&[Function::Lower, Function::Upper]);
                call(function, vec![self.textual(depth)])
            }
            2 | 3 => {
                let n = 2 + self.dice.below(2);
                call(Function::Concat, (0..n).map(|_| self.textual(depth)).collect())
            }
            4..=6 => {
                let mut args = vec![self.textual(depth), self.whole(4)];
                if self.dice.chance(60) {
                    args.push(self.whole(6));
                }
                call(Function::Substring, args)
            }
            _ => self.anything(depth),
        }
    }

    /// A whole number up to `most`, seldom one that is no index.
    fn whole(&mut self, most: i64) -> Expr {
        match self.dice.below(12) {
            0 => self.numeric(1),
            1 => build::number(-1.0),
            2 => build::number(0.5),
            _ => build::number(self.dice.between(0, most) as f64),
        }
    }

    /// An expression that is mostly an array.
    pub(crate) fn array(&mut self, depth: usize) -> Expr {
        match self.dice.below(8) {
            0 => {
                let n = self.dice.below(4);
                let depth = depth.saturating_sub(1);
                build::expr(Node::Array((0..n).map(|_| self.anything(depth)).collect()))
            }
            1 => call(Function::Drift, vec![]),
            2 => {
                let place = self.place_of(Value::is_array);
                self.literal(&place.pool)
            }
            3 if depth > 0 => self.anything(depth - 1),
            _ => self.place_of(Value::is_array).to_expr(),
        }
    }

    /// A piece of a text of the shape, or another expression.
    pub(crate) fn part_of_text(&mut self) -> Expr {
        if self.dice.chance(10) {
            return self.anything(1);
        }
        let place = self.place_of(Value::is_string);
        let texts: Vec<&str> = place.pool.iter().filter_map(Value::as_str).collect();
        let text = if texts.is_empty() { "a" } else { *self.dice.one_of(&texts) };
        let chars: Vec<char> = text.chars().collect();
        let from = if self.dice.chance(50) { 0 } else { self.dice.below(chars.len()) };
        let n = self.dice.below(5.min(chars.len() - from) + 1);
        let part: String = chars[from..from + n].iter().collect();
        build::text(if self.dice.chance(15) { part.to_uppercase() } else { part })
    }
}
