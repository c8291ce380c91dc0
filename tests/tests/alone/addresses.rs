//! Names with several addresses, which a file of hosts of the test's own gives them: each address is tried within the time
//! to connect.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Phase, Retry, Settings, Timeouts, TransportErrorKind as Kind};
use sts_tests::black_hole::BlackHole;
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::IDENTITY;
use sts_tests::scripted::{Script, Scripted};

/// Each name with its addresses, and what comes of it: the server is at `GOOD`.
const NAMES: &[(&str, &[&str], Option<Kind>)] = &[
    ("good.test", &[GOOD], None),
    ("silent-first.test", &[SILENT, GOOD], None),
    ("silent-last.test", &[GOOD, SILENT], None),
    ("silent-twice.test", &[SILENT, SILENT_TOO, GOOD], None),
    ("refused-first.test", &[REFUSED, GOOD], None),
    ("mixed.test", &[REFUSED, SILENT, REFUSED_TOO, GOOD], None),
    ("unroutable-first.test", &["255.255.255.255", GOOD], None),
    ("no-server-first.test", &["::1", GOOD], None),
    ("all-refused.test", &[REFUSED, REFUSED_TOO], Some(Kind::Refused)),
    ("all-silent.test", &[SILENT, SILENT_TOO], Some(Kind::Timeout(Phase::Connect))),
    ("silent-and-refused.test", &[SILENT, REFUSED], Some(Kind::Timeout(Phase::Connect))),
    ("refused-and-silent.test", &[REFUSED, SILENT], Some(Kind::Timeout(Phase::Connect))),
];
const GOOD: &str = "127.0.0.1";
const SILENT: &str = "127.0.0.2";
const SILENT_TOO: &str = "127.0.0.3";
const REFUSED: &str = "127.0.0.4";
const REFUSED_TOO: &str = "127.0.0.5";

pub(crate) fn every_address_of_a_name_is_tried() {
    if std::env::var_os(HOSTS).is_none() {
        return with_hosts();
    }
    let answer = Script::Answer(200, "text/xml", IDENTITY.into());
    let server = Scripted::start(answer);
    let hole = |address: &str| BlackHole::dig(format!("{address}:{}", server.port()).parse().unwrap());
    let _holes = [SILENT, SILENT_TOO].map(|address| hole(address).unwrap());
    through_both(|make| {
        for (name, _, expected) in NAMES {
            let settings = Settings::new()
                .region("eu-west-1")
                .credentials(Credentials::new("AKIDEXAMPLE", "planted-secret"))
                .endpoint_url(format!("http://{name}:{}", server.port()))
                .timeouts(Timeouts { connect: Duration::from_secs(3), ..Timeouts::default() })
                .retry(Retry::off());
            let called = make(&Setup::new(settings)).unwrap().send(GetCallerIdentity::new());
            let failed = called.err().map(|error| {
                println!("{name}: {error:?}");
                error.as_transport_error().unwrap().kind()
            });
            assert_eq!(failed, *expected, "{name}");
        }
    });
}

/// Runs the test once more where the names are known. Where the system does not allow it, the test is not run.
fn with_hosts() {
    let mut hosts = String::from("127.0.0.1 localhost\n");
    for (name, addresses, _) in NAMES {
        addresses.iter().for_each(|address| writeln!(hosts, "{address} {name}").unwrap());
    }
    let file = std::env::temp_dir().join(format!("sts-tests-hosts-{}", std::process::id()));
    std::fs::write(&file, hosts).unwrap();
    let bind = r#"mount --bind "$0" /etc/hosts"#;
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]).arg(&file);
        command
    };
    let allowed = unshare(bind).output().is_ok_and(|output| output.status.success());
    if allowed {
        let mut test = unshare(&format!(r#"{bind} && exec "$@""#));
        test.arg(std::env::current_exe().unwrap());
        let test = test.args(["--exact", "every_address_of_a_name_is_tried", "--nocapture"]);
        let output = test.env(HOSTS, &file).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        assert!(out.contains("1 passed"), "{out}{err}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(allowed || std::env::var_os("CI").is_none(), "names cannot be given addresses here");
    if !allowed {
        println!("not run: the system does not allow a file of hosts of the test's own");
    }
}

/// Set where the names are known.
const HOSTS: &str = "STS_TESTS_HOSTS";
