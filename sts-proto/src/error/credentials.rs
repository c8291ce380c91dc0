use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::iter;
use std::sync::Arc;

use super::{Error, Metadata, ServiceError};
use crate::retry::RetryClass;
use crate::text::OneLine;
use crate::transport::TransportError;

/// Why there are no credentials to sign with. Cheap to clone: all calls that wait for the same fetch get the same error.
///
/// A provider of your own makes one with [`new`](Self::new):
///
/// ```
/// use sts_proto::{CredentialsError, Error};
///
/// let error =
///     CredentialsError::new("my vault", "it is sealed; unseal it first");
/// assert_eq!(
///     error.to_string(),
///     "no credentials from my vault: it is sealed; unseal it first"
/// );
/// let error = Error::from(error);
/// assert!(matches!(error, Error::Credentials(CredentialsError::Failed(_))));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CredentialsError {
    /// No source of credentials is configured.
    NotConfigured(Box<NoCredentials>),
    /// A source is configured and cannot be used, or it failed.
    Failed(ProviderError),
}

impl CredentialsError {
    /// The error of a provider. `provider` names it; `problem` says in lower case what went wrong and what to do. Neither
    /// may hold a secret.
    pub fn new(provider: impl Into<Box<str>>, problem: impl Into<Box<str>>) -> Self {
        Self::failed(provider.into(), problem.into())
    }

    #[cold]
    fn failed(provider: Box<str>, problem: Box<str>) -> Self {
        Self::Failed(ProviderError(Arc::new(Inner {
            wanted: "credentials from",
            provider,
            problem,
            cause: None,
            class: RetryClass::Never,
            tried: Arc::default(),
        })))
    }

    /// The error of a call that `provider` made to get credentials. A [`CredentialsError`] is returned as it is.
    pub fn met_by(provider: impl Into<Box<str>>, error: Error) -> Self {
        match error {
            Error::Credentials(error) => error,
            error => {
                let class = error.retry_class();
                Self::new(provider, error.to_string()).with_retry_class(class).because(error)
            }
        }
    }

    /// The same as the error of a call of `operation`, which [`NotConfigured`](Self::NotConfigured) names. `operation` is
    /// empty where credentials were asked for themselves.
    pub fn while_calling(self, operation: &'static str) -> Error {
        match self {
            Self::NotConfigured(nothing) => NoCredentials { operation, ..*nothing }.into(),
            failed => failed.into(),
        }
    }

    /// Sets the cause of a failure. [`source`](StdError::source) leads to it, unless the text of the error already includes
    /// the text of the cause.
    #[must_use]
    pub fn because(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.cause = Some(Arc::new(cause)))
    }

    /// Says whether asking again may help after a failure; [`RetryClass::Never`] by default.
    #[must_use]
    pub fn with_retry_class(self, class: RetryClass) -> Self {
        self.change(|inner| inner.class = class)
    }

    /// Lists all sources, in order, the failed one included.
    #[must_use]
    pub fn after(self, tried: impl Into<Arc<[Tried]>>) -> Self {
        match self {
            Self::NotConfigured(nothing) => nothing.after(tried).into(),
            failed => failed.change(|inner| inner.tried = tried.into()),
        }
    }

    /// What is wrong and what to do, without the name of the provider.
    pub fn problem(&self) -> Cow<'_, str> {
        match self {
            Self::NotConfigured(nothing) => nothing.to_string().into(),
            Self::Failed(error) => error.problem().into(),
        }
    }

    /// All sources, in order, and what became of each; empty for a provider that is set in code.
    pub fn tried(&self) -> &[Tried] {
        match self {
            Self::NotConfigured(nothing) => &nothing.tried,
            Self::Failed(error) => error.tried(),
        }
    }

    /// Whether asking again may help.
    pub fn retry_class(&self) -> RetryClass {
        match self {
            Self::NotConfigured(_) => RetryClass::Never,
            Self::Failed(error) => error.retry_class(),
        }
    }

    /// The refusal of a service, if a call for credentials was refused.
    pub fn as_service_error(&self) -> Option<&ServiceError> {
        self.causes().find_map(|cause| match cause.downcast_ref::<Error>() {
            Some(error) => error.as_service_error(),
            None => cause.downcast_ref::<ServiceError>(),
        })
    }

    /// What happened on the way, if a call for credentials got no whole answer.
    pub fn as_transport_error(&self) -> Option<&TransportError> {
        self.causes().find_map(|cause| match cause.downcast_ref::<Error>() {
            Some(error) => error.as_transport_error(),
            None => cause.downcast_ref::<TransportError>(),
        })
    }

    /// The metadata of the answer to a call for credentials, if one arrived.
    pub(super) fn metadata(&self) -> Option<&Metadata> {
        self.causes().find_map(|cause| match cause.downcast_ref::<Error>() {
            Some(error) => error.metadata(),
            None => cause.downcast_ref::<ServiceError>().map(ServiceError::metadata),
        })
    }

    /// The same failure, told of the source `provider` of a chain.
    #[cfg(feature = "credentials")]
    pub(crate) fn retold(self, provider: &str, problem: String) -> Self {
        self.change(|inner| (inner.provider, inner.problem) = (provider.into(), problem.into()))
    }

    /// The same failure, where a token for an audience was asked for and not credentials.
    #[cfg(feature = "credentials")]
    pub(crate) fn of_a_token(self) -> Self {
        self.change(|inner| inner.wanted = "web identity token for")
    }

    fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        causes(match self {
            Self::NotConfigured(_) => None,
            Self::Failed(error) => error.cause(),
        })
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = self.inner_mut() {
            change(inner);
        }
        self
    }

    #[cold]
    fn inner_mut(&mut self) -> Option<&mut Inner> {
        match self {
            Self::NotConfigured(_) => None,
            Self::Failed(error) => Some(Arc::make_mut(&mut error.0)),
        }
    }
}

