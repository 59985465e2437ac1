//! Log groups as SLS has them on the wire.

use prost::Message;

/// What `PullLogs` answers.
#[derive(Clone, PartialEq, Message)]
pub struct LogGroupList {
    /// The groups, each encoded as it was written.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub groups: Vec<Vec<u8>>,
}

/// What `PutLogs` takes.
#[derive(Clone, PartialEq, Message)]
pub struct LogGroup {
    /// `Logs`
    #[prost(message, repeated, tag = "1")]
    pub logs: Vec<Log>,
    /// `Topic`
    #[prost(string, optional, tag = "3")]
    pub topic: Option<String>,
    /// `Source`
    #[prost(string, optional, tag = "4")]
    pub source: Option<String>,
}

/// One log.
#[derive(Clone, PartialEq, Message)]
pub struct Log {
    /// `Time`, in seconds since 1970.
    #[prost(uint32, optional, tag = "1")]
    pub time: Option<u32>,
    /// `Contents`
    #[prost(message, repeated, tag = "2")]
    pub contents: Vec<Content>,
}

/// One member of a log.
#[derive(Clone, PartialEq, Message)]
pub struct Content {
    /// `Key`
    #[prost(string, optional, tag = "1")]
    pub key: Option<String>,
    /// `Value`
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
}

impl LogGroup {
    /// A group of logs of the present time, each of one member `message`.
    pub fn from_messages(topic: Option<&str>, messages: impl IntoIterator<Item = String>) -> Self {
        let time = u32::try_from(time::OffsetDateTime::now_utc().unix_timestamp()).ok();
        let log = |value| {
            let content = Content { key: Some("message".to_owned()), value: Some(value) };
            Log { time, contents: vec![content] }
        };
        Self { logs: messages.into_iter().map(log).collect(), topic: topic.map(str::to_owned), source: None }
    }
}
