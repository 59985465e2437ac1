//! Role and encryption in one apply: the service may not see the role for a while.

use serde_json::{Value, json};

use super::given::{self, ARN, NAME, THIS, role};
use crate::given::stored;
use crate::harness::Scene;

const ENCRYPTION: &str = "alicloud_log_store_encryption.this";

/// People, a Logstore and a key; that roles are listed makes the emulator look at the role of a configuration.
fn seed() -> Value {
    let mut seed = given::people();
    seed["projects"] = json!([{"name": "audit", "logstores": [{"logstoreName": "app"}]}]);
    seed["keys"] = json!([{"id": "key-1", "spec": "Aliyun_AES_256", "usage": "ENCRYPT/DECRYPT", "state": "Enabled", "region": "cn-hangzhou"}]);
    seed
}

/// The encryption `this`, through a role given as an expression.
fn encryption(arn: &str, arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" \"this\" {{\n  project_name = \"audit\"\n  logstore_name = \"app\"\n  user_cmk_info = {{\n    cmk_key_id = \"key-1\"\n    arn = {arn}\n    region_id = \"cn-hangzhou\"\n  }}\n{arguments}\n}}\n"
    )
}

fn both(arguments: &str) -> String {
    role("") + &encryption("alicloud_ram_byok_role.this.arn", arguments)
}

#[track_caller]
fn is_encrypted(scene: &Scene) {
    let conf = stored(scene);
    assert_eq!((&conf["enable"], &conf["user_cmk_info"]["arn"]), (&json!(true), &json!(ARN)));
}

fn updates(scene: &Scene) -> usize {
    scene.actions().into_iter().filter(|action| action == "UpdateLogStore").count()
}

#[test]
fn both_are_made_in_one_apply() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both(""));
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.ran.diagnostics().len(), 0);
    assert_eq!(plan.change(ENCRYPTION)["after_unknown"]["user_cmk_info"]["arn"], true);
    assert_eq!(scene.try_apply_plan().succeeded().changes(), (2, 0, 0));
    is_encrypted(&scene);
    assert_eq!(scene.plan().expect_empty().ran.diagnostics().len(), 0);
}

/// However the service says that it does not see the role yet.
#[test]
fn a_role_that_this_run_has_made_is_waited_for() {
    let unauthorized = ("Unauthorized", 401, "no authority to use the role".to_owned());
    let invalid = ("ParameterInvalid", 400, format!("the role {ARN} does not exist"));
    for (code, status, message) in [unauthorized, invalid] {
        let scene = Scene::new(&seed());
        scene.write("main.tf", &both(""));
        let error = json!({"error": {"status": status, "code": code, "message": message}});
        scene.fault(&json!({"action": "UpdateLogStore", "times": 2, "effect": error}));
        assert_eq!(scene.apply().diagnostics().len(), 0);
        assert_eq!(updates(&scene), 3);
        is_encrypted(&scene);
    }
}

/// The service looks the role up where it is not seen yet.
#[test]
fn a_role_that_the_service_does_not_see_yet_is_waited_for() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both(""));
    let stale = json!({"stale": {"reads": 1, "writes": 3}});
    scene.fault(&json!({"action": "UpdateLogStore", "effect": stale}));
    assert_eq!(scene.apply().diagnostics().len(), 0);
    assert_eq!(updates(&scene), 2);
    is_encrypted(&scene);
}

#[test]
fn a_role_that_is_never_seen_is_an_error_in_the_end() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both("  timeouts = { create = \"5s\" }"));
    let error = json!({"error": {"status": 401, "code": "Unauthorized", "message": "no authority"}});
    scene.fault(&json!({"action": "UpdateLogStore", "times": 99, "effect": error}));
    let error = scene.try_apply().failed().error();
    error.says(&[
        "Cannot configure the encryption of a Logstore",
        "Logstore audit:app:",
        "Unauthorized",
        "ram:PassRole",
        ARN,
    ]);
    assert!((2..=4).contains(&updates(&scene)), "{}", updates(&scene));
    assert!(scene.role(NAME).is_some());
}

