//! The oracle judged by hand.

use serde_json::json;

use super::*;

/// The value over these arguments; JSON `{"undefined":true}` stands for undefined.
fn over(function: Function, args: Value) -> Maybe {
    let undefined = json!({"undefined": true});
    let args: Vec<Maybe> = args
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| (*arg != undefined).then(|| arg.clone()))
        .collect();
    call(function, &args, 1_000_000)
}

fn assert_over(function: Function, cases: &[(Value, Value)]) {
    for (args, expected) in cases {
        let found = over(function, args.clone());
        let found = found.unwrap_or_else(|| panic!("{function:?}{args}: undefined"));
        assert!(equal(&found, expected), "{function:?}{args}: {found} not {expected}");
    }
}

fn assert_undefined(function: Function, cases: &[Value]) {
    for args in cases {
        assert_eq!(over(function, args.clone()), None, "{function:?}{args}");
    }
}

#[test]
fn type_tests_always_answer() {
    let values = [
        json!({"undefined": true}),
        json!(null),
        json!(true),
        json!(1),
        json!("x"),
        json!([1]),
        json!({"a": 1}),
    ];
    for (function, expected) in [
        (Function::IsDefined, [0, 1, 1, 1, 1, 1, 1]),
        (Function::IsNull, [0, 1, 0, 0, 0, 0, 0]),
        (Function::IsBool, [0, 0, 1, 0, 0, 0, 0]),
        (Function::IsNumber, [0, 0, 0, 1, 0, 0, 0]),
        (Function::IsString, [0, 0, 0, 0, 1, 0, 0]),
        (Function::IsArray, [0, 0, 0, 0, 0, 1, 0]),
        (Function::IsObject, [0, 0, 0, 0, 0, 0, 1]),
        (Function::IsPrimitive, [0, 1, 1, 1, 1, 0, 0]),
    ] {
        for (value, expected) in values.iter().zip(expected) {
            let found = over(function, json!([value]));
            assert_eq!(found, Some(Value::Bool(expected == 1)), "{function:?} {value}");
        }
    }
}

#[test]
fn numbers_are_read_from_text() {
    assert_over(
        Function::AsNumber,
        &[
            (json!([5]), json!(5)),
            (json!([" \t12\n"]), json!(12)),
            (json!(["-.5"]), json!(-0.5)),
            (json!(["+1e3"]), json!(1000)),
            (json!(["1E-2"]), json!(0.01)),
        ],
    );
    let texts = ["", " ", "x", "1 2", "0x1F", "inf", "-inf", "NaN", "1e999", "+-1", "1,5", "."];
    let texts: Vec<Value> = texts.iter().map(|text| json!([text])).collect();
    assert_undefined(Function::AsNumber, &texts);
    assert_undefined(Function::AsNumber, &[json!([true]), json!([null]), json!([["1"]])]);
}

#[test]
fn text_is_searched() {
    let (starts, ends) = (Function::StartsWith, Function::EndsWith);
    assert_over(
        starts,
        &[
            (json!(["abc", "ab"]), json!(true)),
            (json!(["abc", ""]), json!(true)),
            (json!(["abc", "AB"]), json!(false)),
            (json!(["abc", "AB", true]), json!(true)),
            (json!(["abc", "AB", false]), json!(false)),
            (json!(["İx", "i\u{307}", true]), json!(true)),
        ],
    );
    assert_over(ends, &[(json!(["abc", "bc"]), json!(true))]);
    assert_over(Function::Contains, &[(json!(["aBc", "b", true]), json!(true))]);
    assert_undefined(
        starts,
        &[
            json!([1, "1"]),
            json!(["1", 1]),
            json!(["a", {"undefined": true}]),
            json!(["a", "a", 1]),
            json!(["a", "a", {"undefined": true}]),
        ],
    );
    assert_over(
        Function::IndexOf,
        &[
            (json!(["a😀b", "b"]), json!(2)),
            (json!(["abc", ""]), json!(0)),
            (json!(["abc", "x"]), json!(-1)),
            (json!(["ab", "abc"]), json!(-1)),
        ],
    );
}

