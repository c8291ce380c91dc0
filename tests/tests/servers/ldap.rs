//! SeaweedFS's action for users of a directory, with SeaweedFS and OpenLDAP: `ldap.sh` beside this file starts both.

use sts_proto::dialects::seaweedfs::AssumeRoleWithLdapIdentity;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Error, RetryClass, Settings};
use sts_tests::driver::{Driver, Setup};

use crate::peer::{REGION, SESSION, named_by};
use crate::{SPACED, say};

const STAFF: &str = "arn:aws:iam::123456789012:role/staff";
const PASSWORD: &str = "correct horse+/&=%é";

#[test]
fn seaweedfs_ldap() {
    let Some(url) = named_by("seaweedfs with ldap", "SEAWEEDFS_LDAP_URL") else { return };
    let setup = Setup::new(Settings::new().region(REGION).endpoint_url(&*url));
    for driver in setup.drivers().expect("the settings can be used") {
        let keys = session(&setup, &driver);
        refusals(&driver);
        say(format_args!("seaweedfs with ldap: {driver}: {}", keys.access_key_id));
    }
}

fn login(password: &str, role: &str) -> AssumeRoleWithLdapIdentity {
    AssumeRoleWithLdapIdentity::new("alice", password, role, SESSION)
}

/// Keys that work.
fn session(setup: &Setup, driver: &Driver) -> Credentials {
    let all = login(PASSWORD, STAFF).policy(SPACED).duration_seconds(900).ldap_provider_name("directory");
    for operation in [login(PASSWORD, STAFF), all] {
        let output = driver.send(operation).unwrap_or_else(|error| panic!("{driver}: {error}"));
        let arn = output.assumed_role_user.and_then(|user| user.arn).unwrap_or_default();
        assert!(arn.ends_with(":assumed-role/staff/sts-tests"), "{driver}: {arn}");
        assert!(output.metadata.request_id().is_some(), "{driver}");
        let session = setup.clone().credentials(output.credentials.clone()).beside(driver);
        let me = session.and_then(|session| session.send(GetCallerIdentity::new()));
        assert_eq!(me.unwrap_or_else(|error| panic!("{driver}: {error}")).arn, arn);
    }
    let output = driver.send(login(PASSWORD, STAFF)).unwrap_or_else(|error| panic!("{driver}: {error}"));
    output.credentials
}

fn refusals(driver: &Driver) {
    let code = |error: &Error| error.code().map(|code| code.to_string());
    let federated = "arn:aws:iam::123456789012:role/federated";
    for operation in [login("planted-wrong", STAFF), login(PASSWORD, federated)] {
        let error = driver.send(operation).expect_err("it is refused");
        assert_eq!(code(&error).as_deref(), Some("AccessDenied"), "{driver}: {error}");
        assert_eq!((error.attempts(), error.retry_class()), (1, RetryClass::Never), "{driver}");
        assert!(!format!("{error:?}").contains("planted"), "{driver}: {error:?}");
    }
    // Permanent, and not to be told from a server that is busy.
    let unknown = login(PASSWORD, STAFF).ldap_provider_name("elsewhere");
    let error = driver.send(unknown).expect_err("there is no such provider");
    assert_eq!(code(&error).as_deref(), Some("ServiceUnavailable"), "{driver}: {error}");
    assert_eq!((error.attempts(), error.retry_class()), (3, RetryClass::Transient), "{driver}");
}
