//! A hook that is told of each attempt, for metrics and logs of programs that do not use `tracing`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::retry::RetryClass;

/// How an attempt of a call ended, as the hook of `Builder::on_attempt` and of
/// [`Context::on_attempt`](crate::Context::on_attempt) is told. It holds no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptEnd<'a> {
    /// The action that was called.
    pub operation: &'static str,
    /// Host and port of the endpoint, as in its URL.
    pub host: &'a str,
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How long the answer took, as far as the clock went on steadily.
    pub took: Duration,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The request id of the answer: the beginning of it, in one line.
    pub request_id: Option<&'a str>,
    /// Why the attempt failed: see [`Error::error_type`](crate::Error::error_type). `None` for a success.
    pub error_type: Option<&'a str>,
    /// Whether the failure may pass; `None` for a success.
    pub class: Option<RetryClass>,
    /// How long the call waits before the next attempt; `None` if this was the last.
    pub wait: Option<Duration>,
}

/// What is told of each attempt.
#[derive(Clone)]
pub(crate) struct Observer(Arc<Hook>);

type Hook = dyn Fn(&AttemptEnd<'_>) + Send + Sync;

impl Observer {
    pub(crate) fn new(hook: impl Fn(&AttemptEnd<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn tell(&self, end: &AttemptEnd<'_>) {
        (self.0)(end);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
