//! The pieces of a LIKE pattern, and matching without compiling, for patterns that change from row
//! to row.

use twindex_planted::{Fault, planted};

use crate::pattern::Pattern;

/// Up to this many steps a pattern is walked; beyond, its automaton is worth building.
const STEPS_MAX: usize = 1 << 20;

/// A piece of a LIKE pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Literal text, escapes resolved, never empty.
    Text(String),
    /// `_`: one code point.
    One,
    /// `%`: any run. Never two in a row.
    Run,
}

/// One token of a pattern.
#[derive(Clone, Copy)]
enum Token {
    Char(char),
    One,
    Run,
}

/// The pieces of `pattern`. `\` takes the next character literally; a last `\` is itself.
pub(crate) fn pieces_of(pattern: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = pattern;
    while let Some((token, after)) = next_token(rest) {
        rest = after;
        match (token, pieces.last_mut()) {
            (Token::Char(c), Some(Piece::Text(text))) => text.push(c),
            (Token::Char(c), _) => pieces.push(Piece::Text(c.into())),
            (Token::One, _) => pieces.push(Piece::One),
            (Token::Run, Some(Piece::Run)) => {}
            (Token::Run, _) => pieces.push(Piece::Run),
        }
    }
    pieces
}

fn next_token(pattern: &str) -> Option<(Token, &str)> {
    let mut chars = pattern.chars();
    let token = match chars.next()? {
        '%' => Token::Run,
        '_' => Token::One,
        '\\' if !planted(Fault::LikeEscapeLiteral) => Token::Char(chars.next().unwrap_or('\\')),
        c => Token::Char(c),
    };
    Some((token, chars.as_str()))
}

/// Whether all of `text` matches `pattern`, for a pattern met once.
pub(crate) fn matches_like_once(text: &str, pattern: &str) -> bool {
    if text.len().saturating_mul(pattern.len()) > STEPS_MAX {
        return Pattern::like(pattern).is_match(text);
    }
    matches_like(text, pattern)
}

/// The walk: on a mismatch the last `%` takes one character more. Earlier ones never have to, since
/// the first place where a piece fits is the best one.
pub(crate) fn matches_like(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern);
    // Where the last `%` ended in the text, and what follows it in the pattern.
    let mut last_run: Option<(std::str::Chars<'_>, &str)> = None;
    loop {
        let ahead = text.clone().next();
        match (next_token(pattern), ahead) {
            (None, None) => return true,
            (Some((Token::Run, rest)), _) => {
                if rest.is_empty() {
                    return true;
                }
                last_run = Some((text.clone(), rest));
                pattern = rest;
                continue;
            }
            (Some((Token::One, rest)), Some(_)) => {
                text.next();
                pattern = rest;
                continue;
            }
            (Some((Token::Char(c), rest)), Some(found)) if c == found => {
                text.next();
                pattern = rest;
                continue;
            }
            _ => {}
        }
        let Some((mut from, rest)) = last_run.take() else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        text = from.clone();
        pattern = rest;
        last_run = Some((from, rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn pieces_resolve_escapes_and_merge_runs() {
        let text = |t: &str| Piece::Text(t.to_owned());
        assert_eq!(pieces_of(r"a\%b%%_c\"), [text("a%b"), Piece::Run, Piece::One, text(r"c\")]);
        assert_eq!(pieces_of(""), []);
    }

    #[test]
    fn like_by_the_truth_table() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("abc", "abc", true),
            ("abc", "ABC", false),
            ("abc", "a%", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "a_", false),
            ("a\nb", "a%b", true),
            ("a\nb", "a_b", true),
            ("50%", r"50\%", true),
            ("50x", r"50\%", false),
            ("a_b", r"a\_b", true),
            (r"a\", r"a\", true),
            (r"a\b", r"a\\b", true),
            ("ab", r"\a\b", true),
            ("\u{1F600}", "_", true),
            ("aXbXc", "%X%", true),
            ("mississippi", "%iss%ip%", true),
            ("mississippi", "%iss%issi%x", false),
        ] {
            assert_eq!(matches_like(text, pattern), expected, "{text} LIKE {pattern}");
            assert_eq!(Pattern::like(pattern).is_match(text), expected, "{text} LIKE {pattern}");
        }
    }

    #[test]
    fn long_texts_take_linear_time() {
        let (text, pattern) = ("a".repeat(100_000), "%a_a".repeat(2_000) + "%b");
        assert!(!matches_like_once(&text, &pattern));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The compiled pattern and the walk agree, and so do texts by the block.
        #[test]
        fn compiled_and_walked_agree(
            texts in prop::collection::vec(r"[ab%_\\é\n]{0,10}", 1..5),
            pattern in r"[ab%_\\é]{0,8}",
        ) {
            let compiled = Pattern::like(&pattern);
            let walked = |text: &&String| matches_like(text, &pattern);
            for text in &texts {
                prop_assert_eq!(compiled.is_match(text), walked(&text), "{}", text);
                let has_required = compiled.required().is_none_or(|part| {
                    memchr::memmem::find(text.as_bytes(), part).is_some()
                });
                prop_assert!(has_required || !walked(&text));
            }
            for _ in 0..2 {
                let mut found = Vec::new();
                compiled.match_each(texts.iter().map(|text| (text, text.as_bytes())), |text| {
                    found.push(text);
                });
                prop_assert_eq!(found, texts.iter().filter(walked).collect::<Vec<_>>());
            }
        }
    }
}
