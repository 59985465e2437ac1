//! Log groups: their messages on the wire, and what the service wants of one it takes
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/data-encoding-method>).
//!
//! The messages are of proto2. Strings are read as bytes and required members as optional ones, so that
//! text that is not UTF-8 and members that are missing get the errors the service has for them. Members
//! of other numbers are skipped. The group is stored as it was sent, including them. [`LogGroup`] is for what is small:
//! what clients send is read member by member.

use std::ops::RangeInclusive;

use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

use crate::clock::Clock;
use crate::error::Error;

/// The most logs in a group: what the official Python SDK stops at. The documentation of 2021 says 4,096.
const MOST_LOGS: usize = 512_000;

/// The largest value of a log, in bytes.
const LARGEST_VALUE: usize = 1024 * 1024;

/// The largest topic and the largest source of a group, and the most that its tags have together, in bytes. The service
/// takes less; the emulator has this bound because each log of a search shows them.
const LARGEST_COMMON: usize = 64 * 1024;

/// How far a log's time may be behind the service's, in seconds: 168 hours.
const BEHIND: i64 = 168 * 60 * 60;

/// How far a log's time may be ahead of the service's, in seconds: 15 minutes.
const AHEAD: i64 = 15 * 60;

/// Nanoseconds in a second.
const NANOSECONDS: u32 = 1_000_000_000;

/// `LogGroup`
#[derive(Clone, PartialEq, Message)]
pub struct LogGroup {
    /// `Logs`
    #[prost(message, repeated, tag = "1")]
    pub logs: Vec<Log>,
    /// `Category`, later called `Reserved`.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub category: Option<Vec<u8>>,
    /// `Topic`
    #[prost(bytes = "vec", optional, tag = "3")]
    pub topic: Option<Vec<u8>>,
    /// `Source`
    #[prost(bytes = "vec", optional, tag = "4")]
    pub source: Option<Vec<u8>>,
    /// `MachineUUID`
    #[prost(bytes = "vec", optional, tag = "5")]
    pub machine_uuid: Option<Vec<u8>>,
    /// `LogTags`
    #[prost(message, repeated, tag = "6")]
    pub log_tags: Vec<Pair>,
}

/// `Log`
#[derive(Clone, PartialEq, Message)]
pub struct Log {
    /// `Time`, in seconds since the epoch; required.
    #[prost(uint32, optional, tag = "1")]
    pub time: Option<u32>,
    /// `Contents`
    #[prost(message, repeated, tag = "2")]
    pub contents: Vec<Pair>,
    /// `Time_ns`: the nanoseconds of the time.
    #[prost(fixed32, optional, tag = "4")]
    pub time_ns: Option<u32>,
}

/// `Content` of a log and `LogTag` of a group, which look the same.
#[derive(Clone, PartialEq, Message)]
pub struct Pair {
    /// `Key`; required.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub key: Option<Vec<u8>>,
    /// `Value`; required.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub value: Option<Vec<u8>>,
}

/// The members of a message as they lie one behind the other, each with its number. A body of 10 MiB can have five
/// million members: decoded all at once they would take fifty times its size in memory, so they are read one by one.
pub struct Members<'m>(pub &'m [u8]);

/// The value of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member<'m> {
    /// An integer of 32 bits; of a longer one it is the lowest 32.
    Varint(u32),
    /// Four bytes.
    Fixed32(u32),
    /// A text or a message.
    Bytes(&'m [u8]),
    /// What no message here has.
    Other,
}

/// Bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl From<DecodeError> for Malformed {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

impl From<Malformed> for Error {
    fn from(_: Malformed) -> Self {
        Self::new(400, "PostBodyInvalid", "Protobuffer content cannot be parsed.")
    }
}

impl<'m> Iterator for Members<'m> {
    type Item = Result<(u32, Member<'m>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        // Nothing is read behind what is malformed.
        Some(self.read().inspect_err(|_| self.0 = &[]))
    }
}

