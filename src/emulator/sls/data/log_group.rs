//! Log groups: their messages on the wire, and what the service wants of one it takes
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/data-encoding-method>).
//!
//! The messages are of proto2. Strings are read as bytes and required members as optional ones, so that
//! text that is not UTF-8 and members that are missing get the errors the service has for them. Members
//! of other numbers are skipped. The group is stored as it was sent, including them.

use std::ops::RangeInclusive;

use axum::body::Bytes;
use prost::Message;

use crate::clock::Clock;
use crate::error::Error;

/// The most logs in a group: what the official Python SDK stops at. The documentation of 2021 says 4,096.
const MOST_LOGS: usize = 512_000;

/// The largest value of a log, in bytes.
const LARGEST_VALUE: usize = 1024 * 1024;

/// The largest topic and the largest source of a group, and the most that its tags have together, in bytes. The service
/// takes less; the emulator has this bound because each log of a search shows them.
const LARGEST_COMMON: usize = 64 * 1024;

/// The most bytes in front of a group in a list: the key of the member, and the length of the group.
const LARGEST_FRAME: usize = 11;

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

impl LogGroup {
    /// Reads a log group that is sent now. Clients date logs by the machine's clock, and so by a time that is
    /// far from the emulator's once the emulator's clock has been advanced: both are accepted.
    ///
    /// # Errors
    ///
    /// `PostBodyInvalid` for a body that is not a log group and for a time out of range, `PostBodyTooLarge`,
    /// `InvalidEncoding`, `InvalidKey`, `InvalidTimestamp`.
    pub fn sent(body: &[u8], clock: &Clock) -> Result<Self, Error> {
        let group = Self::decode(body).map_err(|_| unparsable())?;
        if group.logs.len() > MOST_LOGS {
            return Err(Error::new(
                400,
                "PostBodyTooLarge",
                format!("The log group has more than {MOST_LOGS} logs."),
            ));
        }
        let texts = [&group.category, &group.topic, &group.source, &group.machine_uuid];
        texts.into_iter().flatten().try_for_each(|text| check_text(text))?;
        group.log_tags.iter().try_for_each(Pair::validate)?;
        let size = |text: &Option<Vec<u8>>| text.as_ref().map_or(0, Vec::len);
        let tags = group.log_tags.iter().map(|tag| size(&tag.key) + size(&tag.value)).sum();
        for (what, size) in [("topic", size(&group.topic)), ("source", size(&group.source)), ("tags", tags)] {
            if size > LARGEST_COMMON {
                let message = format!("The log group has more than {LARGEST_COMMON} bytes of {what}.");
                return Err(Error::new(400, "PostBodyTooLarge", message));
            }
        }
        let (emulator, machine) = (clock.unix(), clock.unmoved());
        let times =
            emulator.min(machine).saturating_sub(BEHIND)..=emulator.max(machine).saturating_add(AHEAD);
        group.logs.iter().try_for_each(|log| log.validate(&times))?;
        Ok(group)
    }
}

impl Log {
    fn validate(&self, times: &RangeInclusive<i64>) -> Result<(), Error> {
        self.contents.iter().try_for_each(Pair::validate)?;
        let time = self.time.ok_or_else(unparsable)?;
        if time == 0 || self.time_ns.is_some_and(|part| part >= NANOSECONDS) {
            return Err(Error::new(400, "InvalidTimestamp", "Invalid timestamps are in logs."));
        }
        if !times.contains(&i64::from(time)) {
            return Err(Error::new(400, "PostBodyInvalid", "The post data time is out of range"));
        }
        Ok(())
    }
}

impl Pair {
    fn validate(&self) -> Result<(), Error> {
        let (Some(key), Some(value)) = (&self.key, &self.value) else { return Err(unparsable()) };
        check_text(key)?;
        check_text(value)?;
        if key.is_empty() {
            return Err(Error::new(400, "InvalidKey", "Invalid keys are in logs."));
        }
        if value.len() > LARGEST_VALUE {
            let message = format!("A value is larger than {LARGEST_VALUE} bytes.");
            return Err(Error::new(400, "PostBodyTooLarge", message));
        }
        Ok(())
    }
}

fn check_text(text: &[u8]) -> Result<(), Error> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(400, "InvalidEncoding", "Non-UTF-8 characters are in logs.")),
    }
}

fn unparsable() -> Error {
    Error::new(400, "PostBodyInvalid", "Protobuffer content cannot be parsed.")
}

/// A `LogGroupList` of groups that are already encoded: its one member, number 1, over and over.
pub fn list_of(groups: &[Bytes]) -> Vec<u8> {
    let mut list = Vec::with_capacity(groups.iter().map(|group| LARGEST_FRAME + group.len()).sum());
    for group in groups {
        prost::encoding::encode_key(1, prost::encoding::WireType::LengthDelimited, &mut list);
        prost::encoding::encode_varint(group.len() as u64, &mut list);
        list.extend_from_slice(group);
    }
    list
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

    fn sent(body: &[u8]) -> Result<LogGroup, Error> {
        LogGroup::sent(body, &Clock::fixed(NOW))
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
        let group = sent(&body).unwrap();
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
            if let Err(error) = sent(&bytes) {
                prop_assert_eq!(error.status, 400);
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
                LogGroup::sent(&group_of(good, b"k", b"v"), &clock).unwrap();
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
        let list = list_of(&[Bytes::from_static(b"ab"), Bytes::new(), Bytes::from_static(&[7; 200])]);
        assert_eq!(list.get(..9).unwrap(), b"\x0a\x02ab\x0a\x00\x0a\xc8\x01");
        assert_eq!(list.len(), 9 + 200);
    }
}
