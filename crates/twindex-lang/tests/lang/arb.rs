//! Trees as the parser gives them, by chance.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use twindex_lang::ast::{
    Assignment, Call, Callee, Collection, CompareOp, Delete, Expr, InList, IsTest, Literal, Name,
    Node, Number, OrderKey, Path, ProductOp, Query, Segment, Select, SelectItem, Sign, Statement,
    SumOp, Update,
};
use twindex_lang::field::{PROPERTIES_FIELDS, TWIN_FIELDS, properties_field, twin_field};
use twindex_lang::function::{Function, TABLE};
use twindex_lang::span::{At, Span};

/// Statements, queries of every shape in them.
pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    let asked = (query(), any::<bool>(), any::<bool>()).prop_map(|(query, explain, analyze)| {
        if explain { Statement::Explain { analyze, query } } else { Statement::Query(query) }
    });
    prop_oneof![
        4 => asked,
        1 => update().prop_map(Statement::Update),
        1 => delete().prop_map(Statement::Delete),
    ]
}

fn update() -> impl Strategy<Value = Update> {
    let tail = (option::of(expr()), any::<bool>());
    (twins(), assignments(), tail).prop_map(|(collection, assignments, (condition, dry_run))| {
        Update { collection, assignments, condition, dry_run }
    })
}

fn delete() -> impl Strategy<Value = Delete> {
    (twins(), option::of(expr()), any::<bool>())
        .prop_map(|(collection, condition, dry_run)| Delete { collection, condition, dry_run })
}

fn twins() -> impl Strategy<Value = Collection> {
    select(vec![Collection::Devices, Collection::Modules])
}

/// One to three assignments to paths of which none is inside another: their third keys differ.
fn assignments() -> impl Strategy<Value = Vec<Assignment>> {
    let section = select(vec![&["tags"][..], &["properties", "desired"][..]]);
    let keys = vec(key_text().prop_map(|key| key.replace('$', "s")), 0..3);
    vec((section, keys, expr()), 1..4).prop_map(|assignments| {
        let assignment = |(idx, (section, keys, value)): (usize, (&[&str], Vec<String>, Expr))| {
            let section = section.iter().map(|key| (*key).to_owned());
            let keys = section.chain([format!("k{idx}")]).chain(keys);
            let path = Path { segments: keys.map(Segment::Key).collect() };
            Assignment { path, at: At::default(), value }
        };
        assignments.into_iter().enumerate().map(assignment).collect()
    })
}

fn query() -> impl Strategy<Value = Query> {
    let head = (any::<bool>(), option::of(any::<u64>()), select_list(), collection());
    let keys = vec((key(), any::<bool>()), 0..3)
        .prop_map(|keys| keys.into_iter().map(|(expr, descending)| OrderKey { expr, descending }));
    let limit = option::of((any::<u64>(), option::of(any::<u64>())));
    let tail = (option::of(expr()), vec(key(), 0..3), option::of(expr()), keys, limit);
    let at_least = option::of(any::<u64>());
    (head, tail, at_least).prop_map(|((distinct, top, select, collection), tail, at_least)| {
        let (condition, group_by, having, order_by, limit) = tail;
        Query {
            distinct,
            top,
            select,
            collection,
            condition,
            group_by,
            having,
            order_by: order_by.collect(),
            limit: limit.map(|(limit, _)| limit),
            offset: limit.and_then(|(_, offset)| offset),
            at_least,
        }
    })
}

fn collection() -> impl Strategy<Value = Collection> {
    select(vec![Collection::Devices, Collection::Modules, Collection::Jobs])
}

fn select_list() -> impl Strategy<Value = Select> {
    let item = (expr(), option::of(name())).prop_map(|(expr, name)| SelectItem { expr, name });
    prop_oneof![
        1 => Just(Select::All(At::default())),
        3 => vec(item, 1..4).prop_map(Select::Items),
    ]
}

/// Names that paths of these trees never mean, so that a column hides no field.
fn name() -> impl Strategy<Value = Name> {
    let referred =
        select(vec!["n", "total", "N2", "été", "_x"]).prop_map(|text| (text.to_owned(), true));
    let quoted = prop_oneof![text(), Just("n".to_owned()), Just("order".to_owned())];
    prop_oneof![referred, quoted.prop_map(|text| (text, false))]
        .prop_map(|(text, can_be_referred_to)| Name { text, can_be_referred_to, at: At::default() })
}

