//! Logins that several processes share.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sts_tests::driver::{Setup, through_both};
use sts_tests::home::{Home, slashed};
use sts_tests::peer::{self, Peer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Each process gets credentials 200 times, each time of a new client and by way of a login that ends soon, so that it is due
/// whenever it is looked at. The service takes each refresh token once.
#[test]
fn two_processes_that_renew_one_login_lose_no_token() {
    for (config, file, login, variable) in logins() {
        let home = Home::in_memory();
        home.write(".aws/config", config);
        let path = home.path(".aws").join(file);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
        std::fs::write(&path, login.to_string()).expect("it can be written");
        let service = Service::start();
        let url = service.url.clone();
        let children: Vec<Child> = (0..2).map(|_| child(&home.variables(&[(variable, &url)]))).collect();
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{file}: {text}");
        }
        let state = service.state.lock().expect("no handler panics");
        let left: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("it is there")).expect("it is whole");
        assert_eq!(left["refreshToken"], format!("planted-r{}", state.renewals), "{file}: a token is lost");
        assert_eq!(left["other"], login["other"], "{file}");
        println!("{file}: {} renewals, {} refused", state.renewals, state.refused);
        assert!((200..=400).contains(&state.renewals), "{file}: {} renewals", state.renewals);
        let folder = std::fs::read_dir(path.parent().expect("it is in a folder")).expect("it is a folder");
        assert_eq!(folder.count(), 1, "{file}: something else is left");
    }
}

/// What becomes of a renewal.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Good,
    /// The login goes on being used.
    Fails,
    /// Another program logs out meanwhile.
    LoggedOut,
}

#[test]
fn what_became_of_a_renewal_is_explained() {
    let ends = OffsetDateTime::from(SystemTime::now() + Duration::from_secs(200)).format(&Rfc3339).unwrap();
    for (config, file, mut login, _) in logins() {
        match &mut login["accessToken"] {
            Value::Object(keys) => drop(keys.insert("expiresAt".to_owned(), json!(ends))),
            _ => login["expiresAt"] = json!(ends),
        }
        for (outcome, expected) in [
            (Outcome::Good, "; the login was renewed at 2"),
            (Outcome::Fails, "; warning: renewing the login failed at 2"),
            (Outcome::LoggedOut, "Z, and not written, since the file is gone"),
        ] {
            through_both(|make| {
                let home = Home::with_config(config);
                let path = home.path(".aws").join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, login.to_string()).unwrap();
                let (state, gone) = (Mutex::<State>::default(), path.clone());
                let peer = Peer::new(move |request| {
                    let renews = request.uri().path().ends_with("/token");
                    match outcome {
                        Outcome::Fails if renews => return peer::answer(500, ""),
                        Outcome::LoggedOut if renews => std::fs::remove_file(&gone).unwrap(),
                        _ => {}
                    }
                    let (status, answer) = answer(request.uri().path(), request.body(), &state);
                    peer::answer(status, answer.to_string())
                });
                let variables = home.variables(&[("AWS_MAX_ATTEMPTS", "1")]);
                let sts = make(&Setup::of_environment(variables).transport(&peer)).unwrap();
                let told = slashed(&sts.explain().to_string());
                assert!(told.contains(expected) && !told.contains("planted"), "{outcome:?}: {told}");
                let written = slashed(&format!("Z and written to {}", path.display()));
                assert_eq!(told.contains(&written), matches!(outcome, Outcome::Good), "{outcome:?}: {told}");
                // It is told as long as the credentials are used.
                assert!(sts.explain().to_string().contains(expected), "{outcome:?}");
            });
        }
    }
}

