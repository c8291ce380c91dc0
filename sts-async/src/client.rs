use std::sync::Arc;

use crate::builder::Builder;
use crate::effects::{now, seed};
use crate::provider::CredentialsProvider;
use crate::pump::Pump;

/// A client of AWS Security Token Service.
///
/// Cheap to clone, and all clones share connections and the signing key of the day; use one for the whole
/// program, or one for each runtime where there are several at a time: a connection is driven by the runtime on which
/// it was made. Its futures are `Send`, run on a tokio runtime with I/O and time enabled, and may be dropped at any
/// point: a request that is under way is then given up and its connection closed. In a web page they are not `Send`, and need no
/// runtime.
///
/// ```no_run
/// # async fn example() -> Result<(), sts_async::Error> {
/// let sts = sts_async::Client::from_env()?;
/// let me = sts.get_caller_identity().await?;
/// println!("{} in account {}", me.arn, me.account);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) pump: Pump,
}

impl Client {
    sts_proto::common_client_methods!(sts_async, (async fn), (.await));
}

sts_proto::common_impls!();

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
sts_proto::credentials_for_other_crates!(Client);

#[cfg(test)]
mod tests;
