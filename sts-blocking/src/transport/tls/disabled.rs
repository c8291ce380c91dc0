use sts_proto::{Error, TransportError, TransportErrorKind as Kind};
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

use super::TlsOptions;

pub(crate) fn configure(
    builder: ConfigBuilder<AgentScope>,
    options: &TlsOptions,
) -> Result<ConfigBuilder<AgentScope>, Error> {
    if options.trusts() || options.client_certificate.is_some() {
        return Err(unsupported().into());
    }
    Ok(builder)
}

pub(crate) fn available(_: bool) -> Result<(), TransportError> {
    Err(unsupported())
}

pub(crate) fn is_tls(_: &(dyn std::error::Error + 'static)) -> bool {
    false
}

fn unsupported() -> TransportError {
    TransportError::new(Kind::Unsupported, "built without tls: enable the feature ring, aws-lc or native-tls")
}
