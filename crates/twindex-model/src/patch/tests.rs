//! Patches that are read and patches that are refused.

use super::{
    TwinPatch, read_identity, read_reported_patch, read_twin_patch, read_twin_replacement,
};
use crate::json::read::{Leaves, read_value};
use crate::value::Value;
use crate::write_code::WriteCode;

fn value(text: &str) -> Value {
    read_value(text).unwrap()
}

fn section(leaves: Option<Leaves>) -> Option<Value> {
    leaves.map(|leaves| leaves.to_value())
}

fn assert_reads(read: TwinPatch, tags: Option<&str>, desired: Option<&str>) {
    assert_eq!(section(read.tags), tags.map(value));
    assert_eq!(section(read.desired), desired.map(value));
}

/// Checks the code, the path and the text of a refused reported patch.
fn assert_refused(text: &str, code: WriteCode, path: &str, message: &str) {
    let error = read_reported_patch(text.as_bytes()).expect_err(text);
    let found = (error.code(), error.path.as_str(), error.to_string());
    assert_eq!(found, (code, path, message.to_owned()), "{text:.100}");
    // The same below the desired properties.
    let text = format!(r#"{{"properties":{{"desired":{text}}}}}"#);
    if let Err(error) = read_twin_patch(text.as_bytes()) {
        assert_eq!((error.code(), error.to_string()), (code, message.to_owned()));
        assert_eq!(error.path, format!("properties.desired.{path}"));
    } else {
        assert_eq!(code, WriteCode::KeyCharacter, "only `$`-keys are passed over");
    }
}

#[test]
fn sections_are_taken_and_all_else_is_passed_over() {
    let text = r#"{"deviceId":"d","etag":"x","version":3,"$odd key.":[null],"status":7,
        "tags":{"$version":1,"a":1,"gone":null},
        "properties":{"reported":{"$version":4,"bad key":[null]},
            "desired":{"$metadata":{"$lastUpdated":"x","a b":[null,9007199254740993]},
                "b":{"c":[1,{"x":"y"}]},"$version":18446744073709551616}}}"#;
    let tags = Some(r#"{"a":1,"gone":null}"#);
    assert_reads(
        read_twin_patch(text.as_bytes()).unwrap(),
        tags,
        Some(r#"{"b":{"c":[1,{"x":"y"}]}}"#),
    );
    let replaced = read_twin_replacement(text.as_bytes()).unwrap();
    assert_reads(replaced, Some(r#"{"a":1}"#), Some(r#"{"b":{"c":[1,{"x":"y"}]}}"#));
}

#[test]
fn empty_sections_are_kept_by_a_patch_and_emptied_by_a_replacement() {
    let text = br#"{"tags":{},"properties":{"desired":{"$version":3},"reported":{}}}"#;
    assert_reads(read_twin_patch(text).unwrap(), None, None);
    assert_reads(read_twin_replacement(text).unwrap(), Some("{}"), Some("{}"));
    for text in ["{}", r#"{"tags":null,"properties":null}"#, r#"{"properties":{"desired":null}}"#] {
        assert_reads(read_twin_replacement(text.as_bytes()).unwrap(), None, None);
    }
}

#[test]
fn a_section_must_be_an_object() {
    for (text, path) in [
        (r#"{"tags":5}"#, "tags"),
        (r#"{"tags":[]}"#, "tags"),
        (r#"{"properties":"x"}"#, "properties"),
        (r#"{"properties":{"desired":true}}"#, "properties.desired"),
    ] {
        let error = read_twin_patch(text.as_bytes()).expect_err(text);
        assert_eq!((error.code(), error.path.as_str()), (WriteCode::SectionNotAnObject, path));
        let text = "Provided json is not a valid 'tags' or 'properties' object";
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_device_may_not_write_what_the_hub_keeps() {
    for key in ["$version", "$metadata", "$x"] {
        let message = format!("Property name {key} contains invalid character '$'");
        assert_refused(&format!(r#"{{"{key}":1}}"#), WriteCode::KeyCharacter, key, &message);
    }
    let error = read_twin_patch(br#"{"tags":{"a":{"$version":1}}}"#).unwrap_err();
    assert_eq!((error.code().code(), error.path.as_str()), ("T011", "tags.a.$version"));
    assert_eq!(error.code().hub_error(), (400_004, "ArgumentInvalid"));
}

#[test]
fn keys_have_no_reserved_characters() {
    for (key, shown, char) in [
        ("a.b", "a.b", "."),
        ("a$b", "a$b", "$"),
        ("a b", "a b", " "),
        ("a#", "a#", "#"),
        ("\\u0001", "\\u{1}", "\\u{1}"),
        ("a\\u0085", "a\\u{85}", "\\u{85}"),
        ("a\u{a0}b", "a\u{a0}b", "\u{a0}"),
    ] {
        let message = format!("Property name {shown} contains invalid character '{char}'");
        let path = key.replace("\\u0001", "\u{1}").replace("\\u0085", "\u{85}");
        let object = format!(r#"{{"o":{{"{key}":1}}}}"#);
        assert_refused(&object, WriteCode::KeyCharacter, &format!("o.{path}"), &message);
        let in_array = format!(r#"{{"o":[{{"{key}":1}}]}}"#);
        assert_refused(&in_array, WriteCode::KeyCharacter, "o", &message);
    }
    let fine = r#"{"a-b/(c)@\"'é__t":{"HomeTemp(F)":1,"":2}}"#;
    assert_eq!(read_reported_patch(fine.as_bytes()).unwrap().to_value(), value(fine));
}

#[test]
fn keys_and_strings_have_a_length() {
    let key = |n: usize| format!(r#"{{"{}":1}}"#, "k".repeat(n));
    assert!(read_reported_patch(key(1024).as_bytes()).is_ok());
    let message = "Length of property name kkkkkkkkkk.. exceeds maximum length of 1024";
    let error = read_reported_patch(key(1025).as_bytes()).unwrap_err();
    assert_eq!((error.code(), error.to_string()), (WriteCode::KeyTooLong, message.to_owned()));
    let string = |n: usize| format!(r#"{{"a":{{"b":"{}"}}}}"#, "é".repeat(n));
    assert!(read_reported_patch(string(2048).as_bytes()).is_ok());
    let message = "Value associated with property name b has length 4098 that exceeds maximum \
                   length of 4096";
    assert_refused(&string(2049), WriteCode::StringTooLong, "a.b", message);
}

#[test]
fn integers_have_bounds_and_doubles_have_none() {
    let message = "Property n has an out of bound value. Valid values are between \
                   -4503599627370496 and 4503599627370495";
    for (literal, is_fine) in [
        ("4503599627370495", true),
        ("4503599627370496", false),
        ("-4503599627370496", true),
        ("-4503599627370497", false),
        ("18446744073709551615", false),
        ("18446744073709551616", false),
        ("-99999999999999999999", false),
        ("4503599627370496.0", true),
        ("1e300", true),
    ] {
        for text in [format!(r#"{{"n":{literal}}}"#), format!(r#"{{"n":[2e19,{literal}]}}"#)] {
            if is_fine {
                assert!(read_reported_patch(text.as_bytes()).is_ok(), "{text}");
            } else {
                assert_refused(&text, WriteCode::IntegerOutOfBounds, "n", message);
            }
        }
    }
}

/// Objects named `level1` and on, `levels` of them, around `innermost`.
fn nested(levels: usize, innermost: &str) -> String {
    let open: String = (1..=levels).map(|level| format!(r#"{{"level{level}":"#)).collect();
    format!("{open}{innermost}{}", "}".repeat(levels))
}

#[test]
fn ten_levels_are_accepted_and_eleven_are_not() {
    let message = "Nested depth of twin property exceeds 10";
    for fine in [nested(10, "{}"), nested(11, "1"), nested(9, "[[1]]"), nested(10, "[1]")] {
        assert!(read_reported_patch(fine.as_bytes()).is_ok(), "{fine}");
        let tags = format!(r#"{{"tags":{fine}}}"#);
        assert!(read_twin_patch(tags.as_bytes()).is_ok(), "{fine}");
    }
    let path = |n: usize| (1..=n).map(|n| format!("level{n}")).collect::<Vec<_>>().join(".");
    assert_refused(&nested(11, "{}"), WriteCode::TooDeep, &path(11), message);
    assert_refused(&nested(10, "[[1]]"), WriteCode::TooDeep, &path(10), message);
    assert_refused(&nested(9, "[[{}]]"), WriteCode::TooDeep, &path(9), message);
}

#[test]
fn nulls_delete_and_stand_in_no_array() {
    let fine = r#"{"a":null,"b":{"c":null,"d":["null",[],{}]}}"#;
    assert_eq!(read_reported_patch(fine.as_bytes()).unwrap().to_value(), value(fine));
    let message = "Arrays cannot contain 'null' as value";
    for array in ["[null]", "[1,null]", r#"[[null]]"#, r#"[{"x":[null]}]"#] {
        assert_refused(&format!(r#"{{"a":{array}}}"#), WriteCode::NullInArray, "a", message);
    }
    let message = "Property x of an object in an array cannot be 'null'";
    for array in [r#"[{"x":null}]"#, r#"[1,{"w":1,"x":null}]"#, r#"[{"v":{"x":null}}]"#] {
        assert_refused(&format!(r#"{{"a":{array}}}"#), WriteCode::NullInArray, "a", message);
    }
}

#[test]
fn a_key_stands_once() {
    for (text, path) in [
        (r#"{"a":1,"a":2}"#, "a"),
        (r#"{"a":{"b":1,"b":null}}"#, "a.b"),
        (r#"{"a":[{"b":1,"b":2}]}"#, "a"),
    ] {
        let error = read_reported_patch(text.as_bytes()).expect_err(text);
        assert_eq!((error.code(), error.path.as_str()), (WriteCode::DuplicateKey, path));
    }
}

#[test]
fn what_is_no_object_is_told_apart() {
    for (text, code) in [
        (&b"{\"a\":\"\xFF\"}"[..], WriteCode::NotUtf8),
        (b"", WriteCode::NotJson),
        (b"{", WriteCode::NotJson),
        (b"{\"a\":\"\\ud800\"}", WriteCode::NotJson),
        (b"{} {}", WriteCode::NotJson),
        (b"[]", WriteCode::NotAnObject),
        (b"1", WriteCode::NotAnObject),
        (b"null", WriteCode::NotAnObject),
        (b"{\"a\":1e999}", WriteCode::NumberNotFinite),
    ] {
        for error in [
            read_reported_patch(text).unwrap_err(),
            read_twin_patch(text).unwrap_err(),
            read_twin_replacement(text).unwrap_err(),
            read_identity(text).unwrap_err(),
        ] {
            assert_eq!(error.code(), code, "{error}");
        }
    }
}

#[test]
fn long_and_deep_texts_are_refused() {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(crate::limits::PATCH_BYTES_MAX));
    let deep = format!(r#"{{"a":{}"#, "[".repeat(100_000));
    for text in [long, deep] {
        let error = read_reported_patch(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), WriteCode::TextTooLarge, "{error}");
    }
}

#[test]
fn identity_fields_are_checked() {
    let text = r#"{"deviceId":"d","generationId":"1","etag":"x","status":"disabled",
        "statusReason":null,"connectionState":"Connected","lastActivityTime":"2024-01-01T00:00:00Z",
        "authentication":{"symmetricKey":{"primaryKey":"s3cret"}},"capabilities":{"iotEdge":true},
        "x509Thumbprint":{"primaryThumbprint":"AB","secondaryThumbprint":null},
        "parentScopes":["a"],"cloudToDeviceMessageCount":3}"#;
    let fields = read_identity(text.as_bytes()).unwrap();
    assert!(!fields.text.contains("s3cret"));
    let names: Vec<_> = fields.root_entries().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    for (text, code, path) in [
        (r#"{"tags":{}}"#, WriteCode::FieldNotWritable, "tags"),
        (r#"{"properties":{}}"#, WriteCode::FieldNotWritable, "properties"),
        (r#"{"other":1}"#, WriteCode::FieldNotWritable, "other"),
        (r#"{"status":"Enabled"}"#, WriteCode::FieldType, "status"),
        (r#"{"status":1}"#, WriteCode::FieldType, "status"),
        (r#"{"connectionState":"connected"}"#, WriteCode::FieldType, "connectionState"),
        (r#"{"cloudToDeviceMessageCount":-1}"#, WriteCode::FieldType, "cloudToDeviceMessageCount"),
        (r#"{"capabilities":{"iotEdge":1}}"#, WriteCode::FieldType, "iotEdge"),
        (r#"{"capabilities":{"x":1}}"#, WriteCode::FieldType, "capabilities"),
        (r#"{"capabilities":true}"#, WriteCode::FieldType, "capabilities"),
        (r#"{"parentScopes":[1]}"#, WriteCode::FieldType, "parentScopes"),
        (r#"{"authenticationType":"SAS"}"#, WriteCode::FieldType, "authenticationType"),
    ] {
        let error = read_identity(text.as_bytes()).expect_err(text);
        assert_eq!((error.code(), error.path.as_str()), (code, path), "{error}");
    }
}

proptest::proptest! {
    /// No bytes make reading panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = (read_twin_patch(&bytes), read_twin_replacement(&bytes));
        let _ = (read_reported_patch(&bytes), read_identity(&bytes));
    }
}
