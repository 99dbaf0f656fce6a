//! Automata of regular expressions, and of the LIKE patterns that literals do not decide.
//!
//! For a text or two the regex engine's own way of searching is asked. For texts by the thousand all
//! states are worked out once, if they are few, and a text costs a table look-up for each byte up to
//! where it is decided: choosing a way to search takes the engine longer than that for each text.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind, meta};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::parts::{SEARCHED_MIN, is_same};

/// Texts matched one by one before all states are worked out.
const FEW_TEXTS: usize = if cfg!(test) { 2 } else { 4_096 };
/// Most bytes of the table of all states, and of what working them out takes: some hundred
/// microseconds.
const TABLE_BYTES_MAX: usize = 64 << 10;
const WORK_BYTES_MAX: usize = 256 << 10;
/// Groups within groups in which literals are looked for.
const DEPTH_MAX: usize = 8;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Automaton {
    hir: Hir,
    regex: meta::Regex,
    /// The longest literal that every text holds which matches.
    required: Option<Box<[u8]>>,
    /// Texts of blocks that were matched, until they are many.
    n_texts: AtomicUsize,
    table: OnceLock<Option<Table>>,
}

/// All states.
#[derive(Debug)]
struct Table {
    dfa: dense::DFA<Vec<u32>>,
    /// What each text begins with that matches: compared, which is less than a state for each byte.
    begin: Box<[u8]>,
    /// The state behind it.
    state: StateID,
}

impl Automaton {
    /// The automaton of an expression; none where it takes more than `bytes_max` bytes.
    pub(crate) fn new(hir: Hir, bytes_max: usize) -> Option<Self> {
        let config = meta::Config::new().nfa_size_limit(Some(bytes_max));
        let regex = meta::Builder::new().configure(config).build_from_hir(&hir).ok()?;
        let required = required(&hir, 0).map(Into::into);
        let n_texts = AtomicUsize::new(0);
        Some(Self { hir, regex, required, n_texts, table: OnceLock::new() })
    }

    /// Whether it is found in a text, given its UTF-8 bytes.
    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    /// What every text holds that matches, if that is worth a search of its own.
    pub(crate) fn required(&self) -> Option<&[u8]> {
        self.required.as_deref()
    }

    /// Hands over those of some texts that match.
    pub(crate) fn match_each<'t, T>(
        &self,
        texts: impl Iterator<Item = (T, &'t [u8])>,
        found: impl FnMut(T),
    ) {
        match self.table.get() {
            Some(Some(table)) => each(texts, |text| table.is_match(text), found),
            Some(None) => each(texts, |text| self.is_match(text), found),
            None => {
                let mut n_texts = 0;
                let counted = texts.inspect(|_| n_texts += 1);
                each(counted, |text| self.is_match(text), found);
                if self.n_texts.fetch_add(n_texts, Ordering::Relaxed) + n_texts > FEW_TEXTS {
                    self.table.get_or_init(|| Table::new(&self.hir));
                }
            }
        }
    }
}

/// Hands over those of some texts that pass.
#[inline]
pub(crate) fn each<'t, T>(
    texts: impl Iterator<Item = (T, &'t [u8])>,
    is_match: impl Fn(&[u8]) -> bool,
    found: impl FnMut(T),
) {
    texts.filter(|(_, text)| is_match(text)).map(|(of, _)| of).for_each(found);
}

impl Table {
    /// All states, if they are few and none of them depends on what no single byte tells.
    fn new(hir: &Hir) -> Option<Self> {
        let config = thompson::Config::new().nfa_size_limit(Some(WORK_BYTES_MAX));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config = dense::Config::new()
            .accelerate(false)
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(TABLE_BYTES_MAX))
            .determinize_size_limit(Some(WORK_BYTES_MAX));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let begin: Box<[u8]> = beginning(hir).unwrap_or_default().into();
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
        let state = begin.iter().fold(start, |state, byte| dfa.next_state(state, *byte));
        Some(Self { dfa, begin, state })
    }

    #[inline]
    fn is_match(&self, text: &[u8]) -> bool {
        let mut state = self.state;
        let Some((begin, behind)) = text.split_at_checked(self.begin.len()) else { return false };
        if !is_same(begin, &self.begin) {
            return false;
        }
        for byte in behind {
            state = self.dfa.next_state(state, *byte);
            if self.dfa.is_special_state(state) {
                if self.dfa.is_match_state(state) {
                    return true;
                }
                if self.dfa.is_dead_state(state) {
                    return false;
                }
            }
        }
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}

/// The literal that a text must begin with for `hir` to be found in it.
fn beginning(hir: &Hir) -> Option<&[u8]> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    match (parts.first()?.kind(), parts.get(1)?.kind()) {
        (HirKind::Look(Look::Start), HirKind::Literal(literal)) => Some(&literal.0),
        _ => None,
    }
}

/// The longest literal that every text holds in which `hir` is found, of those worth a search; one
/// that must begin the text is none, since comparing it is less than any search.
fn required(hir: &Hir, depth: usize) -> Option<&[u8]> {
    if depth > DEPTH_MAX {
        return None;
    }
    match hir.kind() {
        HirKind::Literal(literal) => Some(&*literal.0).filter(|text| text.len() >= SEARCHED_MIN),
        HirKind::Capture(capture) => required(&capture.sub, depth + 1),
        HirKind::Repetition(repeated) if repeated.min > 0 => required(&repeated.sub, depth + 1),
        HirKind::Concat(parts) => {
            let is_first =
                |place: usize| place > 0 && *parts[place - 1].kind() == HirKind::Look(Look::Start);
            let parts = parts.iter().enumerate().filter(|(place, _)| !is_first(*place));
            parts.filter_map(|(_, part)| required(part, depth + 1)).max_by_key(|text| text.len())
        }
        _ => None,
    }
}
