//! The embedded STS: a real HTTP/1.1 server on the loopback interface, as strict as AWS.
//!
//! ```
//! use sts_tests::sts::Server;
//!
//! let sts = Server::start();
//! println!("{} lets {} in", sts.url(), sts.access_key_id());
//! ```
//!
//! It runs on its own thread, so that blocking and async tests can use it, and stops when its [`Server`] is
//! dropped. It:
//!
//! - verifies Signature Version 4, in the header and presigned, with code that the client does not share; a presigned
//!   request is honoured for 15 minutes, whatever lifetime it names;
//! - answers in JSON where the request accepts `application/json`;
//! - performs all eleven operations with AWS's documents, error codes and messages;
//! - answers web pages of any origin, and preflights that ask for no other headers than AWS's client for browsers sends;
//! - performs the actions of other servers, if it stands for one ([`Dialect`]);
//! - creates sessions of IAM Roles Anywhere at `/sessions`, for certificates of authorities that it trusts;
//! - issues sessions that work until they expire, and rejects what AWS forbids to sessions.
//!
//! It differs from AWS in these points: signatures of web identity tokens and SAML assertions are not
//! checked; a member that an operation does not have is an error, where AWS ignores it; the size of a packed
//! policy is its uncompressed size.

mod actions;
mod answer;
mod anywhere;
mod asymmetric;
mod authority;
mod canonical;
mod cors;
mod dialects;
mod dice;
mod federation;
mod form;
mod http;
mod identity;
mod model;
mod operations;
mod options;
mod policy;
mod signed;
mod verify;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use ::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::sync::watch;

pub use dialects::{CUSTOM_ROLE, CUSTOM_TOKEN, Dialect, LDAP_PROVIDER, LDAP_USER};
pub use identity::{AccessKey, Role};
pub use options::Builder;
pub(crate) use options::Options;
pub use signed::Signed;

use identity::Store;

/// A running STS; dropping it stops it and closes its connections.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    alice: AccessKey,
    /// Dropping it stops the server; sending closes the connections.
    control: Option<watch::Sender<u64>>,
    thread: Option<JoinHandle<()>>,
}

/// A received request and its result.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The connection that it arrived on, counted from 1.
    pub connection: usize,
    /// The method.
    pub method: Method,
    /// The path and the query, as sent.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as sent.
    pub body: Bytes,
    /// The decoded members of its form, from the query or the body, including `Action` and `Version`.
    pub form: BTreeMap<String, String>,
    /// The requested operation.
    pub action: Option<String>,
    /// The access key id that it is signed with.
    pub access_key_id: Option<String>,
    /// The request id of the response.
    pub request_id: String,
    /// The status of the response.
    pub status: StatusCode,
    /// The error code of the response.
    pub code: Option<String>,
    /// Whether the response came from [`Server::respond_with`].
    pub canned: bool,
}

/// A function that may respond instead of the server.
pub(crate) type Hook = Arc<dyn Fn(&Request<Bytes>) -> Option<Response<Bytes>> + Send + Sync>;

/// The state that the handle and the server's thread share.
pub(crate) struct Shared {
    options: Options,
    store: Mutex<Store>,
    arrivals: Mutex<Vec<Arrival>>,
    hook: Mutex<Option<Hook>>,
    /// Authorities whose holders of certificates may assume roles.
    anchors: Mutex<Vec<CertificateDer<'static>>>,
    clock_offset_ms: AtomicI64,
    connections: AtomicUsize,
    connections_opened: AtomicUsize,
    preflights: AtomicUsize,
}

impl Server {
    /// Starts a server with one user, `alice`, and the roles `demo`, `web` and `saml`.
    ///
    /// # Panics
    ///
    /// If no port or no thread is available.
    pub fn start() -> Server {
        Server::builder().start()
    }

