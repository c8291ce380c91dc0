use std::fmt::Display;
use std::path::Path;
use std::time::SystemTime;

use super::buffer::Buffer;
use super::{failed, in_our_style};
use crate::flow::Event;
use crate::transport::TransportErrorKind;

/// Reads a file as it is at one moment, within bounds, and nothing that could keep the reader waiting.
///
/// Reading takes more than one step. If a token is replaced in place meanwhile, the reader gets its beginning, or the
/// beginning of one token and the end of another. So a file that has changed is read again. (A file that is written in
/// pieces is seen as it is between them: nothing tells that more is to come.)
///
/// A driver looks at the file, opens it so that opening does not wait, looks again, reads until [`filled`](Self::filled)
/// says that this is enough, and looks once more:
///
/// ```
/// use std::fs::{self, File};
/// use std::io::{self, ErrorKind, Read};
/// use std::path::Path;
///
/// use sts_proto::flow::Event;
/// use sts_proto::perform::{FileKind, ReadFile, Seen};
///
/// fn read(path: &Path) -> Event {
///     let mut reading = ReadFile::new(path);
///     loop {
///         if let Err(error) = once(path, &mut reading) {
///             return reading.failed(error.kind() == ErrorKind::NotFound, &error);
///         }
///         if let Some(event) = reading.event() {
///             return event;
///         }
///     }
/// }
///
/// fn once(path: &Path, reading: &mut ReadFile<'_>) -> io::Result<()> {
///     if !reading.may_open(seen(fs::metadata(path)?)) {
///         return Ok(());
///     }
///     let mut file = File::open(path)?;
///     if !reading.may_read(seen(file.metadata()?)) {
///         return Ok(());
///     }
///     loop {
///         let count = file.read(reading.room())?;
///         if !reading.filled(count) {
///             break;
///         }
///     }
///     reading.read(seen(file.metadata()?));
///     Ok(())
/// }
///
/// fn seen(metadata: fs::Metadata) -> Seen {
///     let kind = match metadata.is_file() {
///         true => FileKind::File,
///         false => FileKind::Other,
///     };
///     let changed = metadata.modified().ok();
///     Seen { kind, size: metadata.len(), changed }
/// }
/// # assert!(matches!(read(Path::new("Cargo.toml")), Event::Contents(Some(_))));
/// # assert!(matches!(read(Path::new("no such file")), Event::Contents(None)));
/// # assert!(matches!(read(Path::new("src")), Event::Failed(_)));
/// ```
#[derive(Debug)]
pub struct ReadFile<'a> {
    path: &'a Path,
    /// How often it was read.
    reads: u32,
    before: Option<Seen>,
    buffer: Option<Buffer>,
    event: Option<Event>,
}

/// What a driver sees of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // drivers make it
pub struct Seen {
    /// What it is, links followed.
    pub kind: FileKind,
    /// In bytes.
    pub size: u64,
    /// When it was last written to, if the system knows.
    pub changed: Option<SystemTime>,
}

/// What there is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A character device. It is read like a file: `/dev/null` is one, and the usual way to say "no file".
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    NamedPipe,
    /// A socket.
    Socket,
    /// Anything else.
    Other,
}

impl<'a> ReadFile<'a> {
    /// Of the file at this path.
    pub fn new(path: &'a Path) -> Self {
        Self { path, reads: 0, before: None, buffer: None, event: None }
    }

    /// Whether to open what was seen at the path. To open a special file can wait, and can have effects.
    pub fn may_open(&mut self, seen: Seen) -> bool {
        let what = match seen.kind {
            FileKind::File | FileKind::CharacterDevice => return true,
            FileKind::Directory => "a directory",
            FileKind::BlockDevice => "a block device",
            FileKind::NamedPipe => "a named pipe",
            FileKind::Socket => "a socket",
            FileKind::Other => "something else",
        };
        self.event = Some(self.problem(TransportErrorKind::Other, &format!("it is {what} and not a file")));
        false
    }

    /// Whether to read what was opened: it may have taken the place of what was seen before.
    pub fn may_read(&mut self, seen: Seen) -> bool {
        self.before = Some(seen);
        self.buffer = Some(Buffer::new(seen.size));
        self.may_open(seen)
    }

    /// Where the next bytes of the file go.
    pub fn room(&mut self) -> &mut [u8] {
        self.buffer.as_mut().map(Buffer::room).unwrap_or_default()
    }

    /// This many bytes were read into the room. Whether to read more.
    pub fn filled(&mut self, count: usize) -> bool {
        let Some(buffer) = &mut self.buffer else { return false };
        buffer.fill(count);
        count > 0 && !buffer.is_too_large()
    }

    /// What is seen of the file once it was read.
    pub fn read(&mut self, seen: Seen) {
        self.reads = self.reads.saturating_add(1);
        let Some(buffer) = self.buffer.take() else { return };
        if self.before != Some(seen) && self.reads < MAX_READS {
            return;
        }
        self.event = Some(if buffer.is_too_large() {
            self.problem(TransportErrorKind::TooLarge, TOO_LARGE)
        } else {
            Event::Contents(Some(buffer.into_bytes()))
        });
    }

    /// What to tell the flow; `None` if the file has to be read again.
    pub fn event(&mut self) -> Option<Event> {
        self.event.take()
    }

    /// What to tell the flow if the system refuses a step. `absent` says that there is no such file, or that the path
    /// leads through what is no directory, as where the home of a daemon is `/dev/null`.
    pub fn failed(&self, absent: bool, error: &dyn Display) -> Event {
        if absent {
            return Event::Contents(None);
        }
        self.problem(TransportErrorKind::Other, &in_our_style(error))
    }

