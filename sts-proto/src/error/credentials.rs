use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::OneLine;
use crate::Error;
use crate::retry::RetryClass;

/// An operation has to be signed, and no credentials were found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoCredentials {
    /// The action that was to be signed; empty where credentials were asked for themselves.
    pub operation: &'static str,
    /// Where they were looked for, in order, and why nothing was there.
    pub tried: Arc<[Tried]>,
}

impl NoCredentials {
    /// There is nothing to sign `operation` with.
    pub fn new(operation: &'static str) -> Self {
        Self { operation, tried: Arc::default() }
    }

    /// Says where they were looked for.
    #[must_use]
    pub fn after(mut self, tried: impl Into<Arc<[Tried]>>) -> Self {
        self.tried = tried.into();
        self
    }
}

impl fmt::Display for NoCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        f.write_str("no credentials")?;
        if !self.operation.is_empty() {
            write!(f, " to sign {} with", self.operation)?;
        }
        if self.tried.is_empty() {
            return f.write_str(
                ": none were given in code, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY were not set when the \
                 client was made",
            );
        }
        list(&self.tried, f)
    }
}

impl StdError for NoCredentials {}

/// A source of credentials is configured and cannot be used, or failed. Cheap to clone: all calls that waited for the same
/// credentials get the same error.
///
/// ```
/// use sts_proto::{CredentialsError, Error};
///
/// let error = CredentialsError::new("my vault", "it is sealed; unseal it first");
/// assert_eq!(error.to_string(), "no credentials from my vault: it is sealed; unseal it first");
/// let error = Error::from(error);
/// # let _ = error;
/// ```
#[derive(Clone)]
pub struct CredentialsError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    provider: Box<str>,
    problem: Box<str>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
    class: RetryClass,
    tried: Arc<[Tried]>,
}

impl CredentialsError {
    /// `provider` names who was asked; `problem` says in lower case what went wrong and what to do. Neither may hold a
    /// secret.
    pub fn new(provider: impl Into<Box<str>>, problem: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner {
            provider: provider.into(),
            problem: problem.into(),
            cause: None,
            class: RetryClass::Never,
            tried: Arc::default(),
        }))
    }

    /// An error that was met while `provider` was asked. What is a [`CredentialsError`] already stays what it is.
    pub fn met_by(provider: impl Into<Box<str>>, error: Error) -> Self {
        match error {
            Error::Credentials(error) => error,
            error => {
                let class = error.retry_class();
                Self::new(provider, error.to_string()).with_retry_class(class).because(error)
            }
        }
    }

    /// The error of a call of `operation` that was to be signed with what was asked for: [`Error::NoCredentials`] where no
    /// source was configured, else this one. `operation` is empty where credentials were asked for themselves.
    pub fn while_calling(self, operation: &'static str) -> Error {
        let cause = self.0.cause.as_deref().and_then(|cause| cause.downcast_ref::<Error>());
        match cause {
            Some(Error::NoCredentials(nothing)) => {
                NoCredentials::new(operation).after(Arc::clone(&nothing.tried)).into()
            }
            _ => self.into(),
        }
    }

    /// What it came of: shown by [`source`](StdError::source), not in the text.
    #[must_use]
    pub fn because(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.cause = Some(Arc::new(cause)))
    }

    /// Whether asking again may help; [`RetryClass::Never`] unless said otherwise.
    #[must_use]
    pub fn with_retry_class(self, class: RetryClass) -> Self {
        self.change(|inner| inner.class = class)
    }

    /// The sources that were asked before this one.
    #[must_use]
    pub fn after(self, tried: impl Into<Arc<[Tried]>>) -> Self {
        self.change(|inner| inner.tried = tried.into())
    }

    /// Who was asked.
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// What went wrong, and what to do.
    pub fn problem(&self) -> &str {
        &self.0.problem
    }

    /// All sources that were asked, in order, this one included.
    pub fn tried(&self) -> &[Tried] {
        &self.0.tried
    }

    /// Whether asking again may help.
    pub fn retry_class(&self) -> RetryClass {
        self.0.class
    }

    /// The same as somebody else tells it, without saying it twice.
    #[cfg(feature = "credentials")]
    pub(crate) fn retold(self, provider: &str, problem: String) -> Self {
        self.change(|inner| (inner.provider, inner.problem) = (provider.into(), problem.into()))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

/// An error met on the way to credentials, told by whom it was met. What is a [`CredentialsError`] already stays what it
/// is.
impl From<Error> for CredentialsError {
    fn from(error: Error) -> Self {
        Self::met_by("the provider", error)
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(OneLine(f), "no credentials from {}: {}", self.0.provider, self.0.problem)
    }
}

impl fmt::Debug for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsError")
            .field("provider", &self.0.provider)
            .field("problem", &self.0.problem)
            .field("cause", &self.0.cause)
            .field("class", &self.0.class)
            .finish_non_exhaustive()
    }
}

impl StdError for CredentialsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

/// A source of credentials, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tried {
    /// Its name: `environment`, `profile dev`, ….
    pub source: Box<str>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Tried {
    /// This became of that source.
    pub fn new(source: impl Into<Box<str>>, outcome: Outcome) -> Self {
        Self { source: source.into(), outcome }
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(OneLine(f), "{}: {}", self.source, self.outcome)
    }
}

/// What became of a source of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing points to it, for this reason; the next one is asked.
    NotConfigured(Box<str>),
    /// It is configured and failed, for this reason; no other is asked.
    Failed(Box<str>),
    /// Its credentials are used. The text says which, without a secret.
    Used(Box<str>),
    /// One before it ended the search.
    NotAsked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        match self {
            Self::NotConfigured(why) => write!(f, "not configured, {why}"),
            Self::Failed(why) => write!(f, "failed, {why}"),
            Self::Used(which) => write!(f, "used, {which}"),
            Self::NotAsked => f.write_str("not asked"),
        }
    }
}

fn list(tried: &[Tried], f: &mut impl fmt::Write) -> fmt::Result {
    f.write_str(" (looked for in: ")?;
    for (index, tried) in tried.iter().enumerate() {
        if index > 0 {
            f.write_str("; ")?;
        }
        write!(f, "{tried}")?;
    }
    f.write_str(")")
}
