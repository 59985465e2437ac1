//! Indexes of Logstores: how they are described, and the operations on them
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-createindex>).
//!
//! An index is kept and answered, and decides nothing: logs are found without one. A metric store has one as any
//! Logstore has, which is a guess.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::context::{Outcome, Request};
use super::fields::Kind;
use super::logstore::existing;
use super::model::{Index, Model};
use super::violation::Violation;
use crate::error::Error;

/// The types of values that a field may have.
const TYPES: [&str; 4] = ["text", "long", "double", "json"];

/// The types that are cut into words.
const CUT_INTO_WORDS: [&str; 2] = ["text", "json"];

/// Bytes of a text that are analysed. A guess: that 0 is as if it were left out, as the official provider sends it.
const MAX_TEXT_LEN: RangeInclusive<i64> = 64..=16384;

/// The members of an index.
const INDEX: [(&str, Kind); 6] = [
    ("max_text_len", Kind::Integer),
    ("log_reduce", Kind::Flag),
    ("log_reduce_white_list", Kind::Texts),
    ("log_reduce_black_list", Kind::Texts),
    ("scan_index", Kind::Flag),
    ("ttl", Kind::Integer),
];

/// The members of `line`, the index of the full text.
const LINE: [(&str, Kind); 4] = [
    ("caseSensitive", Kind::Flag),
    ("chn", Kind::Flag),
    ("include_keys", Kind::Texts),
    ("exclude_keys", Kind::Texts),
];

/// The members of each of `keys`, the index of a field, and of each of its `json_keys`.
const KEY: [(&str, Kind); 8] = [
    ("token", Kind::Texts),
    ("caseSensitive", Kind::Flag),
    ("chn", Kind::Flag),
    ("doc_value", Kind::Flag),
    ("alias", Kind::Text),
    ("index_all", Kind::Flag),
    ("max_depth", Kind::Integer),
    ("json_keys", Kind::Object),
];

/// `CreateIndex`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `IndexAlreadyExist`, `IndexInfoInvalid`, `ParameterInvalid`.
pub fn create(model: &mut Model, request: &Request<'_>) -> Outcome {
    let index = described(request.body, request.context.now)?;
    if of(model, request)?.is_some() {
        return Err(Error::new(400, "IndexAlreadyExist", "log store index is already created"));
    }
    set(model, request, Some(index))
}

/// `GetIndex`. The `ttl` is that of the Logstore: one that is sent has no effect, as the function tests of the vendor's
/// Java SDK say, which run on the real service.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `IndexConfigNotExist`.
pub fn get(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    let logstore = existing(model, project, name, context)?;
    let Index(mut members) = logstore.index.clone().ok_or_else(Error::index_config_not_exist)?;
    members.insert("ttl".to_owned(), logstore.members.get("ttl").cloned().unwrap_or_default());
    Ok(Value::Object(members))
}

/// `UpdateIndex`: the description takes the place of the one that was there.
///
/// # Errors
///
/// Those of `CreateIndex`, but `ParameterInvalid` where there is no index.
pub fn update(model: &mut Model, request: &Request<'_>) -> Outcome {
    let index = described(request.body, request.context.now)?;
    if of(model, request)?.is_none() {
        return Err(Error::parameter_invalid("log store index is not created"));
    }
    set(model, request, Some(index))
}

/// `DeleteIndex`. What it says where there is no index is a guess.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `IndexConfigNotExist`.
pub fn delete(model: &mut Model, request: &Request<'_>) -> Outcome {
    of(model, request)?.ok_or_else(Error::index_config_not_exist)?;
    set(model, request, None)
}

/// The index of the Logstore that a request is about.
fn of<'m>(model: &'m Model, request: &Request<'_>) -> Result<Option<&'m Index>, Error> {
    let &Request { project, name, context, .. } = request;
    Ok(existing(model, project, name, context)?.index.as_ref())
}

fn set(model: &mut Model, request: &Request<'_>, index: Option<Index>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    let mut logstore = existing(model, project, name, context)?.clone();
    logstore.index = index;
    model.set_logstore(project, name, logstore);
    Ok(Value::Null)
}

