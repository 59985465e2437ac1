//! Keys as a seed file describes them.

use super::model::{ASYMMETRIC_SPECS, Key, SYMMETRIC_SPECS, USAGES};
use super::{KeyState, Keys};
use crate::json::{Node, Problem};

/// How far away the deletion of a key is that a seed has as `PendingDeletion`, in seconds: 7 days, the
/// shortest the service takes.
const PENDING: i64 = 7 * 86_400;

/// Reads `keys`. Each has an `id` and may have `spec`, `usage`, `state`, `region` and `description`. The
/// material is made up at each start.
///
/// # Errors
///
/// The first thing that is not as it should be.
pub fn read_keys(node: &Node<'_>, region: &str, now: i64) -> Result<Keys, Problem> {
    let mut keys = Keys::default();
    for node in node.elements()? {
        node.object_of(&["id", "spec", "usage", "state", "region", "description"])?;
        let id = node.required("id")?;
        let region = node.member("region").map_or(Ok(region), |region| region.nonempty_string())?;
        let mut key = Key::new(id.nonempty_string()?, region, now);
        let specs: Vec<&str> = SYMMETRIC_SPECS.into_iter().chain(ASYMMETRIC_SPECS).collect();
        one_of(&node, "spec", &specs, &mut key.spec)?;
        one_of(&node, "usage", &USAGES, &mut key.usage)?;
        if let Some(description) = node.member("description") {
            description.string()?.clone_into(&mut key.description);
        }
        if let Some(state) = node.member("state") {
            key.state = read_state(&state, now)?;
        }
        if key.state == KeyState::PendingImport {
            "EXTERNAL".clone_into(&mut key.origin);
        }
        if !keys.add(key) {
            return Err(id.problem("there is already a key with this id"));
        }
    }
    Ok(keys)
}

fn one_of(node: &Node<'_>, name: &str, known: &[&str], into: &mut String) -> Result<(), Problem> {
    let Some(member) = node.member(name) else { return Ok(()) };
    let value = member.string()?;
    if !known.contains(&value) {
        return Err(member.problem(format!("{value:?} is none of: {}", known.join(", "))));
    }
    value.clone_into(into);
    Ok(())
}

fn read_state(node: &Node<'_>, now: i64) -> Result<KeyState, Problem> {
    let pending = KeyState::PendingDeletion { at: now.saturating_add(PENDING) };
    let states = [KeyState::Enabled, KeyState::Disabled, pending, KeyState::PendingImport];
    let name = node.string()?;
    states.into_iter().find(|state| state.name() == name).ok_or_else(|| {
        let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
        node.problem(format!("{name:?} is none of: {}", names.join(", ")))
    })
}
