//! What carries requests in a page, a worker or Node.js: `fetch`.

use std::cell::Cell;

use bytes::Bytes;
use js_sys::futures::JsFuture;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use sts_proto::client::{Core, Told};
use sts_proto::perform::{FetchAnswer, fetch_failed, fetch_headers};
use sts_proto::settings::Setting;
use sts_proto::{Error, Phase, SendTimeouts, TransportError, TransportErrorKind};
use wasm_bindgen::prelude::*;

use crate::carrier::{Transport, TransportFuture};
use crate::effects::within;

/// The default transport in WebAssembly: `fetch`, as the page, the worker or Node.js has it.
///
/// It follows no redirect, sends no cookies, takes nothing from a cache, and is aborted where a call is dropped or its time
/// is over. A page is not told when it is connected, so only the time-out of the attempt holds. Proxies and certificates are
/// those of the browser.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FetchTransport;

/// The transport of a client for which code sets none, and the rows of `explain` that describe it.
pub(crate) fn default(_: &Core) -> Result<(Box<dyn Transport>, Told), Error> {
    Ok((Box::new(FetchTransport), |_| Setting::of_own_transport()))
}

impl Transport for FetchTransport {
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(async move {
            let phase = Cell::new(Phase::Response);
            let sent = within(timeouts.attempt, exchange(&request, &phase)).await;
            sent.unwrap_or_else(|| Err(TransportErrorKind::Timeout(phase.get()).into()))
        })
    }
}

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str, options: &Object) -> Promise;

    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    type Head;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Head) -> u16;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Head) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Head) -> Option<Body>;

    type Body;
    #[wasm_bindgen(method, js_name = getReader)]
    fn reader(this: &Body) -> Reader;

    type Reader;
    #[wasm_bindgen(method)]
    fn read(this: &Reader) -> Promise;

    type Piece;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Piece) -> Option<Uint8Array>;
}

async fn exchange(
    request: &http::Request<Bytes>,
    phase: &Cell<Phase>,
) -> Result<http::Response<Bytes>, TransportError> {
    let begun = Begun(AbortController::new());
    let head = JsFuture::from(fetch(&request.uri().to_string(), &options(request, &begun.0.signal())));
    let head = head.await.map_err(|error| fetch_failed(&text(&error)))?.unchecked_into::<Head>();
    phase.set(Phase::Body);
    let mut answer = FetchAnswer::new(head.status());
    for pair in Array::from(&head.headers()).iter().map(|pair| Array::from(&pair)) {
        if let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) {
            answer.header(&name, &value);
        }
    }
    let Some(body) = head.body() else { return Ok(answer.finish()) };
    let reader = body.reader();
    loop {
        let piece = JsFuture::from(reader.read()).await;
        let piece = piece.map_err(|error| TransportError::new(TransportErrorKind::Closed, text(&error)))?;
        let Some(bytes) = piece.unchecked_into::<Piece>().value() else { return Ok(answer.finish()) };
        answer.extend(bytes.length() as usize)?.extend_from_slice(&bytes.to_vec());
    }
}

/// Aborts what was begun, where it has not ended.
struct Begun(AbortController);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn options(request: &http::Request<Bytes>, signal: &JsValue) -> Object {
    let options = Object::new();
    let set = |name: &str, value: &JsValue| Reflect::set(&options, &name.into(), value).is_ok();
    let headers: Array = fetch_headers(request.headers())
        .map(|(name, value)| [name, value].into_iter().map(JsValue::from).collect::<Array>())
        .collect();
    set("method", &request.method().as_str().into());
    set("headers", &headers);
    set("redirect", &"manual".into());
    set("credentials", &"omit".into());
    set("cache", &"no-store".into());
    set("signal", signal);
    // A method that has no body may not be given an empty one either.
    if !request.body().is_empty() {
        set("body", &Uint8Array::from(&request.body()[..]));
    }
    options
}

/// What an error says, and its cause: a browser gives none, Node.js does.
fn text(error: &JsValue) -> String {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or_default();
    let message = |of| get(of, "message").as_string();
    let said = [message(error), message(&get(error, "cause"))];
    said.into_iter().flatten().collect::<Vec<_>>().join(": ")
}
