//! Clocks that disagree, and sessions that expire, against the embedded STS.

use std::time::Duration;

use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, Retry, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::sts::Server;

use crate::row::{Client, Expect, PATIENT, Row, Verdict, call, equal};

pub(crate) fn rows() -> Vec<Row> {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    let mut rows: Vec<Row> = [("5 min ahead", 5 * MINUTE), ("5 min behind", -5 * MINUTE)]
        .map(|(name, offset)| {
            Row::new(format!("server's clock {name}: taken at once"), move |client| {
                let sts = Server::builder().clock_offset_ms(offset).start();
                let driver = client.make(&Setup::new(alice(&sts)));
                identity(&driver, &sts, &Expect::success(1), &[200])?;
                identity(&driver, &sts, &Expect::success(1), &[200])
            })
        })
        .into();
    rows.extend([("1 h ahead", HOUR), ("1 h behind", -HOUR)].map(|(name, offset)| {
        Row::new(format!("server's clock {name}: refused once, then corrected"), move |client| {
            let sts = Server::builder().clock_offset_ms(offset).start();
            let driver = client.make(&Setup::new(alice(&sts)));
            identity(&driver, &sts, &Expect::success(2), &[403, 200])?;
            identity(&driver, &sts, &Expect::success(1), &[200])
        })
    }));
    rows.push(Row::new("server's clock jumps an hour and back between calls", |client| {
        let sts = Server::start();
        let driver = client.make(&Setup::new(alice(&sts)));
        identity(&driver, &sts, &Expect::success(1), &[200])?;
        for offset in [HOUR, 0] {
            sts.set_clock_offset_ms(offset);
            identity(&driver, &sts, &Expect::success(2), &[403, 200])?;
        }
        identity(&driver, &sts, &Expect::success(1), &[200])
    }));
    rows.push(Row::new("server's clock 1 h ahead, correction off", |client| {
        let sts = Server::builder().clock_offset_ms(HOUR).start();
        let retry = Retry::standard().correct_clock(false);
        let driver = client.make(&Setup::new(alice(&sts).retry(retry)));
        identity(&driver, &sts, &Expect::refused(403, "SignatureDoesNotMatch", 1), &[403])
    }));
    rows.push(Row::new("server's clock 1 h ahead, one attempt: the next call is right", |client| {
        let sts = Server::builder().clock_offset_ms(HOUR).start();
        let driver = client.make(&Setup::new(alice(&sts).retry(Retry::off())));
        identity(&driver, &sts, &Expect::refused(403, "SignatureDoesNotMatch", 1), &[403])?;
        identity(&driver, &sts, &Expect::success(1), &[200])
    }));
    rows.push(Row::new("a wrong secret is not retried", |client| {
        let sts = Server::start();
        let keys = Credentials::new(sts.access_key_id(), "planted-secret");
        let driver = client.make(&Setup::new(alice(&sts).credentials(keys)));
        identity(&driver, &sts, &Expect::refused(403, "SignatureDoesNotMatch", 1), &[403])
    }));
    rows.push(Row::new("a session expires between two calls", |client| {
        let sts = Server::builder().min_duration_seconds(1).start();
        let session = session(client, &sts, 1)?;
        identity(&session, &sts, &Expect::success(1), &[200])?;
        std::thread::sleep(Duration::from_millis(2500));
        identity(&session, &sts, &Expect::refused(403, "ExpiredToken", 1), &[403])
    }));
    rows.push(Row::new("a session expires while the server's clock jumps", |client| {
        let sts = Server::start();
        let session = session(client, &sts, 900)?;
        identity(&session, &sts, &Expect::success(1), &[200])?;
        sts.set_clock_offset_ms(HOUR);
        // That the clock moved is worth one attempt with the right date.
        identity(&session, &sts, &Expect::refused(403, "ExpiredToken", 2), &[403, 403])
    }));
    rows
}

fn alice(sts: &Server) -> Settings {
    let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    Settings::new().region("us-east-1").endpoint_url(sts.url()).credentials(keys).timeouts(PATIENT)
}

/// A client with the keys of a session of so many seconds.
fn session(client: Client, sts: &Server, seconds: u32) -> Result<Driver, String> {
    let role = AssumeRole::new(sts.role_arn("demo"), "faults").duration_seconds(seconds);
    let issued = client.make(&Setup::new(alice(sts))).send(role).map_err(|error| error.to_string())?;
    sts.forget_requests();
    Ok(client.make(&Setup::new(alice(sts).credentials(issued.credentials))))
}

/// GetCallerIdentity, and the statuses with which the server answered its attempts.
fn identity(driver: &Driver, sts: &Server, expect: &Expect, statuses: &[u16]) -> Verdict {
    let ended = call(driver, GetCallerIdentity::new());
    expect.check(&ended)?;
    let answered: Vec<u16> = sts.requests().iter().map(|arrival| arrival.status.as_u16()).collect();
    sts.forget_requests();
    equal("the server's answers", &answered[..], statuses)?;
    Ok(ended.to_string())
}
