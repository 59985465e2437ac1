//! A proxy between the provider and the services.

use std::collections::BTreeSet;

use serde_json::json;

use crate::given::{encryption, stored};
use crate::harness::{Relay, Scene};
use crate::readiness;

const HOSTS: [&str; 4] = [
    "audit.cn-hangzhou.log.aliyuncs.com:443",
    "kms.cn-hangzhou.aliyuncs.com:443",
    "ram.aliyuncs.com:443",
    "sts.cn-hangzhou.aliyuncs.com:443",
];

/// An emulator that speaks TLS and is the proxy to the hosts of all services, with a provider that trusts it. What the
/// proxy is asked is recorded.
fn scene() -> (Scene, Relay, tempfile::TempDir) {
    let certificates = tempfile::tempdir().unwrap();
    let ca = certificates.path().join("ca.pem").display().to_string();
    let mut seed = readiness::seed();
    seed["projects"] = json!([{"name": "audit", "logstores": [{"logstoreName": "app"}]}]);
    let scene = Scene::with_flags(&seed, &["--tls", "--ca-out", &ca]);
    let proxy = Relay::start(scene.endpoint().strip_prefix("http://").unwrap());
    provider(&scene, &format!("  ca_bundle = {ca:?}\n"));
    scene.write("main.tf", &(encryption("") + readiness::THIS));
    scene.env("HTTPS_PROXY", &format!("http://{}", proxy.address()));
    (scene, proxy, certificates)
}

fn provider(scene: &Scene, arguments: &str) {
    let block = format!(
        "provider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  access_key = \"ak-root\"\n  secret_key = \"sk-root\"\n  max_retries = 0\n{arguments}}}\n"
    );
    scene.write("provider.tf", &(scene.required_providers() + &block));
}

/// The hosts that tunnels were asked for.
fn tunnels(proxy: &Relay) -> BTreeSet<String> {
    let asked = proxy.asked();
    let requests = asked.split("CONNECT ").skip(1).filter_map(|rest| rest.split_once(" HTTP/1.1\r\n"));
    requests.map(|(host, _)| host.to_owned()).collect()
}

#[test]
fn all_services_are_reached_through_the_proxy_which_sees_no_request() {
    let (scene, proxy, _certificates) = scene();
    scene.apply();
    assert_eq!(tunnels(&proxy), BTreeSet::from(HOSTS.map(str::to_owned)));
    let asked = proxy.asked();
    for part in ["ak-root", "/logstores/app", "DescribeKey"] {
        assert!(!asked.contains(part), "{part} can be read on the way");
    }
    let called: BTreeSet<_> = scene.calls().into_iter().map(|call| call.service).collect();
    assert_eq!(called, BTreeSet::from(["kms", "ram", "sls", "sts"].map(str::to_owned)));
    assert_eq!(stored(&scene)["enable"], true);
}

#[test]
fn a_host_of_no_proxy_is_reached_without_it() {
    let (scene, proxy, certificates) = scene();
    let ca = certificates.path().join("ca.pem");
    // A name that never has an address (RFC 6761 section 6.4).
    let endpoints = "  endpoints {\n    log = \"https://sls.invalid\"\n  }\n";
    provider(&scene, &format!("  ca_bundle = {:?}\n{endpoints}", ca.display().to_string()));
    scene.write("main.tf", &encryption(""));
    scene.try_apply().failed().error().says(&["the proxy", &proxy.address(), "audit.sls.invalid"]);
    assert_eq!(tunnels(&proxy), BTreeSet::from(["audit.sls.invalid:443".to_owned()]));
    let asked = proxy.asked();
    scene.env("NO_PROXY", "sls.invalid");
    scene.try_apply().failed().error().says(&["the name audit.sls.invalid cannot be resolved"]);
    assert_eq!(proxy.asked(), asked, "the proxy was asked all the same");
}
