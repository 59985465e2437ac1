//! RAM is eventually consistent: an answer that something does not exist may come from a server that does not know it
//! yet. A role leaves the state only if `GetRole` says so, and says so again.

use std::thread;

use serde_json::{Value, json};

use super::given::{self, NAME, THIS, role_for};
use crate::harness::{Ran, Scene};

/// The reads after `GetRole` that a refresh makes of a role with a PassRole policy, with what they answer.
const READS: [(&str, &str); 4] = [
    ("ListPoliciesForRole", "EntityNotExist.Role"),
    ("ListTagResources", "EntityNotExist.Role"),
    ("GetPolicy", "EntityNotExist.Policy"),
    ("ListEntitiesForPolicy", "EntityNotExist.Policy"),
];

const GET_ROLE: (&str, &str) = ("GetRole", "EntityNotExist.Role");

/// What reads the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Refresh,
    Apply,
    Destroy,
    Import,
}

impl Operation {
    const ALL: [Operation; 4] = [Operation::Refresh, Operation::Apply, Operation::Destroy, Operation::Import];

    /// A scene with a role that was made just now, and that may be read for two seconds.
    fn scene(self) -> Scene {
        let scene = given::applied(&role_for(&["alice"], "  timeouts = { read = \"2s\" }"));
        if self == Operation::Import {
            scene.run(&["state", "rm", THIS]).succeeded();
        }
        scene
    }

    fn run(self, scene: &Scene) -> Ran {
        match self {
            Operation::Refresh => scene.try_apply_with(&["-refresh-only"]),
            Operation::Apply => scene.try_apply(),
            Operation::Destroy => scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]),
            Operation::Import => scene.import(THIS, NAME),
        }
    }

    /// Checks that the role is in the state and in RAM, or in neither.
    fn check(self, scene: &Scene, case: &str) {
        let is_there = scene.role(NAME).is_some();
        let is_known = scene.addresses().contains(&THIS.to_owned());
        assert!(
            is_known || !is_there || self == Operation::Import,
            "{case}: the role is there and not in the state"
        );
        assert!(is_there || self == Operation::Destroy, "{case}: the role was deleted");
    }
}

fn lag(scene: &Scene, (action, code): (&str, &str), skip: u64, times: u64) {
    let error: Value = json!({"error": {"status": 404, "code": code, "message": "does not exist"}});
    scene.ram_fault(&json!({"action": action, "skip": skip, "times": times, "effect": error}));
}

/// Runs with each of the operations at once: most of the time is waiting.
fn each_operation(check: fn(Operation)) {
    thread::scope(|scope| {
        for operation in Operation::ALL {
            scope.spawn(move || check(operation));
        }
    });
}

#[test]
fn a_read_that_lags_once_or_twice_makes_no_difference() {
    each_operation(|operation| {
        for (number, read) in (0..).zip(READS.into_iter().chain([GET_ROLE])) {
            // Nothing else is known of a role that is imported.
            if (operation, read) == (Operation::Import, GET_ROLE) {
                continue;
            }
            // Once for some, twice for the others.
            let times = 1 + (operation as u64 + number) % 2;
            let scene = operation.scene();
            lag(&scene, read, 0, times);
            let case = format!("{operation:?} {read:?} {times}");
            assert_eq!(operation.run(&scene).exit_code, Some(0), "{case}");
            scene.clear_faults();
            operation.check(&scene, &case);
            if operation == Operation::Destroy {
                given::is_gone(&scene);
            } else {
                scene.apply();
                given::is_whole(&scene, &["user alice"]);
            }
        }
    });
}

/// While `GetRole` knows the role.
#[test]
fn a_read_that_lags_for_ever_is_an_error_that_keeps_the_role() {
    each_operation(|operation| {
        for read in READS.into_iter().filter(|(action, _)| *action != "GetPolicy") {
            let scene = operation.scene();
            lag(&scene, read, 0, 999);
            let case = format!("{operation:?} {read:?}");
            let ran = operation.run(&scene).failed();
            scene.clear_faults();
            assert!(ran.prose().contains(read.0), "{case}: {}", ran.prose());
            operation.check(&scene, &case);
            assert!(scene.role(NAME).is_some(), "{case}");
        }
    });
}

/// The list of policies of a destroy itself lags: those of others are seen all the same, before anything is changed.
#[test]
fn a_destroy_does_not_take_a_list_that_lags_for_a_role_that_is_gone() {
    for (times, foreign) in [(1, false), (1, true), (999, false)] {
        let scene = given::applied(&role_for(&["alice"], "  timeouts = { delete = \"2s\" }"));
        if foreign {
            let policy =
                [("PolicyName", "AliyunLogFullAccess"), ("PolicyType", "System"), ("RoleName", NAME)];
            scene.ram("AttachPolicyToRole", &policy);
        }
        lag(&scene, READS[0], 1, times);
        let ran = Operation::Destroy.run(&scene);
        scene.clear_faults();
        if (times, foreign) == (1, false) {
            ran.succeeded();
            given::is_gone(&scene);
        } else {
            ran.failed();
            assert_eq!(scene.addresses(), [THIS]);
            assert_eq!(scene.custom_policies(), [given::POLICY]);
        }
    }
}

/// The policy's list of a destroy lags: who holds it is found, and it is deleted.
#[test]
fn a_destroy_does_not_take_a_list_that_lags_for_a_policy_that_is_gone() {
    let scene = given::applied(&role_for(&["alice"], ""));
    lag(&scene, READS[3], 1, 1);
    scene.destroy();
    given::is_gone(&scene);
}
