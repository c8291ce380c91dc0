use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{failed, in_our_style};
use crate::flow::Event;
use crate::secret::Secret;
use crate::transport::TransportErrorKind;

/// Replaces a file as a whole: writes a new file beside it, which then takes its name.
///
/// A program that reads the file meanwhile gets all of the old contents or all of the new ones, and so does every program
/// after a crash. Two programs that replace it at once do not mix what they write.
///
/// A driver asks [`step`](Self::step) what to do and reports each outcome, until it is over:
///
/// ```
/// # #[cfg(unix)] {
/// use std::fs::{self, OpenOptions};
/// use std::io::{self, ErrorKind, Write};
/// use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
///
/// use sts_proto::Secret;
/// use sts_proto::flow::Event;
/// use sts_proto::perform::{Obstacle, ReplaceFile, Replacing};
///
/// fn perform(what: Replacing<'_>) -> io::Result<()> {
///     match what {
///         Replacing::MakeFolder(path) => {
///             let mut folder = fs::DirBuilder::new();
///             folder.recursive(true).mode(0o700).create(path)
///         }
///         Replacing::Create(path, contents) => {
///             let mut new = OpenOptions::new();
///             new.write(true).create_new(true).mode(0o600);
///             let mut file = new.open(path)?;
///             file.write_all(contents)?;
///             file.sync_all()
///         }
///         Replacing::Rename(from, to) => fs::rename(from, to),
///         Replacing::Remove(path) => fs::remove_file(path),
///         Replacing::Pause(time) => Ok(std::thread::sleep(time)),
///         Replacing::Over(_) => Ok(()),
///     }
/// }
///
/// let id = std::process::id();
/// let path = std::env::temp_dir().join(format!("replaced-{id}/a/b"));
/// let contents = Secret::from("abc");
/// let mut replacing = ReplaceFile::new(&path, &contents, id);
/// let event = loop {
///     let outcome = match replacing.step() {
///         Replacing::Over(event) => break event,
///         what => perform(what),
///     };
///     let Err(error) = outcome else {
///         replacing.done();
///         continue;
///     };
///     let obstacle = match error.kind() {
///         ErrorKind::NotFound => Obstacle::Missing,
///         ErrorKind::AlreadyExists => Obstacle::Exists,
///         _ => Obstacle::Other,
///     };
///     replacing.failed(obstacle, &error);
/// };
/// assert!(matches!(event, Event::Replaced));
/// assert_eq!(fs::read(&path)?, b"abc");
/// # fs::remove_dir_all(path.parent().and_then(|path| path.parent()).unwrap())?;
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ReplaceFile<'a> {
    path: &'a Path,
    contents: &'a Secret,
    process: u32,
    /// How many names of the new file were taken.
    taken: u32,
    /// How often the new file could not take the name of the old one.
    renamed: u32,
    has_folder: bool,
    beside: PathBuf,
    state: State,
}

