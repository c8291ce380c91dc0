//! What subscribers of `tracing` see of a call: a span, and an event for each attempt. Names follow OpenTelemetry's
//! conventions for RPC and HTTP. No member, no credential and no part of a body goes into any of it.

#[cfg(feature = "tracing")]
pub(crate) use enabled::{Watch, carried, fetched, fetching, kept_in_use};

#[cfg(not(feature = "tracing"))]
pub(crate) use disabled::{Watch, carried, fetched, fetching, kept_in_use};

#[cfg(feature = "tracing")]
mod enabled {
    use std::time::SystemTime;

    use sts_proto::credentials::describe;
    use sts_proto::{Attempt, Call, Context, Credentials, Error, Metadata, Operation, Output};
    use tracing::field::Empty;
    use tracing::span::Span;
    use tracing::subscriber::NoSubscriber;

    use crate::credentials::Fetched;

    /// Watches one call.
    pub(crate) struct Watch {
        span: Span,
        /// How many attempts were told of.
        seen: u32,
    }

    impl Watch {
        pub(crate) fn begin(context: &Context, action: &'static str) -> Self {
            let uri = context.endpoint().ok().map(|endpoint| endpoint.uri());
            let http = uri.is_some_and(|uri| uri.scheme_str() == Some("http"));
            let port = if http { 80 } else { 443 };
            let span = tracing::info_span!(
                "sts.call",
                "otel.name" = format_args!("STS/{action}"),
                "otel.kind" = "client",
                "rpc.system" = "aws-api",
                "rpc.service" = "STS",
                "rpc.method" = action,
                "server.address" = uri.and_then(|uri| uri.host()).unwrap_or(""),
                "server.port" = uri.and_then(|uri| uri.port_u16()).unwrap_or(port),
                "http.response.status_code" = Empty,
                "aws.request_id" = Empty,
                "error.type" = Empty,
                "sts.attempts" = Empty,
            );
            Self { span, seen: 0 }
        }

        /// Tells of the attempt that this step ended, if it ended one.
        pub(crate) fn stepped<O: Operation>(&mut self, call: &Call<O>) {
            let Some(attempt) = call.last_attempt().filter(|attempt| attempt.number != self.seen) else {
                return;
            };
            self.seen = attempt.number;
            self.span.in_scope(|| tell(attempt));
        }

        pub(crate) fn end<T: Output>(self, result: &Result<T, Error>) {
            let (metadata, attempts) = match result {
                Ok(output) => (Some(output.metadata()), output.metadata().attempts()),
                Err(error) => (error.metadata(), error.attempts()),
            };
            let span = &self.span;
            span.record("sts.attempts", attempts);
            if let Some(metadata) = metadata {
                span.record("http.response.status_code", metadata.status().as_u16());
            }
            if let Some(id) = metadata.and_then(Metadata::short_request_id) {
                span.record("aws.request_id", id.as_str());
            }
            if let Err(error) = result {
                span.record("error.type", error.error_type());
            }
        }
    }

    /// Work for a thread of its own, which tells whom this thread tells; and where somebody here waits for it, in his span.
    pub(crate) fn carried(background: bool, work: impl FnOnce()) -> impl FnOnce() {
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let span = if background { Span::none() } else { Span::current() };
        move || {
            // To set none, too, would be to say that there is one, and end what goes to `log` instead.
            match dispatch.is::<NoSubscriber>() {
                true => span.in_scope(work),
                false => tracing::dispatcher::with_default(&dispatch, || span.in_scope(work)),
            }
        }
    }

    /// Credentials are fetched: in the background while older ones hold, else while calls wait.
    pub(crate) fn fetching(background: bool) {
        tracing::debug!(background, "fetching credentials");
    }

    /// What came of it.
    pub(crate) fn fetched(background: bool, fetched: &Fetched, now: SystemTime) {
        match fetched {
            Ok(keys) => {
                tracing::debug!(background, credentials = describe(keys, now), "fetched credentials");
            }
            Err(error) => tracing::warn!(
                background,
                "retry.class" = error.retry_class().as_str(),
                error = %error,
                "fetching credentials failed"
            ),
        }
    }

    /// There are none that have not expired.
    pub(crate) fn kept_in_use(credentials: &Credentials, now: SystemTime) {
        tracing::warn!(
            credentials = describe(credentials, now),
            "credentials that have expired are kept in use, since their source has none that have not"
        );
    }

    fn tell(attempt: &Attempt) {
        let status = attempt.status;
        let number = attempt.number;
        let Some(class) = attempt.class else {
            tracing::debug!(attempt = number, "http.response.status_code" = status, "attempt succeeded");
            return;
        };
        let (class, error) = (class.as_str(), attempt.error_type.as_deref());
        let Some(wait) = attempt.wait else {
            tracing::warn!(
                attempt = number,
                "http.response.status_code" = status,
                "error.type" = error,
                "retry.class" = class,
                "attempt failed, and no other follows"
            );
            return;
        };
        tracing::warn!(
            attempt = number,
            "http.response.status_code" = status,
            "error.type" = error,
            "retry.class" = class,
            "retry.wait_ms" = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "attempt failed, another follows after a wait"
        );
    }
}

#[cfg(not(feature = "tracing"))]
mod disabled {
    use std::time::SystemTime;

    use sts_proto::{Call, Context, Credentials, Error, Operation};

    use crate::credentials::Fetched;

    /// Nobody watches.
    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn begin(_: &Context, _: &'static str) -> Self {
            Self
        }

        pub(crate) fn stepped<O: Operation>(&mut self, _: &Call<O>) {}

        pub(crate) fn end<T>(self, _: &Result<T, Error>) {}
    }

    pub(crate) fn carried(_: bool, work: impl FnOnce()) -> impl FnOnce() {
        work
    }

    pub(crate) fn fetching(_: bool) {}

    pub(crate) fn fetched(_: bool, _: &Fetched, _: SystemTime) {}

    pub(crate) fn kept_in_use(_: &Credentials, _: SystemTime) {}
}
