//! What `whoami` and `explain` print.

use serde_json::{Value, json};

use super::program::{KEY_ID, SECRET_KEY, World, end, printed};

#[test]
fn whoami_says_who_and_from_where() {
    let Some(world) = World::new() else { return };
    let user_id = user_id(&world);
    let expected = format!(
        "account  123456789012\n\
         arn      arn:aws:iam::123456789012:user/alice\n\
         user id  {user_id}\n\
         source   environment, keys: access key …XAMP\n\
         expires  never (long-term keys)\n"
    );
    assert_eq!(world.prints(&["whoami"]), expected);
    let told: Value = serde_json::from_str(&world.prints(&["whoami", "--json"])).unwrap();
    let expected = json!({
        "Account": "123456789012",
        "Arn": "arn:aws:iam::123456789012:user/alice",
        "UserId": user_id,
        "Source": "environment, keys: access key …XAMP",
        "Expiration": null,
    });
    assert_eq!(told, expected);
}

#[test]
fn whoami_says_how_long_a_session_holds() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    world.home.write(
        ".aws/credentials",
        format!("[base]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET_KEY}\n"),
    );
    world.home.write(
        ".aws/config",
        format!("[profile demo]\nrole_arn={role}\nsource_profile=base\nduration_seconds=900\n"),
    );
    let told = printed(world.without_keys(&["whoami", "--profile", "demo", "--json"]));
    let told: Value = serde_json::from_str(&told).unwrap();
    let until = told["Expiration"].as_str().expect("a time");
    assert!(until.ends_with('Z') && until.len() == 20, "{until}");
    assert!(told["Source"].as_str().unwrap().starts_with("profile demo, "), "{told}");
    assert!(told["Arn"].as_str().unwrap().contains(":assumed-role/demo/"), "{told}");
}

#[test]
fn flags_go_before_the_environment() {
    let Some(world) = World::new() else { return };
    let mut command = world.sts(&["--endpoint-url", &world.sts.url(), "--region", "eu-west-3", "whoami"]);
    command.env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9").env("AWS_REGION", "nowhere");
    printed(command);
    let arrival = world.sts.requests().pop().unwrap();
    let scope = arrival.headers["authorization"].to_str().unwrap();
    assert!(scope.contains("/eu-west-3/sts/"), "{scope}");
}

#[test]
fn explain_works_without_region_and_credentials() {
    let Some(world) = World::new() else { return };
    let mut command = world.without_keys(&["explain"]);
    command.env_remove("AWS_REGION");
    let told = printed(command);
    assert!(told.starts_with("settings\n") && told.contains("\ncredentials, in the order"), "{told}");
    let told = world.prints(&["explain"]);
    assert!(told.contains("environment        used, keys: access key …XAMP"), "{told}");
    assert!(world.sts.requests().is_empty());
}

/// Those who use the program write no code.
#[test]
fn flags_are_named_as_flags() {
    let Some(world) = World::new() else { return };
    world.home.write(".aws/config", "[profile dev]\n");
    let url = world.sts.url();
    let flags = ["--profile", "dev", "--region", "eu-west-3", "--endpoint-url", &url];
    let mut told = world.prints(&[&["explain"], &flags[..]].concat());
    for (setting, origin) in [
        ("profile ", "--profile"),
        ("region ", "--region"),
        ("endpoint url ", "--endpoint-url"),
        ("endpoint ", "--endpoint-url"),
        ("call time-out ", "set by this program"),
        ("environment ", "skipped, since the program names profile dev"),
    ] {
        let row = |line: &&str| line.trim_start().starts_with(setting) && line.ends_with(origin);
        assert!(told.lines().any(|line| row(&line)), "{setting}: {told}");
    }
    for command in ["explain", "whoami"] {
        let mut command = world.sts(&[command]);
        command.env_remove("AWS_REGION");
        let (_, printed, errors) = end(command);
        told += &(printed + &errors);
    }
    for arguments in [
        &["whoami", "--profile", "absent"][..],
        &["whoami", "--region", "not a region"],
        &["whoami", "--endpoint-url", "gopher://x"],
        &["whoami", "--profile", "dev"],
    ] {
        told += &end(world.sts(arguments)).2;
    }
    for (variable, value) in
        [("AWS_REGION", "eu west"), ("AWS_ENDPOINT_URL_STS", "gopher://x"), ("AWS_PROFILE", "absent")]
    {
        let mut command = world.sts(&["whoami"]);
        command.env(variable, value);
        told += &end(command).2;
    }
    for flag in [
        "; --profile names another",
        "; --region sets one for this command",
        "; --endpoint-url sets one for this command",
    ] {
        assert!(told.contains(flag), "{flag}: {told}");
    }
    for word in ["code", "uilder", "Client::", "()"] {
        assert!(!told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let Some(world) = World::new() else { return };
    let mut command = world.sts(&["completions", "bash"]);
    let (read, write) = std::io::pipe().unwrap();
    drop(read);
    command.stdout(write);
    let (status, _, errors) = end_of(command);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
}

/// Without taking over standard output.
fn end_of(mut command: std::process::Command) -> (Option<i32>, String, String) {
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::new(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn nothing_is_coloured() {
    let Some(world) = World::new() else { return };
    for arguments in [&["--help"][..], &["whoami"], &["bogus"]] {
        for variable in ["NO_COLOR", "CLICOLOR_FORCE"] {
            let mut command = world.sts(arguments);
            command.env(variable, "1");
            let (_, shown, errors) = end(command);
            assert!(!shown.contains('\u{1b}') && !errors.contains('\u{1b}'), "{shown}{errors}");
        }
    }
}

fn user_id(world: &World) -> String {
    let told = world.prints(&["get-caller-identity"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    told["UserId"].as_str().unwrap().to_owned()
}
