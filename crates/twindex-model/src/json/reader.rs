//! Documents to leaves, one after the other, with buffers that are reused.
//!
//! Reading is forgiving where a hub's write is not, and counts what it forgave; strict reading
//! refuses instead. What is an error in both is what has no meaning (not JSON, a lone surrogate,
//! a number that is not finite) or is past a ceiling of [`crate::limits`].

use serde::de::DeserializeSeed;

use crate::json::duplicates::{SeenKeys, keep_last};
use crate::json::error::ReadError;
use crate::json::integers::count_integers;
use crate::json::pass::{Findings, Pass, Root, Seen};
use crate::json::patch_rules::{PatchRules, Shape};
use crate::json::read::Leaves;
use crate::json::steps::StepTree;
use crate::json::twin;
use crate::json::warning::{LoadWarning, Warning, Warnings};
use crate::limits::{DOCUMENT_BYTES_MAX, PATCH_BYTES_MAX};
use crate::patch::{PatchError, PatchProblem};

/// What becomes of a warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// It is counted.
    #[default]
    Forgiving,
    /// It is an error.
    Strict,
}

/// One document that was read.
#[derive(Clone, Debug, Default)]
pub struct ReadDocument {
    /// What it holds.
    pub leaves: Leaves,
    /// What reading forgave.
    pub warnings: Warnings,
}

/// Reads documents, one after the other.
#[derive(Default)]
pub struct LeavesReader {
    strictness: Strictness,
    seen: SeenKeys,
    /// Kept by a reader of many documents.
    steps: Option<Box<StepTree>>,
}

impl LeavesReader {
    /// A reader that treats warnings as `strictness` says.
    #[must_use]
    pub fn new(strictness: Strictness) -> Self {
        Self { strictness, ..Self::default() }
    }

    /// The same for many documents that are alike: it remembers the paths that it has met, and
    /// numbers them ([`Leaves::steps`]). Readers whose documents meet are told apart by `number`.
    #[must_use]
    pub fn for_many(strictness: Strictness, number: u32) -> Self {
        let steps = Some(Box::new(StepTree::new(number)));
        Self { strictness, steps, ..Self::default() }
    }

    /// Reads the one object that `text` holds into `leaves`, whose old content goes.
    ///
    /// # Errors
    /// Any but those about twins; `leaves` is then of no use, and can be given again.
    pub fn read_into(&mut self, text: &[u8], leaves: &mut Leaves) -> Result<Warnings, ReadError> {
        let warnings = self.read_forgiving(text, leaves)?;
        self.judge(warnings)
    }

    /// Reads one twin: like [`Self::read_into`], and then [`twin::settle`] turns a line of a
    /// registry export into a twin and checks its ids.
    ///
    /// # Errors
    /// Any; `leaves` is then of no use, and can be given again.
    pub fn read_twin_into(
        &mut self,
        text: &[u8],
        leaves: &mut Leaves,
    ) -> Result<Warnings, ReadError> {
        let mut warnings = self.read_forgiving(text, leaves)?;
        twin::settle(leaves, &mut warnings)?;
        self.judge(warnings)
    }

    /// Reads a patch, in which nothing is forgiven.
    pub(crate) fn read_patch_into(
        &mut self,
        text: &[u8],
        (shape, leaves): (Shape, &mut Leaves),
    ) -> Result<(), PatchError> {
        let text = checked(text, PATCH_BYTES_MAX)?;
        leaves.clear();
        self.seen.clear();
        let seen = Seen::Prints(&mut self.seen);
        let (findings, rules) = pass(text, (leaves, seen), Some(PatchRules::new(shape)))?;
        if let Some((problem, event)) = rules.and_then(|rules| rules.found) {
            return Err(PatchError::at(leaves, event, problem));
        }
        refuse_long_integers(text, leaves, &findings)?;
        let warnings = settle_findings(text, leaves, findings);
        let repeated = warnings.iter().find(|w| w.kind == LoadWarning::DuplicateKey);
        match repeated {
            Some(warning) => {
                let problem = PatchProblem::DuplicateKey;
                Err(PatchError { path: warning.path.clone(), name: String::new(), problem })
            }
            None => Ok(()),
        }
    }

