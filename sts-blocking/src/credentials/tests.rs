use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sts_proto::settings::Env;
use sts_proto::{Outcome, Presign, Timeouts};

use super::*;
use crate::operations::{AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity};
use crate::testing::{EXPIRED, IDENTITY, Peer, response, signer};
use crate::{Builder, CredentialsError};

fn keys(id: &str, seconds: u64) -> Credentials {
    Credentials::new(id, "planted-secret")
        .with_session_token("planted-token")
        .with_expiration(SystemTime::now() + Duration::from_secs(seconds))
}

fn sealed() -> Error {
    CredentialsError::new("the vault", "it is sealed").into()
}

fn client(peer: &Peer, provider: impl CredentialsProvider) -> Client {
    builder(peer).credentials_provider(provider).build().unwrap()
}

fn builder(peer: &Peer) -> Builder {
    Client::builder().region("eu-west-1").transport(peer.clone())
}

/// Runs this in a hundred threads that begin together.
fn crowd<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(100);
    std::thread::scope(|scope| {
        let begun: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    work()
                })
            })
            .collect();
        begun.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// How often a provider was asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    /// Counts, from 1.
    fn again(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_hundred_callers_are_one_fetch() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        std::thread::sleep(Duration::from_millis(100));
        Ok(keys(&format!("KEY{}", counter.again()), 3600))
    });
    // Clones and other time-outs make no difference.
    let hurried = sts.with_timeouts(Timeouts::default());
    let all = crowd(|| [sts.clone().get_caller_identity(), hurried.get_caller_identity()]);
    assert!(all.iter().flatten().all(Result::is_ok));
    assert_eq!((asked.times(), peer.signers()), (1, vec!["KEY1".to_owned(); 200]));
    assert_eq!(sts.credentials().unwrap().access_key_id, "KEY1");
}

#[test]
fn a_failure_is_shared_and_soon_tried_again() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        std::thread::sleep(Duration::from_millis(100));
        if counter.again() == 1 { Err(sealed()) } else { Ok(keys("KEY", 3600)) }
    });
    for result in crowd(|| sts.get_caller_identity()) {
        let error = result.unwrap_err();
        assert!(matches!(&error, Error::Credentials(_)), "{error:?}");
        assert_eq!(error.to_string(), "no credentials from the vault: it is sealed");
    }
    assert_eq!((asked.times(), peer.signers().len()), (1, 0));
    std::thread::sleep(Duration::from_millis(1000));
    sts.get_caller_identity().unwrap();
    assert_eq!(asked.times(), 2);
}

/// Dates the next answer so far ahead, once it is told to.
fn dated(ahead: Arc<Mutex<Option<Duration>>>) -> Peer {
    Peer::new(move |_| {
        let mut response = response(200, IDENTITY);
        if let Some(ahead) = ahead.lock().unwrap().take() {
            let since = (SystemTime::now() + ahead).duration_since(SystemTime::UNIX_EPOCH).unwrap();
            response.headers_mut().insert("date", date(since.as_secs()).parse().unwrap());
        }
        response
    })
}

/// Civil time from days (Gregorian calendar), in the format of HTTP.
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut left) = (1970, days);
    let length = |year: u64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= months[month] {
        left -= months[month];
        month += 1;
    }
    let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month];
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{weekday}, {:02} {name} {year} {hour:02}:{minute:02}:{second:02} GMT", left + 1)
}

