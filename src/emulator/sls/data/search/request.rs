//! What a search asks for.

use serde_json::{Map, Value};

use super::matching::Entry;
use super::query::Query as Search;
use crate::error::Error;
use crate::target::Query;

/// How many logs an answer holds at most, and when the call does not say.
const MOST_LINES: usize = 100;

/// A search.
#[derive(Debug)]
pub struct Request {
    /// The first second.
    pub from: i64,
    /// The second behind the last.
    pub to: i64,
    /// Only logs of this topic; all when empty.
    pub topic: String,
    /// The query as sent.
    pub text: String,
    /// The query.
    pub query: Search,
    /// How many logs to answer with at most.
    pub line: usize,
    /// How many to pass over first.
    pub offset: usize,
    /// Whether the newest come first.
    pub reverse: bool,
}

impl Request {
    /// Reads the parameters of `GetLogs`.
    ///
    /// # Errors
    ///
    /// `ParameterInvalid`, `InvalidTimeRange`, `InvalidQueryString`, `InvalidLine`, `InvalidOffset`,
    /// `InvalidReverse`, `NotSupported` for SQL.
    pub fn from_query(query: &Query) -> Result<Self, Error> {
        Self::from_members(|name| query.get(name).map(str::to_owned))
    }

    /// Reads the body of `GetLogsV2`; numbers and flags may also come as strings.
    ///
    /// # Errors
    ///
    /// As for [`Request::from_query`].
    pub fn from_body(body: &Map<String, Value>) -> Result<Self, Error> {
        Self::from_members(|name| match body.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
    }

    fn from_members(parameter: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let parameter = |name: &str| parameter(name).filter(|value| !value.is_empty());
        let time = |name: &str| {
            let time = parameter(name).and_then(|text| text.parse::<i64>().ok());
            time.ok_or_else(|| Error::parameter_invalid(format!("[{name}] is missing or no time")))
        };
        let (from, to) = (time("from")?, time("to")?);
        if from >= to {
            return Err(Error::new(400, "InvalidTimeRange", "request time range is invalid."));
        }
        let number = |name: &str, code: &str, default: usize| match parameter(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Error::new(400, code, format!("{name} is invalid."))),
        };
        let line = number("line", "InvalidLine", MOST_LINES)?;
        if line > MOST_LINES {
            return Err(Error::new(400, "InvalidLine", "line is invalid."));
        }
        let reverse = match parameter("reverse").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::new(400, "InvalidReverse", "reverse is invalid.")),
        };
        let text = parameter("query").unwrap_or_default();
        Ok(Self {
            from,
            to,
            topic: parameter("topic").unwrap_or_default(),
            query: Search::parse(&text)?,
            text,
            line,
            offset: number("offset", "InvalidOffset", 0)?,
            reverse,
        })
    }

    /// Whether a log is looked for.
    pub fn wants(&self, entry: &Entry) -> bool {
        (self.from..self.to).contains(&entry.time)
            && (self.topic.is_empty() || entry.topic() == self.topic)
            && self.query.matches(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(query: &str, code: &str) {
        assert_eq!(Request::from_query(&Query::parse(query)).unwrap_err().code, code);
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let request = Request::from_query(&Query::parse("from=1&to=2&topic=&query=")).unwrap();
        assert_eq!((request.line, request.offset, request.reverse), (100, 0, false));
    }

    #[test]
    fn the_body_has_the_same_members_in_json() {
        for body in [
            json!({"from": 1, "to": 9, "line": 5, "offset": 2, "reverse": true, "topic": null}),
            json!({"from": "1", "to": "9", "line": "5", "offset": "2", "reverse": "true", "query": ""}),
        ] {
            let request = Request::from_body(body.as_object().unwrap()).unwrap();
            assert_eq!((request.from, request.to, request.line), (1, 9, 5));
            assert_eq!((request.offset, request.reverse), (2, true));
        }
    }

    #[test]
    fn bad_parameters_have_errors_of_their_own() {
        refused("to=2", "ParameterInvalid");
        refused("from=x&to=2", "ParameterInvalid");
        refused("from=2&to=2", "InvalidTimeRange");
        refused("from=1&to=2&line=101", "InvalidLine");
        refused("from=1&to=2&line=-1", "InvalidLine");
        refused("from=1&to=2&offset=x", "InvalidOffset");
        refused("from=1&to=2&reverse=1", "InvalidReverse");
        refused("from=1&to=2&query=(a", "InvalidQueryString");
        refused("from=1&to=2&query=*|select%201", "NotSupported");
    }
}
