//! `/_emulator/projects/…/logs`: writing and reading logs without an SDK.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};

use super::answer::{Answer, empty_answer, json_answer, parse, root};
use crate::sls;
use crate::state::State;

/// Writes logs, an array of objects, as one log group.
pub(super) async fn put(
    Shared(state): Shared<Arc<State>>,
    Path((project, logstore)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let document = parse(&body)?;
    let logs = root(&document).elements()?;
    let logs = logs.iter().map(|log| log.object().cloned()).collect::<Result<Vec<_>, _>>()?;
    sls::put_directly(&state, &project, &logstore, &logs).await?;
    Ok(empty_answer())
}

/// Gives the newest logs, the newest first.
pub(super) async fn newest(
    Shared(state): Shared<Arc<State>>,
    Path((project, logstore)): Path<(String, String)>,
) -> Answer {
    Ok(json_answer(&sls::newest_directly(&state, &project, &logstore).await?))
}
