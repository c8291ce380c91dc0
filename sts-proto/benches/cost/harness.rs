//! Measures works: instructions, blocks of SHA-256, allocations, time. `tests/compare` uses it too.

use std::alloc::System;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::callgrind::{self, BLOCK, Instructions};

/// What there is to measure.
pub trait Works {
    /// Each work, a floor before what stands on it. The first is to hash [`FIRST_BLOCKS`] blocks.
    const WORKS: &'static [Work];

    /// Lets `meter` measure the work of this name; `false` if there is none.
    fn run(name: &str, meter: &mut impl Meter) -> bool;
}

/// A row of the table.
pub struct Work {
    /// Chooses it.
    pub name: &'static str,
    /// `None` for a floor.
    pub most: Option<Most>,
}

/// What a work may cost: what `--check` holds it to. It is what it costs, and a few percent for another compiler.
pub struct Most {
    /// With [`BLOCK`] for each block of SHA-256.
    pub instructions: u64,
    /// Those that make memory larger are counted as well.
    pub allocations: u64,
}

/// Measures one work.
pub trait Meter {
    /// `prepare` makes what one round consumes and is not counted; `round` is, but not the end of what it makes.
    fn measure<I, O>(&mut self, prepare: impl FnMut() -> I, round: impl FnMut(I) -> O);
}

/// The allocator that a program with works has to have.
pub const ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Does what the command line says.
pub fn main<W: Works>() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--rounds-of", work] => match W::run(work, &mut callgrind::Rounds) {
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

fn table<W: Works>(mode: Mode) -> ExitCode {
    let separator = if mode == Mode::Tsv { "\t" } else { "  " };
    let show = |cells: [String; 5]| {
        let widths = if mode == Mode::Tsv { [0; 5] } else { [18, 12, 6, 11, 9] };
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        println!("{}", cells.collect::<Vec<_>>().join(separator));
    };
    show(["work", "instructions", "blocks", "allocations", "time, ns"].map(str::to_owned));
    let (mut failed, mut block) = (false, None);
    for Work { name, most } in W::WORKS {
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
        drop(round(prepare()));
        let input = prepare();
        let begun = Instant::now();
        drop(black_box(round(input)));
        // Short, so that few are interrupted, and still long for the clock.
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

/// How many blocks the first work hashes.
const FIRST_BLOCKS: u64 = 12;
const BATCH: Duration = Duration::from_micros(100);
const TIMED_FOR: Duration = Duration::from_millis(400);