    fn read_forgiving(&mut self, text: &[u8], leaves: &mut Leaves) -> Result<Warnings, ReadError> {
        let text = checked(text, DOCUMENT_BYTES_MAX)?;
        leaves.clear();
        let seen = match &mut self.steps {
            Some(tree) => {
                leaves.steps_name = tree.begin();
                Seen::Steps(tree)
            }
            None => {
                self.seen.clear();
                Seen::Prints(&mut self.seen)
            }
        };
        let (findings, _) = pass(text, (leaves, seen), None)?;
        Ok(settle_findings(text, leaves, findings))
    }

    fn judge(&self, warnings: Warnings) -> Result<Warnings, ReadError> {
        if self.strictness == Strictness::Forgiving {
            return Ok(warnings);
        }
        match warnings.into_first() {
            Some(Warning { kind, path, .. }) => Err(ReadError::Refused { warning: kind, path }),
            None => Ok(Warnings::default()),
        }
    }
}

/// The text, if it is one and not too long.
fn checked(text: &[u8], bytes_max: usize) -> Result<&str, ReadError> {
    if text.len() > bytes_max {
        return Err(ReadError::DocumentTooLarge { bytes: text.len(), bytes_max });
    }
    std::str::from_utf8(text).map_err(|error| ReadError::NotUtf8 { at: error.valid_up_to() })
}

/// The streaming pass.
fn pass(
    text: &str,
    (leaves, seen): (&mut Leaves, Seen<'_>),
    rules: Option<PatchRules>,
) -> Result<(Findings, Option<PatchRules>), ReadError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut pass = Pass::new(leaves, seen);
    pass.rules = rules;
    let outcome = Root(&mut pass).deserialize(&mut json).and_then(|()| json.end());
    let (mut findings, rules) = (pass.findings, pass.rules);
    match (findings.failure.take(), outcome) {
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(ReadError::from_json(error)),
        (None, Ok(())) => Ok((findings, rules)),
    }
}

/// Refuses integers that no 64-bit integer holds, which arrive as doubles.
fn refuse_long_integers(
    text: &str,
    leaves: &Leaves,
    findings: &Findings,
) -> Result<(), PatchError> {
    let ordinals: Vec<u64> = findings.large_numbers.iter().map(|&(n, _)| n).collect();
    if ordinals.is_empty() {
        return Ok(());
    }
    match count_integers(text, &ordinals).1 {
        Some(place) => {
            let event = findings.large_numbers[place].1;
            Err(PatchError::at(leaves, event, PatchProblem::IntegerOutOfBounds))
        }
        None => Ok(()),
    }
}

