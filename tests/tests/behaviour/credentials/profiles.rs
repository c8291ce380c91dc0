//! Credentials of the environment and of profiles.

use sts_proto::{CredentialsError, Error};
use sts_tests::driver::{Driver, Setup, through_both};
use sts_tests::home::Home;
use sts_tests::peer::Peer;

use super::{call, is_not_configured, keys};

#[test]
fn a_client_that_only_gives_credentials_needs_no_region() {
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted-secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
    ];
    through_both(|make| {
        assert!(matches!(make(&Setup::of_environment(env)), Err(Error::Endpoint(_))));
        let source = make(&Setup::of_environment(env).credentials_only()).unwrap();
        assert_eq!(source.credentials().unwrap().access_key_id, "AKIDEXAMPLE");
        assert!(!format!("{source:?} {}", source.explain()).contains("planted"));
    });
}

#[test]
fn a_profile_that_code_names_goes_before_that_of_the_environment() {
    through_both(|make| {
        let (peer, home) = (Peer::sts(), Home::new());
        let file = home.write(
            "config",
            "[profile dev]\nregion = eu-west-1\naws_access_key_id = DEVEXAMPLE\naws_secret_access_key = planted\n\
             [profile prod]\nregion = us-west-2\naws_access_key_id = PRODEXAMPLE\naws_secret_access_key = planted\n",
        );
        let (path, none) = (file.to_str().unwrap(), home.path("none"));
        let env = [
            ("AWS_PROFILE", "dev"),
            ("AWS_CONFIG_FILE", path),
            ("AWS_SHARED_CREDENTIALS_FILE", none.to_str().unwrap()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        let setup = || Setup::of_environment(env).transport(&peer);
        let url = |sts: &Driver| sts.context().endpoint().unwrap().uri().to_string();
        let dev = make(&setup()).unwrap();
        let prod = make(&setup().dual_stack().profile("prod")).unwrap();
        let moved = make(&setup().profile("prod").region("eu-central-1")).unwrap();
        assert_eq!(dev.credentials().unwrap().access_key_id, "DEVEXAMPLE");
        assert_eq!(prod.credentials().unwrap().access_key_id, "PRODEXAMPLE");
        assert_eq!(url(&dev), "https://sts.eu-west-1.amazonaws.com/");
        assert_eq!(url(&prod), "https://sts.us-west-2.api.aws/");
        assert_eq!(url(&moved), "https://sts.eu-central-1.amazonaws.com/");
        let shown = prod.explain().to_string();
        assert!(shown.contains("profile prod") && shown.contains(path) && shown.contains("…MPLE"), "{shown}");
        assert!(!shown.contains("planted"), "{shown}");
        let error = make(&setup().profile("nobody")).unwrap_err().to_string();
        assert!(error.contains("nobody") && error.contains(path), "{error}");

        // What code gives goes before the sources, and so does that there are no credentials.
        let given = make(&setup().credentials(keys("GIVEN", 3600))).unwrap();
        assert_eq!(given.credentials().unwrap().access_key_id, "GIVEN");
        let without = make(&setup().without_credentials()).unwrap();
        assert!(is_not_configured(&without.credentials()));

        // Where nothing is found, the error says where that was.
        home.write("config", "[profile dev]\nregion = eu-west-1\n");
        let error = call(&make(&setup()).unwrap()).unwrap_err();
        assert!(
            matches!(&error, Error::Credentials(CredentialsError::NotConfigured(nothing)) if nothing.operation == "GetCallerIdentity"),
            "{error:?}"
        );
        assert!(error.to_string().contains("profile dev"), "{error}");
    });
}
