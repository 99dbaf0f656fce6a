//! Fleets, edits and queries from a seed.

mod aggregates;
mod conditions;
mod edits;
mod expressions;
mod fleet;
mod paths;
mod query;
mod shape;
mod twin;
mod vocabulary;

pub use edits::generate_edit;
pub use fleet::generate_fleet;
pub use query::generate_query;
pub use shape::Shape;
pub(crate) use vocabulary::any as any_value;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;
    use twindex_lang::ast::{Callee, Node, Query};
    use twindex_lang::function::TABLE;

    use crate::case::{Case, Reuse, Rows};
    use crate::size;

    /// Every query of a few hundred cases, with the number of its rows.
    fn asked() -> Vec<(Query, usize)> {
        let mut asked = Vec::new();
        for seed in 0..600 {
            let case = Case::generate(seed);
            let world = Rows::new(&case.twins, Reuse::Never).to_world(case.now_ms);
            for round in case.rounds {
                for query in round.queries {
                    let answer = twindex_oracle::answer(&world, &query.query);
                    let n_rows = answer.map_or(0, |answer| answer.rows.len());
                    asked.push((query.query, n_rows));
                }
            }
        }
        asked
    }

    /// A short name of what an expression is.
    fn kind(node: &Node) -> String {
        match node {
            Node::Call(call) => match &call.callee {
                Callee::Known(function) if call.distinct => format!("{function:?} distinct"),
                Callee::Known(function) => format!("{function:?}"),
                Callee::Unknown(name) => name.clone(),
            },
            Node::Compare(_, op, _) => format!("{op:?}"),
            Node::Is { negated, test, .. } => format!("Is {negated} {test:?}"),
            Node::In { negated, .. } => format!("In {negated}"),
            Node::Between { negated, .. } => format!("Between {negated}"),
            Node::Like { negated, .. } => format!("Like {negated}"),
            Node::Sign(sign, _) => format!("{sign:?}"),
            Node::Path(path) => format!("Path {}", path.n_any_elements()),
            node => format!("{:?}", std::mem::discriminant(node)),
        }
    }

    #[test]
    fn every_operator_function_and_clause_is_met_where_there_are_rows() {
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        for (query, _) in asked().iter().filter(|(_, n_rows)| *n_rows > 0) {
            for expr in size::expressions(query).into_iter().flat_map(size::all) {
                *met.entry(kind(&expr.node)).or_default() += 1;
            }
            let clauses = [
                ("distinct", query.distinct),
                ("top", query.top.is_some()),
                ("limit", query.limit.is_some()),
                ("offset", query.offset.is_some()),
                ("where", query.condition.is_some()),
                ("two keys", query.group_by.len() > 1),
                ("having", query.having.is_some()),
                ("order", query.order_by.len() > 1),
                ("descending", query.order_by.iter().any(|key| key.descending)),
            ];
            for (clause, _) in clauses.iter().filter(|(_, is_there)| *is_there) {
                *met.entry((*clause).to_owned()).or_default() += 1;
            }
        }
        for entry in TABLE {
            let function = format!("{:?}", entry.function);
            assert!(met.get(&function).is_some_and(|n| *n >= 10), "{function}: {met:?}");
        }
        assert!(met.len() >= TABLE.len() + 36, "{}: {met:?}", met.len());
        assert!(met.values().all(|n| *n >= 5), "{met:?}");
    }

    #[test]
    fn fleets_hold_what_breaks_stores() {
        let mut texts = BTreeSet::new();
        let mut n_modules = 0;
        let mut most = 0;
        for seed in 0..300 {
            let case = Case::generate(seed);
            most = most.max(case.twins.len());
            for twin in &case.twins {
                n_modules += usize::from(twin.get("moduleId").is_some());
                collect(twin, &mut texts);
            }
        }
        for text in ["", "\u{10000}", "\u{FF5E}", "a.b", "a]]b", "5e-324", "-0.0", "[]", "{}"] {
            assert!(texts.contains(text), "{text}");
        }
        let long = texts.iter().any(|text| text.len() > 255);
        assert!(n_modules > 500 && most > 200 && long, "{n_modules} {most}");
    }

    /// Keys, texts and the text of numbers and of empty containers.
    fn collect(value: &Value, texts: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                texts.insert(text.clone());
            }
            Value::Array(items) if !items.is_empty() => {
                items.iter().for_each(|item| collect(item, texts));
            }
            Value::Object(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    texts.insert(key.clone());
                    collect(value, texts);
                }
            }
            other => {
                texts.insert(other.to_string());
            }
        }
    }
}
