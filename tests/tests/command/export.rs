//! `export`: the text of each format, and what shells and other programs make of it.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use sts_tests::sts::{Role, Server};

use super::program::{KEY_ID, SECRET_KEY, World, end, printed};

const TOKEN: &str = "IQoJb3JpZ2luX2VjE/+==";
const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;
const END: &str = "2038-01-19T03:14:07Z";

/// The program with a whole session in the environment, which prints the same each time.
fn session(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.sts(arguments);
    command.env("AWS_SESSION_TOKEN", TOKEN).env("AWS_CREDENTIAL_EXPIRATION", END);
    command
}

#[test]
fn every_format() {
    let Some(world) = World::new() else { return };
    for (format, whole, keys) in [
        (
            "env",
            "export AWS_ACCESS_KEY_ID=ID\nexport AWS_SECRET_ACCESS_KEY=KEY\nexport AWS_SESSION_TOKEN=TOKEN\n\
             export AWS_CREDENTIAL_EXPIRATION=END\n",
            "export AWS_ACCESS_KEY_ID=ID\nexport AWS_SECRET_ACCESS_KEY=KEY\nunset AWS_SESSION_TOKEN\n\
             unset AWS_CREDENTIAL_EXPIRATION\n",
        ),
        (
            "env-no-export",
            "AWS_ACCESS_KEY_ID=ID\nAWS_SECRET_ACCESS_KEY=KEY\nAWS_SESSION_TOKEN=TOKEN\nAWS_CREDENTIAL_EXPIRATION=END\n",
            "AWS_ACCESS_KEY_ID=ID\nAWS_SECRET_ACCESS_KEY=KEY\n",
        ),
        (
            "fish",
            "set -gx AWS_ACCESS_KEY_ID \"ID\"\nset -gx AWS_SECRET_ACCESS_KEY \"KEY\"\n\
             set -gx AWS_SESSION_TOKEN \"TOKEN\"\nset -gx AWS_CREDENTIAL_EXPIRATION \"END\"\n",
            "set -gx AWS_ACCESS_KEY_ID \"ID\"\nset -gx AWS_SECRET_ACCESS_KEY \"KEY\"\n\
             set -q AWS_SESSION_TOKEN; and set -e AWS_SESSION_TOKEN; or true\n\
             set -q AWS_CREDENTIAL_EXPIRATION; and set -e AWS_CREDENTIAL_EXPIRATION; or true\n",
        ),
        (
            "powershell",
            "$Env:AWS_ACCESS_KEY_ID=\"ID\"\n$Env:AWS_SECRET_ACCESS_KEY=\"KEY\"\n$Env:AWS_SESSION_TOKEN=\"TOKEN\"\n\
             $Env:AWS_CREDENTIAL_EXPIRATION=\"END\"\n",
            "$Env:AWS_ACCESS_KEY_ID=\"ID\"\n$Env:AWS_SECRET_ACCESS_KEY=\"KEY\"\n\
             Remove-Item Env:AWS_SESSION_TOKEN -ErrorAction Ignore\n\
             Remove-Item Env:AWS_CREDENTIAL_EXPIRATION -ErrorAction Ignore\n",
        ),
        (
            "cmd",
            "set AWS_ACCESS_KEY_ID=ID\nset AWS_SECRET_ACCESS_KEY=KEY\nset AWS_SESSION_TOKEN=TOKEN\n\
             set AWS_CREDENTIAL_EXPIRATION=END\n",
            "set AWS_ACCESS_KEY_ID=ID\nset AWS_SECRET_ACCESS_KEY=KEY\nset AWS_SESSION_TOKEN=\n\
             set AWS_CREDENTIAL_EXPIRATION=\n",
        ),
        (
            "dotenv",
            "AWS_ACCESS_KEY_ID=ID\nAWS_SECRET_ACCESS_KEY=KEY\nAWS_SESSION_TOKEN=TOKEN\nAWS_CREDENTIAL_EXPIRATION=END\n",
            "AWS_ACCESS_KEY_ID=ID\nAWS_SECRET_ACCESS_KEY=KEY\n",
        ),
        (
            "ini",
            "[default]\naws_access_key_id = ID\naws_secret_access_key = KEY\naws_session_token = TOKEN\n",
            "[default]\naws_access_key_id = ID\naws_secret_access_key = KEY\n",
        ),
        (
            "json",
            "{\n  \"Version\": 1,\n  \"AccessKeyId\": \"ID\",\n  \"SecretAccessKey\": \"KEY\",\n  \
             \"SessionToken\": \"TOKEN\",\n  \"Expiration\": \"END\"\n}\n",
            "{\n  \"Version\": 1,\n  \"AccessKeyId\": \"ID\",\n  \"SecretAccessKey\": \"KEY\"\n}\n",
        ),
    ] {
        // `TOKEN` first: `KEY` and `ID` are parts of names.
        let filled = |text: &str| {
            text.replace("=TOKEN", &format!("={TOKEN}"))
                .replace("\"TOKEN\"", &format!("\"{TOKEN}\""))
                .replace("= TOKEN", &format!("= {TOKEN}"))
                .replace("=KEY", &format!("={SECRET_KEY}"))
                .replace("\"KEY\"", &format!("\"{SECRET_KEY}\""))
                .replace("= KEY", &format!("= {SECRET_KEY}"))
                .replace("=ID", &format!("={KEY_ID}"))
                .replace("\"ID\"", &format!("\"{KEY_ID}\""))
                .replace("= ID", &format!("= {KEY_ID}"))
                .replace("=END", &format!("={END}"))
                .replace("\"END\"", &format!("\"{END}\""))
        };
        assert_eq!(printed(session(&world, &["export", "--format", format])), filled(whole), "{format}");
        assert_eq!(world.prints(&["export", "--format", format]), filled(keys), "{format}");
    }
    // Not at a terminal.
    assert!(world.prints(&["export"]).starts_with('{'));
    assert!(world.prints(&["export", "--format", "ini", "--section", "dev"]).starts_with("[dev]\n"));
    for arguments in [&["--section", "dev"][..], &["--section", "a]", "--format", "ini"]] {
        assert_eq!(end(world.sts(&[&["export"], arguments].concat())).0, Some(2), "{arguments:?}");
    }
    assert!(world.sts.requests().is_empty(), "nothing is sent for keys that are there");
}

