//! Profiles: a chain of two roles, and a program.

use std::time::{Duration, SystemTime};

use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_tests::driver::Driver;
use sts_tests::home::Home;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::peer::{Peer, drivers, is_session};

pub(crate) fn two_links(peer: &Peer) {
    let role = &peer.role;
    let home = Home::with_config(&format!(
        "[default]\nrole_arn = {role}\nsource_profile = first\nrole_session_name = second-link\nduration_seconds = 900\n\
         [profile first]\nrole_arn = {role}\nsource_profile = base\nrole_session_name = first-link\n{}",
        peer.base_profile()
    ));
    for driver in drivers(&home.variables(&[("AWS_ENDPOINT_URL_STS", &peer.url)])) {
        let keys = driver.credentials().unwrap_or_else(|error| panic!("{}, {driver}: {error}", peer.name));
        assert!(is_session(&keys, Duration::from_secs(900)), "{}, {driver}: {keys:?}", peer.name);
        assert_ne!(keys.access_key_id, peer.access_key);
        let became = became(peer, &driver);
        let explanation = driver.explain().to_string();
        assert_eq!(
            explanation.matches(&format!("then the role {role}")).count(),
            2,
            "{driver}: {explanation}"
        );
        super::say(format_args!("{}, {driver}: a chain of two roles ok ({became})", peer.name));
    }
}

/// Who signs; RGW does not say it, so that there another role is assumed.
fn became(peer: &Peer, driver: &Driver) -> String {
    let arn = if peer.name == "RGW" {
        let output = driver.send(AssumeRole::new(&peer.role, "third-link"));
        output.map(|output| output.assumed_role_user.and_then(|user| user.arn).unwrap_or_default())
    } else {
        driver.send(GetCallerIdentity::new()).map(|me| me.arn)
    };
    let arn = arn.unwrap_or_else(|error| panic!("{}, {driver}: {error}", peer.name));
    let name = if peer.name == "RGW" { "third-link" } else { "second-link" };
    assert!(arn.ends_with(&format!(":assumed-role/demo/{name}")), "{}, {driver}: {arn}", peer.name);
    arn
}

/// A script that counts how often it is run, and whose keys last for a few seconds.
pub(crate) fn program(peer: &Peer) {
    for index in 0..2 {
        let home = Home::new();
        let (count, keys) = (home.path("count"), home.path("keys.json"));
        let script = home.write(
            "print keys.sh",
            format!(
                "echo run >> '{}'\necho 'not for the log: planted' >&2\ncat '{}'\n",
                count.display(),
                keys.display()
            ),
        );
        home.write(
            ".aws/config",
            format!("[default]\ncredential_process = sh \"{}\" --profile x\n", script.display()),
        );
        let runs = || std::fs::read_to_string(&count).unwrap_or_default().lines().count();
        let print = |left: Duration| {
            let end = OffsetDateTime::from(SystemTime::now() + left).format(&Rfc3339).expect("a date");
            let (id, secret) = (&peer.access_key, &peer.secret_key);
            let text = format!(
                r#"{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "{secret}", "Expiration": "{end}"}}"#
            );
            home.write("keys.json", text);
        };
        let [blocking, asynchronous] = drivers(&home.variables(&[("AWS_ENDPOINT_URL_STS", &peer.url)]));
        let driver = if index == 0 { blocking } else { asynchronous };
        let call =
            || driver.send(GetCallerIdentity::new()).map(|me| me.arn).map_err(|error| error.to_string());

        print(Duration::from_secs(3));
        for _ in 0..3 {
            assert!(call().is_ok_and(|arn| arn.ends_with(":user/alice")), "{driver}");
        }
        assert_eq!(runs(), 1, "{driver} ran it for each call");
        // The service tells its time in whole seconds, so its clock may seem to be up to one behind.
        std::thread::sleep(Duration::from_millis(4500));
        print(Duration::from_secs(3600));
        assert!(call().is_ok_and(|arn| arn.ends_with(":user/alice")), "{driver}");
        assert_eq!(runs(), 2, "{driver} did not run it again for keys that had expired");
        super::say(format_args!("a program, {driver} ok"));
    }
}
