//! Sources that only the environment can name, or names otherwise than the provider block.

use super::cast::{
    DEPLOYER, OIDC_PROVIDER, answer, canary, credentials_uri, metadata_service, oidc_token, secret, seed,
    session,
};
use super::life::{Member, live, nothing_leaked};
use super::search::Secrets;
use crate::given;
use crate::harness::{Relay, Scene, Server};

/// A scene with a Logstore `app` and a provider block that names no source.
fn scene() -> (Scene, Secrets) {
    let scene = Scene::new(&seed(&["env"], &[], &["app"]));
    provider(&scene, &scene.endpoint(), "");
    scene.write("main.tf", &given::encryption("").replace("\"this\"", "\"app\""));
    scene.env("TF_LOG", "trace");
    let mut secrets = Secrets::default();
    secrets.add("secret of ak-env", &secret("env"));
    secrets.add("secret of ak-opener", &secret("opener"));
    (scene, secrets)
}

fn provider(scene: &Scene, sts: &str, arguments: &str) {
    let log = scene.endpoint();
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n{arguments}\n  endpoints {{\n    log = {log:?}\n    sts = {sts:?}\n  }}\n}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
}

/// Lives with a source that the log calls so, and searches.
#[track_caller]
fn lives(scene: &Scene, secrets: &Secrets, called: &str, quoted: &[&str], wrote: &[&str]) {
    let quoted = quoted.iter().map(|text| (*text).to_owned()).collect();
    let log = live(scene, &[Member { name: "app".to_owned(), quoted }]);
    assert!(
        log.contains(&format!("source=\"{called}")) || log.contains(&format!("source={called}")),
        "{called}"
    );
    nothing_leaked(scene, secrets, wrote);
}

/// A session whose key is in three variables.
#[track_caller]
fn keys_in(variables: [&str; 3]) {
    let (scene, mut secrets) = scene();
    let session = session(&scene, &mut secrets, "the environment");
    let [id, key, token] = variables;
    scene.env(id, &session.id);
    scene.env(key, &session.secret);
    scene.env(token, &session.token);
    lives(
        &scene,
        &secrets,
        &format!("the environment variable {id}"),
        &[&session.secret, &session.token],
        &["seed.json"],
    );
}

#[test]
fn keys_of_the_official_provider() {
    keys_in(["ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"]);
}

#[test]
fn keys_of_the_credentials_libraries() {
    keys_in([
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ]);
}

#[test]
fn keys_of_the_third_family() {
    keys_in(["ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN"]);
}

#[test]
fn the_role_of_the_machine_by_version_1_of_its_metadata_service() {
    let (scene, mut secrets) = scene();
    let session = session(&scene, &mut secrets, "the machine");
    let metadata = metadata_service(None, &[("machine", answer(&session))]);
    scene.env("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", &metadata.url());
    let quoted = [session.secret.as_str(), &session.token];
    let called = format!("the ECS metadata service {} of this machine, role machine", metadata.url());
    lives(&scene, &secrets, &called, &quoted, &["seed.json"]);
    assert!(metadata.was_asked());
}

#[test]
fn the_role_of_the_machine_by_version_2_of_its_metadata_service() {
    let (scene, mut secrets) = scene();
    let session = session(&scene, &mut secrets, "the machine");
    let token = canary("metadata token");
    secrets.add("metadata token", &token);
    let metadata = metadata_service(Some(token.clone()), &[("machine", answer(&session))]);
    scene.env("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", &metadata.url());
    let quoted = [session.secret.as_str(), &session.token];
    lives(&scene, &secrets, "the ECS metadata service ", &quoted, &["seed.json"]);
    assert!(metadata.was_sent(&token));
}

#[test]
fn a_credentials_uri_and_the_code_in_it() {
    let (scene, mut secrets) = scene();
    let session = session(&scene, &mut secrets, "the address");
    let code = canary("code");
    secrets.add("code", &code);
    let (server, uri) = credentials_uri(&code, &session);
    scene.env("ALIBABA_CLOUD_CREDENTIALS_URI", &uri);
    let quoted = [session.secret.as_str(), &session.token];
    lives(&scene, &secrets, "the credentials URI ", &quoted, &["seed.json"]);
    assert!(server.was_asked());
}

