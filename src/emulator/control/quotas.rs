//! `/_emulator/quotas`: how many calls a second a service admits.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::Response;

use super::{Answer, done, faults, json_answer, parse, root};
use crate::emulator::json::{Node, Problem};
use crate::emulator::quotas::Quota;
use crate::emulator::state::State;

pub(super) async fn list(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    json_answer(&state.quotas.to_json())
}

pub(super) async fn set(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let document = parse(&body)?;
    let (service, quota) = read(&root(&document))?;
    state.quotas.set(service, quota, Instant::now());
    Ok(done())
}

pub(super) async fn clear(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.quotas.clear();
    done()
}

/// `burst` is what one second admits, unless it is given.
fn read<'a>(node: &Node<'a>) -> Result<(&'a str, Quota), Problem> {
    node.object_of(&["service", "requests_per_second", "burst"])?;
    let service = node.required("service")?;
    // A service without actions is none.
    faults::known_actions(&service)?;
    let per_second = positive(&node.required("requests_per_second")?)?;
    let burst = node.member("burst").map_or(Ok(per_second), |burst| positive(&burst))?;
    Ok((service.string()?, Quota { per_second, burst }))
}

fn positive(node: &Node<'_>) -> Result<u32, Problem> {
    /// More than any machine sends.
    const MOST: u64 = 1_000_000;
    match node.count()? {
        count @ 1..=MOST => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        _ => Err(node.problem(format!("expected a number from 1 to {MOST}"))),
    }
}
