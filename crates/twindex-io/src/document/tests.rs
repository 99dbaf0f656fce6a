//! Framing: where documents begin and end, and what a broken input says.

use std::io::{self, Cursor, Read, Write as _};

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::{DocumentReader, InputError, Place};
use crate::window::is_white_space;

/// Gives its bytes a few at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buffer.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// What a reader gives, as text: place and document, or place and error.
fn cut_by<R: Read>(reader: DocumentReader<R>) -> Vec<String> {
    reader
        .map(|outcome| match outcome {
            Ok(document) => {
                format!("{}: {}", document.place, String::from_utf8_lossy(&document.text))
            }
            Err(error) => format!("{}: error: {error}", error.place()),
        })
        .collect()
}

/// Cuts `text`, read at once and in pieces of any length, which must give the same.
fn cut(text: &str) -> Vec<String> {
    let whole = cut_by(DocumentReader::new(text.as_bytes()));
    for n in [1, 2, 3, 7] {
        let pieces = cut_by(DocumentReader::new(Trickle(text.as_bytes(), n)));
        assert_eq!(pieces, whole, "{text} in pieces of {n}");
    }
    whole
}

#[test]
fn json_lines() {
    let text = "\u{FEFF}{\"a\":1}\n\n  {\"b\":\"}{\"}\r\n{\"c\":[{}]} \n{\"d\":1}";
    assert_eq!(
        cut(text),
        [
            "line 1: {\"a\":1}",
            "line 3: {\"b\":\"}{\"}",
            "line 4: {\"c\":[{}]}",
            "line 5: {\"d\":1}"
        ]
    );
    assert!(cut("").is_empty() && cut(" \r\n\n").is_empty() && cut("\u{FEFF}").is_empty());
}

#[test]
fn bad_lines_cost_only_themselves() {
    let bad = [
        "not json",
        "42",
        "null",
        "[1,2",
        "[",
        "]",
        "{",
        "}",
        "{\"a\":",
        "{\"a\":\"x",
        "{\"a\":[",
        "{\"a\":[1,",
        "{\"a\":1} x",
        "{\"a\":1}{\"b\":1}",
        "{\"a\":{}",
        "\"{",
        "{]",
        "\\",
    ];
    for first in ["{\"a\":1}\n", ""] {
        for line in bad {
            if first.is_empty() && line.starts_with('[') {
                continue; // an array begins
            }
            let text = format!("{first}{line}\n{{\"b\":1}}\n{line}\n{{\"c\":1}}\n{line}\n");
            let cut: Vec<_> = cut(&text)
                .into_iter()
                .map(|found| found.split_once(": ").unwrap().1.to_owned())
                .collect();
            let expected = [first.trim_end(), line, "{\"b\":1}", line, "{\"c\":1}", line];
            let from = usize::from(first.is_empty());
            assert_eq!(cut, expected[from..], "{text}");
        }
    }
}

#[test]
fn documents_over_several_lines() {
    let pretty = "{\n  \"a\": [\n    {\n      \"b\": \"}\"\n    }\n  ]\n}";
    assert_eq!(cut(pretty), [format!("line 1: {pretty}")]);
    let many = format!("\r\n{pretty}\n{pretty}{{\"c\":1}}\n{{\"d\":1}}\n{{\"e\":1}}\n{pretty}");
    assert_eq!(
        cut(&many),
        [
            format!("line 2: {pretty}"),
            format!("line 9: {pretty}"),
            "line 15: {\"c\":1}".to_owned(),
            "line 16: {\"d\":1}".to_owned(),
            "line 17: {\"e\":1}".to_owned(),
            format!("line 18: {pretty}"),
        ]
    );
}

#[test]
fn a_broken_document_over_several_lines_costs_only_itself() {
    let broken = "{\n  \"a\": \"x\n  \"b\": [1\n}";
    let text = format!("{broken}\n{{\n  \"c\": 1\n}}\n{{\n  \"cut\": [");
    assert_eq!(
        cut(&text),
        [
            format!("line 1: {broken}"),
            "line 5: {\n  \"c\": 1\n}".to_owned(),
            "line 8: {\n  \"cut\": [".to_owned()
        ]
    );
}

