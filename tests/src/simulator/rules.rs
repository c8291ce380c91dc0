//! An independent implementation of the published retry rules, to check traces.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, DATE, RETRY_AFTER};
use sts_proto::wire::time;
use sts_proto::{ErrorCode, RetryClass, Timeouts, TransportErrorKind};

use super::{Entry, FAULTS, Fault, Note, Wire};

/// The configuration of a client.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The maximum number of attempts of a call.
    pub max_attempts: u32,
    /// Whether the client limits its rate after it has been throttled.
    pub adaptive: bool,
    /// The time-outs of a call and an attempt.
    pub timeouts: Timeouts,
}

/// Figures from a trace, some of which are only meaningful over many traces.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Calls that ended.
    pub calls: u32,
    /// Calls that succeeded.
    pub succeeded: u32,
    /// Requests.
    pub attempts: u32,
    /// Immediate retries with a corrected clock.
    pub corrected: u32,
    /// Calls that ended because the quota did not suffice for a retry.
    pub unpaid: u32,
    /// Calls that ended because the next wait would have exceeded the time-out.
    pub no_time: u32,
    /// Calls that the limiter held back until the time-out.
    pub held: u32,
    /// The minimum that was left of a quota.
    pub min_quota: u32,
    /// For each ceiling in milliseconds: the waits without a hint that the time-out did not limit, as
    /// fractions of it.
    pub waits: BTreeMap<u64, Vec<f64>>,
}

/// Checks the trace of one client's calls against the rules and returns its figures.
///
/// # Panics
///
/// If the trace breaks a rule.
pub fn check(rules: &Rules, trace: &[Entry]) -> Seen {
    let seen = Seen { min_quota: CAPACITY as u32, ..Seen::default() };
    let mut client =
        Client { rules, quota: CAPACITY, ahead: 0.0, disproved: None, calls: BTreeMap::new(), seen };
    for entry in trace {
        client.take(entry);
        client.seen.min_quota = client.seen.min_quota.min(entry.quota);
        if !matches!(entry.note, Note::Answered(..) | Note::Failed(_)) {
            assert_eq!(client.quota, i64::from(entry.quota), "the quota after {entry:?}");
        }
        assert!((0..=CAPACITY).contains(&client.quota), "{} left after {entry:?}", client.quota);
    }
    assert!(client.calls.values().all(|call| matches!(call.state, State::Over)), "a call did not end");
    client.seen
}

impl Seen {
    /// Adds the figures of another trace.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.succeeded += other.succeeded;
        self.attempts += other.attempts;
        self.corrected += other.corrected;
        self.unpaid += other.unpaid;
        self.no_time += other.no_time;
        self.held += other.held;
        self.min_quota = self.min_quota.min(other.min_quota);
        for (ceiling, parts) in other.waits {
            self.waits.entry(ceiling).or_default().extend(parts);
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, succeeded, attempts, corrected, unpaid, no_time, held, min_quota, .. } = self;
        write!(
            f,
            "{calls} calls, {attempts} attempts, {succeeded} successes, {corrected} corrected clocks; given up for \
             lack of quota {unpaid}, of time {no_time}, by the limiter {held}; minimum quota {min_quota}"
        )
    }
}

struct Client<'a> {
    rules: &'a Rules,
    quota: i64,
    /// How far the server's clock is ahead, in seconds, as the client has measured it.
    ahead: f64,
    /// What a refusal has disproved of that.
    disproved: Option<f64>,
    calls: BTreeMap<u64, Progress>,
    seen: Seen,
}

struct Progress {
    deadline: SystemTime,
    attempts: u32,
    waited: Duration,
    invocation: Option<String>,
    signed: Option<(SystemTime, String)>,
    /// How often it was sent again at once.
    corrected: u32,
    /// Whether an attempt was dated by this machine's clock.
    dated_by_us: bool,
    paid: Option<i64>,
    last: Option<Failure>,
    state: State,
}

