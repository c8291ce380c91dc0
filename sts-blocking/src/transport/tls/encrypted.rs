//! TLS on one of ureq's connections. ureq's own takes either its own roots or a list of certificates, and panics on a client
//! certificate with the key of another.

use std::fmt;
use std::io::{Read, Write};

use sts_proto::perform::host_and_port;
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::{Tls, backend};
use crate::transport::name_lookup::time_left;

/// Agrees on TLS, if the URI says so.
pub(crate) fn secure(
    tls: &Tls,
    details: &ConnectionDetails<'_>,
    plain: Box<dyn Transport>,
) -> Result<Box<dyn Transport>, Error> {
    if !details.needs_tls() {
        return Ok(plain);
    }
    let config = tls.get().map_err(|error| Error::Other(error.into()))?;
    let mut plain = TransportAdapter::new(plain, details.current_time.clone());
    plain.set_timeout(time_left(details.timeout, details.now));
    let stream = backend::connect(&config, host_and_port(details.uri).0, plain)?;
    let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
    Ok(Box::new(Encrypted { buffers: LazyBuffers::new(input, output), stream }))
}

/// A connection with TLS.
struct Encrypted {
    buffers: LazyBuffers,
    stream: backend::Stream,
}

impl Transport for Encrypted {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output();
        Ok(self.stream.write_all(output.get(..amount).unwrap_or(output))?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted").finish_non_exhaustive()
    }
}
