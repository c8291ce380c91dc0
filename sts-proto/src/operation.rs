//! What an operation is, and its request.

mod answer;
mod macros;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};

use crate::endpoint::Endpoint;
use crate::error::{Error, Metadata};
use crate::escape::is_plain;
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::sigv4;
use crate::wire::{Form, FromXml, ToForm};

pub(crate) use answer::{Slot, read_answer};

/// An action of the AWS Query protocol: its input is the implementing type, its output is [`Operation::Output`].
///
/// The eleven of the service are in [`operations`](crate::operations), those of other servers in
/// [`dialects`](crate::dialects). Any other action is one more implementation, in your crate; see `examples/own_action.rs`.
/// It sets the constants and names the output. It leaves the methods as they are: a call does not use those of an implementation.
pub trait Operation: ToForm {
    /// The value of `Action`: letters, digits, `-`, `.`, `_` and `~`. With others, a program that sends it does not compile.
    const ACTION: &'static str;
    /// The value of `Version`, of the same characters.
    const VERSION: &'static str = "2011-06-15";
    /// Whether the request has to be signed. One that has not is never signed, and needs no credentials.
    const SIGNED: bool = true;
    /// Whether the members travel in the query of the URL, and the body is empty: some servers find an action of their own
    /// there alone. A URL is easily logged on its way, by proxies and by the server, and so are the secrets in it.
    const IN_QUERY: bool = false;
    /// What a success is read into.
    type Output: Output;

    /// The unsigned request: `POST` of the form to the endpoint.
    ///
    /// With [`IN_QUERY`](Self::IN_QUERY) the form is in the URL. One that makes the URL too long (64 KiB) stays in the body,
    /// where the server does not look for it; a [`Call`](crate::Call) ends with an error instead of sending it.
    fn to_request(&self, endpoint: &Endpoint) -> Request<Bytes> {
        request_of(About::of::<Self>(), &|form| self.write(form), endpoint)
    }

    /// The form: `Action`, `Version`, then the members in the order of the service's model.
    fn to_form(&self) -> String {
        form_of(About::of::<Self>(), &|form| self.write(form)).finish()
    }

    /// Reads an answer, whatever its status: an output, or the error that it stands for.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] for a refusal, [`Error::Response`] for a success that cannot be used. What a server quotes of
    /// the request is still in it: see [`Error::redact`].
    fn parse<B: AsRef<[u8]>>(response: &Response<B>) -> Result<Self::Output, Error> {
        let mut output = None;
        let (status, headers, body) = (response.status(), response.headers(), response.body().as_ref());
        read_answer(Self::ACTION, status, headers, body, &mut output)?;
        output.ok_or(Error::OutOfTurn)
    }

    /// The request as a URL that anyone with the URL can send until its lifetime is over, signed in its query (AWS
    /// "Authenticating Requests: Using Query Parameters"). The returned request has no body; its URI is the URL
    /// and its headers are those that the sender must add.
    ///
    /// An operation that is not [`SIGNED`](Self::SIGNED) stays unsigned: its URL holds the members alone, and no
    /// lifetime.
    ///
    /// A URL is easily logged: members that are secrets, and the session token, are readable in it.
    ///
    /// # Errors
    ///
    /// An endpoint without a region, a lifetime out of range, members that make the URL too long.
    fn presign(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
        options: &Presign,
    ) -> Result<Request<Bytes>, Error> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = options.method.clone();
        *request.uri_mut() = endpoint.uri_with_query(&self.to_form()).ok_or(sigv4::SignError::Uri)?;
        *request.headers_mut() = options.headers.clone();
        request.headers_mut().insert(HOST, endpoint.host().clone());
        if Self::SIGNED {
            sigv4::presign(&mut request, credentials, endpoint.operation_scope()?, now, options.lifetime)?;
        }
        Ok(request)
    }

    /// The request, signed and not sent: for a service that sends it itself to learn the caller's identity, or for another
    /// HTTP client. `headers` are signed too, and replace those of the operation, except for `host`, which is the
    /// endpoint's; the headers that [`sigv4`] never signs (`user-agent`, `authorization`, …) are of no use. The services
    /// accept a signature for 15 minutes.
    ///
    /// An operation that is not [`SIGNED`](Self::SIGNED) stays unsigned.
    ///
    /// Anyone with the request can send it: keep it out of logs. `authorization` and the session token are marked as
    /// sensitive, so that `Debug` does not show them.
    ///
    /// # Errors
    ///
    /// An endpoint without a region, keys or headers that cannot be signed.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::http::{HeaderMap, HeaderValue};
    /// use sts_proto::operations::GetCallerIdentity;
    /// use sts_proto::{Credentials, Operation};
    ///
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    /// let mut headers = HeaderMap::new();
    /// let audience = HeaderValue::from_static("my-service");
    /// headers.insert("x-my-audience", audience);
    /// let request = GetCallerIdentity::new().sign(
    ///     &endpoint,
    ///     &keys,
    ///     SystemTime::now(),
    ///     &headers,
    /// )?;
    /// let signature = request.headers()["authorization"].to_str();
    /// assert!(signature.unwrap().contains(";x-my-audience, "));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    fn sign(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
        headers: &HeaderMap,
    ) -> Result<Request<Bytes>, Error> {
        let mut request = self.to_request(endpoint);
        if Self::IN_QUERY {
            check_query(&request)?;
        }
        let signed = request.headers_mut();
        for name in headers.keys() {
            signed.remove(name);
        }
        for (name, value) in headers {
            let added = signed.try_append(name.clone(), value.clone());
            added.map_err(|_| sigv4::SignError::TooManyHeaders)?;
        }
        signed.insert(HOST, endpoint.host().clone());
        if Self::SIGNED {
            sigv4::sign(&mut request, credentials, endpoint.operation_scope()?, now)?;
        }
        Ok(request)
    }

    /// The secrets among the members that are set.
    fn secrets(&self) -> Vec<Secret> {
        Form::secrets_in(&|form| self.write(form))
    }
}

