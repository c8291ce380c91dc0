//! Requests for one path after the other with a token, which is fetched first.

use std::time::SystemTime;

use http::{HeaderName, HeaderValue, Method};

use super::Config;
use crate::credentials::fetch::{Fetch, Reply};
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step};
use crate::settings::Origin;

#[derive(Debug)]
pub(super) struct Session {
    config: Config,
    seed: u128,
    path: String,
    token: Token,
    /// Whether a refused token was replaced, which is done once.
    renewed: bool,
    doing: Doing,
}

/// The token to send with each request.
#[derive(Debug)]
enum Token {
    Unknown,
    Value(HeaderValue),
    /// The service gives no tokens, and is asked as its version 1.
    None(Without),
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// The service answered that it gives none.
    Answered,
    /// It did not answer. In a container, the answer may be lost on the way, since it may go over fewer hops than others.
    Silent,
    /// It was not reached.
    Unreached,
}

#[derive(Debug)]
enum Doing {
    Nothing,
    Token(Fetch),
    Path(Fetch),
}

/// The result of a request.
pub(super) enum Answer {
    /// The service has a document at this path.
    Document(Reply),
    /// The service has nothing at this path.
    Absent(Reply),
    /// There is no service.
    Unreachable,
}

impl Session {
    pub(super) fn new(config: Config, seed: u128) -> Self {
        let (path, token, doing) = (String::new(), Token::Unknown, Doing::Nothing);
        Self { config, seed, path, token, renewed: false, doing }
    }

    /// The name of the role that the configuration gives, and where.
    pub(super) fn role(&self) -> Option<(String, Origin)> {
        self.config.role().cloned()
    }

    /// Sets the path to ask for next. Step the flow with [`Event::Start`] afterwards.
    pub(super) fn ask(&mut self, path: &str) {
        path.clone_into(&mut self.path);
        self.doing = Doing::Nothing;
    }

    fn begin(&mut self, now: SystemTime) -> Result<Step<Answer>, Error> {
        let token = match &self.token {
            Token::Unknown => return self.ask_for_token(now),
            Token::Value(token) => Some(token.clone()),
            Token::None(_) => None,
        };
        let fetch = self.fetch(Method::GET, &self.path)?;
        let fetch = match (token, self.without()) {
            (Some(token), _) => fetch.header(TOKEN, token),
            (None, Some(Without::Silent)) => fetch.hurrying(),
            (None, Some(Without::Unreached)) => fetch.probing(),
            (None, _) => fetch,
        };
        self.with_path(fetch, now, Event::Start)
    }

    fn ask_for_token(&mut self, now: SystemTime) -> Result<Step<Answer>, Error> {
        let fetch = self.fetch(Method::PUT, "/latest/api/token")?;
        let fetch = fetch.header(TOKEN_TTL, HeaderValue::from_static("21600"));
        let fetch = match (self.renewed, self.config.allows_v1()) {
            (true, _) => fetch,
            (false, false) => fetch.probing(),
            (false, true) => fetch.probing().hurrying(),
        };
        self.with_token(fetch, now, Event::Start)
    }

    fn fetch(&self, method: Method, path: &str) -> Result<Fetch, CredentialsError> {
        Ok(Fetch::local(PROVIDER, method, self.config.uri(path)?, self.seed).direct())
    }

