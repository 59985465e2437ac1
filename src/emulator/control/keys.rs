//! `/_emulator/keys/…`: switching a key off and on, as somebody at the console of KMS would.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};

use super::answer::{Answer, ControlError, empty_answer, parse, root};
use crate::kms::KeyState;
use crate::persistence;
use crate::state::State;

/// Brings a key into the state `Enabled` or `Disabled`.
pub(super) async fn patch(Shared(state): Shared<Arc<State>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let document = parse(&body)?;
    let node = root(&document);
    node.object_of(&["state"])?;
    let node = node.required("state")?;
    let to = match node.string()? {
        "Enabled" => KeyState::Enabled,
        "Disabled" => KeyState::Disabled,
        _ => return Err(node.problem("expected \"Enabled\" or \"Disabled\"").into()),
    };
    let now = state.clock.unix();
    state.keys.write(
        |keys| {
            let key = keys.key_mut(&id, now);
            let key = key.ok_or_else(|| ControlError::NotFound(format!("there is no key {id}")))?;
            key.enter(to, now);
            Ok::<(), ControlError>(())
        },
        |before, keys| Ok(persistence::submit(before, keys, &state.store)?),
    )?;
    Ok(empty_answer())
}