#[test]
#[ignore = "runs in a process of its own"]
fn renews() {
    let variables: Vec<(String, String)> = std::env::vars().collect();
    let setup = Setup::of_environment(variables).credentials_only();
    for turn in 0..200 {
        let driver = if turn % 2 == 0 { setup.blocking() } else { setup.asynchronous() };
        let credentials = driver.expect("the settings are good").credentials();
        let credentials = credentials.unwrap_or_else(|error| panic!("fetch {turn}: {error}"));
        assert!(credentials.expiration.is_some_and(|end| end > SystemTime::now()), "fetch {turn}");
    }
}

/// A profile with a login of each kind, the file of the login and what it holds, and the variable that leads to the services.
fn logins() -> [(&'static str, &'static str, Value, &'static str); 2] {
    [
        (
            "[default]\nlogin_session = arn:aws:iam::111122223333:user/ann\nregion = us-east-1\n",
            "login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json",
            json!({"accessToken": keys(), "refreshToken": "planted-r0", "clientId": "c", "dpopKey": KEY, "other": [1, "a"]}),
            "AWS_ENDPOINT_URL_SIGNIN",
        ),
        (
            "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n\
             [sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n",
            "sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
            json!({
                "accessToken": "planted-t0", "expiresAt": "2020-01-01T00:00:00Z", "refreshToken": "planted-r0",
                "clientId": "c", "clientSecret": "planted-s", "registrationExpiresAt": "2100-01-01T00:00:00Z",
                "other": [1, "a"],
            }),
            "AWS_ENDPOINT_URL",
        ),
    ]
}

fn child(variables: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["credentials::logins::renews", "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts")
}

/// The services that renew, and the portal.
struct Service {
    url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    renewals: u32,
    refused: u32,
}

impl Service {
    /// Serves until the process ends.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let state = Arc::<Mutex<State>>::default();
        let service = Self { url, state: Arc::clone(&state) };
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || serve(connection, &state));
            }
        });
        service
    }
}

/// One request a connection.
fn serve(connection: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let (mut path, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if path.is_empty() {
            path = line.split(' ').nth(1)?.to_owned();
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, answer) = answer(&path, &body, state);
    let answer = answer.to_string();
    let head =
        format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    reader.get_mut().write_all(format!("{head}{answer}").as_bytes()).ok()
}

fn answer(path: &str, body: &[u8], state: &Mutex<State>) -> (u16, Value) {
    if !path.ends_with("/token") {
        let end = (SystemTime::now() + Duration::from_secs(3600)).duration_since(SystemTime::UNIX_EPOCH);
        let milliseconds = end.map_or(0, |end| end.as_millis() as u64);
        let keys = json!({
            "accessKeyId": "ASIASSO", "secretAccessKey": "planted", "sessionToken": "planted", "expiration": milliseconds,
        });
        return (200, json!({ "roleCredentials": keys }));
    }
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut state = state.lock().expect("no handler panics");
    if request["refreshToken"] != format!("planted-r{}", state.renewals) {
        state.refused += 1;
        return (400, json!({"error": "TOKEN_EXPIRED"}));
    }
    state.renewals += 1;
    let refresh_token = format!("planted-r{}", state.renewals);
    let access_token = match path.starts_with("/v1") {
        true => keys(),
        false => json!(format!("planted-t{}", state.renewals)),
    };
    (200, json!({"accessToken": access_token, "refreshToken": refresh_token, "expiresIn": 240}))
}

fn keys() -> Value {
    json!({
        "accessKeyId": "ASIALOGIN", "secretAccessKey": "planted", "sessionToken": "planted",
        "expiresAt": "2020-01-01T00:00:00Z",
    })
}

/// Made for tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEINgJsfoMn5NmrX2lSBFyPwPHx2wjdpaTb7/DnmJk0WYIoAoGCCqGSM49\n\
                   AwEHoUQDQgAEwGZ4738OtPyA4oY0iHSM7oLyA5ykNMzuQFaWWBG4L0NwRaw9KBfR\n4V4WDfsapNz4mVzvHBix5v5RqRbGfq6wpw==\n\
                   -----END EC PRIVATE KEY-----\n";
