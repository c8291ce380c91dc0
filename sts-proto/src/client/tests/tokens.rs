//! Tokens of GetWebIdentityToken, in virtual time.

use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::time::SystemTime;

use super::world::*;
use crate::client::{Config, Core, Job, KeepToken, WebIdentityToken, WebIdentityTokens};
use crate::error::{Error, ErrorCode};
use crate::flow::{Effect, Event, Flow, Step};
use crate::operation::Operation;
use crate::operations::GetWebIdentityToken;
use crate::types::Tag;
use crate::wire::time;
use crate::{TransportError, TransportErrorKind};

/// A service in virtual time, which numbers the tokens that it gives.
struct Service {
    now: Cell<SystemTime>,
    /// The bodies of the requests.
    asked: RefCell<Vec<String>>,
    /// What it answers in place of a token.
    refuses: RefCell<Option<&'static str>>,
    life: u64,
    /// What files were given, with the time.
    written: RefCell<Vec<(u64, String)>>,
    is_full: Cell<bool>,
}

impl Service {
    fn new(life: u64) -> Self {
        Self {
            now: Cell::new(start()),
            asked: RefCell::default(),
            refuses: RefCell::default(),
            life,
            written: RefCell::default(),
            is_full: Cell::new(false),
        }
    }

    fn at(&self) -> u64 {
        self.now.get().duration_since(start()).unwrap().as_secs()
    }

    fn pass(&self, time: u64) {
        self.now.set(self.now.get() + seconds(time));
    }

    fn asked(&self) -> usize {
        self.asked.borrow().len()
    }

    fn perform(&self, effect: Effect) -> Event {
        match effect {
            Effect::Send(request, _) => {
                self.asked.borrow_mut().push(String::from_utf8(request.body().to_vec()).unwrap());
                if let Some(code) = *self.refuses.borrow() {
                    return refusal(code);
                }
                let end = time::format(self.now.get() + seconds(self.life)).unwrap();
                let number = self.asked();
                answer(
                    200,
                    &format!(
                        "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken>planted-{number}\
                         </WebIdentityToken><Expiration>{end}</Expiration></GetWebIdentityTokenResult>\
                         </GetWebIdentityTokenResponse>"
                    ),
                )
            }
            Effect::Wait(wait) => {
                self.now.set(self.now.get() + wait);
                Event::Elapsed
            }
            Effect::Replace(path, _) if self.is_full.get() => {
                let problem = format!("{}: no space left on device", path.display());
                Event::Failed(TransportError::new(TransportErrorKind::Other, problem))
            }
            Effect::Replace(path, contents) => {
                assert_eq!(path.to_str(), Some("/run/app/token"));
                self.written.borrow_mut().push((self.at(), contents.expose().to_owned()));
                Event::Replaced
            }
            effect => panic!("{effect:?}"),
        }
    }

    fn get(
        &self,
        tokens: &WebIdentityTokens,
        input: &GetWebIdentityToken,
    ) -> Result<WebIdentityToken, Error> {
        let flow = tokens.get(input, self.asked() as u128);
        let core = flow.core().clone();
        drive(&core, self.now.get(), flow, &|effect| self.perform(effect))
    }

    /// The text of the token.
    fn text(&self, tokens: &WebIdentityTokens, input: &GetWebIdentityToken) -> String {
        self.get(tokens, input).unwrap().token.expose().to_owned()
    }

    /// Drives the flow until it fails, or for so many seconds.
    fn keep(&self, flow: &mut KeepToken, until: u64) -> Option<Error> {
        let core = flow.core().clone();
        let mut event = Event::Start;
        while self.at() < until {
            event = match flow.step(self.now.get(), event) {
                Ok(Step::Perform(Effect::Join(_))) => {
                    self.work(&core);
                    Event::Joined
                }
                Ok(Step::Perform(effect)) => self.perform(effect),
                Ok(Step::Done(never)) => match never {},
                Err(error) => return Some(error),
            };
        }
        None
    }

