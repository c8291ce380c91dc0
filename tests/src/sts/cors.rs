//! Cross-origin requests of web pages, as the Fetch standard has them: a browser asks before it sends what a form could not,
//! and lets the page read what the service allows.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

/// The answer to a request that asks for leave to send another one. It is refused where a header is to be sent that AWS's
/// own client for browsers does not send.
pub(crate) fn preflight<B, T: Default>(request: &Request<B>) -> Option<Response<T>> {
    let asked = |name| request.headers().get(name)?.to_str().ok();
    if request.method() != Method::OPTIONS {
        return None;
    }
    let (_, method) = (asked(ORIGIN)?, asked(ACCESS_CONTROL_REQUEST_METHOD)?);
    let mut names = asked(ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().split(',').map(str::trim);
    let mut response = Response::new(T::default());
    if !["GET", "POST"].contains(&method) || names.any(|name| !name.is_empty() && !ALLOWED.contains(&name)) {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Some(response);
    }
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.extend(HeaderValue::try_from(ALLOWED.join(", ")).map(|all| (ACCESS_CONTROL_ALLOW_HEADERS, all)));
    Some(response)
}

/// Lets the page that has sent a request read the answer, and these headers of it besides those that every page may read.
pub(crate) fn allow(request: &HeaderMap, answer: &mut HeaderMap, exposed: &str) {
    if !request.contains_key(ORIGIN) {
        return;
    }
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Some(exposed) = HeaderValue::try_from(exposed).ok().filter(|exposed| !exposed.is_empty()) {
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

const ALLOWED: [&str; 8] = [
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "content-type",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(headers: &'static str) -> StatusCode {
        let request = Request::options("/").header(ORIGIN, "http://page.test");
        let request = request.header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
        let request = request.header(ACCESS_CONTROL_REQUEST_HEADERS, headers).body(()).unwrap();
        let answer: Response<()> = preflight(&request).unwrap();
        assert_eq!(answer.status().is_success(), answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        answer.status()
    }

    #[test]
    fn a_page_may_send_what_aws_clients_for_pages_send() {
        assert_eq!(asks("amz-sdk-request,authorization, x-amz-date"), StatusCode::OK);
        assert_eq!(asks("authorization,user-agent"), StatusCode::FORBIDDEN);
    }

    #[test]
    fn only_a_page_is_told_what_it_may_read() {
        let page = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("http://page.test"))]);
        for (request, exposed, count) in [(&page, "date", 2), (&page, "", 1), (&HeaderMap::new(), "date", 0)]
        {
            let mut answer = HeaderMap::new();
            allow(request, &mut answer, exposed);
            assert_eq!(answer.len(), count);
        }
    }
}
