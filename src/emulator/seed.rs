//! Seed files: the account, keys and data an emulator starts with.

use std::path::{Path, PathBuf};

use super::access::{AccessKey, AccessKeys, Principal};
use super::identity::Directory;
use super::json::{self, Node, Problem};
use super::{Clock, identity, kms, sls};
use crypto::Secret;

/// The account id where the seed has none.
const ACCOUNT_ID: &str = "1234567890123456";
/// The region where the seed has none.
const REGION: &str = "cn-hangzhou";
/// The account's own access key where the seed has none: id and secret.
const ROOT_KEY: (&str, &str) = ("ak-root", "sk-root");

/// The longest seed file that is read, in MiB. A wrong path may name any other file.
const LONGEST_MIB: u64 = 64;

/// The members of a seed.
const SECTIONS: [&str; 9] =
    ["account_id", "region", "access_keys", "users", "groups", "roles", "oidc_providers", "keys", "projects"];

/// What an emulator starts with, and returns to when it is reset.
///
/// A seed is a JSON object. Every member may be left out:
///
/// - `account_id`, `region`: a string each.
/// - `access_keys`: `id`, `secret` and, for a user's key, `user`; those without are the account's own.
/// - `groups`: `name`, `comments`, `policies`.
/// - `users`: `name`, `comments`, `policies`, `groups`.
/// - `roles`: `name`, `assume_role_policy_document` (an object, or its text), `description`,
///   `max_session_duration`, `allow_console_login`, `policies`. One whose name begins with
///   `AliyunServiceRoleFor` is a service-linked role.
/// - `oidc_providers`: `name`, `issuer`, `client_ids`, and `keys`, a list of JSON Web Keys (RFC 7517) that tokens
///   are verified with: `oct` for HS256, `RSA` for RS256, `EC` on P-256 for ES256.
/// - `keys`: `id`, `spec`, `usage`, `state`, `region`, `description`.
/// - `projects`: `name`, `region`, `description`, `logstores` with the members of GetLogStore.
///
/// In `policies` each element is the name of a system policy, or describes a custom one with `name` and
/// `document`; after that its name is enough. Groups are read first, then users, then roles.
///
/// **Customer keys.** With `roles` or `keys` in the seed, be they empty, the role and the key of every
/// encryption configuration that is switched on have to be there and be right. Without either, they are
/// not looked up, so that a seed of Logstores alone takes any. Users need `ram:PassRole` in both cases.
#[derive(Clone, Debug)]
pub struct Seed {
    pub(super) account_id: String,
    pub(super) region: String,
    pub(super) directory: Directory,
    /// Those that a store had; a seed file has none.
    pub(super) sessions: AccessKeys,
    pub(super) keys: kms::Keys,
    pub(super) references_must_exist: bool,
    pub(super) sls: sls::Model,
    /// Whether it was read from a file or a text. Otherwise it is the default.
    pub(super) is_given: bool,
}

impl Default for Seed {
    /// Account `1234567890123456` in `cn-hangzhou` with the access key `ak-root` / `sk-root` and nothing
    /// else.
    fn default() -> Self {
        Self::for_account(ACCOUNT_ID, REGION)
    }
}

/// Why a seed cannot be used. The text names the file, the place in it, and what is expected there.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("{}:{}:{}: {source}", file.display(), source.line(), source.column())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why not.
        source: serde_json::Error,
    },
    /// The JSON is not what a seed holds.
    #[error("{}: {problem}", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// Where and why not.
        problem: Problem,
    },
}

impl Seed {
    /// As [`Seed::default`], for another account and region.
    pub(super) fn for_account(account_id: &str, region: &str) -> Self {
        Self {
            account_id: account_id.to_owned(),
            region: region.to_owned(),
            directory: Directory::new(account_id, root_key(account_id)),
            sessions: AccessKeys::new(),
            keys: kms::Keys::default(),
            references_must_exist: false,
            sls: sls::Model::default(),
            is_given: false,
        }
    }

