//! What can go wrong, each kind with what a person needs to mend it.

mod code;
mod credentials;
mod metadata;
mod redact;
mod service;

use std::fmt;
use std::time::{Duration, SystemTime};

pub use code::ErrorCode;
pub use credentials::{CredentialsError, NoCredentials, Outcome, ProviderError, Tried};
pub use metadata::Metadata;
pub(crate) use redact::Redactor;
pub(crate) use service::read_request_id;
pub use service::{Fault, ServiceError};

use crate::endpoint::EndpointError;
use crate::keys::Credentials;
use crate::proof::ProofError;
use crate::retry::RetryClass;
use crate::secret::Secret;
use crate::settings::SettingsError;
use crate::sigv4::SignError;
use crate::transport::{TransportError, TransportErrorKind};
use crate::wire::XmlError;

/// Why a call did not end with an output.
///
/// The text is one lower-case line that says what was tried and carries the request id where there is one. It holds
/// no secret of the call, and of an answer's body no more than the code and the first line of the message in an error
/// document, unless they quote a secret of the call. [`std::error::Error::source`] leads to what a
/// transport has to say beside it. A clone shares that.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A setting in the environment cannot be used. Nothing was sent.
    Settings(SettingsError),
    /// No endpoint can be made of the settings. Nothing was sent.
    Endpoint(Box<EndpointError>),
    /// The operation has to be signed, and no credentials are configured or their source failed. The operation was not
    /// sent.
    Credentials(CredentialsError),
    /// The request cannot be signed. Nothing was sent.
    Sign(SignError),
    /// A proof of identity cannot be made, or its consumer would refuse it. Nothing was sent.
    Proof(Box<ProofError>),
    /// No answer arrived, or not all of it.
    Transport(Box<TransportError>),
    /// The service said no, or a server on the way did.
    Service(Box<ServiceError>),
    /// A success arrived that cannot be used.
    Response(Box<ResponseError>),
    /// A flow was stepped after its end, or given an event that it had not asked for.
    OutOfTurn,
}

