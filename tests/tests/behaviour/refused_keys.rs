//! Keys of a program that the service refuses, through both clients.

use std::fs;

use sts_proto::ErrorCode;
use sts_proto::operations::GetCallerIdentity;
use sts_tests::driver::Setup;
use sts_tests::home::Home;
use sts_tests::scripted::{Script, Scripted};

/// The codes that the AWS SDKs take for "these keys are of no use any more".
#[test]
fn refused_keys_are_fetched_anew_once() {
    for code in ["ExpiredToken", "ExpiredTokenException", "InvalidToken"] {
        let refusal = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
        const SUCCESS: &str = "<R><GetCallerIdentityResult><UserId>a</UserId><Account>b</Account><Arn>c</Arn>\
                               </GetCallerIdentityResult></R>";
        for blocking in [true, false] {
            let server = Scripted::in_turn(vec![
                Script::Answer(403, "text/xml", refusal.clone().into_bytes()),
                Script::Answer(200, "text/xml", SUCCESS.as_bytes().to_vec()),
                Script::Answer(403, "text/xml", refusal.clone().into_bytes()),
            ]);
            let home = Home::new();
            let tool = "printf x >> {runs}; printf '{\"Version\":1,\"AccessKeyId\":\"AKID%s\",\"SecretAccessKey\":\"planted\"}' \
                        $(cat {runs})\n";
            let runs = home.path("runs");
            let tool = tool.replace("{runs}", runs.to_str().expect("a plain name"));
            home.write("tool", tool);
            let tool = home.path("tool");
            home.write(".aws/config", format!("[default]\ncredential_process = sh {}\n", tool.display()));
            let setup = Setup::of_environment(home.variables(&[("AWS_ENDPOINT_URL", &server.url())]));
            let driver = if blocking { setup.blocking() } else { setup.asynchronous() }.expect("sound");
            let runs = || fs::read(home.path("runs")).expect("it ran").len();
            assert!(driver.send(GetCallerIdentity::new()).is_ok(), "{driver}, {code}");
            assert_eq!((server.requests(), runs()), (2, 2), "{driver}, {code}");
            let error = driver.send(GetCallerIdentity::new()).expect_err("the new keys are refused too");
            assert_eq!(error.code(), Some(&ErrorCode::from(code)), "{driver}");
            // Not again within a minute: see `Cache::refuse`.
            assert_eq!((server.requests(), runs()), (3, 2), "{driver}, {code}");
        }
    }
}
