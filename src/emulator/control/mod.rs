//! The control API under `/_emulator/`: what tests ask of an emulator that a service would not tell, and
//! order from it that a service would not do.

mod answer;
mod direct;
mod faults;
mod keys;
mod logs;
mod quotas;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Shared};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, patch, post, put};
use serde_json::json;

use self::answer::{Answer, ControlError, empty_answer, json_answer, parse, root};
use super::clock::iso_8601;
use super::http::Reply;
use super::state::{ClockError, State};

/// The most `advance_seconds` moves the clock by, either way: 100 years.
const FURTHEST_ADVANCE: i64 = 100 * 366 * 24 * 60 * 60;

/// The routes.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/_emulator/state", get(status::state))
        .route("/_emulator/clock", post(advance_clock))
        .route("/_emulator/reset", post(reset))
        .route("/_emulator/projects/{project}", put(direct::put_project).delete(direct::delete_project))
        .route(
            "/_emulator/projects/{project}/logstores/{logstore}",
            get(direct::get_logstore)
                .put(direct::put_logstore)
                .patch(direct::patch_logstore)
                .delete(direct::delete_logstore),
        )
        .route("/_emulator/projects/{project}/logstores/{logstore}/logs", get(logs::newest).post(logs::put))
        .route("/_emulator/keys/{key}", patch(keys::patch))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&state), once_durable))
        // What these show is not stored.
        .route("/_emulator", get(status::to_page))
        .route("/_emulator/", get(status::page))
        .route("/_emulator/health", get(health))
        .route("/_emulator/requests", get(requests).delete(forget_requests))
        .route("/_emulator/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/_emulator/faults/{fault}", delete(faults::remove))
        .route("/_emulator/faults/held", get(faults::list_held))
        .route("/_emulator/faults/release", post(faults::release))
        .route("/_emulator/faults/release/{call}", post(faults::release_call))
        .route("/_emulator/quotas", get(quotas::list).put(quotas::set).delete(quotas::clear))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
}

/// Answers once everything that the answer may show is durable.
async fn once_durable(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Answer {
    let answer = next.run(request).await;
    state.wait_durable().await?;
    Ok(answer)
}

async fn health(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    let time = iso_8601(state.clock.unix());
    // The clock may have been moved.
    let status = if state.wait_durable().await.is_ok() { "ok" } else { "failed" };
    json_answer(&json!({
        "status": status,
        "account_id": state.account_id,
        "region": state.region,
        "time": time,
    }))
}

async fn requests(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    Reply::raw(200, "application/json", state.requests.to_json().into_bytes()).into_response()
}

async fn forget_requests(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.requests.clear();
    empty_answer()
}

async fn advance_clock(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let document = parse(&body)?;
    let root = root(&document);
    root.object_of(&["advance_seconds"])?;
    let node = root.required("advance_seconds")?;
    let seconds = node.integer()?;
    if !(-FURTHEST_ADVANCE..=FURTHEST_ADVANCE).contains(&seconds) {
        return Err(node.problem(format!("expected at most {FURTHEST_ADVANCE} seconds")).into());
    }
    state.advance_clock(seconds).map_err(|error| match error {
        ClockError::OutOfSpan(error) => node.problem(error.to_string()).into(),
        ClockError::Unwritable(error) => ControlError::from(error),
    })?;
    Ok(json_answer(&json!({"time": iso_8601(state.clock.unix())})))
}

async fn reset(Shared(state): Shared<Arc<State>>) -> Answer {
    state.reset()?;
    Ok(empty_answer())
}

async fn unknown_path() -> Response<Body> {
    Reply::json(404, &json!({"error": "the control API has no such path"})).into_response()
}

async fn wrong_method() -> Response<Body> {
    Reply::json(405, &json!({"error": "the control API has this path, but not with this method"}))
        .into_response()
}
