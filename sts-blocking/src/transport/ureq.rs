use std::sync::Arc;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use sts_proto::flow::SendTimeouts;
use sts_proto::perform::{Kept, Lookups, MAX_IDLE};
use sts_proto::settings::proxy::{Proxies, Proxy, ThroughProxy};
use sts_proto::settings::{LazyTls, TlsSettings};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Phase, TransportError, TransportErrorKind as Kind};
use ureq::Agent;
use ureq::config::{AutoHeaderValue, Config};

use super::error::kind;
use super::mute_ureq_log::Muted;
use super::tls::{self, Tls};
use super::{Transport, connector};
use crate::bell::Bell;
use crate::effects;

/// The default transport: ureq, with connections kept alive for 15 s.
///
/// A kept connection that the server has closed meanwhile is dropped before it is used; that costs nothing, since nothing
/// was sent. If the server closes it while the request is on its way, the client cannot know whether the server has read the
/// request: the attempt ends as [`Closed`](Kind::Closed), and the call may retry.
///
/// A server may refuse while the request is still being written: with an early answer, or with a TLS alert, as TLS 1.3
/// servers do that want a client certificate. The answer is returned, and the alert ends the attempt as [`Tls`](Kind::Tls).
/// It is [`Closed`](Kind::Closed) only on operating systems that discard what a reset connection had received.
#[derive(Clone, Debug)]
pub struct UreqTransport {
    direct: Arc<Kept<Agent>>,
    /// These go through the proxies, if there are any.
    proxied: Arc<Kept<Agent>>,
    proxies: Proxies,
    timeouts: SendTimeouts,
    tls: Tls,
}

impl UreqTransport {
    /// With the time-outs that most requests have, and TLS as it is chosen there. Uses no proxy;
    /// [`Builder`](crate::Builder) can do more.
    ///
    /// # Errors
    ///
    /// Roots or a client certificate that cannot be used.
    pub fn new(timeouts: SendTimeouts, tls: &TlsSettings) -> Result<Self, Error> {
        Self::with(timeouts, tls, &Proxies::default())
    }

    pub(crate) fn with(timeouts: SendTimeouts, tls: &TlsSettings, proxies: &Proxies) -> Result<Self, Error> {
        Self::with_lookups(timeouts, tls, proxies, Arc::new(Lookups::new(Bell::ring)))
    }

    fn with_lookups(
        timeouts: SendTimeouts,
        tls: &TlsSettings,
        proxies: &Proxies,
        lookups: Arc<Lookups<Bell>>,
    ) -> Result<Self, Error> {
        let tls = Arc::new(LazyTls::new(tls, tls::LIBRARY, effects::read)?);
        let kept = |proxies: Proxies| {
            let (tls, lookups) = (Arc::clone(&tls), Arc::clone(&lookups));
            Arc::new(Kept::new(move || {
                connector::agent(config(timeouts), proxies.clone(), Arc::clone(&tls), Arc::clone(&lookups))
            }))
        };
        let direct = kept(Proxies::default());
        let proxied = if proxies.any() { kept(proxies.clone()) } else { Arc::clone(&direct) };
        Ok(Self { direct, proxied, proxies: proxies.clone(), timeouts, tls })
    }

    fn exchange(
        &self,
        agent: &Agent,
        request: Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<Response<Bytes>, TransportError> {
        let _muted = Muted::begin();
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, &body[..]);
        let response = self.run(agent, request, timeouts).map_err(|error| failure(error, Phase::Response))?;
        let (parts, mut body) = response.into_parts();
        // One byte more than the bound, to tell a body of exactly the bound from a longer one.
        let limit = MAX_BODY as u64 + 1;
        let body =
            body.with_config().limit(limit).read_to_vec().map_err(|error| failure(error, Phase::Body))?;
        if body.len() > MAX_BODY {
            return Err(Kind::TooLarge.into());
        }
        Ok(Response::from_parts(parts, Bytes::from(body)))
    }

    fn run(
        &self,
        agent: &Agent,
        request: Request<&[u8]>,
        timeouts: SendTimeouts,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        if timeouts == self.timeouts {
            return agent.run(request);
        }
        let request = agent
            .configure_request(request)
            .timeout_global(bound(timeouts.attempt))
            .timeout_connect(bound(timeouts.connect))
            .build();
        agent.run(request)
    }
}

fn config(timeouts: SendTimeouts) -> Config {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // By itself ureq would take one from the environment.
        .proxy(None)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .max_idle_connections(MAX_IDLE)
        .max_idle_connections_per_host(MAX_IDLE)
        .timeout_global(bound(timeouts.attempt))
        .timeout_connect(bound(timeouts.connect))
        .build()
}

/// ureq adds time-outs to the clock; one that the clock cannot hold counts as no time-out.
fn bound(timeout: std::time::Duration) -> Option<std::time::Duration> {
    Some(timeout).filter(|timeout| *timeout <= MAX_TIMEOUT)
}

/// About thirty years.
const MAX_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1_000_000_000);

impl Transport for UreqTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<Response<Bytes>, TransportError> {
        let Some(roots) = self.tls.file() else { return self.send_once(request, timeouts) };
        let sent = self.send_once(request.clone(), timeouts);
        let refused = sent.as_ref().is_err_and(|error| error.kind() == Kind::Tls);
        if refused && self.tls.renew(&roots, effects::read(roots.path())) {
            self.send_once(request, timeouts)
        } else {
            sent
        }
    }
}

impl UreqTransport {
    fn send_once(
        &self,
        request: Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<Response<Bytes>, TransportError> {
        let proxy = self.proxies.of(&request);
        if request.uri().scheme() == Some(&Scheme::HTTPS) || proxy.is_some_and(Proxy::is_https) {
            self.tls.get()?;
        }
        let lent = if proxy.is_some() { self.proxied.lend() } else { self.direct.lend() };
        let answer = self.exchange(lent.connections(), request, timeouts);
        lent.ended(answer)
    }
}

fn failure(error: ureq::Error, phase: Phase) -> TransportError {
    let kind = kind(&error, phase);
    match error {
        ureq::Error::Other(error) => match error.downcast::<TransportError>() {
            Ok(error) => *error,
            Err(error) => match error.downcast::<ThroughProxy>() {
                Ok(error) => (*error).into(),
                Err(error) => TransportError::new(kind, error),
            },
        },
        error => TransportError::new(kind, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_are_given_up_leave_their_look_ups_counted() {
        let lookups = Arc::new(Lookups::new(Bell::ring));
        let timeouts = SendTimeouts::default();
        let (tls, none) = (TlsSettings::default(), Proxies::default());
        let transport = UreqTransport::with_lookups(timeouts, &tls, &none, Arc::clone(&lookups)).unwrap();
        // A resolver that does not answer: as many look-ups as there may be never end.
        let mut works = Vec::new();
        let mut begin = |name: usize| {
            let uri = format!("http://{name}.test/").parse().unwrap();
            lookups.join(&uri, |work| {
                works.push(work);
                Ok(())
            })
        };
        assert!((0..100).any(|name| begin(name).is_err()), "look-ups are not bounded");
        for _ in 0..2 {
            let request = Request::get("http://another.test/").body(Bytes::new()).unwrap();
            let error = transport.send(request, timeouts).unwrap_err();
            assert_eq!(error.kind(), Kind::Connect, "{error:?}");
            let silent: Result<(), _> = Err(Kind::Timeout(Phase::Connect).into());
            assert!(transport.direct.lend().ended(silent).is_err());
        }
    }
}