    fn with_token(&mut self, mut fetch: Fetch, now: SystemTime, event: Event) -> Result<Step<Answer>, Error> {
        let reply = match fetch.step(now, event)? {
            Step::Perform(effect) => {
                self.doing = Doing::Token(fetch);
                return Ok(Step::Perform(effect));
            }
            Step::Done(reply) => reply,
        };
        self.next_seed();
        let may_do_without = self.config.allows_v1();
        self.token = match reply.status() {
            Some(200..=299) => Token::Value(token(&reply)?),
            // The request for a token was understood, so there is a version 2.
            Some(400) => return Err(reply.refused(ADVICE).into()),
            Some(_) if may_do_without => Token::None(Without::Answered),
            Some(404 | 405) => return Err(reply.refused(NO_V2).into()),
            Some(403) => return Err(reply.refused(FORBIDDEN).into()),
            Some(_) => return Err(reply.refused(ADVICE).into()),
            None if reply.is_unreachable() => match may_do_without && reply.was_refused() {
                true => Token::None(Without::Unreached),
                // Without a service, each further request takes as long as its time-out.
                false => return Ok(Step::Done(Answer::Unreachable)),
            },
            // A service that has given a token before has a version 2.
            None if may_do_without && !self.renewed => Token::None(Without::Silent),
            None if reply.hangs() => return Err(reply.refused(HOPS).into()),
            None => return Err(reply.refused(ADVICE).into()),
        };
        self.begin(now)
    }

    fn with_path(&mut self, mut fetch: Fetch, now: SystemTime, event: Event) -> Result<Step<Answer>, Error> {
        let reply = match fetch.step(now, event)? {
            Step::Perform(effect) => {
                self.doing = Doing::Path(fetch);
                return Ok(Step::Perform(effect));
            }
            Step::Done(reply) => reply,
        };
        self.next_seed();
        let without = self.without();
        if reply.status().is_some() && without.is_some() {
            self.token = Token::None(Without::Answered);
        }
        match reply.status() {
            None if reply.is_unreachable() => Ok(Step::Done(Answer::Unreachable)),
            Some(200..=299) => Ok(Step::Done(Answer::Document(reply))),
            Some(404) => Ok(Step::Done(Answer::Absent(reply))),
            None | Some(401) if without == Some(Without::Silent) => Err(reply.refused(HOPS).into()),
            Some(401) if without.is_none() && !self.renewed => {
                self.renewed = true;
                self.token = Token::Unknown;
                self.ask_for_token(now)
            }
            Some(403) => Err(reply.refused(FORBIDDEN).into()),
            _ => Err(reply.refused(ADVICE).into()),
        }
    }

    fn without(&self) -> Option<Without> {
        match self.token {
            Token::None(why) => Some(why),
            Token::Unknown | Token::Value(_) => None,
        }
    }

    /// Gives the next request other waits.
    fn next_seed(&mut self) {
        self.seed = self.seed.wrapping_add(1);
    }
}

impl Flow for Session {
    type Output = Answer;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Answer>, Error> {
        match (std::mem::replace(&mut self.doing, Doing::Nothing), event) {
            (Doing::Nothing, Event::Start) => self.begin(now),
            (Doing::Token(fetch), event) => self.with_token(fetch, now, event),
            (Doing::Path(fetch), event) => self.with_path(fetch, now, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

fn token(reply: &Reply) -> Result<HeaderValue, CredentialsError> {
    let text = std::str::from_utf8(reply.body()).unwrap_or_default().trim();
    let plain = (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::from_str(text).ok().filter(|_| plain && !text.starts_with('<'));
    let mut value = value.ok_or_else(|| reply.unusable("it is not a token", ADVICE))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) const PROVIDER: &str = "instance metadata";

pub(super) const ADVICE: &str = "check that an instance metadata service listens there, not a proxy or a web page, or set \
                                 AWS_EC2_METADATA_DISABLED=true";
const HOPS: &str = "in a container, the hop limit of the instance's metadata options has to be 2 or more; if the \
                    credentials of the instance are not needed, set AWS_EC2_METADATA_DISABLED=true";
const NO_V2: &str = "the server has no version 2 of the service, and AWS_EC2_METADATA_V1_DISABLED or \
                     ec2_metadata_v1_disabled forbids version 1";
const FORBIDDEN: &str = "request forbidden: the instance's metadata service is disabled; enable it in the instance's metadata \
                         options, or set AWS_EC2_METADATA_DISABLED=true";

const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const TOKEN_TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
/// Far longer than any token, in bytes.
const MAX_TOKEN: usize = 4096;
