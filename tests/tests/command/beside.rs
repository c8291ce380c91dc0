//! `exec --serve`: a command beside the endpoint.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use sts_tests::sts::{Role, Server};

use super::program::{KEY_ID, SECRET_KEY, World, end, ended, printed};
#[cfg(target_os = "linux")]
use super::terminal::all_end;
use super::terminal::at_terminal_after;

fn in_role(world: &World, command: &[&str]) -> Command {
    let role = world.sts.role_arn("demo");
    world.sts(&[&["exec", "--serve", "--role", &role, "--"][..], command].concat())
}

#[test]
fn the_command_finds_the_endpoint_and_nothing_else() {
    let Some(world) = World::new() else { return };
    let told = printed(in_role(&world, &["env"]));
    for part in ["AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:", "AWS_CONTAINER_AUTHORIZATION_TOKEN="]
    {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("AWS_ACCESS_KEY_ID") && !told.contains(SECRET_KEY), "{told}");
    assert!(!told.contains("/dev/null"), "{told}");
    let program = world.path().to_str().unwrap();
    assert!(printed(in_role(&world, &[program, "whoami"])).contains(":assumed-role/demo/"));
}

/// The usual case: keys in the profile `default`, which programs find before they ask an endpoint.
#[test]
fn shared_files_do_not_go_before_the_endpoint() {
    let Some(world) = World::new() else { return };
    let keys = format!("aws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET_KEY}\n");
    let (role, program) = (world.sts.role_arn("demo"), world.path().to_str().unwrap());
    let arguments = ["exec", "--serve", "--role", &role, "--", program, "whoami"];
    world.home.write(".aws/credentials", format!("[default]\n{keys}"));
    world.home.write(".aws/config", "[default]\nmax_attempts=2\n");
    assert!(printed(world.without_keys(&arguments)).contains(":assumed-role/demo/"));
    let told = printed(world.without_keys(&[&arguments[..5], &["env"]].concat()));
    assert!(
        told.contains("AWS_SHARED_CREDENTIALS_FILE=/dev/null\n") && !told.contains("AWS_CONFIG_FILE"),
        "{told}"
    );
    world.home.write(".aws/credentials", "");
    world.home.write(".aws/config", format!("[default]\n{keys}"));
    assert!(printed(world.without_keys(&arguments)).contains(":assumed-role/demo/"));
}

#[test]
fn the_status_is_the_commands() {
    let Some(world) = World::new() else { return };
    for (command, status) in [
        (&["sh", "-c", "exit 0"][..], 0),
        (&["sh", "-c", "exit 7"], 7),
        (&["sh", "-c", "kill -KILL $$"], 128 + 9),
        (&["no-such-program-anywhere"], 127),
        (&["/"], 126),
    ] {
        assert_eq!(end(in_role(&world, command)).0, Some(status), "{command:?}");
    }
}

