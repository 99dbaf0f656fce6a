//! Bad documents are reported with place and reason, and cost only themselves.

use twindex::{BadDocument, Place, Twindex};

use crate::support::{ids_of, load};

/// Lines that are no twins, and a part of the reason that is given.
fn bad_lines() -> Vec<(String, &'static str)> {
    let nested =
        |n: usize| format!(r#"{{"deviceId":"x","a":{}1{}}}"#, "[".repeat(n), "]".repeat(n));
    let abyss = |n: usize| format!(r#"{{"deviceId":"x","a":{}"#, r#"{"a":"#.repeat(n));
    let lines = [
        ("not json", "not JSON"),
        ("{", "not JSON"),
        ("}", "not JSON"),
        (r#"{"deviceId":"x""#, "not JSON"),
        (r#"{"deviceId":"x",}"#, "not JSON"),
        (r#"{'deviceId':'x'}"#, "not JSON"),
        (r#"{"deviceId":"x","a":NaN}"#, "not JSON"),
        (r#"{"deviceId":"x","a":01}"#, "not JSON"),
        (r#"{"deviceId":"x","a":+1}"#, "not JSON"),
        (r#"{"deviceId":"x","a":"\x"}"#, "not JSON"),
        ("{\"deviceId\":\"x\",\"a\":\"tab\there\"}", "not JSON"),
        (r#"{"deviceId":"x"} {"deviceId":"y"}"#, "text after the end"),
        (r#"{"deviceId":"x"}]"#, "text after the end"),
        ("42", "not a JSON object"),
        ("null", "not a JSON object"),
        (r#""text""#, "not a JSON object"),
        (r#"[{"deviceId":"x"}]"#, "not a JSON object"),
        ("{}", "no `deviceId`"),
        (r#"{"moduleId":"m"}"#, "no `deviceId`"),
        (r#"{"id":""}"#, "no `deviceId`"),
        (r#"{"id":7}"#, "no `deviceId`"),
        (r#"{"DeviceId":"x"}"#, "no `deviceId`"),
        (r#"{"tags":{"deviceId":"x"}}"#, "no `deviceId`"),
        (r#"{"deviceId":""}"#, "`deviceId` is not a non-empty string"),
        (r#"{"deviceId":null}"#, "`deviceId` is not a non-empty string"),
        (r#"{"deviceId":7}"#, "`deviceId` is not a non-empty string"),
        (r#"{"deviceId":["x"]}"#, "`deviceId` is not a non-empty string"),
        (r#"{"deviceId":{"x":1}}"#, "`deviceId` is not a non-empty string"),
        (r#"{"deviceId":"x","moduleId":7}"#, "`moduleId` is not a non-empty string"),
        (r#"{"deviceId":"x","moduleId":{}}"#, "`moduleId` is not a non-empty string"),
        (r#"{"deviceId":"x","a":"\ud800"}"#, "lone surrogate"),
        (r#"{"deviceId":"x","a":"\udc00 "}"#, "lone surrogate"),
        (r#"{"deviceId":"x","a":["\ud83d\u0041"]}"#, "lone surrogate"),
        (r#"{"deviceId":"x","\udfff":1}"#, "lone surrogate"),
        (r#"{"deviceId":"x","a":1e999}"#, "not finite"),
        (r#"{"deviceId":"x","a":[{"b":-1e309}]}"#, "not finite"),
    ];
    let mut lines: Vec<_> =
        lines.into_iter().map(|(line, reason)| (line.to_owned(), reason)).collect();
    lines.push((nested(64), "deeper than 64"));
    lines.push((nested(5_000), "deeper than 64"));
    lines.push((abyss(200_000), "deeper than 64"));
    lines
}

#[test]
fn each_costs_only_itself() {
    for (line, reason) in bad_lines() {
        let db = Twindex::in_memory();
        let text = format!("{{\"deviceId\":\"a\"}}\n{line}\n{{\"deviceId\":\"b\"}}\n\n{line}\n");
        let report = load(&db, text);
        assert_eq!(ids_of(&db), ["a", "b"], "{line:.100}");
        assert_eq!((report.n_loaded, report.n_bad), (2, 2), "{line:.100}");
        let places: Vec<_> = report.bad.iter().map(|bad| bad.place).collect();
        assert_eq!(places, [Place::Line(2), Place::Line(5)], "{line:.100}");
        for BadDocument { reason: found, .. } in &report.bad {
            assert!(found.contains(reason), "{line:.100}: {found}");
            assert!(found.len() < 300 && !found.contains('\n'), "{line:.100}: {found}");
        }
    }
}

#[test]
fn elements_of_an_array_have_numbers() {
    let db = Twindex::in_memory();
    let report =
        load(&db, r#"[{"deviceId":"a"}, 7, {"deviceId":""}, {"deviceId":"b"}, {"x":1e999}]"#);
    let bad: Vec<_> = report.bad.iter().map(|bad| bad.place).collect();
    assert_eq!(bad, [Place::Element(2), Place::Element(3), Place::Element(5)]);
    assert_eq!(ids_of(&db), ["a", "b"]);
}

#[test]
fn all_are_counted_and_the_first_hundred_told() {
    let lines: String = (0..2_500)
        .map(|n| if n % 2 == 0 { "no\n".to_owned() } else { format!("{{\"deviceId\":\"{n}\"}}\n") })
        .collect();
    let db = Twindex::in_memory();
    let report = load(&db, lines);
    assert_eq!((report.n_loaded, report.n_bad, report.bad.len()), (1_250, 1_250, 100));
    assert_eq!(report.bad[99].place, Place::Line(199));
}

#[test]
fn bytes_that_are_no_text() {
    let db = Twindex::in_memory();
    let report =
        load(&db, b"{\"deviceId\":\"a\"}\n{\"deviceId\":\"\xFF\"}\n\xC3\x28\n{\"deviceId\":\"b\"}");
    assert_eq!(ids_of(&db), ["a", "b"]);
    assert!(report.bad.iter().all(|bad| bad.reason.contains("not UTF-8")), "{:?}", report.bad);
    assert_eq!(report.n_bad, 2);
}

#[test]
fn documents_past_the_ceiling_pass_by() {
    let document = |id: &str, n: usize| {
        let text = format!(r#"{{"deviceId":"{id}","a":""}}"#);
        format!("{}{}\"}}", &text[..text.len() - 2], "x".repeat(n - text.len()))
    };
    let ceiling = 16 << 20;
    let db = Twindex::in_memory();
    let input = [document("a", ceiling), document("b", ceiling + 1), document("c", 100)].join("\n");
    let report = load(&db, input);
    assert_eq!(ids_of(&db), ["a", "c"]);
    assert_eq!((report.n_bad, report.bad[0].place), (1, Place::Line(2)));
    assert!(report.bad[0].reason.contains("16777216 bytes"), "{:?}", report.bad);
    assert_eq!(db.twin("a", None).unwrap().len(), ceiling);
}

#[test]
fn a_bad_document_leaves_the_twin_it_names_alone() {
    let db = Twindex::in_memory();
    load(&db, r#"{"deviceId":"x","tags":{"a":1}}"#);
    let before = db.twin("x", None);
    for (line, _) in bad_lines() {
        load(&db, format!("{{\"deviceId\":\"other\"}}\n{line}"));
    }
    assert_eq!(db.twin("x", None), before);
}
