//! Files, read and replaced by a caller that may wait for a disk.

use std::fs::{DirBuilder, File, Metadata, remove_file, rename};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use sts_proto::perform::{FileKind, Obstacle, ReadFile, ReplaceFile, Replacing, Seen};
use sts_proto::{Event, Secret};

/// Performs [`Effect::Read`](sts_proto::Effect::Read).
pub(crate) fn read(path: &Path) -> Event {
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

/// Performs [`Effect::Replace`](sts_proto::Effect::Replace).
pub(crate) fn replace(path: &Path, contents: &Secret) -> Event {
    let mut file = ReplaceFile::new(path, contents, std::process::id());
    loop {
        match step(file.step()) {
            Ok(None) => file.done(),
            Ok(Some(event)) => return event,
            Err(error) => file.failed(obstacle(error.kind()), &error),
        }
    }
}

fn step(what: Replacing<'_>) -> io::Result<Option<Event>> {
    match what {
        Replacing::MakeFolder(path) => make_folder(path)?,
        Replacing::Create(path, contents) => write_new(path, contents)?,
        Replacing::Rename(from, to) => rename(from, to)?,
        Replacing::Remove(path) => remove_file(path)?,
        Replacing::Pause(time) => std::thread::sleep(time),
        Replacing::Over(event) => return Ok(Some(event)),
    }
    Ok(None)
}

fn obstacle(kind: ErrorKind) -> Obstacle {
    match kind {
        ErrorKind::AlreadyExists => Obstacle::Exists,
        ErrorKind::NotFound => Obstacle::Missing,
        _ => Obstacle::Other,
    }
}

/// A file that only its owner may read, stored when this returns.
fn write_new(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut how = File::options();
    how.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        how.mode(0o600);
    }
    let mut new = how.open(path)?;
    new.write_all(contents)?;
    new.sync_all()
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut how = DirBuilder::new();
    how.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        how.mode(0o700);
    }
    how.create(path)
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
        how.custom_flags(libc::O_NONBLOCK);
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
