//! Every source that the provider block can name, each in a provider configuration of its own, all of them in one life.

use std::fmt::Write as _;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::cast::{
    DEPLOYER, EXTERNAL_ID, OIDC_PROVIDER, PARTNER, POLICY, answer, canary, credentials_uri, metadata_service,
    oidc_token, secret, seed, session,
};
use super::life::{Member, live, nothing_leaked};
use super::search::Secrets;
use crate::harness::{Relay, Scene, Server, Session};

/// Sources with an AccessKey of the account.
const OWN_KEYS: [&str; 4] = ["arguments", "profile-ak", "external", "ini-key"];
/// Sources with an AccessKey of a user, who assumes a role with it.
const USERS_KEYS: [&str; 4] = ["ram-role-arn", "chain-source", "ini-role", "block-role"];
/// A Logstore for each source.
const SOURCES: [&str; 21] = [
    "arguments",
    "session-arguments",
    "profile-ak",
    "profile-sts",
    "ram-role-arn",
    "chainable",
    "profile-ecs",
    "profile-oidc",
    "profile-uri",
    "external",
    "external-sts",
    "cloud-sso",
    "oauth",
    "ini-key",
    "ini-sts",
    "ini-role",
    "ecs-role",
    "uri",
    "block-role",
    "oidc-token",
    "oidc-file",
];

/// A configuration that grows by one source after another.
struct Cast {
    scene: Scene,
    secrets: Secrets,
    configuration: String,
    profiles: Vec<Value>,
    /// How the log says which source it was.
    sources: Vec<String>,
    members: Vec<Member>,
    /// What hears what STS answers.
    sts: Relay,
}

impl Cast {
    fn new() -> Self {
        let scene = Scene::new(&seed(&OWN_KEYS, &USERS_KEYS, &SOURCES));
        let sts = Relay::start(scene.endpoint().strip_prefix("http://").unwrap());
        let configuration = scene.required_providers();
        let mut secrets = Secrets::default();
        for name in OWN_KEYS.iter().chain(&USERS_KEYS).chain(&["opener"]) {
            secrets.add(&format!("secret of ak-{name}"), &secret(name));
        }
        secrets.add("external id", EXTERNAL_ID);
        let (profiles, sources, members) = (Vec::new(), Vec::new(), Vec::new());
        Self { scene, secrets, configuration, profiles, sources, members, sts }
    }

    /// Adds a source: the arguments of its provider block, what the log calls it, and what a service may quote.
    fn source(&mut self, name: &str, arguments: &str, called: &str, quoted: &[&str]) {
        let (log, sts) = (self.scene.endpoint(), self.sts.url());
        let _ = write!(
            self.configuration,
            "provider \"alicloud\" {{\n  alias = {name:?}\n  region = \"cn-hangzhou\"\n{arguments}\n  endpoints {{\n    log = {log:?}\n    sts = {sts:?}\n  }}\n}}\n\
             resource \"alicloud_log_store_encryption\" {name:?} {{\n  provider = alicloud.{name}\n  project_name = \"audit\"\n  logstore_name = {name:?}\n}}\n"
        );
        self.sources.push(called.to_owned());
        let quoted = quoted.iter().map(|text| (*text).to_owned()).collect();
        self.members.push(Member { name: name.to_owned(), quoted });
    }

    /// Adds a source that is a profile of the command line tool; its name and mode are added to its members.
    fn profile(&mut self, name: &str, mode: &str, mut members: Value, quoted: &[&str]) {
        members["name"] = json!(name);
        members["mode"] = json!(mode);
        self.profiles.push(members);
        self.source(name, &format!("  profile = {name:?}"), &format!("profile `{name}` of "), quoted);
    }

    fn session(&mut self, name: &str) -> Session {
        session(&self.scene, &mut self.secrets, name)
    }

    fn canary(&mut self, name: &str) -> String {
        let canary = canary(name);
        self.secrets.add(name, &canary);
        canary
    }

    /// A variable of the configuration that neither a plan nor a state keeps; gives the expression for it.
    fn variable(&mut self, name: &str, value: &str) -> String {
        let _ = writeln!(
            self.configuration,
            "variable {name:?} {{\n  type = string\n  sensitive = true\n  ephemeral = true\n}}"
        );
        self.scene.env(&format!("TF_VAR_{name}"), value);
        format!("var.{name}")
    }

    /// Writes a file below the home directory, and gives its path.
    fn home(&self, file: &str, text: &str) -> String {
        self.scene.home(file, text);
        self.scene.root().join("home").join(file).display().to_string()
    }

