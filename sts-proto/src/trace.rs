//! What subscribers of `tracing` are told: a span for each call, an event for each attempt and for each fetch of
//! credentials. Field names follow OpenTelemetry's conventions for RPC and HTTP. The target is `sts`. No member, no
//! credential and no part of a body goes into any of it.
//!
//! Without the feature `tracing` all of this is empty.

// Without the feature `credentials` there is no client to tell of.
#![cfg_attr(not(feature = "credentials"), allow(dead_code))]

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use http::Uri;

/// Where events belong: a span, and for work that another thread does, the subscriber of the thread that asked for it.
///
/// A driver that has events of its own beside the core's, such as a transport's, enters the span for them.
#[derive(Clone, Debug, Default)]
pub struct Span(imp::Span);

impl Span {
    /// A call's own span.
    pub(crate) fn of_call(action: &'static str, endpoint: Option<&Uri>) -> Self {
        Self(imp::Span::of_call(action, endpoint))
    }

    /// Where the current thread is, for work that another thread does. Background work belongs to no span, since the
    /// call that began it does not wait for it.
    pub(crate) fn of_job(background: bool) -> Self {
        Self(imp::Span::of_job(background))
    }

    /// Does something within it.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.enter(work)
    }

    /// Polls a future within it.
    pub async fn within<F: Future + Unpin>(&self, mut future: F) -> F::Output {
        poll_fn(|cx| self.enter(|| Pin::new(&mut future).poll(cx))).await
    }

    /// The call of this span has ended.
    pub(crate) fn ended(&self, end: &CallEnd<'_>) {
        self.0.ended(end);
    }
}

/// How a call ended.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct CallEnd<'a> {
    pub(crate) attempts: u32,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) error_type: Option<&'a str>,
}

/// How an attempt ended.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct AttemptEnd<'a> {
    pub(crate) number: u32,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<&'a str>,
    /// Of the failure: the error's type, the retry class, and how long the call waits before the next attempt.
    pub(crate) failure: Option<(&'a str, &'static str, Option<Duration>)>,
}

/// Whether anything is told, so that nothing is prepared in vain.
pub(crate) const ENABLED: bool = cfg!(feature = "tracing");

pub(crate) fn attempt(end: &AttemptEnd<'_>) {
    imp::attempt(end);
}

/// Credentials are fetched: in the background while older ones hold, else while calls wait.
pub(crate) fn fetching(background: bool) {
    imp::fetching(background);
}

