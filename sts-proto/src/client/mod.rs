//! What a client is, without its driver: settings, credentials that are kept fresh, and calls, as values and flows.
//!
//! 1. A [`Config`] says what the client is made with.
//! 2. [`Build`], a flow, reads the shared files and ends with a [`Core`].
//! 3. [`Core::send`], [`Core::presign`], [`Core::sign`], [`Core::prove`], [`Core::credentials`] and [`Core::explain`] give
//!    flows. Each counts everything against one deadline: fetching credentials, finding the region, the call, and a second
//!    try where the service has refused the credentials as expired.
//!
//! ```text
//! Config ─Build─▶ Core ─send─▶ Send ─┬─ Join ─▶ keys ───┐
//!                  │                 ├─ Join ─▶ region ─┴▶ Send, Wait, … ─▶ output
//!                  └─job─▶ Job       └─ (refused: keys once more)
//! ```
//!
//! # Jobs
//!
//! Fetching credentials takes time, and any number of calls may wait for it. So it is a [`Job`], which belongs to the
//! core and not to the call that needs it first: a call that is given up takes nothing from the others. When a flow asks
//! for [`Effect::Join`](crate::flow::Effect::Join), a driver
//!
//! 1. takes every job that [`Core::job`] gives, and runs each beside the caller: in a thread, in a task, or in the same
//!    event loop;
//! 2. waits until [`Core::ended`] is no longer [`Join::seen`](crate::flow::Join::seen), at most for
//!    [`Join::within`](crate::flow::Join::within), and goes on with [`Event::Joined`](crate::flow::Event::Joined) or
//!    [`Event::Elapsed`](crate::flow::Event::Elapsed);
//! 3. wakes all that wait whenever a job has ended or was dropped. A job that is dropped gives its right back, and the
//!    next flow that looks begins another.
//!
//! ```
//! use std::time::SystemTime;
//! use sts_proto::client::{Build, Config, Core, Job};
//! use sts_proto::flow::{Effect, Event, Flow, Step};
//! use sts_proto::operations::GetCallerIdentity;
//! use sts_proto::{Credentials, Error};
//!
//! /// Drives a flow in place: a job runs before the flow that waits for it.
//! fn drive<F: Flow>(
//!     core: &Core,
//!     mut flow: F,
//!     send: &dyn Fn(Effect) -> Event,
//! ) -> Result<F::Output, F::Error> {
//!     let mut event = Event::Start;
//!     loop {
//!         event = match flow.step(SystemTime::now(), event)? {
//!             Step::Done(output) => return Ok(output),
//!             Step::Perform(Effect::Join(_)) => {
//!                 while let Some(job) = core.job() {
//!                     match job {
//!                         Job::Flow(job) => {
//!                             let Ok(()) = drive(core, job, send);
//!                         }
//!                         Job::Provider(job) => {
//!                             job.finish(SystemTime::now(), my_keys());
//!                         }
//!                     }
//!                 }
//!                 Event::Joined
//!             }
//!             Step::Perform(effect) => send(effect),
//!         };
//!     }
//! }
//!
//! fn my_keys() -> Result<Credentials, Error> {
//!     Ok(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
//! }
//!
//! # fn perform(_: Effect) -> Event { Event::Failed(sts_proto::TransportErrorKind::Closed.into()) }
//! # fn example() -> Result<(), Error> {
//! let config = Config::isolated().region("eu-west-1").provided();
//! let mut build = Build::new(config, "my-tool/1.0");
//! // An isolated client reads no files: it is there after one step.
//! let step = build.step(SystemTime::now(), Event::Start)?;
//! let Step::Done(core) = step else { return Ok(()) };
//! let me = drive(&core, core.send(GetCallerIdentity::new(), 42), &perform)?;
//! println!("{}", me.arn);
//! # Ok(())
//! # }
//! ```
//!
//! A client in a role is a [`Core::with_provider`] of the client that assumes the role. For its [`Job::Provider`], drive
//! [`AssumeRoleProvider::flow`] with the core of the latter, and finish the job with [`AssumeRoleProvider::outcome`]. A type of your
//! own that holds both cores and implements [`InRole`] is what [`RoleSessions`] keeps.
//!
//! [proxies]: crate::settings::proxy
#![cfg_attr(feature = "testing", doc = "[kit]: crate::testing")]
//!
#![doc = include_str!("../../CLIENTS.md")]

mod adapters;
mod assume;
mod both;
mod build;
mod builder;
mod config;
mod explain;
mod fetch;
mod fixed;
mod get;
mod job;
mod keys;
mod load;
mod look;
mod process_calls;
mod provider_types;
mod providers;
mod ready;
mod recent;
mod region;
mod role_sessions;
mod send;
mod setters;
mod signing;
mod sources;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};