    fn problem(&self, kind: TransportErrorKind, problem: &str) -> Event {
        failed(kind, format!("{}: {problem}", self.path.display()))
    }
}

impl FileKind {
    /// As the mode of a file says it on Unix (POSIX.1-2017, `<sys/stat.h>`; the numbers are the same on all of them).
    pub fn of_unix_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o100_000 => Self::File,
            0o040_000 => Self::Directory,
            0o020_000 => Self::CharacterDevice,
            0o060_000 => Self::BlockDevice,
            0o010_000 => Self::NamedPipe,
            0o140_000 => Self::Socket,
            _ => Self::Other,
        }
    }
}

/// What is wrong with a file of more than [`MAX_BODY`](crate::wire::MAX_BODY) bytes.
pub(crate) const TOO_LARGE: &str = "it is larger than 1 MiB";

/// How often a file is read that is being written to.
const MAX_READS: u32 = 8;

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::wire::MAX_BODY;

    fn seen(kind: FileKind, size: u64, second: u64) -> Seen {
        let changed = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
        Seen { kind, size, changed: Some(changed) }
    }

    fn file(size: usize, second: u64) -> Seen {
        seen(FileKind::File, size as u64, second)
    }

    /// Reads a file that holds `contents`, and looks as given before and after it is read.
    fn once(reading: &mut ReadFile<'_>, contents: &[u8], before: Seen, after: Seen) -> Option<Event> {
        assert!(reading.may_open(before) && reading.may_read(before));
        let mut rest = contents;
        loop {
            let room = reading.room();
            let count = room.len().min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            if !reading.filled(count) {
                break;
            }
        }
        reading.read(after);
        reading.event()
    }

    fn problem(event: Event) -> (TransportErrorKind, String) {
        let Event::Failed(error) = event else { panic!("{event:?}") };
        (error.kind(), error.source().unwrap().to_string())
    }

    #[test]
    fn a_file_is_read_within_the_bound() {
        for size in [0, 3, 100_000, MAX_BODY] {
            let mut reading = ReadFile::new(Path::new("/token"));
            let contents = vec![b'x'; size];
            // Files of `/proc` do not say how large they are.
            for said in [0, size] {
                let event = once(&mut reading, &contents, file(said, 1), file(said, 1));
                assert!(matches!(event, Some(Event::Contents(Some(read))) if read == contents));
            }
        }
        let (seen, contents) = (file(MAX_BODY + 1, 1), vec![b'x'; MAX_BODY + 1]);
        let event = once(&mut ReadFile::new(Path::new("/token")), &contents, seen, seen);
        let expected = (TransportErrorKind::TooLarge, "/token: it is larger than 1 MiB".to_owned());
        assert_eq!(problem(event.unwrap()), expected);
    }

    #[test]
    fn a_file_that_changes_is_read_again() {
        let mut reading = ReadFile::new(Path::new("/token"));
        assert!(once(&mut reading, b"abc", file(3, 1), file(6, 1)).is_none());
        assert!(once(&mut reading, b"abc", file(6, 1), file(6, 2)).is_none());
        let event = once(&mut reading, b"abcdef", file(6, 2), file(6, 2));
        assert!(matches!(event, Some(Event::Contents(Some(read))) if read == "abcdef"));

        let mut reading = ReadFile::new(Path::new("/log"));
        for size in 1..8 {
            assert!(once(&mut reading, b"abc", file(size, 1), file(size + 1, 1)).is_none());
        }
        let event = once(&mut reading, b"abc", file(8, 1), file(9, 1));
        assert!(matches!(event, Some(Event::Contents(Some(read))) if read == "abc"), "the last time counts");
    }

    #[test]
    fn what_may_keep_a_reader_waiting_is_refused() {
        for (mode, text) in [
            (0o040_755, "a directory"),
            (0o060_644, "a block device"),
            (0o010_644, "a named pipe"),
            (0o140_644, "a socket"),
            (0o170_644, "something else"),
        ] {
            let special = seen(FileKind::of_unix_mode(mode), 0, 1);
            let expected = (TransportErrorKind::Other, format!("/token: it is {text} and not a file"));
            let mut reading = ReadFile::new(Path::new("/token"));
            assert!(!reading.may_open(special));
            assert_eq!(problem(reading.event().unwrap()), expected);
            // It took the place of a file after the first look.
            let mut reading = ReadFile::new(Path::new("/token"));
            assert!(reading.may_open(file(3, 1)) && !reading.may_read(special));
            assert_eq!(problem(reading.event().unwrap()), expected);
        }
        for mode in [0o100_600, 0o020_666] {
            let kind = FileKind::of_unix_mode(mode);
            assert!(ReadFile::new(Path::new("/dev/null")).may_open(seen(kind, 0, 1)));
        }
    }

    #[test]
    fn what_the_system_refuses_is_absent_or_an_error() {
        let reading = ReadFile::new(Path::new("/token"));
        assert!(matches!(reading.failed(true, &"gone"), Event::Contents(None)));
        let expected = (TransportErrorKind::Other, "/token: permission denied".to_owned());
        assert_eq!(problem(reading.failed(false, &"Permission denied (os error 13)")), expected);
    }

    #[test]
    fn steps_out_of_turn_are_no_panic() {
        let mut reading = ReadFile::new(Path::new("/token"));
        assert!(reading.room().is_empty() && !reading.filled(3));
        reading.read(file(3, 1));
        assert!(reading.event().is_none());
    }
}
