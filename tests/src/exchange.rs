//! Sends one request unchanged through either client's transport.

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::{Effect, Error, Event, Secret, SendTimeouts};

use crate::driver::Driver;

/// Sends `request` through `driver` and returns the response.
pub fn send(driver: &Driver, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
    match driver.perform(Effect::Send(request, SendTimeouts::default())) {
        Event::Response(response) => Ok(response),
        Event::Failed(error) => Err(error.into()),
        event => unreachable!("{event:?} comes of no request"),
    }
}

/// A token from the OpenID Connect provider for the user `johndoe`.
pub fn oidc_token(driver: &Driver, issuer: &str, client_id: &str) -> Result<Secret, String> {
    let form = format!("grant_type=password&username=bob&client_id={client_id}&scope=openid");
    let request = Request::post(format!("{issuer}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .map_err(|error| error.to_string())?;
    let response = send(driver, request).map_err(|error| error.to_string())?;
    let answer: serde_json::Value =
        serde_json::from_slice(response.body()).map_err(|error| format!("{}: {error}", response.status()))?;
    answer["id_token"].as_str().map(Secret::from).ok_or_else(|| format!("{}: no id_token", response.status()))
}
