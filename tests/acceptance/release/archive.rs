//! Archives, sums, manifest and SBOM.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    VERSION, archive, archive_name, elf, folder, pack, platform, refuse, release, run, script, stem,
};

/// Prints name, mode, date and digest of each file in an archive.
const LIST: &str = "
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    print(json.dumps([[info.filename, oct(info.external_attr >> 16), info.date_time[0],
                       hashlib.sha256(archive.read(info)).hexdigest()] for info in archive.infolist()]))
";

fn digest(file: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(file).unwrap()))
}

fn listed(archive: &Path) -> Value {
    serde_json::from_str(&run(Command::new("python3").args(["-c", LIST]).arg(archive))).unwrap()
}

fn unpacked(archive: &Path, into: &Path) {
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(archive).arg(into));
}

#[test]
fn an_archive_holds_the_program_and_the_licence() {
    let directory = folder();
    unpacked(&archive(), directory.path());
    let program = format!("terraform-provider-alicloud-encryption_v{VERSION}");
    let licence = Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE");
    let listed = listed(&archive());
    let year = &listed[0][2];
    assert_eq!(
        listed,
        json!([
            ["LICENSE.txt", "0o100644", year, digest(&licence)],
            [&program, "0o100755", year, digest(&directory.path().join(&program))],
        ])
    );
}

#[test]
fn the_program_needs_nothing_of_the_machine() {
    let directory = folder();
    unpacked(&archive(), directory.path());
    let program =
        fs::read(directory.path().join(format!("terraform-provider-alicloud-encryption_v{VERSION}")))
            .unwrap();
    assert_eq!(elf::needs(&program), (0, false));
    let dynamic = fs::read(env!("CARGO_BIN_EXE_terraform-provider-alicloud-encryption")).unwrap();
    let (libraries, loader) = elf::needs(&dynamic);
    assert!(libraries > 0 && loader, "a build that is not static needs libraries and a loader");
}

/// A path of the machine that built it would make the program another one on the next machine.
#[test]
fn no_path_of_this_machine_is_in_the_program() {
    let directory = folder();
    unpacked(&archive(), directory.path());
    let program =
        fs::read(directory.path().join(format!("terraform-provider-alicloud-encryption_v{VERSION}")))
            .unwrap();
    let holds = |text: &str| program.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("/cargo/registry/src/"), "the sources of libraries have another name in it");
    // `CARGO` is the program that built this test, in the folder of the toolchain.
    for machines in
        [env!("CARGO_MANIFEST_DIR"), "/.cargo/registry/", env!("CARGO").trim_end_matches("/bin/cargo")]
    {
        assert!(!holds(machines), "{machines} is in the program");
    }
}

#[test]
fn sums_are_those_of_the_files() {
    let sums = fs::read_to_string(release().join(format!("{}_SHA256SUMS", stem()))).unwrap();
    let archive = archive_name(&platform());
    let names = [archive.replace(".zip", ".sbom.json"), archive.clone(), format!("{}_manifest.json", stem())];
    let expected = names.iter().map(|name| format!("{}  {name}\n", digest(&release().join(name))));
    assert_eq!(sums, expected.collect::<String>());
    let manifest = fs::read_to_string(release().join(format!("{}_manifest.json", stem()))).unwrap();
    assert_eq!(manifest, "{\"version\":1,\"metadata\":{\"protocol_versions\":[\"6.0\"]}}\n");
}

#[test]
fn packing_twice_gives_equal_archives() {
    let directory = folder();
    let directory = directory.path();
    let [program, licence] = ["program", "licence"].map(|name| directory.join(name));
    fs::write(&program, "a program").unwrap();
    fs::write(&licence, "a licence").unwrap();
    let program = format!("755:alicloud-emulator={}", program.display());
    let licence = format!("644:LICENSE.txt={}", licence.display());
    let [first, second] = ["first.zip", "second.zip"].map(|name| directory.join(name));
    pack(&first, &[&program, &licence]);
    // Another order, and a later time of change.
    fs::write(directory.join("program"), "a program").unwrap();
    pack(&second, &[&licence, &program]);
    assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    assert_eq!(
        listed(&first),
        json!([
            ["LICENSE.txt", "0o100644", 2023, digest(&directory.join("licence"))],
            ["alicloud-emulator", "0o100755", 2023, digest(&directory.join("program"))],
        ])
    );
}

