//! Every captured request with every letter changed, one at a time: what a signature covers, and what not.

use std::collections::BTreeSet;

use super::tests::{CAPTURED_AT, authentic};
use super::vectors::captured;
use crate::captured::{Captured, Part};

/// The headers of the captured requests that version 1 does not cover. It signs one date: where there is an
/// `x-log-date`, that one takes the place of `Date`, and `Date` is free.
const UNCOVERED_BY_V1: [&str; 7] =
    ["accept", "accept-encoding", "connection", "content-length", "date", "host", "user-agent"];

/// The headers of the captured requests that version 4 does not cover.
const UNCOVERED_BY_V4: [&str; 5] =
    ["accept", "accept-encoding", "connection", "content-length", "user-agent"];

fn is_covered(request: &Captured, part: &Part) -> bool {
    let Part::Header(name) = part else { return true };
    let uncovered = if request.is_v4() { &UNCOVERED_BY_V4[..] } else { &UNCOVERED_BY_V1[..] };
    let is_the_signed_date = name == "date" && !request.has("x-log-date");
    is_the_signed_date || !uncovered.contains(&name.as_str())
}

#[test]
fn every_changed_letter_is_refused_where_the_scheme_covers_it_and_nowhere_else() {
    for request in captured() {
        for (part, changed) in request.changes() {
            let refused = changed.parsed().is_none_or(|call| authentic(&call, CAPTURED_AT).is_err());
            assert_eq!(refused, is_covered(&request, &part), "{} {part:?}: {changed:?}", request.name);
        }
    }
}

#[test]
fn the_tables_name_no_header_that_was_not_tried() {
    for (is_v4, expected) in [(false, &UNCOVERED_BY_V1[..]), (true, &UNCOVERED_BY_V4[..])] {
        let requests = captured().into_iter().filter(|request| request.is_v4() == is_v4);
        let parts = requests.flat_map(|request| {
            let headers = request.headers.iter().filter(|(_, value)| !value.is_empty());
            let parts: Vec<_> = headers.map(|(name, _)| Part::Header(name.to_ascii_lowercase())).collect();
            parts.into_iter().filter(move |part| !is_covered(&request, part))
        });
        let found: BTreeSet<Part> = parts.collect();
        let expected = expected.iter().map(|name| Part::Header((*name).to_owned())).collect();
        assert_eq!(found, expected);
    }
}
