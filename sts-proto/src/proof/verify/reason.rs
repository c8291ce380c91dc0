//! Why a proof is not accepted, or cannot be checked.

use std::fmt;

use http::header::ACCEPT;

use crate::transport::TransportErrorKind;

/// Why a proof is not accepted, or cannot be checked. Quotes nothing of the proof but names of hosts and headers, and nothing of
/// the answer, since they hold a session token.
///
/// If it [is transient](Self::is_transient), the same proof may be accepted later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The proof is longer than 4,096 bytes for a token of EKS, or 64 KiB for a request.
    TooLong,
    /// The token does not begin with `k8s-aws-v1.`.
    Prefix,
    /// Something is not base64, or not the one text of its bytes.
    Base64,
    /// Something is not UTF-8.
    Utf8,
    /// The URL has a blank or a character outside ASCII, or a request's URL is more than scheme, host and `/`.
    Url,
    /// The URL is not `https`.
    Scheme,
    /// The URL has a user.
    UserInfo,
    /// The URL has a port.
    Port,
    /// The host is not one of STS in a partition and region that the policy allows.
    Host,
    /// The path is not `/`.
    Path,
    /// The URL has a fragment.
    Fragment,
    /// The query cannot be read.
    Query,
    /// The query has an item that no token has.
    QueryUnknown,
    /// The query has an item twice, in whatever case or escaping.
    QueryDuplicate,
    /// The query lacks an item.
    QueryMissing,
    /// The action is not `GetCallerIdentity`.
    Action,
    /// The version is not `2011-06-15`.
    Version,
    /// The algorithm is not `AWS4-HMAC-SHA256`.
    Algorithm,
    /// The list of signed headers lacks one that has to be signed, has one that is not sent, or is not in its one form.
    SignedHeaders,
    /// The lifetime is not a number from 0 to 900.
    Expires,
    /// The date is missing, or cannot be read.
    Date,
    /// The proof was signed too long ago.
    DateOld,
    /// The proof was signed too far in the future.
    DateFuture,
    /// The scope is not five parts with the day of the date, the host's region, `sts` and `aws4_request`.
    Scope,
    /// The signature is not 64 digits.
    SignatureFormat,
    /// The method is not `POST`.
    Method,
    /// The request has no method.
    MissingMethod,
    /// The request has no URL.
    MissingUrl,
    /// The request has no body.
    MissingBody,
    /// The request has no headers.
    MissingHeaders,
    /// The proof, or its headers, are no JSON object.
    Headers,
    /// A header has a name or a value that no header can have.
    HeaderSyntax,
    /// A header's value is neither a text nor a list of one text.
    HeaderValues,
    /// A header is there twice, in whatever case.
    HeaderDuplicate,
    /// A header is there, or is signed, that may not be.
    #[non_exhaustive]
    HeaderNotAllowed {
        /// Its name in lower case, truncated to 64 characters.
        name: Box<str>,
    },
    /// The header `Host` is not the URL's host.
    HostHeader,
    /// The body is not the one text of the action.
    Body,
    /// The audience is another one.
    Audience,
    /// The audience's header is missing.
    AudienceMissing,
    /// `Authorization` is missing, or is not algorithm, credential, signed headers and signature in this order.
    Authorization,
    /// The content type is not a form's.
    ContentType,
    /// The content length is not the body's.
    ContentLength,
    /// The content hash is not the body's.
    ContentSha256,
    /// The signature was seen before.
    Replayed,
    /// The memory of signatures is full.
    Crowded,
    /// STS has refused the request, with this status.
    Status(u16),
    /// STS is throttling: not the caller's fault.
    Throttled,
    /// STS has failed.
    Unavailable,
    /// No answer arrived.
    #[non_exhaustive]
    NoAnswer {
        /// The host of STS that was asked.
        host: Box<str>,
        /// What came instead.
        kind: TransportErrorKind,
    },
    /// The answer is not of the media type that was asked for.
    MediaType,
    /// The answer is longer than 64 KiB.
    TooLarge,
    /// The answer is not well-formed.
    Malformed,
    /// The answer is well-formed, and not one to `GetCallerIdentity`.
    Shape,
    /// The answer's account is not 12 digits, or not the ARN's.
    Account,
    /// The answer's partition is not the one that was asked.
    Partition,
    /// The answer's ARN is not one of a caller.
    Arn,
    /// The answer's unique id does not fit its ARN.
    UserId,
    /// The caller is known, and its account is not one that the policy allows.
    AccountNotAllowed,
    /// The flow was stepped after its end, or given an event that it had not asked for.
    OutOfTurn,
}