    /// Runs the jobs of this client.
    fn work(&self, core: &Core) {
        while let Some(job) = core.job() {
            let Job::Flow(job) = job else { panic!("{job:?}") };
            drive(core, self.now.get(), job, &|effect| self.perform(effect))
                .unwrap_or_else(|never| match never {});
        }
    }
}

fn tokens(max: usize) -> WebIdentityTokens {
    let core = built(Config::isolated().region("eu-west-1").credentials(keys("ASIA")));
    WebIdentityTokens::new(core, NonZeroUsize::new(max).unwrap())
}

fn input(audience: &str) -> GetWebIdentityToken {
    GetWebIdentityToken::new([audience], "ES384")
}

#[test]
fn many_callers_wait_for_one_fetch() {
    let (service, tokens) = (Service::new(300), tokens(10));
    let mut flows: Vec<_> = (0..50).map(|seed| tokens.get(&input("a"), seed)).collect();
    for flow in &mut flows {
        assert!(matches!(flow.step(start(), Event::Start), Ok(Step::Perform(Effect::Join(_)))));
    }
    service.work(flows[49].core());
    for flow in &mut flows {
        let Ok(Step::Done(token)) = flow.step(start(), Event::Joined) else { panic!("{flow:?}") };
        assert_eq!((token.token.expose(), token.expires_in(start())), ("planted-1", seconds(300)));
    }
    assert_eq!(service.asked(), 1);
}

#[test]
fn whatever_differs_in_the_input_has_a_token_of_its_own() {
    let (service, tokens) = (Service::new(300), tokens(100));
    let inputs = [
        input("a"),
        input("b"),
        GetWebIdentityToken::new(["a", "b"], "ES384"),
        GetWebIdentityToken::new(["b", "a"], "ES384"),
        GetWebIdentityToken::new(["a"], "RS256"),
        input("a").duration_seconds(60),
        input("a").tags([Tag::new("team", "a")]),
        input("a").tags([Tag::new("team", "b")]),
        // What one member says is not mistaken for another one.
        input("a&Audience.member.2=b"),
    ];
    for _ in 0..2 {
        for (number, input) in inputs.iter().enumerate() {
            assert_eq!(service.text(&tokens, input), format!("planted-{}", number + 1));
        }
    }
    for (asked, input) in service.asked.borrow().iter().zip(&inputs) {
        assert_eq!(*asked, input.to_form());
    }
}

#[test]
fn the_token_that_was_asked_for_longest_ago_makes_room() {
    let (service, tokens) = (Service::new(300), tokens(2));
    let got = ["a", "b", "a", "c", "a", "b"].map(|audience| service.text(&tokens, &input(audience)));
    assert_eq!(got, ["planted-1", "planted-2", "planted-1", "planted-3", "planted-1", "planted-4"]);
    assert_eq!(format!("{tokens:?}"), "WebIdentityTokens { len: 2, max: 2, .. }");
    assert!(tokens.forget(&input("a")) && !tokens.forget(&input("a")));
    assert_eq!(service.text(&tokens, &input("a")), "planted-5");
}

#[test]
fn a_token_is_renewed_before_it_ends_and_no_caller_waits_for_that() {
    let (service, tokens) = (Service::new(300), tokens(1));
    service.text(&tokens, &input("a"));
    for _ in 0..3000 {
        service.pass(1);
        let mut flow = tokens.get(&input("a"), 1);
        let core = flow.core().clone();
        let mut event = Event::Start;
        let token = loop {
            event = match flow.step(service.now.get(), event).unwrap() {
                Step::Done(token) => break token,
                // It is time to renew it. The caller goes on before that is done.
                Step::Perform(Effect::Join(join)) => {
                    assert_eq!(join.within, seconds(0));
                    Event::Elapsed
                }
                Step::Perform(effect) => panic!("{effect:?}"),
            };
        };
        assert!(
            token.expires_in(service.now.get()) >= seconds(30),
            "{:?}",
            token.expires_in(service.now.get())
        );
        service.work(&core);
    }
    // Each lives from 200 to 270 s.
    assert!((11..=16).contains(&service.asked()), "{}", service.asked());
}