    fn arguments(&mut self) {
        let own = secret("arguments");
        let key = self.variable("secret_key", &own);
        let arguments = format!("  access_key = \"ak-arguments\"\n  secret_key = {key}");
        self.source("arguments", &arguments, "the provider block", &[&own]);
        let session = self.session("arguments");
        let key = self.variable("session_secret", &session.secret);
        let token = self.variable("session_token", &session.token);
        let arguments =
            format!("  access_key = {:?}\n  secret_key = {key}\n  security_token = {token}", session.id);
        let quoted = [session.secret.as_str(), &session.token];
        self.source("session-arguments", &arguments, "the provider block", &quoted);
    }

    fn profiles_with_keys(&mut self) {
        let own = secret("profile-ak");
        let key = json!({"access_key_id": "ak-profile-ak", "access_key_secret": own});
        self.profile("profile-ak", "AK", key, &[&own]);
        let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3600;
        for (name, mode) in [("profile-sts", "StsToken"), ("cloud-sso", "CloudSSO"), ("oauth", "OAuth")] {
            let session = self.session(name);
            let mut members = json!({"access_key_id": session.id, "access_key_secret": session.secret,
                "sts_token": session.token, "sts_expiration": in_an_hour});
            for cached in match mode {
                "CloudSSO" => &["access_token"][..],
                "OAuth" => &["oauth_access_token", "oauth_refresh_token"],
                _ => &[],
            } {
                members[cached] = json!(self.canary(cached));
            }
            self.profile(name, mode, members, &[&session.secret, &session.token]);
        }
    }

    fn profiles_with_roles(&mut self) {
        let key = json!({"access_key_id": "ak-ram-role-arn", "access_key_secret": secret("ram-role-arn"),
            "ram_role_arn": PARTNER, "external_id": EXTERNAL_ID, "policy": POLICY});
        self.profile("ram-role-arn", "RamRoleArn", key, &[]);
        self.profiles.push(json!({"name": "chain-source", "mode": "AK", "access_key_id": "ak-chain-source",
            "access_key_secret": secret("chain-source")}));
        let chained = json!({"source_profile": "chain-source", "ram_role_arn": DEPLOYER});
        self.profile("chainable", "ChainableRamRoleArn", chained, &[]);
        let token = oidc_token(&mut self.secrets, "profile-oidc");
        let file = self.home("oidc-token-1", &token);
        let oidc =
            json!({"ram_role_arn": DEPLOYER, "oidc_provider_arn": OIDC_PROVIDER, "oidc_token_file": file});
        self.profile("profile-oidc", "OIDC", oidc, &[]);
    }

    /// A command prints keys, and their secret again on standard error.
    fn commands(&mut self) {
        let own = secret("external");
        let printed =
            json!({"mode": "AK", "access_key_id": "ak-external", "access_key_secret": own}).to_string();
        let script = self.home("external.sh", &format!("echo '{own}' >&2\necho '{printed}'\n"));
        let command = json!({"process_command": format!("/bin/sh {script} --password {own}")});
        self.profile("external", "External", command, &[&own]);
        let session = self.session("external-sts");
        let printed = json!({"mode": "StsToken", "access_key_id": session.id,
            "access_key_secret": session.secret, "sts_token": session.token,
            "expiration": session.expiration})
        .to_string();
        let script =
            self.home("external-sts.sh", &format!("echo '{}' >&2\necho '{printed}'\n", session.token));
        let command = json!({"process_command": format!("/bin/sh {script}")});
        self.profile("external-sts", "External", command, &[&session.secret, &session.token]);
    }

    fn ini_file(&mut self) {
        let own = secret("ini-key");
        let session = self.session("ini-sts");
        let text = format!(
            "[ini-key]\ntype = access_key\naccess_key_id = ak-ini-key\naccess_key_secret = {own}\n\
             [ini-sts]\ntype = sts\naccess_key_id = {}\naccess_key_secret = {}\nsecurity_token = {}\n\
             [ini-role]\ntype = ram_role_arn\naccess_key_id = ak-ini-role\naccess_key_secret = {}\nrole_arn = {DEPLOYER}\n",
            session.id,
            session.secret,
            session.token,
            secret("ini-role")
        );
        let file = self.home("credentials.ini", &text);
        for (name, quoted) in [
            ("ini-key", &[own.as_str()][..]),
            ("ini-sts", &[&session.secret, &session.token]),
            ("ini-role", &[]),
        ] {
            let arguments = format!("  shared_credentials_file = {file:?}\n  profile = {name:?}");
            self.source(name, &arguments, &format!("profile `{name}` of "), quoted);
        }
    }

