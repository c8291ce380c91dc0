//! One span a call, one event an attempt; field names as OpenTelemetry has them for RPC. Nothing of a request is in them
//! but where it goes.

use http::Uri;
use sts_proto::{Attempt, Call, Error, Metadata, Operation, Output, Step};
use tracing::field::Empty;
use tracing::{Span, debug, info_span, warn};

/// The span of a call to this place, where that is known yet.
pub(crate) fn span(action: &'static str, uri: Option<&Uri>) -> Span {
    let http = uri.is_some_and(|uri| uri.scheme_str() == Some("http"));
    let port = uri.and_then(Uri::port_u16).unwrap_or(if http { 80 } else { 443 });
    info_span!(
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
    )
}

/// Tells of each attempt that ends, and completes the span when the call does.
pub(crate) fn observer<O: Operation>(
    span: Span,
) -> impl FnMut(&Call<O>, &Result<Step<O::Output>, Error>) + Send {
    let mut told = 0;
    move |call, step| {
        if let Some(attempt) = call.last_attempt().filter(|attempt| attempt.number > told) {
            told = attempt.number;
            tell(attempt);
        }
        match step {
            Ok(Step::Perform(_)) => return,
            Ok(Step::Done(output)) => answered(&span, Some(output.metadata())),
            Err(error) => {
                answered(&span, error.metadata());
                span.record("error.type", error.error_type());
            }
        }
        span.record("sts.attempts", call.attempts());
    }
}

fn answered(span: &Span, metadata: Option<&Metadata>) {
    let Some(metadata) = metadata else { return };
    span.record("http.response.status_code", metadata.status().as_u16());
    if let Some(id) = metadata.request_id() {
        span.record("aws.request_id", id);
    }
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

#[cfg(test)]
mod tests;
