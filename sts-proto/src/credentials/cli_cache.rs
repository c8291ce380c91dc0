//! The AWS CLI's cache of sessions, `~/.aws/cli/cache`: a session that was begun with one tool is used by the other, so that a
//! code of an MFA device is asked for once.
//!
//! A file holds a session of a role, or credentials of IAM Identity Center. Its name is a digest of what it was asked for with:
//! [`role_file`]. It is used while it lasts for fifteen minutes or more. Whatever is no such session counts as absent: a file
//! of another program, one that is cut, one that cannot be read. A file is always written as a whole. Where that is not
//! possible, the session is used all the same, and [`explain`](crate::client::Core::explain) says why it was not kept.
//!
//! Source: the AWS CLI, versions 1 and 2, which use the same files.

mod entry;
mod format;
mod look;
mod name;
mod python;

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

use self::format::{AwsCli, Format};
pub(crate) use self::look::Look;
use self::look::Wanted;
pub use self::name::role_file;
use super::assume_role::as_operation;
use super::{Plan, Role, Source, sso};
use crate::error::Error;
use crate::flow::Event;
use crate::keys::Credentials;
use crate::operations::{
    AssumeRole, AssumeRoleOutput, AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentityOutput,
};
use crate::secret::Secret;
use crate::settings::Env;
use crate::trace;
use crate::transport::TransportError;

/// The directory, and what is known of it. Clones share what is known.
///
/// For [`Resolve::cli_cache`](super::Resolve::cli_cache).
#[derive(Clone)]
pub struct CliCache {
    /// `None` if the home directory is not known.
    directory: Option<Arc<Path>>,
    known: Arc<Mutex<Known>>,
    format: &'static dyn Format,
}

#[derive(Default)]
struct Known {
    /// What became of the last session, for people to read.
    note: Option<Box<str>>,
    /// The access key ids of sessions that were found.
    found: VecDeque<String>,
    /// The access key ids of sessions that a service has refused.
    refused: VecDeque<String>,
}

