//! `/_emulator/projects/…`: writing past the service's rules, as drift would.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use serde_json::{Map, Value};

use super::answer::{Answer, ControlError, empty_answer, json_answer, parse, root};
use crate::json::Node;
use crate::sls::seeding::unchecked_logstore;
use crate::sls::{Logstore, Model, Project, View, is_logstore_name, is_project_name};
use crate::state::State;

pub(super) async fn put_project(
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let document = if body.is_empty() { Value::Object(Map::new()) } else { parse(&body)? };
    let node = root(&document);
    node.object_of(&["region", "description"])?;
    if !is_project_name(&name) {
        return Err(Node::root("project", &document)
            .problem(format!("{name:?} is not a project name"))
            .into());
    }
    let region = node.member("region").map(|region| region.nonempty_string()).transpose()?;
    let mut project = Project::new(region.unwrap_or(&state.region), state.clock.unix());
    if let Some(description) = node.member("description") {
        description.string()?.clone_into(&mut project.description);
    }
    write(&state, |model| {
        model.set_project(&name, project);
        Ok(())
    })
}

pub(super) async fn delete_project(Shared(state): Shared<Arc<State>>, Path(name): Path<String>) -> Answer {
    write(&state, |model| {
        existing_project(model, &name)?;
        model.remove_project(&name);
        Ok(())
    })
}

pub(super) async fn get_logstore(
    Shared(state): Shared<Arc<State>>,
    Path((project, name)): Path<(String, String)>,
) -> Answer {
    let model = state.sls();
    let logstore = existing_logstore(&model, &project, &name)?;
    Ok(json_answer(&Value::Object(logstore.members.clone())))
}

pub(super) async fn put_logstore(
    Shared(state): Shared<Arc<State>>,
    Path((project, name)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let document = parse(&body)?;
    let members = root(&document).object()?.clone();
    if !is_logstore_name(&name) {
        return Err(Node::root("logstore", &document)
            .problem(format!("{name:?} is no Logstore name"))
            .into());
    }
    write(&state, |model| {
        existing_project(model, &project)?;
        let now = state.clock.unix();
        let mut logstore = unchecked_logstore(&name, members, now);
        if let Some(stored) = model.logstore(&project, &name, View::Current) {
            logstore = Logstore { members: logstore.members, ..stored.clone() };
            logstore.fit_shards(now);
        }
        model.set_logstore(&project, &name, logstore);
        Ok(())
    })
}

/// Merges the members of the body into the Logstore; `null` takes a member away.
pub(super) async fn patch_logstore(
    Shared(state): Shared<Arc<State>>,
    Path((project, name)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let document = parse(&body)?;
    let changes = root(&document).object()?;
    write(&state, |model| {
        let mut logstore = existing_logstore(model, &project, &name)?.clone();
        for (member, value) in changes {
            match value {
                Value::Null => drop(logstore.members.remove(member)),
                value => drop(logstore.members.insert(member.clone(), value.clone())),
            }
        }
        logstore.fit_shards(state.clock.unix());
        model.set_logstore(&project, &name, logstore);
        Ok(())
    })
}

pub(super) async fn delete_logstore(
    Shared(state): Shared<Arc<State>>,
    Path((project, name)): Path<(String, String)>,
) -> Answer {
    write(&state, |model| {
        existing_logstore(model, &project, &name)?;
        model.remove_logstore(&project, &name);
        Ok(())
    })
}

/// Changes the model.
fn write(state: &State, change: impl FnOnce(&mut Model) -> Result<(), ControlError>) -> Answer {
    let mut model = state.sls();
    change(&mut model)?;
    state.submit_changes(&mut model)?;
    Ok(empty_answer())
}

fn existing_project(model: &Model, name: &str) -> Result<(), ControlError> {
    match model.project(name, View::Current) {
        Some(_) => Ok(()),
        None => Err(ControlError::NotFound(format!("there is no project {name}"))),
    }
}

fn existing_logstore<'a>(model: &'a Model, project: &str, name: &str) -> Result<&'a Logstore, ControlError> {
    existing_project(model, project)?;
    model
        .logstore(project, name, View::Current)
        .ok_or_else(|| ControlError::NotFound(format!("there is no Logstore {name} in project {project}")))
}