/// The error of a call that a provider made. A [`CredentialsError`] is returned as it is.
impl From<Error> for CredentialsError {
    fn from(error: Error) -> Self {
        Self::met_by("the provider", error)
    }
}

impl From<NoCredentials> for CredentialsError {
    fn from(error: NoCredentials) -> Self {
        Self::NotConfigured(Box::new(error))
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl StdError for CredentialsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::NotConfigured(error) => error.source(),
            Self::Failed(error) => error.source(),
        }
    }
}

/// An operation has to be signed, and no source of credentials is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoCredentials {
    /// The action that was to be signed; empty where credentials were asked for themselves.
    pub operation: &'static str,
    /// Where credentials were looked for, in order, and why nothing was there.
    pub tried: Arc<[Tried]>,
}

impl NoCredentials {
    /// There are no credentials to sign `operation` with.
    pub fn new(operation: &'static str) -> Self {
        Self { operation, tried: Arc::default() }
    }

    /// Says where credentials were looked for.
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
                ": the program gave none, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY were not set when the \
                 client was made",
            );
        }
        list(&self.tried, f)
    }
}

impl StdError for NoCredentials {}

/// A source of credentials is configured and cannot be used, or it failed: see [`CredentialsError::new`].
#[derive(Clone)]
pub struct ProviderError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    /// What is missing, up to the name: `credentials from`, or `web identity token for`..
    wanted: &'static str,
    provider: Box<str>,
    problem: Box<str>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
    class: RetryClass,
    tried: Arc<[Tried]>,
}

impl ProviderError {
    /// The name of the source or provider.
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// What went wrong, and what to do.
    pub fn problem(&self) -> &str {
        &self.0.problem
    }

    /// All sources, in order, this one included; empty for a provider that is set in code.
    pub fn tried(&self) -> &[Tried] {
        &self.0.tried
    }

    /// Whether asking again may help.
    pub fn retry_class(&self) -> RetryClass {
        self.0.class
    }

    fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(OneLine(f), "no {} {}: {}", self.0.wanted, self.0.provider, self.0.problem)
    }
}

impl fmt::Debug for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderError")
            .field("provider", &self.0.provider)
            .field("problem", &self.0.problem)
            .field("cause", &self.0.cause)
            .field("class", &self.0.class)
            .finish_non_exhaustive()
    }
}

impl StdError for ProviderError {
    /// The first cause that the text does not include: programs print an error and then its sources, and would print the
    /// same sentence twice.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        causes(self.cause()).find(|cause| !self.0.problem.contains(&cause.to_string()))
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

/// This error, its source, and so on. Providers bring errors of any kind, so the number is bounded.
fn causes<'a>(
    first: Option<&'a (dyn StdError + 'static)>,
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(first, |&cause| cause.source()).take(MAX_CAUSES)
}

