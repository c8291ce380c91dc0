//! What a client does in a page and in Node.js, case by case, against the servers of the test `wasm` of sts-tests.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use sts_async::operations::{AssumeRole, AssumeRoleWithWebIdentity, GetSessionToken};
use sts_async::{
    Builder, Client, Credentials, Error, Phase, Retry, RetryClass, Timeouts, TransportErrorKind as Kind,
};
use wasm_bindgen::prelude::*;

type Outcome = Result<(), String>;
type Case<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// Runs all cases. `given` has a line for each thing that they need, name and value; the answer has one for each case.
#[wasm_bindgen]
pub async fn run(given: String) -> String {
    let given = Given(given.lines().filter_map(|line| line.split_once(' ')).collect());
    let cases: [(&str, Case<'_>); 14] = [
        ("identity", Box::pin(identity(&given))),
        ("role", Box::pin(role(&given))),
        ("role_kept_fresh", Box::pin(role_kept_fresh(&given))),
        ("web_identity", Box::pin(web_identity(&given))),
        ("refusal", Box::pin(refusal(&given))),
        ("retry", Box::pin(retry(&given))),
        ("clock_with_date", Box::pin(clock(&given, "dated"))),
        ("clock_without_date", Box::pin(clock(&given, "undated"))),
        ("redirect", Box::pin(redirect(&given))),
        ("nobody_listens", Box::pin(nobody_listens(&given))),
        ("time_out", Box::pin(time_out(&given))),
        ("too_large", Box::pin(too_large(&given))),
        ("cancellation", Box::pin(cancellation(&given))),
        ("no_environment", Box::pin(no_environment())),
    ];
    let mut said = String::new();
    for (name, case) in cases {
        let outcome = case.await;
        said.push_str(&format!("{name} {}\n", outcome.err().unwrap_or_else(|| "ok".to_owned())));
    }
    said
}

struct Given<'a>(BTreeMap<&'a str, &'a str>);

impl Given<'_> {
    fn get(&self, name: &str) -> Result<&str, String> {
        self.0.get(name).copied().ok_or_else(|| format!("{name} is not given"))
    }

    /// For the server of this name, one attempt a call.
    fn builder(&self, server: &str) -> Result<Builder, String> {
        Ok(Client::builder().region("eu-west-1").endpoint_url(self.get(server)?).retry(Retry::off()))
    }

    /// As alice.
    fn signing(&self, server: &str) -> Result<Builder, String> {
        let keys = Credentials::new(self.get("access_key_id")?, self.get("secret_access_key")?);
        Ok(self.builder(server)?.credentials(keys))
    }
}

async fn identity(given: &Given<'_>) -> Outcome {
    let me = given.signing("sts")?.build().map_err(said)?.get_caller_identity().await.map_err(said)?;
    same(&*me.arn, given.get("user_arn")?)?;
    same(me.metadata.request_id().is_some(), true)
}

async fn role(given: &Given<'_>) -> Outcome {
    let alice = given.signing("sts")?.build().map_err(said)?;
    let session = alice.assume_role(AssumeRole::new(given.get("demo")?, "page")).await.map_err(said)?;
    let demo = given.builder("sts")?.credentials(session.credentials).build().map_err(said)?;
    let me = demo.get_caller_identity().await.map_err(said)?;
    same(me.arn.ends_with(":assumed-role/demo/page"), true)
}