#[test]
fn signals_are_the_commands_affair() {
    let Some(world) = World::new() else { return };
    for (name, number) in [("TERM", 15), ("HUP", 1), ("USR1", 10), ("INT", 2), ("ALRM", 14)] {
        // A command that ends as it likes.
        let script = format!("trap 'echo got; exit 5' {name}; echo $$; while :; do sleep 0.1; done");
        let mut child = begun(in_role(&world, &["sh", "-c", &script]));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let command = lines.next().unwrap().unwrap();
        kill(name, &child.id().to_string());
        assert_eq!(lines.next().unwrap().unwrap(), "got", "{name}");
        assert_eq!(ended(&mut child).code(), Some(5), "{name}");
        assert!(is_gone(&command), "{name}");
        // And one that is ended.
        let mut child = begun(in_role(&world, &["sh", "-c", "echo $$; exec sleep 300"]));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let command = lines.next().unwrap().unwrap();
        kill(name, &child.id().to_string());
        let status = ended(&mut child);
        assert_eq!((status.code(), status.signal()), (Some(128 + number), None), "{name}");
        assert!(is_gone(&command), "{name}");
    }
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[test]
fn signals_that_are_ignored_stay_ignored() {
    let Some(world) = World::new() else { return };
    let own = in_role(&world, &["sh", "-c", "kill -HUP $PPID; kill -HUP $$; echo still here"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(own.get_program()).args(own.get_args());
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_eq!(printed(command), "still here\n");
}

/// The terminal sends the signal to the whole foreground; the command gets it once.
#[test]
fn ctrl_c_reaches_the_command_once() {
    let Some(world) = World::new() else { return };
    // Two signals at once would count as one, so the shell is busy rather than asleep.
    let script = "n=0; trap 'n=$((n+1))' INT; printf 'ready: '; while [ $n -eq 0 ]; do :; done; \
                  i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo; echo \"signals=$n\"; exit 5";
    let arguments = ["exec", "--serve", "--", "sh", "-c", script];
    let seen = at_terminal_after(&world, &arguments, &[("ready: ", b"\x03")]);
    assert!(seen.shown.contains("signals=1\r\n"), "{}", seen.shown);
    assert_eq!(seen.status.code(), Some(5));
}

/// As a caller starts it that does not wait for its children.
#[cfg(target_os = "linux")]
#[test]
fn a_caller_that_ignores_its_children_changes_nothing() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let mfa = ["--role", &role, "--mfa", &serial, "--mfa-process", "echo 424242"];
    for (arguments, status) in
        [(&["exec", "--serve", "--", "sh", "-c", "exit 7"][..], 7), (&[&["export"], &mfa[..]].concat(), 0)]
    {
        let own = world.sts(arguments);
        let mut command = Command::new("env");
        command.arg("--ignore-signal=CHLD").arg(own.get_program()).args(own.get_args());
        command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let (ended, _, errors) = end(command);
        assert_eq!(ended, Some(status), "{errors}");
    }
}

/// One that a process sends goes on, at a terminal too.
#[test]
fn what_is_sent_to_it_alone_reaches_the_command_at_a_terminal() {
    let Some(world) = World::new() else { return };
    let script = "trap 'echo got; exit 5' INT; kill -INT $PPID; while :; do sleep 0.1; done";
    let seen = at_terminal_after(&world, &["exec", "--serve", "--", "sh", "-c", script], &[]);
    assert!(seen.shown.contains("got\r\n"), "{}", seen.shown);
    assert_eq!(seen.status.code(), Some(5));
}

fn strict() -> Option<World> {
    let sts = Server::builder().role(Role::new("strict").requires_mfa(true));
    World::with(sts.min_duration_seconds(1).mfa_code("424242"))
}

/// The terminal is the command's while that runs.
#[test]
fn nothing_is_asked_at_the_terminal_of_a_command() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let script = format!("sleep 3; '{}' export; echo \"status=$?\"", world.path().display());
    let arguments =
        ["exec", "--serve", "--no-cache", "--role", &role, "--mfa", &serial, "--duration", "2", "--"];
    let arguments = [&arguments[..], &["sh", "-c", &script]].concat();
    let seen = at_terminal_after(&world, &arguments, &[("mfa/alice: ", b"424242\r")]);
    assert_eq!(seen.shown.matches("MFA code of").count(), 1, "{}", seen.shown);
    assert!(seen.shown.contains("status=3\r\n"), "{}", seen.shown);
}

#[test]
fn a_program_is_asked_for_codes_beside_a_command() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let script = format!("sleep 3; '{}' whoami", world.path().display());
    let arguments = ["exec", "--serve", "--no-cache", "--role", &role, "--mfa", &serial, "--duration", "2"];
    let more = ["--mfa-process", "echo 424242", "--", "sh", "-c", &script];
    assert!(printed(world.sts(&[&arguments[..], &more].concat())).contains(":assumed-role/strict/"));
}

/// Keys that run out while the command runs, for which a program is asked anew that does not end.
#[cfg(target_os = "linux")]
#[test]
fn a_credential_process_ends_with_the_command() {
    let Some(world) = World::new() else { return };
    let keys = r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"s","SessionToken":"t","Expiration":"%s"}"#;
    let script = format!(
        "if mkdir first 2>/dev/null; then exec printf '{keys}' \"$(date -u -d '+3 seconds' +%FT%TZ)\"; fi\n\
         sleep 300 & echo $$ $! >new; mv new ids; wait\n"
    );
    let script = world.home.write("slow", script);
    let process = format!("cd {}; . {}", world.home.path("").display(), script.display());
    world.home.write(".aws/config", format!("[profile slow]\ncredential_process = {process}\n"));
    let command = "sleep 4; \"$0\" export >/dev/null 2>&1 & \
                   for _ in $(seq 600); do test -e \"$HOME/ids\" && exit 7; sleep 0.1; done";
    let program = world.path().to_str().unwrap();
    let arguments = ["exec", "--serve", "--profile", "slow", "--", "sh", "-c", command, program];
    let (status, _, errors) = end(world.sts(&arguments));
    assert_eq!((status, errors.as_str()), (Some(7), ""));
    let begun = std::fs::read_to_string(world.home.path("ids")).unwrap();
    all_end(&begun);
}

fn begun(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn kill(name: &str, pid: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), pid]).status().unwrap().success());
}

fn is_gone(pid: &str) -> bool {
    let mut state = String::new();
    let status = std::fs::File::open(format!("/proc/{pid}/stat"));
    status.is_err() || status.unwrap().read_to_string(&mut state).is_err()
}
