//! Checks proofs of identity: asks STS for the identity of the bearer of a token or of a signed request.
//!
//! A [`Verifier`] is a policy. It takes a token of EKS or a signed `GetCallerIdentity` (as Vault's four fields, or as an
//! `http::Request`), sends to STS a request that it **makes itself**, and answers with an [`Identity`] or with the [`Reason`]
//! for which it refuses. Verifying is a flow: a client runs it with `client.run(flow)`, and needs no credentials of its own
//! for it.
//!
//! ```
//! use std::time::SystemTime;
//! use sts_proto::Credentials;
//! use sts_proto::endpoint::{Endpoint, EndpointParams};
//! use sts_proto::proof::{Eks, Proof};
//! use sts_proto::proof::verify::{Reason, Verifier};
//!
//! # let region = Some("eu-west-1");
//! # let params = EndpointParams { region, ..Default::default() };
//! # let endpoint = Endpoint::resolve(&params)?;
//! # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
//! let now = SystemTime::now();
//! let made = Eks::new("my-cluster").prove(&endpoint, &keys, now)?;
//!
//! let verifier = Verifier::eks("my-cluster")?.accounts(["123456789012"]);
//! // With a client: `client.run(verifier.token(made.token.expose()))`.
//! let flow = verifier.token(made.token.expose());
//! # let _ = flow;
//! // What can be said without asking STS.
//! let checked = verifier.check_token(made.token.expose(), now);
//! assert_eq!(checked.unwrap().region(), "eu-west-1");
//! let other = Verifier::eks("my-cluster")?.partitions(["aws-cn"]);
//! let refused = other.check_token(made.token.expose(), now);
//! assert_eq!(refused.unwrap_err(), Reason::Host);
//! # Ok::<(), sts_proto::proof::ProofError>(())
//! ```
//!
//! # The rules
//!
//! | rule | reason |
//! |---|---|
//! | The request is made anew: only date, scope, session token, signature, the list of signed headers, and a form's spelling of its media type come from outside; method, path, query, body, audience and `Accept` do not | CVE-2020-16250 and CVE-2020-16251: Vault sent what it was given, and read the answer of another action |
//! | The host is, to the letter, one that STS has in a partition and region that the policy allows; `https`, no user, port, path or fragment; the scope is for that host's region and for `sts` | a request to a host of the caller's is answered as the caller likes |
//! | The audience's header is there, equal, and signed | a proof for another consumer, or one to which the header was added |
//! | The signed headers are sorted, each there once, and all of them are sent | readers that disagree about the list |
//! | A token's query has exactly the items that belong there, none twice in any case or escaping | CVE-2022-2385: aws-iam-authenticator and STS took different ones of two |
//! | A token has at most 4,096 bytes and one spelling; a request at most 64 KiB | memory, and caches that are keyed by the text |
//! | The date is at most 15 minutes old and 5 ahead; the lifetime is 0 to 900 and otherwise ignored | STS honours a signature for 15 minutes, whatever the lifetime says |
//! | Of the headers `x-amz-…` only date, session token and content hash; the body is one text | a header or a second action that changes what is asked |
//! | The answer is `200`, of the media type that was asked for, at most 64 KiB, without a DOCTYPE; the members stand where they belong, once, in STS's namespace, as text alone | a document whose part looks like an answer; comments within names |
//! | The account is the ARN's, the partition the one that was asked, the ARN a caller's, the unique id fits it | an answer that contradicts itself |
//! | An identity is account and unique id together | CVE-2025-11621: a role of one name in another account |
//! | A signature is accepted once, if the verifier remembers them: [`Verifier::remember`] | a proof is good for 15 minutes, for everyone that has seen it |
//! | No redirect is followed, and no error quotes the proof; throttling is told apart from refusal | session tokens in logs; callers that are locked out because of the load of others |

mod answer;
mod checked;
mod identity;
mod policy;
mod reason;
mod replay;
mod request;
mod signature;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::Request;

pub use checked::Checked;
pub use identity::{Identity, IdentityKind};
pub use policy::AnswerFormat;
pub use reason::Reason;

use super::eks;
use super::error::ProofError;
use super::request::{audience_name, header_value};
use crate::flow::{Effect, Event, Flow, SendTimeouts, Step};
use crate::secret::Secret;
use crate::transport::TransportErrorKind;
use policy::{HONOURED, Policy};
use replay::{Claim, Replay};
use request::Given;

