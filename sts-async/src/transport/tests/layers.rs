//! Layers of tower itself, and what a layer says in the transport's own words.

use std::io;

use ::tower::buffer::Buffer;
use ::tower::timeout::TimeoutLayer;
use ::tower::{ServiceBuilder, service_fn};
use tower_service::Service;

use super::*;

/// A service that fails with this.
fn failing(error: fn() -> BoxError) -> impl Stack {
    service_fn(move |_: http::Request<Full<Bytes>>| async move {
        Err::<http::Response<Full<Bytes>>, BoxError>(error())
    })
}

/// What layers are put upon.
trait Stack:
    Service<
        http::Request<Full<Bytes>>,
        Response = http::Response<Full<Bytes>>,
        Error = BoxError,
        Future: Send,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Stack for S where
    S: Service<
            http::Request<Full<Bytes>>,
            Response = http::Response<Full<Bytes>>,
            Error = BoxError,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

async fn through(stack: impl Stack) -> TransportError {
    TowerTransport::new(stack).send(request("https://sts.test/"), QUICK).await.unwrap_err()
}

#[tokio::test]
async fn the_errors_of_towers_own_layers_are_known() {
    use TransportErrorKind::{Closed, Other, Overloaded, Timeout};
    let builder = ServiceBuilder::new;
    let slow = || {
        service_fn(|_: http::Request<Full<Bytes>>| async {
            std::future::pending::<Result<http::Response<Full<Bytes>>, BoxError>>().await
        })
    };
    let timeout = || builder().timeout(Duration::from_millis(10));
    assert_eq!(through(timeout().service(slow())).await.kind(), Timeout(Phase::Response));
    let buffered = builder().buffer(4).layer(TimeoutLayer::new(Duration::from_millis(10)));
    assert_eq!(through(buffered.service(slow())).await.kind(), Timeout(Phase::Response));

    // One request has the only place.
    let shedding = builder().load_shed().concurrency_limit(1).service(slow());
    let holding = TowerTransport::new(shedding.clone());
    let holding = tokio::spawn(async move { holding.send(request("https://sts.test/"), QUICK).await });
    tokio::task::yield_now().await;
    let error = through(shedding).await;
    assert_eq!((error.kind(), error.retry_class()), (Overloaded, sts_proto::RetryClass::Transient));
    holding.abort();

    // What a buffer's service failed with, and a buffer whose worker is gone.
    let reset = || io::Error::new(io::ErrorKind::ConnectionReset, "x").into();
    assert_eq!(through(builder().buffer(4).service(failing(reset))).await.kind(), Closed);
    let (orphaned, worker) = Buffer::pair(failing(reset), 4);
    drop(worker);
    assert_eq!(through(orphaned).await.kind(), Other);
}

#[tokio::test]
async fn a_layer_says_itself_what_has_happened() {
    use TransportErrorKind::{Overloaded, Refused};
    let own = || TransportError::new(Overloaded, "the circuit breaker is open").into();
    let error = through(failing(own)).await;
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!((error.kind(), source.as_deref()), (Overloaded, Some("the circuit breaker is open")));
    // Also below another layer, whose own words say less.
    let own = || TransportError::new(Refused, "this is a test").into();
    let layered = ServiceBuilder::new().buffer(4).service(failing(own));
    assert_eq!(through(layered).await.kind(), Refused);
}
