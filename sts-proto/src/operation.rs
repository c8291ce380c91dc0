//! What an operation is, and the two macros that make its input and its output.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::endpoint::Endpoint;
use crate::error::{Error, Metadata, ResponseError, ResponseProblem, ServiceError};
use crate::escape::is_plain;
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::sigv4;
use crate::wire::{Form, FromXml, MAX_BODY, Place, ToForm, XmlError, XmlReader};

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
    /// Status and request ids of the answer.
    fn metadata(&self) -> &Metadata;
    /// Where they are put.
    fn metadata_mut(&mut self) -> &mut Metadata;
    /// Module and name of a structure that `output!` has made: what `std::any::type_name` writes may change.
    #[doc(hidden)]
    const PATH: &'static str = "";
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

/// Makes an operation's input: the structure, `new` with one argument for each required member, a setter for
/// each optional one, and its [`ToForm`].
///
/// Required members come first, optional ones after `..`, each with its name on the wire. A `;` begins a second
/// such run, for a model that lists a required member behind an optional one. Members have no attributes but documentation,
/// which [`ToForm::SHAPE`] has too. What `new` and the setters take is listed at [`IntoMember`](crate::IntoMember).
///
/// ```
/// sts_proto::input! {
///     /// Asks for something.
///     pub struct Ask {
///         /// What for.
///         subject: String = "Subject",
///         ..
///         /// How long to wait, in seconds.
///         patience: u32 = "Patience",
///     }
/// }
/// let ask = Ask::new("tea").patience(5);
/// assert_eq!(ask.subject, "tea");
/// assert_eq!(ask.patience, Some(5));
/// ```
#[macro_export]
macro_rules! input {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[doc = $required_doc:literal])* $required:ident: $required_type:ty = $required_wire:literal,)*
            $(.. $($(#[doc = $optional_doc:literal])* $optional:ident: $optional_type:ty = $optional_wire:literal,)*)?
            $(;
                $($(#[doc = $late_doc:literal])* $late:ident: $late_type:ty = $late_wire:literal,)*
                $(.. $($(#[doc = $last_doc:literal])* $last:ident: $last_type:ty = $last_wire:literal,)*)?
            )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $required_doc])* pub $required: $required_type,)*
            $($($(#[doc = $optional_doc])* pub $optional: ::core::option::Option<$optional_type>,)*)?
            $(
                $($(#[doc = $late_doc])* pub $late: $late_type,)*
                $($($(#[doc = $last_doc])* pub $last: ::core::option::Option<$last_type>,)*)?
            )?
        }

        impl $name {
            /// With the required members; nothing else is set.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            pub fn new(
                $($required: impl $crate::IntoMember<$required_type>,)*
                $($($late: impl $crate::IntoMember<$late_type>,)*)?
            ) -> Self {
                Self {
                    $($required: $required.into_member(),)*
                    $($($optional: ::core::option::Option::None,)*)?
                    $(
                        $($late: $late.into_member(),)*
                        $($($last: ::core::option::Option::None,)*)?
                    )?
                }
            }

            $($(
                $(#[doc = $optional_doc])*
                pub fn $optional<By>(mut self, value: impl $crate::IntoOptional<$optional_type, By>) -> Self {
                    self.$optional = value.into_optional();
                    self
                }
            )*)?

            $($($(
                $(#[doc = $last_doc])*
                pub fn $last<By>(mut self, value: impl $crate::IntoOptional<$last_type, By>) -> Self {
                    self.$last = value.into_optional();
                    self
                }
            )*)?)?
        }

        impl $crate::wire::ToForm for $name {
            const SHAPE: $crate::wire::Shape = $crate::wire::Shape::Structure(&[
                $($crate::wire::Member::required(
                    $required_wire,
                    concat!($($required_doc),*),
                    <$required_type as $crate::wire::ToForm>::SHAPE,
                ),)*
                $($($crate::wire::Member::optional(
                    $optional_wire,
                    concat!($($optional_doc),*),
                    <$optional_type as $crate::wire::ToForm>::SHAPE,
                ),)*)?
                $(
                    $($crate::wire::Member::required(
                        $late_wire,
                        concat!($($late_doc),*),
                        <$late_type as $crate::wire::ToForm>::SHAPE,
                    ),)*
                    $($($crate::wire::Member::optional(
                        $last_wire,
                        concat!($($last_doc),*),
                        <$last_type as $crate::wire::ToForm>::SHAPE,
                    ),)*)?
                )?
            ]);

            #[allow(unused_variables)]
            fn write(&self, form: &mut $crate::wire::Form) {
                $(form.member($required_wire, &self.$required);)*
                $($(form.member($optional_wire, &self.$optional);)*)?
                $(
                    $(form.member($late_wire, &self.$late);)*
                    $($(form.member($last_wire, &self.$last);)*)?
                )?
            }
        }

        $crate::serde_structure! {
            strict $name {
                $($required: $required_type = $required_wire,)*
                $($($optional: ::core::option::Option<$optional_type> = $optional_wire,)*)?
                $(
                    $($late: $late_type = $late_wire,)*
                    $($($last: ::core::option::Option<$last_type> = $last_wire,)*)?
                )?
            } {}
        }

        impl $crate::IntoMember<$name> for $name {
            fn into_member(self) -> $name {
                self
            }
        }

        impl $crate::IntoMember<$name> for &$name {
            fn into_member(self) -> $name {
                self.clone()
            }
        }
    };
}

/// Makes a structure that is read from XML, with its [`FromXml`]. A member of type `Option` may be missing, any
/// other may not; elements that are not named are passed over.
///
/// With `metadata` behind the structure it is an operation's output: it gets a field of that name with the
/// answer's [`Metadata`], and is an [`Output`].
///
/// ```
/// sts_proto::output! {
///     /// Something.
///     pub struct Given {
///         /// What it is called.
///         name: String = "Name",
///         /// How much of it, if that is known.
///         size: Option<i64> = "Size",
///     }
///     metadata
/// }
/// # fn shown(given: Given) -> Option<String> { given.metadata.request_id().map(str::to_owned) }
/// ```
#[macro_export]
macro_rules! output {
    ($($tokens:tt)*) => {
        $crate::output_structure! { $($tokens)* }
        $crate::made_output! { $($tokens)* }
    };
}

/// With the feature `serde`, what reads and writes structures: see `serde/mod.rs`.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serde_structure {
    ($($tokens:tt)*) => {};
}

/// With the feature `testing`, what makes outputs: see `testing/made.rs`.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! made_output {
    ($($tokens:tt)*) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! output_structure {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$member_meta:meta])* $member:ident: $type:ty = $wire:literal,)*
        }
        $($metadata:ident)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$member_meta])* pub $member: $type,)*
            $(
                /// Status and request ids of the answer.
                pub $metadata: $crate::Metadata,
            )?
        }

        impl $crate::wire::FromXml for $name {
            fn read(
                reader: &mut $crate::wire::XmlReader<'_>,
            ) -> ::core::result::Result<Self, $crate::wire::XmlError> {
                $(let mut $member: ::core::option::Option<$type> = ::core::option::Option::None;)*
                $crate::wire::read_members(reader, &mut [$(($wire, &mut $member),)*])?;
                ::core::result::Result::Ok(Self {
                    $($member: match $member {
                        ::core::option::Option::Some(value) => value,
                        ::core::option::Option::None => {
                            <$type as $crate::wire::FromXml>::missing(stringify!($name), $wire)?
                        }
                    },)*
                    $($metadata: ::core::default::Default::default(),)?
                })
            }

            fn to_value(&self) -> $crate::wire::Value {
                $crate::wire::Value::Structure(::std::vec![
                    $(($wire.into(), $crate::wire::FromXml::to_value(&self.$member)),)*
                ])
            }
        }

        $crate::serde_structure! { tolerant $name { $($member: $type = $wire,)* } { $($metadata)? } }

        $(impl $crate::Output for $name {
            const PATH: &'static str = concat!(module_path!(), "::", stringify!($name));

            fn metadata(&self) -> &$crate::Metadata {
                &self.$metadata
            }

            fn metadata_mut(&mut self) -> &mut $crate::Metadata {
                &mut self.$metadata
            }
        })?
    };
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

/// Where an output goes, without its type.
pub(crate) trait Slot: Place {
    /// Where the metadata goes, once the result is read.
    fn metadata(&mut self) -> Option<&mut Metadata>;

    /// Drops what was read.
    #[cfg(feature = "credentials")]
    fn clear(&mut self);
}

impl<O: Output> Slot for Option<O> {
    fn metadata(&mut self) -> Option<&mut Metadata> {
        self.as_mut().map(Output::metadata_mut)
    }

    #[cfg(feature = "credentials")]
    fn clear(&mut self) {
        *self = None;
    }
}

/// Fills the slot, or returns the error that the answer stands for. After an error the slot may hold what was read until then.
pub(crate) fn read_answer<'a>(
    action: &'static str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    output: &'a mut dyn Slot,
) -> Result<&'a mut Metadata, Error> {
    let mut metadata = Metadata::new(status, headers);
    if !status.is_success() {
        return Err(ServiceError::read(action, metadata, body).into());
    }
    let read = match metadata.content_encoding() {
        Some(_) => Err(ResponseProblem::Encoded),
        None => read_result(action, body, output),
    };
    let problem = match read {
        Ok(ReadResult { request_id, found }) => {
            metadata.set_body_request_id(request_id.as_deref());
            match output.metadata().filter(|_| found) {
                Some(place) => {
                    *place = metadata;
                    return Ok(place);
                }
                None => ResponseProblem::NoResult,
            }
        }
        Err(problem) => problem,
    };
    // It may be an error document all the same; and a readable one has the request id.
    let refusal = ServiceError::read(action, metadata, body);
    if refusal.code().is_some() {
        return Err(refusal.into());
    }
    Err(ResponseError { operation: action, problem, metadata: refusal.into_metadata() }.into())
}

