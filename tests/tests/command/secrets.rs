//! No secret is shown by a command whose purpose it is not.

use super::program::{World, end, end_with_input, ended};

const PLANTED: &str = "PLANTEDplantedPLANTEDplanted";

#[test]
fn neither_debug_nor_errors_show_a_secret() {
    let Some(world) = World::new() else { return };
    let config = format!(
        "[profile broken]\ncredential_process = printf '%s' '{{\"Version\": 1, \"SecretAccessKey\": \"{PLANTED}\"}}'\n\
         [profile noisy]\ncredential_process = sh -c 'echo \"{PLANTED}\" >&2; exit 1'\n"
    );
    world.home.write(".aws/config", config);
    let role = world.sts.role_arn("demo");
    for (arguments, status) in [
        (&["whoami", "--debug"][..], 1),
        (&["explain", "--debug"], 0),
        (&["export", "--debug", "--role", &role], 1),
        (&["get-session-token", "--debug"], 1),
        (&["assume-role", "--debug", "--role-arn", &role, "--role-session-name", "s"], 1),
        (&["whoami", "--debug", "--profile", "broken"], 3),
        (&["explain", "--debug", "--profile", "broken"], 0),
        (&["exec", "--debug", "--role", &role, "--", "env"], 1),
    ] {
        let mut command = world.sts(arguments);
        command.env("AWS_SECRET_ACCESS_KEY", PLANTED).env("AWS_SESSION_TOKEN", PLANTED);
        let (found, told, errors) = end(command);
        assert_eq!(found, Some(status), "{arguments:?}: {errors}");
        assert!(!told.contains(PLANTED) && !errors.contains(PLANTED), "{arguments:?}: {told}{errors}");
    }
    for input in [
        format!("{{\"WebIdentityToken\": \"{PLANTED}\""),
        format!("{{\"WebIdentityToken\": [\"{PLANTED}\"]}}"),
    ] {
        let command = world.sts(&["assume-role-with-web-identity", "--debug", "--input", "-"]);
        let (status, told, errors) = end_with_input(command, &input);
        assert_eq!(status, Some(2));
        assert!(!told.contains(PLANTED) && !errors.contains(PLANTED), "{told}{errors}");
    }
}

/// A server that repeats what it is sent.
#[test]
fn a_server_that_repeats_a_secret_is_not_quoted() {
    let Some(world) = World::new() else { return };
    world.sts.respond_with(|request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let message = body.replace('&', " ");
        let document = format!(
            "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        Some(http::Response::builder().status(400).body(document.into()).unwrap())
    });
    let arguments = [
        "assume-role-with-web-identity",
        "--debug",
        "--role-arn",
        "r",
        "--role-session-name",
        "s",
        "--web-identity-token",
        "-",
    ];
    let (status, _, errors) = end_with_input(world.sts(&arguments), PLANTED);
    assert_eq!(status, Some(1));
    assert!(errors.contains("InvalidIdentityToken") && !errors.contains(PLANTED), "{errors}");
}

/// The same for commands that assume a role with a session.
#[test]
fn a_server_that_repeats_a_session_token_is_not_quoted() {
    let Some(world) = World::new() else { return };
    world.sts.respond_with(|request| {
        let headers = request.headers().values().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let message = headers.collect::<Vec<_>>().join(" ").replace(['<', '&'], " ");
        let document =
            format!("<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>");
        Some(http::Response::builder().status(403).body(document.into()).unwrap())
    });
    let role = world.sts.role_arn("demo");
    for arguments in [
        &["export"][..],
        &["exec", "env"],
        &["proof", "vault", "dev"],
        &["token", "memorydb", "c", "u"],
        &["eks-token", "c"],
        &["console"],
        &["serve"],
    ] {
        let (command, rest) = arguments.split_first().unwrap();
        let arguments = [&[*command, "--debug", "--role", &role][..], rest].concat();
        let mut command = world.sts(&arguments);
        command.env("AWS_SESSION_TOKEN", PLANTED);
        let (status, told, errors) = end(command);
        assert_eq!(status, Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains("AccessDenied"), "{arguments:?}: {errors}");
        assert!(!told.contains(PLANTED) && !errors.contains(PLANTED), "{arguments:?}: {told}{errors}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_list_of_processes_shows_no_secret() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    let mut command = world.sts(&["exec", "--role", &role, "--", "sh", "-c", "env; echo; read end"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let lines: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let key = lines.iter().find_map(|line| line.strip_prefix("AWS_SECRET_ACCESS_KEY=")).expect("a key");
    let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    drop(child.stdin.take());
    ended(&mut child);
    let arguments = String::from_utf8_lossy(&arguments);
    assert!(arguments.contains("read end") && !arguments.contains(key), "{arguments}");
}