/// The index that a body describes, with what the service adds to it.
fn described(body: &Map<String, Value>, now: i64) -> Result<Index, Error> {
    check_index(body)?;
    let mut index = body.clone();
    for key in index.get_mut("keys").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        fill_in(key);
    }
    index.insert("index_mode".to_owned(), "v2".into());
    index.insert("storage".to_owned(), "pg".into());
    index.insert("lastModifyTime".to_owned(), now.into());
    Ok(Index(index))
}

/// What the official provider knows the service to add to a field: see `alicloud_sls_index` in
/// aliyun/terraform-provider-alicloud. That only what is cut into words gets the last two is a guess.
fn fill_in(key: &mut Value) {
    let Some(key) = key.as_object_mut() else { return };
    key.entry("alias").or_insert_with(|| "".into());
    if key.get("type").and_then(Value::as_str).is_some_and(|kind| CUT_INTO_WORDS.contains(&kind)) {
        for name in ["caseSensitive", "chn"] {
            key.entry(name).or_insert(Value::Bool(false));
        }
    }
}

fn check_index(index: &Map<String, Value>) -> Result<(), Error> {
    let lacking = || Error::index_info_invalid("required fields line/keys are lacking or of error format");
    check_types("", index, &INDEX)?;
    if index
        .get("max_text_len")
        .and_then(Value::as_i64)
        .is_some_and(|len| len != 0 && !MAX_TEXT_LEN.contains(&len))
    {
        return Err(Error::index_info_invalid("max_text_len must be within range [64, 16384]"));
    }
    let (line, keys) = (index.get("line"), index.get("keys"));
    if line.is_none() && keys.is_none() && index.get("scan_index") != Some(&Value::Bool(true)) {
        return Err(lacking());
    }
    if let Some(line) = line {
        check_line(line.as_object().ok_or_else(lacking)?)?;
    }
    if let Some(keys) = keys {
        check_keys("keys", keys.as_object().ok_or_else(lacking)?, true)?;
    }
    Ok(())
}

fn check_line(line: &Map<String, Value>) -> Result<(), Error> {
    check_token(line)?;
    check_types("line.", line, &LINE)?;
    let names = |list: &str| line.get(list).and_then(Value::as_array).is_some_and(|names| !names.is_empty());
    if names("include_keys") && names("exclude_keys") {
        return Err(Error::index_info_invalid("include_keys and exclude_keys cannot both be set"));
    }
    Ok(())
}

/// Texts inside of JSON are cut as the field that they are in, and need no `token`.
fn check_keys(place: &str, keys: &Map<String, Value>, needs_token: bool) -> Result<(), Error> {
    for (name, key) in keys {
        let place = format!("{place}.{name}");
        Kind::Object.check(&place, key).map_err(invalid)?;
        let Some(key) = key.as_object() else { continue };
        let kind = key.get("type").ok_or_else(|| Error::parameter_invalid("key config must has type"))?;
        if !kind.as_str().is_some_and(|kind| TYPES.contains(&kind)) {
            return Err(Error::parameter_invalid(format!("[{place}.type] {kind} is not supported")));
        }
        if needs_token && kind == "text" {
            check_token(key)?;
        }
        check_types(&format!("{place}."), key, &KEY)?;
        if let Some(inner) = key.get("json_keys").and_then(Value::as_object) {
            check_keys(&format!("{place}.json_keys"), inner, false)?;
        }
    }
    Ok(())
}

fn check_token(members: &Map<String, Value>) -> Result<(), Error> {
    if members.get("token").is_some_and(|token| Kind::Texts.fits(token)) {
        return Ok(());
    }
    Err(Error::index_info_invalid("required field token is lacking or of error format"))
}

/// Checks the JSON types of the members that are known. The code and the texts are guesses.
fn check_types(place: &str, members: &Map<String, Value>, known: &[(&str, Kind)]) -> Result<(), Error> {
    for (name, kind) in known {
        if let Some(value) = members.get(*name) {
            kind.check(&format!("{place}{name}"), value).map_err(invalid)?;
        }
    }
    Ok(())
}

fn invalid(violation: Violation) -> Error {
    Error::index_info_invalid(violation.message)
}
