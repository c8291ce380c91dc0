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
mod works;

use std::alloc::System;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use callgrind::{BLOCK, Instructions, Rounds};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use works::{Meter, WORKS, Work};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    works::check_case();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--rounds-of", work] => match works::run(work, &mut Rounds) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        [] => table(Mode::Table),
        ["--tsv"] => table(Mode::Tsv),
        ["--check"] => table(Mode::Check),
        _ => {
            eprintln!("usage: cost [--tsv | --check]");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Table,
    Tsv,
    Check,
}

fn table(mode: Mode) -> ExitCode {
    let separator = if mode == Mode::Tsv { "\t" } else { "  " };
    let show = |cells: [String; 5]| {
        let widths = if mode == Mode::Tsv { [0; 5] } else { [18, 12, 6, 11, 9] };
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        println!("{}", cells.collect::<Vec<_>>().join(separator));
    };
    show(["work", "instructions", "blocks", "allocations", "time, ns"].map(str::to_owned));
    let (mut failed, mut block) = (false, None);
    for Work { name, most } in &WORKS {
        let mut allocations = Allocations::default();
        works::run(name, &mut allocations);
        let mut time = Time::default();
        if mode != Mode::Check {
            works::run(name, &mut time);
        }
        let instructions = match Instructions::of(name) {
            Ok(instructions) => Some(instructions),
            Err(why) if mode == Mode::Check => {
                eprintln!("{name}: {why}");
                return ExitCode::FAILURE;
            }
            Err(_) => None,
        };
        // The first work is nothing but hashing.
        let block = *block.get_or_insert(instructions.map_or(1, |first| first.hashing() / FIRST_BLOCKS));
        let blocks = instructions.map(|instructions| instructions.blocks(block.max(1)));
        let all = instructions.zip(blocks).map(|(own, blocks)| own.beside_hashing() + blocks * BLOCK);
        let text = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        show([
            (*name).to_owned(),
            text(all),
            text(blocks),
            allocations.0.to_string(),
            text(time.0.map(|time| time.as_nanos() as u64)),
        ]);
        if let (Some(most), Some(all)) = (most, all)
            && (all > most.instructions || allocations.0 > most.allocations)
        {
            eprintln!(
                "{name} may take {} instructions and {} allocations",
                most.instructions, most.allocations
            );
            failed = true;
        }
    }
    if failed && mode == Mode::Check { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Counts the allocations of one round; one that moves or grows counts as well.
#[derive(Default)]
struct Allocations(u64);

impl Meter for Allocations {
    fn measure<I, O>(&mut self, mut prepare: impl FnMut() -> I, mut round: impl FnMut(I) -> O) {
        drop(round(prepare()));
        let input = prepare();
        let region = Region::new(ALLOCATOR);
        let output = black_box(round(input));
        let change = region.change();
        drop(output);
        self.0 = (change.allocations + change.reallocations) as u64;
    }
}

/// The median of many batches, for one round.
#[derive(Default)]
struct Time(Option<Duration>);

impl Meter for Time {
    fn measure<I, O>(&mut self, mut prepare: impl FnMut() -> I, mut round: impl FnMut(I) -> O) {
        let begun = Instant::now();
        let mut times = Vec::new();
        while begun.elapsed() < TIMED_FOR || times.len() < 10 {
            let inputs: Vec<I> = (0..BATCH).map(|_| prepare()).collect();
            let start = Instant::now();
            let outputs: Vec<O> = inputs.into_iter().map(|input| black_box(round(input))).collect();
            times.push(start.elapsed() / BATCH);
            drop(outputs);
        }
        times.sort_unstable();
        self.0 = times.get(times.len() / 2).copied();
    }
}

/// Of the first work.
const FIRST_BLOCKS: u64 = 12;
const BATCH: u32 = 50;
const TIMED_FOR: Duration = Duration::from_millis(400);
