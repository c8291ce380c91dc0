//! A service that begins sessions and checks them, in virtual time.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::Event;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::sessions::{Mishaps, Sessions, start};
use super::weather::clock;
use super::{Chance, Fault, Minute, Reply, Weathered};

/// Begins sessions for requests of AssumeRole, and answers all others if their session is good.
pub(super) struct Issuer {
    lifetime: Duration,
    mishaps: Mishaps,
    /// For AssumeRole.
    sessions: Weathered,
    /// For all other requests.
    calls: Weathered,
    chance: Chance,
    /// When each session began; its number is its index. It ends after its lifetime.
    begun: Vec<SystemTime>,
}

/// What an answer means for sessions.
pub(super) enum Issued {
    Nothing,
    Session(u64),
    /// The request's session has expired, or is not accepted any more.
    Refusal,
}

impl Issuer {
    pub(super) fn new(sessions: &Sessions) -> Self {
        let Sessions { lifetime, mishaps, spells, seed, .. } = sessions;
        Self {
            lifetime: *lifetime,
            mishaps: mishaps.clone(),
            sessions: Weathered::new(start(), spells, *seed),
            calls: Weathered::new(start(), spells, seed ^ 3),
            chance: Chance::new(seed ^ 4),
            begun: Vec::new(),
        }
    }

    /// The requests for sessions in each minute.
    pub(super) fn minutes(&self) -> &[Minute] {
        self.sessions.minutes()
    }

    pub(super) fn serve(&mut self, now: SystemTime, request: &Request<Bytes>) -> (Reply, Issued) {
        let (Reply { after, event }, issued) = match request.body().starts_with(b"Action=AssumeRole&") {
            true => self.begin(now, request),
            false => self.check(now, request),
        };
        let event = match event {
            Event::Response(_) if self.chance.below(1000) < self.mishaps.wrong_dates => {
                let days = if self.chance.percent(50) { 2 } else { -2 };
                Fault::dated(event, clock(now, days * 86_400))
            }
            event => event,
        };
        (Reply { after, event }, issued)
    }

    /// Whether a request is signed with a session that has ended, though the client has `another`.
    pub(super) fn is_outdated(
        &self,
        now: SystemTime,
        request: &Request<Bytes>,
        another: Option<u64>,
    ) -> bool {
        let goes_on = |session: u64| now < self.begun[session as usize] + self.lifetime;
        let signer = signer(request);
        signer.is_some_and(|signer| !goes_on(signer))
            && another.is_some_and(|another| Some(another) > signer && goes_on(another))
    }

    fn begin(&mut self, now: SystemTime, request: &Request<Bytes>) -> (Reply, Issued) {
        let Reply { after, event } = self.sessions.serve(now, request);
        let mut response = match event {
            Event::Response(response) if response.status().is_success() => response,
            event => return (Reply { after, event }, Issued::Nothing),
        };
        let session = self.begun.len() as u64;
        let at = now + after.min(Duration::from_secs(1));
        self.begun.push(at);
        *response.body_mut() = document(session, at + self.lifetime);
        (Reply { after, event: Event::Response(response) }, Issued::Session(session))
    }

    fn check(&mut self, now: SystemTime, request: &Request<Bytes>) -> (Reply, Issued) {
        let Reply { after, event } = self.calls.serve(now, request);
        match &event {
            Event::Response(response) if response.status().is_success() => {}
            _ => return (Reply { after, event }, Issued::Nothing),
        }
        if signer(request).is_some_and(|session| self.accepts(now, session)) {
            return (Reply { after, event }, Issued::Nothing);
        }
        let refusal = Fault::refusal("ExpiredToken").event();
        let event = Fault::dated(refusal, clock(now + after.min(Duration::from_secs(1)), 0));
        (Reply { after, event }, Issued::Refusal)
    }

    fn accepts(&self, now: SystemTime, session: u64) -> bool {
        let begun = self.begun[session as usize];
        let since = |at: SystemTime| at.duration_since(start()).unwrap_or_default();
        let forgotten = |at: &Duration| since(begun) < *at && *at <= since(now);
        now < begun + self.lifetime
            && !self.mishaps.forgets.iter().any(forgotten)
            && !self.mishaps.refuses.iter().any(|times| times.contains(&since(now)))
    }
}

/// The session that a request is signed with.
fn signer(request: &Request<Bytes>) -> Option<u64> {
    let authorization = request.headers().get("authorization")?.to_str().ok()?;
    authorization.split_once("Credential=ASIA")?.1.split('/').next()?.parse().ok()
}

/// The response to AssumeRole.
fn document(number: u64, end: SystemTime) -> Bytes {
    let end = OffsetDateTime::from(end).format(&Rfc3339).expect("a date of our time");
    Bytes::from(format!(
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:fleet</AssumedRoleId>\
         <Arn>arn:aws:sts::123456789012:assumed-role/fleet/fleet</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>ASIA{number:012}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleResult>\
         </AssumeRoleResponse>"
    ))
}
