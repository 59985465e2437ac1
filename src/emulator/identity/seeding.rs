//! Users, groups and roles as a seed file describes them.

use serde_json::Value;

use super::attachment::{PolicyTarget, PolicyTargetKind};
use super::directory::Directory;
use super::entity::{Group, Role, User};
use super::names::folded;
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey, PolicyKind};
use super::verification_key::VerificationKey;
use crate::json::{Node, Problem};
use crate::policy::{Grammar, PolicyText};

/// What the names of cloud services' own roles begin with.
const SERVICE_LINKED: &str = "AliyunServiceRoleFor";

/// Reads `groups`, `users`, `roles` and `oidc_providers`, whichever there are.
///
/// # Errors
///
/// The first thing that is not as it should be.
pub fn add_identities(directory: &mut Directory, root: &Node<'_>, now: i64) -> Result<(), Problem> {
    for node in elements(root, "groups")? {
        read_group(directory, &node, now)?;
    }
    for node in elements(root, "users")? {
        read_user(directory, &node, now)?;
    }
    for node in elements(root, "roles")? {
        read_role(directory, &node, now)?;
    }
    for node in elements(root, "oidc_providers")? {
        read_oidc_provider(directory, &node)?;
    }
    Ok(())
}

fn elements<'a>(node: &Node<'a>, name: &str) -> Result<Vec<Node<'a>>, Problem> {
    node.member(name).map_or(Ok(Vec::new()), |list| list.elements())
}

fn read_group(directory: &mut Directory, node: &Node<'_>, now: i64) -> Result<(), Problem> {
    node.object_of(&["name", "comments", "policies"])?;
    let name = new_name(node, PolicyTargetKind::Group, directory)?;
    let mut group = Group::new(&name, now);
    group.comments = text(node, "comments")?;
    directory.groups.insert(group);
    attach(directory, node, &PolicyTarget::new(PolicyTargetKind::Group, &name), now)
}

fn read_user(directory: &mut Directory, node: &Node<'_>, now: i64) -> Result<(), Problem> {
    node.object_of(&["name", "comments", "policies", "groups"])?;
    let name = new_name(node, PolicyTargetKind::User, directory)?;
    let mut user = User::new(&name, now);
    user.comments = text(node, "comments")?;
    directory.users.insert(user);
    for group in elements(node, "groups")? {
        let Some(found) = directory.groups.get_mut(&folded(group.nonempty_string()?)) else {
            return Err(group.problem("there is no such group in groups"));
        };
        found.members.insert(folded(&name));
    }
    attach(directory, node, &PolicyTarget::new(PolicyTargetKind::User, &name), now)
}

fn read_role(directory: &mut Directory, node: &Node<'_>, now: i64) -> Result<(), Problem> {
    node.object_of(&[
        "name",
        "description",
        "assume_role_policy_document",
        "max_session_duration",
        "allow_console_login",
        "policies",
    ])?;
    let name = new_name(node, PolicyTargetKind::Role, directory)?;
    let trust = document(&node.required("assume_role_policy_document")?, Grammar::Trust)?;
    let mut role = Role::new(&name, trust, now);
    role.description = text(node, "description")?;
    if let Some(duration) = node.member("max_session_duration") {
        role.max_session_duration = duration.integer()?;
    }
    if let Some(allow) = node.member("allow_console_login") {
        role.allow_console_login = allow.flag()?;
    }
    role.is_service_linked = name.starts_with(SERVICE_LINKED);
    directory.roles.insert(role);
    attach(directory, node, &PolicyTarget::new(PolicyTargetKind::Role, &name), now)
}

fn read_oidc_provider(directory: &mut Directory, node: &Node<'_>) -> Result<(), Problem> {
    node.object_of(&["name", "issuer", "client_ids", "keys"])?;
    let name = node.required("name")?;
    if directory.oidc_provider(name.nonempty_string()?).is_some() {
        return Err(name.problem("there is already an identity provider of this name"));
    }
    let client_ids = node.required("client_ids")?.elements()?;
    let client_ids = client_ids.iter().map(|id| id.nonempty_string().map(str::to_owned));
    let keys = node.required("keys")?.elements()?;
    let keys = keys
        .iter()
        .map(|key| VerificationKey::from_jwk(key.value()).map_err(|error| key.problem(error.to_string())));
    let provider = OidcProvider {
        name: name.nonempty_string()?.to_owned(),
        issuer: node.required("issuer")?.nonempty_string()?.to_owned(),
        client_ids: client_ids.collect::<Result<_, _>>()?,
        keys: keys.collect::<Result<_, _>>()?,
    };
    directory.oidc_providers.insert(provider);
    Ok(())
}

fn new_name(node: &Node<'_>, kind: PolicyTargetKind, directory: &Directory) -> Result<String, Problem> {
    let name = node.required("name")?;
    let text = name.nonempty_string()?;
    if directory.has(&PolicyTarget::new(kind, text)) {
        return Err(
            name.problem(format!("there is already a {} called {text:?}", kind.name().to_lowercase()))
        );
    }
    Ok(text.to_owned())
}

/// Attaches `policies`: each is the name of a system policy, or of a custom one that was described before,
/// or describes a custom one with `name` and `document`.
fn attach(
    directory: &mut Directory,
    node: &Node<'_>,
    target: &PolicyTarget,
    now: i64,
) -> Result<(), Problem> {
    for policy in elements(node, "policies")? {
        let key = match policy.value() {
            Value::String(name) => named_policy(directory, &policy, name)?,
            _ => described_policy(directory, &policy, now)?,
        };
        directory.attach(target, key, now);
    }
    Ok(())
}

