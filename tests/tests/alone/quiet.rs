//! A program that makes its log more talkative while a call waits for its answer.

use std::thread;
use std::time::Duration;

use sts_proto::operations::GetDelegatedAccessToken;
use sts_proto::{Credentials, Settings, Timeouts};
use sts_tests::driver::Setup;
use sts_tests::pki::Pki;
use sts_tests::scripted::{Script, Scripted};

use crate::logger::Log;

pub(crate) fn a_log_that_is_raised_amid_a_call_does_not_get_its_bytes() {
    let log = Log::install();
    let body = format!(
        "<R><GetDelegatedAccessTokenResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{SECRET}\
         </SecretAccessKey><SessionToken>{SECRET}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>\
         </Credentials></GetDelegatedAccessTokenResult></R>"
    );
    let pki = Pki::new();
    // While it waits: for the answer, for the handshake of TLS, and until there is room for the rest of a request.
    let late = Script::Late(ANSWERED, Box::new(Script::Answer(200, "text/xml", body.into_bytes())));
    let plain = Scripted::start(late.clone());
    let tls = Scripted::start_tls(late, pki.good());
    let secret = |size: usize| format!("{SECRET}{}", "x".repeat(size));
    let cases =
        [(plain.url(), 0), (format!("https://localhost:{}", tls.port()), 0), (plain.url(), 12 * 1024 * 1024)];
    for (says, (url, size)) in
        [true, false].into_iter().flat_map(|says| cases.iter().map(move |case| (says, case)))
    {
        log.says(says);
        let settings = Settings::new()
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", SECRET).with_session_token(SECRET))
            .endpoint_url(url)
            .timeouts(Timeouts { connect: CALM, attempt: CALM, ..Timeouts::default() });
        for driver in Setup::new(settings).ca_bundle(pki.ca_pem()).drivers().unwrap() {
            for before in [log::LevelFilter::Info, log::LevelFilter::Trace] {
                log::set_max_level(before);
                thread::scope(|scope| {
                    scope.spawn(|| {
                        thread::sleep(RAISED);
                        log::set_max_level(log::LevelFilter::Trace);
                    });
                    driver.send(GetDelegatedAccessToken::new(secret(*size))).unwrap();
                });
                assert_eq!(log::max_level(), log::LevelFilter::Trace, "the program's word holds afterwards");
            }
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
/// Requests of megabytes take their time.
const CALM: Duration = Duration::from_secs(20);
