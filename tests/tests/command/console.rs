//! `console`, against a sign-in service that keeps what it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use sts_tests::proxy::{Does, Proxy};

use super::captured::Server;
use super::program::{SECRET_KEY, World, end, ended};

const TOKEN: &str = "{\"SigninToken\":\"sign+in/token\"}";

fn console(world: &World, server: &Server, more: &[&str]) -> Command {
    let role = world.sts.role_arn("demo");
    let url = server.url();
    let first = ["console", "--role", &role, "--region", "eu-west-1", "--sign-in-url", &url];
    world.sts(&[&first[..], more].concat())
}

/// The session that STS has given last.
fn secrets(body: &str) -> Vec<String> {
    let session = body.split("Session=").nth(1).unwrap();
    let session = percent_encoding::percent_decode_str(session).decode_utf8().unwrap();
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();
    ["sessionKey", "sessionToken"].map(|name| session[name].as_str().unwrap().to_owned()).to_vec()
}

#[test]
fn the_url_is_printed_and_the_session_travels_in_a_body() {
    let Some(world) = World::new() else { return };
    let server = Server::start(&[(200, TOKEN)]);
    let more = [
        "--destination",
        "/s3/home?region=eu-west-1",
        "--issuer",
        "https://a.example",
        "--signed-in-for",
        "12h",
    ];
    let (status, printed, errors) = end(console(&world, &server, &[&more[..], &["--debug"]].concat()));
    assert_eq!(status, Some(0), "{errors}");
    let url = server.url();
    assert_eq!(
        printed,
        format!(
            "{url}/federation?Action=login&Issuer=https%3A%2F%2Fa.example&Destination=https%3A%2F%2F\
             console.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-west-1&SigninToken=sign%2Bin%2Ftoken\n"
        )
    );
    let [request] = &server.requests()[..] else { panic!() };
    assert!(request.head.starts_with("POST /federation HTTP/1.1\r\n"), "{}", request.head);
    assert!(
        request.body.starts_with("Action=getSigninToken&SessionDuration=43200&Session=%7B"),
        "{}",
        request.body
    );
    for secret in secrets(&request.body) {
        assert!(!request.head.contains(&secret) && !errors.contains(&secret) && !printed.contains(&secret));
    }
    assert!(!errors.contains("sign") || !errors.contains("token"), "{errors}");
}

#[test]
fn a_service_that_takes_no_body_is_asked_as_documented() {
    let Some(world) = World::new() else { return };
    let server = Server::start(&[(405, "no"), (200, TOKEN)]);
    let (status, printed, errors) = end(console(&world, &server, &["--debug"]));
    assert_eq!(status, Some(0), "{errors}");
    assert!(printed.ends_with("&SigninToken=sign%2Bin%2Ftoken\n"), "{printed}");
    assert!(errors.contains("the sign-in service refuses the session in a body"), "{errors}");
    assert!(errors.contains("http.response.status_code=405"), "{errors}");
    let requests = server.requests();
    assert!(
        requests[1].head.starts_with("GET /federation?Action=getSigninToken&Session=%7B"),
        "{}",
        requests[1].head
    );
    for secret in secrets(&requests[0].body) {
        assert!(!errors.contains(&secret), "{errors}");
    }
}

#[test]
fn the_sign_in_goes_through_the_proxy() {
    let Some(world) = World::new() else { return };
    let (server, proxy) = (Server::start(&[(200, TOKEN)]), Proxy::start(Does::Tunnel));
    let mut command = console(&world, &server, &[]);
    command.env("HTTP_PROXY", format!("http://{}", proxy.address()));
    let (status, printed, errors) = end(command);
    assert_eq!(status, Some(0), "{errors}");
    assert!(printed.ends_with("&SigninToken=sign%2Bin%2Ftoken\n"), "{printed}");
    let target = format!("CONNECT {} HTTP/1.1\r\n", server.address);
    assert!(proxy.heads().iter().any(|head| head.starts_with(&target)), "{:?}", proxy.heads());
}