/// Gives what it is sent, and says when it is asked.
fn by_hand() -> (impl CredentialsProvider, Receiver<()>, Sender<Result<Credentials, Error>>) {
    let (asks, asked) = channel();
    let (gives, given) = channel();
    let (asks, given) = (Mutex::new(asks), Mutex::new(given));
    let provider = move || {
        asks.lock().unwrap().send(()).unwrap();
        given.lock().unwrap().recv().unwrap()
    };
    (provider, asked, gives)
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn while_old_ones_hold_nobody_waits() {
    let ahead = Arc::new(Mutex::new(None));
    let peer = dated(Arc::clone(&ahead));
    let (provider, asked, gives) = by_hand();
    let sts = client(&peer, provider);
    gives.send(Ok(keys("OLD", 3600))).unwrap();
    sts.get_caller_identity().unwrap();
    asked.recv_timeout(PATIENCE).unwrap();
    // The service's clock is what counts.
    *ahead.lock().unwrap() = Some(Duration::from_secs(3400));
    sts.get_caller_identity().unwrap();

    // Nobody gives anything, and all go on.
    assert!(crowd(|| sts.get_caller_identity()).iter().all(Result::is_ok));
    asked.recv_timeout(PATIENCE).unwrap();
    assert!(asked.try_recv().is_err(), "one refresh");
    assert!(peer.signers().iter().all(|id| id == "OLD"));

    // A refresh that fails does no harm, and is not repeated at once.
    let begun = Instant::now();
    gives.send(Err(sealed())).unwrap();
    assert!(crowd(|| sts.get_caller_identity()).iter().all(Result::is_ok));
    gives.send(Ok(keys("NEW", 9000))).unwrap();
    while sts.credentials().unwrap().access_key_id == "OLD" {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(asked.try_iter().count(), 1);
}

#[test]
fn what_is_not_valid_any_more_is_not_used() {
    let ahead = Arc::new(Mutex::new(Some(Duration::from_secs(3600))));
    let peer = dated(Arc::clone(&ahead));
    let asked = Asked::default();
    let counter = asked.clone();
    let sts = client(&peer, move || match counter.again() {
        1 => Ok(keys("FIRST", 3000)),
        2 => Ok(keys("LATE", 3590)),
        _ => Ok(keys("GOOD", 7200)),
    });
    sts.get_caller_identity().unwrap();
    let error = sts.get_caller_identity().unwrap_err().to_string();
    assert!(error.contains("expired") && error.contains("clock"), "{error}");
    std::thread::sleep(Duration::from_millis(1000));
    sts.get_caller_identity().unwrap();
    assert_eq!((peer.signers(), asked.times()), (vec!["FIRST".to_owned(), "GOOD".to_owned()], 3));
}

#[test]
fn who_waits_does_so_no_longer_than_a_call_may_take() {
    let peer = Peer::sts();
    let (provider, asked, gives) = by_hand();
    let sts = client(&peer, provider);
    let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(200), ..Timeouts::default() });
    let first = std::thread::spawn({
        let sts = sts.clone();
        move || sts.get_caller_identity()
    });
    asked.recv_timeout(PATIENCE).unwrap();
    let begun = Instant::now();
    let error = hurried.get_caller_identity().unwrap_err();
    assert!(error.to_string().contains("200ms"), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < PATIENCE);
    gives.send(Ok(keys("KEY", 3600))).unwrap();
    first.join().unwrap().unwrap();
    hurried.get_caller_identity().unwrap();
}

#[test]
fn a_provider_that_panics_leaves_nobody_waiting() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        if counter.again() == 1 {
            std::thread::sleep(Duration::from_millis(200));
            panic!("planted");
        }
        Ok(keys("KEY", 3600))
    });
    let results =
        crowd(|| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sts.get_caller_identity())));
    let (told, panicked): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((told.len(), panicked.len(), asked.times()), (99, 1, 1));
    for error in told.into_iter().map(|result| result.unwrap().unwrap_err()) {
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    std::thread::sleep(Duration::from_millis(1000));
    sts.get_caller_identity().unwrap();
}

/// Refuses one access key.
fn refuses(id: &'static str) -> Peer {
    Peer::new(
        move |request| {
            if signer(request) == id { response(403, EXPIRED) } else { response(200, IDENTITY) }
        },
    )
}

#[test]
fn a_hundred_calls_that_are_refused_as_expired_are_one_fetch() {
    let (peer, asked) = (refuses("KEY1"), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        std::thread::sleep(Duration::from_millis(50));
        Ok(keys(&format!("KEY{}", counter.again()), 3600))
    });
    for result in crowd(|| sts.get_caller_identity()) {
        assert!(result.unwrap().metadata.attempts() <= 2);
    }
    assert_eq!(asked.times(), 2);
    assert_eq!(peer.signers().iter().filter(|id| *id == "KEY2").count(), 100);
}

