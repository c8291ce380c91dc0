//! A token file that is rotated under a running client.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Error, Secret};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange;
use sts_tests::home::Home;
use {sts_async::CredentialsProvider as _, sts_blocking::CredentialsProvider as _};

use super::peer::{Peer, drivers, is_session};

pub(crate) fn rotated(peer: &Peer, issuer: &str) {
    let home = Home::in_memory();
    let file = home.path("token");
    let path = file.to_str().expect("a plain name");
    let variables = home.variables(&[
        ("AWS_ENDPOINT_URL_STS", &peer.url),
        ("AWS_ROLE_ARN", &peer.web_role),
        ("AWS_ROLE_SESSION_NAME", "rotated"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", path),
    ]);
    let anonymous =
        Setup::of_environment(variables.iter().copied()).drivers().expect("the settings can be used");
    for (driver, anonymous) in drivers(&variables).iter().zip(&anonymous) {
        let tokens: Vec<Secret> = (0..4).map(|_| token(anonymous, issuer)).collect();
        assert_ne!(tokens[0], tokens[1], "the provider signs a new token each time");
        fs::write(&file, tokens[0].expose()).expect("the file can be written");

        // As a pod does: everything from the environment.
        let keys = driver.credentials().unwrap_or_else(|error| panic!("{}, {driver}: {error}", peer.name));
        assert!(is_session(&keys, Duration::from_secs(3600)), "{}, {driver}: {keys:?}", peer.name);
        if peer.name == "SEAWEEDFS" {
            let me =
                driver.send(GetCallerIdentity::new()).unwrap_or_else(|error| panic!("{driver}: {error}"));
            assert!(me.arn.ends_with(":assumed-role/demo/rotated"), "{driver}: {}", me.arn);
        }

        // And again and again, while a program replaces the file, not all at once.
        let stop = AtomicBool::new(false);
        let rotations = AtomicUsize::new(0);
        let fetched = std::thread::scope(|scope| {
            scope.spawn(|| {
                for token in tokens.iter().cycle() {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    rotate(&file, token);
                    rotations.fetch_add(1, Ordering::SeqCst);
                }
            });
            let mut fetched = Vec::new();
            while fetched.len() < FETCHES || rotations.load(Ordering::SeqCst) < FETCHES {
                fetched.push(fetch(driver, peer, &file));
            }
            stop.store(true, Ordering::SeqCst);
            fetched
        });
        let count = fetched.len();
        for keys in fetched {
            let keys = keys.unwrap_or_else(|error| panic!("{}, {driver}, while rotated: {error}", peer.name));
            assert!(is_session(&keys, Duration::from_secs(3600)), "{}, {driver}: {keys:?}", peer.name);
        }
        let rotations = rotations.into_inner();
        super::say(format_args!("{}, {driver}: {count} sessions, {rotations} rotations ok", peer.name));

        // A file that was forgotten is said to be so.
        fs::write(&file, "").expect("the file can be written");
        let error = fetch(driver, peer, &file).expect_err("there is no token").to_string();
        assert!(error.contains("is empty") && error.contains(path), "{driver}: {error}");
    }
}

/// As a careless program does it: empty, and full a moment later.
fn rotate(file: &Path, token: &Secret) {
    fs::write(file, "").expect("the file can be written");
    std::thread::sleep(Duration::from_millis(20));
    fs::write(file, format!("{}\n", token.expose())).expect("the file can be written");
    std::thread::sleep(Duration::from_millis(60));
}

/// A new session, from a provider: a client would keep the one that it has.
fn fetch(driver: &Driver, peer: &Peer, file: &Path) -> Result<Credentials, Error> {
    match driver {
        Driver::Blocking(client) => {
            let provider = sts_blocking::WebIdentityProvider::new(client.clone(), &peer.web_role, file);
            provider.session_name("rotated").credentials()
        }
        Driver::Async(client, runtime) => {
            let provider = sts_async::WebIdentityProvider::new(client.clone(), &peer.web_role, file);
            let provider = provider.session_name("rotated");
            runtime.block_on(async move { provider.credentials().await })
        }
    }
}

fn token(driver: &Driver, issuer: &str) -> Secret {
    let client_id = std::env::var("OIDC_CLIENT_ID").unwrap_or_else(|_| "sts.amazonaws.com".to_owned());
    // Tokens of one second are the same.
    std::thread::sleep(Duration::from_millis(1050));
    exchange::oidc_token(driver, issuer, &client_id)
        .unwrap_or_else(|error| panic!("no token of {issuer}: {error}"))
}

const FETCHES: usize = 25;
