//! Renders the table of permissions: as a guide, and for the pages of resources.

use std::fmt::Write as _;

use provider::privileges::{
    AUDIT, BYOK, CHECKS, ENCRYPTION, JOBS, Job, METRIC_STORES, Need, PASS_ROLE, Privilege, QUERY_ENCRYPTIONS,
    QUERY_ROLES, ROLE, Resource, VERIFY,
};

use crate::page::fill;

/// The guide: its template, with the tables and the documents in their places.
pub fn guide(template: &str) -> String {
    let documents: Vec<String> = JOBS.iter().map(section).collect();
    let mut parts = tables();
    parts.push(("documents", documents.join("\n\n")));
    for (name, _) in &parts {
        assert!(template.contains(&format!("{{{{{name}}}}}")), "{name} is not in the template");
    }
    fill(template, &parts)
}

/// The tables of permissions, by the names that templates have for them.
pub fn tables() -> Vec<(&'static str, String)> {
    let parts = [
        ("table encryption", ENCRYPTION),
        ("table metric_stores", METRIC_STORES),
        ("table byok", BYOK),
        ("table checks", CHECKS),
        ("table audit", AUDIT),
        ("table query_encryptions", QUERY_ENCRYPTIONS),
        ("table query_roles", QUERY_ROLES),
        ("table verify", VERIFY),
        ("table role", ROLE),
        ("table pass_role", PASS_ROLE),
    ];
    parts.map(|(name, part)| (name, table(part))).to_vec()
}

fn table(part: &[Privilege]) -> String {
    let mut table =
        "| Action | Resource | Plan, audit | Apply | What for |\n| --- | --- | --- | --- | --- |".to_owned();
    for privilege in part {
        let resources: Vec<String> =
            patterns(privilege.resources).iter().map(|pattern| format!("`{pattern}`")).collect();
        let _ = write!(
            table,
            "\n| `{}` | {} | {} | {} | {} |",
            privilege.action,
            resources.join(" and "),
            word(privilege.plan),
            word(privilege.apply),
            privilege.purpose
        );
    }
    table
}

fn word(need: Need) -> &'static str {
    match need {
        Need::Unused => "–",
        Need::Optional => "optional",
        Need::Needed => "needed",
    }
}

fn patterns(resources: &[Resource]) -> Vec<&'static str> {
    resources.iter().flat_map(|resource| resource.patterns()).copied().collect()
}

/// The document of a job, under its heading.
fn section(job: &Job) -> String {
    let statements = statements(job);
    let needed = statements.iter().filter(|statement| statement.need == Need::Needed).count();
    let which = match (needed, statements.len() - needed) {
        (0, _) => "All statements are optional.".to_owned(),
        (_, 0) => "All statements are needed.".to_owned(),
        (1, optional) => format!("The first statement is needed. The {optional} after it are optional."),
        (needed, optional) => {
            format!("The first {needed} statements are needed. The {optional} after them are optional.")
        }
    };
    let statements: Vec<String> = statements.iter().map(Statement::to_json).collect();
    format!(
        "### {}\n\n{which}\n\n```json\n{{\n  \"Version\": \"1\",\n  \"Statement\": [\n{}\n  ]\n}}\n```",
        job.title,
        statements.join(",\n")
    )
}

/// A statement of a policy document.
struct Statement {
    need: Need,
    resources: &'static [Resource],
    actions: Vec<&'static str>,
}

/// The permissions of a job, those on the same resources in one statement.
fn statements(job: &Job) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for (privilege, need) in job.privileges() {
        let Privilege { action, resources, .. } = *privilege;
        let same = |statement: &&mut Statement| statement.need == need && statement.resources == resources;
        match statements.iter_mut().find(same) {
            Some(statement) => statement.actions.push(action),
            None => statements.push(Statement { need, resources, actions: vec![action] }),
        }
    }
    statements
}

impl Statement {
    fn to_json(&self) -> String {
        let list = |items: &[&str]| {
            let items: Vec<String> = items.iter().map(|item| format!("        {item:?}")).collect();
            format!("[\n{}\n      ]", items.join(",\n"))
        };
        format!(
            "    {{\n      \"Effect\": \"Allow\",\n      \"Action\": {},\n      \"Resource\": {}\n    }}",
            list(&self.actions),
            list(&patterns(self.resources))
        )
    }
}
