//! A Logstore that already has another configuration is refused: at plan if it can be read, else at apply,
//! and either way before anything is sent.

use serde_json::{Value, json};

use crate::given::{self, ARN};
use crate::harness::{Diagnostic, Scene};

/// A configuration that cannot be had, because of this one on the Logstore.
struct Conflict {
    on_logstore: Value,
    main: String,
    /// What the underlined line holds. The host underlines an attribute, never a member of its value: that
    /// is named in the text.
    line: &'static str,
    /// The attribute, the value on the Logstore and the configured one.
    says: [&'static str; 3],
}

impl Conflict {
    fn mechanism_away_from_byok() -> Conflict {
        Conflict {
            on_logstore: given::byok(true),
            main: given::encryption("  user_cmk_info = null"),
            line: "user_cmk_info =",
            says: ["mechanism", "\"byok\"", "\"service_key\""],
        }
    }

    fn mechanism_to_byok() -> Conflict {
        Conflict {
            on_logstore: given::service_key(true, "default"),
            main: given::byok_encryption(""),
            line: "user_cmk_info =",
            says: ["mechanism", "\"service_key\"", "\"byok\""],
        }
    }

    fn algorithm() -> Conflict {
        Conflict {
            on_logstore: given::service_key(true, "default"),
            main: given::encryption("  encrypt_type = \"aes_gcm\""),
            line: "encrypt_type =",
            says: ["encrypt_type", "\"default\"", "\"aes_gcm\""],
        }
    }

    fn algorithm_while_disabled() -> Conflict {
        Conflict { on_logstore: given::service_key(false, "default"), ..Conflict::algorithm() }
    }

    fn key() -> Conflict {
        Conflict {
            on_logstore: given::byok(true),
            main: given::byok_encryption("").replace("key-1", "key-2"),
            line: "user_cmk_info =",
            says: ["user_cmk_info.cmk_key_id", "\"key-1\"", "\"key-2\""],
        }
    }

    fn role() -> Conflict {
        Conflict {
            on_logstore: given::byok(true),
            main: given::byok_encryption("").replace(ARN, "acs:ram::1234567890123456:role/other"),
            line: "user_cmk_info =",
            says: ["user_cmk_info.arn", ARN, "acs:ram::1234567890123456:role/other"],
        }
    }

    fn region() -> Conflict {
        Conflict {
            on_logstore: given::byok(true),
            main: given::byok_encryption("").replace("cn-hangzhou", "cn-beijing"),
            line: "user_cmk_info =",
            says: ["user_cmk_info.region_id", "\"cn-hangzhou\"", "\"cn-beijing\""],
        }
    }

    fn scene(&self) -> Scene {
        let scene = Scene::new(&given::configured(&self.on_logstore));
        scene.write("main.tf", &self.main);
        scene
    }

    #[track_caller]
    fn is_told_by(&self, scene: &Scene, error: &Diagnostic) {
        error.says(&self.says);
        error.says(&[
            "A Logstore has another encryption configuration",
            "Logstore audit:app:",
            "terraform import",
            "Nothing was sent",
        ]);
        error.at("main.tf", scene.line_of("main.tf", self.line));
        assert_eq!(scene.writes().len(), 0);
        assert_eq!(given::stored(scene), self.on_logstore);
    }

    #[track_caller]
    fn is_refused_at_plan(&self) {
        let scene = self.scene();
        let error = scene.try_plan().failed().error();
        self.is_told_by(&scene, &error);
        assert_eq!(scene.actions(), ["GetLogStore"]);
    }

    /// The plan is not allowed to look; nor is the one that the host makes right before it applies.
    #[track_caller]
    fn is_refused_at_apply(&self) {
        let scene = self.scene();
        let denied = json!({"status": 403, "code": "Forbidden", "message": "denied"});
        scene.fault(&json!({"action": "GetLogStore", "times": 2, "effect": {"error": denied}}));
        scene.plan().expect_changes().ran.warning().says(&["denied", "before it sends anything"]);
        let error = scene.try_apply_plan().failed().error();
        self.is_told_by(&scene, &error);
        assert_eq!(scene.actions(), ["GetLogStore"; 3]);
        assert_eq!(scene.addresses(), [""; 0]);
    }
}

#[test]
fn of_the_mechanism_at_plan() {
    Conflict::mechanism_away_from_byok().is_refused_at_plan();
    Conflict::mechanism_to_byok().is_refused_at_plan();
}

#[test]
fn of_the_algorithm_at_plan() {
    Conflict::algorithm().is_refused_at_plan();
    Conflict::algorithm_while_disabled().is_refused_at_plan();
}

#[test]
fn of_the_key_at_plan() {
    Conflict::key().is_refused_at_plan();
}

#[test]
fn of_the_role_at_plan() {
    Conflict::role().is_refused_at_plan();
}

#[test]
fn of_the_region_at_plan() {
    Conflict::region().is_refused_at_plan();
}

#[test]
fn of_the_mechanism_at_apply() {
    Conflict::mechanism_away_from_byok().is_refused_at_apply();
    Conflict::mechanism_to_byok().is_refused_at_apply();
}

#[test]
fn of_the_algorithm_at_apply() {
    Conflict::algorithm().is_refused_at_apply();
    Conflict::algorithm_while_disabled().is_refused_at_apply();
}

#[test]
fn of_the_key_at_apply() {
    Conflict::key().is_refused_at_apply();
}

#[test]
fn of_the_role_at_apply() {
    Conflict::role().is_refused_at_apply();
}

#[test]
fn of_the_region_at_apply() {
    Conflict::region().is_refused_at_apply();
}

#[test]
fn every_value_that_differs_is_told() {
    let scene = Scene::new(&given::configured(&given::byok(true)));
    let main = given::byok_encryption("  encrypt_type = \"sm4\"").replace("key-1", "key-2");
    scene.write("main.tf", &main.replace(ARN, "acs:ram::1:role/other"));
    let errors = scene.try_plan().failed().errors();
    let mut lines: Vec<_> = errors.iter().map(|error| error.line).collect();
    lines.sort_unstable();
    let expected =
        ["user_cmk_info =", "user_cmk_info =", "encrypt_type ="].map(|text| scene.line_of("main.tf", text));
    assert_eq!(lines, expected);
}

#[test]
fn without_the_attribute_the_resource_is_underlined() {
    let scene = Scene::new(&given::configured(&given::byok(true)));
    scene.write("main.tf", &given::encryption(""));
    let error = scene.try_plan().failed().error();
    error.says(&["mechanism", "\"byok\"", "\"service_key\""]);
    error.at("main.tf", 1);
}

/// Between the plan and the apply of it.
#[test]
fn what_somebody_else_configured_first_is_refused() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption("  encrypt_type = \"aes_gcm\""));
    assert_eq!(scene.plan().expect_changes().ran.diagnostics().len(), 0);
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": given::service_key(true, "sm4_cbc")}));
    let error = scene.try_apply_plan().failed().error();
    error.says(&["encrypt_type", "\"sm4_cbc\"", "\"aes_gcm\"", "Nothing was sent"]);
    error.at("main.tf", scene.line_of("main.tf", "encrypt_type ="));
    assert_eq!(scene.writes().len(), 0);
    assert_eq!(scene.addresses(), [""; 0]);
}
