//! `/_emulator/`: a page for people that shows the state, and `/_emulator/state`: the state in JSON.

mod account;
mod bounds;
mod projects;

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{RawQuery, State as Shared};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::answer::json_answer;
use crate::clock::iso_8601;
use crate::http::Reply;
use crate::state::State;
use crate::target::Query;
use crypto::sha256;

/// The page: one file, which asks for nothing but `/_emulator/state`.
const PAGE: &str = include_str!("../status.html");

/// How many calls are shown.
const CALLS: usize = 50;

/// What the page may do: run and look as it is written here, and ask its own origin. Log data that would
/// find its way into it could do nothing.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |element| format!("'sha256-{}'", STANDARD.encode(sha256(content_of(element).as_bytes())));
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    )
});

/// The content of the page's only element of this name.
fn content_of(element: &str) -> &'static str {
    let inside = PAGE.split_once(&format!("<{element}>")).map_or("", |(_, inside)| inside);
    inside.split_once(&format!("</{element}>")).map_or("", |(inside, _)| inside)
}

pub(super) async fn page() -> Response<Body> {
    Reply::raw(200, "text/html; charset=utf-8", PAGE.as_bytes().to_vec())
        .with_header("content-security-policy", POLICY.clone())
        .with_header("x-content-type-options", "nosniff".to_owned())
        .with_header("referrer-policy", "no-referrer".to_owned())
        .with_header("cache-control", "no-store".to_owned())
        .into_response()
}

/// The page's relative addresses need the slash.
pub(super) async fn to_page() -> Response<Body> {
    Redirect::permanent("/_emulator/").into_response()
}

/// The state. With `?filter=` only the projects and Logstores whose names contain that text, in any case.
pub(super) async fn state(Shared(state): Shared<Arc<State>>, RawQuery(query): RawQuery) -> Response<Body> {
    // Of each shard a block is read.
    let looked = tokio::task::spawn_blocking(move || {
        let query = Query::parse(&query.unwrap_or_default());
        everything(&state, query.get("filter").unwrap_or_default())
    });
    match looked.await {
        Ok(everything) => json_answer(&everything),
        Err(error) => {
            tracing::error!(%error, "looking at the state failed");
            Reply::json(500, &json!({"error": "looking at the state failed; the log says more"}))
                .into_response()
        }
    }
}

/// What there is, within bounds, and without secrets: no key material, no access key's secret, no data in clear but
/// what lies in clear. `left_out` says of how much of each kind there is more.
fn everything(state: &State, filter: &str) -> Value {
    let now = state.clock.unix();
    let directory = state.identity.current();
    let projects = projects::projects(state, filter);
    let lists = [
        ("faults", bounds::first(state.faults.to_json())),
        ("held_calls", bounds::first(state.faults.held_to_json())),
        ("projects", (projects.shown, projects.left_out)),
        ("keys", account::keys(&state.keys.current(), &state.account_id, now, &projects.keys)),
        ("roles", account::roles(&directory, &projects.roles)),
        ("users", account::users(&directory)),
        ("groups", account::groups(&directory)),
        ("oidc_providers", account::oidc_providers(&directory)),
    ];
    let mut members = Map::new();
    let mut more = Map::new();
    for (name, (shown, left_out)) in lists {
        members.insert(name.to_owned(), shown.into());
        if left_out > 0 {
            more.insert(name.to_owned(), left_out.into());
        }
    }
    let others = [
        ("account_id", state.account_id.clone().into()),
        ("region", state.region.clone().into()),
        ("time", iso_8601(now).into()),
        ("clock_offset_seconds", state.clock.advanced().into()),
        ("logstores", projects.logstores),
        ("unreadable", projects.unreadable.into()),
        ("quotas", state.quotas.to_json(Instant::now())),
        ("requests", state.requests.latest(CALLS).into()),
        ("left_out", more.into()),
    ];
    members.extend(others.map(|(name, value)| (name.to_owned(), value)));
    members.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_file_that_asks_for_nothing_else() {
        for element in ["script", "style"] {
            assert_eq!(PAGE.matches(&format!("<{element}")).count(), 1, "{element}");
            assert!(!content_of(element).trim().is_empty(), "{element}");
        }
        for elsewhere in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!PAGE.contains(elsewhere), "{elsewhere}");
        }
        assert!(!PAGE.contains("style=\""), "the policy does not allow it");
    }

    #[test]
    fn the_page_never_makes_markup_of_data() {
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
            assert!(!PAGE.contains(word), "{word}");
        }
    }

    #[test]
    fn the_policy_names_hashes_and_nothing_inline() {
        assert_eq!(POLICY.matches("'sha256-").count(), 2);
        assert!(!POLICY.contains("unsafe"), "{}", *POLICY);
    }
}