#[test]
fn text_is_cut_and_joined() {
    assert_over(
        Function::Length,
        &[(json!(["a😀"]), json!(2)), (json!(["e\u{301}"]), json!(2)), (json!([""]), json!(0))],
    );
    assert_over(Function::Upper, &[(json!(["straße"]), json!("STRASSE"))]);
    assert_over(Function::Lower, &[(json!(["İΣ"]), json!("i\u{307}ς"))]);
    assert_over(Function::Concat, &[(json!(["a", "", "b"]), json!("ab"))]);
    assert_undefined(Function::Concat, &[json!(["a", 1]), json!(["a", null])]);
    assert_over(
        Function::Substring,
        &[
            (json!(["abc", 1]), json!("bc")),
            (json!(["abc", 3]), json!("")),
            (json!(["a😀c", 1, 1]), json!("😀")),
            (json!(["abc", 1, 1e300]), json!("bc")),
            (json!(["abc", 0, 0]), json!("")),
        ],
    );
    assert_undefined(
        Function::Substring,
        &[
            json!(["abc", 4]),
            json!(["abc", -1]),
            json!(["abc", 0.5]),
            json!(["abc", 0, -1]),
            json!(["abc", 0, "1"]),
            json!([1, 0]),
        ],
    );
}

#[test]
fn numbers_are_computed() {
    for (function, args, expected) in [
        (Function::Abs, json!([-2]), json!(2)),
        (Function::Exp, json!([0]), json!(1)),
        (Function::Power, json!([2, 10]), json!(1024)),
        (Function::Square, json!([-3]), json!(9)),
        (Function::Ceiling, json!([-0.5]), json!(0)),
        (Function::Floor, json!([-0.5]), json!(-1)),
        (Function::Sign, json!([-7]), json!(-1)),
        (Function::Sign, json!([0]), json!(0)),
        (Function::Sqrt, json!([9]), json!(3)),
        (Function::Round, json!([2.5]), json!(3)),
        (Function::Round, json!([-2.5]), json!(-3)),
        (Function::Round, json!([0.49999999999999994]), json!(0)),
        (Function::Bin, json!([17, 5]), json!(15)),
        (Function::Bin, json!([-1, 5]), json!(-5)),
    ] {
        assert_over(function, &[(args, expected)]);
    }
    assert_undefined(Function::Sqrt, &[json!([-1]), json!(["4"])]);
    assert_undefined(Function::Power, &[json!([10, 400]), json!([-1, 0.5]), json!([0, -1])]);
    assert_undefined(Function::Bin, &[json!([1, 0]), json!([1e300, 1e-300])]);
    assert_undefined(Function::Exp, &[json!([1000])]);
}

#[test]
fn arrays_are_searched() {
    assert_over(
        Function::ArrayContains,
        &[
            (json!([[1, {"a": 2}], {"a": 2.0}]), json!(true)),
            (json!([[1], "1"]), json!(false)),
            (json!([[null], null]), json!(true)),
        ],
    );
    let undefined = json!({"undefined": true});
    assert_undefined(Function::ArrayContains, &[json!(["a", "a"]), json!([[1], undefined])]);
    assert_over(Function::ArrayLength, &[(json!([[1, null]]), json!(2))]);
    assert_undefined(Function::ArrayLength, &[json!(["ab"]), json!([{}])]);
}

#[test]
fn times_are_milliseconds() {
    assert_over(Function::Time, &[(json!(["1970-01-01T00:00:01Z"]), json!(1000))]);
    assert_over(Function::Now, &[(json!([]), json!(1_000_000))]);
    assert_over(Function::Ago, &[(json!(["15m"]), json!(100_000))]);
    assert_undefined(Function::Time, &[json!(["soon"]), json!([0])]);
}