impl<'m> Members<'m> {
    fn read(&mut self) -> Result<(u32, Member<'m>), Malformed> {
        let (number, wire_type) = encoding::decode_key(&mut self.0)?;
        let value = match wire_type {
            WireType::Varint => {
                let value = encoding::decode_varint(&mut self.0)? & u64::from(u32::MAX);
                Member::Varint(u32::try_from(value).map_err(|_| Malformed)?)
            }
            WireType::ThirtyTwoBit => {
                let (value, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
                self.0 = rest;
                Member::Fixed32(u32::from_le_bytes(*value))
            }
            WireType::LengthDelimited => {
                let length = usize::try_from(encoding::decode_varint(&mut self.0)?).unwrap_or(usize::MAX);
                let (value, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
                self.0 = rest;
                Member::Bytes(value)
            }
            _ => {
                encoding::skip_field(wire_type, number, &mut self.0, DecodeContext::default())?;
                Member::Other
            }
        };
        Ok((number, value))
    }
}

/// Checks a log group that is sent now, and counts its logs. Clients date logs by the machine's clock, and so by a time
/// that is far from the emulator's once the emulator's clock has been advanced: both are accepted.
///
/// # Errors
///
/// `PostBodyInvalid` for a body that is not a log group and for a time out of range, `PostBodyTooLarge`,
/// `InvalidEncoding`, `InvalidKey`, `InvalidTimestamp`.
pub fn validate(body: &[u8], clock: &Clock) -> Result<usize, Error> {
    let (emulator, machine) = (clock.unix(), clock.unmoved());
    let times = emulator.min(machine).saturating_sub(BEHIND)..=emulator.max(machine).saturating_add(AHEAD);
    let (mut logs, mut topic, mut source, mut tags) = (0, 0, 0, 0);
    for member in Members(body) {
        match member? {
            (1, Member::Bytes(log)) => {
                validate_log(log, &times)?;
                logs += 1;
            }
            (number @ 2..=5, Member::Bytes(text)) => {
                check_text(text)?;
                match number {
                    3 => topic = text.len(),
                    4 => source = text.len(),
                    _ => {}
                }
            }
            (6, Member::Bytes(tag)) => tags += validate_pair(tag)?,
            (1..=6, _) => return Err(Malformed.into()),
            _ => {}
        }
    }
    if logs > MOST_LOGS {
        return Err(too_large(format!("The log group has more than {MOST_LOGS} logs.")));
    }
    for (what, size) in [("topic", topic), ("source", source), ("tags", tags)] {
        if size > LARGEST_COMMON {
            return Err(too_large(format!("The log group has more than {LARGEST_COMMON} bytes of {what}.")));
        }
    }
    Ok(logs)
}

fn validate_log(log: &[u8], times: &RangeInclusive<i64>) -> Result<(), Error> {
    let (mut time, mut nanoseconds) = (None, 0);
    for member in Members(log) {
        match member? {
            (1, Member::Varint(value)) => time = Some(value),
            (2, Member::Bytes(pair)) => drop(validate_pair(pair)?),
            (4, Member::Fixed32(value)) => nanoseconds = value,
            (1 | 2 | 4, _) => return Err(Malformed.into()),
            _ => {}
        }
    }
    let time = time.ok_or(Malformed)?;
    if time == 0 || nanoseconds >= NANOSECONDS {
        return Err(Error::new(400, "InvalidTimestamp", "Invalid timestamps are in logs."));
    }
    if !times.contains(&i64::from(time)) {
        return Err(Error::new(400, "PostBodyInvalid", "The post data time is out of range"));
    }
    Ok(())
}

/// Checks a content or a tag; how many bytes it has.
fn validate_pair(pair: &[u8]) -> Result<usize, Error> {
    let (mut key, mut value) = (None, None);
    for member in Members(pair) {
        match member? {
            (1, Member::Bytes(text)) => key = Some(text),
            (2, Member::Bytes(text)) => value = Some(text),
            (1 | 2, _) => return Err(Malformed.into()),
            _ => {}
        }
    }
    let (key, value) = (key.ok_or(Malformed)?, value.ok_or(Malformed)?);
    check_text(key)?;
    check_text(value)?;
    if key.is_empty() {
        return Err(Error::new(400, "InvalidKey", "Invalid keys are in logs."));
    }
    if value.len() > LARGEST_VALUE {
        return Err(too_large(format!("A value is larger than {LARGEST_VALUE} bytes.")));
    }
    Ok(key.len() + value.len())
}

fn check_text(text: &[u8]) -> Result<(), Error> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(400, "InvalidEncoding", "Non-UTF-8 characters are in logs.")),
    }
}

fn too_large(message: String) -> Error {
    Error::new(400, "PostBodyTooLarge", message)
}

