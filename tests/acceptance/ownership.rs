//! Who owns the encryption of a Logstore: every shape of plan in which an object comes, goes, moves or is replaced,
//! with both values of `on_destroy`, under the same and under another provider alias, and with calls in both orders.
//!
//! With `-parallelism=1` core plans and destroys what has left the configuration before it plans what is in it; with
//! more, everything is announced first. Each Logstore has the name of its shape.

use serde_json::json;

use crate::given::{DISABLING, THIS, applied, encryption, service_key};
use crate::harness::{Diagnostic, Scene};

/// The outcome of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Errors of the plan, this many; nothing is sent.
    Refused(usize),
    /// Nothing is switched off, and the Logstore continues to encrypt.
    Untouched,
    /// Encryption is switched off, once.
    SwitchedOff,
    /// Two processes that do not know of each other: switched off once. Whether it is on at the end is said where the
    /// order is forced, and chance elsewhere; the next plan tells.
    Unseen(Option<bool>),
}

use Outcome::{Refused, SwitchedOff, Unseen, Untouched};

/// One shape of plan.
struct Shape {
    /// The name of its Logstore, with `-` instead of `_`, and the beginning of the names of its resources.
    name: &'static str,
    /// The configuration that is applied first, and the one that is looked at. `RES(name)` begins a resource of the
    /// Logstore, `NEXT(name)` one that may have another provider alias.
    before: &'static str,
    after: &'static str,
    /// The resource that `-replace` is given for.
    replace: Option<&'static str>,
    /// The resource that is tainted.
    taint: Option<&'static str>,
    /// With `keep`, and with `disable`.
    outcomes: [Outcome; 2],
    /// The same where the resources of `NEXT` have another alias.
    across: [Outcome; 2],
}

const fn shape(
    name: &'static str,
    before: &'static str,
    after: &'static str,
    outcomes: [Outcome; 2],
) -> Shape {
    Shape { name, before, after, replace: None, taint: None, outcomes, across: outcomes }
}

impl Shape {
    fn log_store(&self) -> String {
        self.name.replace('_', "-")
    }

    fn address(&self, name: &str) -> String {
        format!("alicloud_log_store_encryption.{}_{name}", self.name)
    }
}

/// All of them.
fn shapes() -> Vec<Shape> {
    vec![
        // Two resources.
        Shape { across: [Untouched; 2], ..shape("two_new", "", "RES(a) }\nNEXT(b) }\n", [Refused(1); 2]) },
        Shape {
            across: [Untouched; 2],
            ..shape("old_and_new", "RES(a) }\n", "RES(a) }\nNEXT(b) }\n", [Refused(1); 2])
        },
        shape("two_a_first", "", "RES(a) }\nRES(b)  AFTER(a)\n}\n", [Refused(1); 2]),
        shape("two_b_first", "", "RES(a)  AFTER(b)\n}\nRES(b) }\n", [Refused(1); 2]),
        shape("new_before_old", "RES(a) }\n", "RES(a)  AFTER(b)\n}\nRES(b) }\n", [Refused(1); 2]),
        shape("three", "RES(a) }\n", "RES(a) }\nRES(b) }\nRES(c) }\n", [Refused(2); 2]),
        shape("enable", "RES(a) }\n", "RES(a) }\nRES(b)  enable = false\n}\n", [Refused(1); 2]),
        shape("for_each", "", "RES(a)  for_each = toset([\"x\", \"y\"])\n}\n", [Refused(1); 2]),
        shape("import_twice", "RES(a) }\n", "RES(a) }\nRES(b) }\nIMPORT(b)", [Refused(1); 2]),
        // Another address.
        Shape {
            across: [Untouched, Unseen(None)],
            ..shape("rename", "RES(old) }\n", "NEXT(new) }\n", [Untouched, Refused(1)])
        },
        Shape {
            across: [Untouched, Unseen(Some(true))],
            ..shape(
                "rename_off_first",
                "STEP(1)RES(old)  STEPPED(1)\n}\n",
                "STEP(2)NEXT(new)  STEPPED(2)\n}\n",
                [Untouched, Refused(1)],
            )
        },
        Shape {
            across: [Untouched, Unseen(Some(false))],
            ..shape(
                "rename_on_first",
                "RES(old) CBD }\nUSER(old)",
                "NEXT(new) CBD }\nUSER(new)",
                [Untouched, Refused(1)],
            )
        },
        Shape {
            across: [Untouched, Unseen(None)],
            ..shape(
                "key",
                "RES(a)  for_each = toset([\"x\"])\n}\n",
                "NEXT(a2)  for_each = toset([\"y\"])\n}\n",
                [Untouched, Refused(1)],
            )
        },
        shape(
            "key_of_one",
            "RES(a)  for_each = toset([\"x\"])\n}\n",
            "RES(a)  for_each = toset([\"y\"])\n}\n",
            [Untouched, Refused(1)],
        ),
        shape(
            "count",
            "LIST(a, [\"count-first\", \"count\"])",
            "LIST(a, [\"count\"])",
            [Untouched, Refused(1)],
        ),
        shape("import_renamed", "RES(old) }\n", "RES(new) }\nIMPORT(new)", [Untouched, Refused(1)]),
        shape("moved", "RES(old) }\n", "NEXT(new) }\nMOVED(old, new)", [Untouched; 2]),
        shape("import", "", "NEXT(a) }\nIMPORT(a)", [Untouched; 2]),
        // Replacements.
        Shape { replace: Some("a"), ..shape("replace", "RES(a) }\n", "NEXT(a) }\n", [Untouched; 2]) },
        Shape {
            replace: Some("a"),
            ..shape("replace_cbd", "RES(a) CBD }\n", "NEXT(a) CBD }\n", [Untouched; 2])
        },
        Shape { taint: Some("a"), ..shape("taint", "RES(a) }\n", "NEXT(a) }\n", [Untouched; 2]) },
        Shape { taint: Some("a"), ..shape("taint_cbd", "RES(a) CBD }\n", "NEXT(a) CBD }\n", [Untouched; 2]) },
        shape("leftover", "RES(a) CBD }\nDEPENDENT(a)", "NEXT(a) CBD }\nDEPENDENT(a)", [Untouched; 2]),
        // Leaving.
        shape("dropped", "RES(a) }\n", "", [Untouched, SwitchedOff]),
        shape("destroyed", "RES(a) }\n", "REMOVED(a, true)", [Untouched, SwitchedOff]),
        shape("forgotten", "RES(a) }\n", "REMOVED(a, false)", [Untouched; 2]),
        shape("dropped_with_leftover", "RES(a) CBD }\nDEPENDENT(a)", "", [Untouched, SwitchedOff]),
    ]
}

