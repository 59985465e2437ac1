//! Every captured request with every letter changed, one at a time: what a signature covers, and what not.

use std::collections::BTreeSet;

use super::tests::{CAPTURED_AT, authentic_call, keys, requests};
use crate::captured::{Captured, Part};

/// The headers of the captured requests that version 1 does not cover: all but the type of a body that holds
/// parameters, without which they would not be found.
const UNCOVERED_BY_V1: [&str; 12] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-md5",
    "host",
    "user-agent",
    "x-acs-action",
    "x-acs-credentials-provider",
    "x-acs-version",
    "x-sdk-client",
    "x-sdk-invoke-type",
];

/// The headers of the captured requests that ACS3 does not cover: those its list does not name.
const UNCOVERED_BY_ACS3: [&str; 2] = ["accept-encoding", "content-length"];

fn uncovered(request: &Captured) -> &'static [&'static str] {
    if request.scheme.starts_with("acs3") { &UNCOVERED_BY_ACS3 } else { &UNCOVERED_BY_V1 }
}

fn is_covered(request: &Captured, part: &Part) -> bool {
    match part {
        Part::Header(name) => !uncovered(request).contains(&name.as_str()),
        Part::Method | Part::Path | Part::Query | Part::Body => true,
    }
}

#[test]
fn every_changed_letter_is_refused_where_the_scheme_covers_it_and_nowhere_else() {
    for request in requests() {
        let keys = keys(&request);
        for (part, changed) in request.changes() {
            let refused =
                changed.parsed().is_none_or(|call| authentic_call(&call, &keys, CAPTURED_AT).is_err());
            assert_eq!(refused, is_covered(&request, &part), "{} {part:?}: {changed:?}", request.name);
        }
    }
}

#[test]
fn the_tables_name_no_header_that_was_not_tried() {
    for (scheme, expected) in [("rpc-v1", &UNCOVERED_BY_V1[..]), ("acs3", &UNCOVERED_BY_ACS3[..])] {
        let requests = requests().into_iter().filter(|request| request.scheme.starts_with(scheme));
        let headers = requests.flat_map(|request| request.headers);
        let sent: BTreeSet<String> = headers.map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert!(expected.iter().all(|name| sent.contains(*name)), "{scheme}: {sent:?}");
    }
}
