//! Work that belongs to a client and not to one of its calls: see [Jobs](super#jobs).

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::fetch::Fetch;
use super::keys::Keys;
use super::region::{Region, Searching};
use crate::error::{CredentialsError, Error};
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::trace::Span;

/// Something to be run beside the callers, which wait for it. Exhaustive on purpose: a driver has to know each.
///
/// A job that is dropped before its end gives its right back.
#[allow(clippy::exhaustive_enums)] // on purpose
#[derive(Debug)]
pub enum Job {
    /// Step this until it is done.
    Flow(FlowJob),
    /// Ask the program's own provider for credentials.
    Provider(ProviderJob),
}

impl Job {
    /// Where the events of this job belong.
    pub fn span(&self) -> &Span {
        match self {
            Self::Flow(job) => &job.span,
            Self::Provider(job) => &job.span,
        }
    }
}

/// A job that is a flow. What comes of it, the core keeps.
pub struct FlowJob {
    span: Span,
    /// `None` once it has ended.
    work: Option<Work>,
    /// What the work has asked for already.
    first: Option<Box<Effect>>,
}

enum Work {
    Keys(Arc<Keys>, Fetch),
    Region(Arc<Region>, Searching),
}

impl FlowJob {
    pub(super) fn of_keys(keys: Arc<Keys>, span: Span, fetch: Fetch, first: Option<Box<Effect>>) -> Self {
        Self { span, work: Some(Work::Keys(keys, fetch)), first }
    }

    pub(super) fn of_region(region: Arc<Region>, span: Span, search: Searching) -> Self {
        Self { span, work: Some(Work::Region(region, search)), first: None }
    }

    fn go_on(&mut self, now: SystemTime, event: Event) -> Step<()> {
        if let (Some(first), Event::Start) = (self.first.take(), &event) {
            return Step::Perform(*first);
        }
        // The work stays where it is while it is stepped: where that panics, dropping the job gives its right back.
        match &mut self.work {
            None => Step::Done(()),
            Some(Work::Keys(keys, fetch)) => {
                let fetched = match fetch.step(now, event) {
                    Ok(Step::Perform(effect)) => return Step::Perform(effect),
                    Ok(Step::Done(fetched)) => Ok(fetched),
                    Err(error) => Err(error),
                };
                let keys = Arc::clone(keys);
                self.work = None;
                keys.finish(now, fetched);
                Step::Done(())
            }
            Some(Work::Region(region, search)) => {
                let found = match search.step(now, event) {
                    Ok(Step::Perform(effect)) => return Step::Perform(effect),
                    Ok(Step::Done(())) => Ok(()),
                    Err(error) => Err(error),
                };
                region.finish(found);
                self.work = None;
                Step::Done(())
            }
        }
    }
}

/// Never fails: an error goes to the flows that wait.
impl Flow for FlowJob {
    type Output = ();
    type Error = Infallible;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<()>, Infallible> {
        let span = self.span.clone();
        Ok(span.enter(|| self.go_on(now, event)))
    }
}

impl fmt::Debug for FlowJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = match &self.work {
            None => format_args!("None"),
            Some(Work::Keys(..)) => format_args!("Keys(..)"),
            Some(Work::Region(..)) => format_args!("Region(..)"),
        };
        f.debug_struct("FlowJob").field("work", &work).field("first", &self.first).finish_non_exhaustive()
    }
}

impl Drop for FlowJob {
    fn drop(&mut self) {
        match self.work.take() {
            None => {}
            Some(Work::Keys(keys, _)) => keys.abandon(None),
            Some(Work::Region(region, _)) => region.abandon(),
        }
    }
}

/// A job that a provider of the program's own has to do.
pub struct ProviderJob {
    span: Span,
    /// `None` once it has ended.
    keys: Option<Arc<Keys>>,
    refused: Option<Credentials>,
}

impl ProviderJob {
    pub(super) fn new(keys: Arc<Keys>, span: Span, refused: Option<Credentials>) -> Self {
        Self { span, keys: Some(keys), refused }
    }

    /// Credentials that the service has refused since the provider was asked last: it is to be told of them, so that it
    /// does not give them again.
    pub fn refused(&self) -> Option<&Credentials> {
        self.refused.as_ref()
    }

    /// What the provider gave.
    pub fn finish(mut self, now: SystemTime, fetched: Result<Credentials, Error>) {
        if let Some(keys) = self.keys.take() {
            self.span.enter(|| keys.finish(now, fetched.map(Into::into)));
        }
    }

    /// The provider panicked.
    pub fn panicked(self, now: SystemTime) {
        let problem = "it panicked; the program's error output says where";
        self.finish(now, Err(CredentialsError::new(PROVIDER, problem).into()));
    }
}

impl Drop for ProviderJob {
    fn drop(&mut self) {
        if let Some(keys) = self.keys.take() {
            keys.abandon(self.refused.take());
        }
    }
}

impl fmt::Debug for ProviderJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderJob").field("refused", &self.refused).finish_non_exhaustive()
    }
}

/// What errors call a provider that is set in code.
pub(super) const PROVIDER: &str = "the provider";
