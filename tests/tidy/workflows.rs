//! Workflows on GitHub: they run what is in the repository, with actions that cannot change, and may do what they need
//! and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

/// Programs that a step may run besides the scripts of the repository.
const PROGRAMS: [&str; 6] = ["cargo", "echo", "gh", "gpg", "rustup", "sudo"];

/// What a step may take from the matrix of its workflow. Texts of others, such as the title of a change, would be run.
const IN_COMMANDS: [&str; 1] = ["matrix.target"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents(folder: &str) -> Vec<(PathBuf, Yaml)> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "yml")).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), parsed(&file))).collect()
}

fn parsed(file: &Path) -> Yaml {
    let found = YamlLoader::load_from_str(&fs::read_to_string(file).unwrap());
    let mut documents = found.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(documents.len(), 1, "{}", file.display());
    documents.remove(0)
}

fn workflows() -> Vec<(PathBuf, Yaml)> {
    let found = documents(".github/workflows");
    assert_eq!(found.len(), 2, "ci.yml and release.yml");
    found
}

fn jobs(workflow: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    workflow["jobs"].as_hash().unwrap().iter().map(|(name, job)| (name.as_str().unwrap(), job))
}

fn steps(workflow: &Yaml) -> impl Iterator<Item = &Yaml> {
    jobs(workflow).flat_map(|(_, job)| job["steps"].as_vec().unwrap())
}

#[test]
fn actions_are_pinned_by_their_commit_and_named_by_their_version() {
    let mut pinned: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, workflow) in workflows() {
        let text = fs::read_to_string(&file).unwrap();
        for used in steps(&workflow).filter_map(|step| step["uses"].as_str()) {
            let (action, commit) = used.split_once('@').unwrap();
            let is_commit = commit.len() == 40 && commit.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            assert!(is_commit, "{used} is pinned by its commit");
            let line = text.lines().find(|line| line.contains(used)).unwrap();
            let version = line.split_once(" # v").unwrap_or_else(|| panic!("{line} names the version")).1;
            assert_eq!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{line}");
            pinned.entry(action.to_owned()).or_default().insert(commit.to_owned());
        }
    }
    assert!(pinned.contains_key("actions/checkout"));
    assert!(pinned.values().all(|commits| commits.len() == 1), "one commit of an action: {pinned:?}");
}

#[test]
fn jobs_may_read_and_only_the_one_that_publishes_may_write() {
    let permission = |of: &Yaml| match of {
        Yaml::BadValue => Vec::new(),
        of => of
            .as_hash()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{}: {}", name.as_str().unwrap(), value.as_str().unwrap()))
            .collect::<Vec<_>>(),
    };
    for (file, workflow) in workflows() {
        assert_eq!(permission(&workflow["permissions"]), ["contents: read"], "{}", file.display());
        for (name, job) in jobs(&workflow) {
            assert!(job["timeout-minutes"].as_i64().is_some(), "{name} has a time limit");
            let publishes = file.ends_with("release.yml") && name == "publish";
            let expected: &[&str] =
                if publishes { &["attestations: write", "contents: write", "id-token: write"] } else { &[] };
            assert_eq!(permission(&job["permissions"]), expected, "{name}");
            assert_eq!(job["environment"].as_str(), publishes.then_some("release"), "{name}");
        }
        let checkouts = steps(&workflow)
            .filter(|step| step["uses"].as_str().is_some_and(|used| used.starts_with("actions/checkout@")));
        for checkout in checkouts {
            assert_eq!(checkout["with"]["persist-credentials"].as_bool(), Some(false));
        }
    }
}