#[test]
fn a_renewal_that_fails_leaves_the_old_token_while_it_is_valid() {
    let (service, tokens) = (Service::new(300), tokens(1));
    service.text(&tokens, &input("a"));
    *service.refuses.borrow_mut() = Some("OutboundWebIdentityFederationDisabledException");
    for _ in 0..299 {
        service.pass(1);
        assert_eq!(service.text(&tokens, &input("a")), "planted-1");
    }
    assert!(service.asked() > 2 && service.asked() < 20, "{}", service.asked());
    service.pass(1);
    let error = service.get(&tokens, &input("a")).unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::OutboundWebIdentityFederationDisabledException));
    let text = error.to_string();
    assert!(text.starts_with("no web identity token for a: "), "{text}");
    assert!(text.contains("GetWebIdentityToken") && !text.contains("planted"), "{text}");
    // A failure is remembered for a moment only.
    *service.refuses.borrow_mut() = None;
    service.pass(2);
    let number = service.asked() + 1;
    assert_eq!(service.text(&tokens, &input("a")), format!("planted-{number}"));
}

#[test]
fn what_waits_for_a_token_waits_for_the_credentials_beneath() {
    let core = built(config());
    let tokens = WebIdentityTokens::new(core.clone(), NonZeroUsize::MIN);
    let service = Service::new(300);
    let mut flow = tokens.get(&input("a"), 1);
    let Ok(Step::Perform(Effect::Join(waiting))) = flow.step(start(), Event::Start) else {
        panic!("{flow:?}")
    };
    let of_tokens = flow.core().clone();
    assert!(core.job().is_none(), "the job is that of the token");
    let Some(Job::Flow(mut fetch)) = of_tokens.job() else { panic!("there is a job") };
    let Ok(Step::Perform(Effect::Join(beneath))) = fetch.step(start(), Event::Start) else {
        panic!("{fetch:?}")
    };
    assert_eq!((waiting.seen, beneath.seen), (of_tokens.ended(), core.ended()));
    let Some(Job::Provider(ask)) = of_tokens.job() else { panic!("there is a job") };
    ask.finish(start(), Ok(keys("ASIA")));
    assert_ne!(of_tokens.ended(), beneath.seen);
    assert_eq!(of_tokens.ended(), core.ended());
    // The token is not there yet.
    let Ok(Step::Perform(Effect::Join(waiting))) = flow.step(start(), Event::Joined) else {
        panic!("{flow:?}")
    };
    assert_eq!(waiting.seen, of_tokens.ended());
    drive(&of_tokens, start(), Resumed(fetch), &|effect| service.perform(effect))
        .unwrap_or_else(|never| match never {});
    assert_ne!(of_tokens.ended(), waiting.seen);
    let Ok(Step::Done(token)) = flow.step(start(), Event::Joined) else { panic!("{flow:?}") };
    assert_eq!(token.token.expose(), "planted-1");
}

/// A job whose wait is over.
struct Resumed(crate::client::FlowJob);

impl Flow for Resumed {
    type Output = ();
    type Error = std::convert::Infallible;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<()>, Self::Error> {
        self.0.step(now, if matches!(event, Event::Start) { Event::Joined } else { event })
    }
}

#[test]
fn without_credentials_the_error_is_that_of_the_call() {
    let core = built(Config::isolated().region("eu-west-1"));
    let tokens = WebIdentityTokens::new(core, NonZeroUsize::MIN);
    let error = Service::new(300).get(&tokens, &input("a")).unwrap_err().to_string();
    assert!(error.starts_with("no credentials to sign GetWebIdentityToken with"), "{error}");
}