    /// A role of the machine by a profile and by an argument.
    fn metadata(&mut self) -> Server {
        let token = self.canary("metadata token");
        let (one, two) = (self.session("profile-ecs"), self.session("ecs-role"));
        let roles = [("role-one", answer(&one)), ("role-two", answer(&two))];
        let server = metadata_service(Some(token), &roles);
        self.scene.env("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", &server.url());
        self.scene.env("ALIBABA_CLOUD_IMDSV1_DISABLED", "true");
        let members = json!({"ram_role_name": "role-one"});
        self.profile("profile-ecs", "EcsRamRole", members, &[&one.secret, &one.token]);
        let quoted = [two.secret.as_str(), &two.token];
        self.source("ecs-role", "  ecs_role_name = \"role-two\"", "role role-two", &quoted);
        server
    }

    fn uris(&mut self) -> [Server; 2] {
        let (code, session) = (self.canary("code of the profile"), self.session("profile-uri"));
        let (first, uri) = credentials_uri(&code, &session);
        let quoted = [session.secret.as_str(), &session.token];
        self.profile("profile-uri", "CredentialsURI", json!({"credentials_uri": uri}), &quoted);
        let (code, session) = (self.canary("code of the argument"), self.session("uri"));
        let (second, uri) = credentials_uri(&code, &session);
        let expression = self.variable("credentials_uri", &uri);
        let quoted = [session.secret.as_str(), &session.token];
        self.source("uri", &format!("  credentials_uri = {expression}"), "the credentials URI ", &quoted);
        [first, second]
    }

    fn blocks(&mut self) {
        let key = self.variable("block_secret", &secret("block-role"));
        let external_id = self.variable("external_id", EXTERNAL_ID);
        let arguments = format!(
            "  access_key = \"ak-block-role\"\n  secret_key = {key}\n  assume_role {{\n    role_arn = {PARTNER:?}\n    external_id = {external_id}\n    policy = {POLICY:?}\n  }}"
        );
        self.source("block-role", &arguments, "of the block assume_role by ", &[]);
        let token = oidc_token(&mut self.secrets, "oidc-token");
        let token = self.variable("oidc_token", &token);
        let in_file = oidc_token(&mut self.secrets, "oidc-file");
        let file = self.home("oidc-token-2", &in_file);
        for (name, member) in [
            ("oidc-token", format!("oidc_token = {token}")),
            ("oidc-file", format!("oidc_token_file = {file:?}")),
        ] {
            let arguments = format!(
                "  assume_role_with_oidc {{\n    oidc_provider_arn = {OIDC_PROVIDER:?}\n    role_arn = {DEPLOYER:?}\n    {member}\n  }}"
            );
            self.source(name, &arguments, "with OIDC of the block assume_role_with_oidc", &[]);
        }
    }

    /// What STS has answered is secret too.
    fn add_what_sts_answered(&mut self, sessions: usize) {
        for member in ["AccessKeySecret", "SecurityToken"] {
            let values = self.sts.answered(member);
            assert!(values.len() >= sessions, "{member}: {}", values.len());
            for (number, value) in values.iter().enumerate() {
                self.secrets.add(&format!("{member} {number} of STS"), value);
            }
        }
    }
}

#[test]
fn secrets_of_every_source_are_nowhere_but_where_they_come_from() {
    let mut cast = Cast::new();
    cast.arguments();
    cast.profiles_with_keys();
    cast.profiles_with_roles();
    cast.commands();
    cast.ini_file();
    let metadata = cast.metadata();
    let uris = cast.uris();
    cast.blocks();
    let names: Vec<_> = cast.members.iter().map(|member| member.name.as_str()).collect();
    assert!(SOURCES.iter().all(|source| names.contains(source)) && names.len() == SOURCES.len());
    let config = cast.home(".aliyun/config.json", &json!({"profiles": cast.profiles}).to_string());
    assert!(config.ends_with("config.json"));
    cast.scene.write("provider.tf", &cast.configuration);
    cast.scene.env("TF_LOG", "trace");
    // The states of other workspaces are in another place.
    cast.scene.run(&["workspace", "new", "canary"]).succeeded();

    let log = live(&cast.scene, &cast.members);
    for source in &cast.sources {
        assert!(log.contains(source.as_str()), "{source} was not used");
    }
    assert!(metadata.was_asked() && uris.iter().all(Server::was_asked));
    assert!(cast.scene.path("terraform.tfstate.d/canary/terraform.tfstate.backup").is_file());
    // Six sources assume a role, in each of plan, apply, refused plan and destroy.
    cast.add_what_sts_answered(24);
    nothing_leaked(
        &cast.scene,
        &cast.secrets,
        &[
            "home/.aliyun/config.json",
            "home/credentials.ini",
            "home/external-sts.sh",
            "home/external.sh",
            "home/oidc-token-1",
            "home/oidc-token-2",
            "seed.json",
        ],
    );
}