pub use assume::AssumingRole;
pub use build::Build;
pub use config::Config;
pub use explain::Explain;
pub use fixed::Pace;
pub use get::GetCredentials;
pub use job::{FlowJob, Job, ProviderJob};
pub use load::{Load, Loaded};
pub use providers::{AssumeRoleProvider, SourceProvider, WebIdentityProvider};
pub use role_sessions::{InRole, RoleSessions};
pub use send::{Send, Sending, Steps};
pub use tokens::{GetToken, KeepToken, WebIdentityToken, WebIdentityTokens};

pub use crate::call::{Asking, Untyped};

use crate::context::Context;
use crate::credentials::{CliCache, imds};
use crate::endpoint::Endpoint;
use crate::error::{CredentialsError, Error, NoCredentials, Outcome, Tried};
use crate::flow::{Flow, Timeouts};
use crate::keys::Credentials;
use crate::operation::{Operation, Presign};
use crate::proof::Proof;
use crate::settings::{Env, Setting, Settings};
#[cfg(feature = "testing")]
use crate::testing::Fixed;

use keys::{Keys, Source};
use region::Region;
use signing::Signing;
use tokens::TokenSource;

/// A client without its driver. Cheap to clone; all clones share credentials, signing key, quota and clock.
#[derive(Clone)]
pub struct Core {
    shared: Arc<Shared>,
    keys: Arc<Keys>,
    timeouts: Timeouts,
    /// Where it is another number than the settings'.
    max_attempts: Option<u32>,
}

/// What clients have in common that differ in their credentials only.
#[derive(Clone)]
struct Shared {
    context: Arc<Context>,
    region: Arc<Region>,
    /// Where the instance's metadata is, and whether it may be asked.
    metadata: Result<Option<imds::Config>, CredentialsError>,
    cli_cache: Option<CliCache>,
    /// What a driver knows better than the settings do.
    told: Told,
    isolated: bool,
    /// Whether each call belongs to a trace that the environment names by then.
    traced: bool,
    #[cfg(feature = "testing")]
    fixed: Fixed,
}

/// The rows of [`explain`](Core::explain) that a driver knows better than the settings do, made when `explain` is called.
pub type Told = fn(&Settings) -> Vec<Setting>;

impl Core {
    /// A service has refused these credentials: they are not taken from the AWS CLI's cache again.
    fn refuse_in_cli_cache(&self, credentials: &Credentials) {
        if let Some(cache) = &self.shared.cli_cache {
            cache.refuse(credentials);
        }
    }

    /// Calls an operation. `seed` is any number that no other flow of this client has: random, as a rule.
    pub fn send<O: Operation>(&self, operation: O, seed: u128) -> Send<O> {
        Send::new(self, operation, self.seed(seed))
    }

    /// The same without the operation's type, for a driver that is compiled once and not for each operation; its example is at
    /// [`Sending`]. Any other program is simpler with [`send`](Self::send).
    ///
    /// `env` gives the environment of the process as it is now, which [`trace_id`](Self::trace_id) is looked for in; a process
    /// outside AWS Lambda can pass `Env::default`.
    pub fn sending(&self, asked: &Untyped<'_>, seed: u128, env: impl FnOnce() -> Env) -> Sending {
        let mut sending = Sending::new(self, asked, self.seed(seed));
        sending.set_trace_id(self.trace_id(env));
        sending
    }