#[test]
fn where_nothing_newer_is_to_be_had_the_refusal_stands() {
    // A source that fails, one that has nothing else, and keys that were given once and for all.
    let (peer, asked) = (refuses("KEY"), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || if counter.again() == 1 { Ok(keys("KEY", 3600)) } else { Err(sealed()) });
    assert!(sts.get_caller_identity().unwrap_err().says_credentials_expired());
    assert_eq!((peer.signers().len(), asked.times()), (1, 2));

    let (peer, asked) = (refuses("KEY"), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        counter.again();
        Ok(keys("KEY", 3600))
    });
    for _ in 0..5 {
        assert!(sts.get_caller_identity().unwrap_err().says_credentials_expired());
    }
    assert_eq!((peer.signers().len(), asked.times()), (5, 2));

    let peer = refuses("KEY");
    let sts = builder(&peer).credentials(keys("KEY", 3600)).build().unwrap();
    assert!(sts.get_caller_identity().unwrap_err().says_credentials_expired());
    assert_eq!(peer.signers().len(), 1);
}

#[test]
fn the_last_word_in_code_counts() {
    let peer = Peer::sts();
    let given = || builder(&peer).credentials(keys("GIVEN", 3600));
    let id = |builder: Builder| builder.build().unwrap().credentials().map(|keys| keys.access_key_id);
    assert_eq!(id(given()).unwrap(), "GIVEN");
    assert_eq!(id(given().credentials_provider(keys("PROVIDED", 3600))).unwrap(), "PROVIDED");
    let provided = || builder(&peer).credentials_provider(keys("PROVIDED", 3600));
    assert_eq!(id(provided().credentials(keys("GIVEN", 3600))).unwrap(), "GIVEN");
    assert!(matches!(id(provided().without_credentials()), Err(Error::NoCredentials(_))));
    assert!(matches!(id(builder(&peer)), Err(Error::NoCredentials(_))));
    let boxed: Box<dyn CredentialsProvider> = Box::new(keys("BOXED", 3600));
    assert_eq!(id(provided().credentials_provider(boxed)).unwrap(), "BOXED");
    let shared: Arc<dyn CredentialsProvider> = Arc::new(keys("SHARED", 3600));
    assert_eq!(id(provided().credentials_provider(shared)).unwrap(), "SHARED");
    assert_eq!(id(builder(&peer).credentials_provider(given().build().unwrap())).unwrap(), "GIVEN");
}

#[test]
fn unsigned_calls_ask_nobody_and_presigned_urls_do() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        counter.again();
        Ok(keys("KEY", 3600))
    });
    let web = AssumeRoleWithWebIdentity::new("arn:aws:iam::0123:role/a", "b", "token");
    assert!(sts.assume_role_with_web_identity(web.clone()).is_err());
    let options = Presign::new(Duration::from_secs(60));
    sts.presign(&web, &options).unwrap();
    assert_eq!((asked.times(), peer.signers()), (0, vec![String::new()]));
    let request = sts.presign(&GetCallerIdentity::new(), &options).unwrap();
    assert!(request.uri().query().unwrap().contains("X-Amz-Credential=KEY%2F"));
    assert_eq!(asked.times(), 1);
    let nobody = builder(&peer).build().unwrap();
    assert!(matches!(nobody.presign(&GetCallerIdentity::new(), &options), Err(Error::NoCredentials(_))));
}

/// Gives each its session: `ARN/role/a` as `A`.
fn gives_roles() -> Peer {
    Peer::new(|request| {
        let body = std::str::from_utf8(request.body()).unwrap();
        let Some((_, rest)) = body.split_once("role%2F") else { return response(200, IDENTITY) };
        if rest.starts_with("refused") {
            return response(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
        }
        let (web, id) = (body.contains("WebIdentity"), rest.chars().next().unwrap().to_uppercase());
        let action = if web { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
        let body = format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>SESSION{id}</AccessKeyId>\
             <SecretAccessKey>planted-secret</SecretAccessKey><SessionToken>planted-token</SessionToken>\
             <Expiration>2090-01-31T12:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::0123:assumed-role/a/b</Arn>\
             </AssumedRoleUser></{action}Result></{action}Response>"
        );
        http::Response::new(body.into())
    })
}

#[test]
fn roles_are_assumed_one_by_way_of_the_other() {
    let peer = gives_roles();
    let sts = client(&peer, keys("BASE", 3600));
    let role = |name: &str| AssumeRole::new(format!("arn:aws:iam::0123:role/{name}"), "session");
    let hub =
        sts.with_credentials_provider(AssumeRoleProvider::new(sts.clone(), role("a").external_id("x-1")));
    let leaf = hub.with_credentials_provider(AssumeRoleProvider::new(hub.clone(), role("b")));
    for _ in 0..3 {
        leaf.get_caller_identity().unwrap();
    }
    assert_eq!(peer.signers(), ["BASE", "SESSIONA", "SESSIONB", "SESSIONB", "SESSIONB"]);
    assert_eq!(leaf.credentials().unwrap().account_id.as_deref(), Some("0123"));
    let refused = sts.with_credentials_provider(AssumeRoleProvider::new(hub, role("refused")));
    let error = refused.get_caller_identity().unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with("no credentials from the role arn:aws:iam::0123:role/refused: "), "{shown}");
    assert!(shown.contains("AccessDenied"), "{shown}");
}

