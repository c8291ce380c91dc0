use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::secret::Secret;
use crate::trace;
use crate::transport::TransportError;
use crate::wire::time;

/// What the fetches of a client know of the logins that they renewed: those that could not be written, and when renewing last
/// failed. Clones share it.
///
/// For [`Resolve::renewals`](crate::credentials::Resolve::renewals).
#[derive(Clone, Default)]
pub(crate) struct Renewals(Arc<Mutex<Vec<Known>>>);

/// Of one file.
struct Known {
    file: PathBuf,
    unwritten: Option<Unwritten>,
    failed: Option<SystemTime>,
    note: Box<str>,
}

struct Unwritten {
    /// The refresh token in the file, which the service has taken already.
    spent: Secret,
    /// What the file should hold.
    contents: Secret,
}

impl Renewals {
    /// What became of the last renewal, for people to read; `None` if there was none.
    pub(crate) fn note(&self) -> Option<Box<str>> {
        self.known().last().map(|known| known.note.clone())
    }

    /// The login that is to be used in place of one with this refresh token.
    pub(super) fn instead(&self, file: &Path, refresh_token: &Secret) -> Option<Secret> {
        let known = self.known();
        let unwritten = known.iter().find(|known| known.file == file)?.unwritten.as_ref()?;
        (unwritten.spent == *refresh_token).then(|| unwritten.contents.clone())
    }

    /// Whether the last renewal failed so recently that another is not worth a try.
    pub(super) fn has_just_failed(&self, file: &Path, now: SystemTime) -> bool {
        let failed = self.known().iter().find(|known| known.file == file).and_then(|known| known.failed);
        // If the clock has stepped back, there is no telling, and another try is made.
        failed.and_then(|at| now.duration_since(at).ok()).is_some_and(|since| since < PAUSE)
    }

    pub(super) fn failed(&self, file: &Path, now: SystemTime, problem: &str) {
        let note = format!("warning: renewing the login failed{}: {problem}", at(now));
        self.keep(file, note, Err(now));
    }

    pub(super) fn written(&self, file: &Path, now: SystemTime) {
        let note = format!("the login was renewed{} and written to {}", at(now), file.display());
        self.keep(file, note, Ok(None));
    }

    /// Renewed, and for this reason not to be written.
    pub(super) fn renewed(&self, file: &Path, now: SystemTime, why: &str) {
        let note = format!("the login was renewed{}, and {why}", at(now));
        self.keep(file, note, Ok(None));
    }

    pub(super) fn unwritten(
        &self,
        file: &Path,
        now: SystemTime,
        spent: Secret,
        contents: Secret,
        error: &TransportError,
    ) {
        let why = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let note = format!("warning: the login was renewed{} and could not be written, {why}", at(now));
        self.keep(file, note, Ok(Some(Unwritten { spent, contents })));
    }

    /// `renewed` is what could not be written, or when renewing failed; a failure leaves what an earlier renewal could not write.
    fn keep(&self, file: &Path, note: String, renewed: Result<Option<Unwritten>, SystemTime>) {
        let mut all = self.known();
        let known = all.iter().position(|known| known.file == file).map(|index| all.remove(index));
        let mut known = known.unwrap_or_else(|| Known {
            file: file.to_owned(),
            unwritten: None,
            failed: None,
            note: "".into(),
        });
        known.note = note.as_str().into();
        match renewed {
            Ok(unwritten) => (known.failed, known.unwritten) = (None, unwritten),
            Err(at) => known.failed = Some(at),
        }
        // The last one is the one that a note is asked for.
        all.push(known);
        drop(all);
        trace::renewal(&note);
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints how many there are and nothing of them.
impl fmt::Debug for Renewals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} logins", self.known().len())
    }
}

fn at(now: SystemTime) -> String {
    time::format(now).map(|text| format!(" at {text}")).unwrap_or_default()
}

/// How long no renewal is tried after one that failed, while the login lasts.
const PAUSE: Duration = Duration::from_secs(30);
