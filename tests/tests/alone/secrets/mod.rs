//! Plants secrets in every input and looks for them in everything that prints: `Debug` (which a panic over an error shows
//! too), `Display`, error chains, explanations, the clients' traces, and what the HTTP libraries log at their most talkative.

mod planted;
#[cfg(unix)]
mod sources;

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use planted::{PLANTED, clean, clean_debug, clean_error, keys, secret};
use sts_proto::dialects::minio;
use sts_proto::flow::{Command, Effect, Event, Flow, ProcessOutput};
use sts_proto::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, GetCallerIdentity, GetDelegatedAccessToken,
    GetSessionToken, GetWebIdentityToken,
};
use sts_proto::proof::Eks;
use sts_proto::settings::Env;
use sts_proto::sigv4::{KeyCache, Scope, Signer};
use sts_proto::{Call, Context, Credentials, Error, Operation, Secret, Settings, Timeouts};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange;
use sts_tests::scripted::{Script, Scripted};
use sts_tests::sts::Server;

use crate::logger::Log;

/// Every operation with a secret among its members.
fn send_all(driver: &Driver, mut each: impl FnMut(Result<String, Error>)) {
    fn sent<O: Operation + Debug + Send + 'static>(driver: &Driver, operation: O) -> Result<String, Error>
    where
        O::Output: Debug,
    {
        clean_debug(&operation);
        driver.send(operation).map(|output| format!("{output:?} {output:#?}"))
    }
    each(sent(driver, GetCallerIdentity::new()));
    each(sent(driver, AssumeRole::new("arn", "me").serial_number("arn:mfa").token_code(secret("code"))));
    each(sent(driver, AssumeRoleWithSaml::new("arn", "idp", secret("assertion"))));
    each(sent(driver, AssumeRoleWithWebIdentity::new("arn", "me", secret("jwt"))));
    each(sent(driver, GetDelegatedAccessToken::new(secret("trade-in"))));
    each(sent(driver, GetSessionToken::new().token_code(secret("code"))));
    each(sent(driver, GetWebIdentityToken::new(["aud"], "ES384")));
    each(sent(driver, minio::AssumeRoleWithLdapIdentity::new("alice", secret("password"))));
    each(sent(driver, minio::AssumeRoleWithCustomToken::new(secret("custom"), "arn")));
}

pub(crate) fn nothing_that_prints_holds_a_secret() {
    let log = Log::install();
    let url = |server: &Scripted| format!("http://127.0.0.1:{}", server.port());
    let settings = |url: String| Settings::new().region("us-east-1").credentials(keys()).endpoint_url(url);

    // Answers full of secrets, to every operation.
    let issued = format!(
        "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{0}</SecretAccessKey><SessionToken>{0}\
         </SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>",
        secret("issued")
    );
    let results: String =
        ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetDelegatedAccessToken"]
            .into_iter()
            .chain(["GetSessionToken", "AssumeRoleWithLDAPIdentity", "AssumeRoleWithCustomToken"])
            .map(|action| format!("<{action}Result>{issued}</{action}Result>"))
            .collect();
    let body = format!(
        "<R>{results}<GetWebIdentityTokenResult><WebIdentityToken>{}</WebIdentityToken><Expiration>1.7e9</Expiration>\
         </GetWebIdentityTokenResult><GetCallerIdentityResult><UserId>u</UserId><Account>1</Account><Arn>a</Arn>\
         </GetCallerIdentityResult></R>",
        secret("issued")
    );
    let server = Scripted::start(Script::Answer(200, "text/xml", body.into_bytes()));
    for driver in Setup::new(settings(url(&server))).drivers().unwrap() {
        send_all(&driver, |result| clean(&result.unwrap()));
    }

    // Refusals that quote the request, bodies that cannot be read, answers that are no HTTP.
    let quoted = format!("{} {0}", secret("key"));
    for script in [
        Script::Echo,
        Script::Answer(500, "text/html", quoted.clone().into_bytes()),
        Script::Answer(200, "text/html", format!("<html>{quoted}").into_bytes()),
        Script::Answer(200, "text/xml", format!("<R>&{};</R>", secret("key")).into_bytes()),
        Script::Answer(302, "text/html", quoted.clone().into_bytes()),
        Script::Raw(format!("{quoted}\r\n\r\n").into_bytes()),
        Script::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{quoted}").into_bytes()),
    ] {
        let server = Scripted::start(script.clone());
        for driver in Setup::new(settings(url(&server))).drivers().unwrap() {
            send_all(&driver, |result| {
                let error = result.expect_err("no such answer is a success");
                clean_error(&error);
                if let (Script::Echo, Some(refusal)) = (&script, error.as_service_error()) {
                    // What is kept of the quotation has lost the secrets too.
                    clean(refusal.message().unwrap_or_default());
                    refusal.extra().for_each(|(_, text)| clean(text));
                }
            });
        }
    }

    // A whole conversation with a server that checks.
    let sts = Server::builder().access_key("AKIAPLAIN00000000000", secret("server-key")).start();
    let alice = Credentials::new("AKIAPLAIN00000000000", secret("server-key"));
    for driver in Setup::new(settings(sts.url()).credentials(alice)).drivers().unwrap() {
        driver.send(GetCallerIdentity::new()).unwrap();
        clean_error(&driver.send(GetDelegatedAccessToken::new(secret("trade-in"))).unwrap_err());
        clean_error(&driver.send(AssumeRoleWithWebIdentity::new("arn", "me", secret("jwt"))).unwrap_err());
    }

    // A proof, whose URL holds the session token; it is sent as a verifier sends it, and to a port that takes no connection.
    for driver in Setup::new(settings(sts.url())).drivers().unwrap() {
        let proof = driver.prove(&Eks::new("demo")).unwrap();
        clean_debug(&proof);
        let url = URL_SAFE_NO_PAD.decode(&proof.token.expose()["k8s-aws-v1.".len()..]).unwrap();
        let url = String::from_utf8(url).unwrap();
        assert!(url.contains(PLANTED), "{url}");
        let closed = url.replacen(&sts.url(), "http://127.0.0.1:1", 1);
        for (url, answers) in [(url, true), (closed, false)] {
            match exchange::send(&driver, Request::get(url).body(Bytes::new()).unwrap()) {
                Ok(response) => assert!(answers && response.status() == 403),
                Err(error) => {
                    assert!(!answers, "{error}");
                    clean_error(&error);
                }
            }
        }
    }

    let lines = log.lines();
    for target in ["ureq", " sts "] {
        assert!(lines.iter().any(|line| line.contains(target)), "the log of {target} is captured");
    }
    lines.iter().for_each(|line| clean(line));
    // A secret may be spread over two of the lines with the bytes.
    assert!(!lines.iter().any(|line| line.contains("ureq_proto::util")));
    println!("{} log lines and every Debug and Display text are clean", lines.len());
}