/// Values that a shell would read more into.
const STRANGE: &str = "a'b\"c$HOME d`e\\f%g!h;i&j|k~l*m#n";

#[test]
fn shells_read_what_was_exported() {
    let Some(world) = World::new() else { return };
    let program = world.path().display();
    for (shell, flag, line, format, strange) in [
        ("sh", "-c", format!("eval \"$('{program}' export --format env)\"; env"), "env", STRANGE),
        ("bash", "-c", format!("eval \"$('{program}' export --format env)\"; env"), "env", STRANGE),
        ("bash", "-c", format!("source <('{program}' export --format env); env"), "env", STRANGE),
        ("zsh", "-fc", format!("eval \"$('{program}' export --format env)\"; env"), "env", STRANGE),
        (
            "sh",
            "-c",
            format!("set -a; eval \"$('{program}' export --format env-no-export)\"; set +a; env"),
            "env-no-export",
            STRANGE,
        ),
        ("fish", "-Nc", format!("'{program}' export --format fish | source; env"), "fish", STRANGE),
        (
            "pwsh",
            "-Command",
            format!("& '{program}' export --format powershell | Out-String | Invoke-Expression; env"),
            "powershell",
            STRANGE,
        ),
        ("sh", "-c", format!("env $('{program}' export --format dotenv) env"), "dotenv", SECRET_KEY),
    ] {
        if !is_there(shell) {
            println!("{shell} is not here: {format} is not read by it");
            continue;
        }
        for (key, token) in [(SECRET_KEY, Some(TOKEN)), (strange, Some("x'y")), (strange, None)] {
            if format == "dotenv" && token == Some("x'y") {
                continue;
            }
            let mut command = Command::new(shell);
            let own = world.sts(&[]);
            command.args([flag, &line]).env_clear();
            command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command.env("AWS_SECRET_ACCESS_KEY", key);
            // What the shell has from before, which must not stay where these credentials have none.
            command.env("AWS_SESSION_TOKEN", token.unwrap_or_default());
            let found = variables(&printed(command));
            let found = |name: &str| found.get(name).map(String::as_str).unwrap_or_default();
            assert_eq!(found("AWS_ACCESS_KEY_ID"), KEY_ID, "{shell}, {format}");
            assert_eq!(found("AWS_SECRET_ACCESS_KEY"), key, "{shell}, {format}");
            assert_eq!(found("AWS_SESSION_TOKEN"), token.unwrap_or_default(), "{shell}, {format}");
        }
    }
}

