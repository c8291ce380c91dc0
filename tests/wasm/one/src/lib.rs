//! One operation with `fetch`: what it costs a page.

use sts_async::{Builder, Credentials};
use wasm_bindgen::prelude::*;

/// The ARN of the caller with these keys.
#[wasm_bindgen]
pub async fn who(region: String, access_key_id: String, secret_access_key: String) -> Result<String, String> {
    let keys = Credentials::new(access_key_id, secret_access_key);
    let sts =
        Builder::isolated().region(region).credentials(keys).build().map_err(|error| error.to_string())?;
    Ok(sts.get_caller_identity().await.map_err(|error| error.to_string())?.arn)
}
