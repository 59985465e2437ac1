//! Logs as a search sees them: fields with values, and the words in these.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::sls::data::log_group::{Malformed, Member, Members};

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
#[derive(Debug, Default, PartialEq, Eq)]
struct Group {
    source: String,
    topic: String,
    /// The tags, named `__tag__:…`.
    tags: Vec<(String, String)>,
}

/// The logs of a group, read one by one.
///
/// # Errors
///
/// [`Malformed`], also for each log.
pub fn entries(log_group: &[u8]) -> Result<impl Iterator<Item = Result<Entry, Malformed>>, Malformed> {
    let mut group = Group::default();
    for member in Members(log_group) {
        match member? {
            (3, Member::Bytes(topic)) => group.topic = text(topic),
            (4, Member::Bytes(source)) => group.source = text(source),
            (6, Member::Bytes(tag)) => {
                let (key, value) = pair(tag)?;
                group.tags.push((format!("__tag__:{key}"), value));
            }
            _ => {}
        }
    }
    let group = Arc::new(group);
    Ok(Members(log_group).filter_map(move |member| match member {
        Ok((1, Member::Bytes(log))) => Some(Entry::read(log, &group)),
        Ok(_) => None,
        Err(malformed) => Some(Err(malformed)),
    }))
}

fn pair(message: &[u8]) -> Result<(String, String), Malformed> {
    let (mut key, mut value) = (String::new(), String::new());
    for member in Members(message) {
        match member? {
            (1, Member::Bytes(bytes)) => key = text(bytes),
            (2, Member::Bytes(bytes)) => value = text(bytes),
            _ => {}
        }
    }
    Ok((key, value))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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
    fn read(log: &[u8], group: &Arc<Group>) -> Result<Self, Malformed> {
        let mut entry = Self { time: 0, nanoseconds: None, group: Arc::clone(group), contents: Vec::new() };
        for member in Members(log) {
            match member? {
                (1, Member::Varint(time)) => entry.time = i64::from(time),
                (2, Member::Bytes(content)) => entry.contents.push(pair(content)?),
                (4, Member::Fixed32(nanoseconds)) => entry.nanoseconds = Some(nanoseconds),
                _ => {}
            }
        }
        Ok(entry)
    }

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
    use crate::sls::data::log_group::{Log, LogGroup};
    use prost::Message as _;
    use serde_json::json;

    fn entries_of(log_group: &[u8]) -> Vec<Entry> {
        entries(log_group).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_log_shows_its_own_fields_and_its_groups() {
        // Logs { Time: 5, Contents { Key: "k", Value: "v" }, Time_ns: 7 }, Topic: "t", Source: "s",
        // LogTags { Key: "a", Value: "b" }
        let group = "0a0f 0805 1206 0a016b 120176 2507000000 1a0174 220173 3206 0a0161 120162";
        let entries = entries_of(&hex::decode(group.replace(' ', "")).unwrap());
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
        let entries = entries_of(&group.encode_to_vec());
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