    /// A builder for a server with other settings than those of [`Server::start`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn run(mut options: Options, hook: Option<Hook>) -> io::Result<Server> {
        let mut store = Store::new(options.account.clone(), std::mem::take(&mut options.roles));
        let alice = store.add_user("alice", options.access_key.take());
        let shared = Arc::new(Shared {
            clock_offset_ms: AtomicI64::new(options.clock_offset_ms),
            options,
            store: Mutex::new(store),
            arrivals: Mutex::default(),
            hook: Mutex::new(hook),
            anchors: Mutex::default(),
            connections: AtomicUsize::new(0),
            connections_opened: AtomicUsize::new(0),
            preflights: AtomicUsize::new(0),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        // Entered, not run: the caller may be in a runtime already.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (control, stop) = watch::channel(0);
        let served = shared.clone();
        let thread = std::thread::Builder::new()
            .name("embedded STS".to_owned())
            .spawn(move || runtime.block_on(http::serve(listener, served, stop)))?;
        Ok(Server { address, shared, alice, control: Some(control), thread: Some(thread) })
    }

    /// The server's URL, without a path: `http://127.0.0.1:PORT`, or with TLS `https://localhost:PORT`.
    pub fn url(&self) -> String {
        match self.shared.options.tls {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The account of the server's users.
    pub fn account(&self) -> &str {
        &self.shared.options.account
    }

    /// The access key id of `alice`, a user with a long-term key.
    pub fn access_key_id(&self) -> &str {
        &self.alice.access_key_id
    }

    /// The secret access key of `alice`.
    pub fn secret_access_key(&self) -> &str {
        &self.alice.secret_access_key
    }

    /// The ARN of `alice`.
    pub fn user_arn(&self) -> String {
        format!("arn:aws:iam::{}:user/alice", self.account())
    }

    /// The serial number of the MFA device of `alice`.
    pub fn mfa_serial(&self) -> String {
        format!("arn:aws:iam::{}:mfa/alice", self.account())
    }

    /// The code that every MFA device always shows.
    pub fn mfa_code(&self) -> &str {
        &self.shared.options.mfa_code
    }

    /// The ARN of a role of the server's own account.
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account())
    }

    /// The ARN of the SAML provider.
    pub fn saml_provider_arn(&self) -> String {
        self.shared.options.saml_provider_arn()
    }

    /// Adds a user to the server's account and returns the user's access key.
    pub fn add_user(&self, name: &str) -> AccessKey {
        locked(&self.shared.store).add_user(name, None)
    }

    /// Makes this authority, in PEM, a trust anchor of IAM Roles Anywhere: the holders of its certificates may assume the roles
    /// that principals may assume.
    pub fn trust(&self, authority: &str) {
        let authority = CertificateDer::from_pem_slice(authority.as_bytes()).expect("a certificate");
        locked(&self.shared.anchors).push(authority);
    }

    /// A web identity token for `AssumeRoleWithWebIdentity`, valid for an hour.
    pub fn web_identity_token(&self, subject: &str) -> String {
        self.web_identity_token_until(subject, self.now() + Duration::HOUR)
    }

    /// A web identity token that expired a minute ago.
    pub fn expired_web_identity_token(&self, subject: &str) -> String {
        self.web_identity_token_until(subject, self.now() - Duration::MINUTE)
    }

    /// An assertion for `AssumeRoleWithSAML` from [`Server::saml_provider_arn`] for the role `saml`, valid
    /// for five minutes.
    pub fn saml_assertion(&self, subject: &str) -> String {
        self.saml_assertion_until(subject, self.now() + Duration::minutes(5))
    }

    /// An assertion that expired a minute ago.
    pub fn expired_saml_assertion(&self, subject: &str) -> String {
        self.saml_assertion_until(subject, self.now() - Duration::MINUTE)
    }

    /// A token for `GetDelegatedAccessToken`, valid for an hour.
    pub fn trade_in_token(&self) -> String {
        let mut store = locked(&self.shared.store);
        let token = store.dice.base64(200);
        store.trade_in_tokens.insert(token.clone(), self.now() + Duration::HOUR);
        token
    }

    /// An encoded message that `DecodeAuthorizationMessage` decodes to `message`.
    pub fn authorization_message(&self, message: &str) -> String {
        let mut store = locked(&self.shared.store);
        let encoded = store.dice.base64(400).replace(['+', '/'], "_");
        store.messages.insert(encoded.clone(), message.to_owned());
        encoded
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Arrival> {
        locked(&self.shared.arrivals).clone()
    }

    /// All requests since these were last taken or forgotten.
    pub fn take_requests(&self) -> Vec<Arrival> {
        std::mem::take(&mut locked(&self.shared.arrivals))
    }

    /// Clears the list of requests.
    pub fn forget_requests(&self) {
        locked(&self.shared.arrivals).clear();
    }

    /// Passes each request to `hook` first from now on. The server responds if `hook` returns `None`.
    pub fn respond_with(
        &self,
        hook: impl Fn(&Request<Bytes>) -> Option<Response<Bytes>> + Send + Sync + 'static,
    ) {
        *locked(&self.shared.hook) = Some(Arc::new(hook));
    }

    /// Removes the hook, so that the server responds to all requests itself.
    pub fn respond_normally(&self) {
        *locked(&self.shared.hook) = None;
    }

    /// Sets the difference of the server's clock to the machine's; negative values are behind.
    pub fn set_clock_offset_ms(&self, milliseconds: i64) {
        self.shared.clock_offset_ms.store(milliseconds, Ordering::SeqCst);
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections have been opened.
    pub fn connections_opened(&self) -> usize {
        self.shared.connections_opened.load(Ordering::SeqCst)
    }

    /// How many preflights of web pages have been answered; they are not among the [requests](Self::requests).
    pub fn preflights(&self) -> usize {
        self.shared.preflights.load(Ordering::SeqCst)
    }

    /// Closes all open connections, even during a request. New ones are accepted.
    pub fn close_connections(&self) {
        if let Some(control) = &self.control {
            control.send_modify(|times| *times += 1);
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.shared.now()
    }

    fn web_identity_token_until(&self, subject: &str, end: OffsetDateTime) -> String {
        let claims = json!({
            "iss": federation::ISSUER,
            "sub": subject,
            "aud": "sts-tests",
            "exp": end.unix_timestamp(),
        });
        federation::jwt("RS256", &claims)
    }

    fn saml_assertion_until(&self, subject: &str, end: OffsetDateTime) -> String {
        federation::saml(subject, &self.role_arn("saml"), &self.saml_provider_arn(), end)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.control.take());
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, it has already printed so.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The time of the server's clock.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let offset = Duration::milliseconds(self.clock_offset_ms.load(Ordering::SeqCst));
        OffsetDateTime::now_utc().saturating_add(offset)
    }
}

impl Arrival {
    fn new(connection: usize, request: &Request<Bytes>, request_id: &str, status: StatusCode) -> Arrival {
        let form: BTreeMap<String, String> = http::form(request)
            .map(|form| form.items().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
            .unwrap_or_default();
        Arrival {
            connection,
            method: request.method().clone(),
            target: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers: request.headers().clone(),
            body: request.body().clone(),
            action: form.get("Action").cloned(),
            access_key_id: access_key_id(request),
            form,
            request_id: request_id.to_owned(),
            status,
            code: None,
            canned: false,
        }
    }
}

/// The access key id of a request, whether its signature is valid or not.
fn access_key_id(request: &Request<Bytes>) -> Option<String> {
    let received = canonical::Received {
        method: "",
        path: "",
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: b"",
    };
    verify::Claim::read(&received).ok().flatten().map(|claim| claim.access_key_id)
}

/// Locks the mutex, even if a test panicked while it held the lock.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
