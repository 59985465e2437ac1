//! The provider block: several of them, and ways to sign.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::given;
use crate::harness::{Scene, start_emulator};

#[test]
fn two_accounts_are_kept_apart_by_aliases() {
    let (here, there) = (Scene::new(&given::plain()), Scene::new(&given::plain()));
    here.host_starts_provider();
    let other = there.provider_block("  alias = \"other\"");
    here.write("other.tf", &other);
    here.write("main.tf", &given::encryption(""));
    let main = given::encryption("  provider = alicloud.other\n  encrypt_type = \"sm4\"");
    here.write("there.tf", &main.replace("\"this\"", "\"that\""));
    assert_eq!(here.apply().changes(), (2, 0, 0));
    assert_eq!(given::stored(&here), given::service_key(true, "default"));
    assert_eq!(given::stored(&there), given::service_key(true, "sm4"));
    let expected = ["GetLogStore", "GetLogStore", "UpdateLogStore", "GetLogStore", "GetCallerIdentity"];
    assert_eq!(
        (here.actions(), there.actions()),
        (expected.map(str::to_owned).to_vec(), expected.map(str::to_owned).to_vec())
    );
    here.plan().expect_empty();
}

#[test]
fn credentials_and_endpoint_may_come_from_the_environment() {
    let scene = Scene::new(&given::plain());
    scene.write("provider.tf", &scene.required_providers());
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-root");
    scene.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-root");
    scene.env("ALIBABA_CLOUD_REGION", "cn-hangzhou");
    scene.env("ALIBABA_CLOUD_ENDPOINT_SLS", &scene.endpoint());
    scene.env("ALIBABA_CLOUD_ENDPOINT_STS", &scene.endpoint());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
}

/// The emulator verifies every one; a round of create and destroy signs reads and writes.
fn signs(version: &str, authorization: &str) {
    let scene = Scene::new(&given::plain());
    let sign_version = format!("  sign_version {{\n    sls = {version:?}\n  }}");
    scene.provider(&sign_version);
    scene.write("main.tf", &given::encryption(given::DISABLING));
    scene.apply();
    scene.destroy();
    assert_eq!(given::stored(&scene), given::service_key(false, "default"));

    // That it was this version and no other only the request itself can tell.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let head = thread::spawn(move || head_of_first_request(&listener));
    scene.write(
        "provider.tf",
        &scene.read("provider.tf").replace(&scene.endpoint(), &format!("http://{address}")),
    );
    scene.try_plan().failed();
    let head = head.join().unwrap();
    let sent = head.iter().find(|line| line.to_ascii_lowercase().starts_with("authorization: ")).unwrap();
    assert_eq!(sent.split(' ').nth(1).unwrap(), authorization);
    let method = head.iter().find_map(|line| line.strip_prefix("x-log-signaturemethod: "));
    assert_eq!(method, version.strip_prefix("v1-"));
}

/// Answers one request with a refusal that is not worth repeating.
fn head_of_first_request(listener: &TcpListener) -> Vec<String> {
    let (mut stream, _) = listener.accept().unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let head = lines.take_while(|line| !line.is_empty()).collect();
    let body = r#"{"errorCode":"SignatureNotMatch","errorMessage":"refused"}"#;
    let answer = format!(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).unwrap();
    head
}

#[test]
fn requests_are_signed_in_version_4() {
    signs("v4", "SLS4-HMAC-SHA256");
}

#[test]
fn requests_are_signed_in_version_1_with_sha256() {
    signs("v1-hmac-sha256", "LOG");
}

#[test]
fn requests_are_signed_in_version_1_with_sha1() {
    signs("v1-hmac-sha1", "LOG");
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_ca_bundle_names_it() {
    let scene = Scene::new(&given::plain());
    let directory = scene.root().join("tls");
    std::fs::create_dir(&directory).unwrap();
    let bundle = directory.join("ca.pem");
    let bundle = bundle.to_str().unwrap();
    let flags = ["--tls", "--ca-out", bundle];
    let served = start_emulator(&directory, &given::plain(), &flags);
    let over_tls = |arguments: &str| {
        let block = scene.provider_block(arguments);
        let block = block.replace(&scene.endpoint(), &format!("https://{}", served.address()));
        scene.write("provider.tf", &(scene.required_providers() + &block));
    };
    scene.write("main.tf", &given::encryption(""));

    over_tls("");
    scene.try_apply().failed().error().says(&["no secure connection to", "is not trusted here", "ca_bundle"]);

    over_tls(&format!("  ca_bundle = {bundle:?}"));
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    scene.plan().expect_empty();

    std::fs::write(bundle, "").unwrap();
    scene.try_plan().failed().error().says(&["Invalid CA bundle", bundle, "no certificate"]);
}

#[test]
fn a_region_nobody_knows_is_told_with_the_nearest_one() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    let slip = scene.read("provider.tf").replace("cn-hangzhou", "cn-hangzou");
    scene.write("provider.tf", &slip);
    let error = scene.try_plan().failed().error();
    error.says(&["Unknown region", "Did you mean \"cn-hangzhou\"?", "skip_region_validation"]);
    assert!(scene.calls().is_empty());
    scene.env("ALICLOUD_SKIP_REGION_VALIDATION", "true");
    // The region is a part of what is signed, and the emulator is in another.
    scene.try_plan().failed().error().says(&["request id "]);
    assert!(!scene.calls().is_empty());
}