enum State {
    Ready,
    Waiting(SystemTime),
    Sent { at: SystemTime, ahead: f64 },
    Succeeded,
    Failed(Next),
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    fault: &'static Fault,
    class: RetryClass,
    status: Option<u16>,
}

/// What may follow a failure.
#[derive(Clone, Copy, Debug)]
enum Next {
    End,
    /// An immediate retry.
    WithClock,
    /// A retry after a wait of at least `least`, and below `ceiling` plus the extension for a hint.
    Wait {
        least: Duration,
        ceiling: Duration,
        hinted: bool,
    },
}

impl Client<'_> {
    fn take(&mut self, entry: &Entry) {
        let now = entry.at;
        let mut call = self.calls.remove(&entry.id).unwrap_or_else(|| Progress {
            deadline: now + self.rules.timeouts.call,
            attempts: 0,
            waited: Duration::ZERO,
            invocation: None,
            signed: None,
            corrected: 0,
            dated_by_us: false,
            paid: None,
            last: None,
            state: State::Ready,
        });
        assert!(now <= call.deadline, "after the deadline: {entry:?}");
        let state = std::mem::replace(&mut call.state, State::Over);
        call.state = match (state, &entry.note) {
            (State::Ready, Note::Sent { .. }) => self.sent(&mut call, entry),
            (State::Waiting(until), Note::Sent { .. }) if until == now => self.sent(&mut call, entry),
            (State::Sent { at, ahead }, Note::Answered(status, headers)) => {
                self.answered(&mut call, [at, now], ahead, *status, headers)
            }
            (State::Sent { .. }, Note::Failed(kind)) => {
                let with = |fault: &&Fault| matches!(fault.wire, Wire::Failure(of) if of == *kind);
                let fault = FAULTS.iter().find(with).expect("a kind of the table");
                self.failed(&mut call, fault, None, false, None)
            }
            (State::Failed(next), Note::Waits(wait)) => {
                self.check_retry(&mut call, now, next, *wait);
                State::Waiting(now + *wait)
            }
            (State::Ready, Note::Waits(wait)) => self.check_hold(&mut call, now, *wait),
            (State::Waiting(until), Note::Waits(wait)) if until == now => {
                self.check_hold(&mut call, now, *wait)
            }
            (State::Succeeded, Note::Done(attempts, waited)) => {
                assert_eq!((*attempts, *waited), (call.attempts, call.waited), "{entry:?}");
                self.quota = (self.quota + call.paid.unwrap_or(1)).min(CAPACITY);
                self.seen.succeeded += 1;
                State::Over
            }
            (State::Failed(next), Note::Broke { .. }) => {
                let failure = call.last.expect("a failure");
                self.check_end(&call, now, next, failure.class);
                assert_eq!(entry.note, failure.reported(call.attempts));
                State::Over
            }
            (State::Ready | State::Waiting(_), Note::Broke { .. }) => {
                assert!(self.rules.adaptive, "given up before it was sent: {entry:?}");
                assert!(now + MAX_HOLD >= call.deadline, "there was time: {entry:?}");
                assert_eq!(entry.note, call.last.map_or(held(), |failure| failure.reported(call.attempts)));
                self.seen.held += 1;
                State::Over
            }
            _ => panic!("out of order: {entry:?}"),
        };
        self.seen.calls += u32::from(matches!(call.state, State::Over));
        self.calls.insert(entry.id, call);
    }

    fn sent(&mut self, call: &mut Progress, entry: &Entry) -> State {
        let Note::Sent { number, invocation, date, signature, timeouts } = &entry.note else {
            unreachable!("{entry:?}")
        };
        call.attempts += 1;
        self.seen.attempts += 1;
        let max = self.rules.max_attempts;
        assert!(call.attempts <= max, "one too many: {entry:?}");
        assert_eq!(*number, format!("attempt={}; max={max}", call.attempts));
        assert_eq!(invocation, call.invocation.get_or_insert_with(|| invocation.clone()), "two invocations");
        let (date, signature) = (date.expect("a date"), signature.clone().expect("a signature"));
        // Dates are truncated to seconds.
        let off = apart(date, entry.at) - self.ahead;
        assert!(off > -1.01 && off < 0.01, "dated {off} s off: {entry:?}");
        if let Some((before, old)) = call.signed.replace((date, signature.clone())) {
            assert_eq!(before == date, old == signature, "not signed anew: {entry:?}");
        }
        let left = call.deadline.duration_since(entry.at).expect("not after the deadline");
        let attempt = timeouts.expect("time-outs").attempt;
        assert_eq!(attempt, self.rules.timeouts.attempt.min(left), "{entry:?}");
        State::Sent { at: entry.at, ahead: self.ahead }
    }

    fn answered(
        &mut self,
        call: &mut Progress,
        [sent, now]: [SystemTime; 2],
        used: f64,
        status: u16,
        headers: &HeaderMap,
    ) -> State {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let place = text("x-fault").and_then(|place| place.parse::<usize>().ok()).expect("a place");
        let fault = &FAULTS[place];
        let skewed = fault.class == Some(RetryClass::ClockSkew);
        let is_local = used.abs() < NOTABLE;
        let mut moved = false;
        if let (Some(date), None) = (text(DATE.as_str()), text(AGE.as_str())) {
            let took = now.duration_since(sent).expect("time goes on");
            let date = time::parse(date).expect("a date");
            // The date has whole seconds. Any offset in this range explains it; else the middle is taken.
            let possible = apart(date, now)..apart(date, sent) + 1.0;
            if skewed && is_local {
                self.disproved = None;
            }
            if possible.contains(&self.ahead) {
                self.disproved = None;
            } else {
                let shown = apart(date, sent + took / 2);
                if self.disproved.is_none_or(|wrong| (shown - wrong).abs() >= NOTABLE) {
                    (self.ahead, self.disproved) = (shown, None);
                }
            }
            moved = (self.ahead - used).abs() >= NOTABLE;
        }
        // Another call may have shown what the clock says, or the process stood still.
        moved |= (apart(now, sent) + self.ahead - used).abs() >= NOTABLE;
        if fault.class.is_none() {
            return State::Succeeded;
        }
        call.dated_by_us |= is_local;
        // What the dates of answers show is wrong, and then this machine's clock counts.
        if skewed && status >= 400 && !moved && !call.dated_by_us {
            (self.ahead, self.disproved) = (0.0, Some(used));
            moved = true;
        }
        let milliseconds = text("x-amz-retry-after").and_then(|text| text.parse().ok());
        let hint = milliseconds.map(Duration::from_millis).or_else(|| {
            let text = text(RETRY_AFTER.as_str())?;
            // A date has whole seconds, and so has the measured offset of the clock.
            let second = Duration::from_secs(1);
            let until = || Some(time::parse(text)?.duration_since(now).ok()?.saturating_sub(second));
            text.parse().ok().map(Duration::from_secs).or_else(until)
        });
        self.failed(call, fault, Some(status), moved, hint)
    }

    fn failed(
        &mut self,
        call: &mut Progress,
        fault: &'static Fault,
        status: Option<u16>,
        moved: bool,
        hint: Option<Duration>,
    ) -> State {
        let class = fault.class.expect("a failure");
        call.last = Some(Failure { fault, class, status });
        let base = match class {
            RetryClass::Transient => Some(Duration::from_millis(50)),
            RetryClass::Throttling => Some(Duration::from_secs(1)),
            _ => None,
        };
        State::Failed(match base {
            _ if call.attempts == self.rules.max_attempts => Next::End,
            // Only an error response can be a result of the wrong date.
            None if moved && call.corrected < often(class) && status >= Some(400) => Next::WithClock,
            None => Next::End,
            Some(base) => Next::Wait {
                least: hint.unwrap_or_default().min(MAX_EXTENSION),
                ceiling: (base * 2u32.pow(call.attempts - 1)).min(Duration::from_secs(20)),
                hinted: hint.is_some(),
            },
        })
    }

    /// Checks that a retry is paid for and that its wait is within the bounds.
    fn check_retry(&mut self, call: &mut Progress, now: SystemTime, next: Next, wait: Duration) {
        let class = call.last.expect("a failure").class;
        match next {
            Next::End => panic!("{class:?} is tried again after {} attempts", call.attempts),
            Next::WithClock => {
                assert_eq!(wait, Duration::ZERO, "a corrected clock needs no wait");
                call.corrected += 1;
                self.seen.corrected += 1;
            }
            Next::Wait { least, ceiling, hinted } => {
                let max = if hinted { ceiling + MAX_EXTENSION } else { ceiling };
                assert!(least <= wait && wait <= max, "{class:?} waits {wait:?}, not {least:?} to {max:?}");
                if !hinted && now + ceiling < call.deadline {
                    let part = wait.as_secs_f64() / ceiling.as_secs_f64();
                    self.seen.waits.entry(ceiling.as_millis() as u64).or_default().push(part);
                }
            }
        }
        assert!(now + wait < call.deadline, "the wait cannot end in time");
        let cost = cost(class);
        assert!(self.quota >= cost, "{} is left, and a retry costs {cost}", self.quota);
        self.quota -= cost;
        call.paid = Some(cost);
        call.waited += wait;
    }

    /// Checks a wait for the rate limiter.
    fn check_hold(&self, call: &mut Progress, now: SystemTime, wait: Duration) -> State {
        assert!(self.rules.adaptive, "only a limiter waits here");
        assert!(wait > Duration::ZERO && wait <= MAX_HOLD && now + wait < call.deadline, "{wait:?}");
        if call.attempts > 0 {
            call.waited += wait;
        }
        State::Waiting(now + wait)
    }

    /// Checks that the call gave up for a valid reason.
    fn check_end(&mut self, call: &Progress, now: SystemTime, next: Next, class: RetryClass) {
        let max = match next {
            Next::End => return,
            Next::WithClock => Duration::ZERO,
            Next::Wait { ceiling, hinted: false, .. } => ceiling,
            Next::Wait { ceiling, hinted: true, .. } => ceiling + MAX_EXTENSION,
        };
        if self.quota < cost(class) {
            self.seen.unpaid += 1;
        } else {
            assert!(now + max >= call.deadline, "{class:?} is given up after {} attempts", call.attempts);
            self.seen.no_time += 1;
        }
    }
}

