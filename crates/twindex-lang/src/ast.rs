//! The query as written: nothing is resolved against twins or typed.
//!
//! Conditions are expressions like any other, since `(a = 1) = true` is one; there is no second
//! tree for them. Chains (`AND`, `OR`, `+ -`, `* / %`) are lists, so a long query makes a wide tree
//! and never a deep one. The parser has already done what needs no twins: prefixes and aliases of
//! the collection are gone from paths, `id` as a first segment is `deviceId`, and the twin's own
//! fields stand in their canonical spelling. A path that names a column (`ORDER BY n`) is still a
//! path, spelled as the name was.

use crate::function::Function;
use crate::span::{At, Span};

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// A query to run.
    Query(Query),
    /// `EXPLAIN [ANALYZE] query`.
    Explain {
        /// Whether the query is also run.
        analyze: bool,
        /// The query to explain. Of an `UPDATE` or a `DELETE`, the query for the twins it is about.
        query: Query,
    },
    /// `UPDATE … SET …`: changes properties of twins.
    Update(Update),
    /// `DELETE FROM …`: removes twins.
    Delete(Delete),
}

/// `UPDATE collection SET path = expr {, …} [WHERE condition] [DRY RUN]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Devices or modules.
    pub collection: Collection,
    /// What is set: one or more paths, none of them equal to or inside another.
    pub assignments: Vec<Assignment>,
    /// The condition after `WHERE`; without it every twin is meant.
    pub condition: Option<Expr>,
    /// `DRY RUN`: only say what would be done.
    pub dry_run: bool,
}

/// `path = expr` after `SET`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Where: keys alone, below `tags` or `properties.desired`, none of them with a `$`.
    pub path: Path,
    /// The place of the path.
    pub at: At,
    /// The value, of the twin before the update; null and undefined remove.
    pub value: Expr,
}

/// `DELETE FROM collection [WHERE condition] [DRY RUN]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// Devices or modules.
    pub collection: Collection,
    /// The condition after `WHERE`; without it every twin is meant.
    pub condition: Option<Expr>,
    /// `DRY RUN`: only say what would be done.
    pub dry_run: bool,
}

/// `SELECT … FROM … WHERE …` with all its clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// `SELECT DISTINCT`.
    pub distinct: bool,
    /// `TOP n`.
    pub top: Option<u64>,
    /// What is selected.
    pub select: Select,
    /// What `FROM` names.
    pub collection: Collection,
    /// The condition after `WHERE`.
    pub condition: Option<Expr>,
    /// The keys after `GROUP BY`; empty without the clause.
    pub group_by: Vec<Expr>,
    /// The condition after `HAVING`.
    pub having: Option<Expr>,
    /// The keys after `ORDER BY`; empty without the clause.
    pub order_by: Vec<OrderKey>,
    /// `LIMIT n`.
    pub limit: Option<u64>,
    /// `OFFSET m`.
    pub offset: Option<u64>,
    /// `AT LEAST VERSION v`: the query waits until the engine has published it.
    pub at_least: Option<u64>,
}

/// What a query selects.
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// `*`: whole documents.
    All(At),
    /// A list of expressions, one or more.
    Items(Vec<SelectItem>),
}

/// `expr [AS name]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectItem {
    /// The value of the column.
    pub expr: Expr,
    /// The name given, if any.
    pub name: Option<Name>,
}

/// A name given with `AS` (or without it).
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name itself, without quotes or brackets.
    pub text: String,
    /// Whether a path may refer to it: false for reserved and for quoted or bracketed names.
    pub can_be_referred_to: bool,
    /// Its place.
    pub at: At,
}

/// The collection that `FROM` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// Device twins.
    Devices,
    /// Module twins.
    Modules,
    /// Jobs; accepted, and empty.
    Jobs,
}

