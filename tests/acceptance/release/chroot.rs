//! A machine that has nothing but `terraform`, a mirror and a configuration: no C library, no loader, no shell.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{elf, folder, mirror, outcome, run};
use crate::given;
use crate::harness::{Host, start_emulator};
use crate::pages::page::Page;
use crate::pages::session::Surroundings;

/// The program that changes the root folder, with its arguments. Who is not root here is root in a user namespace.
fn chroot() -> &'static [&'static str] {
    let is_root = run(Command::new("id").arg("-u")).trim() == "0";
    if is_root { &["chroot"] } else { &["unshare", "--user", "--map-root-user", "chroot"] }
}

/// A command that runs a program of the machine, as root there.
fn inside(machine: &Path, arguments: &[&str]) -> Command {
    let chroot = chroot();
    let mut command = Command::new(chroot[0]);
    command.args(&chroot[1..]).arg(machine).arg("/terraform").args(arguments);
    // Where chroot is, also for who is not root.
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (name, value) in [
        ("CHECKPOINT_DISABLE", "1"),
        ("HOME", "/home"),
        ("TF_CLI_CONFIG_FILE", "/cli.tfrc"),
        ("TF_IN_AUTOMATION", "1"),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-root"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sk-root"),
    ] {
        command.env(name, value);
    }
    command
}

/// Puts the host there. It must not need a C library itself.
fn install_terraform(machine: &Path) {
    let terraform = Host::Main.binary();
    let program = fs::read(terraform).unwrap();
    assert_eq!(
        elf::needs(&program),
        (0, false),
        "{} is not linked statically, and cannot run in an empty chroot: set TF_ACC_TERRAFORM_PATH to a release of \
         terraform",
        terraform.display()
    );
    let there = machine.join("terraform");
    fs::write(&there, program).unwrap();
    fs::set_permissions(there, Permissions::from_mode(0o755)).unwrap();
    let first = outcome(&mut inside(machine, &["version"]));
    assert!(
        first.succeeded,
        "this test changes its root folder, which is not allowed here: run it as root, or allow user namespaces \
         (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0):\n{}",
        first.printed
    );
}

#[test]
fn terraform_and_a_mirror_are_enough_to_init_plan_and_apply() {
    let directory = folder();
    let provider = mirror(directory.path(), &[]);
    let machine = directory.path().join("machine");
    for part in
        ["etc", "home", "tmp", "work", "mirror/registry.terraform.io/sls-encryption/alicloud-encryption"]
    {
        fs::create_dir_all(machine.join(part)).unwrap();
    }
    let of_machine =
        machine.join("mirror").join(provider.strip_prefix(directory.path().join("mirror")).unwrap());
    for entry in fs::read_dir(&provider).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), of_machine.join(entry.file_name())).unwrap();
    }
    let authority = machine.join("work/ca.pem");
    let emulator = start_emulator(
        directory.path(),
        &given::plain(),
        &["--tls", "--ca-out", authority.to_str().unwrap()],
    );
    let port = emulator.address().port();
    // The name of the project is found in the machine's own list of names, although its name service does not say so:
    // a program that loaded the modules which nsswitch.conf names would not find it.
    fs::write(machine.join("etc/hosts"), "127.0.0.1 localhost audit.localhost\n").unwrap();
    fs::write(machine.join("etc/nsswitch.conf"), "hosts: myhostname\n").unwrap();
    fs::write(
        machine.join("cli.tfrc"),
        "provider_installation {\n  filesystem_mirror {\n    path = \"/mirror\"\n  }\n}\n",
    )
    .unwrap();
    let endpoint = format!("https://localhost:{port}");
    let configuration = format!(
        "terraform {{\n  required_providers {{\n    alicloud = {{\n      source = \"sls-encryption/alicloud-encryption\"\n    \
         }}\n  }}\n}}\n\nprovider \"alicloud\" {{\n  region = \"cn-hangzhou\"\n  ca_bundle = \"ca.pem\"\n  endpoints {{\n    \
         log = {endpoint:?}\n    ram = {endpoint:?}\n    sts = {endpoint:?}\n    kms = {endpoint:?}\n  }}\n}}\n\n{}",
        given::encryption("")
    );
    fs::write(machine.join("work/main.tf"), configuration).unwrap();
    install_terraform(&machine);

    run(&mut inside(&machine, &["-chdir=/work", "init", "-input=false"]));
    let planned =
        run(&mut inside(&machine, &["-chdir=/work", "plan", "-input=false", "-no-color", "-out=plan"]));
    assert!(planned.contains("Plan: 1 to add"), "{planned}");
    run(&mut inside(&machine, &["-chdir=/work", "apply", "-input=false", "plan"]));
    run(&mut inside(&machine, &["-chdir=/work", "plan", "-input=false", "-detailed-exitcode"]));
    let stored = emulator.control("GET", "projects/audit/logstores/app", None).unwrap();
    assert_eq!(stored["encrypt_conf"], given::service_key(true, "default"));
}

/// The shell is the reader's, outside; every `terraform` of the page runs in the folder of its session as the root.
#[test]
fn getting_started_works_word_for_word_where_there_is_nothing_but_terraform() {
    let file = "docs/guides/getting-started.md";
    let surroundings = Surroundings::of_page(file);
    let machine = surroundings.path("");
    install_terraform(&machine);
    let terraform = surroundings.path("bin/terraform");
    fs::remove_file(&terraform).unwrap();
    let program = chroot().join(" ");
    let wrapper = format!(
        "#!/bin/sh\nHOME=/home TMPDIR=/tmp exec {program} {} /terraform -chdir=/work \"$@\"\n",
        machine.display()
    );
    fs::write(&terraform, wrapper).unwrap();
    fs::set_permissions(&terraform, Permissions::from_mode(0o755)).unwrap();

    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let steps = Page::parse(&page).unwrap().steps;
    assert!(steps.len() >= 8, "the page has {} steps", steps.len());
    let faults = surroundings.session_faults(&steps);
    assert!(faults.is_empty(), "{faults:#?}");
}