/// What a success is read into: a structure with a place for the answer's [`Metadata`].
pub trait Output: FromXml {
    /// Module and name of the structure, where `output!` has made it. Unlike what `std::any::type_name` gives, it is stable.
    #[doc(hidden)]
    const PATH: &'static str = "";

    /// Status and request ids of the answer.
    fn metadata(&self) -> &Metadata;
    /// Where they are put.
    fn metadata_mut(&mut self) -> &mut Metadata;
}

/// How a request is presigned.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sts_proto::operations::GetCallerIdentity;
/// use sts_proto::{Credentials, Operation, Presign};
/// use sts_proto::endpoint::{Endpoint, EndpointParams};
///
/// // What an EKS cluster takes as a proof, before it is put into base64.
/// let region = Some("eu-west-1");
/// let params = EndpointParams { region, ..Default::default() };
/// let endpoint = Endpoint::resolve(&params)?;
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let now = SystemTime::now();
/// let cluster = "my-cluster".parse().unwrap();
/// let options = Presign::new(Duration::from_secs(60))
///     .header("x-k8s-aws-id".parse().unwrap(), cluster);
/// let operation = GetCallerIdentity::new();
/// let request = operation.presign(&endpoint, &keys, now, &options)?;
/// let query = request.uri().query().unwrap();
/// assert!(query.starts_with("Action=GetCallerIdentity&"));
/// # Ok::<(), sts_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Presign {
    lifetime: Duration,
    method: Method,
    headers: HeaderMap,
}

impl Presign {
    /// A `GET` that is good for this long: 1 second to 7 days, whole seconds.
    pub fn new(lifetime: Duration) -> Self {
        Self { lifetime, method: Method::GET, headers: HeaderMap::new() }
    }

    /// Another method than `GET`. All members are in the query all the same.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// A header that is signed, so that the sender has to send it. `host` is the endpoint's, whatever is given here;
    /// the headers that [`sigv4`] never signs (`user-agent`, `authorization`, …) are of no use.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

// Code that takes these in place of the type of an operation is compiled once, and not for each operation.

/// The constants of an operation.
pub(crate) struct About {
    pub(crate) action: &'static str,
    version: &'static str,
    pub(crate) is_signed: bool,
    pub(crate) is_in_query: bool,
}

impl About {
    pub(crate) fn of<O: Operation + ?Sized>() -> &'static Self {
        const {
            // Not escaped each time.
            assert!(
                is_plain(O::ACTION) && is_plain(O::VERSION),
                "a character in ACTION or VERSION would be escaped"
            );
            &Self { action: O::ACTION, version: O::VERSION, is_signed: O::SIGNED, is_in_query: O::IN_QUERY }
        }
    }
}

fn form_of(about: &About, write: &dyn Fn(&mut Form)) -> Form {
    let mut form = Form::of_action(about.action, about.version);
    write(&mut form);
    form
}

/// The unsigned request of an operation that `write` writes the members of.
pub(crate) fn request_of(about: &About, write: &dyn Fn(&mut Form), endpoint: &Endpoint) -> Request<Bytes> {
    let mut request = post(form_of(about, write), endpoint);
    if about.is_in_query {
        move_to_query(&mut request, endpoint);
    }
    request
}

/// Moves the form from the body into the URL, unless that makes it longer than a URL may be.
fn move_to_query(request: &mut Request<Bytes>, endpoint: &Endpoint) {
    let form = std::str::from_utf8(request.body()).ok();
    if let Some(uri) = form.and_then(|form| endpoint.uri_with_query(form)) {
        *request.uri_mut() = uri;
        *request.body_mut() = Bytes::new();
        request.headers_mut().remove(CONTENT_TYPE);
        // A `POST` says so that it has no body (RFC 9110 §8.6); not all transports do by themselves.
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

/// Refuses a request whose form should be in the URL and is not.
pub(crate) fn check_query(request: &Request<Bytes>) -> Result<(), Error> {
    if request.body().is_empty() { Ok(()) } else { Err(sigv4::SignError::Uri.into()) }
}

fn post(form: Form, endpoint: &Endpoint) -> Request<Bytes> {
    let mut request = Request::new(form.into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint.uri().clone();
    let headers = request.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(CONTENT_TYPE, FORM);
    headers.insert(HOST, endpoint.host().clone());
    request
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");

/// Room for what a signed request carries.
const HEADERS: usize = 9;