/// What to do. Exhaustive on purpose.
#[allow(clippy::exhaustive_enums)] // a driver has to do each
pub enum Replacing<'a> {
    /// Make this folder and those above it, as far as they are missing; on Unix with the mode 0700.
    MakeFolder(&'a Path),
    /// Make this file, which must not exist, on Unix with the mode 0600; write this into it and wait until the system has
    /// stored it.
    Create(&'a Path, &'a [u8]),
    /// Give the first file the name of the second, which may exist.
    Rename(&'a Path, &'a Path),
    /// Remove this file.
    Remove(&'a Path),
    /// Let this much time pass.
    Pause(Duration),
    /// It is over, and this is what to tell the flow.
    Over(Event),
}

/// Why something could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // drivers make it
pub enum Obstacle {
    /// There is no such file or folder.
    Missing,
    /// There is such a file already.
    Exists,
    /// Anything else.
    Other,
}

#[derive(Debug)]
enum State {
    Creating,
    MakingFolder,
    Renaming,
    Pausing,
    /// The new file, before this is told.
    Removing(Event),
    Over(Option<Event>),
}

impl<'a> ReplaceFile<'a> {
    /// Replaces the file at this path. `process` is the number of this process, which makes names differ.
    pub fn new(path: &'a Path, contents: &'a Secret, process: u32) -> Self {
        let beside = beside(path, process, 0);
        let (taken, renamed, has_folder, state) = (0, 0, false, State::Creating);
        Self { path, contents, process, taken, renamed, has_folder, beside, state }
    }

    /// What to do next.
    pub fn step(&mut self) -> Replacing<'_> {
        match &mut self.state {
            State::Creating => Replacing::Create(&self.beside, self.contents.expose().as_bytes()),
            State::MakingFolder => Replacing::MakeFolder(self.path.parent().unwrap_or(self.path)),
            State::Renaming => Replacing::Rename(&self.beside, self.path),
            State::Pausing => Replacing::Pause(PAUSE),
            State::Removing(_) => Replacing::Remove(&self.beside),
            State::Over(event) => Replacing::Over(event.take().unwrap_or(Event::Replaced)),
        }
    }

    /// It was done.
    pub fn done(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Over(None)) {
            State::Creating | State::Pausing => State::Renaming,
            State::MakingFolder => State::Creating,
            State::Renaming => State::Over(Some(Event::Replaced)),
            State::Removing(event) => State::Over(Some(event)),
            State::Over(event) => State::Over(event),
        };
    }

    /// It could not be done, for this reason.
    pub fn failed(&mut self, obstacle: Obstacle, error: &dyn Display) {
        let problem = || {
            let problem = format!("{}: {}", self.path.display(), in_our_style(error));
            failed(TransportErrorKind::Other, problem)
        };
        self.state = match (std::mem::replace(&mut self.state, State::Over(None)), obstacle) {
            (State::Creating, Obstacle::Missing) if !self.has_folder => {
                self.has_folder = true;
                State::MakingFolder
            }
            // Another client writes too, or a program has crashed while it wrote.
            (State::Creating, Obstacle::Exists) if self.taken < MAX_TAKEN => {
                self.taken += 1;
                self.beside = beside(self.path, self.process, self.taken);
                State::Creating
            }
            (State::Creating, Obstacle::Exists) | (State::MakingFolder, _) => State::Over(Some(problem())),
            // Windows refuses while another program reads the old file.
            (State::Renaming, _) if cfg!(windows) && self.renamed < MAX_RENAMED => {
                self.renamed += 1;
                State::Pausing
            }
            (State::Creating | State::Renaming, _) => State::Removing(problem()),
            (State::Pausing, _) => State::Renaming,
            (State::Removing(event), _) => State::Over(Some(event)),
            (State::Over(event), _) => State::Over(event),
        };
    }
}

impl fmt::Debug for ReplaceFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaceFile")
            .field("path", &self.path)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Prints no contents.
impl fmt::Debug for Replacing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeFolder(path) => f.debug_tuple("MakeFolder").field(path).finish(),
            Self::Create(path, contents) => write!(f, "Create({path:?}, {} bytes)", contents.len()),
            Self::Rename(from, to) => f.debug_tuple("Rename").field(from).field(to).finish(),
            Self::Remove(path) => f.debug_tuple("Remove").field(path).finish(),
            Self::Pause(time) => f.debug_tuple("Pause").field(time).finish(),
            Self::Over(event) => f.debug_tuple("Over").field(event).finish(),
        }
    }
}

/// The name of the new file: hidden, since other tools list what is in the folder.
fn beside(path: &Path, process: u32, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{process}-{number}.tmp"))
}

