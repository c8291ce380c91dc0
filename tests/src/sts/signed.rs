//! Signed requests as text, judged by the server's own verifier.

use http::{HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;

use super::answer::Fault;
use super::canonical::Received;
use super::verify::{Claim, Rules};

/// A signed request that did not arrive by a connection, for vectors of signatures.
#[derive(Clone, Debug, Default)]
pub struct Signed {
    /// As sent.
    pub method: String,
    /// As sent, still encoded.
    pub path: String,
    /// As sent, still encoded, without the question mark.
    pub query: String,
    /// With the signature, where it is not in the query.
    pub headers: HeaderMap,
    /// As sent.
    pub body: String,
}

impl Signed {
    /// Reads a request as AWS's test suite writes it. Panics if it is none.
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

    /// Whether the holder of `secret` signed it for this service, this region (any, if there is none) and this time.
    /// Otherwise the code of the error that the server answers with.
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

    /// The request in the form that is hashed and signed. Panics if it is not signed.
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
