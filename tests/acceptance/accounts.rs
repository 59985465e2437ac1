//! Credentials of another account than the one that the objects of a state belong to.

use serde_json::{Map, Value, json};

use crate::given;
use crate::harness::{Ran, Scene};
use crate::role::given as role;

const ONE: &str = "1234567890123456";
const TWO: &str = "2222222222222222";

/// What is managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    ServiceKey,
    Byok,
    Role,
}

/// What is run with credentials of account two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Plan,
    Apply,
    Destroy,
    /// What differs is applied without a look at what there is.
    UnrefreshedApply,
    UnrefreshedDestroy,
}

use Object::{Byok, Role, ServiceKey};
use Operation::{Apply, Destroy, Plan, UnrefreshedApply, UnrefreshedDestroy};

impl Object {
    fn address(self) -> &'static str {
        if self == Role { role::THIS } else { given::THIS }
    }

    fn configuration(self, argument: &str) -> String {
        match self {
            ServiceKey => given::encryption(&format!("{}\n{argument}", given::DISABLING)),
            Byok => given::byok_encryption(&format!("{}\n{argument}", given::DISABLING)),
            Role => role::role(argument),
        }
    }

    /// An argument that a change in place sets.
    fn change(self) -> &'static str {
        if self == Role { "  max_session_duration = 7200" } else { "  enable = false" }
    }
}

impl Operation {
    fn run(self, scene: &Scene, object: Object) -> Ran {
        let unrefreshed = "-refresh=false";
        match self {
            Plan => scene.try_plan(),
            Apply => scene.try_apply(),
            Destroy => scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]),
            UnrefreshedApply => {
                scene.write("main.tf", &object.configuration(object.change()));
                scene.try_apply_with(&[unrefreshed])
            }
            UnrefreshedDestroy => {
                scene.run(&["destroy", "-auto-approve", "-input=false", "-json", unrefreshed])
            }
        }
    }
}

/// A seed of account two, without the objects of account one.
fn second_seed() -> Value {
    json!({"account_id": TWO})
}

/// A scene whose state is of account one.
fn applied(main: &str) -> Scene {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", main);
    scene.apply();
    scene.forget_calls();
    scene
}

/// Reaches the services of account two from here on.
fn move_to(scene: &Scene, second: &Scene) {
    let provider = scene.read("provider.tf").replace(&scene.endpoint(), &second.endpoint());
    scene.write("provider.tf", &provider);
}

/// Checks that nothing was written in account two, and that the state is what it was.
#[track_caller]
fn expect_untouched(case: &str, scene: &Scene, address: &str, before: &Map<String, Value>, second: &Scene) {
    assert_eq!(&scene.attributes(address), before, "{case}");
    let written: Vec<_> = second.writes().into_iter().filter(|call| call.service == "sls").collect();
    assert!(written.is_empty() && second.ram_writes().is_empty(), "{case}: {:?}", second.actions());
}

#[track_caller]
fn expect_both_accounts(case: &str, ran: &Ran) {
    let error = ran.error();
    assert_eq!(error.summary, "The credentials belong to another account", "{case}");
    assert!(error.detail.contains(ONE) && error.detail.contains(TWO), "{case}: {error:?}");
}

#[test]
fn another_account_never_empties_the_state_and_is_never_written_to() {
    for object in [ServiceKey, Byok, Role] {
        for operation in [Plan, Apply, Destroy, UnrefreshedApply, UnrefreshedDestroy] {
            let case = format!("{object:?} {operation:?}");
            let (scene, second) = (applied(&object.configuration("")), Scene::new(&second_seed()));
            let before = scene.attributes(object.address());
            move_to(&scene, &second);
            let ran = operation.run(&scene, object);
            assert_eq!(ran.exit_code, Some(1), "{case}");
            // Without a refresh, a change of a Logstore that is not there fails for that.
            if operation != UnrefreshedApply || object == Role {
                expect_both_accounts(&case, &ran);
            }
            expect_untouched(&case, &scene, object.address(), &before, &second);
        }
    }
}

