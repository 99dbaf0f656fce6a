//! A tree as query text: plainly, or in one of the thousand spellings that mean the same.
//!
//! Not the canonical `Display`: parser and printer are written by one hand, and this is another
//! one. It knows the page alone: letter case, `_` in function names, prefixes and aliases, quotes,
//! brackets, escapes, blanks, comments and spare parentheses.

mod expression;
mod token;
mod word;

use twindex_lang::ast::{Collection, Query, Select, SelectItem};

use crate::dice::Dice;
use token::Tokens;

/// How to spell.
#[derive(Clone, Debug)]
pub enum Manner {
    /// One blank between tokens, no liberties.
    Plain,
    /// Whatever the language allows.
    Wild(Box<Dice>),
}

impl Manner {
    /// True in `percent` of a hundred throws, never when plain.
    fn takes_liberty(&mut self, percent: u32) -> bool {
        match self {
            Self::Plain => false,
            Self::Wild(dice) => dice.chance(percent),
        }
    }

    /// One of the spellings; the first when plain.
    fn one_of<'a>(&mut self, spellings: &[&'a str]) -> &'a str {
        match self {
            Self::Plain => spellings[0],
            Self::Wild(dice) => dice.one_of::<&str>(spellings),
        }
    }
}

/// The text of a query: parsing it gives the same tree.
#[must_use]
pub fn render(query: &Query, manner: &mut Manner) -> String {
    let prefix = word::prefix(query, manner);
    let mut writer = Writer { tokens: Tokens::default(), manner, prefix, names_columns: false };
    writer.query(query);
    let Writer { tokens, manner, .. } = writer;
    tokens.join(manner)
}

/// Puts the tokens of a query in order.
struct Writer<'a> {
    tokens: Tokens,
    manner: &'a mut Manner,
    /// What may stand before a path, dot included.
    prefix: Prefix,
    /// Whether a path of one segment may mean a column, so that its spelling is not to be touched.
    names_columns: bool,
}

/// What `FROM` says, and so what paths may begin with.
struct Prefix {
    /// The alias of the collection.
    alias: Option<&'static str>,
    /// Every prefix allowed.
    allowed: Vec<&'static str>,
}

impl Writer<'_> {
    fn query(&mut self, query: &Query) {
        self.keyword("SELECT");
        if query.distinct {
            self.keyword("DISTINCT");
        }
        if let Some(top) = query.top {
            self.keyword("TOP");
            let in_parentheses = self.manner.takes_liberty(40);
            self.count_in(top, in_parentheses);
        }
        match &query.select {
            Select::All(_) => self.tokens.symbol("*"),
            Select::Items(items) => self.listed(items, Self::item),
        }
        self.from(query.collection);
        if let Some(condition) = &query.condition {
            self.keyword("WHERE");
            self.expr(condition, 0);
        }
        if !query.group_by.is_empty() {
            self.keyword("GROUP");
            self.keyword("BY");
            self.listed(&query.group_by, |writer, key| writer.expr(key, 0));
        }
        self.after_groups(query);
        if self.manner.takes_liberty(15) {
            self.tokens.symbol(";");
        }
    }

    fn from(&mut self, collection: Collection) {
        self.keyword("FROM");
        self.keyword(match collection {
            Collection::Devices => "devices",
            Collection::Modules => "devices.modules",
            Collection::Jobs => "devices.jobs",
        });
        if let Some(alias) = self.prefix.alias {
            if self.manner.takes_liberty(50) {
                self.keyword("AS");
            }
            self.tokens.word(alias);
        }
    }

    /// HAVING, ORDER BY, LIMIT and OFFSET.
    fn after_groups(&mut self, query: &Query) {
        self.names_columns = true;
        if let Some(having) = &query.having {
            self.keyword("HAVING");
            self.expr(having, 0);
        }
        if !query.order_by.is_empty() {
            self.keyword("ORDER");
            self.keyword("BY");
            self.listed(&query.order_by, |writer, key| {
                writer.expr(&key.expr, 0);
                if key.descending {
                    writer.keyword("DESC");
                } else if writer.manner.takes_liberty(40) {
                    writer.keyword("ASC");
                }
            });
        }
        if let Some(limit) = query.limit {
            self.keyword("LIMIT");
            self.count_in(limit, false);
            if let Some(offset) = query.offset {
                self.keyword("OFFSET");
                self.count_in(offset, false);
            }
        }
    }

    fn item(&mut self, item: &SelectItem) {
        self.expr(&item.expr, 0);
        let Some(name) = &item.name else { return };
        let is_bare = name.can_be_referred_to || word::is_reserved(&name.text);
        let needs_as = !name.can_be_referred_to && is_bare;
        if needs_as || !self.manner.takes_liberty(30) || !is_bare {
            self.keyword("AS");
        }
        if is_bare {
            self.tokens.word(&name.text);
        } else if !name.text.contains(']') && self.manner.takes_liberty(50) {
            self.tokens.symbol(&format!("[[{}]]", name.text));
        } else {
            self.string(&name.text);
        }
    }

    fn count_in(&mut self, n: u64, in_parentheses: bool) {
        if in_parentheses {
            self.tokens.symbol("(");
        }
        self.tokens.word(&n.to_string());
        if in_parentheses {
            self.tokens.symbol(")");
        }
    }

    /// Writes `items` with commas between.
    fn listed<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.tokens.symbol(",");
            }
            write(self, item);
        }
    }

    fn keyword(&mut self, keyword: &str) {
        let keyword = word::in_any_case(keyword, self.manner);
        self.tokens.word(&keyword);
    }
}

#[cfg(test)]
mod tests {
    use twindex_lang::{Limits, parse_query};

    use super::*;
    use crate::case::Case;

    /// Every spelling of every tree is parsed to that tree. What the oracle refuses the parser
    /// may refuse too.
    #[test]
    fn text_is_parsed_to_the_tree_it_was_written_from() {
        for seed in 0..300 {
            let case = Case::generate(seed);
            for asked in case.rounds.iter().flat_map(|round| &round.queries) {
                let plain = render(&asked.query, &mut Manner::Plain);
                let canonical = asked.query.to_string();
                for text in [&plain, &asked.text, &canonical] {
                    let parsed = parse_query(text, &Limits::default());
                    if parsed.is_ok() || twindex_oracle::check(&asked.query).is_ok() {
                        assert_eq!(parsed.as_ref(), Ok(&asked.query), "seed {seed}: {text}");
                    }
                }
            }
        }
    }
}
