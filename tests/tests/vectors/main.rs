//! Everything that is checked against recorded vectors, one test a folder.
//!
//! A folder is read from `$STS_VECTORS/<folder>`, else from the copy in `vectors/<folder>` of this package, else from
//! `../shared/vectors/<folder>` beside the project. One that is nowhere is passed over with a note, and fails if `CI` is
//! set. Each test prints `<folder>: N ran`, then its exceptions by rule, then each failure as a line `FAILED <id>: …`.
//!
//! What is found below a folder is run, however deep it stands: a case is added by adding its file. What is decided
//! otherwise than a vector says stands in [`rules::Rule`], and nowhere else.

mod chain;
mod cli_cache;
mod dialects;
mod endpoint;
mod metadata;
mod model;
mod place;
mod profile;
mod proofs;
mod record;
mod report;
mod rolesanywhere;
mod rules;
mod sigv4;
mod sigv4a;
mod wire;

use report::run;

#[test]
fn wire() {
    run("wire", |report| report.lines(wire::check));
}

#[test]
fn chain() {
    run("chain", |report| report.folders("test-case.json", chain::check));
}

/// Scenarios that this project wrote itself, in the form of the recorded ones.
#[test]
fn own_chain() {
    run("own/chain", |report| report.folders("test-case.json", chain::check));
}

/// Actions of other servers, written from their documentation, through both clients.
#[test]
fn own_dialects() {
    run("own/dialects", |report| report.lines(dialects::check));
}

/// What is asked of the metadata service where it has no tokens, and below which path.
#[test]
fn imds_fallback() {
    run("imds-fallback", |report| report.folders("test-case.json", chain::check));
}

/// `aws login`.
#[test]
fn login() {
    run("login", |report| {
        report.folders("test-case.json", chain::check);
        report.each_document("neutral_", chain::neutral);
    });
}

#[test]
fn sso_refresh() {
    run("sso-refresh", |report| report.folders("test-case.json", chain::check));
}

/// The AWS CLI's cache of sessions.
#[test]
fn cli_cache() {
    run("cli-cache", |report| report.lines(|record, case| cli_cache::check(&record.into_value(), case)));
}

#[test]
fn container() {
    run("container", |report| report.documents("tests", &["docs"], metadata::container));
}

#[test]
fn imds() {
    run("imds", |report| report.documents("tests", &["docs"], metadata::imds));
}

#[test]
fn profile() {
    run("profile", |report| report.documents("tests", &["name", "docs"], profile::check));
}

#[test]
fn proofs() {
    run("proofs", |report| report.lines(|record, case| proofs::check(&record.into_value(), case)));
}

/// Sessions of IAM Roles Anywhere.
#[test]
fn rolesanywhere() {
    run("rolesanywhere", |report| {
        report.lines(|record, case| rolesanywhere::check(&record.into_value(), case))
    });
}

#[test]
fn sigv4() {
    run("sigv4", |report| report.folders("request.txt", sigv4::check));
}

/// Signature Version 4a: its suite in the form of the other, keys from secrets, and requests as the settings prefer.
#[test]
fn sigv4a() {
    run("sigv4a", |report| {
        report.folders("request.txt", sigv4::check);
        report.lines(|record, case| sigv4a::check(&record.into_value(), case));
    });
}

#[test]
fn endpoint() {
    run("endpoint", |report| report.documents("testCases", &["documentation"], endpoint::check));
}

/// The published tables that the core's own were made from, which stand beside the vectors.
#[test]
fn model() {
    run("../model", model::check);
}
