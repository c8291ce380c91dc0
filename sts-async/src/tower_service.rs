use bytes::Bytes;
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::builder::Builder;
use crate::transport::{BoxError, TowerTransport};

impl Builder {
    /// A tower service that sends the requests; see [`TowerTransport`].
    pub fn tower_service<S, B>(self, service: S) -> Self
    where
        S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        self.transport(TowerTransport::new(service))
    }
}
