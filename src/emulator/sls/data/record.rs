//! What is sealed into a block: a log group as it was sent, and when it was received.

use axum::body::Bytes;

/// The version of this layout.
const VERSION: u8 = 1;

/// Bytes in front of the log group: the version, and the time in eight bytes, the highest first.
const HEADER: usize = 9;

/// The plaintext of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When the service received the log group, in seconds since the epoch.
    pub received: i64,
    /// A `LogGroup`, as it was sent.
    pub log_group: Bytes,
}

/// The plaintext of a block that holds a log group received at `received`.
pub fn to_plaintext(received: i64, log_group: &[u8]) -> Vec<u8> {
    let mut plaintext = Vec::with_capacity(HEADER + log_group.len());
    plaintext.push(VERSION);
    plaintext.extend_from_slice(&received.to_be_bytes());
    plaintext.extend_from_slice(log_group);
    plaintext
}

impl Record {
    /// Reads the plaintext of a block; `None` if it is not of this version.
    pub fn from_plaintext(plaintext: Vec<u8>) -> Option<Self> {
        let header: [u8; HEADER] = plaintext.get(..HEADER)?.try_into().ok()?;
        let [VERSION, time @ ..] = header else { return None };
        Some(Self { received: i64::from_be_bytes(time), log_group: Bytes::from(plaintext).slice(HEADER..) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for (received, log_group) in [(-1, b"".as_slice()), (1_795_161_600, b"\x0a\x00")] {
            let record = Record { received, log_group: Bytes::from_static(log_group) };
            assert_eq!(Record::from_plaintext(to_plaintext(received, log_group)), Some(record));
        }
    }

    #[test]
    fn what_is_no_record_is_none() {
        let mut other_version = to_plaintext(0, b"");
        other_version[0] = 2;
        for plaintext in [vec![], vec![VERSION; HEADER - 1], other_version] {
            assert_eq!(Record::from_plaintext(plaintext), None);
        }
    }
}
