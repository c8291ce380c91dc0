//! What both clients say of themselves.

use std::time::Duration;

use sts_proto::credentials::Explanation;
use sts_proto::{Outcome, Timeouts};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::Peer;
use sts_tests::pki::Pki;

use crate::credentials::{keys, sealed, setup};

#[test]
fn credentials_are_explained_without_a_secret() {
    through_both(|make| {
        let peer = Peer::sts();
        let outcome = |setup: Setup| make(&setup).unwrap().explain().credentials.remove(0).outcome;
        let used =
            |outcome: &Outcome, text: &str| matches!(outcome, Outcome::Used(which) if which.contains(text));
        assert!(used(&outcome(setup(&peer).credentials(keys("ASIAGIVENKEYS", 3600))), "…KEYS"));
        assert!(used(&outcome(setup(&peer).provider(keys("ASIAPROVIDED", 3600))), "…IDED"));
        let fails = outcome(setup(&peer).provider(|| Err(sealed())));
        assert_eq!(fails, Outcome::Failed("it is sealed".into()));
        assert!(matches!(outcome(setup(&peer)), Outcome::NotConfigured(_)));

        let env = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted-secret")];
        let sts = make(&Setup::of_environment(env).region("eu-west-1").transport(&peer)).unwrap();
        let shown = sts.explain().to_string();
        assert!(shown.contains("…MPLE") && shown.contains("proxy"), "{shown}");
        let shown = format!("{shown} {sts:?} {:?}", sts.explain());
        assert!(!shown.contains("planted"), "{shown}");
        let debug = format!("{:?}", setup(&peer).credentials(keys("ASIA", 1)).provider(keys("ASIA", 1)));
        assert!(!debug.contains("planted"), "{debug}");
        assert!(peer.signers().is_empty(), "nothing is sent");
    });
}

#[test]
fn settings_are_explained_as_they_are_in_force() {
    let keys = || keys("ASIAEXAMPLE", 3600);
    through_both(|make| {
        let bundle = [("AWS_REGION", "eu-west-1"), ("AWS_CA_BUNDLE", "/nowhere/bundle")];
        let sts = Setup::of_environment(bundle).transport(&Peer::sts()).provider(keys());
        let hurried = Timeouts { call: Duration::from_secs(1), ..Timeouts::default() };
        let told = make(&sts).unwrap().with_timeouts(hurried).explain();
        assert_eq!(row(&told, "call time-out"), "1 s (set in code)");
        assert_eq!(row(&told, "credentials"), "from a provider (set in code)");
        assert_eq!(row(&told, "ca bundle"), "as the client's own transport has it (set in code)");
        assert_eq!(told.settings.iter().filter(|setting| setting.name == "credentials").count(), 1);

        let sts = Setup::of_environment([("AWS_REGION", "eu-west-1")]).credentials(keys());
        let told = make(&sts).unwrap().explain();
        assert_eq!(row(&told, "call time-out"), "60 s (default)");
        assert_eq!(row(&told, "roots"), "mozilla's (default)");
        assert_eq!(row(&told, "extra roots"), "not set (default)");
        assert_eq!(row(&told, "client certificate"), "not set (default)");
    });
}

#[test]
fn of_certificates_the_explanation_says_only_that_they_are_given() {
    let ca = Pki::new().ca_pem();
    let (chain, key) = Pki::new().client();
    through_both(|make| {
        let sts = Setup::default().region("eu-west-1").ca_bundle(&*ca).extra_roots(&*ca);
        let told = make(&sts.client_certificate(&*chain, &*key)).unwrap().explain();
        for name in ["ca bundle", "extra roots", "client certificate"] {
            assert_eq!(row(&told, name), "given (set in code)");
        }
        let told = make(&Setup::default().region("eu-west-1")).unwrap().explain();
        for name in ["ca bundle", "extra roots", "client certificate"] {
            assert_eq!(row(&told, name), "not set (default)");
        }
    });
}

#[cfg(unix)]
#[test]
fn a_source_that_does_not_answer_is_named() {
    use sts_proto::operations::GetCallerIdentity;
    use sts_tests::home::Home;

    let home = Home::with_config("[profile dev]\ncredential_process = sleep 30\n");
    let variables: Vec<_> = home.variables(&[("AWS_PROFILE", "dev")]);
    // The last source is there, and is not asked.
    let variables = variables.into_iter().filter(|(name, _)| *name != "AWS_EC2_METADATA_DISABLED");
    let setup = Setup::of_environment(variables).transport(&Peer::sts());
    for sts in setup.drivers().unwrap() {
        let sts = sts.with_timeouts(Timeouts { call: Duration::from_millis(300), ..Timeouts::default() });
        let error = sts.send(GetCallerIdentity::new()).unwrap_err().to_string();
        let expected = "no credentials from profile dev: it has not answered after 300ms";
        assert!(error.starts_with(expected), "{sts}: {error}");
        let told: Vec<_> = sts.explain().credentials.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("environment: not configured"), "{sts}: {told:?}");
        let expected = "profile dev: failed, it has not answered after 300ms";
        assert!(told[1].starts_with(expected), "{sts}: {told:?}");
        assert_eq!(told[4], "instance metadata: not asked", "{sts}");
    }
}

/// A setting and where it is from.
fn row(told: &Explanation, name: &str) -> String {
    let mut rows = told.settings.iter().filter(|setting| setting.name == name);
    let setting = rows.next_back().unwrap_or_else(|| panic!("{name} is told"));
    format!("{} ({})", setting.value, setting.origin)
}
