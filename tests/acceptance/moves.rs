//! `moved` blocks from resource types of the official provider.

use serde_json::{Value, json};

use crate::harness::Scene;
use crate::role::given::{people, trust};

const PROVIDER: &str = "provider[\"registry.terraform.io/sls-encryption/alicloud-encryption\"]";

/// Writes a state with one object of another type. It stands under this provider: the official one is not at hand, and
/// who has the object does not count.
pub fn write_state(scene: &Scene, of: &str, attributes: &Value) {
    let instances = json!([{"schema_version": 0, "attributes": attributes}]);
    let resource =
        json!({"mode": "managed", "type": of, "name": "old", "provider": PROVIDER, "instances": instances});
    let state = json!({"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "moves",
        "outputs": {}, "resources": [resource]});
    scene.write("terraform.tfstate", &state.to_string());
}

const ROLE: &str = "alicloud_ram_byok_role.this";

#[test]
fn a_role_of_the_official_provider_is_taken_over() {
    let mut seed = people();
    seed["roles"] = json!([{"name": "Sls-Byok", "description": "ours", "assume_role_policy_document": trust(),
        "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}]);
    let scene = Scene::new(&seed);
    let main = "resource \"alicloud_ram_byok_role\" \"this\" {\n  role_name = \"Sls-Byok\"\n  description = \"ours\"\n}\nmoved {\n  from = alicloud_ram_role.old\n  to = alicloud_ram_byok_role.this\n}\n";
    scene.write("main.tf", main);
    let attributes = |account: &str| json!({"id": "Sls-Byok", "name": "Sls-Byok", "arn": format!("acs:ram::{account}:role/sls-byok"), "force": true});
    // Names of roles are unique within an account only.
    write_state(&scene, "alicloud_ram_role", &attributes("1111111111111111"));
    scene.try_plan().failed().error().says(&["Role Sls-Byok", "1111111111111111"]);
    write_state(&scene, "alicloud_ram_role", &attributes("1234567890123456"));
    let ran = scene.apply();
    assert_eq!((ran.changes(), ran.diagnostics().len(), scene.ram_writes().len()), ((0, 0, 0), 0, 0));
    assert_eq!(scene.addresses(), [ROLE]);
    assert_eq!(
        (&scene.attributes(ROLE)["description"], &scene.attributes(ROLE)["force"]),
        (&json!("ours"), &json!(false))
    );
    scene.plan().expect_empty();
}