fn named_policy(directory: &Directory, node: &Node<'_>, name: &str) -> Result<PolicyKey, Problem> {
    let mut keys =
        [PolicyKind::System, PolicyKind::Custom].map(|kind| PolicyKey::new(kind, name)).into_iter();
    keys.find(|key| directory.policy(key).is_some()).ok_or_else(|| {
        node.problem(
            "there is no such system policy, and no custom one was described before with name and document",
        )
    })
}

fn described_policy(directory: &mut Directory, node: &Node<'_>, now: i64) -> Result<PolicyKey, Problem> {
    node.object_of(&["name", "document"])?;
    let name = node.required("name")?;
    let key = PolicyKey::new(PolicyKind::Custom, name.nonempty_string()?);
    if directory.policies.contains_key(&key) {
        return Err(name.problem("this policy was described before: give its name alone"));
    }
    let document = document(&node.required("document")?, Grammar::Permission)?;
    directory.policies.insert(Policy::new(PolicyKind::Custom, name.string()?, document, now));
    Ok(key)
}

/// A document, as an object or as the text of one.
fn document(node: &Node<'_>, grammar: Grammar) -> Result<PolicyText, Problem> {
    let text = match node.value() {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    PolicyText::parse(&text, grammar).map_err(|error| node.problem(error.to_string()))
}

fn text(node: &Node<'_>, name: &str) -> Result<String, Problem> {
    node.member(name).map_or(Ok(String::new()), |text| text.string().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Clock, Seed};

    const TRUST: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "log.aliyuncs.com"}}]}"#;

    #[track_caller]
    fn refused(seed: &Value, expected: &str) {
        let error = Seed::from_json(&seed.to_string(), &Clock::fixed(1_000)).unwrap_err().to_string();
        assert!(error.starts_with(&format!("seed: $.{expected}")), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_section_says_where() {
        let trust = json!({"Version": "1", "Statement": []});
        for (seed, expected) in [
            (json!({"users": [{}]}), "users[0].name: this member is missing"),
            (
                json!({"users": [{"name": "a"}, {"name": "A"}]}),
                "users[1].name: there is already a user called",
            ),
            (
                json!({"users": [{"name": "a", "groups": ["g"]}]}),
                "users[0].groups[0]: there is no such group",
            ),
            (
                json!({"groups": [{"name": "g", "policies": ["X"]}]}),
                "groups[0].policies[0]: there is no such system",
            ),
            (
                json!({"groups": [{"name": "g", "policies": [{"name": "p", "document": {"Version": "2"}}]}]}),
                "groups[0].policies[0].document: Version must be \"1\"",
            ),
            (
                json!({"roles": [{"name": "r"}]}),
                "roles[0].assume_role_policy_document: this member is missing",
            ),
            (
                json!({"roles": [{"name": "r", "assume_role_policy_document": trust}]}),
                "roles[0].assume_role_policy_document: Statement must be",
            ),
            (json!({"roles": [{"name": "r", "arn": "x"}]}), "roles[0].arn: unknown member"),
            (
                json!({"oidc_providers": [{"name": "p"}]}),
                "oidc_providers[0].client_ids: this member is missing",
            ),
            (
                json!({"oidc_providers": [{"name": "p", "issuer": "i", "client_ids": [], "keys": [{"kty": "oct", "k": "c2hvcnQ"}]}]}),
                "oidc_providers[0].keys[0]: k is of at least 32 bytes",
            ),
            (
                json!({"oidc_providers": [{"name": "p", "issuer": "i", "client_ids": [], "keys": [{"kty": "EC", "crv": "P-384"}]}]}),
                "oidc_providers[0].keys[0]: kty is oct, RSA, or EC with crv P-256",
            ),
            (
                json!({"access_keys": [{"id": "a", "secret": "s", "user": "u"}]}),
                "access_keys[0].user: there is no such user in users",
            ),
        ] {
            refused(&seed, expected);
        }
    }

    #[test]
    fn a_cloud_services_own_role_is_known_by_its_name() {
        let role = |name: &str| json!({"name": name, "assume_role_policy_document": TRUST});
        let seed = json!({"roles": [role("AliyunServiceRoleForSlsAudit_x"), role("byok")]});
        let directory = Seed::from_json(&seed.to_string(), &Clock::fixed(1_000)).unwrap().directory;
        let linked = |name: &str| directory.role(name).unwrap().is_service_linked;
        assert!(linked("aliyunservicerolefOrslsaudit_x") && !linked("byok"));
    }

    #[test]
    fn a_custom_policy_is_described_once_and_named_after_that() {
        let document =
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}"#;
        let policy = json!({"name": "Logs", "document": document});
        let seed =
            json!({"groups": [{"name": "g", "policies": [policy]}, {"name": "h", "policies": ["logs"]}]});
        let directory = Seed::from_json(&seed.to_string(), &Clock::fixed(1_000)).unwrap().directory;
        let key = PolicyKey::new(PolicyKind::Custom, "logs");
        let known = directory.policy(&key).unwrap();
        assert_eq!(known.name, "Logs");
        assert_eq!(known.in_force().unwrap().document.as_str(), document);
        assert_eq!(directory.targets_of(&key).count(), 2);
        let twice = json!({"groups": [{"name": "g", "policies": [policy, policy]}]});
        refused(&twice, "groups[0].policies[1].name: this policy was described before");
    }
}
