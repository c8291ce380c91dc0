use super::*;
use crate::endpoint::EndpointParams;
use crate::transport::TransportErrorKind;

fn endpoint(region: &str) -> Endpoint {
    Endpoint::resolve(&EndpointParams { region: Some(region), ..Default::default() }).unwrap()
}

fn keys() -> Credentials {
    Credentials::new("ASIAEXAMPLE", "secret/\"+").with_session_token("to ken")
}

fn sign_in(console: &Console, region: &str) -> SignIn {
    console.prove(&endpoint(region), &keys(), SystemTime::UNIX_EPOCH).unwrap()
}

/// The requests that a sign-in sends while it gets these answers, and what it ends with.
fn run(mut flow: SignIn, answers: &[(u16, &'static str)]) -> (Vec<Request<Bytes>>, Result<String, String>) {
    let (mut sent, mut event, mut answers) = (Vec::new(), Event::Start, answers.iter());
    loop {
        match flow.step(SystemTime::UNIX_EPOCH, event) {
            Ok(Step::Done(url)) => return (sent, Ok(url.expose().to_owned())),
            Err(error) => return (sent, Err(error.to_string())),
            Ok(Step::Perform(Effect::Send(request, _))) => {
                sent.push(request);
                event = match answers.next() {
                    Some((status, body)) => Event::Response(
                        Response::builder()
                            .status(*status)
                            .body(Bytes::from_static(body.as_bytes()))
                            .unwrap(),
                    ),
                    None => Event::Failed(TransportErrorKind::Refused.into()),
                };
            }
            Ok(Step::Perform(effect)) => panic!("{effect:?}"),
        }
    }
}

const SESSION: &str = "Session=%7B%22sessionId%22%3A%22ASIAEXAMPLE%22%2C%22sessionKey%22%3A%22secret%2F%5C%22%2B%22%2C\
                       %22sessionToken%22%3A%22to%20ken%22%7D";

#[test]
fn the_session_travels_in_a_body() {
    let console = Console::new().lifetime(Duration::from_secs(3600)).issuer("https://a.example/?b=c");
    let (sent, url) = run(sign_in(&console, "eu-west-1"), &[(200, "{\"SigninToken\":\"a+b\"}")]);
    let [request] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://eu-west-1.signin.aws.amazon.com/federation");
    assert_eq!(request.headers()["host"], "eu-west-1.signin.aws.amazon.com");
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.body(), &format!("Action=getSigninToken&SessionDuration=3600&{SESSION}"));
    assert_eq!(
        url.unwrap(),
        "https://eu-west-1.signin.aws.amazon.com/federation?Action=login&Issuer=https%3A%2F%2Fa.example%2F%3Fb%3Dc\
         &Destination=https%3A%2F%2Fconsole.aws.amazon.com%2F&SigninToken=a%2Bb"
    );
}

#[test]
fn a_service_that_refuses_the_body_gets_a_query() {
    for status in [400, 404, 405, 415] {
        let answers = [(status, "<html>"), (200, "{\"SigninToken\":\"t\"}")];
        let (sent, url) = run(sign_in(&Console::new(), "us-east-1"), &answers);
        assert_eq!(sent.len(), 2, "{status}");
        assert_eq!(sent[1].method(), "GET");
        let uri = format!("https://signin.aws.amazon.com/federation?Action=getSigninToken&{SESSION}");
        assert_eq!(sent[1].uri(), &*uri);
        assert!(sent[1].body().is_empty() && url.unwrap().ends_with("&SigninToken=t"));
    }
}

#[test]
fn nothing_is_shown_of_a_url_but_its_host() {
    for url in [
        "https://u:planted@broker",
        "https://broker/planted?planted#planted",
        "planted",
        "/planted",
        "//planted",
    ] {
        let console = Console::new().destination(url).issuer(url).sign_in_url(url);
        let shown = format!("{console:?}");
        assert!(!shown.contains("planted"), "{shown}");
        assert_eq!(shown.matches("broker").count(), if url.contains("broker") { 3 } else { 0 }, "{shown}");
    }
}

#[test]
fn what_goes_wrong_is_said_without_the_session() {
    for (answers, expected) in [
        (&[][..], "the sign-in service gave no answer: the connection was refused"),
        (&[(400, ""), (400, "ASIAEXAMPLE")], "the sign-in service refused the session (http 400): use"),
        // The session does not travel in a query because a service is busy.
        (&[(408, "")], "the sign-in service is too slow or is throttling (http 408)"),
        (&[(429, "")], "the sign-in service is too slow or is throttling (http 429)"),
        (&[(503, "")], "the sign-in service failed (http 503)"),
        (&[(302, "")], "the sign-in service failed (http 302)"),
        (&[(200, "<html>")], "the answer of the sign-in service cannot be used"),
        (&[(200, "{}")], "the answer of the sign-in service cannot be used"),
        (&[(200, "{\"SigninToken\":7}")], "the answer of the sign-in service cannot be used"),
    ] {
        let flow = sign_in(&Console::new(), "us-east-1");
        assert_eq!(
            format!("{flow:?}"),
            "SignIn { base: \"https://signin.aws.amazon.com/federation\", state: Ready, .. }"
        );
        let (sent, result) = run(flow, answers);
        assert_eq!(sent.len(), answers.len().max(1), "{answers:?}");
        let error = result.unwrap_err();
        assert!(error.starts_with(expected) && !error.contains("ASIAEXAMPLE"), "{error}");
    }
}

#[test]
fn a_flow_that_is_over_stays_over() {
    let mut flow = sign_in(&Console::new(), "us-east-1");
    assert!(matches!(flow.step(SystemTime::UNIX_EPOCH, Event::Elapsed), Err(SignInError::OutOfTurn)));
    assert!(matches!(flow.step(SystemTime::UNIX_EPOCH, Event::Start), Err(SignInError::OutOfTurn)));
}

#[test]
fn destinations() {
    let of = |page: Option<&str>, region: &str| {
        let console = page.map_or(Console::new(), |page| Console::new().destination(page));
        let flow = console.prove(&endpoint(region), &keys(), SystemTime::UNIX_EPOCH);
        flow.map(|flow| flow.login.split("Destination=").nth(1).unwrap().replace("%2F", "/"))
    };
    for (page, region, expected) in [
        (None, "cn-north-1", "https%3A//console.amazonaws.cn/&SigninToken="),
        (
            Some("/s3/home?a=b"),
            "us-gov-west-1",
            "https%3A//console.amazonaws-us-gov.com/s3/home%3Fa%3Db&SigninToken=",
        ),
        (Some("https://other.example"), "us-iso-east-1", "https%3A//other.example&SigninToken="),
    ] {
        assert_eq!(of(page, region).unwrap(), expected);
    }
    for (page, region) in [
        (None, "us-iso-east-1"),
        (Some("s3"), "us-east-1"),
        (Some("http://a.example"), "us-east-1"),
        (Some("/a b"), "us-east-1"),
        (Some(""), "us-east-1"),
    ] {
        let error = of(page, region).unwrap_err().to_string();
        assert!(error.starts_with("the proof cannot be made: the destination "), "{error}");
    }
}

#[test]
fn another_sign_in_service_is_trusted_with_tls_or_on_this_machine() {
    let of = |url: &str| {
        Console::new().sign_in_url(url).prove(&endpoint("us-east-1"), &keys(), SystemTime::UNIX_EPOCH)
    };
    for (url, base) in [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/federation"),
        ("http://[::1]:8000/a/", "http://[::1]:8000/a/federation"),
        ("http://localhost", "http://localhost/federation"),
        ("https://broker.example", "https://broker.example/federation"),
    ] {
        assert_eq!(of(url).unwrap().base, base);
    }
    for url in ["http://broker.example", "http://127.0.0.1.example", "ftp://localhost", "https://u:p@h", ""] {
        let error = of(url).unwrap_err().to_string();
        assert!(error.contains("the url of the sign-in service "), "{error}");
    }
}

#[test]
fn a_session_of_the_console_lasts_as_long_as_the_service_takes() {
    for (seconds, is_taken) in [(0, false), (899, false), (900, true), (43_200, true), (43_201, false)] {
        let console = Console::new().lifetime(Duration::from_secs(seconds));
        let result = console.prove(&endpoint("us-east-1"), &keys(), SystemTime::UNIX_EPOCH);
        assert_eq!(result.is_ok(), is_taken, "{seconds}");
        if let Err(error) = result {
            assert!(error.to_string().contains("the lifetime is not 15 minutes"), "{error}");
        }
    }
}

#[test]
fn requests_have_the_time_outs_that_were_set() {
    let timeouts = SendTimeouts { connect: Duration::from_millis(7), attempt: Duration::from_millis(8) };
    let mut flow = sign_in(&Console::new().timeouts(timeouts), "us-east-1");
    let step = flow.step(SystemTime::UNIX_EPOCH, Event::Start);
    assert!(matches!(step, Ok(Step::Perform(Effect::Send(_, sent))) if sent == timeouts), "{step:?}");
}

#[test]
fn the_global_endpoint_does_not_change_where_the_browser_goes() {
    let params =
        EndpointParams { region: Some("eu-west-1"), use_global_endpoint: true, ..Default::default() };
    let endpoint = Endpoint::resolve(&params).unwrap();
    let flow = Console::new().prove(&endpoint, &keys(), SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(flow.base, "https://eu-west-1.signin.aws.amazon.com/federation");
}

#[test]
fn long_term_keys_are_refused() {
    let keys = Credentials::new("AKIAEXAMPLE", "secret");
    let error = Console::new().prove(&endpoint("us-east-1"), &keys, SystemTime::UNIX_EPOCH).unwrap_err();
    assert_eq!(error, ProofError::LongTermKeys);
}
