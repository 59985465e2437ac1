//! `examples/complete` and `examples/roles`: 40 Logstores in three regions of two accounts, each account an emulator.

use serde_json::{Value, json};

use crate::examples::{copy_example, example};
use crate::harness::{Ran, Scene};

const ROLE: &str = "sls-byok";

/// The directory of the roles, as the host is told it.
const IN_ROLES: &str = "-chdir=../roles";

/// Both accounts. The configuration is in the directory of `production`.
struct Accounts {
    production: Scene,
    staging: Scene,
}

impl Accounts {
    fn new() -> Accounts {
        let seed = |name: &str| -> Value {
            serde_json::from_str(&example(&format!("complete/emulator/{name}.json"))).unwrap()
        };
        let (production, staging) = (Scene::new(&seed("production")), Scene::new(&seed("staging")));
        production.host_starts_provider();
        production.look_at_keys_and_roles();
        production.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-operator");
        production.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-operator");
        production.remove("provider.tf");
        copy_example("complete", &production.path(""));
        for folder in ["modules", "roles"] {
            copy_example(folder, &production.root().join(folder));
        }
        let mut emulators = production.read("emulator/emulator_override.tf");
        for (address, scene) in [("http://127.0.0.1:8701", &production), ("http://127.0.0.1:8702", &staging)]
        {
            assert_eq!(emulators.matches(address).count(), 4);
            emulators = emulators.replace(address, &scene.endpoint());
        }
        for folder in [".", "../roles"] {
            production.write(&format!("{folder}/emulator_override.tf"), &emulators);
        }
        production.run(&["get"]).succeeded();
        Accounts { production, staging }
    }

    /// Both, with roles and Logstores applied.
    fn applied() -> Accounts {
        let accounts = Accounts::new();
        accounts.apply_roles();
        assert_eq!(accounts.production.apply().changes(), (40, 0, 0));
        accounts.forget_calls();
        accounts
    }

    fn apply_roles(&self) -> Ran {
        self.production.run(&[IN_ROLES, "apply", "-auto-approve", "-input=false", "-json"]).succeeded()
    }

    fn both(&self) -> [&Scene; 2] {
        [&self.production, &self.staging]
    }

    fn forget_calls(&self) {
        self.both().into_iter().for_each(Scene::forget_calls);
    }

    /// How often an action was called in production, and in staging.
    fn count(&self, action: &str) -> [usize; 2] {
        self.both().map(|scene| scene.actions().iter().filter(|called| *called == action).count())
    }

    /// Every call of each account, with how often it was made.
    fn calls(&self) -> [Vec<(String, usize)>; 2] {
        self.both().map(|scene| {
            let mut actions = scene.actions();
            actions.sort_unstable();
            actions.chunk_by(|one, next| one == next).map(|same| (same[0].clone(), same.len())).collect()
        })
    }

    /// Every Logstore: project, name, region and what it holds.
    fn logstores(&self) -> Vec<(String, String, Value)> {
        let mut logstores = Vec::new();
        for (scene, seed) in [(&self.production, "production"), (&self.staging, "staging")] {
            let seed: Value =
                serde_json::from_str(&example(&format!("complete/emulator/{seed}.json"))).unwrap();
            for project in seed["projects"].as_array().unwrap() {
                for logstore in project["logstores"].as_array().unwrap() {
                    let (project_name, name) =
                        (project["name"].as_str().unwrap(), logstore["logstoreName"].as_str().unwrap());
                    let found = Value::Object(scene.log_store(project_name, name));
                    let region = project["region"].as_str().unwrap().to_owned();
                    logstores.push((format!("{project_name}:{name}"), region, found));
                }
            }
        }
        logstores
    }
}

