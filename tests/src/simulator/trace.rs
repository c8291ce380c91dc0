use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;
use sts_proto::wire::time;
use sts_proto::{
    Context, Effect, Error, ErrorCode, Event, Flow, Output, RetryClass, SendTimeouts, Step, TransportError,
    TransportErrorKind,
};

/// A flow that records what it asks for and what it gets. The flows of one client share a trace.
#[derive(Debug)]
pub struct Recorded<F> {
    flow: F,
    id: u64,
    context: Arc<Context>,
    trace: Trace,
}

/// The recorded entries, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Vec<Entry>>>);

/// A recorded step of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it happened.
    pub at: SystemTime,
    /// The flow's id.
    pub id: u64,
    /// The client's remaining quota afterwards.
    pub quota: u32,
    /// What happened.
    pub note: Note,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A request was sent.
    Sent {
        /// `amz-sdk-request`.
        number: String,
        /// `amz-sdk-invocation-id`.
        invocation: String,
        /// `x-amz-date`.
        date: Option<SystemTime>,
        /// `authorization`.
        signature: Option<String>,
        /// The time-outs of the request.
        timeouts: Option<SendTimeouts>,
    },
    /// A response arrived: status and headers.
    Answered(u16, HeaderMap),
    /// No response arrived.
    Failed(TransportErrorKind),
    /// The flow asked for a wait.
    Waits(Duration),
    /// The call succeeded: attempts, and the total wait between them.
    Done(u32, Duration),
    /// The call failed.
    Broke {
        /// The number of attempts that the error reports.
        attempts: u32,
        /// The error's status.
        status: Option<u16>,
        /// The error's code.
        code: Option<ErrorCode>,
        /// The kind of the transport error, if it is one.
        kind: Option<TransportErrorKind>,
        /// The error's class.
        class: RetryClass,
    },
}

impl<F> Recorded<F> {
    /// Records `flow`, a call of the client with this context, in `trace`.
    pub fn new(flow: F, id: u64, context: Arc<Context>, trace: &Trace) -> Self {
        Self { flow, id, context, trace: trace.clone() }
    }

    fn note(&self, at: SystemTime, note: Note) {
        let entry = Entry { at, id: self.id, quota: self.context.retry_quota(), note };
        self.trace.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }
}

impl<F: Flow<Output: Output, Error = Error>> Flow for Recorded<F> {
    type Output = F::Output;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<F::Output>, Error> {
        match &event {
            Event::Response(response) => {
                self.note(now, Note::Answered(response.status().as_u16(), response.headers().clone()));
            }
            Event::Failed(error) => self.note(now, Note::Failed(error.kind())),
            _ => {}
        }
        let step = self.flow.step(now, event);
        self.note(now, Note::of(&step));
        step
    }
}

impl Trace {
    /// The entries so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Note {
    fn of<T: Output>(step: &Result<Step<T>, Error>) -> Self {
        match step {
            Ok(Step::Perform(Effect::Send(request, timeouts))) => {
                let header = |name| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
                Self::Sent {
                    number: header("amz-sdk-request").unwrap_or_default(),
                    invocation: header("amz-sdk-invocation-id").unwrap_or_default(),
                    date: header("x-amz-date").and_then(|date| time::parse(&date)),
                    signature: header("authorization"),
                    timeouts: Some(*timeouts),
                }
            }
            Ok(Step::Perform(Effect::Wait(wait))) => Self::Waits(*wait),
            Ok(Step::Perform(effect)) => panic!("no call asks for {effect:?}"),
            Ok(Step::Done(output)) => {
                Self::Done(output.metadata().attempts(), output.metadata().total_retry_delay())
            }
            Err(error) => Self::Broke {
                attempts: error.attempts(),
                status: error.metadata().map(|metadata| metadata.status().as_u16()),
                code: error.code().cloned(),
                kind: error.as_transport_error().map(TransportError::kind),
                class: error.retry_class(),
            },
        }
    }
}

/// The part of a trace that does not depend on the time of day: quotas and notes, without dates and
/// signatures.
pub fn timeless(entries: &[Entry]) -> Vec<(u32, Note)> {
    let strip = |mut note: Note| {
        match &mut note {
            Note::Sent { date, signature, timeouts, .. } => {
                (*date, *signature, *timeouts) = (None, None, None)
            }
            Note::Answered(_, headers) => drop(headers.remove(DATE)),
            _ => {}
        }
        note
    };
    entries.iter().map(|entry| (entry.quota, strip(entry.note.clone()))).collect()
}