impl Failure {
    /// The failure as the call's error should report it.
    fn reported(&self, attempts: u32) -> Note {
        let (code, kind) = match &self.fault.wire {
            Wire::Refusal(_, code, _) => (Some(ErrorCode::from(*code)), None),
            Wire::Failure(kind) => (None, Some(*kind)),
            Wire::Other(..) | Wire::Success => (None, None),
        };
        Note::Broke { attempts, status: self.status, code, kind, class: self.class }
    }
}

/// The end of a call that the limiter held back until the time-out.
fn held() -> Note {
    let kind = Some(TransportErrorKind::RateLimited);
    Note::Broke { attempts: 0, status: None, code: None, kind, class: RetryClass::Never }
}

/// How often a call may be sent again at once: a refusal for the date may follow one that has led to a wrong date.
fn often(class: RetryClass) -> u32 {
    if class == RetryClass::ClockSkew { 2 } else { 1 }
}

fn cost(class: RetryClass) -> i64 {
    if class == RetryClass::Throttling { 5 } else { 14 }
}

/// How many seconds `one` is later than `other`.
fn apart(one: SystemTime, other: SystemTime) -> f64 {
    match one.duration_since(other) {
        Ok(later) => later.as_secs_f64(),
        Err(error) => -error.duration().as_secs_f64(),
    }
}

const CAPACITY: i64 = 500;
const MAX_EXTENSION: Duration = Duration::from_secs(5);
/// In seconds.
const NOTABLE: f64 = 240.0;
/// The limiter's maximum wait: its bucket gains at least half a request per second.
const MAX_HOLD: Duration = Duration::from_secs(2);
