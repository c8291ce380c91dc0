//! Reads requests to sign, in the format of HTTP/1.1.

use http::header::{HOST, HeaderName, HeaderValue};
use http::{Method, Request, Uri};

/// Reads `METHOD target`, header lines, a blank line and the body. The target may be an absolute URI. `None`
/// if an `http::Request` cannot hold the request.
pub fn parse(text: &[u8]) -> Option<Request<Vec<u8>>> {
    let end = text.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((text, &b""[..]), |end| (&text[..end], &text[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let mut first = lines.next()?.split(|byte| *byte == b' ');
    let mut request = Request::new(body.to_vec());
    *request.method_mut() = Method::from_bytes(first.next()?).ok()?;
    *request.uri_mut() = Uri::try_from(first.next()?).ok()?;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?);
    }
    Some(request)
}

/// Adds the `host` header that a client sends (RFC 9110 §7.2), if there is none. `false` if no client could
/// connect: `http::Uri` accepts any text as a port, and brackets anywhere.
pub fn add_host<B>(request: &mut Request<B>) -> bool {
    if request.headers().contains_key(HOST) {
        return true;
    }
    let uri = request.uri();
    let (Some(authority), Some(host)) = (uri.authority(), uri.host().filter(|host| !host.is_empty())) else {
        return false;
    };
    let default = match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    let after = authority.as_str().rsplit('@').next().and_then(|rest| rest.strip_prefix(host));
    let sent = match uri.port() {
        Some(port) if after != Some(&format!(":{}", port.as_str())) => return false,
        Some(port) if Some(port.as_u16()) != default => format!("{host}:{port}"),
        None if !matches!(after, Some("" | ":")) => return false,
        _ => host.to_owned(),
    };
    let Ok(sent) = HeaderValue::try_from(sent) else { return false };
    request.headers_mut().insert(HOST, sent);
    true
}
