//! Sources that are there and broken: each is named with what is wrong with it, shows nothing of what it holds, and
//! stops, although the source after it would do.

use serde_json::{Value, json};

use super::cast::{DEPLOYER, OIDC_PROVIDER, canary, secret, seed};
use super::life::nothing_leaked;
use super::search::Secrets;
use crate::given;
use crate::harness::{Scene, Server};

/// A secret without letters that mean something in a file.
const PLAIN: &str = "c4n4ry-in-a-broken-file";

/// A provider without keys, and a good profile that is only found.
struct Broken {
    scene: Scene,
    secrets: Secrets,
    canary: String,
}

impl Broken {
    fn new() -> Self {
        let scene = Scene::new(&seed(&["good"], &["user"], &["app"]));
        scene.write("main.tf", &given::encryption(""));
        scene.env("TF_LOG", "trace");
        let mut good = key("good");
        good["name"] = json!("default");
        scene.home(".aliyun/config.json", &json!({"profiles": [good]}).to_string());
        let (canary, mut secrets) = (canary("broken"), Secrets::default());
        secrets.add("canary", &canary);
        secrets.add("plain canary", PLAIN);
        Self { scene, secrets, canary }
    }

    /// Plans with these arguments of the provider block, which must fail and say all this.
    #[track_caller]
    fn fails(&self, arguments: &str, says: &[&str]) {
        self.fails_at(&self.scene.endpoint(), arguments, says);
    }

    /// As [`Broken::fails`], with STS at this endpoint.
    #[track_caller]
    fn fails_at(&self, sts: &str, arguments: &str, says: &[&str]) {
        let endpoint = self.scene.endpoint();
        let block = format!(
            "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  max_retries = 1\n{arguments}\n  endpoints {{\n    log = {endpoint:?}\n    sts = {sts:?}\n  }}\n}}\n"
        );
        self.scene.write("provider.tf", &(self.scene.required_providers() + &block));
        let planned = self.scene.try_plan().failed();
        assert_eq!(planned.warnings().len(), 0, "{:#?}", planned.warnings());
        planned.error().says(says);
        let called = self.scene.calls();
        assert!(called.iter().all(|call| call.service != "sls"), "the next source was taken: {called:#?}");
    }

    /// Writes a file that holds the canary, and gives its path.
    fn file(&self, text: &str) -> String {
        self.scene.home("broken", text);
        self.scene.root().join("home/broken").display().to_string()
    }

    #[track_caller]
    fn nothing_leaked(&self, wrote: &[&str]) {
        nothing_leaked(&self.scene, &self.secrets, wrote);
    }
}

fn key(name: &str) -> Value {
    json!({"name": "p", "mode": "AK", "access_key_id": format!("ak-{name}"), "access_key_secret": secret(name)})
}

#[test]
fn the_good_profile_would_do() {
    let broken = Broken::new();
    broken.scene.write("provider.tf", &{
        let endpoint = broken.scene.endpoint();
        let block = format!(
            "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  endpoints {{\n    log = {endpoint:?}\n  }}\n}}\n"
        );
        broken.scene.required_providers() + &block
    });
    broken.scene.plan().expect_changes();
}