#[test]
fn an_answer_without_a_token_is_an_error() {
    let tokens = tokens(1);
    let perform = |effect| match effect {
        Effect::Send(..) => answer(
            200,
            "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken> </WebIdentityToken>\
             <Expiration>2090-01-31T12:00:00Z</Expiration></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>",
        ),
        effect => panic!("{effect:?}"),
    };
    let flow = tokens.get(&input("a"), 1);
    let core = flow.core().clone();
    let error = drive(&core, start(), flow, &perform).unwrap_err().to_string();
    assert_eq!(error, "no web identity token for a: the answer of the service holds none");
}

#[test]
fn a_token_that_has_expired_when_it_arrives_is_an_error_about_the_token() {
    let (service, tokens) = (Service::new(0), tokens(1));
    let error = service.get(&tokens, &input("a")).unwrap_err().to_string();
    assert_eq!(
        error,
        "no web identity token for a: the one that the service gave expired 0 s ago by this machine's clock; \
         correct the clock"
    );
}

#[test]
fn nothing_secret_is_printed() {
    let (service, tokens) = (Service::new(300), tokens(1));
    let token = service.get(&tokens, &input("a")).unwrap();
    let mut keep = tokens.keep_in(&input("a"), "/run/app/token".into(), 1);
    assert!(matches!(keep.step(start(), Event::Start), Ok(Step::Perform(Effect::Replace(..)))));
    let got = tokens.get(&input("a"), 1);
    let printed = format!("{token:?} {tokens:?} {keep:?} {got:?} {}", explained(got.core()));
    assert!(!printed.contains("planted"), "{printed}");
    assert!(printed.contains("web identity token for a, valid for 300 s"), "{printed}");
}

#[test]
fn a_file_is_given_each_token_before_the_last_one_ends() {
    for life in [60, 300, 3600] {
        let (service, tokens) = (Service::new(life), tokens(1));
        let mut keep = tokens.keep_in(&input("a"), "/run/app/token".into(), 1);
        assert!(service.keep(&mut keep, life * 20).is_none());
        let written = service.written.take();
        assert_eq!(written[0], (0, "planted-1".to_owned()));
        for (number, pair) in written.windows(2).enumerate() {
            assert_eq!(pair[1].1, format!("planted-{}", number + 2));
            let lived = pair[1].0 - pair[0].0;
            assert!(lived < life && lived >= life / 2, "{life}: {lived}");
        }
        assert_eq!(written.len(), service.asked());
        assert!(written.len() >= 20, "{life}: {}", written.len());
    }
}

#[test]
fn a_file_is_kept_as_long_as_its_token_is_valid() {
    let (service, tokens) = (Service::new(300), tokens(1));
    let keep = || tokens.keep_in(&input("a"), "/run/app/token".into(), 1);
    // No token is kept yet.
    *service.refuses.borrow_mut() = Some("AccessDenied");
    let error = service.keep(&mut keep(), 1000).unwrap();
    assert_eq!((error.code(), service.at()), (Some(&ErrorCode::AccessDenied), 0));
    *service.refuses.borrow_mut() = None;
    service.is_full.set(true);
    service.pass(2);
    let error = service.keep(&mut keep(), 1000).unwrap().to_string();
    assert_eq!(
        error,
        "no web identity token for a: it cannot be kept in a file, /run/app/token: no space left on device"
    );
    assert_eq!(service.at(), 2);
    // The next token cannot be written. The one in the file goes on being used until it ends.
    service.is_full.set(false);
    let mut keep = keep();
    assert!(service.keep(&mut keep, 100).is_none());
    service.is_full.set(true);
    let error = service.keep(&mut keep, 1000).unwrap().to_string();
    assert!(error.ends_with("no space left on device"), "{error}");
    assert_eq!(service.at(), 302);
    assert_eq!(service.written.borrow().len(), 1);
    assert!(matches!(keep.step(service.now.get(), Event::Elapsed), Err(Error::OutOfTurn)));
}