/// A key of `GROUP BY` or `ORDER BY`: no number.
fn key() -> impl Strategy<Value = Expr> {
    expr().prop_map(|expr| match expr.node {
        Node::Literal(Literal::Number(_)) | Node::Sign(..) => new(Node::Literal(Literal::Null)),
        _ => expr,
    })
}

fn new(node: Node) -> Expr {
    Expr::new(node, Span::default())
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

/// Expressions in the form the parser gives.
pub(crate) fn expr() -> BoxedStrategy<Expr> {
    leaf()
        .prop_recursive(5, 40, 4, |inner| {
            let item = inner.clone();
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(|items| new(Node::Array(items))),
                inner.clone().prop_map(|inner| new(Node::Not(boxed(inner)))),
                (sign(), inner.clone())
                    .prop_map(|(sign, inner)| new(Node::Sign(sign, boxed(inner)))),
                (inner.clone(), vec((sum_op(), inner.clone()), 1..3)).prop_map(sum),
                (inner.clone(), vec((product_op(), inner.clone()), 1..3)).prop_map(product),
                (left(&inner), compare_op(), inner.clone()).prop_map(|(left, op, right)| {
                    new(Node::Compare(boxed(left), op, boxed(right)))
                }),
                (left(&inner), any::<bool>(), in_list(&inner)).prop_map(
                    |(value, negated, list)| {
                        new(Node::In { value: boxed(value), negated, list })
                    }
                ),
                (left(&inner), any::<bool>(), inner.clone(), inner.clone()).prop_map(between),
                (left(&inner), any::<bool>(), inner.clone()).prop_map(
                    |(value, negated, pattern)| {
                        new(Node::Like { value: boxed(value), negated, pattern: boxed(pattern) })
                    }
                ),
                (inner.clone(), any::<bool>(), any::<bool>()).prop_map(|(value, negated, null)| {
                    let test = if null { IsTest::Null } else { IsTest::Defined };
                    new(Node::Is { value: boxed(value), negated, test })
                }),
                vec(inner.clone(), 2..4).prop_map(|terms| new(Node::And(flat_and(terms)))),
                vec(inner, 2..4).prop_map(|terms| new(Node::Or(flat_or(terms)))),
                call(item),
            ]
        })
        .boxed()
}

fn leaf() -> impl Strategy<Value = Expr> {
    let literal = prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        number().prop_map(Literal::Number),
        text().prop_map(Literal::String),
    ];
    prop_oneof![
        2 => literal.prop_map(|literal| new(Node::Literal(literal))),
        1 => Just(new(Node::Undefined)),
        4 => path().prop_map(|path| new(Node::Path(path))),
    ]
}

fn number() -> impl Strategy<Value = Number> {
    let value = prop_oneof![
        any::<f64>().prop_map(f64::abs).prop_filter("finite", |value| value.is_finite()),
        (0..10_000u32).prop_map(f64::from),
        any::<u64>().prop_map(|value| value as f64),
    ];
    value.prop_map(|value| Number { text: value.to_string(), value })
}

