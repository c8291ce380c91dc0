//! A POST of the bytes that a call sends, made once, with ureq and nothing else.

use ureq::Agent;

/// Keeps as many connections as sts-blocking does.
pub fn agent() -> Agent {
    Agent::config_builder().max_idle_connections(32).max_idle_connections_per_host(32).build().into()
}

/// Sends `form` with headers as a signed request has them, and reads the whole answer.
pub fn post(agent: &Agent, url: &str, form: &[u8]) -> Result<Vec<u8>, ureq::Error> {
    let mut request = agent.post(url);
    for (name, value) in HEADERS {
        request = request.header(*name, *value);
    }
    request.send(form)?.body_mut().read_to_vec()
}

/// Where to.
pub fn url() -> String {
    std::env::var("AWS_ENDPOINT_URL_STS").expect("AWS_ENDPOINT_URL_STS is set")
}

const HEADERS: &[(&str, &str)] = include!("../../headers.in");
