//! Whole resolutions of credentials: what a client finds, given an environment, files and what services answer.
//!
//! A case is a folder two levels below `$STS_VECTORS/chain`, else `../shared/vectors/chain`, or below `vectors/own/chain` of
//! this package: `env.json`, `fs/`, `http-traffic.json` (recorded requests and responses) and `test-case.json` (the
//! result). In a folder `profile-provider` it is about the profile and no other source. A folder `fs@2` beside `fs`, as
//! our own scenarios have it, holds what the second reading of a file finds.
//!
//! Each is run three times: in virtual time with nothing but the core, and through both clients, which really read the
//! files and run the programs. What is asked for and what comes of it, step by step, has to be the same.
//!
//! The endpoints of containers and of instance metadata are checked against `container` and `imds` beside it.
//!
//! A recorded error's text is another client's, so that any error will do; both are printed.

pub(crate) mod exchange;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod stage;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use scenario::Scenario;

use super::metadata;

#[test]
fn scenarios() {
    let mut failures = Vec::new();
    let mut ran = 0;
    for root in roots() {
        let folders = folders(&root);
        assert!(!folders.is_empty(), "{} holds no scenario", root.display());
        for folder in folders {
            ran += 1;
            let name = folder.strip_prefix(&root).unwrap_or(&folder).display().to_string();
            let outcome = catch_unwind(AssertUnwindSafe(|| one(&folder)));
            match outcome.unwrap_or_else(|_| Err(vec!["panicked; see above".to_owned()])) {
                Ok(remark) => say(&format!("chain: {name} ok ({remark})")),
                Err(problems) => {
                    say(&format!("chain: {name} FAILED: {}", problems.join("\n    ")));
                    failures.push(format!("{name}: {}", problems.join("\n    ")));
                }
            }
        }
    }
    say(&format!("chain: {ran} cases, {} failures", failures.len()));
    assert!(failures.is_empty(), "{} of {ran} cases failed:\n{}", failures.len(), failures.join("\n"));
}

fn one(folder: &Path) -> Result<String, Vec<String>> {
    let scenario = Scenario::read(folder).map_err(|problem| vec![problem])?;
    run::all_ways(scenario)
}

#[test]
fn container_endpoints() {
    if let Some(folder) = given("container") {
        say(&format!("container: {} cases, 0 failures", metadata::container(&folder)));
    }
}

#[test]
fn instance_metadata_endpoints() {
    if let Some(folder) = given("imds") {
        say(&format!("imds: {} cases, 0 failures", metadata::imds(&folder)));
    }
}

/// The given scenarios, where they are, and our own.
fn roots() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/own/chain");
    given("chain").into_iter().chain([own]).collect()
}

/// A folder of vectors, if it is there.
fn given(kind: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let vectors = match std::env::var_os("STS_VECTORS").filter(|place| !place.is_empty()) {
        // A relative place is one below the directory that the tests are started in, which is not the package's.
        Some(place) => root.join(place),
        None => root.join("../shared/vectors"),
    };
    let folder = vectors.join(kind);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "CI is set, and there is no {}", folder.display());
    say(&format!("{kind}: the given cases are not run, since there is no {}", folder.display()));
    None
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let within = |folder: &Path| {
        let entries =
            std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders
    };
    within(root).iter().flat_map(|group| within(group)).collect()
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