/// A provider, whose job runs beside two calls that wait for it.
async fn role_kept_fresh(given: &Given<'_>) -> Outcome {
    let alice = given.signing("sts")?.build().map_err(said)?;
    let demo = alice.in_role(AssumeRole::new(given.get("demo")?, "fresh"));
    let (mut one, mut other) = (pin!(demo.get_caller_identity()), pin!(demo.credentials()));
    let (mut identity, mut keys) = (None, None);
    std::future::poll_fn(|cx| {
        if identity.is_none()
            && let Poll::Ready(ended) = one.as_mut().poll(cx)
        {
            identity = Some(ended);
        }
        if keys.is_none()
            && let Poll::Ready(ended) = other.as_mut().poll(cx)
        {
            keys = Some(ended);
        }
        if identity.is_some() && keys.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let (Some(Ok(identity)), Some(Ok(keys))) = (identity, keys) else { return Err("they failed".to_owned()) };
    same(identity.arn.ends_with(":assumed-role/demo/fresh"), true)?;
    same(keys.expiration.is_some(), true)
}

async fn web_identity(given: &Given<'_>) -> Outcome {
    let anyone = given.builder("sts")?.build().map_err(said)?;
    let operation = AssumeRoleWithWebIdentity::new(given.get("web")?, "page", given.get("token")?);
    let session = anyone.assume_role_with_web_identity(operation).await.map_err(said)?;
    let web = given.builder("sts")?.credentials(session.credentials).build().map_err(said)?;
    let me = web.get_caller_identity().await.map_err(said)?;
    same(me.arn.ends_with(":assumed-role/web/page"), true)
}

async fn refusal(given: &Given<'_>) -> Outcome {
    let alice = given.signing("sts")?.build().map_err(said)?;
    let error = alice.assume_role(AssumeRole::new(given.get("nowhere")?, "page")).await;
    let error = error.err().ok_or("it was let in")?;
    let refused = error.as_service_error().ok_or_else(|| said(&error))?;
    same(refused.code().map(ToString::to_string).as_deref(), Some("AccessDenied"))?;
    same(error.metadata().and_then(|metadata| metadata.request_id()).is_some(), true)?;
    same(error.retry_class(), RetryClass::Never)
}

async fn retry(given: &Given<'_>) -> Outcome {
    let alice = given.signing("failing_once")?.retry(Retry::default()).build().map_err(said)?;
    let me = alice.get_caller_identity().await.map_err(said)?;
    same(me.metadata.attempts(), 2)
}

/// The service's clock is an hour ahead.
async fn clock(given: &Given<'_>, server: &str) -> Outcome {
    let alice = given.signing(server)?.retry(Retry::default()).build().map_err(said)?;
    let session = alice.get_session_token(GetSessionToken::new()).await.map_err(said)?;
    same(session.metadata.attempts(), 2)?;
    let me = alice.get_caller_identity().await.map_err(said)?;
    same(me.metadata.attempts(), 1)
}

async fn redirect(given: &Given<'_>) -> Outcome {
    let error = given.signing("redirecting")?.build().map_err(said)?.get_caller_identity().await;
    let error = error.err().ok_or("it was followed")?;
    same(error.metadata().is_some_and(|metadata| metadata.status().is_redirection()), true)
}

async fn nobody_listens(given: &Given<'_>) -> Outcome {
    let error = given.signing("nobody")?.build().map_err(said)?.get_caller_identity().await;
    let error = error.err().ok_or("it was answered")?;
    same(kind(&error), Some(Kind::Connect))?;
    same(error.retry_class(), RetryClass::Transient)?;
    same(said(&error).contains("does not allow the page's origin (cors)"), true)
}

async fn time_out(given: &Given<'_>) -> Outcome {
    let timeouts = Timeouts { attempt: Duration::from_millis(300), ..Timeouts::default() };
    let silent = given.signing("silent")?.timeouts(timeouts).build().map_err(said)?;
    let error = silent.get_caller_identity().await.err().ok_or("it was answered")?;
    same(kind(&error), Some(Kind::Timeout(Phase::Response)))?;
    let halting = given.signing("halting")?.timeouts(timeouts).build().map_err(said)?;
    let error = halting.get_caller_identity().await.err().ok_or("it was answered")?;
    same(kind(&error), Some(Kind::Timeout(Phase::Body)))
}

async fn too_large(given: &Given<'_>) -> Outcome {
    let error = given.signing("endless")?.build().map_err(said)?.get_caller_identity().await;
    same(kind(&error.err().ok_or("it was read")?), Some(Kind::TooLarge))
}

/// The call is dropped once the server has had time to receive it. The test then looks whether it was aborted.
async fn cancellation(given: &Given<'_>) -> Outcome {
    let silent = given.signing("dropped")?.build().map_err(said)?;
    let (mut call, mut pause) = (pin!(silent.get_caller_identity()), pin!(pause(500.0)));
    let answered = std::future::poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => pause.as_mut().poll(cx).map(|_| false),
    });
    same(answered.await, false)
}

async fn no_environment() -> Outcome {
    let error = Client::from_env().err().ok_or("there is a region")?;
    same(said(&error).contains("web page"), true)?;
    let error = Client::builder().region("eu-west-1").profile("production").build();
    same(said(&error.err().ok_or("there is a profile")?).contains("production"), true)?;
    let client = Client::builder().region("eu-west-1").build().map_err(said)?;
    let error = client.get_caller_identity().await.err().ok_or("there are keys")?;
    same(said(&error).contains("web page"), true)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(ring: &Function, milliseconds: f64) -> JsValue;
}

async fn pause(milliseconds: f64) {
    let rung = Promise::new(&mut |ring, _| drop(set_timeout(&ring, milliseconds)));
    let _ = JsFuture::from(rung).await;
}

fn kind(error: &Error) -> Option<Kind> {
    match error {
        Error::Transport(error) => Some(error.kind()),
        _ => None,
    }
}

/// The error and its causes.
fn said(error: impl std::borrow::Borrow<Error>) -> String {
    let mut said = error.borrow().to_string();
    let mut cause = std::error::Error::source(error.borrow());
    while let Some(error) = cause {
        said.push_str(&format!(": {error}"));
        cause = error.source();
    }
    said
}

#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Outcome {
    if found == expected {
        return Ok(());
    }
    Err(format!("line {}: {found:?} and not {expected:?}", std::panic::Location::caller().line()))
}