#[test]
fn files_of_profiles() {
    let broken = Broken::new();
    let canary = &broken.canary;
    let truncated = format!(r#"{{"current":"p","profiles":[{{"name":"p","access_key_secret":"{canary}"#);
    let session = json!({"name": "p", "mode": "StsToken", "access_key_id": "i", "access_key_secret": canary,
        "sts_token": canary});
    let with = |members: Value| {
        let mut profile = session.clone();
        profile.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({"current": "p", "profiles": [profile]}).to_string()
    };
    for (text, says) in [
        (truncated, "not a JSON object with the members `current` and `profiles` (line 1"),
        (format!("[default]\naccess_key_secret = {canary}\n{PLAIN}\n"), "line 3 is not key = value"),
        (format!("[{canary}\n"), "line 1 is no [section]"),
        (json!({"profiles": canary}).to_string(), "`profiles` is not a list"),
        (with(json!({"mode": canary})), "its `mode` is not supported"),
        (with(json!({"access_key_id": ""})), "`access_key_id` is missing"),
        (with(json!({"sts_expiration": canary})), "`sts_expiration` cannot be used"),
        (with(json!({"mode": "CloudSSO", "access_token": canary})), "log in with `aliyun configure"),
        (with(json!({"mode": "OAuth", "oauth_refresh_token": canary, "sts_expiration": 1})), "log in with"),
        (
            with(json!({"mode": "External", "process_command": format!("/nowhere/{canary} {canary}")})),
            "cannot be run",
        ),
        (
            with(
                json!({"mode": "CredentialsURI", "credentials_uri": format!("https://user:{canary}@h/?{canary}")}),
            ),
            "`credentials_uri` cannot be used",
        ),
        (
            with(json!({"mode": "RamRoleArn", "expired_seconds": canary, "ram_role_arn": DEPLOYER})),
            "`expired_seconds`",
        ),
    ] {
        let file = broken.file(&text);
        broken.fails(&format!("  shared_credentials_file = {file:?}"), &[&file, says]);
    }
    broken.nothing_leaked(&["home/broken"]);
}

#[test]
fn a_command_that_fails_and_one_that_prints_something_else() {
    let broken = Broken::new();
    let canary = &broken.canary;
    for (script, says) in [
        (format!("echo {canary} >&2; echo '{canary}'; exit 7"), "the command failed (exit status: 7)"),
        (format!("echo {canary} >&2; echo '{{\"access_key_secret\":\"{canary}'"), "not a JSON object"),
        (format!("echo '{{\"mode\":\"{canary}\"}}'"), "neither AK nor StsToken"),
        (
            format!(
                "echo '{{\"mode\":\"StsToken\",\"access_key_id\":\"i\",\"access_key_secret\":\"{canary}\"}}'"
            ),
            "`sts_token` is missing",
        ),
    ] {
        let file = broken.file(&script);
        let profile =
            json!({"name": "p", "mode": "External", "process_command": format!("/bin/sh {file} {canary}")});
        broken.scene.home("config.json", &json!({"current": "p", "profiles": [profile]}).to_string());
        let config = broken.scene.root().join("home/config.json").display().to_string();
        broken.fails(
            &format!("  shared_credentials_file = {config:?}"),
            &["`process_command` of profile", says],
        );
    }
    broken.nothing_leaked(&["home/broken", "home/config.json"]);
}

#[test]
fn a_credentials_uri_that_is_wrong_or_answers_something_else() {
    let broken = Broken::new();
    let (canary, page) = (&broken.canary, broken.canary.clone());
    let query = canary.replace('+', "%2B");
    for (status, body, says) in [
        (403, page.clone(), "the answer is not one of success"),
        (200, page.clone(), "not a JSON object"),
        (200, format!(r#"{{"Code":"Success","AccessKeySecret":"{page}"#), "not a JSON object"),
        (200, json!({"Code": page}).to_string(), "`Code` of its answer is not \"Success\""),
        (200, json!({"Code": "Success", "AccessKeySecret": page}).to_string(), "`AccessKeyId` is missing"),
    ] {
        let server = Server::start(move |_| (status, body.clone()));
        broken.scene.env("ALIBABA_CLOUD_CREDENTIALS_URI", &format!("{}/keys?{query}", server.url()));
        broken.fails("", &["the credentials URI", &server.url(), "ALIBABA_CLOUD_CREDENTIALS_URI", says]);
        assert!(server.was_asked());
    }
    for (uri, says) in [
        (format!("http://user:{canary}@127.0.0.1/"), "without a user name"),
        (format!("http://example.com/?{query}"), "without TLS"),
        (canary.clone(), "begins with https://"),
    ] {
        broken.scene.env("ALIBABA_CLOUD_CREDENTIALS_URI", &uri);
        broken.fails("", &["ALIBABA_CLOUD_CREDENTIALS_URI", says]);
    }
    broken.nothing_leaked(&[]);
}

#[test]
fn a_metadata_service_that_quotes_the_token_or_hands_out_something_else() {
    let broken = Broken::new();
    let token = broken.canary.clone();
    for (role, keys, says) in [
        (
            (200, "machine".to_owned()),
            (403, format!("{token} has expired")),
            "the answer is not one of success",
        ),
        (
            (200, "machine".to_owned()),
            (200, format!(r#"{{"Code":"Success","AccessKeySecret":"{token}"#)),
            "not a JSON object",
        ),
        (
            (200, "machine".to_owned()),
            (200, json!({"Code": "Success", "AccessKeyId": "i", "AccessKeySecret": token}).to_string()),
            "`SecurityToken` is missing",
        ),
        (
            (200, json!({"AccessKeySecret": token}).to_string()),
            (200, String::new()),
            "not the name of a role",
        ),
        (
            (403, format!("<html>{token} is not a token</html>")),
            (200, String::new()),
            "the answer is not one of success",
        ),
    ] {
        let given = token.clone();
        let server = Server::start(move |head| {
            if head.starts_with("PUT ") {
                (200, given.clone())
            } else if head.contains("security-credentials/ ") {
                role.clone()
            } else {
                keys.clone()
            }
        });
        broken.scene.env("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", &server.url());
        let file = broken
            .file(&json!({"current": "p", "profiles": [{"name": "p", "mode": "EcsRamRole"}]}).to_string());
        broken.fails(
            &format!("  shared_credentials_file = {file:?}"),
            &["the ECS metadata service", &server.url(), says],
        );
        assert!(server.was_sent(&token));
    }
    // A role that is asked for by its argument.
    let page = token.clone();
    let server = Server::start(move |_| (403, page.clone()));
    broken.scene.env("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", &server.url());
    broken.fails("  ecs_role_name = \"machine\"", &["the ECS metadata service", "not one of success"]);
    let user = server.url().replace("http://", &format!("http://user:{token}@"));
    broken.scene.env("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", &user);
    broken.fails("", &["ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", "without a user name"]);
    broken.nothing_leaked(&[]);
}

#[test]
fn an_identity_providers_token_and_a_role_that_are_refused() {
    let broken = Broken::new();
    let canary = &broken.canary;
    let block = |member: &str| {
        format!(
            "  assume_role_with_oidc {{\n    oidc_provider_arn = {OIDC_PROVIDER:?}\n    role_arn = {DEPLOYER:?}\n    {member}\n  }}"
        )
    };
    let file = broken.file(canary);
    broken.fails(&block(&format!("oidc_token_file = {file:?}")), &["with OIDC of the block", "OIDCToken"]);
    broken
        .fails(&block("oidc_token_file = \"/nowhere\""), &["the OIDC token file /nowhere", "cannot be read"]);
    // STS quotes what it was sent, also when it asks for another attempt.
    let effect = |text: &str| json!({"error": {"status": 400, "code": "AuthenticationFail.OIDCToken.Invalid", "message": text}});
    let quoting = effect(&format!("{canary} is not a token"));
    let later =
        json!({"error": {"status": 503, "code": "ServiceUnavailable", "message": format!("{canary} later")}});
    broken.scene.fault_of("sts", &json!({"action": "AssumeRoleWithOIDC", "times": 1, "effect": later}));
    broken.scene.fault_of("sts", &json!({"action": "AssumeRoleWithOIDC", "times": 1, "effect": quoting}));
    broken.scene.env("ALIBABA_CLOUD_OIDC_TOKEN", canary);
    broken.fails(&block(""), &["[secret] is not a token"]);
    broken.scene.env("ALIBABA_CLOUD_OIDC_TOKEN", "");

    let user = secret("user");
    broken.scene.env("ALICLOUD_ACCESS_KEY", "ak-user");
    broken.scene.env("ALICLOUD_SECRET_KEY", &user);
    let role = |id: &str| {
        let id = if id.is_empty() { String::new() } else { format!("    external_id = {id}\n") };
        format!("  assume_role {{\n    role_arn = \"{DEPLOYER}-gone\"\n{id}  }}")
    };
    broken.fails(&role(""), &["EntityNotExist.Role", "deployer-gone"]);
    broken.scene.write("variable.tf", "variable \"id\" {\n  type = string\n  ephemeral = true\n}\n");
    broken.scene.env("TF_VAR_id", canary);
    let quoting = effect(&format!("{canary} of {user}"));
    broken.scene.fault_of("sts", &json!({"action": "AssumeRole", "times": 1, "effect": later}));
    broken.scene.fault_of("sts", &json!({"action": "AssumeRole", "times": 1, "effect": quoting}));
    broken.fails(&role("var.id"), &["[secret] of [secret]"]);
    broken.scene.env("ALIBABA_CLOUD_OIDC_TOKEN", "token");
    // STS answers half of a session, or one that is not JSON.
    for body in [
        format!(
            r#"{{"Credentials":{{"AccessKeyId":"i","AccessKeySecret":"{canary}","SecurityToken":"{canary}"#
        ),
        format!("<Credentials><AccessKeySecret>{canary}</AccessKeySecret></Credentials>"),
        format!("AccessKeySecret={canary}&x"),
    ] {
        let answer = body.clone();
        let server = Server::start(move |_| (200, answer.clone()));
        for (key, block) in [("ak-user", role("")), ("", block(""))] {
            broken.scene.env("ALICLOUD_ACCESS_KEY", key);
            broken.scene.env("ALICLOUD_SECRET_KEY", if key.is_empty() { "" } else { &user });
            broken.fails_at(&server.url(), &block, &["it should be a JSON object"]);
            assert!(server.was_asked());
        }
    }
    broken.scene.env("ALIBABA_CLOUD_OIDC_TOKEN", "");
    let mut secrets = broken.secrets.clone();
    secrets.add("secret of ak-user", &user);
    nothing_leaked(&broken.scene, &secrets, &["home/broken", "seed.json"]);
}