#[test]
fn forty_logstores_of_two_accounts_are_encrypted() {
    let accounts = Accounts::new();
    assert_eq!(accounts.apply_roles().changes(), (2, 0, 0));
    let ran = accounts.production.apply();
    assert_eq!((ran.changes(), ran.diagnostics().len()), ((40, 0, 0), 0), "{:#?}", ran.diagnostics());
    let logstores = accounts.logstores();
    assert_eq!(logstores.len(), 40);
    for (id, region, found) in logstores {
        let (key, account) = match region.as_str() {
            "cn-hangzhou" => ("f5136b95-2420-ab31-1234-0123456789ab", "1234567890123456"),
            "cn-shanghai" => ("0b1a2c3d-1111-4222-8333-444455556666", "1234567890123456"),
            _ => ("7c6d5e4f-aaaa-4bbb-8ccc-ddddeeeeffff", "2222222222222222"),
        };
        let cmk =
            json!({"cmk_key_id": key, "arn": format!("acs:ram::{account}:role/{ROLE}"), "region_id": region});
        let conf = json!({"enable": true, "encrypt_type": "default", "user_cmk_info": cmk});
        assert_eq!((&found["encrypt_conf"], &found["ttl"]), (&conf, &json!(180)), "{id}");
    }
    assert_eq!(accounts.count("UpdateLogStore"), [27, 13]);
    let outputs = accounts.production.state()["outputs"].clone();
    let line = &outputs["logstores"]["value"]["cn-beijing shop-staging-beijing:cart"];
    assert_eq!(line, "byok default 7c6d5e4f-aaaa-4bbb-8ccc-ddddeeeeffff");
    assert_eq!(outputs["not_encrypting"]["value"], json!([]));
}

#[test]
fn a_second_plan_is_empty_and_calls_once_for_each_logstore() {
    let accounts = Accounts::applied();
    accounts.production.plan().expect_empty();
    let expected = |logstores, keys| {
        [
            ("AssumeRole", 1),
            ("DescribeKey", keys),
            ("GetCallerIdentity", 1),
            ("GetLogStore", logstores),
            ("GetRole", 1),
            ("ListPoliciesForRole", 1),
        ]
        .map(|(action, times)| (action.to_owned(), times))
        .to_vec()
    };
    assert_eq!(accounts.calls(), [expected(27, 2), expected(13, 1)]);
}

#[test]
fn a_destroy_of_the_logstores_leaves_the_roles_which_refuse_their_own() {
    let accounts = Accounts::applied();
    let roles = accounts.both().map(|scene| scene.role(ROLE).unwrap());
    assert_eq!(accounts.production.destroy().changes(), (0, 0, 40));
    assert_eq!(accounts.count("UpdateLogStore"), [0, 0]);
    assert!(accounts.logstores().iter().all(|(_, _, found)| found["encrypt_conf"]["enable"] == true));

    let ran =
        accounts.production.run(&[IN_ROLES, "destroy", "-auto-approve", "-input=false", "-json"]).failed();
    for error in ran.errors() {
        error.says(&["Instance cannot be destroyed", "lifecycle.prevent_destroy"]);
    }
    assert_eq!(accounts.both().map(|scene| scene.role(ROLE).unwrap()), roles);
    let plan = accounts.production.run(&[IN_ROLES, "plan", "-input=false", "-json", "-detailed-exitcode"]);
    assert_eq!(plan.exit_code, Some(0), "{:#?}", plan.diagnostics());
}

/// An alias whose keys lead to another account is refused before a Logstore is read.
#[test]
fn an_account_that_is_not_that_of_the_alias_is_refused() {
    let accounts = Accounts::applied();
    let emulators = accounts.production.read("emulator_override.tf");
    let swapped = emulators
        .replace(&accounts.production.endpoint(), "PRODUCTION")
        .replace(&accounts.staging.endpoint(), &accounts.production.endpoint())
        .replace("PRODUCTION", &accounts.staging.endpoint());
    accounts.production.write("emulator_override.tf", &swapped);
    accounts.production.try_plan().failed();
    assert_eq!((accounts.count("GetLogStore"), accounts.count("UpdateLogStore")), ([0, 0], [0, 0]));
}