impl CliCache {
    /// The cache in this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        let directory: PathBuf = directory.into();
        Self { directory: Some(directory.into()), known: Arc::default(), format: &AwsCli }
    }

    /// The cache of the AWS CLI, `~/.aws/cli/cache`. Where the home directory is not known, nothing is kept.
    pub fn of_cli(env: &Env) -> Self {
        let directory = env.home().map(|home| home.join(".aws").join("cli").join("cache").into());
        let known = Known { note: directory.is_none().then(|| NO_HOME.into()), ..Known::default() };
        Self { directory, known: Arc::new(Mutex::new(known)), format: &AwsCli }
    }

    /// What became of the last session, for people to read; `None` if nothing is to be said.
    pub(crate) fn note(&self) -> Option<Box<str>> {
        self.known().note.clone()
    }

    /// Whether these credentials were found here.
    pub(crate) fn gave(&self, credentials: &Credentials) -> bool {
        self.known().found.contains(&credentials.access_key_id)
    }

    /// A service has refused these credentials: an entry with them is of no use, whatever its end.
    pub(crate) fn refuse(&self, credentials: &Credentials) {
        remember(&mut self.known().refused, credentials);
    }

    /// The file with a session of this operation: see [`role_file`].
    pub(crate) fn file_of(&self, operation: &AssumeRole, is_named: bool) -> Option<PathBuf> {
        self.path(&self.format.role_file(operation, is_named)?)
    }

    /// Looks for a session in this file.
    pub(crate) fn look_in(&self, file: PathBuf) -> Look {
        self.look(VecDeque::from([(1, Wanted::File(file))]))
    }

    /// Looks for sessions of the roles of a plan, the last one first, down to the one behind the first `assumed`; then, where
    /// the plan has no roles, for credentials of its source. As the AWS CLI, it keeps no credentials of a source that roles
    /// are assumed from.
    pub(super) fn look_for_plan(&self, plan: &Plan, assumed: usize) -> Look {
        let mut wanted = VecDeque::new();
        for (index, role) in plan.roles.iter().enumerate().skip(assumed) {
            if let Some(file) = self.file_of_role(role) {
                wanted.push_front((index + 1, Wanted::File(file)));
            }
        }
        match &plan.source {
            Source::Sso(config) if plan.roles.is_empty() => {
                wanted.extend(self.file_of_sso(config).map(|file| (0, Wanted::File(file))));
            }
            Source::WebIdentity { role, token_file } if plan.roles.is_empty() && self.directory.is_some() => {
                wanted.push_back((0, Wanted::WithToken(role.clone(), token_file.clone())));
            }
            _ => {}
        }
        self.look(wanted)
    }

    /// The entry of a session of this role.
    pub(super) fn entry_of_role(&self, role: &Role, entry: Option<Secret>) -> Option<(PathBuf, Secret)> {
        Some((self.file_of_role(role)?, entry?))
    }

    pub(super) fn entry_of_sso(&self, config: &sso::Config, keys: &Credentials) -> Option<(PathBuf, Secret)> {
        Some((self.file_of_sso(config)?, self.format.of_sso(keys)?))
    }

    pub(super) fn entry_of_web_identity(
        &self,
        role: &Role,
        (token, entry): (Secret, Secret),
    ) -> Option<(PathBuf, Secret)> {
        Some((self.file_with(role, token)?, entry))
    }

    /// What came of writing a file.
    pub(crate) fn written(&self, file: &Path, event: &Event) -> Result<(), Error> {
        let file = file.display();
        match event {
            Event::Replaced => self.tell(format!("kept in the aws cli's cache, {file}")),
            Event::Failed(error) => {
                self.tell(format!("warning: not kept in the aws cli's cache, {file}: {}", reason(error)));
            }
            _ => return Err(Error::OutOfTurn),
        }
        Ok(())
    }

    fn look(&self, wanted: VecDeque<(usize, Wanted)>) -> Look {
        self.format.look(self.clone(), wanted)
    }

    fn file_of_role(&self, role: &Role) -> Option<PathBuf> {
        let operation = as_operation(role, role.role_session_name.clone().unwrap_or_default());
        self.file_of(&operation, role.role_session_name.is_some())
    }

    fn file_of_sso(&self, config: &sso::Config) -> Option<PathBuf> {
        self.path(&self.format.sso_file(config))
    }

    fn file_with(&self, role: &Role, token: Secret) -> Option<PathBuf> {
        let name = role.role_session_name.clone();
        let is_named = name.is_some();
        let operation =
            AssumeRoleWithWebIdentity::new(role.role_arn.as_str(), name.unwrap_or_default(), token);
        self.path(&self.format.web_identity_file(&operation, is_named))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(name))
    }

    fn tell(&self, note: String) {
        trace::shared(&note);
        self.known().note = Some(note.into());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints the directory.
impl fmt::Debug for CliCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CliCache").field(&self.directory).finish()
    }
}

/// Hears what an answer says of itself, which an entry repeats, and makes the entry.
pub(crate) struct Heard {
    headers: HeaderMap,
    format: &'static dyn Format,
}

impl Heard {
    /// For an entry of this cache.
    pub(crate) fn new(cache: &CliCache) -> Self {
        Self { headers: HeaderMap::new(), format: cache.format }
    }

    pub(crate) fn hear(&mut self, event: &Event) {
        if let Event::Response(response) = event {
            self.headers.clone_from(response.headers());
        }
    }

    pub(crate) fn role(&self, output: &AssumeRoleOutput) -> Option<Secret> {
        self.format.of_role(output, &self.headers)
    }

    pub(super) fn web_identity(&self, output: &AssumeRoleWithWebIdentityOutput) -> Option<Secret> {
        self.format.of_web_identity(output, &self.headers)
    }
}

/// Prints nothing of an answer.
impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard").finish_non_exhaustive()
    }
}

fn remember(ids: &mut VecDeque<String>, credentials: &Credentials) {
    if !ids.contains(&credentials.access_key_id) {
        ids.truncate(MAX_REMEMBERED - 1);
        ids.push_front(credentials.access_key_id.clone());
    }
}

/// What the system says, where the driver tells.
fn reason(error: &TransportError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

const NO_HOME: &str =
    "warning: the aws cli's cache is not shared, since the home directory is not known; set HOME";
/// How many sessions are remembered, some 64 bytes each. A client's role sessions share the memory, and a program may use one
/// for each of its tenants.
const MAX_REMEMBERED: usize = 1024;
