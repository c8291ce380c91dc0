//! Many callers of one client at a time.

use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Timeouts, TransportErrorKind as Kind};
use sts_tests::driver::Setup;
use sts_tests::scripted::{Script, Scripted};

use crate::restarts::until;
use crate::row::{End, Row, call, equal, ok, settings};

const CALLERS: usize = 200;

pub(crate) fn rows() -> Vec<Row> {
    vec![Row::new("200 callers, every third connection is dropped", |client| {
        let drops = |number| if number % 3 == 2 { Script::Raw(Vec::new()) } else { ok() };
        let server = Scripted::choosing(drops);
        // So many connections at once may take their time.
        let patient = Timeouts {
            connect: Duration::from_secs(15),
            attempt: Duration::from_secs(20),
            call: Duration::from_secs(40),
        };
        let driver = client.make(&Setup::new(settings(&server.url()).timeouts(patient)));
        let ended: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let driver = driver.clone();
                    scope.spawn(move || call(&driver, GetCallerIdentity::new()))
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().expect("a caller does not panic")).collect()
        });
        let successes = ended.iter().filter(|ended| ended.end == End::Success).count();
        let closed = ended.iter().filter(|ended| ended.end == End::Transport(Kind::Closed)).count();
        if successes + closed != CALLERS {
            let others = ended
                .iter()
                .filter(|ended| !matches!(ended.end, End::Success | End::Transport(Kind::Closed)));
            let others: Vec<String> = others.map(|ended| ended.to_string()).collect();
            return Err(format!("{successes} successes, {closed} closed, and {others:?}"));
        }
        let attempts: u32 = ended.iter().map(|ended| ended.attempts).sum();
        equal("requests of all attempts", server.requests(), attempts as usize)?;
        equal("answers", server.successes(), successes)?;
        if ended.iter().any(|ended| ended.attempts > 3) {
            return Err("more than three attempts".to_owned());
        }
        drop(driver);
        until("the connections are closed", || server.connections() == 0)?;
        Ok(format!("{successes} successes, {closed} closed, {attempts} attempts"))
    })]
}
