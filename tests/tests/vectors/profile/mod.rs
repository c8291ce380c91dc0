//! Shared config and credentials files: how they are read and where they are, as the vectors of other SDKs have it, and
//! what becomes of bad ones on a disk.
//!
//! The vectors are looked for in `$STS_VECTORS/profile`, else in `../shared/vectors/profile` beside the repository. A test
//! that finds none says so and passes, and fails if `CI` is set.
//!
//! Where a vector names a part of an error's text, an error is all that is asked for: the words are each SDK's own.

pub(crate) mod location;
pub(crate) mod parser;
pub(crate) mod roles;
pub(crate) mod vectors;

use vectors::run;

#[test]
fn files_are_read_alike() {
    run("profile-parser-tests.json", "tests", parser::check);
}

#[test]
fn files_are_looked_for_in_the_same_places() {
    run("file-location-tests.json", "tests", location::check);
}

#[test]
fn roles_are_planned_alike() {
    run("assume-role-tests.json", "", roles::check);
}
