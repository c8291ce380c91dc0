//! Files, read on a thread that may wait for a disk.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use sts_proto::Event;
use sts_proto::perform::{FileKind, ReadFile, Seen};

/// Performs [`Effect::Read`](sts_proto::Effect::Read).
pub(crate) async fn read(path: PathBuf) -> Event {
    super::blocking(move || read_in_place(&path)).await
}

/// The same where the caller may wait.
pub(crate) fn read_in_place(path: &Path) -> Event {
    let mut file = ReadFile::new(path);
    loop {
        match attempt(path, &mut file) {
            Ok(()) => {
                if let Some(event) = file.event() {
                    return event;
                }
            }
            Err(error) => {
                let absent = [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind());
                return file.failed(absent, &error);
            }
        }
    }
}

fn attempt(path: &Path, file: &mut ReadFile<'_>) -> io::Result<()> {
    if file.may_open(of(path.metadata()?)) {
        let mut opened = open_at_once(path)?;
        if file.may_read(of(opened.metadata()?)) {
            while fill(file, &mut opened)? {}
            file.read(of(opened.metadata()?));
        }
    }
    Ok(())
}

/// Returns whether there is more to read.
fn fill(file: &mut ReadFile<'_>, from: &mut File) -> io::Result<bool> {
    let count = from.read(file.room());
    match count {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
        count => Ok(file.filled(count?)),
    }
}

/// Even if there is a named pipe without a writer by now.
fn open_at_once(path: &Path) -> io::Result<File> {
    let mut how = File::options();
    how.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        how.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    how.open(path)
}

fn of(metadata: Metadata) -> Seen {
    Seen { kind: kind(&metadata), size: metadata.len(), changed: metadata.modified().ok() }
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> FileKind {
    use std::os::unix::fs::MetadataExt as _;
    FileKind::of_unix_mode(metadata.mode())
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> FileKind {
    if metadata.is_dir() {
        FileKind::Directory
    } else if metadata.is_file() {
        FileKind::File
    } else {
        FileKind::Other
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn opening_a_named_pipe_does_not_wait_for_a_writer() {
        use super::*;

        let pipe = std::env::temp_dir().join(format!("sts-async-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let seen = open_at_once(&pipe).and_then(|file| file.metadata()).map(of);
        std::fs::remove_file(&pipe).unwrap();
        assert_eq!(seen.unwrap().kind, FileKind::NamedPipe);
    }
}
