//! Expressions, with parentheses where the levels ask for them.

use twindex_lang::ast::{
    Call, Callee, CompareOp, Expr, InList, IsTest, Literal, Node, ProductOp, Sign, SumOp,
};
use twindex_lang::function::Function;

use super::Writer;

/// Levels of the operators, weakest first.
const AND: u8 = 1;
const NOT: u8 = 2;
const COMPARE: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;
const UNARY: u8 = 6;
const PRIMARY: u8 = 7;

fn level(node: &Node) -> u8 {
    match node {
        Node::Or(_) => 0,
        Node::And(_) => AND,
        Node::Not(_) => NOT,
        Node::Compare(..)
        | Node::In { .. }
        | Node::Between { .. }
        | Node::Like { .. }
        | Node::Is { .. } => COMPARE,
        Node::Sum(..) => SUM,
        Node::Product(..) => PRODUCT,
        Node::Sign(..) => UNARY,
        _ => PRIMARY,
    }
}

impl Writer<'_> {
    /// Writes an expression where at least `least` is needed.
    pub(super) fn expr(&mut self, expr: &Expr, least: u8) {
        // A list of one is no parenthesis, so spare ones stand around operators alone.
        let spare = level(&expr.node) < PRIMARY && self.manner.takes_liberty(6);
        if level(&expr.node) < least || spare {
            self.tokens.symbol("(");
            self.node(&expr.node);
            self.tokens.symbol(")");
        } else {
            self.node(&expr.node);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Literal(literal) => self.literal(literal),
            Node::Undefined => self.keyword("undefined"),
            Node::Path(path) => self.path(&path.segments),
            Node::Array(items) => self.bracketed("[", items, "]"),
            Node::Call(call) => self.call(call),
            Node::Or(parts) => self.chain(parts, "OR", AND),
            Node::And(parts) => self.chain(parts, "AND", NOT),
            Node::Not(inner) => {
                self.keyword("NOT");
                self.expr(inner, NOT);
            }
            Node::Sign(sign, operand) => {
                self.tokens.symbol(if *sign == Sign::Minus { "-" } else { "+" });
                self.expr(operand, UNARY);
            }
            Node::Sum(first, rest) => {
                self.expr(first, PRODUCT);
                for (op, operand) in rest {
                    self.tokens.symbol(if *op == SumOp::Add { "+" } else { "-" });
                    self.expr(operand, PRODUCT);
                }
            }
            Node::Product(first, rest) => {
                self.expr(first, UNARY);
                for (op, operand) in rest {
                    self.tokens.symbol(product_op(*op));
                    self.expr(operand, UNARY);
                }
            }
            Node::Compare(..)
            | Node::In { .. }
            | Node::Between { .. }
            | Node::Like { .. }
            | Node::Is { .. } => self.comparison(node),
        }
    }

    fn comparison(&mut self, node: &Node) {
        match node {
            Node::Compare(left, op, right) => {
                self.expr(left, SUM);
                let op = match op {
                    CompareOp::NotEqual => self.manner.one_of(&["!=", "<>"]),
                    op => compare_op(*op),
                };
                self.tokens.symbol(op);
                self.expr(right, SUM);
            }
            Node::In { value, negated, list } => {
                self.expr(value, SUM);
                if *negated && self.manner.takes_liberty(40) {
                    self.keyword("NIN");
                } else {
                    self.negatable(*negated, "IN");
                }
                self.in_list(list);
            }
            Node::Between { value, negated, low, high } => {
                self.expr(value, SUM);
                self.negatable(*negated, "BETWEEN");
                self.expr(low, SUM);
                self.keyword("AND");
                self.expr(high, SUM);
            }
            Node::Like { value, negated, pattern } => {
                self.expr(value, SUM);
                self.negatable(*negated, "LIKE");
                self.expr(pattern, SUM);
            }
            Node::Is { value, negated, test } => {
                self.expr(value, SUM);
                self.keyword("IS");
                self.negatable(*negated, if *test == IsTest::Null { "NULL" } else { "DEFINED" });
            }
            _ => {}
        }
    }

    fn negatable(&mut self, negated: bool, keyword: &str) {
        if negated {
            self.keyword("NOT");
        }
        self.keyword(keyword);
    }

    fn in_list(&mut self, list: &InList) {
        match list {
            InList::Items(items) if !items.is_empty() && self.manner.takes_liberty(40) => {
                self.bracketed("(", items, ")");
            }
            InList::Items(items) => self.bracketed("[", items, "]"),
            // A path or a call: what begins with a bracket would be a list.
            InList::Expr(list) => self.node(&list.node),
        }
    }

    fn bracketed(&mut self, open: &str, items: &[Expr], close: &str) {
        self.tokens.symbol(open);
        self.listed(items, |writer, item| writer.expr(item, 0));
        self.tokens.symbol(close);
    }

    fn chain(&mut self, parts: &[Expr], keyword: &str, least: u8) {
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.keyword(keyword);
            }
            self.expr(part, least);
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Null => self.keyword("null"),
            Literal::Bool(value) => self.keyword(if *value { "true" } else { "false" }),
            Literal::Number(number) => self.tokens.word(&number.text),
            Literal::String(text) => self.string(text),
        }
    }

    fn call(&mut self, call: &Call) {
        match &call.callee {
            Callee::Known(function) => self.function(*function),
            Callee::Unknown(name) => self.tokens.word(name),
        }
        self.tokens.symbol("(");
        if call.distinct {
            self.keyword("DISTINCT");
        }
        let is_count = call.callee == Callee::Known(Function::Count);
        if is_count && call.args.is_empty() && self.manner.takes_liberty(40) {
            self.tokens.symbol("*");
        }
        self.listed(&call.args, |writer, arg| writer.expr(arg, 0));
        self.tokens.symbol(")");
    }
}

fn compare_op(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    }
}

fn product_op(op: ProductOp) -> &'static str {
    match op {
        ProductOp::Multiply => "*",
        ProductOp::Divide => "/",
        ProductOp::Remainder => "%",
    }
}
