//! Answers requests from the record, in order, and holds them against it: for a flow in virtual time and as the transport of
//! either client.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use sts_proto::{SendTimeouts, TransportError, TransportErrorKind};

use super::proofs;
use super::scenario::Scenario;

#[derive(Clone)]
pub(crate) struct Replay {
    scenario: Arc<Scenario>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    used: usize,
    /// The proofs of requests that had one.
    proofs: Vec<String>,
    problems: Vec<String>,
}

impl Replay {
    pub(crate) fn new(scenario: &Arc<Scenario>) -> Self {
        Self { scenario: Arc::clone(scenario), state: Arc::default() }
    }

    pub(crate) fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if request.uri().path().contains(WITH_ACCOUNT) && !self.scenario.asks_for(WITH_ACCOUNT) {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What forbids tokens forbids all else.
        if self.scenario.ends_without_token()
            && let Some(last) = self.scenario.exchanges.last().filter(|_| state.used > 0)
        {
            return last.answer();
        }
        if let Some(proof) = request.headers().get("dpop") {
            state.proofs.push(String::from_utf8_lossy(proof.as_bytes()).into_owned());
        }
        let number = self.number(&state, request);
        state.used = state.used.max(number + 1);
        let Some(exchange) = self.scenario.exchanges.get(number) else {
            let (method, uri) = (request.method(), request.uri());
            state.problems.push(format!("request {}, {method} {uri}, is not recorded", number + 1));
            return Err(TransportError::new(TransportErrorKind::Other, "nothing is recorded"));
        };
        let differences = exchange.differences(request, &self.scenario);
        state.problems.extend(differences.iter().map(|problem| format!("request {}: {problem}", number + 1)));
        exchange.answer()
    }

    /// Which exchange a request is: the next one, or the last one again, if that failed and may be repeated.
    fn number(&self, state: &State, request: &Request<Bytes>) -> usize {
        let is = |number: usize| {
            let exchange = self.scenario.exchanges.get(number);
            exchange.filter(|exchange| exchange.differences(request, &self.scenario).is_empty())
        };
        let last = state.used.checked_sub(1).and_then(|last| Some((last, is(last)?)));
        match last {
            Some((last, exchange))
                if self.scenario.repeats && !exchange.succeeds() && is(state.used).is_none() =>
            {
                last
            }
            _ => state.used,
        }
    }

    /// What was not as recorded; to be asked at the end.
    pub(crate) fn problems(&self) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut problems = state.problems.clone();
        problems.extend(proofs::problems(&self.scenario, &state.proofs));
        let recorded = self.scenario.exchanges.len();
        // A request that fails may be repeated less often.
        let rest = self.scenario.exchanges.iter().skip(state.used);
        if state.used < recorded
            && !(self.scenario.repeats && rest.clone().all(|exchange| !exchange.succeeds()))
        {
            problems.push(format!("{} of {recorded} recorded requests were sent", state.used));
        }
        problems
    }
}

impl sts_blocking::Transport for Replay {
    fn send(&self, request: Request<Bytes>, _: SendTimeouts) -> Result<Response<Bytes>, TransportError> {
        self.answer(&request)
    }
}

impl sts_async::Transport for Replay {
    fn send(&self, request: Request<Bytes>, _: SendTimeouts) -> sts_async::TransportFuture<'_> {
        Box::pin(async move { self.answer(&request) })
    }
}

/// A path of the metadata service that older clients do not know, and that older services do not have.
const WITH_ACCOUNT: &str = "/security-credentials-extended/";