impl Reason {
    /// Whether the same proof may be accepted later: it says nothing about the caller.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::NoAnswer { .. } | Self::Crowded)
    }

    /// Its name for logs and counters, in lower case with hyphens.
    pub fn class(&self) -> &'static str {
        self.texts().0
    }

    pub(super) fn header_not_allowed(name: &str) -> Self {
        Self::HeaderNotAllowed { name: name.chars().take(64).collect() }
    }

    fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::TooLong => ("too-long", "the proof is too long"),
            Self::Prefix => ("prefix", "the token does not begin with k8s-aws-v1."),
            Self::Base64 => ("base64", "a part of the proof is not base64 in its one form"),
            Self::Utf8 => ("utf8", "a part of the proof is not utf-8"),
            Self::Url => ("url", "the url is not of the form https://host/"),
            Self::Scheme => ("scheme", "the url is not https"),
            Self::UserInfo => ("userinfo", "the url has a user"),
            Self::Port => ("port", "the url has a port"),
            Self::Host => ("host", "the host is not one of sts in a partition and region that are allowed"),
            Self::Path => ("path", "the url has a path"),
            Self::Fragment => ("fragment", "the url has a fragment"),
            Self::Query => ("query", "the query cannot be read"),
            Self::QueryUnknown => ("query-unknown", "the query has an item that does not belong there"),
            Self::QueryDuplicate => ("query-duplicate", "the query has an item twice"),
            Self::QueryMissing => ("query-missing", "the query lacks an item"),
            Self::Action => ("action", "the action is not GetCallerIdentity"),
            Self::Version => ("version", "the version is not 2011-06-15"),
            Self::Algorithm => ("algorithm", "the algorithm is not AWS4-HMAC-SHA256"),
            Self::SignedHeaders => {
                ("signed-headers", "the signed headers are not those that have to be signed")
            }
            Self::Expires => ("expires", "the lifetime is not a number from 0 to 900"),
            Self::Date => ("date", "there is no date, or it cannot be read"),
            Self::DateOld => ("date-old", "the proof is too old; sign a new one"),
            Self::DateFuture => ("date-future", "the proof is dated in the future; check the clocks"),
            Self::Scope => ("scope", "the scope does not fit date, host and service"),
            Self::SignatureFormat => ("signature-format", "the signature is not 64 digits"),
            Self::Method => {
                ("method", "the method is not POST; sign the request in its headers and not in its url")
            }
            Self::MissingMethod => ("missing-method", "the method is missing"),
            Self::MissingUrl => ("missing-url", "the url is missing"),
            Self::MissingBody => ("missing-body", "the body is missing"),
            Self::MissingHeaders => ("missing-headers", "the headers are missing"),
            Self::Headers => ("headers", "the proof or its headers are no json object"),
            Self::HeaderSyntax => ("header-syntax", "a header has a name or a value that none can have"),
            Self::HeaderValues => ("header-values", "a header's value is neither a text nor a list of one"),
            Self::HeaderDuplicate => ("header-duplicate", "a header is there twice"),
            Self::HeaderNotAllowed { .. } => ("header-not-allowed", "it has a header that is not allowed"),
            Self::HostHeader => ("host-header", "the host header is not the url's host"),
            Self::Body => ("body", "the body is not that of GetCallerIdentity"),
            Self::Audience => ("audience", "the proof was made for another audience"),
            Self::AudienceMissing => ("audience-missing", "the proof names no audience"),
            Self::Authorization => ("authorization", "the authorization header is missing or cannot be read"),
            Self::ContentType => ("content-type", "the content type is not a form's"),
            Self::ContentLength => ("content-length", "the content length is not the body's"),
            Self::ContentSha256 => ("content-sha256", "the content hash is not the body's"),
            Self::Replayed => ("replayed", "the proof was used before; sign a new one"),
            Self::Crowded => ("crowded", "the memory of proofs is full; try again later"),
            Self::Status(_) => ("status", "sts has refused the proof"),
            Self::Throttled => ("throttled", "sts is throttling; try again later"),
            Self::Unavailable => ("unavailable", "sts has failed; try again later"),
            Self::NoAnswer { .. } => ("no-answer", "sts has not answered"),
            Self::MediaType => ("media-type", "the answer is of another media type"),
            Self::TooLarge => ("too-large", "the answer is too large"),
            Self::Malformed => ("malformed", "the answer is not well-formed"),
            Self::Shape => ("shape", "the answer is not one to GetCallerIdentity"),
            Self::Account => ("account", "the answer's account is not that of its arn"),
            Self::Partition => ("partition", "the answer is of another partition"),
            Self::Arn => ("arn", "the answer's arn is not a caller's"),
            Self::UserId => ("user-id", "the answer's unique id does not fit its arn"),
            Self::AccountNotAllowed => ("account-not-allowed", "the caller's account is not allowed"),
            Self::OutOfTurn => (
                "out-of-turn",
                "the flow was stepped after its end, or given an event that it had not asked for; make a new one",
            ),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.is_transient() { "cannot be checked" } else { "is not accepted" };
        write!(f, "the proof {outcome}: {}", self.texts().1)?;
        match self {
            Self::HeaderNotAllowed { name } => {
                write!(f, ", {name}; sign a request without it")?;
                if **name == *ACCEPT.as_str() {
                    f.write_str(", or set the verifier's answer_format to the one that is signed")?;
                }
                Ok(())
            }
            Self::Status(status) => write!(f, " (http {status})"),
            Self::NoAnswer { host, kind } => write!(f, " at {host} ({kind})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Reason {}
