//! Counts instructions: runs this program again under valgrind's callgrind and reads what it has written.
//!
//! gungraun and iai-callgrind do the same and give one sum for a bench. Here hashing has to be told apart by the names of
//! functions, since valgrind's count of it is not the processor's; and the floor, the allocations and the time of a work
//! belong beside it, also where valgrind or a runner to be installed beforehand is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::Meter;

/// Instructions of one round, with those that hash apart. valgrind shows a processor without SHA instructions, so a
/// block of SHA-256 costs there about sixteen times what it costs outside; a count of blocks says more.
#[derive(Clone, Copy)]
pub struct Instructions {
    beside_hashing: u64,
    hashing: u64,
}

impl Instructions {
    /// Of a work, or why they cannot be counted.
    pub fn of(work: &str) -> Result<Self, String> {
        let file = std::env::temp_dir().join(format!("sts-cost-{}-{work}", std::process::id()));
        let counted = count(work, &file);
        let _ = std::fs::remove_file(&file);
        counted
    }

    /// How many blocks were hashed, given what one costs under valgrind.
    pub fn blocks(&self, block: u64) -> u64 {
        (self.hashing + block / 2) / block
    }

    /// What hashing cost, under valgrind.
    pub fn hashing(&self) -> u64 {
        self.hashing
    }

    /// All but hashing.
    pub fn beside_hashing(&self) -> u64 {
        self.beside_hashing
    }
}

/// Instructions for a block of SHA-256 on a processor that has instructions for it: sha2 0.11 on x86-64.
pub const BLOCK: u64 = 209;

/// Runs the rounds whose instructions are counted.
pub struct Rounds;

impl Meter for Rounds {
    fn measure<I, O>(&mut self, mut prepare: impl FnMut() -> I, mut round: impl FnMut(I) -> O) {
        // Whatever happens once only has happened then.
        drop(round(prepare()));
        for _ in 0..ROUNDS {
            let input = prepare();
            drop(counted_by_callgrind(|| round(input)));
        }
    }
}

/// The function that callgrind is told to count in.
#[inline(never)]
fn counted_by_callgrind<O>(work: impl FnOnce() -> O) -> O {
    std::hint::black_box(work())
}

fn count(work: &str, file: &Path) -> Result<Instructions, String> {
    let program = std::env::current_exe().map_err(|error| format!("no path of this program: {error}"))?;
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--compress-strings=no", "--compress-pos=no"])
        .arg("--toggle-collect=*counted_by_callgrind*")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .args(["--rounds-of", work])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("valgrind ended with {status}"));
    }
    let profile = std::fs::read_to_string(file).map_err(|error| format!("no profile: {error}"))?;
    let (all, hashing) = read(&profile).ok_or("the profile cannot be read")?;
    Ok(Instructions { beside_hashing: (all - hashing) / ROUNDS, hashing: hashing / ROUNDS })
}

/// All instructions of a profile, and those of SHA-256's compression function alone. Format: "Callgrind Format
/// Specification", Valgrind User Manual.
fn read(profile: &str) -> Option<(u64, u64)> {
    let (mut all, mut hashing) = (0, 0);
    let (mut hashes, mut of_a_call) = (false, false);
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            hashes = name.contains("sha2") && name.contains("compress");
        } else if line.starts_with("calls=") {
            of_a_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            // A line of the source, then its cost; behind `calls=`, that of the function that was called.
            let cost = line.split(' ').nth(1)?.parse::<u64>().ok()?;
            if !std::mem::take(&mut of_a_call) {
                all += cost;
                hashing += if hashes { cost } else { 0 };
            }
        }
    }
    (all > 0).then_some((all, hashing))
}

const ROUNDS: u64 = 100;