/// What came of a fetch: a description of the credentials, or the error and its retry class.
pub(crate) fn fetched(background: bool, result: Result<&dyn Display, (&dyn Display, &'static str)>) {
    imp::fetched(background, result);
}

/// What became of the renewal of a login: `note` begins with `warning:` where something went wrong.
pub(crate) fn renewal(note: &str) {
    imp::renewal(note);
}

/// What became of a session that is shared with the AWS CLI: as for [`renewal`].
pub(crate) fn shared(note: &str) {
    imp::shared(note);
}

/// Credentials that have expired are kept in use.
pub(crate) fn kept_in_use(credentials: &dyn Display) {
    imp::kept_in_use(credentials);
}

/// The sign-in service has refused a session in a body, with this status.
pub(crate) fn body_refused(status: u16) {
    imp::body_refused(status);
}

#[cfg(feature = "tracing")]
mod imp {
    use std::fmt::Display;

    use http::Uri;
    use tracing::dispatcher::{Dispatch, get_default, with_default};
    use tracing::field::Empty;
    use tracing::subscriber::NoSubscriber;
    use tracing::{debug, info_span, warn};

    use super::{AttemptEnd, CallEnd};

    #[derive(Clone, Debug)]
    pub(super) struct Span {
        span: tracing::Span,
        subscriber: Option<Dispatch>,
    }

    impl Default for Span {
        fn default() -> Self {
            Self { span: tracing::Span::none(), subscriber: None }
        }
    }

    impl Span {
        pub(super) fn of_call(action: &'static str, endpoint: Option<&Uri>) -> Self {
            let http = endpoint.is_some_and(|uri| uri.scheme_str() == Some("http"));
            let port = endpoint.map(|uri| uri.port_u16().unwrap_or(if http { 80 } else { 443 }));
            let span = info_span!(
                target: TARGET,
                "sts.call",
                otel.name = format_args!("STS/{action}"),
                otel.kind = "client",
                otel.status_code = Empty,
                rpc.system = "aws-api",
                rpc.service = "STS",
                rpc.method = action,
                server.address = endpoint.and_then(Uri::host),
                server.port = port,
                http.response.status_code = Empty,
                aws.request_id = Empty,
                error.type = Empty,
                sts.attempts = Empty,
            );
            Self { span, subscriber: None }
        }

        pub(super) fn of_job(background: bool) -> Self {
            let subscriber = get_default(Clone::clone);
            // Setting none counts as setting one, and would end what goes to `log` instead.
            let subscriber = Some(subscriber).filter(|subscriber| !subscriber.is::<NoSubscriber>());
            let span = if background { tracing::Span::none() } else { tracing::Span::current() };
            Self { span, subscriber }
        }

        pub(super) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
            match &self.subscriber {
                Some(subscriber) => with_default(subscriber, || self.span.in_scope(work)),
                None => self.span.in_scope(work),
            }
        }

        pub(super) fn ended(&self, end: &CallEnd<'_>) {
            self.span.record("sts.attempts", end.attempts);
            if let Some(status) = end.status {
                self.span.record("http.response.status_code", status);
            }
            if let Some(id) = end.request_id {
                self.span.record("aws.request_id", id);
            }
            if let Some(error_type) = end.error_type {
                self.span.record("error.type", error_type);
                self.span.record("otel.status_code", "ERROR");
            }
        }
    }

    pub(super) fn attempt(end: &AttemptEnd<'_>) {
        let AttemptEnd { number: attempt, status, request_id, failure } = *end;
        let Some((error_type, class, wait)) = failure else {
            debug!(
                target: TARGET,
                attempt,
                http.response.status_code = status,
                aws.request_id = request_id,
                "attempt succeeded"
            );
            return;
        };
        let Some(wait) = wait else {
            warn!(
                target: TARGET,
                attempt,
                http.response.status_code = status,
                aws.request_id = request_id,
                error.type = error_type,
                retry.class = class,
                "attempt failed, and no other follows"
            );
            return;
        };
        warn!(
            target: TARGET,
            attempt,
            http.response.status_code = status,
            aws.request_id = request_id,
            error.type = error_type,
            retry.class = class,
            retry.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "attempt failed, another follows after a wait"
        );
    }

    /// An event of a fetch. One in the background is in no span, although it begins within that of a call.
    macro_rules! of_fetch {
        ($level:ident, $background:ident, $($fields:tt)+) => {
            if $background {
                $level!(target: TARGET, parent: None, $background, $($fields)+)
            } else {
                $level!(target: TARGET, $background, $($fields)+)
            }
        };
    }

    pub(super) fn fetching(background: bool) {
        of_fetch!(debug, background, "fetching credentials");
    }

    pub(super) fn fetched(background: bool, result: Result<&dyn Display, (&dyn Display, &'static str)>) {
        match result {
            Ok(credentials) => {
                of_fetch!(debug, background, credentials = %credentials, "fetched credentials");
            }
            Err((error, class)) => of_fetch!(
                warn,
                background,
                retry.class = class,
                error = %error,
                "fetching credentials failed"
            ),
        }
    }

    pub(super) fn renewal(note: &str) {
        match note.strip_prefix("warning: ") {
            Some(outcome) => warn!(target: TARGET, outcome, "a login could not be renewed or written"),
            None => debug!(target: TARGET, outcome = note, "renewed a login"),
        }
    }

    pub(super) fn shared(note: &str) {
        match note.strip_prefix("warning: ") {
            Some(outcome) => warn!(target: TARGET, outcome, "a session could not be shared with the aws cli"),
            None => debug!(target: TARGET, outcome = note, "shared a session with the aws cli"),
        }
    }

    pub(super) fn kept_in_use(credentials: &dyn Display) {
        warn!(
            target: TARGET,
            credentials = %credentials,
            "credentials that have expired are kept in use, since their source has no newer ones"
        );
    }

    pub(super) fn body_refused(status: u16) {
        debug!(
            target: TARGET,
            method = "POST",
            http.response.status_code = status,
            "the sign-in service refuses the session in a body, so it is sent in a query"
        );
    }

    const TARGET: &str = "sts";
}

#[cfg(not(feature = "tracing"))]
mod imp {
    use std::fmt::Display;

    use http::Uri;

    use super::{AttemptEnd, CallEnd};

    #[derive(Clone, Debug, Default)]
    pub(super) struct Span;

    impl Span {
        pub(super) fn of_call(_: &'static str, _: Option<&Uri>) -> Self {
            Self
        }

        pub(super) fn of_job(_: bool) -> Self {
            Self
        }

        pub(super) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }

        pub(super) fn ended(&self, _: &CallEnd<'_>) {}
    }

    pub(super) fn attempt(_: &AttemptEnd<'_>) {}

    pub(super) fn fetching(_: bool) {}

    pub(super) fn fetched(_: bool, _: Result<&dyn Display, (&dyn Display, &'static str)>) {}

    pub(super) fn renewal(_: &str) {}

    pub(super) fn shared(_: &str) {}

    pub(super) fn kept_in_use(_: &dyn Display) {}

    pub(super) fn body_refused(_: u16) {}
}