/// What is accepted as a proof: partitions and regions, an audience, accounts, an age. See [the rules](self#the-rules).
///
/// Cheap to clone; clones share the memory of signatures.
#[derive(Clone, Debug)]
pub struct Verifier {
    policy: Arc<Policy>,
}

impl Verifier {
    /// For the tokens of an EKS cluster: [`token`](Self::token).
    ///
    /// # Errors
    ///
    /// [`ProofError::Argument`] if no header can carry the name.
    pub fn eks(cluster: &str) -> Result<Self, ProofError> {
        Ok(Self { policy: Arc::new(Policy::new(Some(eks::audience(cluster)?), AnswerFormat::Json)) })
    }

    /// For signed requests with this audience in this header, such as `X-Vault-AWS-IAM-Server-ID`, or a header of one's own as
    /// [`Audience`](super::Audience) makes it: [`request`](Self::request).
    ///
    /// # Errors
    ///
    /// [`ProofError::Argument`] if no header can carry name or audience, or the header has a meaning of its own, as
    /// [`Audience::new`](super::Audience::new) says.
    pub fn audience(name: &str, audience: &str) -> Result<Self, ProofError> {
        let name = audience_name(name)?;
        let audience = header_value("audience", audience)?;
        Ok(Self { policy: Arc::new(Policy::new(Some((name, audience)), AnswerFormat::Xml)) })
    }

    /// For signed requests that name no audience: a proof for any other consumer of the kind is accepted too. Use it only
    /// where the caller cannot be asked for a header.
    pub fn without_audience() -> Self {
        Self { policy: Arc::new(Policy::new(None, AnswerFormat::Xml)) }
    }

    /// The partitions that callers may belong to. `aws` alone by default.
    pub fn partitions<P: Into<String>>(mut self, names: impl IntoIterator<Item = P>) -> Self {
        self.policy_mut().partitions = names.into_iter().map(Into::into).collect();
        self
    }

    /// The regions whose STS may be asked, in any case. All of the partitions' by default; an empty list allows none.
    pub fn regions<R: Into<String>>(mut self, names: impl IntoIterator<Item = R>) -> Self {
        let lower = |name: R| crate::text::to_ascii_lowercase(&name.into());
        self.policy_mut().regions = Some(names.into_iter().map(lower).collect());
        self
    }

    /// The accounts that callers may belong to. All by default; an empty list allows none.
    pub fn accounts<A: Into<String>>(mut self, ids: impl IntoIterator<Item = A>) -> Self {
        self.policy_mut().accounts = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// How old a proof may be: 15 minutes by default, the bound of STS.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.policy_mut().max_age = age.min(HONOURED);
        self
    }

    /// How far ahead of this machine's clock a proof may be dated: 5 minutes by default, 15 at most.
    pub fn max_future(mut self, ahead: Duration) -> Self {
        self.policy_mut().max_future = ahead.min(HONOURED);
        self
    }

    /// The form in which STS is asked to answer: JSON for tokens and XML for requests by default. A request whose `Accept` is
    /// signed is accepted only if that names this form: those for Teleport are of [`AnswerFormat::Json`].
    pub fn answer_format(mut self, format: AnswerFormat) -> Self {
        self.policy_mut().format = format;
        self
    }

