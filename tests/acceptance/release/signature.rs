//! The signature over the sums, by a key that exists in this test only.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{folder, refuse, release, run, script, stem};

/// A command of somebody whose keys are in this folder.
fn with_key(program: impl AsRef<std::ffi::OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("GNUPGHOME", home).env("RELEASE_GPG_KEY", "release@example.com");
    command
}

#[test]
fn the_sums_are_signed_and_a_change_is_noticed() {
    let directory = folder();
    let [home, dist] = ["gpg", "dist"].map(|name| directory.path().join(name));
    home_of_gpg(&home);
    fs::create_dir(&dist).unwrap();
    let sums = dist.join(format!("{}_SHA256SUMS", stem()));
    fs::copy(release().join(sums.file_name().unwrap()), &sums).unwrap();
    run(with_key("gpg", &home)
        .args(["--batch", "--quiet", "--passphrase", "", "--quick-generate-key"])
        .args(["release@example.com", "ed25519", "sign", "never"]));

    run(with_key(script("release"), &home).args(["--snapshot", "--output"]).arg(&dist).arg("sign"));
    run(with_key("gpgconf", &home).args(["--kill", "all"]));

    // Somebody else has nothing but what is released.
    let other = directory.path().join("other");
    home_of_gpg(&other);
    run(with_key("gpg", &other).args(["--batch", "--import"]).arg(dist.join("release-key.asc")));
    let signature = dist.join(format!("{}_SHA256SUMS.sig", stem()));
    // Registries take binary signatures only.
    assert!(!fs::read(&signature).unwrap().starts_with(b"-----BEGIN"));
    let verify = || {
        let mut command = with_key("gpg", &other);
        command.args(["--batch", "--verify"]).arg(&signature).arg(&sums);
        command
    };
    let verified = run(&mut verify());
    assert!(verified.contains("Good signature"), "{verified}");
    fs::write(&sums, "other sums").unwrap();
    assert!(refuse(&mut verify()).contains("BAD signature"));
    run(with_key("gpgconf", &other).args(["--kill", "all"]));
}

fn home_of_gpg(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
}
