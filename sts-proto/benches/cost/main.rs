//! What the core costs, each work with the floor below it in the same run: instructions (counted by valgrind, if it is
//! there), blocks of SHA-256, allocations, time.
//!
//! ```text
//! cargo bench -p sts-proto                 the table
//! cargo bench -p sts-proto -- --tsv        the same for programs
//! cargo bench -p sts-proto -- --check      no times; an error where a work costs more than it may
//! ```

// A bench is a program, not the core.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, missing_docs, unreachable_pub)]

mod callgrind;
mod harness;
mod works;

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = harness::ALLOCATOR;

fn main() -> ExitCode {
    works::check_case();
    harness::main::<works::Core>()
}
