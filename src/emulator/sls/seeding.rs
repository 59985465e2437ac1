//! Projects and Logstores as a seed file describes them.

use serde_json::{Map, Value};

use super::encryption::{self, configured};
use super::fields::{self, ENCRYPT_CONF};
use super::limits;
use super::model::{Logstore, Model, Project};
use super::names::{is_logstore_name, is_project_name};
use super::versioned::View;
use super::violation::Violation;
use crate::Rules;
use crate::json::{Node, Problem};

/// Reads `projects`.
///
/// # Errors
///
/// The first thing that is not as it should be.
pub fn read_projects(projects: &Node<'_>, region: &str, now: i64) -> Result<Model, Problem> {
    let mut model = Model::default();
    for node in projects.elements()? {
        read_project(&mut model, &node, region, now)?;
    }
    model.forget_history();
    Ok(model)
}

/// A Logstore with these members, and defaults for what GetLogStore always answers with; nothing is
/// checked.
pub fn unchecked_logstore(name: &str, mut members: Map<String, Value>, now: i64) -> Logstore {
    members.insert("logstoreName".to_owned(), name.into());
    for time in ["createTime", "lastModifyTime"] {
        members.entry(time).or_insert_with(|| now.into());
    }
    fields::fill_in(&mut members);
    let mut logstore = Logstore { members, ..Logstore::default() };
    logstore.fit_shards(now);
    logstore
}

fn read_project(model: &mut Model, node: &Node<'_>, region: &str, now: i64) -> Result<(), Problem> {
    node.object_of(&["name", "region", "description", "logstores"])?;
    let name_node = node.required("name")?;
    let name = name_node.string()?;
    if !is_project_name(name) {
        return Err(name_node.problem(format!(
            "{name:?} is not a project name: expected 3 to 63 lower-case letters, digits and hyphens, with a \
             letter or digit at both ends"
        )));
    }
    if model.project(name, View::Current).is_some() {
        return Err(name_node.problem(format!("there is already a project called {name:?}")));
    }
    let region = match node.member("region") {
        Some(region) => region.nonempty_string()?,
        None => region,
    };
    let mut project = Project::new(region, now);
    if let Some(description) = node.member("description") {
        description.string()?.clone_into(&mut project.description);
    }
    model.set_project(name, project);
    let logstores = node.member("logstores").map(|list| list.elements()).transpose()?;
    for node in logstores.unwrap_or_default() {
        let logstore_name = read_logstore_name(&node)?;
        if model.logstore(name, &logstore_name, View::Current).is_some() {
            let problem = format!("project {name:?} already has a Logstore called {logstore_name:?}");
            return Err(node.problem_in("logstoreName", problem));
        }
        model.set_logstore(name, &logstore_name, read_logstore(&node, &logstore_name, now)?);
    }
    Ok(())
}

fn read_logstore_name(node: &Node<'_>) -> Result<String, Problem> {
    node.object()?;
    let name_node = node.required("logstoreName")?;
    let name = name_node.string()?;
    if !is_logstore_name(name) {
        return Err(name_node.problem(format!(
            "{name:?} is no Logstore name: expected 2 to 63 lower-case letters, digits, hyphens and \
             underscores, with a letter or digit at both ends"
        )));
    }
    Ok(name.to_owned())
}

fn read_logstore(node: &Node<'_>, name: &str, now: i64) -> Result<Logstore, Problem> {
    let members = node.object()?;
    let in_node = |violation: Violation| node.problem_in(&violation.field, violation.message);
    fields::check_types(members).map_err(in_node)?;
    check_encrypt_conf(members).map_err(in_node)?;
    let logstore = unchecked_logstore(name, members.clone(), now);
    limits::check_shard_count(&logstore.members).map_err(in_node)?;
    limits::validate(&logstore.members).map_err(in_node)?;
    Ok(logstore)
}

/// A configuration in a seed has to be one that a call could have made.
fn check_encrypt_conf(members: &Map<String, Value>) -> Result<(), Violation> {
    let Some(conf) = members.get(ENCRYPT_CONF).and_then(Value::as_object) else { return Ok(()) };
    let names = &encryption::ENCRYPT_CONF;
    let conf = names.parse(conf, Rules::Strict)?;
    match configured(None, &conf, names) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => {
            let message =
                "a configured Logstore has an algorithm, leave encrypt_conf out for one that is not";
            Err(Violation::new("encrypt_conf.encrypt_type", message))
        }
        Err(error) => Err(Violation::new("encrypt_conf", error.message)),
    }
}