    /// How long STS may take: 10 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy_mut().timeout = timeout;
        self
    }

    /// Accepts each proof once, and remembers at most this many signatures for it, each at least until STS no longer honours
    /// it: some 150 bytes each. If that is not enough, proofs are refused with [`Reason::Crowded`]. A proof that is refused takes
    /// up room only while STS is asked. Nothing is remembered by default. The memory is this process's: where there are several,
    /// give each challenge to the caller as the audience instead.
    pub fn remember(mut self, max: usize) -> Self {
        self.policy_mut().replay = Some(Arc::new(Replay::new(max)));
        self
    }

    /// Verifies a token of EKS: one whose audience is in the header that this verifier was made with.
    pub fn token(&self, token: &str) -> Verify {
        Verify::new(self, Proved::Token(Secret::from(token)))
    }

    /// Verifies a signed request, given as a JSON object with the four fields of Vault: `iam_http_request_method`,
    /// `iam_request_url`, `iam_request_body` and `iam_request_headers`, the last three in base64. [`Audience`](super::Audience),
    /// [`Vault`](super::Vault) and [`Consul`](super::Consul) make it.
    pub fn request(&self, four_fields: &[u8]) -> Verify {
        Verify::of(self, Given::of_four_fields(four_fields))
    }

    /// Verifies a signed request as the types of HTTP hold it, for example what a client's `sign` makes of
    /// `GetCallerIdentity`, in whatever form it was handed over. Its URI has to be the whole URL.
    pub fn http_request<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Verify {
        Verify::of(self, Given::of_http(request))
    }

    /// Checks a token as far as that goes without asking STS. The signature is not checked: do not believe what it says.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn check_token(&self, token: &str, now: SystemTime) -> Result<Checked, Reason> {
        let (signature, expires) = token::read(token, &self.policy, now)?;
        Checked::of_token(&signature, &expires, &self.policy).ok_or(Reason::Url)
    }

    /// Checks a signed request as far as that goes without asking STS. The signature is not checked.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn check_request(&self, four_fields: &[u8], now: SystemTime) -> Result<Checked, Reason> {
        self.check_given(&Given::of_four_fields(four_fields)?, now)
    }

    /// Checks a signed request as the types of HTTP hold it, as far as that goes without asking STS. The signature is not
    /// checked.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn check_http_request<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        now: SystemTime,
    ) -> Result<Checked, Reason> {
        self.check_given(&Given::of_http(request)?, now)
    }

    fn check_given(&self, given: &Given, now: SystemTime) -> Result<Checked, Reason> {
        let kept = request::read(given, &self.policy, now)?;
        Checked::of_request(&kept, &self.policy).ok_or(Reason::Url)
    }

    fn policy_mut(&mut self) -> &mut Policy {
        Arc::make_mut(&mut self.policy)
    }
}

/// Verifies one proof: a flow that sends one request, if the proof breaks no rule that can be checked before.
pub struct Verify {
    verifier: Verifier,
    state: State,
}

enum State {
    Ready(Proved),
    /// The claim is there if the verifier remembers signatures.
    Sent(Box<Checked>, Option<Claim>),
    Over,
}

enum Proved {
    Token(Secret),
    Request(Given),
    Refused(Reason),
}

impl Verify {
    fn of(verifier: &Verifier, given: Result<Given, Reason>) -> Self {
        Self::new(verifier, given.map_or_else(Proved::Refused, Proved::Request))
    }

    fn new(verifier: &Verifier, proved: Proved) -> Self {
        Self { verifier: verifier.clone(), state: State::Ready(proved) }
    }

    fn begin(&mut self, proved: Proved, now: SystemTime) -> Result<Step<Identity>, Reason> {
        let checked = match proved {
            Proved::Token(token) => self.verifier.check_token(token.expose(), now)?,
            Proved::Request(given) => self.verifier.check_given(&given, now)?,
            Proved::Refused(reason) => return Err(reason),
        };
        let policy = &self.verifier.policy;
        let claim = policy.replay.as_ref();
        let claim =
            claim.map(|replay| replay.claim(checked.signature(), checked.expires(), now)).transpose()?;
        let (request, timeout) = (checked.request().clone(), policy.timeout);
        self.state = State::Sent(Box::new(checked), claim);
        Ok(Step::Perform(Effect::Send(request, SendTimeouts { connect: timeout, attempt: timeout })))
    }

    fn end(&self, claim: Option<Claim>, identity: Identity) -> Result<Step<Identity>, Reason> {
        let accounts = self.verifier.policy.accounts.as_ref();
        if accounts.is_some_and(|accounts| !accounts.contains(&identity.account)) {
            return Err(Reason::AccountNotAllowed);
        }
        claim.into_iter().for_each(Claim::keep);
        Ok(Step::Done(identity))
    }
}

impl Flow for Verify {
    type Output = Identity;
    type Error = Reason;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Identity>, Reason> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready(proved), Event::Start) => self.begin(proved, now),
            (State::Sent(checked, claim), Event::Response(response)) => {
                self.end(claim, checked.read(&response)?)
            }
            (State::Sent(checked, _), Event::Failed(error)) => Err(match error.kind() {
                TransportErrorKind::TooLarge => Reason::TooLarge,
                kind => {
                    Reason::NoAnswer { host: checked.request().uri().host().unwrap_or_default().into(), kind }
                }
            }),
            _ => Err(Reason::OutOfTurn),
        }
    }
}

impl fmt::Debug for Verify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ready(_) => "ready",
            State::Sent(..) => "sent",
            State::Over => "over",
        };
        f.debug_struct("Verify").field("state", &state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
