//! A home directory for one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io};

/// A directory that is removed when the value is dropped.
#[derive(Debug)]
pub struct Home(PathBuf);

impl Home {
    /// An empty home directory.
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir()).expect("a directory can be created")
    }

    /// An empty home directory in memory, or on disk if the system has no such place. For tests with strict
    /// timing: on a busy disk, a write may take more than a second.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { Self::below(memory).ok() } else { None };
        home.unwrap_or_default()
    }

    fn below(folder: &Path) -> io::Result<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let home = folder.join(format!("sts-tests-home-{}-{number}", std::process::id()));
        fs::create_dir_all(home.join(".aws"))?;
        Ok(Self(home))
    }

    /// A home directory with this shared config file.
    pub fn with_config(text: &str) -> Self {
        let home = Self::new();
        home.write(".aws/config", text);
        home
    }

    /// The path of a file in it; its own path for an empty name.
    pub fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.0.clone() } else { self.0.join(name) }
    }

    /// Creates a file, or replaces its contents in place. Its directory must exist.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).expect("a file can be written");
        path
    }

    /// Environment variables that point to this directory. The instance metadata service is disabled unless
    /// `more` configures it.
    pub fn variables<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut variables = vec![("HOME", text(&self.0)), ("AWS_REGION", "us-east-1")];
        if !more.iter().any(|(name, _)| name.starts_with("AWS_EC2_METADATA")) {
            variables.push(("AWS_EC2_METADATA_DISABLED", "true"));
        }
        variables.extend(more);
        variables
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A text with paths as on Unix, for tests that compare them on each platform.
pub fn slashed(text: &str) -> String {
    if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("directories for temporary files have plain names")
}
