//! Which proxy a request goes through: decided here, once, for every driver.
//!
//! | what | rule |
//! |---|---|
//! | `HTTPS_PROXY`, `HTTP_PROXY` | for the URLs of that scheme |
//! | `ALL_PROXY` | for the scheme whose own variable is not set |
//! | `NO_PROXY` | hosts that are reached without the environment's proxy, in the forms below |
//! | lower case | each variable may be written so, too; the one in upper case wins; a blank one counts as absent |
//! | `REQUEST_METHOD` | where it is set, even blank, none of the others counts: a CGI program's `HTTP_PROXY` is a header that its client has sent |
//! | code | [`Settings::proxy`](super::Settings::proxy) is for all hosts, whatever `NO_PROXY` says; [`Settings::no_proxy`](super::Settings::no_proxy) goes without |
//! | [`Direct`] | a request that carries it goes through no proxy |
//!
//! A proxy is `[http[s]://][user[:password]@]host[:port]`, with the port 80, over `https` 443, where there is none (curl
//! takes 1080). Every endpoint is reached through a tunnel ([`Tunnel`]), so that the proxy sees host and port and no more.
//!
//! Entries of `NO_PROXY` are separated by commas or blanks, and compared without regard to case. A name and an address
//! are two things: an address is matched by addresses and networks alone, a name by names alone.
//!
//! | entry | hosts |
//! |---|---|
//! | `*` | all |
//! | `example.com`, `.example.com` | this name and all names below it |
//! | `*.example.com` | all names below it |
//! | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | this address, however it is spelt |
//! | `192.0.2.0/24`, `2001:db8::/32` | the addresses of this network |
//! | each of these with `:port` (an IPv6 address in brackets then) | the same, on this port |
//!
//! There is no other wildcard, and any other text matches no host. One dot at the end of a name, here or in the
//! URL, does not count. An IPv4 address and the IPv6 address that it is mapped to are two addresses. This is curl's rule;
//! `*.`, a `*` beside other entries, brackets, ports and networks of all addresses (`/0`) are forms that curl passes over.

mod no_proxy;
mod tunnel;
mod url;

use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

pub use tunnel::{ThroughProxy, Tunnel, TunnelError};
pub use url::Proxy;

use self::no_proxy::NoProxy;
use super::{Env, Origin, Setting, SettingsError, SettingsErrorKind};
use crate::flow::Direct;

/// The proxies of a client. A proxy whose URL cannot be used never becomes part of it.
///
/// ```
/// use sts_proto::settings::Env;
/// use sts_proto::settings::proxy::Proxies;
///
/// let env = Env::from_iter([
///     ("HTTPS_PROXY", "http://me:secret@proxy:3128"),
///     ("NO_PROXY", "10.0.0.0/8, .internal"),
/// ]);
/// let proxies = Proxies::from_env(&env)?;
/// let proxy = proxies
///     .for_uri(&"https://sts.eu-west-1.amazonaws.com/".parse().unwrap())
///     .unwrap();
/// assert_eq!(proxy.to_string(), "proxy:3128");
/// assert!(proxies.for_uri(&"https://10.1.2.3/".parse().unwrap()).is_none());
/// assert!(
///     proxies.for_uri(&"https://sts.internal/".parse().unwrap()).is_none()
/// );
/// assert!(proxies.for_uri(&"http://example.com/".parse().unwrap()).is_none());
/// # Ok::<(), sts_proto::SettingsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Arc<Proxy>>,
    http: Option<Arc<Proxy>>,
    no_proxy: Option<Arc<NoProxy>>,
    /// The reason why no proxy is used, if none is used.
    origin: Origin,
}

impl Proxies {
    /// The proxies that the environment names. [This module](self) describes the variables.
    ///
    /// # Errors
    ///
    /// A variable that applies to some request and has an unusable value: to bypass the proxy silently would be worse.
    pub fn from_env(env: &Env) -> Result<Self, SettingsError> {
        if env.is_set(CGI) {
            let named = NAMES.iter().any(|variable| env.has(variable));
            let origin = if named { Origin::Environment(CGI) } else { Origin::Default };
            return Ok(Self { origin, ..Self::default() });
        }
        let https = first(env, ["HTTPS_PROXY", "https_proxy"])?;
        let http = first(env, ["HTTP_PROXY", "http_proxy"])?;
        let all = match (https, http) {
            (Some(_), Some(_)) => None,
            _ => first(env, ["ALL_PROXY", "all_proxy"])?,
        };
        if https.or(http).or(all).is_none() {
            return Ok(Self::default());
        }
        let parse = |(variable, url)| Proxy::parse(url, Origin::Environment(variable)).map(Arc::new);
        let all = all.map(parse).transpose()?;
        let proxy = |own: Option<_>| own.map(parse).transpose().map(|own| own.or_else(|| all.clone()));
        let no_proxy = first(env, ["NO_PROXY", "no_proxy"])?;
        let no_proxy = no_proxy.map(|(variable, list)| Arc::new(NoProxy::parse(variable, list)));
        Ok(Self { https: proxy(https)?, http: proxy(http)?, no_proxy, origin: Origin::Default })
    }

