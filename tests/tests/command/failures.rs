//! A line on standard error, and a status.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;

use sts_tests::sts::Server;

use super::program::{KEY_ID, SECRET_KEY, World, end, printed};

#[test]
fn every_status_and_one_line() {
    let Some(world) = World::new() else { return };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let role = world.sts.role_arn("absent");
    world.home.write(
        ".aws/config",
        "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.test/start\n\
         [profile login]\nlogin_session = arn:aws:iam::123456789012:user/alice\n\
         [profile process]\ncredential_process = sh -c 'exit 7'\n\
         [profile gone]\ncredential_process = /no/such/program\n\
         [profile empty]\nregion = us-east-1\n",
    );
    let without_region = |arguments: &[&str]| {
        let mut command = world.sts(arguments);
        command.env_remove("AWS_REGION");
        command
    };
    let with_session = |token: &str, end: &str| {
        let mut command = world.sts(&["whoami"]);
        command.env("AWS_SESSION_TOKEN", token).env("AWS_CREDENTIAL_EXPIRATION", end);
        command
    };
    let documented = world.prints(&["help"]);
    let documented = documented.split("Exit status:\n").nth(1).expect(&documented);
    let mut seen = BTreeSet::from([Some(0)]);
    for (command, status, line) in [
        (
            without_region(&["whoami"]),
            2,
            "sts: the endpoint url came without a region to sign for: looked in the program's own settings, ",
        ),
        (
            without_region(&["whoami", "--endpoint-url", ""]),
            2,
            "sts: the endpoint url of --endpoint-url is empty; ",
        ),
        (world.sts(&["console"]), 2, "sts: long-term keys are not taken here: "),
        (world.sts(&["verify", "--eks", "c"]), 1, "sts: the proof is not accepted: "),
        (
            world.sts(&["exec", "--", "--role", "x"]),
            127,
            "sts: --role cannot be run: no such file or directory; flags ",
        ),
        (world.sts(&["exec", "a\nb"]), 127, "sts: a?b cannot be run: no such file or directory"),
        (world.sts(&["verify", "--eks", "c", "a\n\x1bb"]), 2, "sts: a??b cannot be read: no such file "),
        (
            world.sts(&["whoami", "--profile", "sso"]),
            3,
            "sts: no credentials from profile sso: there is no login, ",
        ),
        (
            world.sts(&["whoami", "--profile", "login"]),
            3,
            "sts: no credentials from profile login: there is no login, ",
        ),
        (world.sts(&["whoami", "--profile", "process"]), 3, "sts: no credentials from profile process: "),
        (world.sts(&["whoami", "--profile", "gone"]), 3, "sts: no credentials from profile gone: "),
        (
            world.sts(&["whoami", "--profile", "empty"]),
            3,
            "sts: no credentials to sign GetCallerIdentity with",
        ),
        (world.sts(&["serve", "--endpoint-url", &closed]), 4, "sts: GetSessionToken got no answer"),
        (with_session("wrong", "2090-01-01T00:00:00Z"), 1, "sts: GetCallerIdentity was refused"),
        (
            with_session("a\nb", "2090-01-01T00:00:00Z"),
            2,
            "sts: the request cannot be signed: session token ",
        ),
        (with_session("ended", "2020-01-01T00:00:00Z"), 3, "sts: no credentials from "),
        (
            world.sts(&["assume-role", "--role-arn", &role, "--role-session-name", "s"]),
            1,
            "sts: AssumeRole was refused",
        ),
        (world.sts(&["export", "--role", &role]), 1, "sts: no credentials from "),
        (
            world.sts(&["whoami", "--region", "not a region"]),
            2,
            "sts: region \"not a region\" of --region is not valid: ",
        ),
        (
            world.sts(&["whoami", "--region", "us-east-1-fips", "--endpoint-url", &closed]),
            2,
            "sts: the endpoint url of --endpoint-url cannot be combined with FIPS, which region \
             us-east-1-fips of --region turns on; ",
        ),
        (
            world.sts(&["whoami", "--endpoint-url", "gopher://x"]),
            2,
            "sts: the endpoint url of --endpoint-url does not start with ",
        ),
        (
            world.sts(&["whoami", "--profile", "absent"]),
            2,
            "sts: there is no profile \"absent\" (named by --profile); looked in ",
        ),
        (world.sts(&["man", "absent"]), 2, "sts: there is no command \"absent\""),
        (world.without_keys(&["whoami"]), 3, "sts: no credentials to sign GetCallerIdentity with"),
        (world.without_keys(&["export"]), 3, "sts: no credentials (looked for in"),
        (world.sts(&["whoami", "--endpoint-url", &closed]), 4, "sts: GetCallerIdentity got no answer"),
        (world.sts(&["export", "--role", &role, "--endpoint-url", &closed]), 4, "sts: no credentials from "),
    ] {
        let shown = format!("{command:?}");
        let (found, told, errors) = end(command);
        assert_eq!((found, told.as_str()), (Some(status), ""), "{shown}: {errors}");
        assert!(errors.starts_with(line), "{shown}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{shown}: {errors}");
        seen.insert(found);
    }
    let lines = documented.lines().filter_map(|line| line.trim_start().split_once("  "));
    let documented: BTreeSet<_> = lines.map(|(status, _)| status.parse::<i32>().ok()).collect();
    // That of a command which is not found is the command's.
    assert!(seen.remove(&Some(127)));
    assert_eq!(seen, documented);
}

