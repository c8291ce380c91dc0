//! What a signature is valid for: endpoints name it, the signer signs for it.

use std::borrow::Cow;

/// What a signature is valid for: one service in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    region: Cow<'static, str>,
    service: Cow<'static, str>,
}

impl Scope {
    /// The region and the service by their signing names, for example `us-east-1` and `sts`.
    pub fn new(region: impl Into<Cow<'static, str>>, service: impl Into<Cow<'static, str>>) -> Self {
        Self { region: region.into(), service: service.into() }
    }

    /// The region, for example `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The service's signing name, for example `sts`.
    pub fn service(&self) -> &str {
        &self.service
    }
}
