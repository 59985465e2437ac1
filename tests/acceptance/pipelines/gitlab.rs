//! `examples/ci/gitlab`: the script of each job, in a checkout of its own, with what GitLab would give it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value};

use super::account::System;
use super::checkout::Outcome;
use super::servers::{JOB, token};
use super::workflow::{elements, members, read, text};
use super::world::World;

type Variables = BTreeMap<String, String>;

/// A pipeline.
struct Pipeline<'a> {
    world: &'a World,
    file: Value,
    predefined: Variables,
    branch: &'static str,
    /// The files that jobs have handed on, by their paths.
    artifacts: RefCell<BTreeMap<String, Vec<u8>>>,
}

/// The members of the file that are not jobs.
const GLOBAL: [&str; 3] = ["image", "stages", "variables"];

impl<'a> Pipeline<'a> {
    /// One that this event has started: `merge_request_event`, `push` or `schedule`.
    fn of(world: &'a World, event: &str, branch: &'static str) -> Pipeline<'a> {
        let mut predefined = BTreeMap::from([
            ("CI_API_V4_URL", world.states.url()),
            ("CI_JOB_ID", "17".to_owned()),
            ("CI_JOB_TOKEN", JOB.1.to_owned()),
            ("CI_PIPELINE_SOURCE", event.to_owned()),
            ("CI_PROJECT_ID", "7".to_owned()),
        ]);
        if event != "merge_request_event" {
            predefined.insert("CI_COMMIT_BRANCH", branch.to_owned());
        }
        let predefined = predefined.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let file = read("ci/gitlab/.gitlab-ci.yml");
        Pipeline { world, file, predefined, branch, artifacts: RefCell::default() }
    }

    /// The jobs of this pipeline in the order of their stages, and whether somebody has to start them.
    fn jobs(&self) -> Vec<(String, bool)> {
        let jobs = members(&self.file).into_iter().filter(|(name, _)| !GLOBAL.contains(&name.as_str()));
        let stages = elements(&self.file["stages"]);
        let mut jobs: Vec<_> = jobs
            .filter_map(|(name, job)| {
                let rule =
                    elements(&job["rules"]).iter().find(|rule| self.holds(rule["if"].as_str().unwrap()))?;
                let stage = stages.iter().position(|stage| *stage == job["stage"]).unwrap();
                Some((stage, name, rule["when"] == "manual"))
            })
            .collect();
        jobs.sort();
        jobs.into_iter().map(|(_, name, is_manual)| (name, is_manual)).collect()
    }

    /// Whether a rule's condition holds: comparisons with texts, all of which must hold.
    fn holds(&self, condition: &str) -> bool {
        condition.split(" && ").all(|comparison| {
            let (variable, value) = comparison.split_once(" == ").unwrap();
            let found = self.predefined.get(variable.strip_prefix('$').unwrap());
            found.map(String::as_str) == Some(value.trim_matches('"'))
        })
    }

    /// Runs a job once for each row of its matrix.
    fn run(&self, name: &str) -> Vec<Outcome> {
        assert!(self.jobs().iter().any(|(job, _)| job == name), "{name} is not part of this pipeline");
        let job = &self.file[name];
        let rows = elements(&job["parallel"]["matrix"]).iter().flat_map(|entry| rows_of(&members(entry)));
        rows.enumerate().map(|(number, row)| self.row(&format!("{name}-{number}"), job, &row)).collect()
    }

    fn row(&self, name: &str, job: &Value, row: &Variables) -> Outcome {
        let repository = &self.world.repository;
        let checkout = repository.checkout(name);
        for (path, content) in &*self.artifacts.borrow() {
            fs::write(checkout.join(path), content).unwrap();
        }
        let mut variables = self.predefined.clone();
        let own = [&self.file["variables"], &job["variables"]].into_iter().flat_map(members);
        variables.extend(own.map(|(name, value)| (name, text(&value))));
        variables.extend(row.clone());
        for (variable, settings) in members(&job["id_tokens"]) {
            assert_eq!(settings["aud"], super::account::AUDIENCE);
            let subject = format!("project_path:octo-group/logstores:ref_type:branch:ref:{}", self.branch);
            variables.insert(variable, token(System::GitLab, &subject));
        }
        let mut environment =
            row.get("ACCOUNT").map(|id| self.world.account(id).endpoints()).unwrap_or_default();
        environment
            .extend(variables.keys().map(|name| (name.clone(), expanded(&variables[name], &variables))));
        let script: Vec<_> = elements(&job["script"]).iter().map(|line| line.as_str().unwrap()).collect();
        let outcome = repository.run(&checkout, &script.join("\n"), &environment);
        for path in elements(&job["artifacts"]["paths"]) {
            let path = expanded(path.as_str().unwrap(), &variables);
            if let Ok(content) = fs::read(checkout.join(&path)) {
                self.artifacts.borrow_mut().insert(path, content);
            }
        }
        outcome
    }

    #[track_caller]
    fn succeeds(&self, name: &str) -> Vec<Outcome> {
        let outcomes = self.run(name);
        for outcome in &outcomes {
            outcome.ended_with(0);
        }
        outcomes
    }
}