/// The rare work after the pass: names the places of warnings and settles suspicions.
fn settle_findings(text: &str, leaves: &mut Leaves, findings: Findings) -> Warnings {
    let mut warnings = Warnings::default();
    for &(kind, n, event) in &findings.warnings {
        warnings.add(kind, n, || leaves.path_at(event));
    }
    if !findings.large_numbers.is_empty() {
        let ordinals: Vec<u64> = findings.large_numbers.iter().map(|&(n, _)| n).collect();
        let (n, first) = count_integers(text, &ordinals);
        let event = first.map_or(0, |place| findings.large_numbers[place].1);
        warnings.add(LoadWarning::IntegerRounded, n, || leaves.path_at(event));
    }
    if findings.duplicates_suspected {
        let before = leaves.clone();
        let dropped = keep_last(leaves);
        let first = dropped.first().copied().unwrap_or(0);
        warnings.add(LoadWarning::DuplicateKey, dropped.len() as u64, || before.path_at(first));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

    use super::{LeavesReader, ReadDocument, Strictness};
    use crate::json::error::ReadError;
    use crate::json::read::{Leaves, read_value};
    use crate::json::warning::LoadWarning;
    use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX};
    use crate::value::{KeyOrder, Value};

    fn read(text: &str) -> Result<ReadDocument, ReadError> {
        let read = Leaves::read(text);
        let mut leaves = Leaves::default();
        let strict = LeavesReader::new(Strictness::Strict).read_into(text.as_bytes(), &mut leaves);
        let clean = read.as_ref().is_ok_and(|document| document.warnings.is_empty());
        assert_eq!(strict.is_ok(), clean, "strict reading refuses exactly what earns a warning");
        let mut many = LeavesReader::for_many(Strictness::Forgiving, 0);
        for _ in 0..2 {
            let warnings = many.read_into(text.as_bytes(), &mut leaves);
            assert_eq!(warnings.is_ok(), read.is_ok(), "{text}");
            let (Ok(warnings), Ok(alone)) = (warnings, &read) else { continue };
            assert_eq!(leaves.events, alone.leaves.events, "{text}");
            assert_eq!(leaves.text, alone.leaves.text);
            assert_eq!(warnings.iter().count(), alone.warnings.iter().count());
            let has_repeated = warnings.count(LoadWarning::DuplicateKey) > 0;
            assert!(leaves.steps().is_some() || has_repeated, "{text}");
        }
        read
    }

    /// Reads `text` and checks that it earns exactly one kind of warning.
    fn assert_warns(text: &str, kind: LoadWarning, n: u64, path: &str) {
        let warnings = read(text).unwrap().warnings;
        let found: Vec<_> = warnings.iter().map(|w| (w.kind, w.n, w.path.as_str())).collect();
        assert_eq!(found, [(kind, n, path)], "{text:.200}");
    }

    fn assert_clean(text: &str) {
        let warnings = read(text).unwrap().warnings;
        assert!(warnings.is_empty(), "{warnings:?} for {text:.200}");
    }

    #[test]
    fn refusals_are_told_apart() {
        use ReadError as E;
        type Check = fn(&E) -> bool;
        let cases: [(&str, Check); 16] = [
            ("", |e| matches!(e, E::Syntax { .. })),
            ("{", |e| matches!(e, E::Syntax { .. })),
            (r#"{"a":1,}"#, |e| matches!(e, E::Syntax { .. })),
            (r#"{"a":NaN}"#, |e| matches!(e, E::Syntax { .. })),
            (r#"{"a":01}"#, |e| matches!(e, E::Syntax { .. })),
            ("{\"a\":\"\n\"}", |e| matches!(e, E::Syntax { .. })),
            ("1", |e| matches!(e, E::NotAnObject)),
            ("[{}]", |e| matches!(e, E::NotAnObject)),
            ("\"a\"", |e| matches!(e, E::NotAnObject)),
            ("null", |e| matches!(e, E::NotAnObject)),
            ("{} {}", |e| matches!(e, E::TrailingText { line: 1, column: 4 })),
            (r#"{"a":1e999}"#, |e| matches!(e, E::NumberNotFinite { line: 1, .. })),
            (r#"{"a":[-1e999]}"#, |e| matches!(e, E::NumberNotFinite { line: 1, .. })),
            (r#"{"a":"\ud800"}"#, |e| matches!(e, E::LoneSurrogate { .. })),
            (r#"{"a":["\udc00"]}"#, |e| matches!(e, E::LoneSurrogate { .. })),
            (r#"{"\ud800\u0041":1}"#, |e| matches!(e, E::LoneSurrogate { .. })),
        ];
        for (text, expected) in cases {
            let error = read(text).expect_err(text);
            assert!(expected(&error), "{text}: {error:?}");
        }
        let not_utf8 = Leaves::read(b"{\"a\":\"\xFF\"}");
        assert!(matches!(not_utf8, Err(E::NotUtf8 { at: 6 })), "{not_utf8:?}");
    }

    #[test]
    fn odd_texts_are_kept() {
        let text = r#"{"\u0000":"a\u0000\u001f\u007f","":"","\ud83d\ude00":"\ud83d\ude00","a.b":{"$c":[]}}"#;
        assert_eq!(read(text).unwrap().leaves.to_value(), read_value(text).unwrap());
        assert_clean(text);
    }

    #[test]
    fn last_duplicate_wins() {
        for (text, expected, n, path) in [
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"b":2,"a":3}"#, 1, "a"),
            (r#"{"a":{"b":1,"b":2,"b":{"c":1}}}"#, r#"{"a":{"b":{"c":1}}}"#, 2, "a.b"),
            (r#"{"a":{"b":1,"b":2},"a":{"c":1},"d":{}}"#, r#"{"a":{"c":1},"d":{}}"#, 2, "a"),
            (r#"{"a":[{"b":1,"a":0,"b":[2]}]}"#, r#"{"a":[{"a":0,"b":[2]}]}"#, 1, "a"),
            (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#, 1, "a"),
        ] {
            let document = read(text).unwrap();
            assert_eq!(document.leaves.to_value(), read_value(expected).unwrap(), "{text}");
            assert_warns(text, LoadWarning::DuplicateKey, n, path);
        }
        assert_clean(r#"{"a":{"a":{"a":1}},"b":{"a":1},"c":[{"a":1},{"a":1}]}"#);
    }

    #[test]
    fn many_keys_and_many_duplicates_take_linear_time() {
        let mut text = String::from("{");
        for n in 0..200_000 {
            text.push_str(&format!(r#""k{}":{n},"#, n % 100_000));
        }
        text.push_str(r#""end":1}"#);
        let document = read(&text).unwrap();
        assert_eq!(document.leaves.events.len(), 100_001);
        assert_eq!(document.warnings.count(LoadWarning::DuplicateKey), 100_000);
    }

    #[test]
    fn integers_past_exactness_become_the_nearest_double() {
        assert_clean(r#"{"a":9007199254740992,"b":-9007199254740992,"c":1e300,"d":2e19}"#);
        for literal in ["9007199254740993", "-9007199254740993", "18446744073709551615"] {
            assert_warns(&format!(r#"{{"a":{literal}}}"#), LoadWarning::IntegerRounded, 1, "a");
        }
        let text = r#"{"x":2e19,"a":{"b":[18446744073709551616,1e30]},"c":-99999999999999999999}"#;
        assert_warns(text, LoadWarning::IntegerRounded, 2, "a.b");
        let both = r#"{"x":9007199254740993,"a":99999999999999999999}"#;
        assert_warns(both, LoadWarning::IntegerRounded, 2, "x");
    }

    #[test]
    fn integers_past_a_hubs_bounds_are_kept_exactly() {
        for (literal, clean) in [
            ("4503599627370495", true),
            ("4503599627370496", false),
            ("-4503599627370496", true),
            ("-4503599627370497", false),
            ("4503599627370496.0", true),
        ] {
            let tags = format!(r#"{{"tags":{{"a":[{literal}]}}}}"#);
            if clean {
                assert_clean(&tags);
            } else {
                assert_warns(&tags, LoadWarning::IntegerTooLarge, 1, "tags.a");
            }
            assert_clean(&format!(r#"{{"a":{literal}}}"#)); // no section
        }
    }

    /// A document with `levels` objects below the root of `section`.
    fn nested(section: &str, levels: usize, innermost: &str) -> String {
        let open: String = (1..=levels).map(|level| format!(r#"{{"l{level}":"#)).collect();
        let text = format!("{open}{innermost}{}", "}".repeat(levels));
        match section {
            "tags" => format!(r#"{{"tags":{text}}}"#),
            name => format!(r#"{{"properties":{{"{name}":{text}}}}}"#),
        }
    }

    #[test]
    fn depth_past_a_hubs_is_kept_with_a_warning() {
        for section in ["tags", "desired", "reported"] {
            assert_clean(&nested(section, 10, "{}"));
            assert_clean(&nested(section, 10, "1"));
            assert_clean(&nested("other", 20, "{}"));
            let warned = read(&nested(section, 11, "{}")).unwrap().warnings;
            assert_eq!(warned.count(LoadWarning::TooDeep), 1, "{section}");
            let warned = read(&nested(section, 10, "[[1],[2]]")).unwrap().warnings;
            assert_eq!(warned.count(LoadWarning::TooDeep), 2, "{section}");
        }
        assert_clean(&format!(r#"{{"tags":{{"$metadata":{}}}}}"#, nested("tags", 15, "1")));
    }

    #[test]
    fn depth_past_the_ceiling_is_refused() {
        let arrays = |n: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(n), "]".repeat(n));
        let objects = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
        assert!(read(&arrays(DOCUMENT_DEPTH_MAX - 1)).is_ok());
        assert!(read(&objects(DOCUMENT_DEPTH_MAX)).is_ok());
        for past in [arrays(DOCUMENT_DEPTH_MAX), objects(DOCUMENT_DEPTH_MAX + 1)] {
            assert!(matches!(read(&past), Err(ReadError::DocumentTooDeep { .. })));
        }
        let abyss = "[".repeat(1_000_000);
        assert!(read(&format!(r#"{{"a":{abyss}"#)).is_err());
    }

    #[test]
    fn size_past_the_ceiling_is_refused() {
        let text = |n: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(n));
        assert!(read(&text(DOCUMENT_BYTES_MAX - 8)).is_ok());
        let past = read(&text(DOCUMENT_BYTES_MAX - 7));
        assert!(matches!(past, Err(ReadError::DocumentTooLarge { .. })));
    }

    #[test]
    fn long_keys_and_strings_are_kept_with_a_warning() {
        let key = |n: usize| format!(r#"{{"tags":{{"{}":1}}}}"#, "k".repeat(n));
        assert_clean(&key(1024));
        assert_eq!(read(&key(1025)).unwrap().warnings.count(LoadWarning::KeyTooLong), 1);
        let string = |n: usize| format!(r#"{{"tags":{{"a":["{}"]}}}}"#, "é".repeat(n));
        assert_clean(&string(2048));
        assert_warns(&string(2049), LoadWarning::StringTooLong, 1, "tags.a");
        assert_clean(&format!(r#"{{"a":"{0}","tags":{{"$metadata":"{0}"}}}}"#, "x".repeat(5000)));
    }

    /// A section that weighs `weight`: mostly strings of 128 characters at keys of 4.
    fn section_of(weight: usize) -> String {
        let n = weight / 132 - 1;
        let string = "\\u0001é".repeat(128); // the control characters weigh nothing
        let strings: String = (0..n).map(|i| format!(r#""{i:04x}":"{string}","#)).collect();
        let rest = "x".repeat(weight - n * 132 - (1 + 8) - (1 + 4) - 1);
        let unweighed = r#""$version":9,"$metadata":{"a":"b"}"#;
        format!(r#"{{{strings}"n":1.5,"b":[true,null],"z":"{rest}",{unweighed}}}"#)
    }

    #[test]
    fn heavy_sections_are_kept_with_a_warning() {
        let place = |name: &str, text: String| match name {
            "tags" => format!(r#"{{"tags":{text}}}"#),
            name => format!(r#"{{"properties":{{"x":{{}},"{name}":{text}}}}}"#),
        };
        for (name, weight_max) in [("tags", 8192), ("desired", 32_768), ("reported", 32_768)] {
            assert_clean(&place(name, section_of(weight_max)));
            let path = if name == "tags" { "tags".into() } else { format!("properties.{name}") };
            let past = place(name, section_of(weight_max + 1));
            assert_warns(&past, LoadWarning::SectionTooLarge, 1, &path);
        }
        assert_clean(&place("other", section_of(40_000)));
    }

    #[test]
    fn numbers_are_read_and_written_as_std_does() {
        let fixture = include_str!("../../../../tests/fixtures/numbers.txt");
        let literals: Vec<_> = fixture.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(literals.len() > 400);
        for literal in literals {
            let expected: f64 = literal.parse().unwrap();
            assert_reads(literal, expected);
        }
    }

    /// `literal` reads as `expected`, alone and in an array, and its text reads back equal.
    fn assert_reads(literal: &str, expected: f64) {
        let text = format!(r#"{{"a":{literal},"b":[{literal}]}}"#);
        let value = Leaves::read(text).unwrap().leaves.to_value();
        let Some(&Value::Number(alone)) = value.get("a") else { panic!("{literal}: {value:?}") };
        assert_eq!(alone.to_bits(), (expected + 0.0).to_bits(), "{literal}");
        let mut written = String::new();
        crate::number::write_number(&mut written, alone);
        assert_eq!(written.parse::<f64>().unwrap().to_bits(), alone.to_bits(), "{literal}");
        let array = value.get("b").unwrap().to_canonical_text();
        assert_eq!(array, format!("[{written}]"), "{literal}");
        if alone.fract() == 0.0 && alone.abs() <= 9_007_199_254_740_992.0 {
            assert_eq!(written, format!("{}", alone as i64), "whole numbers are plain");
        }
    }

    /// What `serde_json` itself reads.
    fn judge(text: &str) -> Result<Value, serde_json::Error> {
        use serde_json::Value as Json;
        fn convert(value: Json) -> Value {
            match value {
                Json::Null => Value::Null,
                Json::Bool(value) => Value::Bool(value),
                Json::Number(number) => Value::Number(number.as_f64().unwrap()),
                Json::String(text) => Value::String(text),
                Json::Array(items) => Value::Array(items.into_iter().map(convert).collect()),
                Json::Object(entries) => {
                    Value::Object(entries.into_iter().map(|(k, v)| (k, convert(v))).collect())
                }
            }
        }
        serde_json::from_str(text).map(convert)
    }

    /// Values as any client might write them, keys likely to meet again.
    fn arb_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-1000i32..1000).prop_map(|n| Value::Number(f64::from(n) / 8.0)),
            any::<f64>()
                .prop_filter("finite", |n| n.is_finite())
                .prop_map(|n| Value::Number(n + 0.0)),
            any::<String>().prop_map(Value::String),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                arb_entries(inner).prop_map(Value::Object),
            ]
        })
    }

    fn arb_entries(
        value: impl Strategy<Value = Value>,
    ) -> impl Strategy<Value = Vec<(String, Value)>> {
        let key = prop_oneof!["[a-c]", Just("$metadata".to_owned()), any::<String>()];
        prop::collection::vec((key, value), 0..8)
    }

    proptest! {
        /// Reading agrees with `serde_json`'s own, duplicated keys among the rest.
        #[test]
        fn reads_as_serde_json_does(entries in arb_entries(arb_value())) {
            let mut text = String::new();
            Value::Object(entries).write_json(&mut text, KeyOrder::AsMet);
            let expected = judge(&text).unwrap();
            prop_assert_eq!(read_value(&text).unwrap(), expected.clone());
            let leaves = read(&text).unwrap().leaves;
            prop_assert_eq!(leaves.to_value(), expected.clone());
            let again = Leaves::from_value(&expected).unwrap();
            prop_assert_eq!(again.to_value(), expected);
        }

        /// Doubles read as std reads them and print as text that reads back.
        #[test]
        fn doubles_survive(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            if number.is_finite() {
                assert_reads(&format!("{number:?}"), number);
                assert_reads(&format!("{number:.17e}"), number);
            }
        }

        /// No bytes make reading panic.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Leaves::read(&bytes);
        }

        /// Damaged documents are read or refused, and agree with `serde_json` when read.
        #[test]
        fn damaged_documents(
            entries in arb_entries(arb_value()), at in any::<prop::sample::Index>(), to in ".?",
        ) {
            let mut text = String::new();
            Value::Object(entries).write_json(&mut text, KeyOrder::AsMet);
            let at = text.floor_char_boundary(at.index(text.len()));
            let end = text.ceil_char_boundary(at + 1);
            text.replace_range(at..end, &to);
            match (Leaves::read(&text), judge(&text)) {
                (Ok(document), Ok(value)) => prop_assert_eq!(document.leaves.to_value(), value),
                (Err(ReadError::NotAnObject), Ok(_)) | (Err(_), Err(_)) => {}
                (ours, theirs) => panic!("{text}: {ours:?} but {theirs:?}"),
            }
        }
    }
}