/// What was found in a document.
#[derive(Default)]
struct ReadResult<'a> {
    request_id: Option<Cow<'a, str>>,
    /// Whether the document has a result. The slot may hold one of an earlier answer.
    found: bool,
}

fn read_result<'a>(
    action: &str,
    body: &'a [u8],
    output: &mut dyn Slot,
) -> Result<ReadResult<'a>, ResponseProblem> {
    if body.len() > MAX_BODY {
        return Err(ResponseProblem::TooLarge);
    }
    let mut read = || -> Result<_, XmlError> {
        let mut result = ReadResult::default();
        let mut reader = XmlReader::new(body)?;
        // Whatever else stands in it, an error document is no success.
        if matches!(reader.root(), "ErrorResponse" | "Error") {
            return Ok(result);
        }
        while let Some(name) = reader.child()? {
            match name {
                "ResponseMetadata" => result.request_id = crate::error::read_request_id(&mut reader)?,
                name if name.strip_suffix("Result") == Some(action) => {
                    output.read(&mut reader)?;
                    result.found = true;
                }
                _ => reader.skip()?,
            }
        }
        reader.end()?;
        Ok(result)
    };
    read().map_err(ResponseProblem::Document)
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");

/// Room for what a signed request carries.
const HEADERS: usize = 9;