#[test]
fn a_role_that_this_run_has_not_made_is_not_waited_for() {
    let scene = Scene::new(&seed());
    // The role is old: the provider waits for any role that was created just now.
    scene.advance_clock(-600);
    scene.write("main.tf", &role(""));
    scene.apply();
    scene.advance_clock(600);
    let unauthorized = json!({"error": {"status": 401, "code": "Unauthorized", "message": "no authority"}});
    let invalid =
        json!({"error": {"status": 400, "code": "ParameterInvalid", "message": format!("the role {ARN}")}});
    for main in [both(""), encryption(&format!("{ARN:?}"), "") + &role("")] {
        for error in [&unauthorized, &invalid] {
            scene.write("main.tf", &main);
            scene.forget_calls();
            scene.fault(&json!({"action": "UpdateLogStore", "times": 9, "effect": error}));
            scene.try_apply().failed();
            scene.clear_faults();
            assert_eq!(updates(&scene), 1);
        }
    }
}

/// The provider does not wait after a refusal that is not about the role, even if this run created the role.
#[test]
fn another_refusal_is_not_waited_for() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both(""));
    let invalid =
        json!({"error": {"status": 400, "code": "ParameterInvalid", "message": "the key is disabled"}});
    scene.fault(&json!({"action": "UpdateLogStore", "times": 9, "effect": invalid}));
    scene.try_apply().failed();
    assert_eq!(updates(&scene), 1);
}

#[test]
fn a_role_that_is_put_right_in_the_same_apply_is_waited_for() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &role(""));
    scene.apply();
    let policy = [("PolicyName", "AliyunKMSCryptoUserAccess"), ("PolicyType", "System"), ("RoleName", NAME)];
    scene.ram("DetachPolicyFromRole", &policy);
    scene.write("main.tf", &both(""));
    let stale = json!({"stale": {"reads": 1, "writes": 1}});
    scene.fault(&json!({"action": "UpdateLogStore", "effect": stale}));
    scene.apply();
    assert_eq!(updates(&scene), 2);
    is_encrypted(&scene);
}

/// The encryption through the role by its ARN as text, planned before the role or after it.
fn by_text(role_name: &str, role_waits: bool) -> String {
    let (of_role, of_encryption) = if role_waits {
        ("  depends_on = [alicloud_log_store_encryption.this]", "")
    } else {
        ("", "  depends_on = [alicloud_ram_byok_role.this]")
    };
    role(of_role).replace(NAME, role_name) + &encryption(&format!("{ARN:?}"), of_encryption)
}

/// However the encryption names the role, and whichever of the two is planned first. Nothing is deleted, and the
/// remedy in the text works.
#[test]
fn another_name_of_a_role_in_use_is_an_error_of_the_plan() {
    let by_reference = |name: &str| both("").replace(NAME, name);
    let role_first = |name: &str| by_text(name, false);
    let role_second = |name: &str| by_text(name, true);
    let removed = |name: &str| if name == NAME { both("") } else { role("").replace(NAME, name) };
    let cbd = |name: &str| {
        let lifecycle = "  lifecycle {\n    create_before_destroy = true\n  }";
        role(lifecycle).replace(NAME, name) + &encryption("alicloud_ram_byok_role.this.arn", "")
    };
    let ways: [&dyn Fn(&str) -> String; 5] = [&by_reference, &role_first, &role_second, &removed, &cbd];
    for (number, main) in ways.into_iter().enumerate() {
        let scene = Scene::new(&seed());
        // The role is there before a configuration names it as text.
        scene.write("main.tf", &by_reference(NAME));
        scene.apply();
        scene.write("main.tf", &main(NAME));
        scene.apply();
        scene.forget_calls();
        scene.write("main.tf", &main("other"));
        for run in [scene.try_plan(), scene.try_apply()] {
            for error in run.failed().errors() {
                assert_eq!(error.summary, "The role of a Logstore cannot get another name", "way {number}");
                error.says(&["Logstore audit:app", NAME, "named other", "role_name = \"sls-byok\""]);
            }
        }
        assert_eq!(scene.ram_writes(), [""; 0], "way {number}");
        assert!(scene.role(NAME).is_some() && scene.role("other").is_none(), "way {number}");
        scene.write("main.tf", &main(NAME));
        scene.apply();
        scene.plan().expect_empty();
        is_encrypted(&scene);
    }
}

