//! The configuration file of the official command line tool: `~/.aliyun/config.json`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::shown;
use crypto::Secret;

/// The members of a profile that are set, by their names.
pub(super) type Members = BTreeMap<String, Secret>;

/// The members of the profile `name`, or else of the profile that `current` names.
///
/// `None` when there is no profile of that name.
///
/// # Errors
/// The problem with the file, without its content.
pub(super) fn profile(text: &str, name: Option<&str>) -> Result<Option<(String, Members)>, String> {
    let file: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        format!(
            "it is not a JSON object with the members `current` and `profiles` (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    let current = file.get("current").and_then(Value::as_str).filter(|current| !current.is_empty());
    let selected = name.or(current).unwrap_or("default");
    let Some(profiles) = file.get("profiles").and_then(Value::as_array) else {
        return Err("its member `profiles` is not a list".to_owned());
    };
    let is_selected = |profile: &&Map<String, Value>| {
        profile.get("name").and_then(Value::as_str).is_some_and(|name| name == selected)
    };
    match profiles.iter().filter_map(Value::as_object).find(is_selected) {
        Some(profile) => Ok(Some((selected.to_owned(), members(profile)))),
        None if name.is_none() && current.is_some() => Err(format!(
            "its member `current` names the profile `{}`, which it does not hold",
            shown(selected)
        )),
        None => Ok(None),
    }
}

/// Texts, numbers and booleans, as text. An empty text counts as not set.
fn members(profile: &Map<String, Value>) -> Members {
    let text = |value: &Value| match value {
        // A pasted key may have a line end.
        Value::String(text) => Some(Secret::from(text.trim())),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(truth.to_string().into()),
        _ => None,
    };
    let set = profile.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?)));
    set.filter(|(_, text)| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"current":"b","profiles":[{"name":"a","mode":"AK"},{"name":"b","mode":"","expired_seconds":900,"enable_vpc":true,"x":{}}]}"#;

    #[test]
    fn the_profile_is_the_one_named_or_the_current_one() {
        let (name, members) = profile(FILE, None).unwrap().unwrap();
        assert_eq!(name, "b");
        let shown: Vec<_> = members.iter().map(|(name, text)| (name.as_str(), text.expose())).collect();
        assert_eq!(shown, [("enable_vpc", "true"), ("expired_seconds", "900"), ("name", "b")]);
        assert_eq!(profile(FILE, Some("a")).unwrap().unwrap().0, "a");
        assert!(profile(FILE, Some("c")).unwrap().is_none());
        assert!(profile(r#"{"profiles":[]}"#, None).unwrap().is_none());
    }

    #[test]
    fn errors_do_not_quote_the_content() {
        for (text, said) in [
            ("{\"canary\"", "line 1"),
            ("[]", "JSON object"),
            ("{}", "`profiles`"),
            (r#"{"current":"x","profiles":[]}"#, "`current`"),
        ] {
            let problem = profile(text, None).unwrap_err();
            assert!(problem.contains(said) && !problem.contains("canary"), "{problem}");
        }
    }
}