/// Adds a group that is encoded already to a `LogGroupList`, which is its one member, number 1, over and over.
pub fn push_group(list: &mut Vec<u8>, group: &[u8]) {
    encoding::encode_key(1, WireType::LengthDelimited, list);
    encoding::encode_varint(group.len() as u64, list);
    list.extend_from_slice(group);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_795_161_600;

    /// A log of `time` with one content, by hand.
    fn group_of(time: i64, key: &[u8], value: &[u8]) -> Vec<u8> {
        let pair = Pair { key: Some(key.to_vec()), value: Some(value.to_vec()) };
        let log = Log { time: Some(u32::try_from(time).unwrap()), contents: vec![pair], time_ns: None };
        LogGroup { logs: vec![log], ..LogGroup::default() }.encode_to_vec()
    }

    fn sent(body: &[u8]) -> Result<usize, Error> {
        validate(body, &Clock::fixed(NOW))
    }

    #[track_caller]
    fn refused(body: &[u8], code: &str) {
        assert_eq!(sent(body).unwrap_err().code, code);
    }

    #[test]
    fn a_group_written_by_hand_is_read() {
        // Logs { Time: 1795161600, Contents { Key: "k", Value: "v" }, Time_ns: 5 }, Topic: "t",
        // Source: "s", LogTags { Key: "a", Value: "b" }, and an unknown member 15.
        let body = "0a13 0880fcffd706 1206 0a016b 120176 2505000000 1a0174 220173 3206 0a0161 120162 7a0178";
        let body = hex::decode(body.replace(' ', "")).unwrap();
        assert_eq!(sent(&body), Ok(1));
        let group = LogGroup::decode(&*body).unwrap();
        assert_eq!(group.logs[0].time, Some(1_795_161_600));
        assert_eq!(group.logs[0].time_ns, Some(5));
        assert_eq!(group.logs[0].contents[0].value.as_deref(), Some(b"v".as_slice()));
        assert_eq!(
            (group.topic.as_deref(), group.source.as_deref()),
            (Some(b"t".as_slice()), Some(b"s".as_slice()))
        );
        assert_eq!(group.log_tags[0].key.as_deref(), Some(b"a".as_slice()));
    }

    #[test]
    fn what_is_no_log_group_is_refused() {
        refused(b"\xff\xff", "PostBodyInvalid");
        // A log without a time, and a content without a value.
        refused(&hex::decode("0a00").unwrap(), "PostBodyInvalid");
        refused(&hex::decode("0a0b0880fcffd70612030a016b").unwrap(), "PostBodyInvalid");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_group_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            match sent(&bytes) {
                Ok(logs) => prop_assert_eq!(LogGroup::decode(&*bytes).unwrap().logs.len(), logs),
                Err(error) => prop_assert_eq!(error.status, 400),
            }
        }
    }

    #[test]
    fn text_has_to_be_utf_8_and_keys_have_to_be_there() {
        refused(&group_of(NOW, b"k", b"\xff"), "InvalidEncoding");
        refused(&group_of(NOW, b"\xff", b"v"), "InvalidEncoding");
        refused(
            &LogGroup { topic: Some(vec![0xff]), ..LogGroup::default() }.encode_to_vec(),
            "InvalidEncoding",
        );
        refused(&group_of(NOW, b"", b"v"), "InvalidKey");
        sent(&group_of(NOW, "键".as_bytes(), b"")).unwrap();
    }

    #[test]
    fn times_lie_within_seven_days_back_and_fifteen_minutes_ahead() {
        for good in [-168 * 3600, 0, 900] {
            sent(&group_of(NOW + good, b"k", b"v")).unwrap();
        }
        for bad in [-168 * 3600 - 1, 901] {
            let error = sent(&group_of(NOW + bad, b"k", b"v")).unwrap_err();
            assert_eq!(error.message, "The post data time is out of range");
        }
        refused(&group_of(0, b"k", b"v"), "InvalidTimestamp");
        // Clients go on dating logs by the machine's clock when the emulator's is advanced.
        for moved in [30 * 24 * 3600, -30 * 24 * 3600] {
            let clock = Clock::fixed(NOW);
            clock.advance(moved).unwrap();
            for good in [NOW, NOW + moved] {
                validate(&group_of(good, b"k", b"v"), &clock).unwrap();
            }
        }
        let log = Log { time: Some(1_795_161_600), contents: vec![], time_ns: Some(1_000_000_000) };
        refused(&LogGroup { logs: vec![log], ..LogGroup::default() }.encode_to_vec(), "InvalidTimestamp");
    }

    #[test]
    fn values_and_groups_have_a_largest_size() {
        sent(&group_of(NOW, b"k", &vec![b'v'; LARGEST_VALUE])).unwrap();
        refused(&group_of(NOW, b"k", &vec![b'v'; LARGEST_VALUE + 1]), "PostBodyTooLarge");
        let logs = vec![Log { time: Some(1_795_161_600), contents: vec![], time_ns: None }; MOST_LOGS + 1];
        refused(&LogGroup { logs, ..LogGroup::default() }.encode_to_vec(), "PostBodyTooLarge");
    }

    #[test]
    fn what_the_logs_of_a_group_have_in_common_has_a_largest_size() {
        let text = |size| Some(vec![b'x'; size]);
        let tag = |size| Pair { key: text(1), value: text(size - 1) };
        let half = LARGEST_COMMON / 2;
        let group = |topic, source, log_tags| LogGroup { topic, source, log_tags, ..LogGroup::default() };
        let largest = group(text(LARGEST_COMMON), text(LARGEST_COMMON), vec![tag(half), tag(half)]);
        sent(&largest.encode_to_vec()).unwrap();
        for too_large in [
            group(text(LARGEST_COMMON + 1), None, vec![]),
            group(None, text(LARGEST_COMMON + 1), vec![]),
            group(None, None, vec![tag(half), tag(half), tag(1)]),
        ] {
            refused(&too_large.encode_to_vec(), "PostBodyTooLarge");
        }
    }

    #[test]
    fn a_list_is_its_groups_with_their_lengths() {
        let mut list = Vec::new();
        for group in [b"ab".as_slice(), b"", &[7; 200]] {
            push_group(&mut list, group);
        }
        assert_eq!(list.get(..9).unwrap(), b"\x0a\x02ab\x0a\x00\x0a\xc8\x01");
        assert_eq!(list.len(), 9 + 200);
    }
}
