//! What a client says of its credentials.

use std::cell::Cell;

use super::world::*;
use crate::client::{AssumeRoleProvider, Config};
use crate::flow::{Effect, Event, ProcessOutput};
use crate::operations::AssumeRole;
use crate::settings::Env;

#[test]
fn credentials_are_explained_as_they_are_now_and_so_is_what_failed_since() {
    let env = [("HOME", "/home/me"), ("AWS_PROFILE", "dev"), ("AWS_REGION", "eu-west-1")];
    let config = Config::new(Env::from_iter(env));
    let core = built_with(config, Some("[profile dev]\ncredential_process = give-keys\n"));
    let run = Cell::new(0);
    let perform = |effect| match effect {
        Effect::Run(_) => {
            run.set(run.get() + 1);
            Event::Exited(match run.get() {
                1 => ProcessOutput { status: Some(0), stdout: KEYS.into(), stderr: Default::default() },
                _ => ProcessOutput { status: Some(7), stdout: KEYS.into(), stderr: Default::default() },
            })
        }
        effect => panic!("{effect:?}"),
    };
    let told = |after| {
        let Ok(told) = drive(&core, start() + seconds(after), core.explain(1), &perform);
        assert!(!format!("{told} {told:?}").contains("planted"), "{told}");
        told.credentials
            .iter()
            .map(ToString::to_string)
            .find(|line| line.starts_with("profile dev: "))
            .unwrap()
    };
    let used = "profile dev: used, credential_process: access key …MPLE, valid for";
    assert_eq!(told(0), format!("{used} 900 s"));
    assert_eq!(told(300), format!("{used} 600 s"));
    // By then a refresh is due.
    assert_eq!(told(850), format!("{used} 50 s; warning: {FAILED}"));
    assert_eq!(run.get(), 2);
}

#[test]
fn a_provider_that_assumes_a_role_prints_no_secret() {
    let role = AssumeRole::new("arn:aws:iam::0123:role/a", "s").token_code("planted-code");
    let shown = format!("{:?}", AssumeRoleProvider::new((), role));
    assert!(shown.contains("role/a") && !shown.contains("planted"), "{shown}");
}

const FAILED: &str = "fetching new ones failed: credential_process: the program ended with status 7; run it by hand to see why";

/// They hold for 15 minutes.
const KEYS: &str = r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"planted","SessionToken":"planted",
    "Expiration":"2023-11-14T22:28:20Z"}"#;