/// The sessions that STS opens for a token of the environment are searched for too.
#[track_caller]
fn oidc(variable: &str, in_a_file: bool) {
    let (scene, mut secrets) = scene();
    let sts = Relay::start(scene.endpoint().strip_prefix("http://").unwrap());
    provider(&scene, &sts.url(), "");
    let token = oidc_token(&mut secrets, "the environment");
    if in_a_file {
        scene.home("token", &token);
        scene.env(variable, &scene.root().join("home/token").display().to_string());
    } else {
        scene.env(variable, &token);
    }
    scene.env("ALIBABA_CLOUD_ROLE_ARN", DEPLOYER);
    scene.env("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", OIDC_PROVIDER);
    let log = live(&scene, &[Member { name: "app".to_owned(), quoted: Vec::new() }]);
    assert!(log.contains("with OIDC of the environment variable ALIBABA_CLOUD_ROLE_ARN"));
    assert!(sts.asked().contains(&token), "the token was not sent");
    for member in ["AccessKeySecret", "SecurityToken"] {
        let values = sts.answered(member);
        assert!(values.len() >= 4, "{member}: {}", values.len());
        for value in &values {
            secrets.add(member, value);
        }
    }
    let wrote: &[&str] = if in_a_file { &["home/token", "seed.json"] } else { &["seed.json"] };
    nothing_leaked(&scene, &secrets, wrote);
}

#[test]
fn a_token_of_an_identity_provider() {
    oidc("ALIBABA_CLOUD_OIDC_TOKEN", false);
}

#[test]
fn a_file_with_a_token_of_an_identity_provider() {
    oidc("ALIBABA_CLOUD_OIDC_TOKEN_FILE", true);
}

#[test]
fn a_user_name_and_password_of_the_proxy() {
    let certificate = tempfile::tempdir().unwrap();
    let ca = certificate.path().join("ca.pem").display().to_string();
    let scene = Scene::with_flags(&seed(&["env"], &[], &["app"]), &["--tls", "--ca-out", &ca]);
    let proxy = Relay::start(scene.endpoint().strip_prefix("http://").unwrap());
    let (password, mut secrets) = ("c4n4ry-Of~the_proxy.password", Secrets::default());
    secrets.add("password of the proxy", password);
    secrets.add("secret of ak-env", &secret("env"));
    let block = format!("provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  ca_bundle = {ca:?}\n}}\n");
    scene.write("provider.tf", &(scene.required_providers() + &block));
    scene.write("main.tf", &given::encryption("").replace("\"this\"", "\"app\""));
    scene.env("TF_LOG", "trace");
    scene.env("ALICLOUD_ACCESS_KEY", "ak-env");
    scene.env("ALICLOUD_SECRET_KEY", &secret("env"));
    scene.env("HTTPS_PROXY", &format!("http://user:{password}@{}", proxy.address()));
    lives(
        &scene,
        &secrets,
        "the environment variable ALICLOUD_ACCESS_KEY",
        &[&secret("env")],
        &["seed.json"],
    );
    assert!(proxy.asked().contains("CONNECT audit.cn-hangzhou.log.aliyuncs.com:443 HTTP/1.1\r\n"));
    let mut sent = Secrets::default();
    sent.add("password", password);
    assert!(sent.is_in(&proxy.asked()), "the password was not sent");
}

#[test]
fn a_proxy_that_refuses_and_quotes_the_password() {
    let (scene, mut secrets) = scene();
    let password = "c4n4ry-Of~the_proxy.password";
    secrets.add("password of the proxy", password);
    let block = "provider \"alicloud\" {\n  region = \"cn-hangzhou\"\n  max_retries = 0\n}\n";
    scene.write("provider.tf", &(scene.required_providers() + block));
    scene.env("ALICLOUD_ACCESS_KEY", "ak-env");
    scene.env("ALICLOUD_SECRET_KEY", &secret("env"));
    for (status, says) in [(407, "asks for a user name and a password"), (502, "refused to connect")] {
        let proxy = Server::start(move |head| (status, format!("{password} is wrong in {head}")));
        let address = proxy.url();
        scene.env("HTTPS_PROXY", &address.replace("http://", &format!("http://user:{password}@")));
        scene.try_apply().failed().error().says(&[&address, says]);
        assert!(proxy.was_asked());
    }
    scene.env("HTTPS_PROXY", &format!("http://user:{password}@127.0.0.1:no-port"));
    scene.try_plan().failed().error().says(&["HTTPS_PROXY", "not the URL of a proxy"]);
    nothing_leaked(&scene, &secrets, &["seed.json"]);
}