    /// This proxy for all requests, set in code.
    ///
    /// # Errors
    ///
    /// The URL cannot be used.
    pub fn all(url: &str) -> Result<Self, SettingsError> {
        let proxy = Arc::new(Proxy::parse(url, Origin::Code)?);
        let (https, http) = (Some(Arc::clone(&proxy)), Some(proxy));
        Ok(Self { https, http, ..Self::default() })
    }

    /// No proxy, set in code.
    pub fn none() -> Self {
        Self { origin: Origin::Code, ..Self::default() }
    }

    /// Whether any request goes through a proxy.
    pub fn any(&self) -> bool {
        self.https.is_some() || self.http.is_some()
    }

    /// The proxy that a request goes through; `None` if it goes directly.
    pub fn of<B>(&self, request: &http::Request<B>) -> Option<&Proxy> {
        if request.extensions().get::<Direct>().is_some() { None } else { self.for_uri(request.uri()) }
    }

    /// The same for a URI, for a connector, which has only that and does not see [`Direct`].
    pub fn for_uri(&self, uri: &Uri) -> Option<&Proxy> {
        self.for_scheme(uri).filter(|_| self.exemption(uri).is_none())
    }

    /// Refuses `https://` proxies for a driver without TLS.
    pub(crate) fn with_tls(&self, tls: bool) -> Result<&Self, SettingsError> {
        match [&self.https, &self.http].into_iter().flatten().find(|proxy| proxy.is_https() && !tls) {
            Some(proxy) => {
                Err(proxy.refused("is to be reached over tls, which this program is built without"))
            }
            None => Ok(self),
        }
    }

    /// The route to an endpoint, for a person to read. `None` stands for an AWS endpoint whose region is not known yet.
    pub(crate) fn setting(&self, endpoint: Option<&Uri>) -> Setting {
        let unknown = Uri::from_static("https://sts.amazonaws.com/");
        let uri = endpoint.unwrap_or(&unknown);
        let (value, origin) = match (self.for_scheme(uri), self.exemption(uri)) {
            (None, _) => ("none".to_owned(), self.origin.clone()),
            (Some(proxy), Some(exempt)) => (format!("none for this host, else {proxy}"), exempt.origin()),
            (Some(proxy), None) => (proxy.to_string(), proxy.origin().clone()),
        };
        Setting::new("proxy", value, origin)
    }

    /// The list that exempts the URI's host, if one does.
    fn exemption(&self, uri: &Uri) -> Option<&NoProxy> {
        self.no_proxy.as_deref().filter(|list| list.has(uri))
    }

    fn for_scheme(&self, uri: &Uri) -> Option<&Proxy> {
        let proxy = if uri.scheme() == Some(&Scheme::HTTPS) { &self.https } else { &self.http };
        proxy.as_deref().filter(|_| uri.host().is_some())
    }
}

/// Where proxies come from, or what is wrong with them.
pub(super) fn origin(proxies: &Result<Proxies, SettingsError>) -> Origin {
    match proxies {
        Ok(proxies) => [&proxies.https, &proxies.http]
            .into_iter()
            .flatten()
            .next()
            .map_or(&proxies.origin, |proxy| proxy.origin())
            .clone(),
        Err(error) => match error.kind() {
            SettingsErrorKind::Proxy { origin, .. } => origin.clone(),
            SettingsErrorKind::NotUnicode { variable } => Origin::Environment(variable),
            _ => Origin::Default,
        },
    }
}

type Variable<'a> = (&'static str, &'a str);

/// The first of these variables that is not blank.
fn first<'a>(env: &'a Env, variables: [&'static str; 2]) -> Result<Option<Variable<'a>>, SettingsError> {
    for variable in variables {
        if let Some(value) = env.get(variable)? {
            return Ok(Some((variable, value)));
        }
    }
    Ok(None)
}

const CGI: &str = "REQUEST_METHOD";
/// What names a proxy, where this is no CGI program.
const NAMES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

#[cfg(test)]
mod tests;
