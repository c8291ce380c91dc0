//! A resolution on a stage: the scenario's time and files, whichever driver performs the effects, and a trace of all that happens.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sts_proto::{Effect, Error, Event, Flow, Step};
use sts_tests::home::Home;

use super::scenario::Scenario;

/// A flow that lives in the scenario's time, which passes only while it waits, and finds the scenario's files.
pub(crate) struct Staged<F> {
    flow: F,
    scenario: Arc<Scenario>,
    now: SystemTime,
    waiting: Duration,
    /// How often each file was asked for.
    turns: BTreeMap<PathBuf, usize>,
    written: Written,
    trace: Trace,
}

/// The files that were replaced, in a folder of this run.
#[derive(Clone)]
pub(crate) struct Written(Arc<(Home, Mutex<Vec<PathBuf>>)>);

impl Written {
    pub(crate) fn new() -> Self {
        Self(Arc::new((Home::new(), Mutex::default())))
    }

    /// The files by the names that the scenario has for them, and where they are.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, PathBuf> {
        let names = self.0.1.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.into_iter().map(|name| (name.clone(), self.place(&name))).collect()
    }

    fn place(&self, name: &Path) -> PathBuf {
        self.0.0.path(&format!("written/{}", name.display().to_string().replace([':', '\\'], "/")))
    }

    fn replace(&self, name: &Path) -> PathBuf {
        self.0.1.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        self.place(name)
    }
}

/// What was asked for and what came of it, a line each.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<String>>>);

impl<F> Staged<F> {
    pub(crate) fn new(flow: F, scenario: &Arc<Scenario>, written: &Written, trace: &Trace) -> Self {
        Self {
            flow,
            scenario: Arc::clone(scenario),
            now: SystemTime::UNIX_EPOCH + scenario.now,
            waiting: Duration::ZERO,
            turns: BTreeMap::new(),
            written: written.clone(),
            trace: trace.clone(),
        }
    }
}

impl<F: Flow<Error = Error>> Flow for Staged<F> {
    type Output = F::Output;
    type Error = Error;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<F::Output>, Error> {
        if matches!(event, Event::Elapsed) {
            self.now += std::mem::take(&mut self.waiting);
        }
        self.trace.note(told(&event));
        match self.flow.step(self.now, event) {
            Ok(Step::Perform(effect)) => {
                self.trace.note(asked(&effect));
                Ok(Step::Perform(match effect {
                    Effect::Replace(path, contents) => Effect::Replace(self.written.replace(&path), contents),
                    Effect::Read(path) if self.written.files().contains_key(&path) => {
                        Effect::Read(self.written.place(&path))
                    }
                    Effect::Read(path) => {
                        let turn = self.turns.entry(path.clone()).or_default();
                        *turn += 1;
                        Effect::Read(self.scenario.place(&path, *turn))
                    }
                    Effect::Wait(duration) => {
                        self.waiting = duration;
                        Effect::Wait(Duration::ZERO)
                    }
                    effect => effect,
                }))
            }
            Ok(Step::Done(output)) => {
                self.trace.note("done".to_owned());
                Ok(Step::Done(output))
            }
            Err(error) => {
                self.trace.note(format!("error: {error}"));
                Err(error)
            }
        }
    }
}

impl Trace {
    fn note(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn asked(effect: &Effect) -> String {
    match effect {
        Effect::Send(request, timeouts) => {
            let mut headers: Vec<_> = request.headers().iter().collect();
            headers.sort_by_key(|(name, _)| name.as_str());
            let (all, uri) = (digest(&(headers, request.body())), digest(request.uri()));
            let host = request.uri().authority().map_or("", |authority| authority.as_str());
            let path = request.uri().path();
            format!("send {} {host}{path} ({uri:x}, {all:x}) within {timeouts:?}", request.method())
        }
        Effect::Run(command) => format!("run {command:?} ({:x})", digest(&command.arguments)),
        // Paths, serial numbers and durations.
        effect => format!("{effect:?}"),
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Response(response) => format!("{event:?} ({:x})", digest(response.body())),
        Event::Contents(Some(contents)) => format!("{event:?} ({:x})", digest(contents)),
        Event::Exited(output) => format!("{event:?} ({:x})", digest(&output.stdout)),
        Event::Failed(error) => format!("failed: {:?}", error.kind()),
        event => format!("{event:?}"),
    }
}

/// What tells two values apart without showing them.
fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
