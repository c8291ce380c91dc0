use std::sync::Arc;

use crate::builder::Builder;
use crate::effects::{now, seed};
use crate::provider::CredentialsProvider;
use crate::pump::Pump;

/// A blocking client. Cheap to clone; all clones share connections and the signing key of the day.
///
/// ```no_run
/// use sts_blocking::Client;
/// use sts_blocking::operations::AssumeRole;
///
/// let sts = Client::from_env()?;
/// let me = sts.get_caller_identity()?;
/// let role = "arn:aws:iam::123456789012:role/demo";
/// let role = sts.send(AssumeRole::new(role, "build-42"))?;
/// println!("{} became {}", me.arn, role.credentials.access_key_id);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) pump: Pump,
}

impl Client {
    sts_proto::common_client_methods!(sts_blocking, (fn), ());
}

sts_proto::common_impls!();
