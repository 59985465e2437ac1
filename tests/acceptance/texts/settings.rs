//! Situations of the provider block, of values that are refused, and of everything else.

use serde_json::{Value, json};

use super::Printed;
use super::set_up::{applied, encryption, scene, seed, service_key};
use crate::harness::Scene;

const TWO: &str = "2222222222222222";

/// A provider block with an alias.
fn provider(alias: &str, arguments: &str) -> String {
    format!("provider \"alicloud\" {{\n  alias = {alias:?}\n{arguments}}}\n")
}

/// Values that `validate` refuses.
pub fn values() -> Printed {
    let scene = scene(&[]);
    let cmk = |key: &str, arn: &str, region: &str| {
        format!(
            "  user_cmk_info = {{\n    cmk_key_id = {key}\n    arn        = {arn}\n    region_id  = {region}\n  }}"
        )
    };
    let arn = "\"acs:ram::1234567890123456:role/sls-byok\"";
    let each = [
        ("logstore-name", "  provider = alicloud".to_owned()),
        ("algorithm", "  encrypt_type = \"AES-GCM\"".to_owned()),
        ("destroy", "  on_destroy = \"delete\"".to_owned()),
        ("read-only", "  mechanism = \"byok\"".to_owned()),
        ("timeout", "  timeouts = { create = \"soon\" }".to_owned()),
        ("region", "  region = \"Hangzhou\"".to_owned()),
        ("key-null", cmk("null", arn, "null")),
        ("key-empty", cmk("\" \"", arn, "null")),
        ("key-arn", cmk("\"acs:kms:cn-hangzhou:1234567890123456:key/key-1\"", arn, "null")),
        ("role-name", cmk("\"key-1\"", "\"sls-byok\"", "null")),
        ("key-region", cmk("\"key-1\"", arn, "\"\"")),
    ];
    let mut main: String = each.iter().map(|(name, arguments)| encryption(name, arguments)).collect();
    main = main.replace("\"logstore-name\"", "\"App\"");
    let role = |label: &str, arguments: &str| {
        format!("resource \"alicloud_ram_byok_role\" {label:?} {{\n{arguments}\n}}\n")
    };
    let tags: Vec<String> = (0..21).map(|number| format!("t{number} = \"\"")).collect();
    for (label, arguments) in [
        ("duration", "  role_name = \"a\"\n  max_session_duration = 60".to_owned()),
        ("name", "  role_name = \"a b\"".to_owned()),
        ("linked", "  role_name = \"AliyunServiceRoleForSLSAudit\"".to_owned()),
        ("tag", "  role_name = \"a\"\n  tags = { \"acs:x\" = \"\" }".to_owned()),
        ("tags", format!("  role_name = \"a\"\n  tags = {{ {} }}", tags.join(", "))),
        ("users", "  role_name = \"a\"\n  pass_role = { users = [\"a b\"] }".to_owned()),
        ("null", "  role_name = \"a\"\n  pass_role = { users = [\"alice\", null] }".to_owned()),
        ("policy", "  role_name = \"a\"\n  pass_role = { policy_name = \"a.b\" }".to_owned()),
        ("description", format!("  role_name = \"a\"\n  description = {:?}", "d".repeat(1_025))),
    ] {
        main += &role(label, &arguments);
    }
    for (alias, arguments) in [
        ("half", "  access_key = \"ak-root\"\n  secret_key = \"\""),
        ("endpoint", "  endpoints {\n    log = \"http://sls.example.com\"\n  }"),
        ("account", "  allowed_account_ids = [\"acme\"]"),
        ("retries", "  max_retries = -1"),
        ("preflight", "  preflight = \"sometimes\""),
        ("assume", "  assume_role {\n    role_arn = \"deployer\"\n  }"),
        ("regions", "  region = \"Hangzhou\""),
    ] {
        main += &provider(alias, &format!("{arguments}\n"));
    }
    scene.write("main.tf", &main);
    Printed::by(scene, &["validate"])
}

