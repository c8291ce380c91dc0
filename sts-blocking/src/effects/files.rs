//! The system calls that read and replace files.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use sts_proto::Secret;
use sts_proto::flow::Event;
use sts_proto::perform::{FileKind, Obstacle, ReadFile, ReplaceFile, Replacing, Seen};

/// Performs [`Effect::Read`](sts_proto::Effect::Read).
pub(crate) fn read(path: &Path) -> Event {
    let mut reading = ReadFile::new(path);
    loop {
        if let Err(error) = read_once(path, &mut reading) {
            let absent = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
            return reading.failed(absent, &error);
        }
        if let Some(event) = reading.event() {
            return event;
        }
    }
}

/// Performs [`Effect::Replace`](sts_proto::Effect::Replace).
pub(crate) fn replace(path: &Path, contents: &Secret) -> Event {
    let mut replacing = ReplaceFile::new(path, contents, std::process::id());
    loop {
        let outcome = match replacing.step() {
            Replacing::Over(event) => return event,
            Replacing::Create(new, contents) => create(new, contents),
            Replacing::MakeFolder(folder) => make_folder(folder),
            Replacing::Rename(new, old) => fs::rename(new, old),
            Replacing::Pause(time) => {
                std::thread::sleep(time);
                Ok(())
            }
            Replacing::Remove(new) => fs::remove_file(new),
        };
        let Err(error) = outcome else {
            replacing.done();
            continue;
        };
        let obstacle = match error.kind() {
            ErrorKind::NotFound => Obstacle::Missing,
            ErrorKind::AlreadyExists => Obstacle::Exists,
            _ => Obstacle::Other,
        };
        replacing.failed(obstacle, &error);
    }
}

fn read_once(path: &Path, reading: &mut ReadFile<'_>) -> io::Result<()> {
    if !reading.may_open(seen(&fs::metadata(path)?)) {
        return Ok(());
    }
    let mut file = open(path)?;
    if !reading.may_read(seen(&file.metadata()?)) {
        return Ok(());
    }
    loop {
        match file.read(reading.room()) {
            Ok(count) if reading.filled(count) => {}
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    reading.read(seen(&file.metadata()?));
    Ok(())
}

/// Does not wait for a writer, if the file has become a named pipe meanwhile.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.read(true).open(path)
}

fn create(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.create_new(true).write(true).open(path)?;
    file.write_all(contents).and_then(|()| file.sync_all())
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

fn seen(metadata: &Metadata) -> Seen {
    #[cfg(unix)]
    let kind = FileKind::of_unix_mode(std::os::unix::fs::MetadataExt::mode(metadata));
    #[cfg(not(unix))]
    let kind = match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => FileKind::File,
        (_, true) => FileKind::Directory,
        _ => FileKind::Other,
    };
    Seen { kind, size: metadata.len(), changed: metadata.modified().ok() }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn opening_a_named_pipe_does_not_wait_for_a_writer() {
        use super::*;

        let pipe = std::env::temp_dir().join(format!("sts-blocking-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let kind = open(&pipe).and_then(|file| file.metadata()).map(|metadata| seen(&metadata).kind);
        std::fs::remove_file(&pipe).unwrap();
        assert_eq!(kind.unwrap(), FileKind::NamedPipe);
    }
}
