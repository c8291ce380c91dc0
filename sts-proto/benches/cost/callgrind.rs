//! Counts instructions: runs this program again under valgrind's callgrind and reads the profile.
//!
//! gungraun and iai-callgrind do the same but give one sum per bench. Here hashing must be counted
//! separately, by the names of functions, since valgrind's cost of it differs from the processor's. The
//! floor, the allocations and the time should stand in the same table, even if valgrind or a separately
//! installed runner is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::Meter;

/// The instructions of one round, with those of hashing counted separately. valgrind emulates a processor
/// without SHA instructions, so that a block of SHA-256 costs about sixteen times as much as in reality. The
/// number of blocks is more meaningful.
#[derive(Clone, Copy)]
pub struct Instructions {
    beside_hashing: u64,
    hashing: u64,
}

impl Instructions {
    /// Counts the instructions of a workload.
    pub fn of(workload: &str) -> Result<Self, String> {
        let file = std::env::temp_dir().join(format!("sts-cost-{}-{workload}", std::process::id()));
        let counted = count(workload, &file);
        let _ = std::fs::remove_file(&file);
        counted
    }

    /// The number of hashed blocks, given the cost of one under valgrind.
    pub fn blocks(&self, block: u64) -> u64 {
        (self.hashing + block / 2) / block
    }

    /// The cost of hashing under valgrind.
    pub fn hashing(&self) -> u64 {
        self.hashing
    }

    /// The instructions outside hashing.
    pub fn beside_hashing(&self) -> u64 {
        self.beside_hashing
    }
}

/// Instructions per block of SHA-256 on a processor with SHA instructions: sha2 0.11 on x86-64.
pub const BLOCK: u64 = 209;

/// Runs the rounds whose instructions are counted.
pub struct Rounds;

impl Meter for Rounds {
    fn measure<I, O>(&mut self, mut prepare: impl FnMut() -> I, mut round: impl FnMut(I) -> O) {
        // The first round is not counted, since it includes one-time work.
        drop(round(prepare()));
        for _ in 0..ROUNDS {
            let input = prepare();
            drop(counted_by_callgrind(|| round(input)));
        }
    }
}

/// The function in which callgrind counts.
#[inline(never)]
fn counted_by_callgrind<O>(work: impl FnOnce() -> O) -> O {
    std::hint::black_box(work())
}

fn count(workload: &str, file: &Path) -> Result<Instructions, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find the path of this program: {error}"))?;
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--compress-strings=no", "--compress-pos=no"])
        .arg("--toggle-collect=*counted_by_callgrind*")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .args(["--rounds-of", workload])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    if !status.success() {
        return Err(format!("valgrind ended with {status}"));
    }
    let profile =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read the profile: {error}"))?;
    let (all, hashing) = read(&profile).ok_or("the profile has no costs")?;
    Ok(Instructions { beside_hashing: (all - hashing) / ROUNDS, hashing: hashing / ROUNDS })
}

/// The total instructions of a profile, and those of SHA-256's compression function. Format: "Callgrind
/// Format Specification", Valgrind User Manual.
fn read(profile: &str) -> Option<(u64, u64)> {
    let (mut all, mut hashing) = (0, 0);
    let (mut hashes, mut is_call) = (false, false);
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            hashes = name.contains("sha2") && name.contains("compress");
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            // A source line and its cost. After `calls=`, the cost is that of the called function, which is
            // counted elsewhere.
            let cost = line.split(' ').nth(1)?.parse::<u64>().ok()?;
            if !std::mem::take(&mut is_call) {
                all += cost;
                hashing += if hashes { cost } else { 0 };
            }
        }
    }
    (all > 0).then_some((all, hashing))
}

const ROUNDS: u64 = 100;
