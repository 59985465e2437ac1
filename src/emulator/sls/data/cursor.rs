//! Cursors: places in a shard
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-getcursor>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::DataCall;
use super::target::{Opener, Target};
use crate::error::Error;
use crate::http::Reply;

/// A place in a shard: the position of a block, or the one behind the last. On the wire it is the base64
/// of a decimal number, as at the service; here the number is the position itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub u64);

impl Cursor {
    /// The cursor as clients get it.
    pub fn encode(self) -> String {
        STANDARD.encode(self.0.to_string())
    }

    /// Reads a cursor into a shard that has `length` blocks.
    ///
    /// # Errors
    ///
    /// `ParameterInvalid` for a text that is not a cursor, or a cursor behind the end.
    pub fn decode(text: &str, length: u64) -> Result<Self, Error> {
        let digits = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let position = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|position| *position <= length);
        position.map(Self).ok_or_else(|| Error::parameter_invalid(format!("Invalid cursor {text}.")))
    }
}

/// `GetCursor`: the place of the first block, of the next one to be written, or of the first that was
/// received at a time or later.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `ShardNotExist`, `ParameterInvalid`, and that the customer's key
/// cannot be used.
pub fn get_cursor(call: &DataCall) -> Result<Reply, Error> {
    let target = Target::find(call, &call.state.sls())?;
    let shard = target.shard(call)?.id;
    let mut opener = Opener::new(call, &target)?;
    let length = length(call, &target, shard)?;
    let from = call.call.query.get("from").unwrap_or_default();
    let position = match from {
        "begin" => 0,
        "end" => length,
        time => {
            let time: i64 =
                time.parse().map_err(|_| Error::parameter_invalid(format!("Invalid from {time}.")))?;
            first_received(length, time, |position| received(call, &target, &mut opener, shard, position))?
        }
    };
    Ok(Reply::json(200, &json!({"cursor": Cursor(position).encode()})))
}

/// `GetCursorTime`: when the block at a cursor was received; the present time behind the last.
///
/// # Errors
///
/// As for [`get_cursor`].
pub fn get_cursor_time(call: &DataCall) -> Result<Reply, Error> {
    let target = Target::find(call, &call.state.sls())?;
    let shard = target.shard(call)?.id;
    let mut opener = Opener::new(call, &target)?;
    let length = length(call, &target, shard)?;
    let Cursor(position) = Cursor::decode(call.call.query.get("cursor").unwrap_or_default(), length)?;
    let time = if position == length {
        call.state.clock.unix()
    } else {
        received(call, &target, &mut opener, shard, position)?
    };
    Ok(Reply::json(200, &json!({"cursor_time": time})))
}

/// How many blocks of a shard can be read.
pub fn length(call: &DataCall, target: &Target, shard: u32) -> Result<u64, Error> {
    call.state.store.length(target.owner.number, shard).map_err(|error| Error::storage(&error))
}

/// When the block at a position was received.
fn received(
    call: &DataCall,
    target: &Target,
    opener: &mut Opener<'_>,
    shard: u32,
    position: u64,
) -> Result<i64, Error> {
    let blocks = call.state.store.blocks(target.address(shard, position), 1, 0);
    let blocks = blocks.map_err(|error| Error::storage(&error))?;
    // Gone: the Logstore was deleted while this call was under way.
    let (address, block) =
        blocks.into_iter().next().ok_or_else(|| Error::logstore_not_exist(&target.owner.logstore))?;
    Ok(opener.open(address, &block)?.received)
}

/// The first of `length` positions whose block was received at `time` or later, or `length`. Times follow
/// the positions, unless the emulator's clock was turned back.
fn first_received(
    length: u64,
    time: i64,
    mut received: impl FnMut(u64) -> Result<i64, Error>,
) -> Result<u64, Error> {
    let (mut from, mut to) = (0, length);
    while from < to {
        let middle = from + (to - from) / 2;
        if received(middle)? < time {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    Ok(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_the_base64_of_a_decimal_number() {
        assert_eq!(Cursor(1_447_299_606_896_632_356).encode(), "MTQ0NzI5OTYwNjg5NjYzMjM1Ng==");
        assert_eq!(Cursor::decode("MTI=", 12), Ok(Cursor(12)));
    }

    #[test]
    fn what_is_no_place_in_the_shard_is_refused() {
        // Of "12", "+1", "" and "x", and no base64.
        for (text, length) in [("MTI=", 11), ("KzE=", 5), ("", 5), ("eA==", 5), ("!", 5)] {
            let error = Cursor::decode(text, length).unwrap_err();
            assert_eq!((error.status, error.message), (400, format!("Invalid cursor {text}.")));
        }
    }

    #[test]
    fn a_time_finds_the_first_block_received_then_or_later() {
        let times = [10, 10, 20, 30, 30];
        for (time, expected) in [(0, 0), (10, 0), (11, 2), (20, 2), (21, 3), (30, 3), (31, 5)] {
            let found = first_received(5, time, |position| Ok(times[usize::try_from(position).unwrap()]));
            assert_eq!(found, Ok(expected), "{time}");
        }
        assert_eq!(first_received(0, 5, |_| Err(Error::internal_server_error())), Ok(0));
    }
}
