//! Whole resolutions of credentials: what a client finds, given an environment, files and what services answer.
//!
//! A case is a folder: `env.json`, `fs/`, `http-traffic.json` (recorded requests and responses) and `test-case.json` (the
//! result). In a folder `profile-provider` it is about the profile and no other source. A folder `fs@2` beside `fs`, as
//! our own scenarios have it, holds what the second reading of a file finds.
//!
//! Each is run three times: in virtual time with nothing but the core, and through both clients, which really read the
//! files and run the programs. What is asked for and what comes of it, step by step, has to be the same.
//!
//! Where recorded clients differ, `decided` of `test-case.json` says whose result and requests count, and whether what was
//! recorded cannot be replayed then; such a case is counted and not run. What is written back is compared as JSON, and
//! proofs are verified.
//!
//! A recorded error's text is another client's, so that any error will do; both are printed.

mod exchange;
mod neutral;
mod proofs;
mod replay;
mod run;
mod scenario;
mod stage;
mod written;

use std::path::Path;

use scenario::{Scenario, Take};
use serde_json::Value;
use sts_tests::home::Home;

use crate::report::Case;
use crate::rules::Rule;

pub(crate) fn check(folder: &Path, case: &mut Case) -> Result<(), String> {
    let mut problems = Vec::new();
    // Where the case leaves a choice, one of them has to be met.
    for take in Take::of(folder)? {
        let scenario = Scenario::read(folder, take)?;
        if let Some(why) = &scenario.skipped {
            case.count("decided otherwise, not replayed");
            println!("{}: not replayed: {why}", folder.display());
            return Ok(());
        }
        if scenario.ends_without_token() {
            case.rule(Rule::VersionOne);
        }
        match run::all_ways(scenario) {
            Ok(remark) => {
                println!("{}: {remark}", folder.display());
                return Ok(());
            }
            Err(found) => problems.extend(found),
        }
    }
    problems.into_iter().for_each(|problem| case.fail(problem));
    Ok(())
}

/// A case as all SDKs have it, which is made a folder first.
pub(crate) fn neutral(document: &Value, case: &mut Case) -> Result<(), String> {
    let home = Home::new();
    neutral::write(document, &home.path(""))?;
    check(&home.path(""), case)
}
