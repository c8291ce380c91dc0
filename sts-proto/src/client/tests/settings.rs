//! What a client is made with.

use super::world::*;
use crate::client::{Build, Config};
use crate::error::{CredentialsError, Error};
use crate::flow::{Effect, Event, Flow, Step};
use crate::operations::GetCallerIdentity;
use crate::settings::{Env, Settings};

#[test]
fn credentials_in_code_take_the_place_of_the_sources() {
    let env = || Env::from_iter([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "half a pair")]);
    let core = built(Config::new(env()).credentials(keys("ASIAINCODE")));
    let mut get = core.credentials(1);
    let Ok(Step::Done(given)) = get.step(start(), Event::Start) else { panic!("no credentials") };
    assert_eq!(given.access_key_id, "ASIAINCODE");
    assert_eq!(explained(&core).credentials.len(), 1);
    let core = built(Config::new(env()).without_credentials());
    assert!(matches!(
        core.credentials(1).step(start(), Event::Start),
        Err(Error::Credentials(CredentialsError::NotConfigured(_)))
    ));
    // Of credentials and a provider the last counts.
    let core = built(Config::new(env()).credentials(keys("ASIAINCODE")).provided());
    assert_eq!(
        listed(&built(Config::new(env()).credentials(keys("ASIAINCODE"))), "credentials").unwrap(),
        "access key …CODE (set in code)"
    );
    assert!(matches!(core.credentials(1).step(start(), Event::Start), Ok(Step::Perform(Effect::Join(_)))));
    let core = built(Config::new(env()).provided().credentials(keys("ASIAINCODE")));
    assert!(matches!(core.credentials(1).step(start(), Event::Start), Ok(Step::Done(_))));
}

#[test]
fn what_code_sets_wins_whatever_is_loaded_later() {
    let env = Env::from_iter([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_MAX_ATTEMPTS", "7"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
    ]);
    let core = built(Config::isolated().region("eu-central-1").env(env.clone()));
    assert_eq!(listed(&core, "region").unwrap(), "eu-central-1 (set in code)");
    assert_eq!(listed(&core, "max attempts").unwrap(), "7 (AWS_MAX_ATTEMPTS)");
    let core = built(Config::new(env).retry(crate::Retry::off()));
    assert_eq!(listed(&core, "region").unwrap(), "eu-west-1 (AWS_REGION)");
    assert_eq!(listed(&core, "max attempts").unwrap(), "1 (set in code)");
}

#[test]
fn an_isolated_client_says_that_it_looks_in_no_environment() {
    let core = built(Config::isolated().region("eu-west-1"));
    let error = core.credentials(1).step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("isolated and looks in no environment"), "{error}");
    assert!(!error.contains("AWS_ACCESS_KEY_ID"), "{error}");
    let mut call = core.send(GetCallerIdentity::new(), 1);
    let error = call.step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("isolated and looks in no environment"), "{error}");
    let error = Build::new(Config::isolated(), "test/1").step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("isolated and looks in no environment"), "{error}");
    assert!(!error.contains("AWS_REGION"), "{error}");
}

#[test]
fn a_web_page_says_that_it_has_no_environment_and_no_files() {
    let in_page = |config: Config| Build::new(config, "test/1").in_page(true).step(start(), Event::Start);
    let error = in_page(Config::isolated()).unwrap_err().to_string();
    assert!(error.contains("a web page has no environment and no files"), "{error}");
    let Step::Done(core) = in_page(Config::isolated().region("eu-west-1")).unwrap() else {
        panic!("it reads")
    };
    let error = core.send(GetCallerIdentity::new(), 1).step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("web page: not configured, it has no environment, files or programs"), "{error}");
    let error = in_page(Config::isolated().region("eu-west-1").profile("dev")).unwrap_err().to_string();
    assert!(error.starts_with("profile \"dev\" was named, and a web page has no files"), "{error}");
    // What the program gives in place of an environment is looked in.
    let env = Env::from_iter([("AWS_REGION", "eu-west-1"), ("HOME", "/h")]);
    assert!(matches!(in_page(Config::isolated().env(env)), Ok(Step::Perform(Effect::Read(_)))));
}

#[test]
fn metadata_that_cannot_be_asked_matters_only_where_it_is_asked() {
    let region = [("AWS_REGION", "a"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5")];
    let core = built(Config::new(Env::from_iter(region)));
    assert_eq!(core.context().endpoint().unwrap().host(), "sts.a.amazonaws.com");
    let off = Env::from_iter([("AWS_EC2_METADATA_DISABLED", "true")]);
    assert!(Build::new(Config::new(off), "test/1").step(start(), Event::Start).is_err());
    // Where there is a service to ask, the region is no error yet.
    built(Config::new(Env::default()));
}

#[test]
fn what_decides_how_metadata_is_asked_is_listed() {
    let keys =
        [("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")];
    for (variables, endpoint, v1) in [
        (&[][..], "http://169.254.169.254 (default)", Some("allowed (default)")),
        (
            &[("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")],
            "http://[fd00:ec2::254] (AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE)",
            Some("allowed (default)"),
        ),
        (
            &[("AWS_EC2_METADATA_V1_DISABLED", "true")],
            "http://169.254.169.254 (default)",
            Some("not allowed (AWS_EC2_METADATA_V1_DISABLED)"),
        ),
        (&[("AWS_EC2_METADATA_DISABLED", "true")], "none, switched off (AWS_EC2_METADATA_DISABLED)", None),
        (&[("AWS_EC2_METADATA_V1_DISABLED", "planted")], "none, see instance metadata (default)", None),
    ] {
        let core = built(Config::new(Env::from_iter(keys.iter().chain(variables).copied())));
        assert_eq!(listed(&core, "metadata endpoint").as_deref(), Some(endpoint));
        assert_eq!(listed(&core, "metadata version 1").as_deref(), v1);
    }
}

#[test]
fn settings_given_as_a_whole_are_what_they_are() {
    let env = Env::from_iter([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
    ]);
    let core = built(Config::isolated().settings(Settings::from_env(&env).unwrap()));
    assert_eq!(listed(&core, "region").unwrap(), "eu-west-1 (AWS_REGION)");
    let Ok(Step::Done(keys)) = core.credentials(1).step(start(), Event::Start) else { panic!("no keys") };
    assert_eq!(keys.access_key_id, "AKID");
}
