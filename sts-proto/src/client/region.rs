//! The search for the region of a client that was given none: one at a time, however many calls wait for it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::job::{FlowJob, Job};
use crate::context::Context;
use crate::credentials::{RegionSearch, imds};
use crate::endpoint::EndpointError;
use crate::error::Error;
use crate::flow::{Event, Flow, Join, Step};
use crate::trace::Span;
use crate::transport::{Phase, TransportError, TransportErrorKind};

/// The region, as the calls of a client share the search for it.
pub(super) struct Region {
    context: Arc<Context>,
    /// Where it may be asked for, if anywhere, and how.
    metadata: Option<(imds::Config, BeginSearch)>,
    state: Mutex<State>,
}

/// Begins a search, unless the region is known. A function, so that a program whose clients look nowhere does not hold it.
pub(super) type BeginSearch = fn(&Arc<Context>, &imds::Config) -> Option<Searching>;

/// Its type is not known to what drives it.
pub(super) type Searching = Box<dyn Flow<Output = (), Error = Error> + Send + Sync>;

/// The only [`BeginSearch`] that there is. Whether what needs the region is signed does not matter to the search itself.
pub(super) fn begin(context: &Arc<Context>, metadata: &imds::Config) -> Option<Searching> {
    let search = RegionSearch::needed(context, Some(metadata), true)?;
    Some(Box::new(search))
}

#[derive(Debug, Default)]
struct State {
    search: Search,
    /// How many searches have ended.
    ended: u64,
    /// Why the last one failed.
    failure: Option<EndpointError>,
}

#[derive(Debug, Default)]
enum Search {
    #[default]
    Idle,
    /// A job is to be taken.
    Waiting(Span),
    Running,
}

impl Region {
    pub(super) fn new(context: Arc<Context>, metadata: Option<(imds::Config, BeginSearch)>) -> Self {
        Self { context, metadata, state: Mutex::default() }
    }

    pub(super) fn ended(&self) -> u64 {
        self.state().ended
    }

    pub(super) fn job(self: &Arc<Self>) -> Option<Job> {
        let mut state = self.state();
        match std::mem::replace(&mut state.search, Search::Running) {
            Search::Waiting(span) => {
                let search = self.metadata.as_ref().and_then(|(config, begin)| begin(&self.context, config));
                if let Some(search) = search {
                    return Some(Job::Flow(FlowJob::of_region(Arc::clone(self), span, search)));
                }
                // Found meanwhile, by a role's call: the flows that wait are to look again.
                state.search = Search::Idle;
                state.ended = state.ended.wrapping_add(1);
                None
            }
            other => {
                state.search = other;
                None
            }
        }
    }

    pub(super) fn finish(&self, found: Result<(), Error>) {
        let mut state = self.state();
        state.search = Search::Idle;
        state.ended = state.ended.wrapping_add(1);
        state.failure = match found {
            Ok(()) => None,
            Err(Error::Endpoint(error)) => Some(*error),
            Err(error) => Some(EndpointError::RegionNotFound { problem: error.to_string().into() }),
        };
    }

    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.search = Search::Idle;
        state.ended = state.ended.wrapping_add(1);
        state.failure = None;
    }

    fn is_needed(&self, signed: bool) -> bool {
        self.metadata.is_some() && self.context.lacks_region(signed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Waits until the region is known.
#[derive(Debug)]
pub(super) struct Locate {
    region: Arc<Region>,
    signed: bool,
    /// The search that is waited for.
    seen: Option<u64>,
    lost: u32,
}

impl Locate {
    /// What is sent `signed` needs a region even where there is an endpoint URL.
    pub(super) fn new(region: Arc<Region>, signed: bool) -> Self {
        Self { region, signed, seen: None, lost: 0 }
    }

    /// `ended` is what the client says of all its jobs, and `left` how much time there is.
    pub(super) fn step(&mut self, event: &Event, ended: u64, left: Duration) -> Result<Step<()>, Error> {
        if !self.region.is_needed(self.signed) {
            return Ok(Step::Done(()));
        }
        let mut state = self.region.state();
        match (self.seen, event) {
            (None, Event::Start) => {}
            (Some(seen), Event::Joined | Event::Elapsed) if state.ended != seen => {
                if let Some(failure) = &state.failure {
                    return Err(failure.clone().into());
                }
                // Its thread or task is gone.
                self.lost += 1;
                if self.lost >= MAX_LOST {
                    return Err(EndpointError::RegionNotFound { problem: LOST.into() }.into());
                }
            }
            (Some(_), Event::Joined) => {}
            (Some(_), Event::Elapsed) => return Err(too_long().into()),
            _ => return Err(Error::OutOfTurn),
        }
        self.seen = Some(state.ended);
        if matches!(state.search, Search::Idle) {
            state.search = Search::Waiting(Span::of_job(false));
        }
        Ok(Step::Perform(Join { seen: ended, within: left }.into()))
    }
}

fn too_long() -> TransportError {
    let problem =
        "the instance's metadata was asked for the region and has not answered in time; set a region";
    TransportError::new(TransportErrorKind::Timeout(Phase::Response), problem)
}

const LOST: &str =
    "the thread or task that asked the instance's metadata was ended before it had an answer, more than once";
/// How often work may be lost before a flow gives up.
pub(super) const MAX_LOST: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Env, Settings};

    fn unknown() -> Arc<Region> {
        let context = Context::without_endpoint(&Settings::new(), "test/0").unwrap();
        let metadata = imds::Config::new(&Env::default(), None).unwrap().unwrap();
        Arc::new(Region::new(Arc::new(context), Some((metadata, begin))))
    }

    #[test]
    fn a_search_that_is_lost_again_and_again_is_given_up() {
        let region = unknown();
        let mut waiting = Locate::new(Arc::clone(&region), true);
        let mut event = Event::Start;
        for _ in 0..MAX_LOST {
            let step = waiting.step(&event, region.ended(), Duration::from_secs(9)).unwrap();
            assert!(matches!(step, Step::Perform(_)), "it is waited for");
            drop(region.job().expect("a search is to be driven"));
            event = Event::Joined;
        }
        let error = waiting.step(&event, region.ended(), Duration::from_secs(9)).unwrap_err();
        assert!(error.to_string().contains(LOST), "{error}");
    }

    #[test]
    fn a_search_that_takes_too_long_or_is_not_waited_for_is_an_error() {
        let region = unknown();
        let left = Duration::from_secs(9);
        let mut waiting = Locate::new(Arc::clone(&region), true);
        assert!(matches!(waiting.step(&Event::Joined, 0, left), Err(Error::OutOfTurn)));
        waiting.step(&Event::Start, 0, left).unwrap();
        let error = waiting.step(&Event::Elapsed, 0, left).unwrap_err();
        assert!(format!("{error:?}").contains("set a region"), "{error:?}");
    }
}
