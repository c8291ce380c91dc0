//! Which proxy a request goes through, and the way there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{env, io};

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use sts_proto::settings::{Origin, Setting, SettingsError};
use sts_proto::{Error, Secret};
use tokio::net::TcpStream;
use tower_service::Service;

use super::BoxError;
use super::error::ConnectError;
use super::hyper::Http;

/// Who says which proxy to use.
#[derive(Clone, Default)]
pub(crate) enum Proxy {
    /// Nobody: none.
    #[default]
    Direct,
    /// The environment.
    Environment,
    /// The program; there may be a password in it.
    Url(Secret),
}

/// The proxies of a client.
#[derive(Clone, Default)]
pub(super) struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// A URL that cannot be used is an error: to go without the proxy would be worse.
    pub(super) fn new(proxy: &Proxy) -> Result<Self, Error> {
        let matcher = match proxy {
            Proxy::Direct => return Ok(Self(None)),
            Proxy::Url(url) => {
                check(url.expose(), &["http"])?;
                Matcher::builder().all(url.expose()).build()
            }
            Proxy::Environment => {
                // A CGI program's HTTP_PROXY is a header of who calls it.
                if env::var_os("REQUEST_METHOD").is_some() {
                    return Ok(Self(None));
                }
                let all = first(&["ALL_PROXY", "all_proxy"])?;
                let https = first(&["HTTPS_PROXY", "https_proxy"])?;
                let http = first(&["HTTP_PROXY", "http_proxy"])?;
                let mut none = first(&["NO_PROXY", "no_proxy"])?.unwrap_or_default();
                // The matcher takes it for a domain, which an address is not in.
                if none.split(',').any(|host| host.trim() == "*") {
                    none.push_str(EVERY_ADDRESS);
                }
                for url in [&all, &https, &http].into_iter().flatten() {
                    check(url, &["http", "https", "socks4", "socks4a", "socks5", "socks5h"])?;
                }
                let text = Option::unwrap_or_default;
                Matcher::builder().all(text(all)).https(text(https)).http(text(http)).no(none).build()
            }
        };
        Ok(Self(Some(Arc::new(matcher))))
    }

    pub(super) fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Which proxy requests to this endpoint go through, or to one over `https` that is not known yet: never its password.
    pub(super) fn setting(&self, chosen: &Proxy, endpoint: Option<&Uri>) -> Setting {
        let unknown = Uri::from_static("https://host.invalid/");
        let uri = endpoint.unwrap_or(&unknown);
        let origin = match chosen {
            Proxy::Environment if self.any() => {
                let of_scheme = match uri.scheme_str() {
                    Some("https") => ["HTTPS_PROXY", "https_proxy"],
                    _ => ["HTTP_PROXY", "http_proxy"],
                };
                let set = |variable: &&str| {
                    env::var_os(variable).is_some_and(|value| !value.to_string_lossy().trim().is_empty())
                };
                let variable = of_scheme.into_iter().chain(["ALL_PROXY", "all_proxy"]).find(set);
                variable.map_or(Origin::Default, Origin::Environment)
            }
            Proxy::Url(_) => Origin::Code,
            _ => Origin::Default,
        };
        match self.of(uri) {
            Some(proxy) => Setting::new("proxy", name(&proxy), origin),
            None if origin == Origin::Default => Setting::new("proxy", "none", origin),
            None => Setting::new("proxy", "none for this host", Origin::Environment("NO_PROXY")),
        }
    }

    fn of(&self, uri: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.intercept(uri)
    }

    /// The proxy that is sent the request itself and not asked for a tunnel, with its `proxy-authorization`.
    pub(super) fn forwarding(&self, uri: &Uri) -> Option<Forwarding> {
        let proxy = self.of(uri).filter(|_| uri.scheme() != Some(&Scheme::HTTPS))?;
        Some(Forwarding { proxy: name(&proxy), authorization: proxy.basic_auth().cloned() })
    }
}

/// A proxy that forwards requests.
pub(super) struct Forwarding {
    pub(super) proxy: String,
    pub(super) authorization: Option<HeaderValue>,
}

/// The first of these variables that is not blank.
fn first(variables: &[&str]) -> Result<Option<String>, Error> {
    for value in variables.iter().filter_map(env::var_os) {
        let value = value.into_string().map_err(|_| SettingsError::Proxy)?;
        if !value.trim().is_empty() {
            return Ok(Some(value.trim().to_owned()));
        }
    }
    Ok(None)
}

fn check(url: &str, schemes: &[&str]) -> Result<(), Error> {
    let proxy = Matcher::builder().all(url).build().intercept(&Uri::from_static("http://host.invalid/"));
    let usable = |proxy: &Intercept| {
        let uri = proxy.uri();
        // An `@` that is left belongs to a password that is not percent-encoded.
        uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    };
    proxy.filter(usable).map(drop).ok_or(SettingsError::Proxy.into())
}

/// Host and port, without user and password.
fn name(proxy: &Intercept) -> String {
    proxy.uri().authority().map_or_else(String::new, ToString::to_string)
}

/// Connects to the server, or to the proxy that stands before it.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) http: Http,
    pub(super) proxies: Proxies,
}

impl Service<Uri> for Route {
    type Response = Tcp;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Tcp, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(intercept) = self.proxies.of(&uri) else {
            let direct = self.http.call(uri);
            return Box::pin(async move { Ok(Tcp { io: direct.await?, forwarded: false }) });
        };
        let proxy = name(&intercept);
        if intercept.uri().scheme() != Some(&Scheme::HTTP) {
            return Box::pin(std::future::ready(Err(ConnectError::ProxyScheme(proxy).into())));
        }
        let through = |proxy, error: BoxError| BoxError::from(ConnectError::Proxy(proxy, error));
        if uri.scheme() == Some(&Scheme::HTTPS) {
            let mut tunnel = Tunnel::new(intercept.uri().clone(), self.http.clone());
            if let Some(authorization) = intercept.basic_auth() {
                tunnel = tunnel.with_auth(authorization.clone());
            }
            let tunnel = tunnel.call(uri);
            return Box::pin(async move {
                let io = tunnel.await.map_err(|error| through(proxy, error.into()))?;
                Ok(Tcp { io, forwarded: false })
            });
        }
        let connecting = self.http.call(intercept.uri().clone());
        Box::pin(async move {
            let io = connecting.await.map_err(|error| through(proxy, error.into()))?;
            Ok(Tcp { io, forwarded: true })
        })
    }
}

/// A connection, which knows whether a proxy forwards what is sent on it: requests are in absolute form then (RFC 9112
/// §3.2.2).
pub(super) struct Tcp {
    io: TokioIo<TcpStream>,
    forwarded: bool,
}

impl Connection for Tcp {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.forwarded)
    }
}

impl Read for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Tcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
    }
}

const EVERY_ADDRESS: &str = ",0.0.0.0/0,::/0";

#[cfg(test)]
mod tests;
