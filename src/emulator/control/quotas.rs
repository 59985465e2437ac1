//! `/_emulator/quotas`: how many calls a second a service admits.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{Answer, empty_answer, json_answer, parse};
use super::faults;
use crate::json::{self, Problem};
use crate::quotas::Quota;
use crate::state::State;

/// The most calls a second of a quota: more than any machine sends.
const MOST: u64 = 1_000_000;

pub(super) async fn list(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    json_answer(&state.quotas.to_json(Instant::now()))
}

pub(super) async fn set(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let (service, quota) = parse_quota(&parse(&body)?)?;
    state.quotas.set(&service, quota, Instant::now());
    Ok(empty_answer())
}

pub(super) async fn clear(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.quotas.clear();
    empty_answer()
}

/// A quota as it is ordered. `burst` is what one second admits, unless it is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaOrder {
    service: String,
    #[serde(deserialize_with = "json::integer::<_, _, 1, MOST>")]
    requests_per_second: u32,
    #[serde(default, deserialize_with = "json::integer::<_, _, 1, MOST>")]
    burst: u32,
}

fn parse_quota(document: &Value) -> Result<(String, Quota), Problem> {
    let QuotaOrder { service, requests_per_second: per_second, burst } = json::from_value(document)?;
    // A name without actions is not a service.
    faults::known_actions(&service)?;
    Ok((service, Quota { per_second, burst: if burst == 0 { per_second } else { burst } }))
}
