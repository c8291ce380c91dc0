use std::io;

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::flow::Timeouts;
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Phase, TransportError, TransportErrorKind as Kind};
use ureq::Agent;
use ureq::config::AutoHeaderValue;

use crate::quiet::Quiet;
use crate::tls;

/// Sends requests. Implement it to bring an HTTP stack of your own, or to record what is sent.
///
/// ```
/// use bytes::Bytes;
/// use sts_blocking::{Client, Credentials, Timeouts, Transport, TransportError};
///
/// struct Canned;
///
/// impl Transport for Canned {
///     fn send(&self, _: http::Request<Bytes>, _: Timeouts) -> Result<http::Response<Bytes>, TransportError> {
///         Ok(http::Response::new(Bytes::from_static(
///             b"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId><Account>0123</Account>\
///               <Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>",
///         )))
///     }
/// }
///
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let sts = Client::builder().region("eu-west-1").credentials(keys).transport(Canned).build()?;
/// assert_eq!(sts.get_caller_identity()?.account, "0123");
/// # Ok::<(), sts_blocking::Error>(())
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// It must not follow redirects (they would carry the session token elsewhere), must keep within
    /// `timeouts.connect` and `timeouts.attempt`, and must not read more than
    /// [`MAX_BODY`](sts_proto::wire::MAX_BODY) bytes.
    fn send(&self, request: Request<Bytes>, timeouts: Timeouts) -> Result<Response<Bytes>, TransportError>;
}

/// The default transport: ureq, with connections kept alive.
#[derive(Clone, Debug)]
pub struct UreqTransport {
    agent: Agent,
    timeouts: Timeouts,
    ca_bundle: bool,
}

impl UreqTransport {
    /// With these time-outs, unless a request asks for shorter ones, and trusting the certificates in
    /// `ca_bundle` (PEM) if there is one.
    pub fn new(timeouts: Timeouts, ca_bundle: Option<&[u8]>) -> Result<Self, Error> {
        let config = tls::configure(Agent::config_builder(), ca_bundle)?
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(AutoHeaderValue::None)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_global(Some(timeouts.attempt))
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .build();
        Ok(Self { agent: config.new_agent(), timeouts, ca_bundle: ca_bundle.is_some() })
    }

    fn exchange(
        &self,
        request: Request<&[u8]>,
        timeouts: Timeouts,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let usual = timeouts.connect == self.timeouts.connect && timeouts.attempt == self.timeouts.attempt;
        if usual {
            return self.agent.run(request);
        }
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(timeouts.attempt))
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .build();
        self.agent.run(request)
    }
}

impl Transport for UreqTransport {
    fn send(&self, request: Request<Bytes>, timeouts: Timeouts) -> Result<Response<Bytes>, TransportError> {
        if request.uri().scheme() == Some(&http::uri::Scheme::HTTPS) {
            tls::available(self.ca_bundle)?;
        }
        let _quiet = Quiet::begin();
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, &body[..]);
        let response = self.exchange(request, timeouts).map_err(|error| failure(error, Phase::Response))?;
        let (parts, mut body) = response.into_parts();
        // One byte more than is taken, so that a body of exactly the bound is told from a longer one.
        let limit = MAX_BODY as u64 + 1;
        let body =
            body.with_config().limit(limit).read_to_vec().map_err(|error| failure(error, Phase::Body))?;
        if body.len() > MAX_BODY {
            return Err(Kind::TooLarge.into());
        }
        Ok(Response::from_parts(parts, Bytes::from(body)))
    }
}

fn failure(error: ureq::Error, phase: Phase) -> TransportError {
    let kind = match &error {
        ureq::Error::HostNotFound => Kind::UnknownHost,
        ureq::Error::ConnectionFailed => Kind::Connect,
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            Kind::Timeout(Phase::Connect)
        }
        ureq::Error::Timeout(_) => Kind::Timeout(phase),
        ureq::Error::BodyExceedsLimit(_) => Kind::TooLarge,
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            Kind::NotHttp
        }
        ureq::Error::TlsRequired => Kind::Unsupported,
        ureq::Error::Io(error) if is_lookup(error) => Kind::UnknownHost,
        ureq::Error::Io(error) => io_kind(error, phase),
        error if tls::is_tls(error) => Kind::Tls,
        _ => Kind::Other,
    };
    TransportError::new(kind, error)
}

/// The standard library gives a failed look-up no kind of its own, only this text.
fn is_lookup(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().starts_with("failed to lookup address information")
}

fn io_kind(error: &io::Error, phase: Phase) -> Kind {
    use io::ErrorKind as Io;
    if error.get_ref().is_some_and(|source| tls::is_tls(source)) {
        return Kind::Tls;
    }
    match error.kind() {
        Io::ConnectionRefused => Kind::Refused,
        Io::TimedOut | Io::WouldBlock => Kind::Timeout(phase),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
            Kind::Connect
        }
        Io::ConnectionReset
        | Io::ConnectionAborted
        | Io::BrokenPipe
        | Io::UnexpectedEof
        | Io::NotConnected => Kind::Closed,
        _ => Kind::Other,
    }
}