const MAX_CAUSES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::operation::Operation;
    use crate::operations::AssumeRole;
    use crate::transport::TransportErrorKind;

    fn refusal() -> Error {
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>\
                    <RequestId>id-1</RequestId></ErrorResponse>";
        let response = http::Response::builder().status(403).body(body.as_bytes().to_vec()).unwrap();
        AssumeRole::parse(&response).unwrap_err()
    }

    /// An error of a program, which may have another as its source.
    #[derive(Debug)]
    struct Own(&'static str, Option<Box<Own>>, Option<Error>);

    impl fmt::Display for Own {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Own {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            let own = self.1.as_deref().map(|own| own as &(dyn StdError + 'static));
            own.or(self.2.as_ref().map(|error| error as _))
        }
    }

    /// What a program prints that prints an error and its sources.
    fn printed(error: &Error) -> String {
        causes(Some(error)).map(ToString::to_string).collect::<Vec<_>>().join(" < ")
    }

    #[test]
    fn code_and_request_id_of_a_refusal_are_reached_through_every_wrapper() {
        let Error::Service(service) = refusal() else { panic!("no refusal") };
        for error in [
            CredentialsError::from(refusal()),
            CredentialsError::met_by("the role arn:one", refusal()),
            CredentialsError::met_by("outer", CredentialsError::met_by("inner", refusal()).into()),
            CredentialsError::new("the vault", "it does not open").because(refusal()),
            CredentialsError::new("the vault", "it does not open").because(*service),
            CredentialsError::new("the vault", "it does not open").because(Own(
                "outer",
                None,
                Some(refusal()),
            )),
            CredentialsError::new("a", "b").because(Error::from(CredentialsError::from(refusal()))),
        ] {
            let error = error.while_calling("GetCallerIdentity");
            assert_eq!(error.code(), Some(&ErrorCode::AccessDenied), "{error:?}");
            assert_eq!(error.request_id(), Some("id-1"), "{error:?}");
            assert_eq!(error.message(), Some("not you"), "{error:?}");
            assert_eq!((error.attempts(), error.error_type()), (0, "credentials"));
        }
        let error = Error::from(CredentialsError::new("the vault", "it is sealed"));
        assert_eq!((error.code(), error.message(), error.request_id()), (None, None, None));
    }

    #[test]
    fn what_the_transport_met_with_is_reached_through_every_wrapper() {
        let closed = || {
            let mut error = TransportError::from(TransportErrorKind::Closed);
            error.set_effort(3, std::time::Duration::from_secs(1));
            error
        };
        let error = || Error::from(closed());
        for error in [
            CredentialsError::from(error()),
            CredentialsError::met_by("outer", CredentialsError::met_by("inner", error()).into()),
            CredentialsError::new("the vault", "it does not open").because(closed()),
            CredentialsError::new("the vault", "it does not open").because(Own("outer", None, Some(error()))),
        ] {
            let error = error.while_calling("GetCallerIdentity");
            let met = error.as_transport_error().unwrap();
            assert_eq!((met.kind(), met.attempts()), (TransportErrorKind::Closed, 3), "{error:?}");
            // The operation itself was not sent, as with a refusal.
            assert_eq!((error.attempts(), error.error_type()), (0, "credentials"));
        }
        let refused = Error::from(CredentialsError::from(refusal()));
        assert!(refused.as_transport_error().is_none() && error().as_service_error().is_none());
    }

    #[test]
    fn a_refused_call_for_credentials_says_nothing_of_those_of_the_operation() {
        let body = "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>";
        let response = http::Response::builder().status(403).body(body.as_bytes().to_vec()).unwrap();
        let refusal = AssumeRole::parse(&response).unwrap_err();
        assert!(refusal.says_credentials_expired());
        let error = Error::from(CredentialsError::from(refusal));
        assert!(error.code().is_some() && !error.says_credentials_expired());
    }

    #[test]
    fn no_sentence_is_printed_twice() {
        let sealed = || Own("it is sealed", Some(Box::new(Own("the key is lost", None, None))), None);
        let transport = || TransportError::new(TransportErrorKind::Connect, "the network is down");
        for (error, expected) in [
            (
                CredentialsError::met_by("the role arn:one", refusal()),
                "no credentials from the role arn:one: AssumeRole was refused: AccessDenied: not you \
                 (http 403, request id id-1)",
            ),
            (
                CredentialsError::new("the vault", "it is sealed; unseal it").because(sealed()),
                "no credentials from the vault: it is sealed; unseal it < the key is lost",
            ),
            (
                CredentialsError::new("the vault", "it does not open").because(sealed()),
                "no credentials from the vault: it does not open < it is sealed < the key is lost",
            ),
            (
                CredentialsError::met_by("the vault", transport().into()),
                "no credentials from the vault: no connection could be made < the network is down",
            ),
        ] {
            assert_eq!(printed(&error.into()), expected);
        }
    }

    #[test]
    fn what_is_not_configured_stays_so_in_every_provider() {
        let nothing = NoCredentials::new("AssumeRole").after([Tried::new("environment", Outcome::NotAsked)]);
        let error = CredentialsError::met_by("the role arn:one", nothing.into());
        let Error::Credentials(CredentialsError::NotConfigured(nothing)) =
            error.while_calling("GetCallerIdentity")
        else {
            panic!("it is configured")
        };
        assert_eq!((nothing.operation, nothing.tried.len()), ("GetCallerIdentity", 1));
    }
}
