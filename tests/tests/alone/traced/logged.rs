//! Events where there is no subscriber.

use std::time::{Duration, SystemTime};

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, TransportErrorKind as Kind};
use sts_tests::driver::through_both;
use sts_tests::peer::IDENTITY;

use super::{failed, numbered, same, scripted, setup};
use crate::logger::Log;

pub(crate) fn what_no_subscriber_is_told_goes_to_the_log() {
    let log = Log::install();
    let mut told = Vec::new();
    through_both(|make| {
        let before = log.lines().len();
        let peer = scripted(|number| match number {
            0 => failed(Kind::Closed),
            _ => numbered(200, "req-1", IDENTITY),
        });
        let hour = || {
            let keys = Credentials::new("ASIAEXAMPLE", "planted-secret").with_session_token("planted-token");
            Ok(keys.with_expiration(SystemTime::now() + Duration::from_secs(3600)))
        };
        let sts = make(&setup(&peer).provider(hour)).unwrap();
        // The first call fetches in a thread or a task, which must not end what goes to the log.
        sts.send(GetCallerIdentity::new()).unwrap();
        sts.send(GetCallerIdentity::new()).unwrap();
        let lines = log.lines()[before..].to_vec();
        assert!(!lines.iter().any(|line| line.contains("planted")), "{lines:?}");
        // Without the wait and the time left, which differ from run to run.
        let constant = |line: &str| {
            let constant = line.split(" retry.wait_ms").next().and_then(|line| line.split(", valid").next());
            constant.unwrap_or_default().to_owned()
        };
        let of_core = lines.iter().filter(|line| line.split(' ').nth(1) == Some("sts"));
        told.push(of_core.map(|line| constant(line)).collect::<Vec<_>>());
    });
    let (spans, events): (Vec<_>, Vec<_>) =
        same(told).into_iter().partition(|line| line.starts_with("INFO sts sts.call;"));
    assert!(spans.iter().any(|line| line.contains("otel.name=STS/GetCallerIdentity")), "{spans:?}");
    assert!(spans.iter().any(|line| line.ends_with("sts.attempts=2")), "{spans:?}");
    let expected = [
        "DEBUG sts fetching credentials background=false",
        "DEBUG sts fetched credentials background=false credentials=access key …MPLE",
        "WARN sts attempt failed, another follows after a wait attempt=1 error.type=\"closed\" retry.class=\"transient\"",
        "DEBUG sts attempt succeeded attempt=2 http.response.status_code=200 aws.request_id=\"req-1\"",
        "DEBUG sts attempt succeeded attempt=1 http.response.status_code=200 aws.request_id=\"req-1\"",
    ];
    assert_eq!(events, expected);
}