/// One column of the table.
#[derive(Clone, Copy, Debug)]
struct Column {
    disable: bool,
    other_alias: bool,
    parallelism: u8,
}

impl Column {
    fn outcome(self, shape: &Shape) -> Outcome {
        let outcomes = if self.other_alias { shape.across } else { shape.outcomes };
        outcomes[usize::from(self.disable)]
    }

    /// Writes a shape as a configuration.
    fn text(self, shape: &Shape, text: &str) -> String {
        let (mut written, mut rest) = (String::new(), text);
        while let Some(open) = rest.find('(') {
            let word = rest[..open].rfind(|c: char| !c.is_ascii_uppercase()).map_or(0, |at| at + 1);
            let close = open + rest[open..].find(')').unwrap();
            written.push_str(&rest[..word]);
            match self.block(shape, &rest[word..open], &rest[open + 1..close]) {
                Some(block) => written.push_str(&block),
                None => written.push_str(&rest[word..=close]),
            }
            rest = &rest[close + 1..];
        }
        written.push_str(rest);
        let lifecycle = "  lifecycle {\n    create_before_destroy = true\n  }\n}";
        written.replace(" CBD }", lifecycle).replace(" }\n", "}\n")
    }

    /// The block that a word of a shape stands for; none for a function of the language.
    fn block(self, shape: &Shape, word: &str, inside: &str) -> Option<String> {
        let (first, second) = inside.split_once(", ").unwrap_or((inside, ""));
        let log_store = format!("{:?}", shape.log_store());
        let mode = if self.disable { "disable" } else { "keep" };
        let alias = if self.other_alias { "  provider = alicloud.other\n" } else { "" };
        let resource = |log_store: &str, more: &str| {
            format!(
                "resource \"alicloud_log_store_encryption\" \"{}_{first}\" {{\n  project_name = \"audit\"\n  \
                 logstore_name = {log_store}\n  on_destroy = {mode:?}\n{more}",
                shape.name
            )
        };
        let address = shape.address(first);
        Some(match word {
            "RES" => resource(&log_store, ""),
            "NEXT" => resource(&log_store, alias),
            "LIST" => {
                resource(&format!("{second}[count.index]"), &format!("  count = length({second})\n}}\n"))
            }
            "IMPORT" => {
                format!("import {{\n  to = {address}\n  id = \"audit:{}\"\n{alias}}}\n", shape.log_store())
            }
            "AFTER" => format!("depends_on = [{address}]"),
            "STEP" => format!(
                "resource \"terraform_data\" \"{}_step\" {{\n  triggers_replace = {first}\n}}\n",
                shape.name
            ),
            "STEPPED" => format!("depends_on = [terraform_data.{}_step]", shape.name),
            "USER" => format!(
                "resource \"terraform_data\" \"{}_user\" {{\n  input = \"${{{address}.id}} {first}\"\n}}\n",
                shape.name
            ),
            "MOVED" => format!("moved {{\n  from = {address}\n  to = {}\n}}\n", shape.address(second)),
            "REMOVED" => {
                format!("removed {{\n  from = {address}\n  lifecycle {{\n    destroy = {second}\n  }}\n}}\n")
            }
            "DEPENDENT" => format!(
                "resource \"terraform_data\" \"{}_after\" {{\n  triggers_replace = {address}\n  lifecycle {{\n    \
                 replace_triggered_by = [{address}]\n  }}\n  provisioner \"local-exec\" {{\n    \
                 command = \"test ! -e fail\"\n  }}\n}}\n",
                shape.name
            ),
            _ => return None,
        })
    }
}