#[test]
fn arrays() {
    assert_eq!(
        cut(" [ {\"a\":\"],\"} ,\n{\"b\":[1,{}]}, 3 , \"x]\" ] \n"),
        [
            "element 1: {\"a\":\"],\"}",
            "element 2: {\"b\":[1,{}]}",
            "element 3: 3",
            "element 4: \"x]\""
        ]
    );
    assert!(cut("[]").is_empty() && cut("[ \n ]\n[]").is_empty());
    assert_eq!(
        cut("[{}]\n[{}]\n{}\n[\n"),
        ["element 1: {}", "element 1: {}", "line 3: {}", "line 4: ["]
    );
    assert_eq!(cut("[{},]"), ["element 1: {}", "element 2: "]);
    assert_eq!(cut("[{} {}]x"), ["element 1: {} {}", "line 1: x"]);
    let open = "array is not closed at the end of the input";
    assert_eq!(cut("[{}"), ["element 1: {}".to_owned(), format!("element 2: error: {open}")]);
    assert_eq!(cut("["), [format!("element 1: error: {open}")]);
}

#[test]
fn broken_elements_cost_only_themselves() {
    for indent in ["", "  "] {
        for broken in ["{\"a\":\"x,", "{\"a\":{\"b\":1},", "{\"a\":[", "{\"a\":[],\n   {\"b\":1},"]
        {
            let text = format!(
                "[\n{indent}{{}},\n{indent}{broken}\n{indent}{{\"c\":1}},\n{indent}{{}}\n]\n{{\"d\":1}}"
            );
            let found = cut(&text);
            assert_eq!(found[0], "element 1: {}", "{text}");
            assert!(found[1].starts_with("element 2: {\"a\""), "{text}: {found:?}");
            let rest = ["element 3: {\"c\":1}", "element 4: {}", "line"];
            assert_eq!(found[2..4], rest[..2], "{text}");
            assert!(found[4].ends_with(": {\"d\":1}") && found.len() == 5, "{found:?}");
        }
    }
    assert_eq!(cut("[\n{\"a\n]\n"), ["element 1: {\"a"]);
}

/// A reader with a small ceiling.
fn small(text: &str) -> DocumentReader<&[u8]> {
    let mut reader = DocumentReader::new(text.as_bytes());
    reader.bytes_max = 1000;
    reader
}

#[test]
fn large_documents_pass_by() {
    // Larger than the chunks of the window, so that not all is there at once.
    let x = "x".repeat(700_000);
    let error = "error: document of more than 1000 bytes";
    for (large, marker) in [
        (format!("{{\"a\":\"{x}\"}}"), 2),
        (x.clone(), 2),
        (format!("{{\"a\":\"{x}"), 2),
        (format!("{{\n  \"a\":\"{x}\",\n  \"b\":1\n}}"), 5),
        (format!("{{\n  \"a\": [1,\n{}  2]\n}}", "  1,\n".repeat(100_000)), 100_005),
    ] {
        let found = cut_by(small(&format!("{large}\n{{\"c\":1}}\n")));
        let expected = [format!("line 1: {error}"), format!("line {marker}: {{\"c\":1}}")];
        assert_eq!(found, expected, "{large:.40}");
    }
    for large in [format!("{{\"a\":\"{x}\"}}"), format!("{{\"a\":\"{x}\n"), x.clone()] {
        let found = cut_by(small(&format!("[{{}},\n{large},\n{{\"c\":1}}]")));
        let expected =
            ["element 1: {}".into(), format!("element 2: {error}"), "element 3: {\"c\":1}".into()];
        assert_eq!(found, expected, "{large:.40}");
    }
    let one_line = cut_by(small(&format!("[{{\"a\":\"{x}\"}},{{\"b\":1}}]")));
    assert_eq!(one_line, [format!("element 1: {error}"), "element 2: {\"b\":1}".into()]);
}

#[test]
fn size_at_the_ceiling() {
    let line = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n - 8));
    assert!(small(&line(1000)).next().unwrap().is_ok());
    assert!(matches!(small(&line(1001)).next(), Some(Err(InputError::TooLarge { .. }))));
    let array = |n: usize| format!("[{}]", line(n));
    assert!(small(&array(1000)).next().unwrap().is_ok());
    assert!(matches!(small(&array(1001)).next(), Some(Err(InputError::TooLarge { .. }))));
}

