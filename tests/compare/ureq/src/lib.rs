//! A POST of the bytes of a call, prepared once, with bare ureq.

use ureq::Agent;

/// Keeps as many idle connections as sts-blocking.
pub fn agent() -> Agent {
    Agent::config_builder().max_idle_connections(32).max_idle_connections_per_host(32).build().into()
}

/// Sends `form` with the headers of a signed request and reads the whole response.
pub fn post(agent: &Agent, url: &str, form: &[u8]) -> Result<Vec<u8>, ureq::Error> {
    let mut request = agent.post(url);
    for (name, value) in HEADERS {
        request = request.header(*name, *value);
    }
    request.send(form)?.body_mut().read_to_vec()
}

/// The endpoint.
pub fn url() -> String {
    std::env::var("AWS_ENDPOINT_URL_STS").expect("AWS_ENDPOINT_URL_STS is set")
}

const HEADERS: &[(&str, &str)] = include!("../../headers.in");