#[test]
fn tokens_are_read_from_their_file_each_time() {
    let peer = gives_roles();
    let folder = std::env::temp_dir().join(format!("sts-blocking-web-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("token");
    let sts = builder(&peer).build().unwrap();
    let web = WebIdentityProvider::new(sts, "arn:aws:iam::0123:role/web", &file);
    let web = web.session_name("build-42").duration_seconds(900);
    let error = web.credentials().unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
    for token in ["first", "second"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        assert_eq!(web.credentials().unwrap().access_key_id, "SESSIONW");
    }
    let bodies: Vec<_> = peer.bodies();
    assert!(bodies[0].contains("WebIdentityToken=first") && bodies[1].contains("WebIdentityToken=second"));
    assert!(bodies[0].contains("RoleSessionName=build-42") && bodies[0].contains("DurationSeconds=900"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn explained_without_a_secret() {
    let peer = Peer::sts();
    let of = |builder: Builder| builder.build().unwrap().explain();
    let outcome = |builder: Builder| of(builder).credentials.remove(0).outcome;
    let used =
        |outcome: &Outcome, text: &str| matches!(outcome, Outcome::Used(which) if which.contains(text));
    assert!(used(&outcome(builder(&peer).credentials(keys("ASIAGIVENKEYS", 3600))), "…KEYS"));
    let provided = builder(&peer).credentials_provider(keys("ASIAPROVIDED", 3600));
    assert!(used(&outcome(provided), "…IDED"));
    let fails = outcome(builder(&peer).credentials_provider(|| Err(sealed())));
    assert_eq!(fails, Outcome::Failed("it is sealed".into()));
    assert!(matches!(outcome(builder(&peer)), Outcome::NotConfigured(_)));
    assert!(matches!(outcome(builder(&peer).credentials_provider(|| Err(sealed()))), Outcome::Failed(_)));

    let env = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted-secret")];
    let from_env =
        Builder::from_snapshot(Env::from_iter(env)).unwrap().region("eu-west-1").transport(peer.clone());
    let sts = from_env.build().unwrap();
    let shown = sts.explain().to_string();
    assert!(shown.contains("…MPLE") && shown.contains("proxy"), "{shown}");
    let provider =
        AssumeRoleProvider::new(sts.clone(), AssumeRole::new("arn", "s").token_code("planted-code"));
    let shown = format!("{shown} {sts:?} {provider:?} {:?}", sts.explain());
    assert!(!shown.contains("planted"), "{shown}");
    let debug =
        format!("{:?}", builder(&peer).credentials(keys("ASIA", 1)).credentials_provider(keys("ASIA", 1)));
    assert!(!debug.contains("planted"), "{debug}");
    assert!(peer.signers().is_empty(), "nothing is sent");
}

#[test]
fn a_chain_needs_no_region() {
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted-secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
    ];
    let builder = || Builder::from_snapshot(Env::from_iter(env)).unwrap();
    assert!(matches!(builder().build(), Err(Error::Endpoint(_))));
    let chain = ChainProvider::from_builder(builder()).unwrap();
    assert_eq!(chain.credentials().unwrap().access_key_id, "AKIDEXAMPLE");
    assert!(!format!("{chain:?} {}", chain.explain()).contains("planted"));
}
