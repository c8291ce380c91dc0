//! The cost of the core, each workload after its floor in the same run: instructions (counted by valgrind, if
//! installed), blocks of SHA-256, allocations, time.
//!
//! ```text
//! cargo bench -p sts-proto --features verify                 the table
//! cargo bench -p sts-proto --features verify -- --tsv        the same as tab-separated values
//! cargo bench -p sts-proto --features verify -- --check      without times; an error if a workload exceeds its ceiling
//! ```

// The lints are meant for the core, not for a bench.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, missing_docs, unreachable_pub)]

mod callgrind;
mod harness;
mod workloads;

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = harness::ALLOCATOR;

fn main() -> ExitCode {
    workloads::check_case();
    harness::main::<workloads::Core>()
}
