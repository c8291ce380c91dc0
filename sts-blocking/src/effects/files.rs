//! Files, read within bounds of size and of time.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use bytes::Bytes;
use sts_proto::wire::MAX_BODY;

/// What was in a file at one moment, or `None` if it is larger than the bound. What could keep a reader waiting for ever,
/// such as a named pipe, is refused.
pub(crate) fn read_file(path: &Path) -> io::Result<Option<Bytes>> {
    let contents = settled(path)?;
    Ok((contents.len() <= MAX_BODY).then(|| contents.into()))
}

fn settled(path: &Path) -> io::Result<Vec<u8>> {
    for _ in 1..LOOKS {
        if let (contents, true) = look(path)? {
            return Ok(contents);
        }
    }
    Ok(look(path)?.0)
}

/// What is in a file, and whether nobody wrote to it meanwhile: reading takes more than one step, and whoever replaces a
/// token without another file beside it leaves its beginning to a reader, or the beginning of one and the end of another.
/// (What is written in pieces is seen as it is between them: nothing tells that more is to come.)
fn look(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    // Before it is opened, since opening some of them does something; and after, since another may be there by then.
    readable(std::fs::metadata(path)?.file_type())?;
    let file = open(path)?;
    let before = file.metadata()?;
    readable(before.file_type())?;
    let most = MAX_BODY as u64 + 1;
    // Room for all of it: most files are read in one step, and no copy is left behind by a buffer that grows.
    let room = before.len().min(most).max(ROOM);
    let mut contents = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    (&file).take(most).read_to_end(&mut contents)?;
    let after = file.metadata()?;
    let settled = before.len() == after.len() && before.modified().ok() == after.modified().ok();
    Ok((contents, settled))
}

/// Whether there is no such file, as where the home of a daemon is `/dev/null`.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Does not wait for somebody to write.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    options.open(path)
}

fn readable(kind: FileType) -> io::Result<()> {
    if kind.is_file() || is_character_device(kind) {
        return Ok(());
    }
    let what = if kind.is_dir() { "a directory" } else { special(kind) };
    Err(io::Error::new(ErrorKind::InvalidInput, format!("it is {what} and not a file")))
}

#[cfg(unix)]
fn is_character_device(kind: FileType) -> bool {
    // `/dev/null` is one, and the usual way to say "no file".
    std::os::unix::fs::FileTypeExt::is_char_device(&kind)
}

#[cfg(not(unix))]
fn is_character_device(_: FileType) -> bool {
    false
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_block_device() => "a block device",
        _ => "something else",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something else"
}

/// How often a file is read that somebody writes to.
const LOOKS: u32 = 8;
/// Bytes. A file whose size is not known, such as one of `/proc`, is seldom larger.
const ROOM: u64 = 4096;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// One that took a file's place after the first look.
    #[test]
    fn a_pipe_does_not_keep_its_opener_waiting() {
        let pipe = std::env::temp_dir().join(format!("sts-blocking-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(open(&pipe).unwrap().metadata().is_ok());
        std::fs::remove_file(&pipe).unwrap();
    }
}
