use sts_proto::{Error, TransportError, TransportErrorKind as Kind};
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

pub(crate) fn configure(
    builder: ConfigBuilder<AgentScope>,
    ca_bundle: Option<&[u8]>,
) -> Result<ConfigBuilder<AgentScope>, Error> {
    match ca_bundle {
        Some(_) => Err(unsupported().into()),
        None => Ok(builder),
    }
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
