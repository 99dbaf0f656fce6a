//! Array functions.

use crate::env::Scalar;

/// `ARRAY_CONTAINS(array, value)`: whether an element equals `value` by JSON equality. Undefined if
/// `array` is no array or `value` is undefined. Also the law of `value IN array`.
pub(crate) fn contains_value<'a>(array: &Scalar<'_>, value: &Scalar<'_>) -> Scalar<'a> {
    match array.as_array() {
        Some(items) if !value.is_undefined() => {
            Scalar::Bool(items.iter().any(|x| Scalar::from_value(x).json_eq(value)))
        }
        _ => Scalar::Undefined,
    }
}

/// `ARRAY_LENGTH(array)`.
pub(crate) fn length<'a>(array: &Scalar<'_>) -> Scalar<'a> {
    match array.as_array() {
        Some(items) => Scalar::Number(items.len() as f64),
        None => Scalar::Undefined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twindex_model::value::Value;

    #[test]
    fn elements_count_by_json_equality() {
        let array: Scalar<'_> = Value::Array(vec![Value::Number(1.0), Value::Null]).into();
        assert_eq!(contains_value(&array, &Scalar::Number(1.0)).as_bool(), Some(true));
        assert_eq!(contains_value(&array, &Scalar::Null).as_bool(), Some(true));
        assert_eq!(contains_value(&array, &Scalar::String("1".into())).as_bool(), Some(false));
        assert!(contains_value(&array, &Scalar::Undefined).is_undefined());
        assert!(contains_value(&Scalar::Number(1.0), &Scalar::Number(1.0)).is_undefined());
        assert_eq!(length(&array).as_number(), Some(2.0));
        assert!(length(&Value::Object(vec![]).into()).is_undefined());
    }
}