#[test]
fn a_role_of_the_same_name_in_another_account_is_another_role() {
    for operation in [Plan, Apply, Destroy, UnrefreshedApply, UnrefreshedDestroy] {
        let case = format!("{operation:?}");
        let mut seed = second_seed();
        seed["roles"] = json!([{"name": role::NAME, "assume_role_policy_document": role::trust()}]);
        let (scene, second) = (applied(&role::role("")), Scene::new(&seed));
        let before = scene.attributes(role::THIS);
        move_to(&scene, &second);
        expect_both_accounts(&case, &operation.run(&scene, Role));
        expect_untouched(&case, &scene, role::THIS, &before, &second);
    }
}

#[test]
fn a_log_store_that_its_own_account_says_is_gone_leaves_the_state() {
    for object in [ServiceKey, Byok] {
        let scene = applied(&object.configuration(""));
        scene.delete_project("audit");
        scene.destroy();
        assert_eq!(scene.addresses(), Vec::<String>::new(), "{object:?}");
    }
}

#[test]
fn the_account_is_looked_up_once_by_an_apply_and_not_by_a_refresh() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    let asked = scene.actions().iter().filter(|action| *action == "GetCallerIdentity").count();
    assert_eq!(asked, 1);
    scene.forget_calls();
    scene.plan().expect_empty();
    assert_eq!(scene.actions(), ["GetLogStore"]);
}

#[test]
fn an_import_notes_the_account() {
    let scene = Scene::new(&given::configured(&given::service_key(true, "default")));
    scene.write("main.tf", &given::encryption(""));
    scene.import(given::THIS, "audit:app").succeeded();
    let second = Scene::new(&second_seed());
    move_to(&scene, &second);
    expect_both_accounts("import", &scene.try_plan());
}

#[test]
fn an_account_that_is_not_known_keeps_the_state() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.fault_of("sts", &json!({"action": "GetCallerIdentity", "times": 1000, "effect": "drop_before"}));
    scene.provider("  max_retries = 0");
    scene.apply();
    scene.delete_project("audit");
    let error = scene.try_plan().error();
    assert_eq!(error.summary, "Gone, or looked for in the wrong account");
    scene.clear_faults();
    let error = scene.try_plan().error();
    error.says(&[ONE, "terraform state rm"]);
    assert_eq!(scene.addresses(), [given::THIS]);
}

#[test]
fn accounts_that_are_not_allowed_are_refused_before_anything_else_is_called() {
    for (arguments, problem) in [
        ("  allowed_account_ids = [\"1\", \"2\"]", Some("allows only 1, 2")),
        ("  forbidden_account_ids = [\"1234567890123456\"]", Some("forbidden_account_ids")),
        ("  allowed_account_ids = [\"1\", \"1234567890123456\"]\n  forbidden_account_ids = [\"2\"]", None),
        ("  allowed_account_ids = []\n  forbidden_account_ids = []", None),
    ] {
        let scene = Scene::new(&given::plain());
        scene.provider(arguments);
        scene.write("main.tf", &(given::encryption("") + &role::role("")));
        let ran = scene.try_plan();
        match problem {
            None => assert_eq!(ran.exit_code, Some(2), "{arguments}"),
            Some(problem) => {
                for error in ran.errors() {
                    error.says(&[ONE, problem]);
                }
                assert_eq!((ran.exit_code, scene.actions()), (Some(1), vec!["GetCallerIdentity".to_owned()]));
            }
        }
    }
}

#[test]
fn account_ids_are_digits() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    for (ids, says) in
        [("[\"acme\"]", "\"acme\" is not an account id"), ("[null]", "null"), ("[\"\"]", "\"\"")]
    {
        for argument in ["allowed_account_ids", "forbidden_account_ids"] {
            scene.provider(&format!("  {argument} = {ids}"));
            let ran = scene.validate();
            assert_eq!(ran.errors().len(), 1, "{argument} = {ids}");
            ran.error().says(&[says]);
        }
    }
}
