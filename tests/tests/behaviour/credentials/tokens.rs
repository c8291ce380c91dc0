//! Tokens of GetWebIdentityToken, kept by a provider.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, SystemTime};

use sts_proto::operations::GetWebIdentityToken;
use sts_proto::{Credentials, ErrorCode, Settings};
use sts_tests::driver::{Make, Setup, through_both};
use sts_tests::home::Home;
use sts_tests::peer::{Answered, Peer, answer};
use sts_tests::sts::Server;

use super::{Asked, keys, setup};

fn input(audience: &str) -> GetWebIdentityToken {
    GetWebIdentityToken::new([audience], "ES384")
}

fn client(sts: &Server) -> Setup {
    Setup::new(Settings::new().region("eu-west-1").endpoint_url(sts.url()))
}

fn user(sts: &Server) -> Credentials {
    Credentials::new(sts.access_key_id(), sts.secret_access_key())
}

fn max(max: usize) -> NonZeroUsize {
    NonZeroUsize::new(max).unwrap()
}

#[test]
fn a_crowd_asks_once_for_each_audience_and_once_for_credentials() {
    through_both(|make| {
        let (sts, asked) = (Server::start(), Asked::default());
        let keys = user(&sts);
        let slow = asked.provider(Duration::from_millis(50), move |_| Ok(keys.clone()));
        let driver = make(&client(&sts).provider(slow)).unwrap();
        let tokens = driver.tokens(max(10));
        let got = driver.crowd(|_| {
            ["a", "b"].map(|audience| {
                let token = tokens.token(&input(audience)).unwrap();
                assert!(token.expires_in(SystemTime::now()) > Duration::ZERO);
                token.token
            })
        });
        assert!(got.iter().all(|token| *token == got[0]) && got[0][0] != got[0][1]);
        let mut times = BTreeMap::new();
        for arrival in sts.requests() {
            *times.entry(arrival.form["Audience.member.1"].clone()).or_insert(0) += 1;
        }
        assert_eq!(times, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1)]));
        assert_eq!(asked.times(), 1);
        assert!(tokens.forget(&input("a")) && !tokens.forget(&input("a")));
        assert_ne!(tokens.token(&input("a")).unwrap().token, got[0][0]);
        assert_eq!(format!("{tokens:?}").matches("len: 2, max: 10").count(), 1, "{tokens:?}");
    });
}

#[test]
fn an_account_without_federation_says_so() {
    through_both(|make| {
        let sts = Server::builder().outbound_web_identity(false).start();
        let driver = make(&client(&sts).credentials(user(&sts))).unwrap();
        let error = driver.tokens(max(1)).token(&input("https://api.example.com")).unwrap_err();
        assert_eq!(error.code(), Some(&ErrorCode::OutboundWebIdentityFederationDisabledException));
        let text = error.to_string();
        assert!(text.starts_with("no web identity token for https://api.example.com: "), "{text}");
        assert!(error.request_id().is_some());
    });
}

/// Tokens that live for a few seconds. The third one is refused.
fn gives_two(file: &Path) -> Peer {
    const LIFE: Duration = Duration::from_secs(6);
    let (file, given) = (file.to_owned(), Asked::default());
    Peer::new(move |_| -> Answered {
        let number = given.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let held = std::fs::read_to_string(&file).ok();
        assert_eq!(held, (number > 1).then(|| format!("planted-{}", (number - 1).min(2))), "{number}");
        if number > 2 {
            return answer(
                403,
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>",
            );
        }
        let end = (SystemTime::now() + LIFE).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        answer(
            200,
            format!(
                "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken>planted-{number}\
                 </WebIdentityToken><Expiration>{end}</Expiration></GetWebIdentityTokenResult>\
                 </GetWebIdentityTokenResponse>"
            ),
        )
    })
}

#[test]
fn a_file_holds_a_valid_token_until_there_is_none() {
    let keep = |make: Make| {
        let home = Home::new();
        let file = home.path("run/app/token");
        let driver = make(&setup(&gives_two(&file)).credentials(keys("ASIA", 3600))).unwrap();
        let error = driver.tokens(max(1)).keep_in_file(&input("a"), &file);
        assert_eq!(error.code(), Some(&ErrorCode::AccessDenied), "{driver}: {error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "planted-2", "{driver}");
        let folder = std::fs::read_dir(file.parent().unwrap()).unwrap();
        assert_eq!(folder.count(), 1, "{driver}: something else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    };
    // It takes some seconds.
    std::thread::scope(|scope| {
        scope.spawn(|| keep(Setup::blocking));
        keep(Setup::asynchronous);
    });
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    through_both(|make| {
        let home = Home::new();
        // A folder that is a file.
        let file = home.write("file", "").join("token");
        let sts = Server::start();
        let driver = make(&client(&sts).credentials(user(&sts))).unwrap();
        let error = driver.tokens(max(1)).keep_in_file(&input("a"), &file).to_string();
        assert!(error.starts_with("no web identity token for a: it cannot be kept in a file, "), "{error}");
        assert!(error.contains(file.to_str().unwrap()), "{error}");
    });
}
