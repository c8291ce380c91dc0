//! The Python that `STS_PYTHON` names, which has other clients.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The Python, which has `what`. Without one, a test says that it is skipped, and fails under `CI`.
pub(crate) fn python(what: &str) -> Option<PathBuf> {
    let python = std::env::var_os("STS_PYTHON");
    if python.is_none() {
        let message = format!("STS_PYTHON names no Python that has {what}");
        assert!(std::env::var_os("CI").is_none(), "{message}");
        super::say(format_args!("skipped: {message}"));
    }
    python.map(PathBuf::from)
}

/// A command that finds nothing of the surroundings, neither a configuration nor a proxy.
pub(crate) fn command(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg("-I").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs a script of this folder to its end, with these facts.
pub(crate) fn run(python: &Path, script: &str, facts: &Value) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers");
    let mut command = command(python);
    command.arg(folder.join(script)).env("STS_FACTS", facts.to_string());
    let output = command.output().expect("STS_PYTHON starts");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} fails: {}", output.status);
    output
}
