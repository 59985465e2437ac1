//! What the tests of the role start from.

use serde_json::{Value, json};

use crate::harness::{RamPolicy, RamRole, Scene};

/// The resource of most tests.
pub const THIS: &str = "alicloud_ram_byok_role.this";

/// The role's name.
pub const NAME: &str = "sls-byok";

/// The role's ARN.
pub const ARN: &str = "acs:ram::1234567890123456:role/sls-byok";

/// The name its PassRole policy has where none is configured.
pub const POLICY: &str = "sls-byok-pass-role";

/// Both policies for KMS, as RAM lists them.
pub const KMS_POLICIES: [&str; 2] = ["System/AliyunKMSCryptoUserAccess", "System/AliyunKMSReadOnlyAccess"];

/// A seed with users `alice` and `bob`, the group `auditors` and the role `deployer`.
pub fn people() -> Value {
    json!({
        "users": [{"name": "alice"}, {"name": "bob"}],
        "groups": [{"name": "auditors"}],
        "roles": [{"name": "deployer", "assume_role_policy_document": {"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}
        ]}}],
    })
}

/// The resource `this`, one argument a line from line 3 on.
pub fn role(arguments: &str) -> String {
    format!("resource \"alicloud_ram_byok_role\" \"this\" {{\n  role_name = {NAME:?}\n{arguments}\n}}\n")
}

/// [`role`] with a PassRole policy for these users; `pass_role` is in line 3, `users` in line 4.
pub fn role_for(users: &[&str], arguments: &str) -> String {
    role(&format!("  pass_role = {{\n    users = {users:?}\n  }}\n{arguments}"))
}

/// A scene in which this configuration was applied.
pub fn applied(main: &str) -> Scene {
    let scene = Scene::new(&people());
    scene.write("main.tf", main);
    scene.apply();
    scene.forget_calls();
    scene
}

/// The role as it is in RAM.
#[track_caller]
pub fn stored(scene: &Scene) -> RamRole {
    scene.role(NAME).expect("there is no role")
}

/// Its PassRole policy as it is in RAM.
#[track_caller]
pub fn stored_policy(scene: &Scene) -> RamPolicy {
    scene.policy(POLICY).expect("there is no policy")
}

/// The trust policy the role should have.
pub fn trust() -> Value {
    json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["log.aliyuncs.com"]}}
    ]})
}

/// The PassRole policy the role should have.
pub fn pass_role() -> Value {
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:PassRole", "Resource": ARN}]})
}

/// Checks that RAM has the complete role, and that its PassRole policy is attached to exactly these.
#[track_caller]
pub fn is_whole(scene: &Scene, holders: &[&str]) {
    let role = stored(scene);
    assert_eq!((role.trust, role.policies), (trust(), KMS_POLICIES.map(str::to_owned).to_vec()));
    assert_eq!(
        stored_policy(scene),
        RamPolicy {
            document: pass_role(),
            holders: holders.iter().map(|holder| (*holder).to_owned()).collect(),
        }
    );
    assert_eq!(scene.custom_policies(), [POLICY]);
}

/// Checks that RAM holds nothing of the role.
#[track_caller]
pub fn is_gone(scene: &Scene) {
    assert_eq!(scene.role(NAME), None);
    assert_eq!(scene.custom_policies(), [""; 0]);
}