#[test]
fn a_proxy_that_is_not_reached_is_named() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for arguments in [&["whoami"][..], &["export", "--role", &role], &["serve"]] {
        let mut command = world.sts(arguments);
        command.env("HTTP_PROXY", format!("http://{closed}"));
        let (status, _, errors) = end(command);
        assert_eq!((status, errors.lines().count()), (Some(4), 1), "{errors}");
        assert!(errors.contains(&format!(": no connection through the proxy {closed}: ")), "{errors}");
        assert_eq!(errors.matches("through the proxy").count(), 1, "{errors}");
    }
}

/// A `credential_process` that asks for its own profile would begin programs without end.
#[cfg(unix)]
#[test]
fn a_profile_that_leads_back_to_itself_ends() {
    let Some(world) = World::new() else { return };
    let program = world.path().display().to_string();
    let process = format!(
        "echo >>\"$HOME/begun\"; test $(wc -l <\"$HOME/begun\") -lt 20 && exec {program} export --format json"
    );
    world.home.write(".aws/config", format!("[profile loop]\ncredential_process = {process}\n"));
    let mut command = world.without_keys(&["whoami"]);
    command.env("AWS_PROFILE", "loop");
    let (status, told, errors) = end(command);
    assert_eq!((status, told.as_str(), errors.lines().count()), (Some(3), "", 1), "{errors}");
    assert!(errors.contains("sts has run sts 4 times, each as a credential_process"), "{errors}");
    assert_eq!(std::fs::read_to_string(world.home.path("begun")).unwrap().lines().count(), 4);
    // Three that lead on are none.
    let mut config = format!("[profile 3]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET_KEY}\n");
    for (outer, inner) in [(0, 1), (1, 2), (2, 3)] {
        config += &format!(
            "[profile {outer}]\ncredential_process = {program} export --profile {inner} --format json\n"
        );
    }
    world.home.write(".aws/config", config);
    assert!(printed(world.without_keys(&["whoami", "--profile", "0"])).contains("user/alice"));
}

#[test]
fn usage_has_status_two() {
    let Some(world) = World::new() else { return };
    for arguments in [
        &[][..],
        &["bogus"],
        &["whoami", "--bogus"],
        &["export", "--duration", "1h"],
        &["export", "--role", "arn:r", "--duration", "soon"],
        &["export", "--role", "demo"],
        &["export", "--format", "xml"],
        &["completions", "tcsh"],
        &["get-access-key-info"],
        &["assume-role", "--role-arn", "r"],
        &["assume-role", "--role-arn", "r", "--role-session-name", "s", "--duration-seconds", "1h"],
    ] {
        let (status, told, errors) = end(world.sts(arguments));
        assert_eq!((status, told.as_str()), (Some(2), ""), "{arguments:?}: {errors}");
        assert!(!errors.is_empty());
    }
    assert!(world.sts.requests().is_empty());
}

/// What is not written is not done.
#[cfg(target_os = "linux")]
#[test]
fn output_that_is_not_written_is_told() {
    let Some(world) = World::new() else { return };
    for arguments in [&["whoami"][..], &["export"], &["--help"], &["export", "-h"], &["--version"], &["man"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let child = world.sts(arguments).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert_eq!(errors, "sts: standard output cannot be written: no space left on device\n");
    }
}

/// A reader that has enough ends nothing.
#[cfg(unix)]
#[test]
fn standard_error_may_be_closed() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("absent");
    for (arguments, status) in [
        (&["whoami", "--debug"][..], 0),
        (&["export", "--role", &role], 1),
        (&["exec", "--", "no-such-program-anywhere"], 127),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = world.sts(arguments);
        let ended = command.stderr(writer).stdout(std::process::Stdio::null()).status();
        assert_eq!(ended.unwrap().code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn a_refusal_has_the_request_id() {
    let Some(world) = World::new() else { return };
    let mut command = world.sts(&["whoami"]);
    command.env("AWS_SECRET_ACCESS_KEY", "another");
    let (status, _, errors) = end(command);
    assert_eq!(status, Some(1));
    let id = world.sts.requests()[0].request_id.clone();
    assert!(errors.contains(&id) && errors.contains("SignatureDoesNotMatch"), "{errors}");
}

#[test]
fn debug_tells_of_every_attempt() {
    let Some(world) = World::with(Server::builder().respond_with({
        let failed = std::sync::atomic::AtomicBool::new(false);
        move |_| {
            let first = !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
            first.then(|| http::Response::builder().status(503).body(bytes::Bytes::new()).unwrap())
        }
    })) else {
        return;
    };
    let (status, told, errors) = end(world.sts(&["whoami", "--debug"]));
    assert_eq!(status, Some(0), "{errors}");
    assert!(told.starts_with("account "), "{told}");
    for part in
        ["fetched credentials", "attempt failed, another follows", "503", "attempt succeeded", "attempt=2"]
    {
        assert!(errors.contains(part), "{part} in {errors}");
    }
    assert!(errors.lines().all(|line| line.starts_with("sts: ")), "{errors}");
    world.sts.respond_normally();
    printed(world.sts(&["whoami"]));
}