#[test]
fn what_goes_wrong() {
    let Some(world) = World::new() else { return };
    let none = Server::start(&[]);
    for (answers, status, expected) in [
        (&[(400, ""), (400, "")][..], 1, "sts: the sign-in service refused the session (http 400): use "),
        (&[(500, "")], 1, "sts: the sign-in service failed (http 500)"),
        (&[(200, "<html>")], 1, "sts: the answer of the sign-in service cannot be used: "),
    ] {
        let server = Server::start(answers);
        let (code, printed, errors) = end(console(&world, &server, &[]));
        assert_eq!((code, printed.as_str()), (Some(status), ""), "{errors}");
        assert!(errors.starts_with(expected), "{errors}");
    }
    // Long-term keys.
    let url = none.url();
    let (code, _, errors) = end(world.sts(&["console", "--sign-in-url", &url]));
    assert_eq!(code, Some(2), "{errors}");
    assert!(
        errors.starts_with("sts: long-term keys are not taken here: use the session of a role"),
        "{errors}"
    );
    assert!(errors.ends_with("; name a role with --role\n"), "{errors}");
    let role = world.sts.role_arn("demo");
    // A session would be sent in the clear.
    let (code, _, errors) =
        end(world.sts(&["console", "--role", &role, "--sign-in-url", "http://elsewhere.example"]));
    assert_eq!(code, Some(2), "{errors}");
    let (code, _, errors) =
        end(world.sts(&["console", "--role", &role, "--sign-in-url", "http://127.0.0.1:9"]));
    assert_eq!(code, Some(4), "{errors}");
    assert!(errors.starts_with("sts: the sign-in service gave no answer: "), "{errors}");
}

/// It takes the connection and says nothing.
#[test]
fn a_service_that_never_answers_is_given_up() {
    let Some(world) = World::new() else { return };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (role, url) = (world.sts.role_arn("demo"), format!("http://{}", silent.local_addr().unwrap()));
    let mut child = world.sts(&["console", "--role", &role, "--sign-in-url", &url]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = ended(&mut child);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((status.code(), output.stdout.as_slice()), (Some(4), &b""[..]), "{errors}");
    assert!(errors.starts_with("sts: the sign-in service gave no answer: "), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[test]
fn the_browser_is_given_an_address_that_holds_no_token() {
    use std::os::unix::fs::PermissionsExt;

    let Some(world) = World::new() else { return };
    let server = Server::start(&[(200, TOKEN)]);
    let opened = world.home.path("opened");
    let browser = world.home.write(
        "browser",
        format!("#!/bin/sh\nprintf '%s' \"$*\" >'{0}.new' && mv '{0}.new' '{0}'\n", opened.display()),
    );
    std::fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = console(&world, &server, &["--open"]);
    command.env("BROWSER", &browser);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let address = loop {
        match std::fs::read_to_string(&opened) {
            Ok(address) => break address,
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(host.starts_with("127.0.0.1:") && path.len() == 64 && !address.contains("sign"), "{address}");
    let get = |path: &str| {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for other in ["", "favicon.ico", &path[1..]] {
        assert!(get(other).starts_with("HTTP/1.1 404 "), "{other}");
    }
    let answer = get(path);
    let url = server.url();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    assert!(answer.contains(&format!("\r\nLocation: {url}/federation?Action=login&")), "{answer}");
    let output = child.wait_with_output().unwrap();
    let (printed, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), &*printed, &*errors), (Some(0), "", ""));
    // No browser.
    let server = Server::start(&[(200, TOKEN)]);
    let mut command = console(&world, &server, &["--open"]);
    command.env("BROWSER", "no-such-program-anywhere");
    let (status, printed, errors) = end(command);
    assert_eq!((status, printed.as_str()), (Some(1), ""));
    assert!(errors.contains("leave out --open") && !errors.contains(SECRET_KEY), "{errors}");
    // One that fails.
    let server = Server::start(&[(200, TOKEN)]);
    let mut command = console(&world, &server, &["--open"]);
    command.env("BROWSER", "false");
    let (status, _, errors) = end(command);
    assert_eq!(status, Some(1));
    assert!(errors.starts_with("sts: the browser has failed; leave out --open"), "{errors}");
}