#[test]
fn hostile_nesting_takes_linear_time() {
    for line in ["{\"a\":[\n", "{\"a\":\n", "{\n", "[\n", "[{\"a\":[\n", "{\"a\":\"\n"] {
        let text = line.repeat(100_000);
        assert!(DocumentReader::new(text.as_bytes()).count() > 0);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_inputs() {
    let lines = "{\"a\":1}\n{\"b\":1}\n";
    let expected = cut(lines);
    assert_eq!(cut_by(DocumentReader::new(&gzip(lines)[..])), expected);
    let members = [gzip("{\"a\":1}\n{\"b"), gzip("\":1}\n")].concat();
    assert_eq!(cut_by(DocumentReader::new(Trickle(&members, 5))), expected);
    let frames =
        ["{\"a\":1}\n{\"b", "\":1}\n"].map(|text| zstd::encode_all(text.as_bytes(), 1).unwrap());
    assert_eq!(cut_by(DocumentReader::new(&frames.concat()[..])), expected);
}

#[test]
fn damaged_compression_is_an_error_after_what_was_whole() {
    let lines: String = (0..20_000).map(|n| format!("{{\"a\":{}}}\n", n * n)).collect();
    let all = cut_by(DocumentReader::new(lines.as_bytes()));
    let zstd = zstd::encode_all(Cursor::new(&lines), 1).unwrap();
    for packed in [gzip(&lines), zstd] {
        for len in [packed.len() / 2, packed.len() - 1, 20, 5] {
            let mut found: Vec<_> = DocumentReader::new(&packed[..len]).collect();
            let Some(Err(error)) = found.pop() else { panic!("no error at {len}") };
            assert!(matches!(error, InputError::Damaged { .. }) && error.is_fatal(), "{error:?}");
            assert_eq!(error.place(), Place::Line(found.len() as u64 + 1), "{len}");
            let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
            let texts = found.iter().map(|d| String::from_utf8(d.text.clone()).unwrap());
            let all = all.iter().map(|line| line.split_once(": ").unwrap().1.to_owned());
            assert!(texts.eq(all.take(found.len())), "{len}");
        }
    }
}

#[test]
fn failing_input_is_an_error() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let mut reader = DocumentReader::new(b"{\"a\":1}\n{".chain(Fails));
    assert!(reader.next().unwrap().is_ok());
    assert!(matches!(
        reader.next(),
        Some(Err(InputError::Unreadable { place: Place::Line(2), offset: 9, .. }))
    ));
    assert!(reader.next().is_none());
}

proptest! {
    /// Documents come out as they went in, however they are laid out.
    #[test]
    fn documents_survive(
        values in prop::collection::vec(arb_object(), 0..6), layout in 0..4u8, n in 1..40usize,
    ) {
        let compact: Vec<String> = values.iter().map(ToString::to_string).collect();
        let pretty: Vec<String> =
            values.iter().map(|value| serde_json::to_string_pretty(value).unwrap()).collect();
        let text = match layout {
            0 => compact.join("\n"),
            1 => format!("[{}]", compact.join(",")),
            2 => pretty.join("\r\n"),
            _ => serde_json::to_string_pretty(&values).unwrap(),
        };
        let found: Vec<serde_json::Value> = DocumentReader::new(Trickle(text.as_bytes(), n))
            .map(|document| serde_json::from_slice(&document.unwrap().text).unwrap())
            .collect();
        prop_assert_eq!(found, values);
    }

    /// Nothing of an input that is no array is lost but white space, and nothing is made up.
    #[test]
    fn lines_are_complete(text in "[{}\\[\\]\",:1a\\\\ \n]{0,60}", n in 1..10usize) {
        let solid = |text: &str| text.bytes().filter(|b| !is_white_space(*b)).collect::<Vec<_>>();
        let whole: Vec<_> = DocumentReader::new(text.as_bytes()).map(Result::ok).collect();
        let pieces: Vec<_> =
            DocumentReader::new(Trickle(text.as_bytes(), n)).map(Result::ok).collect();
        prop_assert_eq!(&whole, &pieces);
        if !text.trim_start().starts_with('[') {
            let found: Vec<u8> = whole.into_iter().flatten().flat_map(|d| d.text).collect();
            prop_assert_eq!(solid(&String::from_utf8(found).unwrap()), solid(&text));
        }
    }

    /// No bytes make the reader panic, and it comes to an end.
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(DocumentReader::new(&bytes[..]).count() <= bytes.len() + 1);
    }
}

fn arb_object() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::strategy::{Just, Strategy as _};
    let leaf = proptest::prop_oneof![
        Just(serde_json::Value::Null),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        proptest::prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    });
    prop::collection::vec((any::<String>(), value), 0..4)
        .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect()))
}
