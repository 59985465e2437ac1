//! The picture in `ARCHITECTURE.md`: what an apply makes the provider do.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::given;
use crate::harness::Scene;

/// The lines around the picture.
const BEGIN: &str = "```text\nterraform apply\n";
const END: &str = "```\n";

#[test]
fn the_picture_of_an_apply_is_what_happens() {
    let scene = Scene::new(&given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.env("TF_LOG", "JSON");
    let picture = drawn(&scene.apply().stderr);

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, after) = page.split_once(BEGIN).expect("a picture that begins with the command");
    let (written, _) = after.split_once(END).unwrap();
    assert_eq!(written, picture, "write this into ARCHITECTURE.md:\n{picture}");
}

/// The processes, the RPCs of each, and the calls to the cloud that each RPC makes, as the host's log has them.
fn drawn(log: &str) -> String {
    let mut picture = String::new();
    let (mut processes, mut is_first_rpc, mut is_first_call) = (0, true, true);
    for line in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        match text("@message") {
            "starting plugin" => {
                processes += 1;
                is_first_rpc = true;
            }
            "call received" => {
                let process = if is_first_rpc { format!("process {processes}") } else { String::new() };
                write!(picture, "{}{process:11}{}", line_end(&picture), text("rpc")).unwrap();
                (is_first_rpc, is_first_call) = (false, true);
            }
            "sending" => {
                let column = picture.len() - picture.rfind('\n').map_or(0, |at| at + 1);
                let indent = if is_first_call { 36 - column } else { 36 };
                let line_end = if is_first_call { "" } else { "\n" };
                write!(picture, "{line_end}{:indent$}{} {}", "", text("service"), text("action")).unwrap();
                is_first_call = false;
            }
            _ => {}
        }
    }
    picture + "\n"
}

fn line_end(picture: &str) -> &'static str {
    if picture.is_empty() { "" } else { "\n" }
}
