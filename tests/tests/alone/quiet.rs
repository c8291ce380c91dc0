//! A program that makes its log more talkative while a call waits for its answer.

use std::thread;
use std::time::Duration;

use sts_proto::operations::GetDelegatedAccessToken;
use sts_proto::{Credentials, Settings};
use sts_tests::driver::Setup;
use sts_tests::scripted::{Script, Scripted};

use crate::logger::Log;

pub(crate) fn a_log_that_is_raised_amid_a_call_does_not_get_its_bytes() {
    let log = Log::install();
    let body = format!(
        "<R><GetDelegatedAccessTokenResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{SECRET}\
         </SecretAccessKey><SessionToken>{SECRET}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>\
         </Credentials></GetDelegatedAccessTokenResult></R>"
    );
    let server = Scripted::choosing(move |_| {
        thread::sleep(ANSWERED);
        Script::Answer(200, "text/xml", body.clone().into_bytes())
    });
    let settings = Settings::new()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", SECRET))
        .endpoint_url(server.url());
    for driver in Setup::new(settings).drivers().unwrap() {
        for before in [log::LevelFilter::Info, log::LevelFilter::Trace] {
            log::set_max_level(before);
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(RAISED);
                    log::set_max_level(log::LevelFilter::Trace);
                });
                driver.send(GetDelegatedAccessToken::new(SECRET)).unwrap();
            });
            assert_eq!(log::max_level(), log::LevelFilter::Trace, "the program's word holds afterwards");
        }
    }
    let lines = log.lines();
    assert!(lines.iter().any(|line| line.contains("ureq")), "the log is captured");
    assert!(!lines.iter().any(|line| line.contains(SECRET)));
    // A secret may be spread over two of these.
    assert!(!lines.iter().any(|line| line.contains("ureq_proto::util")), "no bytes at all");
}

const SECRET: &str = "PLANTED/key+=";
const RAISED: Duration = Duration::from_millis(150);
const ANSWERED: Duration = Duration::from_millis(500);
