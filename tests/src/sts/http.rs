//! Connections: reads requests and writes responses.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::actions::{Answer, Call};
use super::answer::{Fault, http_date, in_json, success};
use super::anywhere;
use super::canonical::Received;
use super::cors;
use super::dialects::Way;
use super::form::Form;
use super::model::Operation;
use super::verify::{Claim, Rules};
use super::{Arrival, Shared, locked};

/// The maximum length of a body.
const BODY_LIMIT: usize = 1 << 20;
const VERSION: &str = "2011-06-15";

/// Accepts connections until the sender of `stop` is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<u64>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                tokio::spawn(connection(stream, shared.clone(), stop.clone()));
            },
            changed = stop.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut close: watch::Receiver<u64>) {
    close.mark_unchanged();
    let number = shared.connections_opened.fetch_add(1, Ordering::SeqCst) + 1;
    shared.connections.fetch_add(1, Ordering::SeqCst);
    let _live = Live(shared.clone());
    let _ = stream.set_nodelay(true);
    let link = Link { number, tls: shared.options.tls.is_some(), holder: None };
    let serving = async {
        match &shared.options.tls {
            None => serve_on(stream, &shared, link).await,
            Some(tls) => {
                if let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await {
                    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                    let holder = shown.and_then(|certificate| common_name(certificate));
                    serve_on(stream, &shared, Link { holder, ..link }).await;
                }
            }
        }
    };
    tokio::select! {
        () = serving => {},
        _ = close.changed() => {},
    }
}

async fn serve_on(stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared, link: Link) {
    let service = service_fn(|request: Request<Incoming>| {
        let link = &link;
        async move { Ok::<_, Infallible>(answer(shared, link, request).await) }
    });
    // Errors of a connection are for the client to notice.
    let _ =
        http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service).await;
}

/// What is known of a connection.
struct Link {
    /// Counted from 1.
    number: usize,
    tls: bool,
    /// The common name of the certificate that the client has shown.
    holder: Option<String>,
}

/// The subject's, which is the last in a certificate: its type (2.5.4.3), and a text of less than 128 bytes.
fn common_name(certificate: &[u8]) -> Option<String> {
    const TYPE: &[u8] = &[6, 3, 0x55, 4, 3];
    let start = certificate.windows(TYPE.len()).rposition(|bytes| bytes == TYPE)? + TYPE.len();
    let (length, text) = certificate.get(start + 1..)?.split_first()?;
    String::from_utf8(text.get(..usize::from(*length))?.to_owned()).ok()
}

