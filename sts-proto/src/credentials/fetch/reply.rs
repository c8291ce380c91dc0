use std::fmt;

use http::Response;

use super::secrets::Secrets;
use crate::error::{CredentialsError, Phase, TransportError, TransportErrorKind};
use crate::retry::RetryClass;
use crate::secret::{Given, Secret};
use crate::wire::json::Object;

/// What a request came to.
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
    /// The status, if there was an answer.
    pub(in crate::credentials) fn status(&self) -> Option<u16> {
        self.outcome.as_ref().ok().map(|response| response.status().as_u16())
    }

    /// The body of an answer; empty where there is none.
    pub(in crate::credentials) fn body(&self) -> &[u8] {
        self.outcome.as_ref().map_or(&[], |response| response.body())
    }

    /// Whether the one try that was made reached nobody.
    pub(in crate::credentials) fn is_unreachable(&self) -> bool {
        self.unreachable
    }

    /// Whether there was a server that did not answer in time.
    pub(in crate::credentials) fn hangs(&self) -> bool {
        let kind = self.outcome.as_ref().err().map(TransportError::kind);
        matches!(kind, Some(TransportErrorKind::Timeout(Phase::Response | Phase::Body)))
    }

    /// The error for an answer that is a refusal, or for none. `advice` says what to do.
    pub(in crate::credentials) fn refused(self, advice: &str) -> CredentialsError {
        let tries = if self.tries > 1 { format!(" ({} tries)", self.tries) } else { String::new() };
        let request = &self.request;
        let what = match &self.outcome {
            Err(error) => format!("{request} got no answer, {}{tries}", error.kind()),
            Ok(response) => {
                let code = self.code().map(|code| format!(" {code}")).unwrap_or_default();
                format!("{request} was answered with http {}{code}{tries}", response.status().as_u16())
            }
        };
        let error = CredentialsError::new(self.provider, format!("{what}; {advice}"));
        let error = error.with_retry_class(self.class);
        match self.outcome {
            Err(cause) => error.because(cause),
            Ok(_) => error,
        }
    }

    /// The error for an answer that ought to be of use and is not.
    pub(in crate::credentials) fn unusable(
        &self,
        problem: impl fmt::Display,
        advice: &str,
    ) -> CredentialsError {
        let request = &self.request;
        CredentialsError::new(
            self.provider,
            format!("the answer to {request} cannot be used, {problem}; {advice}"),
        )
    }

    /// The code in an error document, as the servers write them.
    fn code(&self) -> Option<String> {
        let mut document = Object::parse(self.body()).ok()?;
        ["code", "Code", "__type"].into_iter().find_map(|name| {
            let code = document.text(name).ok()??;
            self.shown(code.expose()).map(str::to_owned)
        })
    }

    /// `code`, if it looks like one and holds no secret that was sent.
    pub(in crate::credentials) fn shown<'a>(&self, code: &'a str) -> Option<&'a str> {
        self.secrets.checked(code)
    }

    /// An id of an answer (`what` of: access key, account), which is shown, unless it is a secret that was sent.
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

    /// Whether a secret that was sent is in `text`, or much of one.
    pub(in crate::credentials) fn quotes(&self, text: &str) -> bool {
        self.secrets.are_quoted_in(text)
    }
}
