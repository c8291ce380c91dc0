//! `exec`: the environment of the command, its status, its signals.

use std::process::Command;

use super::program::{KEY_ID, SECRET_KEY, World, end, ended, printed};

#[test]
fn the_command_has_these_credentials_and_no_others() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    let mut command = world.sts(&["exec", "--role", &role, "--region", "eu-west-3", "--", "env"]);
    for name in OTHERS {
        command.env(name, "planted");
    }
    // The profile is named by the environment, and is there.
    world.home.write(".aws/config", "[profile planted]\nregion=us-east-1\n");
    let told = printed(command);
    let names: Vec<_> = told.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    for name in
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"]
    {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(
        told.contains("AWS_REGION=eu-west-3\n") && told.contains("AWS_DEFAULT_REGION=eu-west-3\n"),
        "{told}"
    );
    assert!(!told.contains(KEY_ID) && !told.contains(SECRET_KEY) && !told.contains("=planted"), "{told}");
    assert!(told.contains("AWS_ENDPOINT_URL_STS="), "settings stay: {told}");
}

/// Of these regions, the global endpoint is called, and signed for as us-east-1.
#[test]
fn the_region_is_the_one_that_is_set() {
    let Some(world) = World::new() else { return };
    for arguments in [&["exec", "--", "env"][..], &["exec", "--serve", "--", "env"]] {
        let mut command = world.sts(arguments);
        command.env_remove("AWS_ENDPOINT_URL_STS").env("AWS_REGION", "eu-west-1");
        command.env("AWS_STS_REGIONAL_ENDPOINTS", "legacy").env("AWS_SESSION_TOKEN", "a session's");
        let told = printed(command);
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            assert!(told.contains(&format!("{name}=eu-west-1\n")), "{told}");
        }
    }
}

/// Without `AWS_CONTAINER_…_RELATIVE_URI` and others of which one excludes another.
const OTHERS: [&str; 15] = [
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_FILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_ACCOUNT_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_SESSION_EXPIRATION",
    "AWS_CREDENTIAL_PROFILES_FILE",
    "AWS_SSO_SESSION",
    "AWS_VAULT",
    "BOTO_CONFIG",
];

#[test]
fn the_keys_of_a_profile_take_the_place_of_the_profile() {
    let Some(world) = World::new() else { return };
    world.home.write(
        ".aws/credentials",
        format!("[dev]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET_KEY}\n"),
    );
    let mut command = world.without_keys(&["exec", "env"]);
    command.env("AWS_PROFILE", "dev").env("AWS_SESSION_TOKEN", "planted");
    let told = printed(command);
    assert!(told.contains(&format!("AWS_SECRET_ACCESS_KEY={SECRET_KEY}\n")), "{told}");
    assert!(!told.contains("AWS_PROFILE") && !told.contains("planted"), "{told}");
}

#[test]
fn the_status_is_the_commands() {
    let Some(world) = World::new() else { return };
    for (arguments, status) in [
        (&["exec", "--", "sh", "-c", "exit 0"][..], 0),
        (&["exec", "--", "sh", "-c", "exit 7"], 7),
        (&["exec", "sh", "-c", "exit 255"], 255),
        (&["exec", "--", "no-such-program-anywhere"], 127),
        (&["exec", "--", "/"], 126),
    ] {
        assert_eq!(end(world.sts(arguments)).0, Some(status), "{arguments:?}");
    }
    // What stands behind the command is its own.
    assert_eq!(
        world.prints(&["exec", "--", "echo", "--region", "x", "--", "-h"]),
        "--region x -- -h
"
    );
    assert_eq!(world.prints(&["exec", "printf", "%s\n", "--help"]), "--help\n");
    assert_eq!(end(world.sts(&["exec"])).0, Some(2));
}

/// The three streams and the status are the command's, to the byte.
#[cfg(unix)]
#[test]
fn what_the_command_reads_and_writes_passes_through() {
    use std::io::Write;
    use std::process::Stdio;

    let Some(world) = World::new() else { return };
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    world.home.write("third", "errors\n");
    for form in [&["exec", "--"][..], &["exec", "--serve", "--"]] {
        let inner = world.sts(&[form, &["sh", "-c", "cat; cat >&2 <&3; exit 9"]].concat());
        // A descriptor beside the three goes on too.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<\"$HOME/third\""]).arg(world.path()).args(inner.get_args());
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let (mut input, sent) = (child.stdin.take().unwrap(), bytes.clone());
        let writer = std::thread::spawn(move || input.write_all(&sent));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(output.status.code(), Some(9), "{form:?}");
        assert!(output.stdout == bytes, "{form:?}: {} bytes", output.stdout.len());
        assert_eq!(output.stderr, b"errors\n", "{form:?}");
    }
}

/// The command is not started where there are no credentials.
#[test]
fn nothing_runs_without_credentials() {
    let Some(world) = World::new() else { return };
    let file = world.home.path("ran");
    let (status, _, errors) = end(world.without_keys(&["exec", "touch", file.to_str().unwrap()]));
    assert_eq!(status, Some(3));
    assert!(errors.starts_with("sts: no credentials (looked for in: "), "{errors}");
    assert!(!file.exists());
}

#[cfg(unix)]
#[test]
fn it_is_replaced_by_the_command() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    let Some(world) = World::new() else { return };
    let child =
        world.sts(&["exec", "--", "sh", "-c", "echo $$; exec sleep 300"]).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    assert_eq!(line.trim(), child.id().to_string());
    // A signal reaches the command itself, and the caller sees it.
    Command::new("kill").args(["-TERM", line.trim()]).status().unwrap();
    assert_eq!(ended(&mut child).signal(), Some(15));
    // A closed pipe ends a command as it would without this program.
    let status = world
        .sts(&["exec", "--", "sh", "-c", "yes | head -n 1; kill -PIPE $$"])
        .stdout(Stdio::null())
        .status();
    assert_eq!(status.unwrap().signal(), Some(13));
}
