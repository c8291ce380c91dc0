//! As much of HTTP/1.1 as the examples need.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::uri::Scheme;
use http::{Request, Response};
use sts_blocking::sts_proto::wire::MAX_BODY;
use sts_blocking::{TransportError, TransportErrorKind as Kind};

/// Where to connect to. A real one would look up the name, in a thread; one without TLS, as this, lets no `https` request out in
/// the clear.
pub(crate) fn address(request: &Request<Bytes>) -> Result<SocketAddr, TransportError> {
    if request.uri().scheme() != Some(&Scheme::HTTP) {
        return Err(TransportError::new(Kind::Unsupported, "the example speaks no TLS"));
    }
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    authority.parse().map_err(|error| TransportError::new(Kind::UnknownHost, error))
}

/// The request as HTTP/1.1.
pub(crate) fn written(request: &Request<Bytes>) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut head = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    // A request that has its form in the URL brings a length of 0. It is written below, as any other.
    for (name, value) in request.headers().iter().filter(|(name, _)| **name != CONTENT_LENGTH) {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let length = request.body().len();
    head.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").bytes());
    [&head, &request.body()[..]].concat()
}

/// Status line, headers, and a body of the length that they say. A real one would also read chunked bodies.
pub(crate) fn parse(read: &[u8]) -> Result<Response<Bytes>, TransportError> {
    let end = read.windows(4).position(|window| window == b"\r\n\r\n").ok_or(Kind::Closed)?;
    let (head, body) = (std::str::from_utf8(&read[..end]).map_err(|_| Kind::NotHttp)?, &read[end + 4..]);
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)).ok_or(Kind::NotHttp)?;
    let mut response = Response::builder().status(status);
    let mut length: Option<usize> = None;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Kind::NotHttp)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
        response = response.header(name, value.trim());
    }
    match length {
        Some(length) if length > MAX_BODY => return Err(Kind::TooLarge.into()),
        Some(length) if length != body.len() => return Err(Kind::Closed.into()),
        Some(_) => {}
        None => return Err(Kind::NotHttp.into()),
    }
    response.body(Bytes::copy_from_slice(body)).map_err(|error| TransportError::new(Kind::NotHttp, error))
}

#[test]
fn a_request_that_asks_for_tls_goes_nowhere() {
    let to = |uri| address(&Request::post(uri).body(Bytes::new()).unwrap());
    assert_eq!(to("http://127.0.0.1:80/").unwrap().port(), 80);
    for uri in ["https://127.0.0.1:443/", "/"] {
        assert_eq!(to(uri).unwrap_err().kind(), Kind::Unsupported, "{uri}");
    }
}