/// How many names are tried: as many clients of one process may write at once.
const MAX_TAKEN: u32 = 64;
const MAX_RENAMED: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    const PATH: &str = "/f/login.json";

    fn replacing(contents: &Secret) -> ReplaceFile<'_> {
        ReplaceFile::new(Path::new(PATH), contents, 7)
    }

    /// What a file system does that refuses what `obstacle` names, as text.
    fn played(mut obstacle: impl FnMut(&str) -> Option<Obstacle>) -> (Vec<String>, Event) {
        let contents = Secret::from("planted");
        let mut replacing = replacing(&contents);
        let mut asked = Vec::new();
        loop {
            let what = match replacing.step() {
                Replacing::Over(event) => return (asked, event),
                // As on Unix.
                what => format!("{what:?}").replace(r"\\", "/"),
            };
            match obstacle(&what) {
                None => replacing.done(),
                Some(obstacle) => replacing.failed(obstacle, &"Permission denied (os error 13)"),
            }
            asked.push(what);
        }
    }

    fn problem(event: Event) -> String {
        let Event::Failed(error) = event else { panic!("{event:?}") };
        error.source().unwrap().to_string()
    }

    const CREATE: &str = r#"Create("/f/.login.json.7-0.tmp", 7 bytes)"#;
    const RENAME: &str = r#"Rename("/f/.login.json.7-0.tmp", "/f/login.json")"#;
    const REMOVE: &str = r#"Remove("/f/.login.json.7-0.tmp")"#;

    #[test]
    fn a_new_file_takes_the_name_of_the_old_one() {
        let (asked, event) = played(|_| None);
        assert_eq!(asked, [CREATE, RENAME]);
        assert!(matches!(event, Event::Replaced));
    }

    #[test]
    fn a_folder_that_is_missing_is_made_once() {
        let mut made = false;
        let (asked, event) = played(|what| {
            let missing = what.starts_with("Create") && !made;
            made |= what.starts_with("MakeFolder");
            missing.then_some(Obstacle::Missing)
        });
        assert_eq!(asked, [CREATE, r#"MakeFolder("/f")"#, CREATE, RENAME]);
        assert!(matches!(event, Event::Replaced));
        let (asked, event) = played(|what| what.starts_with("Create").then_some(Obstacle::Missing));
        assert_eq!(asked, [CREATE, r#"MakeFolder("/f")"#, CREATE, REMOVE]);
        assert_eq!(problem(event), "/f/login.json: permission denied");
        let (asked, event) = played(|_| Some(Obstacle::Missing));
        assert_eq!(asked, [CREATE, r#"MakeFolder("/f")"#]);
        assert_eq!(problem(event), "/f/login.json: permission denied");
    }

    #[test]
    fn names_that_are_taken_are_passed_over() {
        let (asked, event) = played(|what| what.contains("7-0").then_some(Obstacle::Exists));
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[2], RENAME.replace("7-0", "7-1"));
        assert!(matches!(event, Event::Replaced));
        let (asked, event) = played(|what| what.starts_with("Create").then_some(Obstacle::Exists));
        assert!(asked.len() < 100 && !asked.iter().any(|what| what.starts_with("Remove")), "{asked:?}");
        assert!(problem(event).starts_with(PATH));
    }

    #[test]
    fn nothing_is_left_of_what_fails() {
        let (asked, event) = played(|what| what.starts_with("Create").then_some(Obstacle::Other));
        assert_eq!(asked, [CREATE, REMOVE]);
        assert_eq!(problem(event), "/f/login.json: permission denied");
        let (asked, event) = played(|what| (!what.starts_with("Create")).then_some(Obstacle::Other));
        assert_eq!(asked.last().map(String::as_str), Some(REMOVE));
        assert_eq!(problem(event), "/f/login.json: permission denied");
    }

    #[test]
    fn nothing_secret_is_printed_and_what_is_over_stays_over() {
        let contents = Secret::from("planted");
        let mut replacing = replacing(&contents);
        assert!(!format!("{replacing:?}").contains("planted"));
        assert!(!format!("{:?}", replacing.step()).contains("planted"));
        replacing.done();
        replacing.done();
        for _ in 0..2 {
            assert!(matches!(replacing.step(), Replacing::Over(Event::Replaced)));
            replacing.failed(Obstacle::Other, &"late");
        }
    }
}
