//! Random queries: mostly valid ones, a few that the oracle refuses.

use twindex_lang::ast::{Collection, Expr, Name, Node, OrderKey, Query, Select, SelectItem};
use twindex_lang::span::At;

use super::paths::Author;
use super::shape::Shape;
use crate::build;
use crate::dice::Dice;

/// Names that a path may refer to; some are fields of twins too.
const PLAIN_NAMES: &[&str] = &["n", "total", "x", "My_Col", "größe", "tags", "status", "z9"];

/// Names that only stand quoted, in brackets, or after AS.
const ODD_NAMES: &[&str] = &["order", "Select", "a b", "it's", "x.y", "$9", "0", "[q", "ﬁ 😀"];

/// A query over the paths of `shape`; about one in fifty is refused by the oracle.
#[must_use]
pub fn generate_query(dice: &mut Dice, shape: &Shape) -> Query {
    let keep_refused = dice.chance(10);
    let mut query = Author { dice, shape }.query();
    build::flatten_query(&mut query);
    for _ in 0..50 {
        if keep_refused || twindex_oracle::check(&query).is_ok() {
            break;
        }
        query = Author { dice, shape }.query();
        build::flatten_query(&mut query);
    }
    query
}

impl Author<'_> {
    fn query(&mut self) -> Query {
        let grouped = self.dice.chance(35);
        let mut query = Query {
            distinct: self.dice.chance(15),
            top: self.dice.chance(12).then(|| self.few()),
            select: Select::All(At::default()),
            collection: self.collection(),
            condition: None,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: self.dice.chance(15).then(|| self.few()),
            offset: None,
            at_least: None,
        };
        if self.dice.chance(70) {
            let depth = [0, 0, 1, 1, 2, 3][self.dice.below(6)];
            query.condition = Some(self.condition(depth));
        }
        if query.limit.is_some() && self.dice.chance(50) {
            query.offset = Some(self.few());
        }
        if grouped {
            self.group(&mut query)
        } else {
            self.select(&mut query)
        }
        query
    }

    fn few(&mut self) -> u64 {
        [0, 1, 2, 3, 5, 10, 40, 1000][self.dice.below(8)]
    }

    fn collection(&mut self) -> Collection {
        match self.dice.below(40) {
            0 => Collection::Jobs,
            1..=8 => Collection::Modules,
            _ => Collection::Devices,
        }
    }

    /// Select list and ORDER BY of a query without groups.
    fn select(&mut self, query: &mut Query) {
        let mut columns = Vec::new();
        if self.dice.chance(60) {
            let n = 1 + self.dice.below(4);
            let mut items = Vec::new();
            for _ in 0..n {
                let expr =
                    if self.dice.chance(60) { self.place().to_expr() } else { self.anything(2) };
                items.push(self.item(expr));
            }
            columns = referable(&items);
            query.select = Select::Items(items);
        }
        if self.dice.chance(40) {
            for _ in 0..=self.dice.below(3) {
                let expr = match self.dice.below(5) {
                    0 if !columns.is_empty() => self.dice.one_of(&columns).clone(),
                    1 => self.anything(2),
                    _ => self.place().to_expr(),
                };
                query.order_by.push(self.order_key(expr));
            }
        }
    }

    /// GROUP BY, select list, HAVING and ORDER BY of a query with groups.
    fn group(&mut self, query: &mut Query) {
        let n_keys = [0, 1, 1, 1, 2, 2, 3][self.dice.below(7)];
        query.group_by = (0..n_keys).map(|_| self.group_key()).collect();
        let keys = query.group_by.clone();
        let mut items = Vec::new();
        for key in &keys {
            if self.dice.chance(80) {
                items.push(self.item(key.clone()));
            }
        }
        for _ in 0..1 + self.dice.below(3) {
            // Rounding may tell apart what DISTINCT should find equal.
            let exact = query.distinct || self.dice.chance(25);
            let expr = if exact { self.over_group(&keys, 2) } else { self.aggregate() };
            items.push(self.item(expr));
        }
        let mut built_from = keys.clone();
        // A column that is a sum may differ in its last place from one engine to the next.
        built_from.extend(referable_exact(&items, &keys));
        query.select = Select::Items(items);
        if self.dice.chance(35) {
            query.having = Some(self.group_condition(&built_from, 2));
        }
        if self.dice.chance(45) {
            for _ in 0..=self.dice.below(2) {
                let expr = self.over_group(&built_from, 1);
                query.order_by.push(self.order_key(expr));
            }
        }
    }

    fn order_key(&mut self, expr: Expr) -> OrderKey {
        OrderKey { expr, descending: self.dice.chance(50) }
    }

    fn item(&mut self, expr: Expr) -> SelectItem {
        let name = self.dice.chance(45).then(|| self.name());
        SelectItem { expr, name }
    }

    fn name(&mut self) -> Name {
        let plain = self.dice.chance(75);
        let text = *self.dice.one_of(if plain { PLAIN_NAMES } else { ODD_NAMES });
        // A plain name that is quoted is one that cannot be referred to.
        let can_be_referred_to = plain && self.dice.chance(90);
        Name { text: text.to_owned(), can_be_referred_to, at: At::default() }
    }
}

/// Paths that mean the columns with names.
fn referable(items: &[SelectItem]) -> Vec<Expr> {
    let names = items.iter().filter_map(|item| item.name.as_ref());
    let names = names.filter(|name| name.can_be_referred_to);
    names.map(|name| build::keys(&[&name.text])).collect()
}

/// Of these the ones without an aggregate that is no whole number or value of a twin.
fn referable_exact(items: &[SelectItem], keys: &[Expr]) -> Vec<Expr> {
    let is_exact = |item: &&SelectItem| keys.contains(&item.expr) || !may_be_rounded(&item.expr);
    let exact: Vec<SelectItem> = items.iter().filter(is_exact).cloned().collect();
    referable(&exact)
}

/// Whether an expression is an aggregate whose value depends on the order of summation.
pub(crate) fn may_be_rounded(expr: &Expr) -> bool {
    use twindex_lang::ast::Callee;
    use twindex_lang::function::Function;
    let Node::Call(call) = &expr.node else {
        return false;
    };
    matches!(
        call.callee,
        Callee::Known(Function::Sum | Function::Avg | Function::Stddev | Function::Percentile)
    )
}