    /// The operation as a URL: see [`Operation::presign`]. Nothing is sent but what finding region and credentials takes.
    pub fn presign<'a, O: Operation>(
        &self,
        operation: &'a O,
        options: &'a Presign,
        seed: u128,
    ) -> impl Flow<Output = Request<Bytes>, Error = Error> + use<'a, O> {
        Signing::new(self, O::ACTION, O::SIGNED, self.seed(seed), move |context, credentials, now| {
            context.presign_with(credentials, operation, options, now)
        })
    }

    /// The operation as a signed request: see [`Operation::sign`]. The same is sent.
    pub fn sign<'a, O: Operation>(
        &self,
        operation: &'a O,
        headers: &'a HeaderMap,
        seed: u128,
    ) -> impl Flow<Output = Request<Bytes>, Error = Error> + use<'a, O> {
        Signing::new(self, O::ACTION, O::SIGNED, self.seed(seed), move |context, credentials, now| {
            context.sign_with(credentials, operation, headers, now)
        })
    }

    /// A proof of identity, or a token of another service: see [`Proof`]. The same is sent.
    pub fn prove<'a, P: Proof>(
        &self,
        proof: &'a P,
        seed: u128,
    ) -> impl Flow<Output = P::Output, Error = Error> + use<'a, P> {
        Signing::new(self, "a proof", true, self.seed(seed), move |context, credentials, now| {
            context.prove_with(credentials, proof, now)
        })
    }

    /// The credentials that calls are signed with.
    pub fn credentials(&self, seed: u128) -> GetCredentials {
        GetCredentials::new(self, "", self.seed(seed))
    }

    /// What the client is made with and where its credentials come from. Credentials that are kept are not fetched again
    /// for it; where there are none, they are looked for.
    pub fn explain(&self, seed: u128) -> Explain {
        Explain::new(self, true, self.seed(seed))
    }

    /// The credentials' part of [`explain`](Self::explain) alone, without the settings.
    pub fn explain_credentials(&self, seed: u128) -> Explain {
        Explain::new(self, false, self.seed(seed))
    }

    /// A job that is to be run beside the caller, if there is one: see [Jobs](self#jobs).
    pub fn job(&self) -> Option<Job> {
        self.keys.job().or_else(|| self.shared.region.job())
    }

    /// How many jobs have ended so far, or were dropped.
    pub fn ended(&self) -> u64 {
        self.keys.ended().wrapping_add(self.shared.region.ended())
    }

    /// Says that a service has refused these credentials as expired, whatever they say. If they are what this client
    /// keeps, they are dropped, and the next flow that needs some fetches anew; a provider is told before it is asked.
    /// Does nothing for credentials that were given in code, which are used as they are. Drops credentials at most once a
    /// minute (or in half their life, if that is shorter), since what refuses all credentials must not cause a fetch for
    /// each refusal.
    pub fn refuse(&self, now: SystemTime, credentials: &Credentials) {
        self.keys.refuse(now, credentials);
    }

    /// The same client with other time-outs.
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self.clone() }
    }

    /// The same client with another maximum of requests for each call; 0 counts as 1.
    #[must_use]
    pub fn with_max_attempts(&self, max: u32) -> Self {
        Self { max_attempts: Some(max), ..self.clone() }
    }

    /// The same client for another region. A region of which no endpoint can be made is an error of the call.
    #[must_use]
    pub fn with_region(&self, region: &str) -> Self {
        let context = Arc::new(self.shared.context.in_region(region));
        let search = Region::new(Arc::clone(&context), None);
        self.with_shared(|shared| Shared { context, region: Arc::new(search), ..shared })
    }

    /// The same client with credentials of a provider: they are asked for with [`Job::Provider`]. `seed` is any number
    /// that no other has.
    #[must_use]
    pub fn with_provider(&self, seed: u128) -> Self {
        let keys = Keys::new(Source::Provider, &self.shared.context, None, self.seed(seed));
        let keys = keys.cli_cache(self.shared.cli_cache.clone());
        Self { keys: Arc::new(keys), ..self.clone() }
    }

    /// Tokens in place of the credentials of this client.
    fn with_token(&self, source: TokenSource, seed: u128) -> Self {
        Self { keys: Arc::new(Keys::of_token(source, seed)), ..self.clone() }
    }

    /// How long things may take.
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Whether credentials are asked of a provider: see [`Config::provided`].
    pub fn is_provided(&self) -> bool {
        self.keys.are_provided()
    }

    /// What the calls share.
    pub fn context(&self) -> &Arc<Context> {
        &self.shared.context
    }

    /// What the client is made with.
    pub fn settings(&self) -> &Settings {
        self.shared.context.settings()
    }

    /// The trace that a call belongs to which begins now, for [`Send::trace_id`], where the client was made in AWS Lambda:
    /// each invocation has another one. `env` gives the environment of the process as it is now, and is asked only there.
    pub fn trace_id(&self, env: impl FnOnce() -> Env) -> Option<HeaderValue> {
        if self.shared.traced { env().trace_id() } else { None }
    }

    /// What a driver knows better than the settings do, for [`explain`](Self::explain).
    #[must_use]
    pub fn told(self, told: Told) -> Self {
        self.with_shared(|shared| Shared { told, ..shared })
    }

    fn with_shared(&self, change: impl FnOnce(Shared) -> Shared) -> Self {
        let shared = Arc::new(change((*self.shared).clone()));
        Self { shared, ..self.clone() }
    }

    /// The metadata service that may be asked for the region.
    fn metadata(&self) -> Option<&imds::Config> {
        self.shared.metadata.as_ref().ok()?.as_ref()
    }

    /// There is nothing to sign `operation` with.
    fn no_credentials(&self, operation: &'static str) -> NoCredentials {
        let nothing = NoCredentials::new(operation);
        let (source, why) = if self.shared.context.settings().credentials_are_set_in_code() {
            ("code", "without_credentials was set; set credentials or a provider instead")
        } else if self.shared.isolated && self.shared.context.is_in_page() {
            (
                "the web page",
                "it has no environment, files or programs; give the client credentials or a provider",
            )
        } else if self.shared.isolated {
            ("the builder", "it is isolated and looks in no environment; give it credentials or a provider")
        } else {
            return nothing;
        };
        nothing.after([Tried::new(source, Outcome::NotConfigured(why.into()))])
    }

    /// Where requests go, where that is known already.
    fn endpoint(&self) -> Option<&Endpoint> {
        self.shared.context.endpoint().ok()
    }
}

/// Prints where requests go and the time-outs.
impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shared.context.endpoint().map(Endpoint::uri))
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