#[test]
fn steps_run_scripts_that_exist() {
    let commands: Vec<String> = workflows()
        .iter()
        .flat_map(|(_, workflow)| steps(workflow))
        .filter_map(|step| step["run"].as_str())
        .flat_map(str::lines)
        .map(str::to_owned)
        .collect();
    let mut scripts = BTreeSet::new();
    for command in &commands {
        let program = command.split(' ').next().unwrap();
        if PROGRAMS.contains(&program) {
            continue;
        }
        let script = root().join(program);
        let metadata = fs::metadata(&script).unwrap_or_else(|error| panic!("{command}: {error}"));
        assert!(metadata.permissions().mode() & 0o111 != 0, "{program} can be run");
        scripts.insert(program);
    }
    assert_eq!(scripts, BTreeSet::from([".ci/run", "./scripts/release"]));
    for inserted in commands.iter().flat_map(|command| command.split("${{").skip(1)) {
        let name = inserted.split("}}").next().unwrap().trim();
        assert!(IN_COMMANDS.contains(&name), "{name} becomes a part of a command");
    }
}

#[test]
fn workflows_use_the_toolchain_of_the_project() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    for (file, workflow) in workflows() {
        assert_eq!(workflow["env"]["RUSTUP_TOOLCHAIN"].as_str(), Some(version), "{}", file.display());
        let installs =
            steps(&workflow).filter_map(|step| step["run"].as_str()).filter(|run| run.starts_with("rustup"));
        for install in installs {
            assert!(install.starts_with(&format!("rustup toolchain install {version} ")), "{install}");
        }
    }
}

/// What is released is what CI builds, and `deny.toml` looks at the dependencies of.
#[test]
fn every_platform_of_a_release_is_built_before() {
    let targets = |file: &str, job: &str| {
        let workflow = parsed(&root().join(".github/workflows").join(file));
        let matrix = workflow["jobs"][job]["strategy"]["matrix"]["include"].as_vec().unwrap().clone();
        matrix.iter().map(|each| each["target"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let released = targets("release.yml", "build");
    // `.ci/run` builds for this one.
    let tested = BTreeSet::from(["x86_64-unknown-linux-gnu".to_owned()]);
    assert_eq!(&targets("ci.yml", "platforms") | &tested, released);
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, list) = deny.split_once("targets = [").unwrap();
    let list = list.split(']').next().unwrap();
    let looked_at: BTreeSet<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(looked_at, released);
}

/// `.ci/run` has cargo-deny from a package, the workflow builds it from its source. Of one version they find the same.
#[test]
fn dependencies_are_checked_by_one_version_here_and_on_github() {
    let requirement = fs::read_to_string(root().join("tests/dependencies/requirements.txt")).unwrap();
    let pinned = requirement.split_once("cargo-deny==").unwrap().1;
    let version = pinned.split(' ').next().unwrap();
    let workflow = parsed(&root().join(".github/workflows/ci.yml"));
    let runs: Vec<&str> = steps(&workflow).filter_map(|step| step["run"].as_str()).collect();
    assert!(
        runs.contains(&format!("cargo install --locked --version {version} cargo-deny").as_str()),
        "{runs:?}"
    );
    assert!(runs.contains(&"cargo deny --locked check"), "all of deny.toml: {runs:?}");
    let here = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(here.contains("/cargo-deny\" --locked check bans licenses sources\n"), "all but advisories");
}

#[test]
fn forms_and_updates_parse() {
    let forms = documents(".github/ISSUE_TEMPLATE");
    for (file, form) in forms.iter().filter(|(file, _)| !file.ends_with("config.yml")) {
        assert!(
            form["name"].as_str().is_some() && form["description"].as_str().is_some(),
            "{}",
            file.display()
        );
        let body = form["body"].as_vec().unwrap();
        assert!(body.iter().any(|each| each["validations"]["required"].as_bool() == Some(true)));
    }
    assert_eq!(forms.len(), 3);
    for update in parsed(&root().join(".github/dependabot.yml"))["updates"].as_vec().unwrap() {
        let one = update["directory"].as_str().into_iter();
        let all = update["directories"].as_vec().into_iter().flatten().filter_map(Yaml::as_str);
        let folders: Vec<&str> = one.chain(all).collect();
        assert!(!folders.is_empty());
        let exists = |folder: &&str| root().join(folder.trim_start_matches('/')).is_dir();
        assert!(folders.iter().all(exists), "{folders:?}");
    }
}