/// What readers of such files understand in different ways.
#[test]
fn dotenv_has_nothing_that_its_readers_differ_about() {
    let Some(world) = World::new() else { return };
    for secret in ["a b", "a#b", "a$b", "a'b", "a\"b", "a\\b", "a`b", "a\nb"] {
        let mut command = world.sts(&["export", "--format", "dotenv"]);
        command.env("AWS_SECRET_ACCESS_KEY", secret);
        let (status, printed, errors) = end(command);
        assert_eq!((status, printed.as_str()), (Some(1), ""), "{secret}");
        let problem =
            "sts: the value of AWS_SECRET_ACCESS_KEY has characters that the format dotenv cannot express";
        assert!(errors.starts_with(problem) && !errors.contains(secret), "{errors}");
    }
}

fn variables(env: &str) -> BTreeMap<String, String> {
    let lines = env.lines().filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn is_there(shell: &str) -> bool {
    Command::new(shell).args(["-c", "exit"]).output().is_ok()
}

#[test]
fn roles_one_after_the_other() {
    let hub = Role::new("hub").external_id("x-42");
    let Some(world) = World::with(Server::builder().role(hub)) else { return };
    let (demo, hub) = (world.sts.role_arn("demo"), world.sts.role_arn("hub"));
    let policy = world.home.write("policy.json", POLICY);
    let policy = format!("file://{}", policy.display());
    let told = world.prints(&[
        "export",
        "--role",
        &demo,
        "--role",
        &hub,
        "--session-name",
        "build-42",
        "--duration",
        "15m",
        "--external-id",
        "x-42",
        "--policy",
        &policy,
        "--policy-arn",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "--tag",
        "team=pay=ments",
        "--tag",
        "stage=",
        "--source-identity",
        "alice",
    ]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["Version"], 1);
    let requests = world.sts.requests();
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    let form = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let always = [("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleSessionName", "build-42")];
        always.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(first.form, form(&[("RoleArn", &demo), ("SourceIdentity", "alice")]));
    let expected = [
        ("RoleArn", hub.as_str()),
        ("DurationSeconds", "900"),
        ("ExternalId", "x-42"),
        ("Policy", POLICY),
        ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "pay=ments"),
        ("Tags.member.2.Key", "stage"),
        ("Tags.member.2.Value", ""),
    ];
    assert_eq!(second.form, form(&expected));
    assert_ne!(second.access_key_id.as_deref(), Some(KEY_ID));
    // The keys work.
    let mut command = world.without_keys(&["whoami", "--json"]);
    for (variable, member) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        command.env(variable, told[member].as_str().unwrap());
    }
    assert!(printed(command).contains(":assumed-role/hub/build-42"));
}

