//! The program, built once by cargo, and a surrounding to run it in.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sts_tests::home::Home;
use sts_tests::sts::{Builder, Server};

/// An STS that knows the keys below, and a home directory.
pub(crate) struct World {
    pub(crate) sts: Server,
    pub(crate) home: Home,
    program: &'static Path,
}

impl World {
    /// `None` where the program cannot be built since its packages are not there.
    pub(crate) fn new() -> Option<Self> {
        Self::with(Server::builder())
    }

    pub(crate) fn with(sts: Builder) -> Option<Self> {
        let program = program()?;
        #[cfg(unix)]
        heed_signals();
        Some(Self { sts: sts.access_key(KEY_ID, SECRET_KEY).start(), home: Home::new(), program })
    }

    /// The program with these arguments, alice's keys in the environment and nothing else of the surroundings.
    pub(crate) fn sts(&self, arguments: &[&str]) -> Command {
        let mut command = self.without_keys(arguments);
        command.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        command
    }

    pub(crate) fn without_keys(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(arguments).env_clear().stdin(Stdio::null());
        let url = self.sts.url();
        command.envs(self.home.variables(&[("AWS_ENDPOINT_URL_STS", &url), ("USER", "alice")]));
        // Coverage and sanitizers aside, these are all that the system needs.
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// What the program prints, which has to succeed and to say nothing else.
    #[track_caller]
    pub(crate) fn prints(&self, arguments: &[&str]) -> String {
        printed(self.sts(arguments))
    }

    /// A program of these tests with this environment: a shell, a Python.
    pub(crate) fn path(&self) -> &Path {
        self.program
    }
}

#[track_caller]
pub(crate) fn printed(mut command: Command) -> String {
    let output = command.output().expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{command:?}: {}: {errors}", output.status);
    text(&output.stdout)
}

/// Status, standard output and standard error.
pub(crate) fn end(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    (status.code(), text(&stdout), text(&stderr))
}

/// The same of a command that reads this.
pub(crate) fn end_with_input(mut command: Command, input: &str) -> (Option<i32>, String, String) {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    // A program that fails early does not read.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    (status.code(), text(&stdout), text(&stderr))
}

/// How it ended, which it has to within half a minute.
#[track_caller]
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
            panic!("it has not ended");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that was begun in the background of a shell ignores some signals, and so do programs that it starts. A handler
/// here means that they get the system's.
#[cfg(unix)]
fn heed_signals() {
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, Once};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGQUIT] {
            let as_before = Arc::new(AtomicBool::new(true));
            signal_hook::flag::register_conditional_default(signal, as_before).expect("a handler");
        }
    });
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Builds the program in the target folder of these tests. Its packages are optional, so a clone that is offline may not have
/// them; under `CI` that is a failure.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    let tests = std::env::current_exe().expect("this program has a path");
    let folder = tests.ancestors().nth(2).expect("it is in target/debug/deps");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "sts-blocking",
        "--features",
        "cli",
        "--bin",
        "sts",
    ]);
    cargo.args(["--profile", profile, "--target-dir"]).arg(folder.parent().expect("a target folder"));
    // What cargo says to tests of the package that they are in would make it build packages anew.
    let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_", "OUT_DIR"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace"));
    let output = cargo.output().expect("cargo starts");
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_offline = ["offline", "download", "registry"].iter().any(|word| errors.contains(word));
        assert!(is_offline && std::env::var_os("CI").is_none(), "the program cannot be built: {errors}");
        println!("skipped: the packages of the program are not here, and cannot be downloaded: {errors}");
        return None;
    }
    Some(folder.join(format!("sts{}", std::env::consts::EXE_SUFFIX)))
}

pub(crate) const KEY_ID: &str = "AKIDEXAMPLEAKIDEXAMP";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
