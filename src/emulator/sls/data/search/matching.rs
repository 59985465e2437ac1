//! Logs as a search sees them: fields with values, and the words in these.

use prost::Message as _;
use serde_json::{Map, Value};

use crate::sls::data::log_group::{LogGroup, Pair};

/// What parts words, as in the service's default index
/// (<https://www.alibabacloud.com/help/en/sls/user-guide/create-indexes>).
const DELIMITERS: &str = ", '\";=()[]{}?@&<>/:\n\t\r";

/// One log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Seconds since the epoch.
    pub time: i64,
    nanoseconds: Option<u32>,
    source: String,
    topic: String,
    /// The tags of the group, named `__tag__:…`, and the contents.
    fields: Vec<(String, String)>,
}

/// The logs of a group; `None` if the bytes are not a group.
pub fn entries(log_group: &[u8]) -> Option<Vec<Entry>> {
    let group = LogGroup::decode(log_group).ok()?;
    let tags = group.log_tags.iter().map(|tag| (format!("__tag__:{}", text(tag.key.as_ref())), value(tag)));
    let tags: Vec<(String, String)> = tags.collect();
    let entry = |log: &crate::sls::data::log_group::Log| Entry {
        time: i64::from(log.time.unwrap_or_default()),
        nanoseconds: log.time_ns,
        source: text(group.source.as_ref()),
        topic: text(group.topic.as_ref()),
        fields: tags
            .iter()
            .cloned()
            .chain(log.contents.iter().map(|pair| (text(pair.key.as_ref()), value(pair))))
            .collect(),
    };
    Some(group.logs.iter().map(entry).collect())
}

fn text(bytes: Option<&Vec<u8>>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn value(pair: &Pair) -> String {
    text(pair.value.as_ref())
}

impl Entry {
    /// What logs are ordered by.
    pub fn moment(&self) -> (i64, u32) {
        (self.time, self.nanoseconds.unwrap_or_default())
    }

    /// The topic, possibly empty.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The values a search for `field` looks at; without one, all values.
    pub fn values<'a>(&'a self, field: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let own = [("__topic__", self.topic.as_str()), ("__source__", self.source.as_str())];
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        own.into_iter()
            .chain(fields)
            .filter(move |(name, _)| field.is_none_or(|field| field == *name))
            .map(|(_, value)| value)
    }

    /// The log as an answer has it.
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        for (name, value) in &self.fields {
            json.insert(name.clone(), value.clone().into());
        }
        json.insert("__time__".to_owned(), self.time.to_string().into());
        json.insert("__source__".to_owned(), self.source.clone().into());
        json.insert("__topic__".to_owned(), self.topic.clone().into());
        if let Some(nanoseconds) = self.nanoseconds {
            json.insert("__time_ns_part__".to_owned(), nanoseconds.to_string().into());
        }
        Value::Object(json)
    }
}

/// The words of a text, in lower case.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c| DELIMITERS.contains(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_log_shows_its_own_fields_and_its_groups() {
        // Logs { Time: 5, Contents { Key: "k", Value: "v" }, Time_ns: 7 }, Topic: "t", Source: "s",
        // LogTags { Key: "a", Value: "b" }
        let group = "0a0f 0805 1206 0a016b 120176 2507000000 1a0174 220173 3206 0a0161 120162";
        let entries = entries(&hex::decode(group.replace(' ', "")).unwrap()).unwrap();
        let expected = json!({"__time__": "5", "__time_ns_part__": "7", "__source__": "s", "__topic__": "t",
            "__tag__:a": "b", "k": "v"});
        assert_eq!(entries.iter().map(Entry::to_json).collect::<Vec<_>>(), [expected]);
        assert_eq!(entries[0].values(None).collect::<Vec<_>>(), ["t", "s", "b", "v"]);
        assert_eq!(entries[0].values(Some("__tag__:a")).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn words_are_parted_as_in_the_default_index() {
        assert_eq!(words("GET /a/b?c=d_e.f \"x\""), ["get", "a", "b", "c", "d_e.f", "x"]);
        assert!(words(" ,;").is_empty());
    }
}
