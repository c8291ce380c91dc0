//! What the page needs of a client, as JavaScript sees it.

use std::error::Error as _;
use std::time::SystemTime;

use sts_async::operations::AssumeRole;
use sts_async::{Builder, Client, Credentials, Error};
use wasm_bindgen::prelude::*;

/// A client with keys.
#[wasm_bindgen]
pub struct Sts {
    endpoint: String,
    region: String,
    client: Client,
}

/// The caller, as the service knows it.
#[wasm_bindgen(getter_with_clone)]
pub struct Identity {
    pub arn: String,
    pub account: String,
    pub user_id: String,
    pub request_id: Option<String>,
}

/// A session of a role.
#[wasm_bindgen(getter_with_clone)]
pub struct Session {
    pub access_key_id: String,
    /// In milliseconds since 1970.
    pub expiration: Option<f64>,
    client: Option<Sts>,
}

#[wasm_bindgen]
impl Sts {
    /// A client of the service at this URL, or of AWS's own where it is empty.
    #[wasm_bindgen(constructor)]
    pub fn new(endpoint: &str, region: &str, access_key_id: &str, secret: &str) -> Result<Sts, String> {
        Self::with(endpoint, region, Credentials::new(access_key_id, secret))
    }

    /// Who the caller is.
    pub async fn who(&self) -> Result<Identity, String> {
        let me = self.client.get_caller_identity().await.map_err(said)?;
        let request_id = me.metadata.request_id().map(Into::into);
        Ok(Identity { arn: me.arn, account: me.account, user_id: me.user_id, request_id })
    }

    /// Assumes a role.
    pub async fn assume(&self, role: &str) -> Result<Session, String> {
        let role = self.client.assume_role(AssumeRole::new(role, "page")).await.map_err(said)?;
        let keys = role.credentials;
        let since = keys.expiration.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        Ok(Session {
            access_key_id: keys.access_key_id.clone(),
            expiration: since.map(|since| since.as_secs_f64() * 1000.0),
            client: Some(Self::with(&self.endpoint, &self.region, keys)?),
        })
    }

    fn with(endpoint: &str, region: &str, keys: Credentials) -> Result<Sts, String> {
        let mut builder = Builder::isolated().region(region).credentials(keys);
        if !endpoint.is_empty() {
            builder = builder.endpoint_url(endpoint);
        }
        let client = builder.build().map_err(said)?;
        Ok(Self { endpoint: endpoint.to_owned(), region: region.to_owned(), client })
    }
}

#[wasm_bindgen]
impl Session {
    /// The client that signs with its keys; taken out.
    pub fn client(&mut self) -> Option<Sts> {
        self.client.take()
    }
}

/// The error and its causes.
fn said(error: Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}