impl Error {
    /// The refusal of the service. Where the operation was not sent because a call for its credentials was refused, the
    /// refusal of that call.
    pub fn as_service_error(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            Self::Credentials(error) => error.as_service_error(),
            _ => None,
        }
    }

    /// Whether nothing was sent since no credentials are configured, so that a program may look for some elsewhere.
    pub fn is_not_configured(&self) -> bool {
        matches!(self, Self::Credentials(CredentialsError::NotConfigured(_)))
    }

    /// What happened on the way, if no whole answer arrived. Where the operation was not sent because a call for its
    /// credentials got none, what happened to that call.
    pub fn as_transport_error(&self) -> Option<&TransportError> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Credentials(error) => error.as_transport_error(),
            _ => None,
        }
    }

    /// Whether there was no whole answer in time, to the call or to one for its credentials.
    ///
    /// ```
    /// use sts_proto::{Error, Phase, TransportError, TransportErrorKind};
    ///
    /// let late = TransportErrorKind::Timeout(Phase::Response);
    /// assert!(Error::from(TransportError::from(late)).is_timeout());
    /// let refused = TransportErrorKind::Refused;
    /// assert!(!Error::from(TransportError::from(refused)).is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        let kind = self.as_transport_error().map(TransportError::kind);
        matches!(kind, Some(TransportErrorKind::Timeout(_)))
    }

    /// The code of the service's error document, also of one that a call for credentials was refused with.
    ///
    /// ```
    /// # fn handle(error: sts_proto::Error) {
    /// use sts_proto::ErrorCode;
    /// if let Some(ErrorCode::ExpiredToken) = error.code() {
    ///     eprintln!("the session is over, get a new one");
    /// }
    /// // A code without a variant, by its name on the wire.
    /// if error.code().is_some_and(|code| code == "OverQuota") {
    ///     eprintln!("ask for less");
    /// }
    /// # }
    /// ```
    pub fn code(&self) -> Option<&ErrorCode> {
        self.as_service_error()?.code()
    }

    /// The message of that document, of which [`ServiceError::message`] says how long it may be.
    pub fn message(&self) -> Option<&str> {
        self.as_service_error()?.message()
    }

    /// Whether the service refused the session that the request was signed with, since it has expired or is not valid any
    /// more: new credentials of the same source may do better.
    pub fn says_credentials_expired(&self) -> bool {
        matches!(
            self.own_code(),
            Some(ErrorCode::ExpiredToken | ErrorCode::ExpiredTokenException | ErrorCode::InvalidToken)
        )
    }

    /// Whether the service refused keys that it does not know, or knows no more.
    pub(crate) fn says_unknown(&self) -> bool {
        matches!(self.own_code(), Some(ErrorCode::InvalidClientTokenId | ErrorCode::InvalidAccessKeyId))
    }

    /// The same of these credentials, at this time. Some services forget sessions that are over, and
    /// then call their keys invalid: what has just expired and is called so is taken for expired.
    pub fn says_expired(&self, credentials: &Credentials, now: SystemTime) -> bool {
        let over = || credentials.expiration.is_some_and(|end| end <= now);
        self.says_credentials_expired() || self.says_unknown() && over()
    }

    /// The metadata of the answer, if one arrived: to the operation, or to a call for its credentials.
    pub fn metadata(&self) -> Option<&Metadata> {
        match self {
            Self::Service(error) => Some(error.metadata()),
            Self::Response(error) => Some(&error.metadata),
            Self::Credentials(error) => error.metadata(),
            _ => None,
        }
    }

    /// The request id of that answer, if it has one.
    pub fn request_id(&self) -> Option<&str> {
        self.metadata()?.request_id()
    }

    /// What to file the error under: the service's code (in one line, cut after 128 characters), else what the transport met
    /// with, else the HTTP status, else the kind of error. OpenTelemetry calls it `error.type`. Where the operation was not
    /// sent, it is the kind of error, also if a call for its credentials was refused or got no answer:
    /// [`code`](Self::code) and [`as_transport_error`](Self::as_transport_error) are of that call.
    pub fn error_type(&self) -> &str {
        match self {
            Self::Settings(_) => "settings",
            Self::Endpoint(_) => "endpoint",
            Self::Credentials(CredentialsError::NotConfigured(_)) => "no_credentials",
            Self::Credentials(CredentialsError::Failed(_)) => "credentials",
            Self::Sign(_) => "sign",
            Self::Proof(_) => "proof",
            Self::Transport(error) => error.kind().as_str(),
            Self::Service(error) => error.code().map_or(error.metadata().status_text(), ErrorCode::as_str),
            Self::Response(_) => "response",
            Self::OutOfTurn => "out_of_turn",
        }
    }

    /// How many requests were sent for the operation; 0 where it was not sent. How many were sent for its credentials is
    /// told by [`as_transport_error`](Self::as_transport_error) or [`metadata`](Self::metadata).
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Credentials(_) => 0,
            Self::Transport(error) => error.attempts(),
            _ => self.metadata().map_or(0, Metadata::attempts),
        }
    }

    /// The code that this operation was refused with.
    fn own_code(&self) -> Option<&ErrorCode> {
        match self {
            Self::Service(error) => error.code(),
            _ => None,
        }
    }

    pub(crate) fn set_effort(&mut self, attempts: u32, total_retry_delay: Duration) {
        match self {
            Self::Service(error) => error.set_effort(attempts, total_retry_delay),
            Self::Response(error) => error.metadata.set_effort(attempts, total_retry_delay),
            Self::Transport(error) => error.set_effort(attempts, total_retry_delay),
            _ => {}
        }
    }

    /// Withholds every text of the server that quotes one of `secrets`: some servers quote the request in their errors. The
    /// whole code, message, member or id is then `[redacted]`. [`Call`](crate::Call) has done this with the call's own
    /// secrets. After [`Operation::parse`](crate::Operation::parse) alone, do it with what was sent: the credentials' secrets
    /// and [`Operation::secrets`](crate::Operation::secrets).
    ///
    /// A secret is recognised by its letters and digits (ASCII): any ten of them in a row are enough, or all of them if it has
    /// fewer. Case does not matter, and neither do other characters between them, so line breaks and truncation do not hide a
    /// secret. Neither do escapes: percent-encoding, references of XML and HTML, backslash escapes of JSON and most
    /// programming languages, quoted-printable, nested up to seven times. A text that is escaped more often is withheld. Other
    /// escapes do not matter if they leave ten letters and digits together.
    ///
    /// Secrets shorter than six bytes are ignored. Those with fewer than four letters and digits are found only as they are.
    /// Secrets that are encoded or encrypted as a whole are not recognised. The time is in proportion to texts and secrets.
    pub fn redact(&mut self, secrets: &[Secret]) {
        let redactor = Redactor::new(secrets);
        // Hardly any answer quotes a secret, and searching all texts at once reads each secret once.
        let mut texts = String::new();
        self.each_text(&mut |text| {
            redact::add(text, &mut texts);
            None
        });
        if redactor.finds(&texts) {
            drop(texts);
            self.each_text(&mut |text| redactor.finds(text).then(|| redact::INSTEAD.to_owned()));
        }
    }

    /// Passes each text of the server to `replace`, which may return another one for it.
    fn each_text(&mut self, replace: &mut dyn FnMut(&str) -> Option<String>) {
        match self {
            Self::Service(error) => error.each_text(replace),
            Self::Response(error) => error.metadata.each_text(replace),
            _ => {}
        }
    }

    /// Whether, and after what kind of wait, the same call may succeed.
    pub fn retry_class(&self) -> RetryClass {
        match self {
            Self::Service(error) => error.retry_class(),
            Self::Transport(error) => error.retry_class(),
            Self::Credentials(error) => error.retry_class(),
            _ => RetryClass::Never,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Endpoint(error) => error.fmt(f),
            Self::Credentials(error) => error.fmt(f),
            Self::Sign(error) => write!(f, "the request cannot be signed: {error}"),
            Self::Proof(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Service(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
            Self::OutOfTurn => f.write_str(
                "the flow was stepped after its end, or given an event that it had not asked for; make a new one",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => std::error::Error::source(&**error),
            Self::Credentials(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}

impl From<SettingsError> for Error {
    #[cold]
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl From<EndpointError> for Error {
    #[cold]
    fn from(error: EndpointError) -> Self {
        Self::Endpoint(Box::new(error))
    }
}

impl From<SignError> for Error {
    #[cold]
    fn from(error: SignError) -> Self {
        Self::Sign(error)
    }
}

impl From<ProofError> for Error {
    #[cold]
    fn from(error: ProofError) -> Self {
        Self::Proof(Box::new(error))
    }
}

impl From<NoCredentials> for Error {
    #[cold]
    fn from(error: NoCredentials) -> Self {
        Self::Credentials(error.into())
    }
}

impl From<CredentialsError> for Error {
    #[cold]
    fn from(error: CredentialsError) -> Self {
        Self::Credentials(error)
    }
}

impl From<TransportError> for Error {
    #[cold]
    fn from(error: TransportError) -> Self {
        Self::Transport(Box::new(error))
    }
}

impl From<ServiceError> for Error {
    #[cold]
    fn from(error: ServiceError) -> Self {
        Self::Service(Box::new(error))
    }
}

impl From<ResponseError> for Error {
    #[cold]
    fn from(error: ResponseError) -> Self {
        Self::Response(Box::new(error))
    }
}

/// A success arrived that is empty, of another shape, or lacks what the operation is for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResponseError {
    /// The action that was called.
    pub operation: &'static str,
    /// What is wrong with the answer.
    pub problem: ResponseProblem,
    /// The answer's status and ids.
    pub metadata: Metadata,
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer to {} cannot be used: {}", self.operation, self.problem)?;
        if let Some(encoding) = self.metadata.unasked_encoding() {
            write!(f, ", with {encoding}; check what is between the client and the endpoint")?;
        } else if !matches!(
            self.problem,
            ResponseProblem::Document(XmlError::Missing { .. } | XmlError::NotA { .. })
        ) {
            f.write_str("; check that the endpoint is an sts and not a proxy or a web page")?;
        }
        write!(f, " ({})", self.metadata)
    }
}

impl std::error::Error for ResponseError {}

/// What is wrong with a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseProblem {
    /// The document cannot be read, or a required member is missing.
    Document(XmlError),
    /// A document, but not an answer to this action: `<{Action}Result>` is missing.
    NoResult,
    /// Longer than [`MAX_BODY`](crate::wire::MAX_BODY).
    TooLarge,
    /// Compressed: see [`Metadata::content_encoding`].
    Encoded,
}

impl fmt::Display for ResponseProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(error) => error.fmt(f),
            Self::NoResult => f.write_str("the document holds no result of this action"),
            Self::TooLarge => write!(f, "it is longer than {} bytes", crate::wire::MAX_BODY),
            Self::Encoded => f.write_str("it is compressed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Operation;
    use crate::operations::GetCallerIdentity;

    /// It stands in the result of nearly every function.
    #[test]
    fn an_error_takes_two_words() {
        assert_eq!(size_of::<Error>(), 2 * size_of::<usize>());
    }

    #[test]
    fn a_clone_says_the_same() {
        use std::error::Error as _;

        let body = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";
        let read = |status| {
            let response = http::Response::builder().status(status).body(body.as_bytes()).unwrap();
            GetCallerIdentity::parse(&response).unwrap_err()
        };
        let transport = TransportError::new(crate::transport::TransportErrorKind::Tls, "no trust");
        for error in
            [transport.into(), read(403), read(200), CredentialsError::new("a", "b").into(), Error::OutOfTurn]
        {
            let clone = error.clone();
            assert_eq!(format!("{clone} {clone:?}"), format!("{error} {error:?}"));
            let source = |error: &Error| error.source().map(ToString::to_string);
            assert_eq!(source(&clone), source(&error));
        }
    }

    #[test]
    fn keys_that_are_over_and_called_invalid_have_expired() {
        let error = |code: &str| {
            let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
            let response = http::Response::builder().status(403).body(body.into_bytes()).unwrap();
            GetCallerIdentity::parse(&response).unwrap_err()
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let good = Credentials::new("ASIA", "s").with_expiration(now + Duration::from_secs(1));
        let over = Credentials::new("ASIA", "s").with_expiration(now);
        let endless = Credentials::new("AKIA", "s");
        for code in ["ExpiredToken", "ExpiredTokenException", "InvalidToken"] {
            assert!(
                [&good, &over, &endless].iter().all(|keys| error(code).says_expired(keys, now)),
                "{code}"
            );
        }
        for code in ["InvalidClientTokenId", "InvalidAccessKeyId"] {
            assert!(error(code).says_expired(&over, now), "{code}");
            assert!(![&good, &endless].iter().any(|keys| error(code).says_expired(keys, now)), "{code}");
        }
        assert!(!error("AccessDenied").says_expired(&over, now));
    }
}
