use std::sync::Arc;

use crate::client::Client;
use crate::effects::{IN_PAGE, config, now, read, seed};
use crate::provider::CredentialsProvider;
use crate::pump::{Driver, Pump};
use crate::transport::{Transport, default};

sts_proto::common_builder!(sts_blocking, (fn), ());