#[cfg(unix)]
pub(crate) fn no_source_of_credentials_tells_a_secret() {
    let log = Log::install();
    let home = std::env::temp_dir().join(format!("sts-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let mut found = Vec::new();
    for asynchronous in [false, true] {
        // Each client with servers of its own, which have a script to go through.
        for case in sources::cases(&home) {
            match case.driver(asynchronous) {
                Ok(driver) => {
                    if sources::look(&driver) {
                        found.push(format!("{}: {driver}", case.name));
                    }
                    let ended = driver.send(GetCallerIdentity::new());
                    clean_error(&ended.expect_err("the server quotes what it is sent"));
                }
                Err(error) => clean_error(&error),
            }
        }
    }
    std::fs::remove_dir_all(&home).unwrap();
    for name in [
        "environment",
        "profile",
        "process",
        "container",
        "container with a token file",
        "metadata",
        "sso",
        "sso that is renewed",
        "login",
    ] {
        for driver in ["blocking", "async"] {
            assert!(found.contains(&format!("{name}: {driver}")), "{name} has credentials: {found:?}");
        }
    }
    log.lines().iter().for_each(|line| clean(line));
}

#[test]
fn values_are_redacted() {
    clean_debug(&Secret::from(secret("x")));
    clean_debug(&keys());
    clean_debug(&Env::from_iter([
        ("AWS_SECRET_ACCESS_KEY", secret("env")),
        ("AWS_REGION", "eu-west-1".into()),
    ]));
    let settings = Settings::new().region("eu-west-1").credentials(keys());
    clean_debug(&settings);
    clean_debug(&settings.clone().endpoint_url(format!("https://u:{PLANTED}@host/")));
    let context = Context::new(&settings, "test/1").unwrap();
    clean_debug(&context);

    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let scope = Scope::new("eu-west-1", "sts");
    let mut cache = KeyCache::default();
    clean_debug(cache.get(&keys(), &scope, now).unwrap());
    clean_debug(&cache);
    let keys = keys();
    let signer = Signer::new(&keys, &scope, now);
    clean_debug(&signer);
    let mut request = GetCallerIdentity::new().to_request(context.endpoint().unwrap());
    clean_debug(&signer.explain(&request).unwrap());
    signer.sign(&mut request).unwrap();
    clean_debug(&request);

    let mut call = Call::new(GetDelegatedAccessToken::new(secret("t")), std::sync::Arc::new(context), 7);
    clean_debug(&call);
    let step = call.step(now, Event::Start).unwrap();
    assert!(matches!(&step, sts_proto::Step::Perform(Effect::Send(request, _)) if request.body().len() > 40));
    clean(&match step {
        sts_proto::Step::Perform(effect) => format!("{effect:?}"),
        sts_proto::Step::Done(_) => unreachable!("nothing was answered"),
    });
    let arguments = vec![secret("argument")];
    clean_debug(&Effect::Run(Command { program: "p".into(), arguments, timeout: Duration::ZERO }));
    clean_debug(&Effect::Replace("p".into(), secret("contents").into()));
    let stdout = bytes::Bytes::from(secret("stdout"));
    let (stdout, stderr) = (stdout.clone(), stdout);
    clean_debug(&Event::Exited(ProcessOutput { status: Some(0), stdout: stdout.clone(), stderr }));
    clean_debug(&Event::Contents(Some(stdout.clone())));
    clean_debug(&Event::MfaCode(secret("code").into()));
    clean_debug(&Event::Response(http::Response::new(stdout)));
    clean_debug(&Timeouts::default());
    for driver in Setup::new(settings).drivers().unwrap() {
        match driver {
            Driver::Blocking(client) => clean_debug(&client),
            Driver::Async(client, _) => clean_debug(&client),
        }
    }
}
