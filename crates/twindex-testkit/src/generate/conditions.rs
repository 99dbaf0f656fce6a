//! Random conditions over a twin.

use serde_json::Value;
use twindex_lang::ast::{CompareOp, Expr, InList, IsTest, Node};
use twindex_lang::function::Function;

use super::paths::{Author, Place};
use crate::build::{self, call};

const COMPARE_OPS: &[CompareOp] = &[
    CompareOp::Equal,
    CompareOp::Equal,
    CompareOp::NotEqual,
    CompareOp::Less,
    CompareOp::LessOrEqual,
    CompareOp::Greater,
    CompareOp::GreaterOrEqual,
];

const IS_FUNCTIONS: &[Function] = &[
    Function::IsDefined,
    Function::IsDefined,
    Function::IsNull,
    Function::IsBool,
    Function::IsNumber,
    Function::IsString,
    Function::IsArray,
    Function::IsObject,
    Function::IsPrimitive,
];

/// Patterns that find something, that look odd, or that are no patterns (only as values of twins).
const REGEXES: &[&str] = &[
    "a", "^a", "[0-9]+", "e$", "^$", ".", "(?i)A|ß", "^\\d{4}-", "é", "\\w\\s", "a.*b", "[^a]",
    "x{3}",
];

impl Author<'_> {
    /// A condition, at most about `depth` levels deep.
    pub(crate) fn condition(&mut self, depth: usize) -> Expr {
        if depth == 0 || self.dice.chance(45) {
            return self.simple_condition(depth);
        }
        let depth = depth - 1;
        match self.dice.below(8) {
            0..=2 => build::expr(Node::And(self.conditions(depth))),
            3..=5 => build::expr(Node::Or(self.conditions(depth))),
            _ => build::not(self.condition(depth)),
        }
    }

    fn conditions(&mut self, depth: usize) -> Vec<Expr> {
        let n = [2, 2, 2, 3, 5][self.dice.below(5)];
        (0..n).map(|_| self.condition(depth)).collect()
    }

    fn simple_condition(&mut self, depth: usize) -> Expr {
        let depth = depth.saturating_sub(1);
        match self.dice.below(35) {
            0..=7 => {
                let place = self.place();
                let right = self.literal(&place.pool);
                self.compare(place.to_expr(), right)
            }
            8 => {
                let (left, right) = (self.place().to_expr(), self.place().to_expr());
                self.compare(left, right)
            }
            9 => self.compare_with_null(),
            10 => {
                let (left, right) = (self.numeric(depth), self.numeric(depth));
                self.compare(left, right)
            }
            11 => {
                let (left, right) = (self.time(depth), self.time(depth));
                self.compare(left, right)
            }
            12 => {
                let (left, right) = (self.anything(depth), self.anything(depth));
                self.compare(left, right)
            }
            13..=16 => {
                let place = self.place();
                self.in_list(&place, depth)
            }
            17 | 18 => {
                let place = self.place();
                self.between(&place)
            }
            19 | 20 => {
                let place = self.place_of(Value::is_string);
                self.like(&place, depth)
            }
            21 | 22 => {
                let test = *self.dice.one_of(&[IsTest::Null, IsTest::Defined]);
                let value = Box::new(self.something(depth));
                build::expr(Node::Is { value, negated: self.dice.chance(50), test })
            }
            23 | 32..=34 => {
                let function = *self.dice.one_of(IS_FUNCTIONS);
                call(function, vec![self.something(depth)])
            }
            24..=26 => self.text_test(depth),
            27 => {
                let args = vec![self.array(depth), self.element(depth)];
                call(Function::ArrayContains, args)
            }
            28 => call(Function::InSync, vec![]),
            29 => self.anything(depth),
            _ => self.any_element_condition(depth),
        }
    }

    fn compare(&mut self, left: Expr, right: Expr) -> Expr {
        let op = *self.dice.one_of(COMPARE_OPS);
        if self.dice.chance(10) {
            build::compare(right, op, left)
        } else {
            build::compare(left, op, right)
        }
    }

    fn compare_with_null(&mut self) -> Expr {
        let op = *self.dice.one_of(&[CompareOp::Equal, CompareOp::NotEqual, CompareOp::Less]);
        let value = self.something(1);
        if self.dice.chance(80) {
            build::compare(value, op, build::null())
        } else {
            build::compare(build::null(), op, value)
        }
    }

    /// Mostly a path.
    fn something(&mut self, depth: usize) -> Expr {
        if self.dice.chance(75) { self.place().to_expr() } else { self.anything(depth) }
    }

    fn in_list(&mut self, place: &Place, depth: usize) -> Expr {
        let list = match self.dice.below(10) {
            0 => InList::Expr(Box::new(self.place_of(Value::is_array).to_expr())),
            1 => InList::Expr(Box::new(call(Function::Drift, vec![]))),
            _ => {
                let n = [0, 1, 1, 2, 2, 3, 3, 4, 6, 12][self.dice.below(10)];
                let mut items: Vec<Expr> = (0..n).map(|_| self.literal(&place.pool)).collect();
                if self.dice.chance(15) {
                    items.push(build::null());
                }
                if self.dice.chance(10) {
                    items.push(self.anything(depth));
                }
                InList::Items(items)
            }
        };
        let value = Box::new(place.to_expr());
        build::expr(Node::In { value, negated: self.dice.chance(30), list })
    }

    fn between(&mut self, place: &Place) -> Expr {
        let low = Box::new(self.literal(&place.pool));
        let high = if self.dice.chance(85) { self.literal(&place.pool) } else { self.anything(1) };
        let (value, high) = (Box::new(place.to_expr()), Box::new(high));
        build::expr(Node::Between { value, negated: self.dice.chance(30), low, high })
    }

    fn like(&mut self, place: &Place, depth: usize) -> Expr {
        let pattern =
            if self.dice.chance(92) { self.like_pattern(place) } else { self.textual(depth) };
        let (value, pattern) = (Box::new(place.to_expr()), Box::new(pattern));
        build::expr(Node::Like { value, negated: self.dice.chance(30), pattern })
    }

    /// A text of the pool with some of it behind wildcards.
    fn like_pattern(&mut self, place: &Place) -> Expr {
        let texts: Vec<&str> = place.pool.iter().filter_map(Value::as_str).collect();
        let text = if texts.is_empty() { "ab" } else { *self.dice.one_of(&texts) };
        let mut pattern = String::new();
        let keep = if self.dice.chance(30) { 100 } else { 70 };
        for c in text.chars().take(40) {
            match c {
                _ if !self.dice.chance(keep) => pattern.push(*self.dice.one_of(&['%', '_', '%'])),
                '%' | '_' | '\\' if self.dice.chance(80) => pattern.extend(['\\', c]),
                c => pattern.push(c),
            }
        }
        if self.dice.chance(30) || text.chars().count() > 40 {
            pattern.push('%');
        }
        if self.dice.chance(20) {
            pattern.insert(0, '%');
        }
        if self.dice.chance(3) {
            pattern.push('\\');
        }
        build::text(pattern)
    }

    fn text_test(&mut self, depth: usize) -> Expr {
        let text = self.textual(depth);
        if self.dice.chance(25) {
            return self.regex_match(text);
        }
        let functions = [Function::StartsWith, Function::EndsWith, Function::Contains];
        let function = *self.dice.one_of(&functions);
        let mut args = vec![text, self.part_of_text()];
        if self.dice.chance(30) {
            let folded = self.dice.chance(75);
            args.push(if self.dice.chance(90) { build::bool(folded) } else { self.anything(1) });
        }
        call(function, args)
    }

    fn regex_match(&mut self, text: Expr) -> Expr {
        let pattern = match self.dice.below(8) {
            0 => self.place_of(Value::is_string).to_expr(),
            _ => build::text(*self.dice.one_of(REGEXES)),
        };
        let mut args = vec![text, pattern];
        if self.dice.chance(30) {
            args.push(build::text(*self.dice.one_of(&["i", "m", "s", "x", "is", "", "imsx"])));
        }
        call(Function::RegexMatch, args)
    }

    /// A value that an array of the shape may hold.
    fn element(&mut self, depth: usize) -> Expr {
        if self.dice.chance(15) {
            return self.anything(depth);
        }
        let place = self.place_of(Value::is_array);
        let arrays = place.pool.iter().filter_map(Value::as_array);
        let elements: Vec<Value> = arrays.flatten().cloned().collect();
        let pool = if elements.is_empty() { place.pool } else { elements };
        self.literal(&pool)
    }

    /// A comparison with `p[*]` or `p[*].k` on its left.
    fn any_element_condition(&mut self, depth: usize) -> Expr {
        let place = self.any_element();
        match self.dice.below(8) {
            0 => self.between(&place),
            1 => self.like(&place, depth),
            2 | 3 => self.in_list(&place, depth),
            4 => {
                let op = *self.dice.one_of(&[CompareOp::Equal, CompareOp::NotEqual]);
                build::compare(place.to_expr(), op, build::null())
            }
            _ => {
                let op = *self.dice.one_of(COMPARE_OPS);
                let right = self.literal(&place.pool);
                build::compare(place.to_expr(), op, right)
            }
        }
    }
}