/// `expr [ASC|DESC]`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderKey {
    /// The value to order by.
    pub expr: Expr,
    /// `DESC`.
    pub descending: bool,
}

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Its place, parentheses around it aside.
    pub at: At,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`, `true`, `12`, `'text'`.
    Literal(Literal),
    /// The literal `undefined`.
    Undefined,
    /// A path into the twin.
    Path(Path),
    /// `[a, b]`.
    Array(Vec<Expr>),
    /// `NOT a`.
    Not(Box<Expr>),
    /// Unary `-a` or `+a`.
    Sign(Sign, Box<Expr>),
    /// `a + b - c …`: the first operand, then one or more with their operators, all of one level.
    /// The first is no `Sum`: parentheses at the front of a chain are gone.
    Sum(Box<Expr>, Vec<(SumOp, Expr)>),
    /// `a * b / c …`, likewise.
    Product(Box<Expr>, Vec<(ProductOp, Expr)>),
    /// `a op b`.
    Compare(Box<Expr>, CompareOp, Box<Expr>),
    /// `a [NOT] IN list`, `a NIN list`.
    In {
        /// The value looked for.
        value: Box<Expr>,
        /// `NOT IN` or `NIN`.
        negated: bool,
        /// Where it is looked for.
        list: InList,
    },
    /// `a [NOT] BETWEEN low AND high`.
    Between {
        /// The value judged.
        value: Box<Expr>,
        /// `NOT BETWEEN`.
        negated: bool,
        /// Least value that is in.
        low: Box<Expr>,
        /// Greatest value that is in.
        high: Box<Expr>,
    },
    /// `a [NOT] LIKE pattern`.
    Like {
        /// The text judged.
        value: Box<Expr>,
        /// `NOT LIKE`.
        negated: bool,
        /// The pattern.
        pattern: Box<Expr>,
    },
    /// `a IS [NOT] NULL`, `a IS [NOT] DEFINED`.
    Is {
        /// The value judged.
        value: Box<Expr>,
        /// `IS NOT`.
        negated: bool,
        /// What it is asked for.
        test: IsTest,
    },
    /// `a AND b AND …`, two or more, none of them an `And`: parentheses within a chain are gone.
    And(Vec<Expr>),
    /// `a OR b OR …`, likewise.
    Or(Vec<Expr>),
    /// `name(a, b, …)`.
    Call(Call),
}

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; the text as written (`1`, `.5`, `1e3`, `0x1F`), so that a judge can read it by its
    /// own means, and its value. Two are equal when the values are.
    Number(Number),
    /// A string, escapes resolved.
    String(String),
}

/// A number literal.
#[derive(Clone, Debug)]
pub struct Number {
    /// As written.
    pub text: String,
    /// Its value, finite.
    pub value: f64,
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A path into a twin. The first segment is a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Its segments, one or more.
    pub segments: Vec<Segment>,
}

/// The segments that begin a path; displayed, they are its canonical text.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'a>(pub &'a [Segment]);

/// One segment of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// `.name`, `.[[any text]]`, `['text']`.
    Key(String),
    /// `[0]`; one that does not fit is past the end of every array.
    Index(u64),
    /// `[*]`: any element. At most once in a path, and only on the left of a comparison.
    AnyElement,
}

/// `-` or `+` before an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `-`.
    Minus,
    /// `+`.
    Plus,
}

/// An operator of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumOp {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
}

/// An operator of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductOp {
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `=`.
    Equal,
    /// `!=` or `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl CompareOp {
    /// Every operator.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    /// The operator with its sides changed over.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// The operator that is true exactly where this one is false: both are undefined for the same
    /// pairs.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }
}

/// The right side of `IN`.
#[derive(Clone, Debug, PartialEq)]
pub enum InList {
    /// `[x, y]` or `(x, y)`.
    Items(Vec<Expr>),
    /// Any other expression, which should be an array.
    Expr(Box<Expr>),
}

/// What `IS` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsTest {
    /// `NULL`.
    Null,
    /// `DEFINED`.
    Defined,
}

/// A call of a function or an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// `COUNT(DISTINCT x)`.
    pub distinct: bool,
    /// The arguments. `COUNT(*)` has none, like `COUNT()`.
    pub args: Vec<Expr>,
    /// The place of the name.
    pub name_at: At,
}

/// The name of a call, looked up in the function table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function of the table.
    Known(Function),
    /// A name that is in no table, as written; the binder refuses it.
    Unknown(String),
}

impl Query {
    /// `SELECT * FROM collection [WHERE condition]`.
    #[must_use]
    pub fn all(collection: Collection, condition: Option<Expr>) -> Self {
        Self {
            distinct: false,
            top: None,
            select: Select::All(At::default()),
            collection,
            condition,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            at_least: None,
        }
    }
}

impl Update {
    /// The query for the twins it is about.
    #[must_use]
    pub fn selection(&self) -> Query {
        Query::all(self.collection, self.condition.clone())
    }
}

impl Delete {
    /// The query for the twins it is about.
    #[must_use]
    pub fn selection(&self) -> Query {
        Query::all(self.collection, self.condition.clone())
    }
}

impl Expr {
    /// The expression `node` at `span`.
    #[must_use]
    pub fn new(node: Node, span: Span) -> Self {
        Self { node, at: At(span) }
    }
}

impl Path {
    /// The last name or string, indexes and `[*]` aside: what names a column.
    #[must_use]
    pub fn last_name(&self) -> Option<&str> {
        self.keys().next_back()
    }

    /// Its names and strings, in order, indexes and `[*]` aside.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) | Segment::AnyElement => None,
        })
    }

    /// The name it consists of, if it is one segment: such a path may name a column.
    #[must_use]
    pub fn single_key(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [Segment::Key(key)] => Some(key),
            _ => None,
        }
    }

    /// How often `[*]` stands in it. In a tree the parser gives, once at most.
    #[must_use]
    pub fn n_any_elements(&self) -> usize {
        self.segments.iter().filter(|segment| **segment == Segment::AnyElement).count()
    }
}