#[test]
fn sessions_are_kept_in_the_aws_clis_cache() {
    let Some(world) = World::with(Server::builder().role(Role::new("strict").requires_mfa(true))) else {
        return;
    };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let process = format!("test \"$STS_MFA_SERIAL\" = {serial} && echo 123456 && echo x >> \"$HOME/asked\"");
    let arguments = ["export", "--role", &role, "--mfa", &serial, "--mfa-process", &process];
    let first = world.prints(&arguments);
    assert_eq!(world.prints(&arguments), first);
    let asked = || std::fs::read_to_string(world.home.path("asked")).unwrap().lines().count();
    assert_eq!((asked(), world.sts.requests().len()), (1, 1));
    let session = |more: &str| {
        let (status, _, errors) = end(world.sts(&[&arguments[..], &["--debug"], &[more]].concat()));
        assert_eq!(status, Some(0), "{errors}");
        errors
    };
    let (cached, until) = (session("--format=json"), &first[first.find("Expiration").unwrap() + 14..][..20]);
    let found = cached.lines().find(|line| line.contains("from the aws cli's cache, ")).expect(&cached);
    assert!(found.contains(".json, until ") && found.contains(until), "{found}");
    assert!(!session("--no-cache").contains("aws cli's cache"));
    let mut uncached = arguments.to_vec();
    uncached.push("--no-cache");
    assert_ne!(world.prints(&uncached), first);
    assert_eq!((asked(), world.sts.requests().len()), (3, 3));
    // A program that fails, or knows no code.
    for process in ["exit 3", "true", "printf '\\377\\n'", "yes", "echo 123456; exit 1"] {
        let arguments = ["export", "--no-cache", "--role", &role, "--mfa", &serial, "--mfa-process", process];
        let (status, told, errors) = end(world.sts(&arguments));
        assert_eq!((status, told.as_str()), (Some(3), ""));
        assert!(errors.starts_with(&format!("sts: no code of the mfa device {serial}: ")), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        // The library's own words are for people who write programs.
        let reason = errors.trim_end().rsplit(": ").next().unwrap().to_owned();
        let (_, _, errors) = end(world.sts(&[&arguments[..], &["--debug"]].concat()));
        assert!(!errors.contains("mfa_code") && errors.matches(&reason).count() > 1, "{errors}");
    }
}

#[test]
fn the_session_is_named_after_the_user() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    let mut command = world.sts(&["export", "--no-cache", "--role", &role]);
    command.env("USER", "al ice/é");
    printed(command);
    assert_eq!(world.sts.requests()[0].form["RoleSessionName"], "alice");
}

#[test]
fn other_clients_read_it() {
    let Some(world) = World::new() else { return };
    let Some(python) = std::env::var_os("STS_PYTHON") else {
        assert!(std::env::var_os("CI").is_none(), "STS_PYTHON names no Python that has boto3 and awscli");
        println!("skipped: STS_PYTHON names no Python that has boto3 and awscli");
        return;
    };
    let program = world.path().display();
    world.home.write(
        ".aws/config",
        format!("[profile own]\nregion=us-east-1\ncredential_process='{program}' export --profile keys\n[profile role]\nregion=us-east-1\ncredential_process='{program}' export --profile keys --role {}\n", world.sts.role_arn("demo")),
    );
    world.home.write(".aws/credentials", printed(ini(&world)));
    let boto3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";
    let aws = std::path::Path::new(&python).with_file_name("aws");
    for (profile, arn) in
        [("own", ":user/alice"), ("role", ":assumed-role/demo/alice"), ("keys", ":user/alice")]
    {
        for arguments in [
            vec!["-c".as_ref(), boto3.as_ref()],
            vec![aws.as_os_str(), "sts".as_ref(), "get-caller-identity".as_ref()],
        ] {
            let mut command = world.without_keys(&[]);
            command = {
                let mut python = Command::new(&python);
                python.arg("-I").args(arguments).env_clear();
                python.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
                python.env("AWS_PROFILE", profile).env("AWS_DEFAULT_REGION", "us-east-1");
                python
            };
            let (status, told, errors) = end(command);
            assert_eq!(status, Some(0), "{errors}");
            assert!(told.contains(arn), "{profile}: {told}");
        }
    }
}

fn ini(world: &World) -> Command {
    world.sts(&["export", "--format", "ini", "--section", "keys"])
}
