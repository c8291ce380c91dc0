//! In a function of AWS Lambda: calls pass on the trace that they are part of. The environment belongs to a process, so a
//! process of its own makes the calls.

use std::env;
use std::process::Command;

use http::HeaderValue;
use sts_proto::operations::GetCallerIdentityOutput;
use sts_proto::testing::Service;

const FUNCTION: &str = "AWS_LAMBDA_FUNCTION_NAME";
const TRACE: &str = "_X_AMZN_TRACE_ID";
const EXPECTED: &str = "EXPECTED";

#[test]
fn calls_pass_on_the_trace_of_the_invocation() {
    for (variables, expected) in [
        (&[(FUNCTION, "resize"), (TRACE, "Root=1-a;Sampled=1")][..], "Root=1-a;Sampled=1"),
        (&[(FUNCTION, "resize")], ""),
        (&[(TRACE, "Root=1-a")], ""),
    ] {
        let mut child = Command::new(env::current_exe().expect("a test has a file"));
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            child.env_remove(name);
        }
        child.env_remove(TRACE).envs(variables.iter().copied());
        child
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKID")
            .env("AWS_SECRET_ACCESS_KEY", "s");
        child.env("HOME", env::temp_dir().join("sts-tests-no-home"));
        let output = child
            .args(["--exact", "--ignored", "lambda::in_the_environment"])
            .env(EXPECTED, expected)
            .output();
        let output = output.expect("a test can be run");
        assert!(output.status.success(), "{variables:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
#[ignore = "runs in a process of its own"]
fn in_the_environment() {
    let expected = env::var(EXPECTED).expect("the other test sets it");
    let service = Service::new(|_| GetCallerIdentityOutput::new("a", "b", "c"));
    let blocking = sts_blocking::Client::builder().transport(service.clone());
    blocking.build().expect("sound").get_caller_identity().expect("answered");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let asynchronous = sts_async::Client::builder().transport(service.clone());
    let client = asynchronous.build().expect("sound");
    runtime.block_on(client.get_caller_identity()).expect("answered");
    let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
    let seen = service.received().into_iter().map(|request| {
        let signed = text(&request.headers()["authorization"]);
        assert!(!signed.contains("x-amzn-trace-id"), "{signed}");
        request.headers().get("x-amzn-trace-id").map(text).unwrap_or_default()
    });
    assert_eq!(seen.collect::<Vec<_>>(), [expected.clone(), expected]);
}
