//! Mirrors of both kinds, and a lock file for several platforms.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{
    VERSION, archive, archive_name, folder, https, mirror, pack, platform, refuse, release, script, stem,
};
use crate::given;
use crate::harness::Scene;

/// Platforms of the lock file, besides the one of this machine.
const OTHERS: [&str; 2] = ["darwin_arm64", "windows_amd64"];

/// A scene that installs its provider as this block of the CLI configuration says.
fn scene(installation: &str) -> Scene {
    let scene = Scene::new(&given::plain());
    scene.host_starts_provider();
    scene.write("main.tf", &given::encryption(""));
    let file = scene.root().join("mirror.tfrc");
    fs::write(&file, format!("provider_installation {{\n  {installation}\n}}\n")).unwrap();
    scene.env("TF_CLI_CONFIG_FILE", file.to_str().unwrap());
    scene
}

fn filesystem_mirror(mirror: &Path) -> String {
    format!("filesystem_mirror {{ path = {:?} }}", mirror.display())
}

/// The root of a mirror, from the folder of the provider in it.
fn root_of(provider: &Path) -> &Path {
    provider.ancestors().nth(3).unwrap()
}

/// Locks the provider of a mirror for all platforms.
fn lock(scene: &Scene, mirror: &Path) {
    let from = format!("-fs-mirror={}", mirror.display());
    let platforms = [&platform(), OTHERS[0], OTHERS[1]].map(|platform| format!("-platform={platform}"));
    let mut arguments = vec!["providers", "lock", &from];
    arguments.extend(platforms.iter().map(String::as_str));
    scene.run(&arguments).succeeded();
}

/// Installs the provider and makes a plan with it.
fn installs(scene: &Scene) {
    scene.run(&["init", "-input=false", "-lockfile=readonly"]).succeeded();
    assert_eq!(scene.plan().expect_changes().actions(), [(given::THIS.to_owned(), "create".to_owned())]);
}

#[test]
fn a_lock_file_for_three_platforms_fits_both_kinds_of_mirror() {
    let directory = folder();
    let provider = mirror(directory.path(), &OTHERS);
    let mirror = root_of(&provider);

    let local = scene(&filesystem_mirror(mirror));
    lock(&local, mirror);
    let locked = local.read(".terraform.lock.hcl");
    assert_eq!(locked.matches("\"h1:").count(), 3, "{locked}");
    installs(&local);

    let certificate = directory.path().join("certificate.pem");
    let address = https::serve(mirror, &certificate);
    let remote = scene(&format!("network_mirror {{ url = {address:?} }}"));
    remote.env("SSL_CERT_FILE", certificate.to_str().unwrap());
    remote.write(".terraform.lock.hcl", &locked);
    installs(&remote);
    // The hashes that a network mirror tells are those that Terraform computes.
    remote.remove(".terraform.lock.hcl");
    lock(&remote, mirror);
    assert_eq!(remote.read(".terraform.lock.hcl"), locked);
    let told = fs::read_to_string(provider.join(format!("{VERSION}.json"))).unwrap();
    let hashes: Vec<&str> = locked.split('"').filter(|text| text.starts_with("h1:")).collect();
    assert!(hashes.iter().all(|hash| told.contains(hash)), "{told}\n{locked}");
}

#[test]
fn another_program_than_the_locked_one_is_refused() {
    let directory = folder();
    let provider = mirror(directory.path(), &OTHERS);
    let scene = scene(&filesystem_mirror(root_of(&provider)));
    lock(&scene, root_of(&provider));
    let other = directory.path().join("other");
    fs::write(&other, "another program").unwrap();
    let file = format!("755:terraform-provider-alicloud-encryption_v{VERSION}={}", other.display());
    pack(&provider.join(archive_name(&platform())), &[file]);
    let refused = scene.run(&["init", "-input=false", "-no-color", "-lockfile=readonly"]).failed().prose();
    assert!(refused.contains("doesn't match any of the checksums"), "{refused}");
}

#[test]
fn the_newest_version_of_a_mirror_is_installed_without_a_lock_file() {
    let directory = folder();
    let scene = scene(&filesystem_mirror(root_of(&mirror(directory.path(), &[]))));
    scene.run(&["init", "-input=false"]).succeeded();
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    scene.plan().expect_empty();
}

#[test]
fn an_archive_that_its_sums_do_not_have_enters_no_mirror() {
    let directory = folder();
    let [dist, mirror] = ["dist", "mirror"].map(|name| directory.path().join(name));
    fs::create_dir(&dist).unwrap();
    let refused = || refuse(Command::new(script("mirror")).args([&dist, &mirror]));
    assert!(refused().contains("there is no archive"));
    let copy = dist.join(archive_name(&platform()));
    fs::copy(archive(), &copy).unwrap();
    assert!(refused().contains("copy the file of its release there"));
    let sums = format!("{}_SHA256SUMS", stem());
    fs::copy(release().join(&sums), dist.join(&sums)).unwrap();
    fs::write(&copy, "cut off").unwrap();
    assert!(refused().contains("is not what SHA256SUMS says"));
    assert!(!mirror.exists());
}
