//! The calls about functions, all of a provider that was never configured.

use std::collections::BTreeMap;

use schema::{Type, Value, msgpack};

use crate::{client::pb::tfplugin6 as pb, functions::UNLUCKY, served::Served};

fn number(number: i64) -> Value {
    Value::Number(number.into())
}

/// A value of any type, as it travels.
fn dynamic(of: Type, value: Value) -> Value {
    Value::Dynamic(Box::new(of), Box::new(value))
}

/// Calls a function with arguments of one type.
async fn call(served: &Served, name: &str, of: &Type, arguments: &[Value]) -> pb::call_function::Response {
    let encode = |value| pb::DynamicValue { msgpack: msgpack::encode(value, of).unwrap(), json: vec![] };
    call_raw(served, name, arguments.iter().map(encode).collect()).await
}

async fn call_raw(
    served: &Served,
    name: &str,
    arguments: Vec<pb::DynamicValue>,
) -> pb::call_function::Response {
    let (_, mut provider) = served.connect().await;
    let request = pb::call_function::Request { name: name.to_owned(), arguments };
    provider.call_function(request).await.unwrap().into_inner()
}

#[track_caller]
fn result(response: &pb::call_function::Response, of: &Type) -> Value {
    assert_eq!(response.error, None);
    msgpack::decode(&response.result.as_ref().unwrap().msgpack, of).unwrap()
}

/// Checks that there is an error at that argument that says so, and no result.
#[track_caller]
fn refused(response: &pb::call_function::Response, argument: Option<i64>, says: &str) {
    assert_eq!(response.result, None);
    let error = response.error.as_ref().unwrap();
    assert_eq!(error.function_argument, argument, "{}", error.text);
    assert!(error.text.contains(says), "{}", error.text);
}

/// What hosts may pass to each parameter, null and unknown.
fn taken(function: &pb::Function) -> Vec<(bool, bool)> {
    let all = function.parameters.iter().chain(&function.variadic_parameter);
    all.map(|parameter| (parameter.allow_null_value, parameter.allow_unknown_values)).collect()
}

#[tokio::test]
async fn they_are_announced_three_times_alike() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let metadata = provider.get_metadata(pb::get_metadata::Request {}).await.unwrap().into_inner();
    let names: Vec<_> = metadata.functions.into_iter().map(|function| function.name).collect();
    assert_eq!(names, ["echo", "half", "join", "wrong"]);
    let schema =
        provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap().into_inner();
    let listed = provider.get_functions(pb::get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!(listed.functions, schema.functions);
    assert_eq!(listed.functions.len(), 4);
}

#[tokio::test]
async fn the_types_of_the_arguments_say_what_may_be_passed() {
    let served = Served::start().await;
    let (_, mut provider) = served.connect().await;
    let functions: BTreeMap<_, _> =
        provider.get_functions(pb::get_functions::Request {}).await.unwrap().into_inner().functions;
    let half = &functions["half"];
    assert_eq!(taken(half), [(false, false)]);
    assert_eq!(
        (half.summary.as_str(), half.deprecation_message.as_str()),
        ("Half of it.", "use the operator")
    );
    assert_eq!(half.variadic_parameter, None);
    let join = &functions["join"];
    assert_eq!(taken(join), [(true, false), (true, true)]);
    assert_eq!((join.parameters.len(), join.parameters[0].name.as_str()), (1, "separator"));
    assert_eq!(join.variadic_parameter.as_ref().unwrap().name, "words");
    assert_eq!(functions["echo"].parameters[0].r#type, br#""dynamic""#);
}

#[tokio::test]
async fn a_known_argument_gives_a_result_or_an_error_at_its_place() {
    let served = Served::start().await;
    let half = async |value| call(&served, "half", &Type::Number, &[value]).await;
    assert_eq!(result(&half(number(8)).await, &Type::Number), number(4));
    refused(&half(number(7)).await, Some(0), "must be even");
    refused(&half(Value::Number("0.5".parse().unwrap())).await, Some(0), "whole number");
}

#[tokio::test]
async fn null_is_refused_and_unknown_answered_where_they_are_not_taken() {
    let served = Served::start().await;
    let half = async |value| call(&served, "half", &Type::Number, &[value]).await;
    refused(&half(Value::Null).await, Some(0), "number must not be null");
    assert!(result(&half(Value::UNKNOWN).await, &Type::Number).is_unknown());
    // An optional one takes null, and still no unknown value.
    let join =
        async |separator| call(&served, "join", &Type::String, &[separator, "a".into(), "b".into()]).await;
    assert_eq!(result(&join(Value::Null).await, &Type::String), Value::from("a,b"));
    assert!(result(&join(Value::UNKNOWN).await, &Type::String).is_unknown());
}

#[tokio::test]
async fn a_variadic_parameter_takes_any_number_in_each_state() {
    let served = Served::start().await;
    let join = async |words: &[Value]| {
        let arguments = [&["-".into()], words].concat();
        call(&served, "join", &Type::String, &arguments).await
    };
    let joined = async |words: &[Value]| result(&join(words).await, &Type::String);
    assert_eq!(joined(&[]).await, Value::Null);
    assert_eq!(joined(&["a".into()]).await, Value::from("a"));
    assert_eq!(joined(&["a".into(), Value::Null, "b".into()]).await, Value::from("a-b"));
    assert!(joined(&["a".into(), Value::UNKNOWN]).await.is_unknown());
    refused(&join(&["a".into(), "b".into(), "".into()]).await, Some(3), "is empty");
}

#[tokio::test]
async fn a_value_of_any_type_goes_through_with_its_type() {
    let served = Served::start().await;
    let echo = async |value| {
        let response = call(&served, "echo", &Type::Dynamic, &[value]).await;
        result(&response, &Type::Dynamic)
    };
    let list = dynamic(Type::list(Type::String), Value::List(vec!["a".into()]));
    assert_eq!(echo(list.clone()).await, list);
    // The type of a null or unknown value is not kept: they are null or unknown of any type.
    assert_eq!(echo(dynamic(Type::String, Value::Null)).await, Value::Null);
    assert!(echo(dynamic(Type::String, Value::UNKNOWN)).await.is_unknown());
    assert!(echo(Value::UNKNOWN).await.is_unknown());
}

#[tokio::test]
async fn a_result_of_another_type_is_not_passed_on() {
    let served = Served::start().await;
    refused(&call_raw(&served, "wrong", vec![]).await, None, "a list is required, but a string was given");
}

#[tokio::test]
async fn what_the_signature_does_not_allow_is_refused() {
    let served = Served::start().await;
    refused(&call_raw(&served, "half", vec![]).await, None, "takes 1 arguments, but 0");
    refused(&call(&served, "half", &Type::Number, &[number(2), number(2)]).await, None, "but 2 were sent");
    refused(&call_raw(&served, "join", vec![]).await, None, "at least 1");
    refused(&call(&served, "half", &Type::Bool, &[true.into()]).await, Some(0), "a number is required");
    let malformed = pb::DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] };
    refused(&call_raw(&served, "half", vec![malformed]).await, Some(0), "does not fit");
    refused(&call_raw(&served, "twice", vec![]).await, None, "no function \"twice\"");
}

#[tokio::test]
async fn a_panic_is_an_error_of_the_call() {
    let served = Served::start().await;
    let response = call(&served, "half", &Type::Number, &[number(UNLUCKY)]).await;
    refused(&response, None, "asked to panic");
    assert!(!response.error.unwrap().text.contains("state"));
    let response = call(&served, "half", &Type::Number, &[number(2)]).await;
    assert_eq!(result(&response, &Type::Number), number(1));
}
