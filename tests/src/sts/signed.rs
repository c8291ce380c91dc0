//! Signed requests as text, checked by the server's own verifier.

use http::{HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;

use super::answer::Fault;
use super::canonical::Received;
use super::verify::{Claim, Rules};

/// A signed request that was not received on a connection, for signature vectors.
#[derive(Clone, Debug, Default)]
pub struct Signed {
    /// As sent.
    pub method: String,
    /// As sent, still encoded.
    pub path: String,
    /// As sent, still encoded, without the question mark.
    pub query: String,
    /// Including the signature, unless that is in the query.
    pub headers: HeaderMap,
    /// As sent.
    pub body: String,
}

impl Signed {
    /// Reads a request in the format of AWS's test suite. Panics if it has another format.
    pub fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines: Vec<String> = Vec::new();
        for line in head.lines() {
            match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                Some(folded) => *folded = format!("{folded} {}", line.trim()),
                None => lines.push(line.to_owned()),
            }
        }
        let (method, target) = lines[0].split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for line in &lines[1..] {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value.trim()).unwrap());
        }
        Self { method: method.into(), path: path.into(), query: query.into(), headers, body: body.into() }
    }

    /// Checks that the owner of `secret` signed the request for this service, region (`None` for any) and
    /// time. Returns the code of the server's error if not.
    pub fn verify(
        &self,
        secret: &str,
        service: &str,
        region: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(), &'static str> {
        self.judge(secret, &Rules { service, region, now }).map_err(|fault| fault.code)
    }

    pub(crate) fn judge(&self, secret: &str, rules: &Rules<'_>) -> Result<(), Fault> {
        let claim = Claim::read(&self.received())?.expect("the request is signed");
        claim.verify(&self.received(), secret, rules)
    }

    /// The canonical request, which is hashed and signed. Panics if the request is not signed.
    pub fn canonical(&self) -> String {
        let claim = Claim::read(&self.received()).unwrap().expect("the request is signed");
        self.received().canonical(&claim.signed_headers().collect::<Vec<_>>())
    }

    pub(crate) fn received(&self) -> Received<'_> {
        Received {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_bytes(),
        }
    }
}
