//! Tokens, and what may stand between them.

use super::Manner;

/// The tokens of a text so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens(Vec<Token>);

#[derive(Clone, Debug)]
struct Token {
    text: String,
    /// Whether a letter or digit beside it would run into it.
    is_word: bool,
}

/// What may stand between any two tokens.
const GAPS: &[&str] = &[" ", "  ", "\n", "\t", " \r\n ", "/* a -- b */", " -- it's\n", "\u{A0}"];

impl Tokens {
    /// A keyword, name, number or path.
    pub(super) fn word(&mut self, text: &str) {
        self.0.push(Token { text: text.to_owned(), is_word: true });
    }

    /// An operator, bracket or comma.
    pub(super) fn symbol(&mut self, text: &str) {
        self.0.push(Token { text: text.to_owned(), is_word: false });
    }

    /// A string, which needs no blanks around it.
    pub(super) fn string(&mut self, text: &str) {
        self.symbol(text);
    }

    /// The text; with blanks where they must be, and where the manner likes them.
    pub(super) fn join(&self, manner: &mut Manner) -> String {
        let mut out = String::new();
        for (i, token) in self.0.iter().enumerate() {
            if i > 0 {
                let needed = self.0[i - 1].needs_blank_before(token);
                out.push_str(gap(needed, manner));
            }
            out.push_str(&token.text);
        }
        if manner.takes_liberty(10) {
            out.push_str(manner.one_of(GAPS));
        }
        out
    }
}

fn gap(needed: bool, manner: &mut Manner) -> &'static str {
    if manner.takes_liberty(12) {
        manner.one_of(GAPS)
    } else if !needed && manner.takes_liberty(40) {
        ""
    } else {
        " "
    }
}

impl Token {
    /// Whether a blank must stand before `next`: words run into each other, a minus into the key
    /// before it or into a comment.
    fn needs_blank_before(&self, next: &Self) -> bool {
        (self.is_word && (next.is_word || next.text == "-")) || (self.text == "-")
    }
}