    /// Reads a seed file: a regular file of at most 64 MiB.
    ///
    /// # Errors
    ///
    /// The first problem found; nothing in a seed is ignored.
    pub fn from_file(file: &Path, clock: &Clock) -> Result<Self, SeedError> {
        let text = storage::read_file(file, LONGEST_MIB)
            .map_err(|source| SeedError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(file, &text, clock)
    }

    /// Reads a seed from a text.
    ///
    /// # Errors
    ///
    /// As for [`Seed::from_file`], with `seed` in the place of the file's name.
    pub fn from_json(text: &str, clock: &Clock) -> Result<Self, SeedError> {
        Self::parse(Path::new("seed"), text.as_bytes(), clock)
    }

    fn parse(file: &Path, text: &[u8], clock: &Clock) -> Result<Self, SeedError> {
        let document =
            json::parse(text).map_err(|source| SeedError::Syntax { file: file.to_owned(), source })?;
        parse_document(&Node::root("$", &document), clock.unix())
            .map_err(|problem| SeedError::Content { file: file.to_owned(), problem })
    }
}

fn parse_document(root: &Node<'_>, now: i64) -> Result<Seed, Problem> {
    root.object_of(&SECTIONS)?;
    let mut seed = Seed { is_given: true, ..Seed::default() };
    if let Some(account_id) = root.member("account_id") {
        seed.account_id = read_account_id(&account_id)?;
    }
    if let Some(region) = root.member("region") {
        region.nonempty_string()?.clone_into(&mut seed.region);
    }
    seed.directory = Directory::new(&seed.account_id, root_key(&seed.account_id));
    identity::seeding::add_identities(&mut seed.directory, root, now)?;
    if let Some(access_keys) = root.member("access_keys") {
        let keys = read_access_keys(&access_keys, &seed.directory)?;
        seed.directory.access_keys = keys.into_values().collect();
    }
    if let Some(keys) = root.member("keys") {
        seed.keys = kms::seeding::read_keys(&keys, &seed.region, now)?;
    }
    seed.references_must_exist = root.member("roles").is_some() || root.member("keys").is_some();
    if let Some(projects) = root.member("projects") {
        seed.sls = sls::seeding::read_projects(&projects, &seed.region, now)?;
    }
    Ok(seed)
}

fn read_account_id(node: &Node<'_>) -> Result<String, Problem> {
    let id = node.nonempty_string()?;
    if !id.chars().all(|c| c.is_ascii_digit()) {
        return Err(node.problem(format!("{id:?} is not an account id: expected a string of digits")));
    }
    Ok(id.to_owned())
}

fn read_access_keys(node: &Node<'_>, directory: &Directory) -> Result<AccessKeys, Problem> {
    let mut keys = AccessKeys::new();
    for node in node.elements()? {
        node.object_of(&["id", "secret", "user"])?;
        let id = node.required("id")?.nonempty_string()?;
        let secret = node.required("secret")?.nonempty_string()?;
        let key = match node.member("user") {
            Some(user) => users_key((id, secret), &user, directory)?,
            None => own_key((id, secret), &directory.account_id),
        };
        if keys.insert(id.to_owned(), key).is_some() {
            return Err(node.problem_in("id", format!("there is already an access key {id:?}")));
        }
    }
    Ok(keys)
}

/// An access key of a user.
fn users_key(
    (id, secret): (&str, &str),
    node: &Node<'_>,
    directory: &Directory,
) -> Result<AccessKey, Problem> {
    let user = directory.user(node.nonempty_string()?);
    let user = user.ok_or_else(|| node.problem("there is no such user in users"))?;
    let account_id = directory.account_id.clone();
    let principal = Principal::User { account_id, name: user.name.clone() };
    Ok(AccessKey::lasting(id, Secret::from(secret), principal))
}

fn root_key(account_id: &str) -> AccessKeys {
    AccessKeys::from([(ROOT_KEY.0.to_owned(), own_key(ROOT_KEY, account_id))])
}

/// An access key of the account itself.
fn own_key((id, secret): (&str, &str), account_id: &str) -> AccessKey {
    let principal = Principal::AccountRoot { account_id: account_id.to_owned() };
    AccessKey::lasting(id, Secret::from(secret), principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sls::View;

    fn parse(text: &str) -> Result<Seed, String> {
        Seed::from_json(text, &Clock::fixed(1_000)).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        assert_eq!(parse(text).unwrap_err(), format!("seed{expected}"));
    }

    #[test]
    fn an_empty_seed_is_the_default_account() {
        let seed = parse("{}").unwrap();
        assert_eq!((seed.account_id.as_str(), seed.region.as_str()), ("1234567890123456", "cn-hangzhou"));
        assert_eq!(seed.directory.access_keys.get("ak-root").unwrap().secret.expose(), "sk-root");
    }

    #[test]
    fn logstores_get_defaults_and_keep_unknown_members() {
        let seed = parse(
            r#"{"region": "cn-beijing", "projects": [{"name": "proj", "logstores": [
                {"logstoreName": "app", "ttl": 90, "createTime": 5, "futureField": {"a": 30.50}}]}]}"#,
        )
        .unwrap();
        let logstore = seed.sls.logstore("proj", "app", View::Current).unwrap();
        assert_eq!(logstore.members["shardCount"], 2);
        assert_eq!(logstore.members["createTime"], 5);
        assert_eq!(logstore.members["lastModifyTime"], 1_000);
        assert_eq!(logstore.members["futureField"].to_string(), r#"{"a":30.50}"#);
        assert_eq!(seed.sls.project("proj", View::Current).unwrap().region, "cn-beijing");
    }

    #[test]
    fn syntax_errors_give_line_and_column() {
        refused("{\n  \"region\": cn\n}", ":2:13: expected value at line 2 column 13");
    }

    #[test]
    fn every_problem_names_its_place_and_what_is_expected() {
        let logstore = |members: &str| {
            format!(
                r#"{{"projects": [{{"name": "proj", "logstores": [{{"logstoreName": "app", {members}}}]}}]}}"#
            )
        };
        let at = ": $.projects[0].logstores[0].";
        for (seed, expected) in [
            ("[]".to_owned(), ": $: expected an object, found an array".to_owned()),
            (
                r#"{"project": []}"#.to_owned(),
                ": $.project: unknown member, expected one of: account_id, region, access_keys, users, \
                 groups, roles, oidc_providers, keys, projects"
                    .to_owned(),
            ),
            (
                r#"{"keys": [{"id": "k"}, {"id": "k"}]}"#.to_owned(),
                ": $.keys[1].id: there is already a key with this id".to_owned(),
            ),
            (
                r#"{"keys": [{"id": "k", "state": "On"}]}"#.to_owned(),
                r#": $.keys[0].state: "On" is none of: Enabled, Disabled, PendingDeletion, PendingImport"#
                    .to_owned(),
            ),
            (
                r#"{"access_keys": [{"id": "a"}]}"#.to_owned(),
                ": $.access_keys[0].secret: this member is missing".to_owned(),
            ),
            (
                r#"{"access_keys": [{"id": "a", "secret": "s"}, {"id": "a", "secret": "s"}]}"#.to_owned(),
                r#": $.access_keys[1].id: there is already an access key "a""#.to_owned(),
            ),
            (
                r#"{"projects": [{"name": "proj", "name": "other"}]}"#.to_owned(),
                r#":1:37: the member "name" is repeated at line 1 column 37"#.to_owned(),
            ),
            (
                r#"{"account_id": 12}"#.to_owned(),
                ": $.account_id: expected a string, found a number".to_owned(),
            ),
            (
                r#"{"account_id": "abc"}"#.to_owned(),
                r#": $.account_id: "abc" is not an account id: expected a string of digits"#.to_owned(),
            ),
            (
                r#"{"region": ""}"#.to_owned(),
                ": $.region: expected a string that is not empty".to_owned(),
            ),
            (r#"{"projects": [{}]}"#.to_owned(), ": $.projects[0].name: this member is missing".to_owned()),
            (
                r#"{"projects": [{"name": "proj"}, {"name": "proj"}]}"#.to_owned(),
                r#": $.projects[1].name: there is already a project called "proj""#.to_owned(),
            ),
            (
                r#"{"projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}, {"logstoreName": "app"}]}]}"#
                    .to_owned(),
                r#": $.projects[0].logstores[1].logstoreName: project "proj" already has a Logstore called "app""#
                    .to_owned(),
            ),
            (logstore(r#""ttl": "30""#), format!("{at}ttl: [ttl] must be an integer, not a string")),
            (logstore(r#""ttl": 0"#), format!("{at}ttl: ttl value is out of range")),
            (
                logstore(r#""encrypt_conf": {"enable": true, "encrypt_type": "x"}"#),
                format!(
                    "{at}encrypt_conf.encrypt_type: The encrypt_conf is invalid, [encrypt_type] key is missing \
                     or not supported"
                ),
            ),
            (
                logstore(r#""encrypt_conf": {"enable": false}"#),
                format!(
                    "{at}encrypt_conf.encrypt_type: a configured Logstore has an algorithm, leave encrypt_conf \
                     out for one that is not"
                ),
            ),
            (
                logstore(r#""encrypt_conf": {"enable": true, "encrypt_type": "m4", "cmk": 1}"#),
                format!("{at}encrypt_conf.cmk: redundant key exist in json"),
            ),
        ] {
            refused(&seed, &expected);
        }
    }

    #[test]
    fn bad_names_say_what_a_name_is() {
        let error = parse(r#"{"projects": [{"name": "A"}]}"#).unwrap_err();
        assert!(
            error.starts_with(r#"seed: $.projects[0].name: "A" is not a project name: expected 3 to 63"#)
        );
        let error =
            parse(r#"{"projects": [{"name": "abc", "logstores": [{"logstoreName": "A"}]}]}"#).unwrap_err();
        assert!(
            error.starts_with(r#"seed: $.projects[0].logstores[0].logstoreName: "A" is no Logstore name"#)
        );
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(parse("\u{feff}{\"region\": \"cn-beijing\"}").unwrap().region, "cn-beijing");
    }

    #[test]
    fn secrets_of_a_seed_are_not_printed() {
        let seed = parse(r#"{"access_keys": [{"id": "a", "secret": "canary"}]}"#).unwrap();
        assert!(!format!("{seed:?}").contains("canary"));
    }
}
