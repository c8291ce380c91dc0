use std::fmt;

use http::Response;

use super::secrets::Secrets;
use crate::error::{CredentialsError, Metadata};
use crate::retry::RetryClass;
use crate::secret::{Given, Secret};
use crate::text::{split_once, to_str};
use crate::transport::{TransportError, TransportErrorKind};
use crate::wire::json::Object;

/// The result of a request: an answer, or the reason why no answer came.
pub(in crate::credentials) struct Reply {
    pub(super) provider: &'static str,
    /// Method and URL, without the query.
    pub(super) request: String,
    pub(super) secrets: Secrets,
    pub(super) tries: u32,
    pub(super) unreachable: bool,
    pub(super) class: RetryClass,
    pub(super) outcome: Result<Response<Given>, TransportError>,
}

impl Reply {
    /// The status of the answer, if there is one.
    pub(in crate::credentials) fn status(&self) -> Option<u16> {
        self.outcome.as_ref().ok().map(|response| response.status().as_u16())
    }

    /// The body of the answer; empty if no answer came.
    pub(in crate::credentials) fn body(&self) -> &[u8] {
        self.outcome.as_ref().map_or(&[], |response| response.body())
    }

    /// Whether a probe reached no server.
    pub(in crate::credentials) fn is_unreachable(&self) -> bool {
        self.unreachable
    }

    /// Whether a server was reached and did not answer in time.
    pub(in crate::credentials) fn hangs(&self) -> bool {
        self.outcome.as_ref().is_err_and(|error| super::hangs(error.kind()))
    }

    /// Whether a connection was refused at once, and not only late or never.
    pub(in crate::credentials) fn was_refused(&self) -> bool {
        let kind = self.outcome.as_ref().err().map(TransportError::kind);
        matches!(kind, Some(TransportErrorKind::Refused | TransportErrorKind::Connect))
    }

    /// The error for a refusal, or for no answer. `advice` says what to do.
    pub(in crate::credentials) fn refused(self, advice: &str) -> CredentialsError {
        let tries = if self.tries > 1 { format!(" ({} tries)", self.tries) } else { String::new() };
        let request = &self.request;
        let what = match &self.outcome {
            Err(error) => format!("{request} got no answer, {}{tries}", error.kind()),
            Ok(response) => {
                let named = || self.shown(self.error_type()?).map(str::to_owned);
                let code = self.code().or_else(named).map(|code| format!(" {code}")).unwrap_or_default();
                let encoding = self.encoding().map(|encoding| format!(" and {encoding}")).unwrap_or_default();
                format!(
                    "{request} was answered with http {}{code}{encoding}{tries}",
                    response.status().as_u16()
                )
            }
        };
        let error = CredentialsError::new(self.provider, format!("{what}; {advice}"));
        let error = error.with_retry_class(self.class);
        match self.outcome {
            Err(cause) => error.because(cause),
            Ok(_) => error,
        }
    }

    /// The error for a successful answer with a body that cannot be used.
    pub(in crate::credentials) fn unusable(
        &self,
        problem: impl fmt::Display,
        advice: &str,
    ) -> CredentialsError {
        let request = &self.request;
        let what = match self.encoding() {
            Some(encoding) => format!("the answer to {request} cannot be used, it has {encoding}; {advice}"),
            None => format!("the answer to {request} cannot be used, {problem}; {advice}"),
        };
        CredentialsError::new(self.provider, what)
    }

    fn encoding(&self) -> Option<String> {
        let response = self.outcome.as_ref().ok()?;
        let encoding = Metadata::new(response.status(), response.headers()).unasked_encoding()?;
        Some(encoding).filter(|encoding| !self.quotes(encoding))
    }

    /// When the server says that it answered.
    #[cfg(feature = "roles-anywhere")]
    pub(in crate::credentials) fn date(&self) -> Option<std::time::SystemTime> {
        crate::call::date(self.outcome.as_ref().ok()?.headers())
    }

    /// The kind of error that a header names, as the SDKs know it.
    pub(in crate::credentials) fn error_type(&self) -> Option<&str> {
        let header = self.outcome.as_ref().ok()?.headers().get("x-amzn-errortype")?;
        let header = to_str(header)?;
        // A namespace may stand before it, and a URL behind it.
        let (named, _) = split_once(header, ':').unwrap_or((header, ""));
        named.split('#').next_back().map(str::trim)
    }

    /// The code in an error document. Each server has a name of its own for it.
    pub(in crate::credentials) fn code(&self) -> Option<String> {
        let mut document = Object::parse(self.body()).ok()?;
        ["code", "Code", "__type", "error"].into_iter().find_map(|name| {
            let code = document.text(name).ok()??;
            self.shown(code.expose()).map(str::to_owned)
        })
    }

    /// `code`, if it looks like one and holds no secret that was sent.
    pub(in crate::credentials) fn shown<'a>(&self, code: &'a str) -> Option<&'a str> {
        self.secrets.checked(code)
    }

    /// An id in an answer (`what` is `access key` or `account`). Errors and logs show ids, so it must not be a secret that was
    /// sent.
    pub(in crate::credentials) fn id(
        &self,
        what: &str,
        id: Secret,
        advice: &str,
    ) -> Result<Secret, CredentialsError> {
        match self.quotes(id.expose()) {
            true => Err(self.unusable(format_args!("its {what} id is the token that was sent"), advice)),
            false => Ok(id),
        }
    }

    /// Whether `text` contains a secret that was sent, or a large part of one.
    pub(in crate::credentials) fn quotes(&self, text: &str) -> bool {
        self.secrets.are_quoted_in(text)
    }
}