/// Any text, with what strings and brackets find hard often in it.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        select(vec![
            "'", "\"", "\\", "]]", "[[", "]", "\\%", "\\_", "\n", "\0", "--", "/*", ";", "😀"
        ])
        .prop_map(str::to_owned),
        "[a-z]{0,3}",
        any::<char>().prop_map(String::from),
    ];
    vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn key_text() -> impl Strategy<Value = String> {
    let known: Vec<&str> = TWIN_FIELDS.into_iter().chain(PROPERTIES_FIELDS).collect();
    prop_oneof![
        2 => select(known).prop_map(str::to_owned),
        2 => select(vec![
            "a", "devices", "modules", "Devices", "jobs", "order", "null", "4x", "a-1", "$version",
            "x.y", "", "été", "id2", "Desired",
        ])
        .prop_map(str::to_owned),
        1 => text(),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let segment = prop_oneof![
        3 => key_text().prop_map(Segment::Key),
        1 => any::<u64>().prop_map(Segment::Index),
    ];
    (key_text(), vec(segment, 0..4)).prop_map(|(first, mut segments)| {
        segments.insert(0, Segment::Key(first));
        resolved(Path { segments })
    })
}

/// The path as the pass over names leaves it.
fn resolved(mut path: Path) -> Path {
    let mut is_below_properties = false;
    for (idx, segment) in path.segments.iter_mut().enumerate() {
        let Segment::Key(key) = segment else { break };
        let field = match idx {
            0 => twin_field(key),
            1 if is_below_properties => properties_field(key),
            _ => None,
        };
        if let Some(field) = field {
            field.clone_into(key);
        }
        is_below_properties = idx == 0 && key == "properties";
        // The parent of a module is not available.
        if idx == 0 && key.eq_ignore_ascii_case("device") {
            key.push('x');
        }
    }
    path
}

/// The left side of a comparison, where any element may be meant.
fn left(inner: &BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let any_element =
        (path(), vec(key_text().prop_map(Segment::Key), 0..2)).prop_map(|(mut path, rest)| {
            path.segments.push(Segment::AnyElement);
            path.segments.extend(rest);
            new(Node::Path(path))
        });
    prop_oneof![3 => inner.clone(), 1 => any_element].boxed()
}

fn in_list(inner: &BoxedStrategy<Expr>) -> impl Strategy<Value = InList> + use<> {
    let path = path().prop_map(|path| InList::Expr(boxed(new(Node::Path(path)))));
    let sign = (sign(), inner.clone())
        .prop_map(|(sign, inner)| InList::Expr(boxed(new(Node::Sign(sign, boxed(inner))))));
    prop_oneof![3 => vec(inner.clone(), 0..4).prop_map(InList::Items), 1 => path, 1 => sign]
}

fn call(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let functions: Vec<Function> = TABLE.iter().map(|entry| entry.function).collect();
    let known = select(functions).prop_map(Callee::Known);
    let unknown =
        select(vec!["frobnicate", "é", "_f$"]).prop_map(|name| Callee::Unknown(name.to_owned()));
    let plain = (prop_oneof![known, unknown], vec(inner.clone(), 0..3))
        .prop_map(|(callee, args)| Call { callee, distinct: false, args, name_at: At::default() });
    let distinct = inner.prop_map(|arg| Call {
        callee: Callee::Known(Function::Count),
        distinct: true,
        args: vec![arg],
        name_at: At::default(),
    });
    prop_oneof![4 => plain, 1 => distinct].prop_map(|call| new(Node::Call(call)))
}

fn between((value, negated, low, high): (Expr, bool, Expr, Expr)) -> Expr {
    new(Node::Between { value: boxed(value), negated, low: boxed(low), high: boxed(high) })
}

/// Chains are flat at the front, conditions all through.
fn sum((first, mut rest): (Expr, Vec<(SumOp, Expr)>)) -> Expr {
    new(match first.node {
        Node::Sum(first, mut terms) => {
            terms.append(&mut rest);
            Node::Sum(first, terms)
        }
        _ => Node::Sum(boxed(first), rest),
    })
}

fn product((first, mut rest): (Expr, Vec<(ProductOp, Expr)>)) -> Expr {
    new(match first.node {
        Node::Product(first, mut factors) => {
            factors.append(&mut rest);
            Node::Product(first, factors)
        }
        _ => Node::Product(boxed(first), rest),
    })
}

fn flat_and(terms: Vec<Expr>) -> Vec<Expr> {
    let flat = terms.into_iter().flat_map(|term| match term.node {
        Node::And(inner) => inner,
        _ => vec![term],
    });
    flat.collect()
}

fn flat_or(terms: Vec<Expr>) -> Vec<Expr> {
    let flat = terms.into_iter().flat_map(|term| match term.node {
        Node::Or(inner) => inner,
        _ => vec![term],
    });
    flat.collect()
}

fn sign() -> impl Strategy<Value = Sign> {
    select(vec![Sign::Minus, Sign::Plus])
}

fn sum_op() -> impl Strategy<Value = SumOp> {
    select(vec![SumOp::Add, SumOp::Subtract])
}

fn product_op() -> impl Strategy<Value = ProductOp> {
    select(vec![ProductOp::Multiply, ProductOp::Divide, ProductOp::Remainder])
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    select(CompareOp::ALL.to_vec())
}