/// How many updates have switched the Logstore off.
fn switched_off(scene: &Scene, shape: &Shape) -> usize {
    let path = format!("/logstores/{}", shape.log_store());
    let writes = scene.writes();
    writes.iter().filter(|call| call.path == path && call.body["encrypt_conf"]["enable"] == false).count()
}

fn is_enabled(scene: &Scene, shape: &Shape) -> bool {
    scene.log_store("audit", &shape.log_store())["encrypt_conf"]["enable"] == true
}

fn main_of(column: Column, shapes: &[&Shape], text: fn(&Shape) -> &'static str) -> String {
    shapes.iter().map(|shape| column.text(shape, text(shape))).collect()
}

/// A scene in which the first configurations of these shapes are applied, the second ones written, and everything done
/// that has to happen in between.
fn prepared(column: Column, shapes: &[&Shape]) -> Scene {
    let mut logstores = vec![json!({"logstoreName": "count-first"})];
    for shape in shapes {
        let mut logstore = json!({"logstoreName": shape.log_store()});
        if shape.name == "import" {
            logstore["encrypt_conf"] = service_key(true, "default");
        }
        logstores.push(logstore);
    }
    let scene = Scene::new(&json!({"projects": [{"name": "audit", "logstores": logstores}]}));
    scene.host_starts_provider();
    scene.write("other.tf", &scene.provider_block("  alias = \"other\""));
    scene.write("main.tf", &main_of(column, shapes, |shape| shape.before));
    scene.apply();
    let with_dependents = shapes.iter().filter(|shape| shape.before.contains("DEPENDENT"));
    let left_over: Vec<_> = with_dependents.map(|shape| format!("-replace={}", shape.address("a"))).collect();
    if !left_over.is_empty() {
        scene.write("fail", "");
        scene.try_apply_with(&left_over.iter().map(String::as_str).collect::<Vec<_>>()).failed();
        scene.remove("fail");
    }
    for shape in shapes {
        if let Some(name) = shape.taint {
            scene.run(&["taint", &shape.address(name)]).succeeded();
        }
    }
    scene.write("main.tf", &main_of(column, shapes, |shape| shape.after));
    scene.forget_calls();
    scene
}

/// Applies these shapes together: none of them may be refused.
fn check_accepted(column: Column, shapes: &[&Shape]) {
    let scene = prepared(column, shapes);
    let mut arguments = vec![format!("-parallelism={}", column.parallelism)];
    let replaced =
        shapes.iter().filter_map(|shape| Some(format!("-replace={}", shape.address(shape.replace?))));
    arguments.extend(replaced);
    // Writes that take a while, so that they meet if they can.
    scene.fault(&json!({"action": "UpdateLogStore", "times": 1000, "effect": {"delay": {"ms": 30}}}));
    scene.try_apply_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).succeeded();
    for shape in shapes {
        let (sent, enabled) = (switched_off(&scene, shape), is_enabled(&scene, shape));
        let is_right = match column.outcome(shape) {
            Refused(_) => false,
            Untouched => sent == 0 && enabled,
            SwitchedOff => sent == 1 && !enabled,
            Unseen(at_the_end) => sent == 1 && at_the_end.is_none_or(|at_the_end| at_the_end == enabled),
        };
        assert!(is_right, "{} {column:?}: switched off {sent} times, enabled: {enabled}", shape.name);
    }
    let is_unseen = |shape: &&&Shape| matches!(column.outcome(shape), Unseen(_));
    if shapes.iter().any(|shape| is_unseen(&shape)) {
        scene.apply();
        assert!(shapes.iter().filter(is_unseen).all(|shape| is_enabled(&scene, shape)));
    }
    scene.plan().expect_empty();
}