/// So is a Logstore that would be configured through the role that goes.
#[test]
fn another_name_of_a_role_that_a_new_encryption_names_as_text_is_an_error_of_the_plan() {
    for role_waits in [false, true] {
        let scene = Scene::new(&seed());
        scene.write("main.tf", &role(""));
        scene.apply();
        scene.write("main.tf", &by_text("other", role_waits));
        let error = scene.try_plan().failed().error();
        assert_eq!(error.summary, "The role of a Logstore cannot get another name");
        error.says(&["Logstore audit:app", NAME, "named other"]);
    }
}

/// Where the Logstore may be replaced in the same apply, its role may be too; and a role that no Logstore of the state
/// uses gets another name as before.
#[test]
fn another_name_of_a_role_is_planned_where_nothing_has_to_keep_it() {
    let scene = Scene::new(&seed());
    let main = |name: &str| both("  on_immutable_change = \"replace\"").replace(NAME, name);
    scene.write("main.tf", &main(NAME));
    scene.apply();
    scene.write("main.tf", &main("other"));
    let warnings = scene.plan().expect_changes().ran.warnings();
    assert!(
        warnings.iter().any(|warning| warning.summary == "The role of a Logstore is going to be replaced")
    );
    scene.write("main.tf", &role(""));
    scene.apply();
    scene.write("main.tf", &role("").replace(NAME, "other"));
    scene.apply();
    assert!(scene.role(NAME).is_none() && scene.role("other").is_some());
}

/// Whichever of the two is planned first.
#[test]
fn a_role_that_goes_while_a_logstore_uses_it_names_the_logstore() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both(""));
    scene.apply();
    scene.write("main.tf", &encryption(&format!("{ARN:?}"), ""));
    for parallelism in ["-parallelism=1", "-parallelism=10"] {
        for _ in 0..3 {
            let warnings = scene.try_plan_with(&[parallelism]).expect_changes().ran.warnings();
            assert!(warnings.iter().any(|warning| warning.detail.contains("audit:app")), "{warnings:#?}");
        }
    }
}

/// Other Logstores of the project may use the role as well, also those that are not managed here.
#[test]
fn a_replacement_names_the_logstores_of_the_project_that_can_be_read() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both(""));
    scene.apply();
    let conf = stored(&scene);
    let others = conf.to_string().replace("sls-byok", "others").parse::<Value>().unwrap();
    for (name, conf) in [("by-hand", &conf), ("of-others", &others), ("unreadable", &conf)] {
        scene.put_log_store("audit", name, &json!({"ttl": 7, "encrypt_conf": conf}));
    }
    scene.put_log_store("audit", "in-clear", &json!({"ttl": 7}));
    scene.write("main.tf", &both("").replace(NAME, "other"));
    let denied = json!({"error": {"status": 401, "code": "Unauthorized", "message": "denied"}});
    scene.fault(&json!({"action": "GetLogStore", "logstore": "unreadable", "times": 9, "effect": denied}));
    let error = scene.try_plan().failed().error();
    assert_eq!(error.address, ENCRYPTION);
    error.says(&["Logstore audit:app", "of the project: audit:by-hand. The plan deletes the role"]);
}

#[test]
fn a_destroy_names_the_logstores_that_use_the_role() {
    let scene = Scene::new(&seed());
    scene.write("main.tf", &both(""));
    scene.apply();
    let ran = scene.destroy();
    let warnings = ran.warnings();
    let of_role = warnings.iter().find(|warning| warning.address == THIS).expect("no warning of the role");
    of_role.says(&["Destroying a role cuts off what is encrypted through it", "Known ones: audit:app"]);
    assert_eq!(scene.role(NAME), None);
}
