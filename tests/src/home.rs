//! A home directory of a test's own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io};

/// A directory that goes with the value.
#[derive(Debug)]
pub struct Home(PathBuf);

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir()).expect("a directory can be made")
    }

    /// An empty one in memory, where the system has a place for that, else as any other. For tests that write in a rhythm: on
    /// a disk that is busy with what others have written, writing may take more than a second.
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

    /// One with this shared config file.
    pub fn with_config(text: &str) -> Self {
        let home = Self::new();
        home.write(".aws/config", text);
        home
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a file, whose directory is there, or replaces its contents in place.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).expect("a file can be written");
        path
    }

    /// The variables that lead to it and to nothing else: no metadata service is asked.
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

fn text(path: &Path) -> &str {
    path.to_str().expect("directories for temporary files have plain names")
}
