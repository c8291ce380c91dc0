//! For tests of programs that use this client: [`Builder::answered_by`], and what [`sts_proto::testing`] has.

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::{SendTimeouts, TransportError};

pub use sts_proto::testing::*;

use crate::builder::Builder;
use crate::effects::now;
use crate::transport::Transport;

impl Transport for Service {
    fn send(&self, request: Request<Bytes>, _: SendTimeouts) -> Result<Response<Bytes>, TransportError> {
        self.answer(request)
    }
}

sts_proto::testing_builder!(sts_blocking, (fn), ());
