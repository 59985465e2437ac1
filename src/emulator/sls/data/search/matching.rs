//! Logs as a search sees them: fields with values, and the words in these.

use std::sync::Arc;

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
    group: Arc<Group>,
    contents: Vec<(String, String)>,
}

/// What the logs of a group have in common.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    source: String,
    topic: String,
    /// The tags, named `__tag__:…`.
    tags: Vec<(String, String)>,
}

/// The logs of a group; `None` if the bytes are not a group.
pub fn entries(log_group: &[u8]) -> Option<impl Iterator<Item = Entry>> {
    let LogGroup { logs, source, topic, log_tags, .. } = LogGroup::decode(log_group).ok()?;
    let tags = log_tags.into_iter().map(|tag| (format!("__tag__:{}", text(tag.key)), text(tag.value)));
    let group = Arc::new(Group { source: text(source), topic: text(topic), tags: tags.collect() });
    let pair = |pair: Pair| (text(pair.key), text(pair.value));
    Some(logs.into_iter().map(move |log| Entry {
        time: i64::from(log.time.unwrap_or_default()),
        nanoseconds: log.time_ns,
        group: Arc::clone(&group),
        contents: log.contents.into_iter().map(pair).collect(),
    }))
}

fn text(bytes: Option<Vec<u8>>) -> String {
    String::from_utf8(bytes.unwrap_or_default())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn size_of_pairs(pairs: &[(String, String)]) -> usize {
    pairs.iter().map(|(name, value)| size_of_val(&(name, value)) + name.len() + value.len()).sum()
}

impl Group {
    /// About how many bytes it takes.
    fn size(&self) -> usize {
        size_of::<Self>() + self.source.len() + self.topic.len() + size_of_pairs(&self.tags)
    }
}

impl Entry {
    /// What logs are ordered by.
    pub fn moment(&self) -> (i64, u32) {
        (self.time, self.nanoseconds.unwrap_or_default())
    }

    /// The topic, possibly empty.
    pub fn topic(&self) -> &str {
        &self.group.topic
    }

    /// About how many bytes it takes, with its share in what the logs of its group that are held have in common.
    pub fn size(&self) -> usize {
        size_of::<Self>() + size_of_pairs(&self.contents) + self.group.size() / Arc::strong_count(&self.group)
    }

    /// The values a search for `field` looks at; without one, all values.
    pub fn values<'a>(&'a self, field: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let Group { source, topic, tags } = &*self.group;
        let own = [("__topic__", topic.as_str()), ("__source__", source.as_str())];
        let fields = tags.iter().chain(&self.contents).map(|(name, value)| (name.as_str(), value.as_str()));
        own.into_iter()
            .chain(fields)
            .filter(move |(name, _)| field.is_none_or(|field| field == *name))
            .map(|(_, value)| value)
    }

    /// The log as an answer has it.
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        for (name, value) in self.group.tags.iter().chain(&self.contents) {
            json.insert(name.clone(), value.clone().into());
        }
        json.insert("__time__".to_owned(), self.time.to_string().into());
        json.insert("__source__".to_owned(), self.group.source.clone().into());
        json.insert("__topic__".to_owned(), self.group.topic.clone().into());
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
    use crate::sls::data::log_group::Log;
    use serde_json::json;

    #[test]
    fn a_log_shows_its_own_fields_and_its_groups() {
        // Logs { Time: 5, Contents { Key: "k", Value: "v" }, Time_ns: 7 }, Topic: "t", Source: "s",
        // LogTags { Key: "a", Value: "b" }
        let group = "0a0f 0805 1206 0a016b 120176 2507000000 1a0174 220173 3206 0a0161 120162";
        let entries: Vec<_> = entries(&hex::decode(group.replace(' ', "")).unwrap()).unwrap().collect();
        let expected = json!({"__time__": "5", "__time_ns_part__": "7", "__source__": "s", "__topic__": "t",
            "__tag__:a": "b", "k": "v"});
        assert_eq!(entries.iter().map(Entry::to_json).collect::<Vec<_>>(), [expected]);
        assert_eq!(entries[0].values(None).collect::<Vec<_>>(), ["t", "s", "b", "v"]);
        assert_eq!(entries[0].values(Some("__tag__:a")).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn the_logs_of_a_group_share_what_they_have_in_common() {
        let source = vec![b's'; 1_000_000];
        let logs = vec![Log::default(); 1_000];
        let group = LogGroup { source: Some(source), logs, ..LogGroup::default() };
        let entries: Vec<_> = entries(&group.encode_to_vec()).unwrap().collect();
        let size: usize = entries.iter().map(Entry::size).sum();
        assert!((1_000_000..1_200_000).contains(&size), "{size}");
        assert!(entries.iter().all(|entry| Arc::ptr_eq(&entry.group, &entries[0].group)));
    }

    #[test]
    fn words_are_parted_as_in_the_default_index() {
        assert_eq!(words("GET /a/b?c=d_e.f \"x\""), ["get", "a", "b", "c", "d_e.f", "x"]);
        assert!(words(" ,;").is_empty());
    }
}
