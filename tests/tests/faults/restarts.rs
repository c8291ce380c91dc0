//! Servers that go away between calls, and connections that end while they are not in use.

use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Settings, TransportErrorKind as Kind};
use sts_tests::driver::Setup;
use sts_tests::scripted::{Script, Scripted};
use sts_tests::sts::Server;

use crate::row::{Client, Expect, PATIENT, Row, call, equal, kept, ok, raw, settings};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("connections are closed between calls", |client| {
            let sts = Server::start();
            let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
            let settings = Settings::new().region("us-east-1").endpoint_url(sts.url());
            let driver = client.make(&Setup::new(settings.credentials(keys).timeouts(PATIENT)));
            for round in 1..=3 {
                let ended = call(&driver, GetCallerIdentity::new());
                Expect::success(1).check(&ended).map_err(|reason| format!("round {round}: {reason}"))?;
                sts.close_connections();
                until("the connections are closed", || sts.connections() == 0)?;
            }
            equal("requests", sts.requests().len(), 3)?;
            equal("connections", sts.connections_opened(), 3)?;
            Ok("three calls, an attempt each".to_owned())
        }),
        Row::new("server restarts between calls", |client| {
            let server = Scripted::start(kept());
            let port = server.port();
            let driver = client.make(&Setup::new(settings(&server.url())));
            Expect::success(1).check(&call(&driver, GetCallerIdentity::new()))?;
            drop(server);
            std::thread::sleep(Duration::from_millis(100));
            let down = call(&driver, GetCallerIdentity::new());
            Expect::transport(Kind::Refused, 3).check(&down)?;
            let server = Scripted::restart(port, kept());
            let up = call(&driver, GetCallerIdentity::new());
            Expect::success(1).check(&up)?;
            Expect::success(1).check_seen(&server)?;
            Ok(format!("down: {down}; up: {up}"))
        }),
        Row::new("server is down for the first attempt only", |client| {
            let port = Scripted::start(ok()).port();
            let driver = client.make(&Setup::new(settings(&format!("http://127.0.0.1:{port}"))));
            let server = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(40));
                Scripted::restart(port, ok())
            });
            // How many attempts that takes is chance; a retry that is refused too ends in `Refused`.
            let ended = call(&driver, GetCallerIdentity::new());
            let server = server.join().map_err(|_| "the server cannot be restarted")?;
            let attempts = ended.attempts;
            let expect = match attempts {
                1 | 2 if server.played() == 1 => Expect::success(attempts),
                _ if server.played() == 1 => Expect::success(3),
                _ => Expect::transport(Kind::Refused, 3),
            };
            expect.check(&ended)?;
            Ok(ended.to_string())
        }),
        idle("closed while idle", Script::Raw(raw(""))),
        Row::new("kept connection: a hundred calls on it", |client| {
            let server = Scripted::start(kept());
            let driver = client.make(&Setup::new(settings(&server.url())));
            for _ in 0..100 {
                Expect::success(1).check(&call(&driver, GetCallerIdentity::new()))?;
            }
            // hyper puts a connection back a moment after the answer's end; a call that comes sooner makes another.
            let connections = server.connections();
            let most = if client == Client::Async { 5 } else { 1 };
            if connections > most {
                return Err(format!("{connections} connections, more than {most}"));
            }
            equal("requests", server.requests(), 100)?;
            drop(driver);
            until("the connection is closed", || server.connections() == 0)?;
            Ok(format!("{connections} connections"))
        }),
        Row::new("kept connection: the second request finds it closing", |client| {
            // The server reads the request, says nothing and closes: whether it did the work is not known.
            let server = Scripted::in_turn(vec![kept(), Script::Raw(Vec::new()), ok()]);
            let driver = client.make(&Setup::new(settings(&server.url())));
            Expect::success(1).check(&call(&driver, GetCallerIdentity::new()))?;
            std::thread::sleep(Duration::from_millis(100));
            let ended = call(&driver, GetCallerIdentity::new());
            Expect::success(2).check(&ended)?;
            equal("requests", server.requests(), 3)?;
            Ok(ended.to_string())
        }),
    ]
}

/// The server ends each connection a moment after its answer, without having announced it.
fn idle(name: &'static str, script: Script) -> Row {
    Row::new(name, move |client| {
        let server = Scripted::start(script.clone());
        let driver = client.make(&Setup::new(settings(&server.url())));
        for round in 1..=5 {
            let ended = call(&driver, GetCallerIdentity::new());
            Expect::success(1).check(&ended).map_err(|reason| format!("round {round}: {reason}"))?;
            std::thread::sleep(Duration::from_millis(60));
        }
        equal("requests", server.requests(), 5)?;
        Ok("five calls, an attempt each".to_owned())
    })
}

/// Waits for it, not for ever.
pub(crate) fn until(what: &str, is: impl Fn() -> bool) -> Result<(), String> {
    for _ in 0..500 {
        if is() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(format!("never came true: {what}"))
}