/// Provider blocks that cannot be used, each with a Logstore of its own.
pub fn provider_blocks() -> Printed {
    let seed = {
        let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["ecs.aliyuncs.com"]}}]});
        let mut seed = seed(&[]);
        let roles = seed["roles"].as_array_mut().unwrap();
        roles.push(json!({"name": "deployer", "assume_role_policy_document": trust,
            "policies": ["AliyunLogFullAccess"]}));
        seed
    };
    let scene = Scene::new(&seed);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let keys = "  access_key = \"ak-root\"\n  secret_key = \"sk-root\"\n";
    let (region, endpoint) = ("  region = \"cn-hangzhou\"\n", scene.endpoint());
    let endpoints = format!(
        "  endpoints {{\n    log = {endpoint:?}\n    ram = {endpoint:?}\n    sts = {endpoint:?}\n  }}\n"
    );
    let assume = |role: &str| {
        format!("{keys}  assume_role {{\n    role_arn = \"acs:ram::1234567890123456:role/{role}\"\n  }}\n")
    };
    let mut main = String::new();
    scene.home("broken.json", "{\"current\":\"p\"");
    let home = scene.root().join("home");
    for (alias, arguments) in [
        ("no_region", format!("{keys}{endpoints}")),
        ("unknown_region", format!("{keys}  region = \"cn-hangzou\"\n{endpoints}")),
        ("ca_bundle", format!("{keys}{region}{endpoints}  ca_bundle = \"{}/none.pem\"\n", home.display())),
        ("half_a_key", format!("{region}{endpoints}  access_key = \"ak-root\"\n")),
        ("no_keys", format!("{region}{endpoints}")),
        ("no_role", format!("{keys}{region}{endpoints}  assume_role {{}}\n")),
        ("role_refuses", format!("{region}{endpoints}{}", assume("deployer"))),
        ("no_such_role", format!("{region}{endpoints}{}", assume("nowhere"))),
        ("profile", format!("{region}{endpoints}  profile = \"nobody\"\n")),
        (
            "broken_file",
            format!("{region}{endpoints}  shared_credentials_file = \"{}/broken.json\"\n", home.display()),
        ),
        ("ecs", format!("{region}{endpoints}  ecs_role_name = \"runner\"\n")),
        ("uri", format!("{region}{endpoints}  credentials_uri = \"ftp://keys\"\n")),
        ("allowed", format!("{keys}{region}{endpoints}  allowed_account_ids = [\"{TWO}\"]\n")),
        ("secret", format!("{region}{endpoints}{}", keys.replace("sk-root", "sk-wrong"))),
        ("key", format!("{region}{endpoints}{}", keys.replace("ak-root", "ak-gone"))),
        (
            "closed",
            format!(
                "{keys}{region}  max_retries = 1\n  endpoints {{\n    log = \"http://{port}\"\n    sts = {endpoint:?}\n  }}\n"
            ),
        ),
        ("token", format!("{keys}{region}{endpoints}  security_token = \"sts-nobody\"\n")),
    ] {
        main += &provider(alias, &arguments);
        main += &encryption(&alias.replace('_', "-"), &format!("  provider = alicloud.{alias}"));
    }
    scene.env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    scene.write("main.tf", &main);
    Printed::by_plan(scene)
}

/// An environment in which nothing can be used.
pub fn environment() -> Printed {
    let scene = Scene::new(&seed(&[]));
    let block = "provider \"alicloud\" {\n  access_key = \"ak-root\"\n  secret_key = \"sk-root\"\n  assume_role {}\n}\n";
    scene.write("provider.tf", &(scene.required_providers() + block));
    scene.write("main.tf", &encryption("app", ""));
    for (name, value) in [
        ("ALICLOUD_REGION", "Hangzhou"),
        ("ALIBABA_CLOUD_STS_ENDPOINT", "http://sts.example.com"),
        ("HTTPS_PROXY", "gopher://proxy"),
        ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "perhaps"),
        ("ALICLOUD_ENCRYPTION_PREFLIGHT", "sometimes"),
        ("ALICLOUD_ENCRYPTION_PERMANENCE_WARNING", "sometimes"),
        ("ALIBABA_CLOUD_ROLE_ARN", "deployer"),
        ("ALICLOUD_ASSUME_ROLE_ARN", "deployer"),
    ] {
        scene.env(name, value);
    }
    Printed::by_plan(scene)
}

/// Keys of another account than the one that the objects of a state belong to.
pub fn accounts() -> Printed {
    let role = "resource \"alicloud_ram_byok_role\" \"this\" {\n  role_name = \"made-here\"\n}\n";
    let main = encryption("app", "") + role;
    let scene = applied(&[("app", service_key(true, "default"))], &main);
    let second = Scene::new(&json!({"account_id": TWO}));
    scene.write("provider.tf", &scene.read("provider.tf").replace(&scene.endpoint(), &second.endpoint()));
    Printed::by_plan(scene)
}

