//! How connections are made: ureq's own chain, with one more link between TCP and TLS.
//!
//! A server that refuses while the request is still being written, with a TLS alert or with an early answer, closes the
//! connection behind its words. The next write then fails, and ureq would report that, with the reason unread. So a
//! write that fails because the other side is gone is kept to oneself until what it has said is read.

use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};
use ureq::{Error, config::Config, unversioned::resolver::DefaultResolver};

use crate::lookup::{AtLast, Later};

/// An agent whose connections hear the other side out.
pub(crate) fn agent(config: Config) -> ureq::Agent {
    let chain = ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default()).chain(HearOut);
    #[cfg(any(feature = "ring", feature = "aws-lc"))]
    let chain = chain.chain(ureq::unversioned::transport::RustlsConnector::default());
    #[cfg(all(feature = "native-tls", not(any(feature = "ring", feature = "aws-lc"))))]
    let chain = chain.chain(ureq::unversioned::transport::NativeTlsConnector::default());
    let connector = AtLast { connector: chain, resolver: DefaultResolver::default() };
    ureq::Agent::with_parts(config, connector, Later)
}

#[derive(Debug)]
struct HearOut;

impl<In: Transport> Connector<In> for HearOut {
    type Out = Hearing<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Hearing<In>>, Error> {
        Ok(chained.map(|inner| Hearing { inner, gone: None }))
    }
}

#[derive(Debug)]
struct Hearing<T> {
    inner: T,
    /// The write that failed.
    gone: Option<std::io::ErrorKind>,
}

impl<T: Transport> Transport for Hearing<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.gone.is_some() {
            return Ok(());
        }
        match self.inner.transmit_output(amount, timeout) {
            Err(Error::Io(error)) if is_gone(error.kind()) => {
                self.gone = Some(error.kind());
                Ok(())
            }
            result => result,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let read = self.inner.await_input(timeout);
        match (self.gone, read) {
            (Some(kind), Ok(false) | Err(Error::Io(_))) => Err(std::io::Error::from(kind).into()),
            (_, read) => read,
        }
    }

    fn is_open(&mut self) -> bool {
        self.gone.is_none() && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

fn is_gone(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind;
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}