/// Counts a connection for as long as it is open.
struct Live(Arc<Shared>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(shared: &Shared, link: &Link, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if let Some(preflight) = cors::preflight(&request) {
        shared.preflights.fetch_add(1, Ordering::SeqCst);
        return preflight;
    }
    let headers = request.headers().clone();
    let mut response = respond(shared, link, request).await;
    cors::allow(&headers, response.headers_mut(), &shared.options.exposed_headers);
    response
}

async fn respond(shared: &Shared, link: &Link, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let connection = link.number;
    let (parts, body) = request.into_parts();
    let (body, problem) = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => (body.to_bytes(), None),
        Err(error) if error.is::<LengthLimitError>() => {
            (Bytes::new(), Some(Fault::new(413, "RequestEntityTooLarge", "Request body is too large.")))
        }
        Err(_) => (Bytes::new(), Some(Fault::new(400, "MalformedInput", "Request body is incomplete."))),
    };
    let request = Request::from_parts(parts, body);
    let hook = locked(&shared.hook).clone();
    if let Some(canned) = hook.and_then(|hook| hook(&request)) {
        let request_id =
            canned.headers().get("x-amzn-requestid").and_then(|id| id.to_str().ok()).unwrap_or_default();
        let arrival =
            Arrival { canned: true, ..Arrival::new(connection, &request, request_id, canned.status()) };
        locked(&shared.arrivals).push(arrival);
        return canned.map(Full::new);
    }
    let request_id = locked(&shared.store).dice.uuid();
    let now = shared.now();
    let anywhere = request.uri().path() == anywhere::PATH;
    let verdict = match problem {
        Some(problem) => Err(problem),
        None if anywhere => anywhere::create_session(shared, &request, now),
        None => admit(shared, &request).and_then(|(operation, form)| {
            let answer = perform(shared, link, &request, operation, &form, now)?;
            Ok(success(operation.name, &request_id, answer))
        }),
    };
    let (status, code, document) = match verdict {
        Ok(document) => (if anywhere { StatusCode::CREATED } else { StatusCode::OK }, None, document),
        Err(fault) => {
            let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let document = if anywhere { anywhere::document(&fault) } else { fault.document(&request_id) };
            (status, Some(fault.code), document)
        }
    };
    let arrival =
        Arrival { code: code.map(str::to_owned), ..Arrival::new(connection, &request, &request_id, status) };
    locked(&shared.arrivals).push(arrival);
    let is_json = request.headers().get("accept").is_some_and(|accepted| accepted == "application/json");
    let (media, document) = match anywhere {
        true => ("application/json", document),
        false if is_json => ("application/json", in_json(&document)),
        false => ("text/xml", document),
    };
    let mut response = Response::new(Full::new(Bytes::from(document)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let date = shared.options.dated.then(|| ("date", http_date(now)));
    for (name, value) in [("x-amzn-requestid", request_id)].into_iter().chain(date) {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers.insert("content-type", HeaderValue::from_static(media));
    if let Some(code) = code.filter(|_| anywhere) {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        headers.insert("connection", HeaderValue::from_static("close"));
    }
    response
}

/// The requested operation and its members. The caller is not authenticated yet.
fn admit(shared: &Shared, request: &Request<Bytes>) -> Result<(&'static Operation, Form), Fault> {
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return Err(Fault::new(405, "MethodNotAllowed", "The method is not allowed here."));
    }
    let form = form(request)?;
    let action = form.get("Action").filter(|action| !action.is_empty());
    let action = action.ok_or_else(|| Fault::new(400, "MissingAction", "Missing Action"))?;
    let version = form.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    let own = shared.options.dialect.and_then(|dialect| dialect.find(action));
    match own.or_else(|| Operation::find(action)).filter(|_| version == VERSION) {
        Some(operation) => Ok((operation, form)),
        None => {
            let message = format!("Could not find operation {action} for version {version}");
            Err(Fault::new(400, "InvalidAction", message))
        }
    }
}

/// The members in the query and, if its content type says that it is a form, in the body.
pub(crate) fn form(request: &Request<Bytes>) -> Result<Form, Fault> {
    let content_type =
        request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    Form::read(request.uri().query().unwrap_or_default(), if is_form { request.body() } else { b"" })
}

fn perform(
    shared: &Shared,
    link: &Link,
    request: &Request<Bytes>,
    operation: &Operation,
    form: &Form,
    now: OffsetDateTime,
) -> Answer {
    let options = &shared.options;
    let mut store = locked(&shared.store);
    let check = || operation.check(form, options.min_duration_seconds);
    if !operation.signed {
        check()?;
        let mut call = Call { options, store: &mut store, form, now };
        let dialect = options.dialect.filter(|dialect| dialect.find(operation.name).is_some());
        let Some(dialect) = dialect else { return call.perform_unsigned(operation.name) };
        let in_query = request.uri().query().is_some_and(|query| query.contains("Action="));
        let way = Way { in_query, tls: link.tls, holder: link.holder.as_deref() };
        return dialect.perform(&mut call, operation.name, way);
    }
    let received = Received {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: request.body(),
    };
    let claim = Claim::read(&received)?.ok_or_else(|| {
        Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    })?;
    let (secret, caller) = store.find_key(&claim.access_key_id, claim.token.as_deref(), now)?;
    claim.verify(&received, secret, &Rules { service: "sts", region: options.region.as_deref(), now })?;
    let caller = caller.clone();
    if options.disabled_regions.iter().any(|region| Some(region.as_str()) == claim.region()) {
        let message = format!(
            "STS is not activated in this region for account:{}. Your account administrator can activate STS in this \
             region using the IAM Console.",
            caller.principal.account()
        );
        return Err(Fault::new(403, "RegionDisabledException", message));
    }
    check()?;
    Call { options, store: &mut store, form, now }.perform(operation.name, &caller)
}