/// A Logstore that is gone, and whose account is not known; and STS does not answer for a role.
pub fn unknown_account() -> Printed {
    let scene = scene(&[("app", Value::Null)]);
    let role = "resource \"alicloud_ram_byok_role\" \"this\" {\n  role_name = \"made-here\"\n}\n";
    scene.write("main.tf", &(encryption("app", "") + role));
    scene.provider("  max_retries = 0\n  preflight = \"off\"");
    scene.fault_of("sts", &json!({"action": "GetCallerIdentity", "times": 100_000, "effect": "drop_before"}));
    scene.apply();
    scene.delete_project("audit");
    for policy in ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"] {
        scene.ram(
            "DetachPolicyFromRole",
            &[("PolicyName", policy), ("PolicyType", "System"), ("RoleName", "made-here")],
        );
    }
    scene.ram("DeleteRole", &[("RoleName", "made-here")]);
    Printed::by_plan(scene)
}

/// The provider block needs what the same apply creates, and an object of the state has to be read before.
pub fn provider_not_known_yet() -> Printed {
    let scene = applied(&[("app", service_key(true, "default"))], &encryption("app", ""));
    let region = "resource \"terraform_data\" \"region\" {\n  input = \"cn-hangzhou\"\n}\n";
    scene.write("main.tf", &(encryption("app", "") + region));
    let provider = scene.read("provider.tf").replace("\"cn-hangzhou\"", "terraform_data.region.output");
    scene.write("provider.tf", &provider);
    Printed::by_plan(scene)
}

/// The data source, where a service does not answer, and with texts that are none.
pub fn readiness() -> Printed {
    let scene = scene(&[]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let kms = scene.provider_block("  alias = \"closed\"\n  max_retries = 0");
    scene.write("closed.tf", &kms.replace("    ram = ", &format!("    kms = \"http://{port}\"\n    ram = ")));
    let data = |label: &str, more: &str| {
        format!(
            "data \"alicloud_byok_readiness\" {label:?} {{\n  cmk_key_id = \"key-1\"\n  role_arn = \"acs:ram::1234567890123456:role/Sls-Byok\"\n{more}}}\n"
        )
    };
    scene.write("main.tf", &data("closed", "  provider = alicloud.closed\n"));
    Printed::by_plan(scene)
}

/// The data sources of the audit, where a Logstore is of another kind, and where the time is too short.
pub fn audit() -> Printed {
    let scene = scene(&[]);
    scene.put_log_store("audit", "memory", &json!({"telemetryType": "Metrics"}));
    let one = "data \"alicloud_log_store_encryption\" \"one\" {\n  project_name = \"audit\"\n  logstore_name = \"memory\"\n  telemetry_type = \"None\"\n}\n";
    let all = "data \"alicloud_log_store_encryptions\" \"all\" {\n  timeouts = { read = \"1ns\" }\n}\n";
    scene.write("main.tf", &[one, all].concat());
    Printed::by_plan(scene)
}

/// An audit of no regions.
pub fn audit_of_nothing() -> Printed {
    let scene = scene(&[]);
    scene.write("main.tf", "data \"alicloud_log_store_encryptions\" \"all\" {\n  regions = []\n}\n");
    Printed::by_plan(scene)
}

/// Functions with arguments that they cannot take.
pub fn functions() -> Printed {
    let scene = Scene::new(&seed(&[]));
    let output =
        |name: &str, call: &str| format!("output {name:?} {{\n  value = provider::alicloud::{call}\n}}\n");
    let main = output("id", "log_store_id_parse(\"audit\")")
        + &output("name", "log_store_id_parse(\"audit:App\")")
        + &output("arn", "role_arn_parse(\"sls-byok\")")
        + &output("policy", "pass_role_policy(\"acs:ram::1:user/a\")");
    scene.write("main.tf", &main);
    Printed::by(scene, &["validate"])
}

/// A state that somebody has edited.
pub fn damaged_state() -> Printed {
    let names = ["private", "type", "name"];
    let log_stores = names.map(|name| (name, service_key(true, "default")));
    let role = "resource \"alicloud_ram_byok_role\" \"name\" {\n  role_name = \"made-here\"\n}\n";
    let scene = applied(&log_stores, &(names.map(|name| encryption(name, "")).concat() + role));
    let mut state = scene.state();
    for resource in state["resources"].as_array_mut().unwrap() {
        let text = |member: &str| resource[member].as_str().unwrap().to_owned();
        let (name, resource_type) = (text("name"), text("type"));
        let instance = &mut resource["instances"][0];
        match name.as_str() {
            "name" if resource_type == "alicloud_ram_byok_role" => {
                instance["attributes"]["role_name"] = json!("no name");
            }
            "private" => instance["private"] = json!("eyJ4"),
            "type" => instance["attributes"]["enable"] = json!("perhaps"),
            _ => instance["attributes"]["logstore_name"] = json!("No Name"),
        }
    }
    scene.write("terraform.tfstate", &state.to_string());
    Printed::by_plan(scene)
}
