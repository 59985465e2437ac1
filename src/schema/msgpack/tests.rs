use std::{collections::BTreeMap, iter};

use proptest::prelude::*;

use super::{decode, encode};
use crate::{
    Number, Path, Type, Value,
    encoding::{MAX_DEPTH, Reason},
    number::NumberError,
    refinement::{Bound, Refinements},
};

fn object_type(attributes: &[(&str, Type)]) -> Type {
    Type::Object(attributes.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect())
}

fn members(members: &[(&str, Value)]) -> BTreeMap<String, Value> {
    members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

/// Reads the bytes as that value, and writes the value as those bytes.
#[track_caller]
fn check_both_ways(of: &Type, bytes: &str, value: &Value) {
    check_read(of, bytes, value);
    assert_eq!(hex::encode(encode(value, of).unwrap()), bytes.replace(' ', ""));
}

#[track_caller]
fn check_read(of: &Type, bytes: &str, value: &Value) {
    assert_eq!(&decode(&hex::decode(bytes.replace(' ', "")).unwrap(), of).unwrap(), value);
}

#[track_caller]
fn check_refused(of: &Type, bytes: &str, path: &Path, reason: &Reason) {
    let error = decode(&hex::decode(bytes.replace(' ', "")).unwrap(), of).unwrap_err();
    assert_eq!((&error.path, &error.reason), (path, reason));
}

fn every_type() -> Vec<Type> {
    vec![
        Type::String,
        Type::Number,
        Type::Bool,
        Type::Dynamic,
        Type::list(Type::String),
        Type::set(Type::String),
        Type::map(Type::String),
        Type::Tuple(vec![Type::String]),
        object_type(&[("a", Type::String)]),
    ]
}

#[test]
fn any_type_can_be_null_or_unknown() {
    for of in every_type() {
        check_both_ways(&of, "c0", &Value::Null);
        check_both_ways(&of, "d4 00 00", &Value::UNKNOWN);
    }
}

#[test]
fn known_values_of_each_type() {
    check_both_ways(&Type::String, "a0", &"".into());
    check_both_ways(&Type::String, "a5 68 65 6c 6c 6f", &"hello".into());
    check_both_ways(&Type::String, "a2 c3 a9", &"é".into());
    check_both_ways(&Type::Bool, "c2", &false.into());
    check_both_ways(&Type::Bool, "c3", &true.into());
    let texts = vec!["a".into(), Value::Null, Value::UNKNOWN];
    check_both_ways(&Type::list(Type::String), "93 a1 61 c0 d4 00 00", &Value::List(texts));
    check_both_ways(&Type::list(Type::String), "90", &Value::List(vec![]));
    let set = Value::Set(vec!["b".into(), "a".into()]);
    check_both_ways(&Type::set(Type::String), "92 a1 62 a1 61", &set);
    let map = Value::Map(members(&[("k", true.into()), ("l", Value::UNKNOWN)]));
    check_both_ways(&Type::map(Type::Bool), "82 a1 6b c3 a1 6c d4 00 00", &map);
    let pair = Type::Tuple(vec![Type::String, Type::Bool]);
    check_both_ways(&pair, "92 a1 61 c3", &Value::List(vec!["a".into(), true.into()]));
    let of = object_type(&[("a", Type::String), ("b", Type::Bool)]);
    let object = Value::Object(members(&[("a", "x".into()), ("b", Value::Null)]));
    check_both_ways(&of, "82 a1 61 a1 78 a1 62 c0", &object);
    check_read(&of, "82 a1 62 c0 a1 61 a1 78", &object);
}

#[test]
fn a_value_of_dynamic_type_brings_its_type() {
    let known = Value::Dynamic(Box::new(Type::String), Box::new("a".into()));
    check_both_ways(&Type::Dynamic, "92 c4 08 22 73 74 72 69 6e 67 22 a1 61", &known);
    let unknown = Value::Dynamic(Box::new(Type::Bool), Box::new(Value::UNKNOWN));
    check_both_ways(&Type::Dynamic, "92 c4 06 22 62 6f 6f 6c 22 d4 00 00", &unknown);
    check_read(&Type::Dynamic, "92 a8 22 73 74 72 69 6e 67 22 a1 61", &known);
}

#[test]
fn numbers_come_and_go_as_integer_float_or_text() {
    for (bytes, text) in [
        ("00", "0"),
        ("7f", "127"),
        ("ff", "-1"),
        ("cc 80", "128"),
        ("d0 80", "-128"),
        ("cf 7f ff ff ff ff ff ff ff", "9223372036854775807"),
        ("cf ff ff ff ff ff ff ff ff", "18446744073709551615"),
        ("d3 80 00 00 00 00 00 00 00", "-9223372036854775808"),
        ("cb 3f f8 00 00 00 00 00 00", "1.5"),
        ("cb 44 15 af 1d 78 b5 8c 40", "100000000000000000000"),
        ("a3 30 2e 31", "0.1"),
        (&format!("b4 {}", "39".repeat(20)), "99999999999999999999"),
    ] {
        check_both_ways(&Type::Number, bytes, &number(text));
    }
    check_read(&Type::Number, "ca 3f c0 00 00", &number("1.5"));
    check_read(&Type::Number, "d2 00 00 00 05", &number("5"));
    check_read(&Type::Number, "a3 31 65 33", &number("1000"));
}

#[test]
fn a_large_integer_is_not_rounded_as_a_float_would_be() {
    check_both_ways(&Type::Number, "cf 00 20 00 00 00 00 00 01", &number("9007199254740993"));
}

#[test]
fn any_extension_is_unknown() {
    for bytes in ["d4 00 00", "d4 05 00", "d5 63 00 00", "c7 00 7f", "d8 01 00000000000000000000000000000000"]
    {
        check_read(&Type::String, bytes, &Value::UNKNOWN);
    }
}

#[track_caller]
fn refinements(bytes: &str) -> Refinements {
    match decode(&hex::decode(bytes.replace(' ', "")).unwrap(), &Type::String).unwrap() {
        Value::Unknown(Some(refinements)) => *refinements,
        other => panic!("{other:?} carries no refinements"),
    }
}

#[test]
fn promises_about_an_unknown_value_are_read() {
    let prefixed = refinements("c7 08 0c 82 01 c2 02 a3 70 72 65");
    assert_eq!(
        prefixed,
        Refinements { is_null: Some(false), string_prefix: Some("pre".into()), ..Refinements::default() }
    );
    let bounded = refinements("c7 0d 0c 84 03 92 01 c3 04 92 0a c2 05 02 06 03");
    let bound = |whole: i64, inclusive| Some(Bound { number: Number::from(whole), inclusive });
    assert_eq!(
        bounded,
        Refinements {
            number_lower: bound(1, true),
            number_upper: bound(10, false),
            length_lower: Some(2),
            length_upper: Some(3),
            ..Refinements::default()
        }
    );
}

#[test]
fn promises_of_later_versions_are_passed_over() {
    let promised = refinements("c7 0e 0c 82 63 82 a1 61 92 01 c0 a1 62 c4 00 01 c2");
    assert_eq!(promised, Refinements { is_null: Some(false), ..Refinements::default() });
}

#[test]
fn promises_in_an_unknown_form_leave_the_value_unknown() {
    check_read(&Type::String, "c7 03 0c 81 01 a0", &Value::UNKNOWN);
    check_read(&Type::String, "c7 00 0c", &Value::UNKNOWN);
}

#[test]
fn promises_are_not_written() {
    let refined =
        Value::Unknown(Some(Box::new(Refinements { is_null: Some(false), ..Refinements::default() })));
    assert_eq!(hex::encode(encode(&refined, &Type::String).unwrap()), "d40000");
}

#[test]
fn objects_must_have_exactly_the_attributes_of_their_type() {
    let of = Type::list(object_type(&[("a", Type::String), ("b", Type::Bool)]));
    let at = |name: &str| Path::root().index(0).attribute(name);
    check_refused(&of, "91 81 a1 61 c0", &at("b"), &Reason::MissingAttribute);
    check_refused(&of, "91 83 a1 61 c0 a1 62 c0 a1 63 c0", &at("c"), &Reason::ExtraAttribute);
    check_refused(&of, "91 82 a1 61 c0 a1 61 c0", &at("a"), &Reason::DuplicateKey);
}

#[test]
fn errors_name_the_place_inside_the_value() {
    let of = object_type(&[("tags", Type::map(Type::list(Type::String)))]);
    let place = Path::of("tags").key("k").index(1);
    let wrong = Reason::WrongType { wanted: "a string", found: "a bool" };
    check_refused(&of, "81 a4 74616773 81 a1 6b 92 c0 c3", &place, &wrong);
}

#[test]
fn values_of_another_type_are_refused() {
    let wrong = |wanted, found| Reason::WrongType { wanted, found };
    let root = Path::root();
    check_refused(&Type::String, "01", &root, &wrong("a string", "a number"));
    check_refused(&Type::Bool, "a4 74727565", &root, &wrong("a bool", "a string"));
    check_refused(&Type::Number, "c3", &root, &wrong("a number", "a bool"));
    check_refused(&Type::Number, "a1 78", &root, &Reason::Number(NumberError::NotDecimal));
    check_refused(&Type::Number, "cb 7ff0000000000000", &root, &Reason::Number(NumberError::NotFinite));
    check_refused(&Type::list(Type::String), "80", &root, &wrong("a list", "a map or object"));
    check_refused(&Type::map(Type::String), "90", &root, &wrong("a map", "a sequence"));
    check_refused(&Type::String, "c1", &root, &wrong("a string", "a reserved marker"));
    check_refused(&Type::Tuple(vec![Type::Bool]), "90", &root, &Reason::WrongLength { wanted: 1, found: 0 });
    check_refused(&Type::Dynamic, "92 c4 02 22 78 c0", &root, &Reason::NotAType);
    check_refused(&Type::Dynamic, "91 c0", &root, &Reason::WrongLength { wanted: 2, found: 1 });
    check_refused(&Type::String, "a1 ff", &root, &Reason::NotUtf8);
    check_refused(&Type::map(Type::Bool), "82 a1 6b c3 a1 6b c3", &root, &Reason::DuplicateKey);
}

#[test]
fn documents_cut_short_or_gone_on_are_refused() {
    let root = Path::root();
    for bytes in ["", "a5 68", "c7 05", "d9"] {
        check_refused(&Type::String, bytes, &root, &Reason::Truncated);
    }
    check_refused(&Type::Number, "cd 01", &root, &Reason::Truncated);
    check_refused(&Type::list(Type::Bool), "92 c3", &root.index(1), &Reason::Truncated);
    check_refused(&Type::Bool, "c3 c3", &root, &Reason::TrailingBytes);
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let root = Path::root();
    check_refused(&Type::list(Type::String), "dd ff ff ff ff", &root.index(0), &Reason::Truncated);
    check_refused(&Type::map(Type::String), "df ff ff ff ff", &root, &Reason::Truncated);
    check_refused(&Type::String, "db ff ff ff ff", &root, &Reason::Truncated);
    check_refused(&Type::Dynamic, "92 c6 ff ff ff ff", &root, &Reason::Truncated);
    check_refused(&Type::String, "c9 ff ff ff ff 0c", &root, &Reason::Truncated);
    check_read(&Type::String, "c7 08 0c 81 63 df ff ff ff ff c0", &Value::UNKNOWN);
}

#[test]
fn nesting_without_end_is_refused_before_the_stack_overflows() {
    let level = [&[0x92, 0xc4, 0x09][..], br#""dynamic""#].concat();
    let bomb: Vec<u8> = iter::repeat_n(level, 1_000_000).flatten().collect();
    let error = decode(&bomb, &Type::Dynamic).unwrap_err();
    assert_eq!(error.reason, Reason::TooDeep);
    let mut deep = Value::UNKNOWN;
    for _ in 0..=MAX_DEPTH {
        deep = Value::Dynamic(Box::new(Type::Dynamic), Box::new(deep));
    }
    assert_eq!(encode(&deep, &Type::Dynamic).unwrap_err().reason, Reason::TooDeep);
}

/// Null and unknown count as a level in both directions, so that what is read can be written.
#[test]
fn what_is_read_is_not_too_deep_to_be_written() {
    let level = [&[0x92, 0xc4, 0x09][..], br#""dynamic""#].concat();
    for (levels, is_read) in [(MAX_DEPTH - 1, true), (MAX_DEPTH, false)] {
        for end in [&b"\xc0"[..], b"\xd4\x00\x00"] {
            let bytes: Vec<u8> = iter::repeat_n(&level[..], levels).chain([end]).flatten().copied().collect();
            let value = decode(&bytes, &Type::Dynamic);
            assert_eq!(
                value.as_ref().map_err(|error| &error.reason).err(),
                (!is_read).then_some(&Reason::TooDeep)
            );
            if let Ok(value) = value {
                assert_eq!(encode(&value, &Type::Dynamic).unwrap(), bytes);
            }
        }
    }
}

#[test]
fn a_type_nested_without_end_is_refused() {
    let notation = r#"["list","#.repeat(50_000);
    let mut bomb = vec![0x92, 0xc6];
    bomb.extend(u32::try_from(notation.len()).unwrap().to_be_bytes());
    bomb.extend(notation.into_bytes());
    assert_eq!(decode(&bomb, &Type::Dynamic).unwrap_err().reason, Reason::NotAType);
}

#[test]
fn a_set_is_written_without_duplicates_but_keeps_every_unknown() {
    let set = Value::Set(vec!["a".into(), "b".into(), "a".into(), Value::UNKNOWN, Value::UNKNOWN]);
    let bytes = encode(&set, &Type::set(Type::String)).unwrap();
    assert_eq!(hex::encode(bytes), "94a161a162d40000d40000");
}

#[test]
fn a_value_that_is_not_of_the_type_is_not_written() {
    let of = object_type(&[("a", Type::String)]);
    let reason = |value: &Value| encode(value, &of).map_err(|error| (error.path.to_string(), error.reason));
    assert_eq!(reason(&Value::Object(members(&[]))), Err(("a".into(), Reason::MissingAttribute)));
    let extra = Value::Object(members(&[("a", Value::Null), ("b", Value::Null)]));
    assert_eq!(reason(&extra), Err(("b".into(), Reason::ExtraAttribute)));
    let wrong = Value::Object(members(&[("a", true.into())]));
    let expected = Reason::WrongType { wanted: "a string", found: "a bool" };
    assert_eq!(reason(&wrong), Err(("a".into(), expected)));
}

/// Types of every kind, a few levels deep.
pub(crate) fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(Type::Object),
        ]
    })
}

