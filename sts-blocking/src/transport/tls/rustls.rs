use std::error::Error as StdError;
use std::sync::Arc;

#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use sts_proto::settings::{Roots, TlsLibrary};
use ureq::Error;
use ureq::unversioned::transport::TransportAdapter;

pub(super) type Config = Arc<ClientConfig>;
pub(super) type Stream = StreamOwned<ClientConnection, TransportAdapter>;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> =
    Some(|tls| tls.rustls(default_provider()).map(Arc::new));
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Mozilla;

pub(super) fn connect(config: &Config, host: &str, mut sock: TransportAdapter) -> Result<Stream, Error> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Error::Tls("the host has no name for tls"))?;
    let connection = ClientConnection::new(Arc::clone(config), name);
    let mut conn = connection.map_err(|error| Error::Other(error.into()))?;
    conn.complete_io(&mut sock)?;
    Ok(StreamOwned { conn, sock })
}

pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
}