/// An entry of a matrix: one row for each value of a list.
fn rows_of(entry: &Map<String, Value>) -> Vec<Variables> {
    let first = || vec![Variables::new()];
    entry.iter().fold(first(), |rows, (name, value)| {
        let values = if value.is_array() { elements(value).to_vec() } else { vec![value.clone()] };
        rows.iter()
            .flat_map(|row| {
                values.iter().map(|value| {
                    let mut row = row.clone();
                    row.insert(name.clone(), text(value));
                    row
                })
            })
            .collect()
    })
}

/// A text with the values of the variables it names, and of those that they name; nothing for one that is not set.
fn expanded(value: &str, variables: &Variables) -> String {
    let mut parts = value.split('$');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |expanded_so_far, part| {
        let (name, rest) = match part.strip_prefix('{') {
            Some(part) => part.split_once('}').unwrap(),
            None => part
                .split_at(part.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(part.len())),
        };
        let value = variables.get(name).map(|value| expanded(value, variables));
        expanded_so_far + &value.unwrap_or_default() + rest
    })
}

#[test]
fn a_merge_request_is_planned_and_a_push_to_main_is_applied_by_another_role() {
    let world = World::of(System::GitLab);
    let request = Pipeline::of(&world, "merge_request_event", "feature");
    assert_eq!(request.jobs(), [("check".to_owned(), false), ("plan".to_owned(), false)]);
    request.succeeds("check");
    let plans = request.succeeds("plan");
    let lines = plans.iter().map(|plan| plan.stdout.matches("| configure | 1 | ").count());
    assert_eq!(lines.collect::<Vec<_>>(), [2, 1]);
    assert_eq!(request.artifacts.borrow().len(), 4);
    world.nothing_was_written();

    let push = Pipeline::of(&world, "push", "main");
    assert_eq!(push.jobs(), [("plan".to_owned(), false), ("apply".to_owned(), true)]);
    push.succeeds("plan");
    world.nothing_was_written();
    push.succeeds("apply");
    for account in &world.accounts {
        assert!(account.is_encrypted());
        assert!(account.writes().iter().all(|(_, principal)| principal.contains("terraform-apply")));
    }
    let states = world.states.instances();
    let names = ["audit-cn-shanghai", "prod-cn-hangzhou"];
    let paths = names.map(|name| format!("/projects/7/terraform/state/{name}"));
    assert_eq!(states.keys().collect::<Vec<_>>(), paths.iter().collect::<Vec<_>>());

    world.forget_calls();
    let night = Pipeline::of(&world, "schedule", "main");
    assert_eq!(night.jobs(), [("drift".to_owned(), false), ("report".to_owned(), false)]);
    night.succeeds("drift");
    night.succeeds("report");
    world.nothing_was_written();
}

#[test]
fn a_merge_request_cannot_become_the_role_that_applies() {
    let world = World::of(System::GitLab);
    let mut request = Pipeline::of(&world, "merge_request_event", "feature");
    request.file["plan"]["variables"]["ALIBABA_CLOUD_ROLE_ARN"] =
        "acs:ram::${ACCOUNT}:role/terraform-apply".into();
    for plan in request.run("plan") {
        plan.ended_with(1).says(&["AssumeRoleWithOIDC", "terraform-apply"]);
    }
    world.nothing_was_written();
}
