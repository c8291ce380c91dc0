//! Measures workloads: instructions, blocks of SHA-256, allocations, time. Also used by `tests/compare`.

use std::alloc::System;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::callgrind::{self, BLOCK, Instructions};

/// The workloads to measure.
pub trait Workloads {
    /// Each workload, after its floor. The first one hashes [`FIRST_BLOCKS`] blocks.
    const WORKLOADS: &'static [Workload];

    /// Measures the workload of this name with `meter`; `false` if there is none.
    fn run(name: &str, meter: &mut impl Meter) -> bool;
}

/// A row of the table.
pub struct Workload {
    /// Selects it.
    pub name: &'static str,
    /// The ceiling; `None` for a floor.
    pub ceiling: Option<Ceiling>,
}

/// The maximum cost of a workload, for `--check`: its actual cost plus a few percent for other compilers.
pub struct Ceiling {
    /// Including [`BLOCK`] for each block of SHA-256.
    pub instructions: u64,
    /// Including reallocations.
    pub allocations: u64,
}

/// Measures one workload.
pub trait Meter {
    /// `prepare` makes the input of one round and is not counted. `round` is counted, but dropping its result
    /// is not.
    fn measure<I, O>(&mut self, prepare: impl FnMut() -> I, round: impl FnMut(I) -> O);
}

/// The global allocator that a program with workloads must use.
pub const ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs the command line.
pub fn main<W: Workloads>() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--rounds-of", workload] => match W::run(workload, &mut callgrind::Rounds) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        [] => table::<W>(Mode::Table),
        ["--tsv"] => table::<W>(Mode::Tsv),
        ["--check"] => table::<W>(Mode::Check),
        _ => {
            eprintln!("usage: [--tsv | --check]");
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

fn table<W: Workloads>(mode: Mode) -> ExitCode {
    let separator = if mode == Mode::Tsv { "\t" } else { "  " };
    let show = |cells: [String; 5]| {
        let widths = if mode == Mode::Tsv { [0; 5] } else { [18, 12, 6, 11, 9] };
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        println!("{}", cells.collect::<Vec<_>>().join(separator));
    };
    show(["work", "instructions", "blocks", "allocations", "time, ns"].map(str::to_owned));
    let (mut failed, mut block) = (false, None);
    for Workload { name, ceiling } in W::WORKLOADS {
        let mut allocations = Allocations::default();
        W::run(name, &mut allocations);
        let mut time = Time::default();
        if mode != Mode::Check {
            W::run(name, &mut time);
        }
        let instructions = match Instructions::of(name) {
            Ok(instructions) => Some(instructions),
            Err(why) if mode == Mode::Check => {
                eprintln!("{name}: {why}");
                return ExitCode::FAILURE;
            }
            Err(_) => None,
        };
        // The first workload does nothing but hashing.
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
        if let (Some(ceiling), Some(all)) = (ceiling, all)
            && (all > ceiling.instructions || allocations.0 > ceiling.allocations)
        {
            eprintln!(
                "{name} may take at most {} instructions and {} allocations",
                ceiling.instructions, ceiling.allocations
            );
            failed = true;
        }
    }
    if failed && mode == Mode::Check { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Counts the allocations of one round, including reallocations.
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

/// The median time of one round over many batches.
#[derive(Default)]
struct Time(Option<Duration>);

impl Meter for Time {
    fn measure<I, O>(&mut self, mut prepare: impl FnMut() -> I, mut round: impl FnMut(I) -> O) {
        drop(round(prepare()));
        let input = prepare();
        let begun = Instant::now();
        drop(black_box(round(input)));
        // Short enough that few batches are interrupted, and long enough for the clock's resolution.
        let batch = (BATCH.as_nanos() / begun.elapsed().as_nanos().max(1)).clamp(1, 200) as u32;
        let mut times = Vec::new();
        while begun.elapsed() < TIMED_FOR || times.len() < 10 {
            let inputs: Vec<I> = (0..batch).map(|_| prepare()).collect();
            let mut outputs = Vec::with_capacity(inputs.len());
            let start = Instant::now();
            for input in inputs {
                outputs.push(black_box(round(input)));
            }
            times.push(start.elapsed() / batch);
        }
        times.sort_unstable();
        self.0 = times.get(times.len() / 2).copied();
    }
}

/// The number of blocks that the first workload hashes.
const FIRST_BLOCKS: u64 = 12;
const BATCH: Duration = Duration::from_micros(100);
const TIMED_FOR: Duration = Duration::from_millis(400);
