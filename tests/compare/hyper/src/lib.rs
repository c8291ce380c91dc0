//! A POST of the bytes of a call, prepared once, with bare hyper.

use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A bare hyper client, with TLS for the programs that need it.
pub type Hyper = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client with Mozilla's roots.
pub fn client() -> Hyper {
    let https = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(https)
}

/// Sends `form` with the headers of a signed request and reads the whole response.
pub async fn post(
    client: &Hyper,
    uri: &Uri,
    form: &'static [u8],
) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let mut request = Request::post(uri.clone()).body(Bytes::from_static(form))?;
    for (name, value) in HEADERS {
        request.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    send(client, request).await
}

/// Sends a request and reads the whole response.
pub async fn send(
    client: &Hyper,
    request: Request<Bytes>,
) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let response = client.request(request.map(Full::new)).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

/// The endpoint.
pub fn uri() -> Uri {
    std::env::var("AWS_ENDPOINT_URL_STS").expect("AWS_ENDPOINT_URL_STS is set").parse().expect("a url")
}

const HEADERS: &[(&str, &str)] = include!("../../headers.in");