/// Values of a type; unknown ones only if asked for.
pub(crate) fn values(of: &Type, unknown: bool) -> BoxedStrategy<Value> {
    let known = match of {
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => numbers().prop_map(Value::Number).boxed(),
        Type::List(of) => prop::collection::vec(values(of, unknown), 0..4).prop_map(Value::List).boxed(),
        // One element at most: more might be duplicates, which are not written.
        Type::Set(of) => prop::collection::vec(values(of, unknown), 0..2).prop_map(Value::Set).boxed(),
        Type::Map(of) => prop::collection::btree_map(any::<String>(), values(of, unknown), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => {
            let elements: Vec<_> = types.iter().map(|of| values(of, unknown)).collect();
            elements.prop_map(Value::List).boxed()
        }
        Type::Object(types) => {
            let names: Vec<String> = types.keys().cloned().collect();
            let attributes: Vec<_> = types.values().map(|of| values(of, unknown)).collect();
            attributes
                .prop_map(move |values| Value::Object(names.iter().cloned().zip(values).collect()))
                .boxed()
        }
        Type::Dynamic => {
            let boxed = |value| Value::Dynamic(Box::new(Type::String), Box::new(value));
            values(&Type::String, unknown).prop_map(boxed).boxed()
        }
    };
    let unknown_weight = u32::from(unknown);
    prop_oneof![
        8 => known,
        1 => Just(Value::Null),
        unknown_weight => Just(Value::UNKNOWN),
    ]
    .boxed()
}

fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        prop::num::f64::NORMAL.prop_map(|float| Number::from_f64(float).unwrap()),
        "-?[0-9]{1,60}(\\.[0-9]{1,60})?".prop_map(|text| text.parse().unwrap()),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back((of, value) in types().prop_flat_map(|of| (Just(of.clone()), values(&of, true)))) {
        let bytes = encode(&value, &of).unwrap();
        prop_assert_eq!(decode(&bytes, &of).unwrap(), value);
    }

    #[test]
    fn a_document_cut_short_is_never_a_value((of, value) in types().prop_flat_map(|of| (Just(of.clone()), values(&of, true))), cut in 1..16_usize) {
        let bytes = encode(&value, &of).unwrap();
        let rest = bytes.len().saturating_sub(cut);
        prop_assert!(decode(&bytes[..rest], &of).is_err());
    }
}