/// Plans these shapes together: each of them is refused, by itself.
fn check_refused(column: Column, shapes: &[&Shape]) {
    let scene = prepared(column, shapes);
    let errors =
        scene.try_plan_with(&[&format!("-parallelism={}", column.parallelism)]).ran.failed().errors();
    for shape in shapes {
        let named = format!("Logstore audit:{}:", shape.log_store());
        let of_shape = |error: &&Diagnostic| error.detail.starts_with(&named);
        let count = errors.iter().filter(of_shape).count();
        assert_eq!(Refused(count), column.outcome(shape), "{} {column:?} {errors:#?}", shape.name);
        // Core gives no address to an error of a destroy.
        let is_at_home = |error: &Diagnostic| error.address.is_empty() || error.address.contains(shape.name);
        assert!(errors.iter().filter(of_shape).all(is_at_home), "{errors:#?}");
    }
    assert_eq!(scene.writes().len(), 0);
}

#[track_caller]
fn check(disable: bool, other_alias: bool) {
    let shapes = shapes();
    for parallelism in [1, 10] {
        let column = Column { disable, other_alias, parallelism };
        // What has no resource that could have another alias would be the same once more.
        let counts = |shape: &&Shape| !other_alias || shape.after.contains("NEXT");
        let of = |refused: bool| {
            let is = |shape: &&Shape| matches!(column.outcome(shape), Refused(_)) == refused;
            shapes.iter().filter(counts).filter(is).collect::<Vec<_>>()
        };
        if !of(true).is_empty() {
            check_refused(column, &of(true));
        }
        check_accepted(column, &of(false));
    }
}

#[test]
fn every_shape_with_keep() {
    check(false, false);
}

#[test]
fn every_shape_with_disable() {
    check(true, false);
}

#[test]
fn every_shape_across_aliases_with_keep() {
    check(false, true);
}

#[test]
fn every_shape_across_aliases_with_disable() {
    check(true, true);
}

#[test]
fn a_second_resource_whose_names_are_known_at_apply_only_is_refused_before_anything_is_sent_for_it() {
    let seed = json!({"projects": [{"name": "audit", "logstores": [{"logstoreName": "app"}]}]});
    let scene = Scene::new(&seed);
    let main = "resource \"terraform_data\" \"name\" {\n  input = \"app\"\n}\n\
         resource \"alicloud_log_store_encryption\" \"these\" {\n  count = 2\n  project_name = \"audit\"\n  \
         logstore_name = terraform_data.name.output\n}\n";
    scene.write("main.tf", main);
    scene.plan().expect_changes();
    let error = scene.try_apply_plan().failed().error();
    error.says(&[
        "Two resources configure one Logstore",
        "Logstore audit:app:",
        "terraform state rm ADDRESS",
    ]);
    assert_eq!(scene.writes().len(), 1);
    assert_eq!(scene.log_store("audit", "app")["encrypt_conf"]["enable"], true);
}

/// The way on that the error names where `moved` cannot say it.
#[test]
fn an_old_resource_that_is_taken_out_of_the_state_leaves_the_logstore_to_the_new_one() {
    let scene = applied(&encryption(DISABLING));
    scene.write("main.tf", &encryption(DISABLING).replace("\"this\"", "\"that\""));
    let error = scene.try_plan().failed().error();
    error.says(&["A resource switches off what another one configures", "moved {\n    from = OLD_ADDRESS"]);
    assert!(error.detail.contains("\n\n  terraform state rm OLD_ADDRESS\n"), "{}", error.detail);
    scene.run(&["state", "rm", THIS]).succeeded();
    scene.apply();
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

/// As a version wrote it that did not notice two resources on one Logstore.
#[test]
fn one_of_two_that_a_state_has_is_given_up_without_switching_off() {
    for parallelism in [1, 10] {
        let scene = applied(&encryption(DISABLING));
        let mut state = scene.state();
        let mut twin = state["resources"][0].clone();
        twin["name"] = json!("that");
        for resource in [&mut state["resources"][0], &mut twin] {
            resource["instances"][0].as_object_mut().unwrap().remove("private");
        }
        state["resources"].as_array_mut().unwrap().push(twin);
        scene.write("terraform.tfstate", &state.to_string());
        let ran = scene.try_apply_with(&[&format!("-parallelism={parallelism}")]);
        if ran.exit_code == Some(1) {
            ran.error().says(&["more than one object with this Logstore", "terraform state rm ADDRESS"]);
            scene.run(&["state", "rm", "alicloud_log_store_encryption.that"]).succeeded();
        }
        assert_eq!(scene.writes().len(), 0);
        scene.plan().expect_empty();
    }
}
