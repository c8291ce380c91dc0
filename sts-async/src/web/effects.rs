//! Effects as a page, a worker or Node.js performs them. There are no files, programs and threads.

use std::future::{Future, poll_fn, ready};
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use js_sys::futures::{JsFuture, spawn_local};
use js_sys::{Date, Function, Promise};
use sts_proto::client::Config;
use sts_proto::flow::Command;
use sts_proto::perform::BoxFuture;
use sts_proto::settings::Env;
use sts_proto::{Event, Secret, TransportError, TransportErrorKind};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(values: &mut [u8]);
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(ring: &Function, milliseconds: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

pub(crate) const IN_PAGE: bool = true;

/// Looks nowhere, since there is no environment.
pub(crate) fn config() -> Config {
    Config::isolated()
}

pub(crate) fn environment() -> Env {
    Env::from_iter::<[(&str, &str); 0]>([])
}

/// By the clock of the page.
pub(crate) fn now() -> SystemTime {
    let since = Duration::try_from_secs_f64(Date::now() / 1000.0).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A number that no other call has.
pub(crate) fn seed() -> u128 {
    let mut seed = [0; 16];
    get_random_values(&mut seed);
    u128::from_ne_bytes(seed)
}

pub(crate) fn read(_: &Path) -> Event {
    missing("a web page has no files")
}

pub(crate) fn replace(_: &Path, _: &Secret) -> Event {
    missing("a web page has no files")
}

pub(crate) async fn run(_: Command) -> Event {
    missing("a web page runs no programs")
}

fn missing(what: &str) -> Event {
    Event::Failed(TransportError::new(TransportErrorKind::Unsupported, what))
}

/// In place: there is no other thread.
pub(crate) fn beside(work: impl FnOnce() -> Event + 'static) -> BoxFuture<'static, Event> {
    Box::pin(ready(work()))
}

pub(crate) async fn spawn(job: impl Future<Output = ()> + 'static) {
    spawn_local(job);
}

/// `None` where the time is over first.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    let (mut sleep, mut future) = (sleep(time), pin!(future));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| None),
    })
    .await
}

/// At most 24 days, which is what a timer can count.
pub(crate) fn sleep(time: Duration) -> Sleep {
    let milliseconds = (time.as_secs_f64() * 1000.0).ceil().min(f64::from(i32::MAX));
    let mut timer = JsValue::UNDEFINED;
    let rung = Promise::new(&mut |ring, _| timer = set_timeout(&ring, milliseconds));
    Sleep { timer, rung: rung.into() }
}

pub(crate) struct Sleep {
    timer: JsValue,
    rung: JsFuture,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.rung).poll(cx).map(drop)
    }
}

/// Node.js waits for every timer before it ends.
impl Drop for Sleep {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}