#[test]
fn the_sbom_names_what_is_linked_and_nothing_else() {
    let file = release().join(archive_name(&platform()).replace(".zip", ".sbom.json"));
    let sbom: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!((&sbom["bomFormat"], &sbom["specVersion"]), (&json!("CycloneDX"), &json!("1.5")));
    let root = &sbom["metadata"]["component"];
    assert_eq!(root["name"], "terraform-provider-alicloud-encryption");
    let components = sbom["components"].as_array().unwrap();
    let names: BTreeSet<&str> = components.iter().map(|each| each["name"].as_str().unwrap()).collect();
    for linked in ["cloud", "provider", "reqwest", "ring", "rustls", "tokio", "rust-std", "glibc"] {
        assert!(names.contains(linked), "{linked} is linked");
    }
    // Of the emulator, of the tests, of the build; and code that runs in the compiler.
    for absent in ["redb", "proptest", "protox", "serde_derive"] {
        assert!(!names.contains(absent), "{absent} is not linked");
    }
    let from_registry = components.iter().find(|each| each["name"] == "tokio").unwrap();
    assert_eq!(from_registry["licenses"], json!([{"expression": "MIT"}]));
    assert_eq!(from_registry["hashes"][0]["content"].as_str().unwrap().len(), 64);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let references: BTreeSet<String> =
        components.iter().chain([root]).map(|each| text(&each["bom-ref"])).collect();
    let edges = sbom["dependencies"].as_array().unwrap();
    assert_eq!(edges.iter().map(|each| text(&each["ref"])).collect::<BTreeSet<_>>(), references);
    let used = edges.iter().flat_map(|each| each["dependsOn"].as_array().unwrap()).map(text);
    let used: BTreeSet<String> = used.collect();
    // Everything is used by something, but for the program.
    assert_eq!(references.difference(&used).collect::<Vec<_>>(), [&text(&root["bom-ref"])]);
    assert!(used.is_subset(&references));
}

/// A repository with what the release script reads before it builds.
fn repository(directory: &Path) {
    fs::create_dir(directory.join("scripts")).unwrap();
    for name in ["release", "release-files"] {
        fs::copy(script(name), directory.join("scripts").join(name)).unwrap();
    }
    fs::write(directory.join("Cargo.toml"), "version = \"1.2.3\"\n").unwrap();
    fs::write(directory.join("CHANGELOG.md"), "## 1.2.3 (unreleased)\n").unwrap();
    git(directory, &["init", "--quiet"]);
    commit(directory);
}

fn git(directory: &Path, arguments: &[&str]) {
    run(Command::new("git").current_dir(directory).args(arguments));
}

fn commit(directory: &Path) {
    git(directory, &["add", "."]);
    let author = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    git(directory, &[&author[..], &["commit", "--quiet", "--message", "x"]].concat());
}

#[test]
fn a_release_is_made_of_a_clean_tree_with_its_tag() {
    let directory = folder();
    let directory = directory.path();
    repository(directory);
    let released = || {
        let mut command = Command::new(directory.join("scripts/release"));
        // Outside of the tree, so that it stays clean.
        command.args(["--output", "/nonexistent", "sum"]);
        refuse(&mut command)
    };
    assert!(released().contains("does not have the tag v1.2.3"));
    git(directory, &["tag", "v1.2.3"]);
    assert!(released().contains("CHANGELOG.md calls 1.2.3 unreleased"));
    fs::write(directory.join("CHANGELOG.md"), "## 1.2.3 (2026-01-02)\n").unwrap();
    assert!(released().contains("the working tree has changes"));
    commit(directory);
    assert!(released().contains("does not have the tag v1.2.3"));
}
