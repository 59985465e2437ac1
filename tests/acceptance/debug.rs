//! One provider process, started by hand in debug mode, serves every command.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::given::{self, THIS};
use crate::harness::Scene;

/// A provider in debug mode; it is killed when dropped.
struct Debugged {
    process: Child,
    /// The value of `TF_REATTACH_PROVIDERS`.
    reattach: String,
}

impl Debugged {
    fn start(scene: &Scene) -> Debugged {
        let mut process = Command::new(env!("CARGO_BIN_EXE_terraform-provider-alicloud-encryption"))
            .arg("--debug")
            .env_clear()
            .env("TMPDIR", scene.root().join("tmp"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut values = lines.map_while(Result::ok).filter_map(|line| {
            let (_, quoted) = line.split_once("TF_REATTACH_PROVIDERS=")?;
            Some(quoted.trim_matches('\'').to_owned())
        });
        let reattach = values.next().unwrap();
        Debugged { process, reattach }
    }
}

impl Drop for Debugged {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn one_process_serves_a_whole_life() {
    let scene = Scene::new(&given::plain());
    let debugged = Debugged::start(&scene);
    scene.env("TF_REATTACH_PROVIDERS", &debugged.reattach);
    scene.write("main.tf", &given::encryption(given::DISABLING));
    scene.apply();
    scene.plan().expect_empty();
    // What an earlier command did in the same process must not speak for a later one.
    scene.run(&["apply", "-auto-approve", "-input=false", &format!("-replace={THIS}")]).succeeded();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
    assert_eq!(scene.destroy().changes(), (0, 0, 1));
    assert_eq!(given::stored(&scene)["enable"], json!(false));
}
