//! What subscribers of `tracing` see of a call: one span, and one event an attempt; field names as OpenTelemetry has them
//! for RPC. Nothing of a request is in them but where it goes.

#[cfg(feature = "tracing")]
pub(crate) use enabled::{Watch, carried, fetched, fetching, kept_in_use, within};

#[cfg(not(feature = "tracing"))]
pub(crate) use disabled::{Watch, carried, fetched, fetching, kept_in_use, within};

#[cfg(feature = "tracing")]
mod enabled {
    use std::time::SystemTime;

    use http::Uri;
    use sts_proto::credentials::describe;
    use sts_proto::{Attempt, Call, Context, Credentials, Error, Metadata, Operation, Output};
    use tracing::dispatcher::get_default;
    use tracing::field::Empty;
    use tracing::instrument::{Instrument, WithSubscriber};
    use tracing::subscriber::NoSubscriber;
    use tracing::{Span, debug, info_span, warn};

    use crate::credentials::Fetched;

    /// Watches one call.
    pub(crate) struct Watch {
        span: Span,
        /// How many attempts were told of.
        told: u32,
    }

    impl Watch {
        pub(crate) fn begin(context: &Context, action: &'static str) -> Self {
            let uri = context.endpoint().ok().map(|endpoint| endpoint.uri());
            let http = uri.is_some_and(|uri| uri.scheme_str() == Some("http"));
            let port = uri.and_then(Uri::port_u16).unwrap_or(if http { 80 } else { 443 });
            let span = info_span!(
                "sts.call",
                otel.name = format_args!("STS/{action}"),
                otel.kind = "client",
                rpc.system = "aws-api",
                rpc.service = "STS",
                rpc.method = action,
                server.address = uri.and_then(Uri::host),
                server.port = port,
                http.response.status_code = Empty,
                aws.request_id = Empty,
                error.type = Empty,
                sts.attempts = Empty,
            );
            Self { span, told: 0 }
        }

        pub(crate) fn span(&self) -> Span {
            self.span.clone()
        }

        /// Tells of the attempt that this step ended, if it ended one.
        pub(crate) fn stepped<O: Operation>(&mut self, call: &Call<O>) {
            if let Some(attempt) = call.last_attempt().filter(|attempt| attempt.number > self.told) {
                self.told = attempt.number;
                tell(attempt);
            }
        }

        pub(crate) fn end<T: Output>(self, result: &Result<T, Error>) {
            let (metadata, attempts) = match result {
                Ok(output) => (Some(output.metadata()), output.metadata().attempts()),
                Err(error) => (error.metadata(), error.attempts()),
            };
            self.span.record("sts.attempts", attempts);
            if let Some(metadata) = metadata {
                self.span.record("http.response.status_code", metadata.status().as_u16());
            }
            if let Some(id) = metadata.and_then(Metadata::short_request_id) {
                self.span.record("aws.request_id", id.as_str());
            }
            if let Err(error) = result {
                self.span.record("error.type", error.error_type());
            }
        }
    }

    /// Runs a future inside a span.
    pub(crate) fn within<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
        future.instrument(span)
    }

    /// Work for a task of its own, which tells whom this one tells; and where somebody here waits for it, in his span.
    pub(crate) fn carried<F: Future>(background: bool, work: F) -> impl Future<Output = F::Output> {
        let span = if background { Span::none() } else { Span::current() };
        let work = work.instrument(span);
        let dispatch = get_default(Clone::clone);
        async move {
            // To set none, too, would be to say that there is one, and end what goes to `log` instead.
            match dispatch.is::<NoSubscriber>() {
                true => work.await,
                false => work.with_subscriber(dispatch).await,
            }
        }
    }

    /// Credentials are fetched: in the background while older ones hold, else while calls wait.
    pub(crate) fn fetching(background: bool) {
        debug!(background, "fetching credentials");
    }

    /// What came of it.
    pub(crate) fn fetched(background: bool, fetched: &Fetched, now: SystemTime) {
        match fetched {
            Ok(keys) => debug!(background, credentials = describe(keys, now), "fetched credentials"),
            Err(error) => warn!(
                background,
                retry.class = error.retry_class().as_str(),
                error = %error,
                "fetching credentials failed"
            ),
        }
    }

    /// There are none that have not expired.
    pub(crate) fn kept_in_use(credentials: &Credentials, now: SystemTime) {
        warn!(
            credentials = describe(credentials, now),
            "credentials that have expired are kept in use, since their source has none that have not"
        );
    }

    fn tell(attempt: &Attempt) {
        let Some(class) = attempt.class else {
            debug!(attempt = attempt.number, http.response.status_code = attempt.status, "attempt succeeded");
            return;
        };
        let wait = attempt.wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let message = if wait.is_some() { "attempt failed, will be retried" } else { "attempt failed" };
        warn!(
            attempt = attempt.number,
            http.response.status_code = attempt.status,
            error.type = attempt.error_type.as_deref(),
            retry.class = class.as_str(),
            retry.wait_ms = wait,
            "{message}"
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

    /// No span.
    pub(crate) struct Nowhere;

    impl Watch {
        pub(crate) fn begin(_: &Context, _: &'static str) -> Self {
            Self
        }

        pub(crate) fn span(&self) -> Nowhere {
            Nowhere
        }

        pub(crate) fn stepped<O: Operation>(&mut self, _: &Call<O>) {}

        pub(crate) fn end<T>(self, _: &Result<T, Error>) {}
    }

    pub(crate) fn within<F: Future>(_: Nowhere, future: F) -> F {
        future
    }

    pub(crate) fn carried<F: Future>(_: bool, work: F) -> F {
        work
    }

    pub(crate) fn fetching(_: bool) {}

    pub(crate) fn fetched(_: bool, _: &Fetched, _: SystemTime) {}

    pub(crate) fn kept_in_use(_: &Credentials, _: SystemTime) {}
}

#[cfg(all(test, feature = "tracing"))]
mod tests;
