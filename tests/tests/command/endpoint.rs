//! `serve` as the programs that ask it see it, and as an attacker does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sts_tests::sts::{Role, Server};

use super::program::{KEY_ID, SECRET_KEY, World, end, ended, printed};

/// A program that serves; it is ended when the value is dropped.
pub(crate) struct Serving {
    child: Child,
    errors: BufReader<ChildStderr>,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Serving {
    /// Waits until the program says that it is ready.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut variable = |name: &str| {
            let line = lines.next().expect("it says that it is ready").unwrap();
            line.strip_prefix(&format!("export {name}=")).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        let address = url.strip_prefix("http://").and_then(|url| url.strip_suffix('/')).unwrap();
        let token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { address: address.parse().unwrap(), token, errors, child }
    }

    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{}/", self.address)),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", self.token.clone()),
        ]
    }

    /// What a caller with the token gets.
    pub(crate) fn get(&self, target: &str) -> (u16, Value) {
        let Self { address, token, .. } = self;
        self.send(format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\n\r\n"))
    }

    /// What is answered to these bytes.
    fn send(&self, bytes: impl AsRef<[u8]>) -> (u16, Value) {
        let mut stream = self.connect();
        // What it does not want to read, it may refuse to take.
        let _ = stream.write_all(bytes.as_ref());
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        parsed(&answer)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// All that it has said on standard error, once it is ended.
    fn said(mut self) -> String {
        self.child.kill().unwrap();
        let mut said = String::new();
        self.errors.read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parsed(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    assert!(head.contains("\r\nContent-Type: application/json") && head.contains("no-store"), "{head}");
    (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}")))
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_else(|| panic!("{member} in {answer}"))
}

fn in_role(world: &World, more: &[&str]) -> Command {
    let role = world.sts.role_arn("demo");
    world.sts(&[&["serve", "--role", &role][..], more].concat())
}

#[test]
fn other_programs_get_a_session_and_nothing_else() {
    let Some(world) = World::new() else { return };
    let serving = Serving::start(in_role(&world, &["--session-name", "build"]));
    // There were credentials before it was ready.
    assert_eq!(world.sts.requests().len(), 1);
    let (status, keys) = serving.get("/");
    assert_eq!(status, 200);
    for member in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"] {
        assert!(!text(&keys, member).is_empty(), "{member}");
    }
    assert_ne!(text(&keys, "AccessKeyId"), KEY_ID);
    // This client as another program.
    let mut command = world.without_keys(&["whoami", "--json"]);
    command.envs(serving.variables());
    let me: Value = serde_json::from_str(&printed(command)).unwrap();
    assert!(text(&me, "Arn").ends_with(":assumed-role/demo/build"), "{me}");
    assert!(text(&me, "Source").starts_with("container, "), "{me}");
    // Named as people do.
    let port = serving.address.port();
    let (status, _) = serving.send(format!(
        "GET / HTTP/1.1\r\nHOST: LocalHost:{port}\r\nauthorization: {}\r\n\r\n",
        serving.token
    ));
    assert_eq!(status, 200);
    assert_eq!(
        world.sts.requests().iter().filter(|it| it.action.as_deref() == Some("AssumeRole")).count(),
        1
    );
}

/// The program gives one code.
#[test]
fn each_caller_is_told_why_there_is_no_code() {
    let sts = Server::builder().role(Role::new("strict").requires_mfa(true));
    let Some(world) = World::with(sts.min_duration_seconds(1).mfa_code("424242")) else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let once = "test ! -e \"$HOME/asked\" && touch \"$HOME/asked\" && echo 424242";
    let arguments = ["serve", "--no-cache", "--role", &role, "--mfa", &serial, "--duration", "2"];
    let arguments = [&arguments[..], &["--mfa-process", once]].concat();
    let serving = Serving::start(world.sts(&arguments));
    std::thread::sleep(Duration::from_secs(3));
    for _ in 0..3 {
        let (status, told) = serving.get("/");
        assert_eq!(status, 400, "{told}");
        assert!(told["Message"].as_str().unwrap().contains("no code of the mfa device"), "{told}");
    }
}

/// SDKs take no keys without a token, and long-term keys should stay where they are.
#[test]
fn long_term_keys_stay_in_the_program() {
    let Some(world) = World::new() else { return };
    let serving = Serving::start(world.sts(&["serve"]));
    let (status, keys) = serving.get("/");
    assert_eq!(status, 200);
    assert!(!keys.to_string().contains(KEY_ID) && !keys.to_string().contains(SECRET_KEY), "{keys}");
    let mut command = world.without_keys(&["whoami", "--json"]);
    command.envs(serving.variables());
    assert!(printed(command).contains(":user/alice"));
    assert_eq!(world.sts.requests()[0].action.as_deref(), Some("GetSessionToken"));
}

#[test]
fn roles_of_a_path() {
    let Some(world) = World::with(Server::builder().role(Role::new("other"))) else { return };
    let serving = Serving::start(in_role(&world, &["--session-name", "build"]));
    let other = world.sts.role_arn("other");
    for target in [format!("/role-arn/{other}"), format!("/role-arn/{}", other.replace('/', "%2F"))] {
        let (status, keys) = serving.get(&target);
        assert_eq!(status, 200, "{keys}");
        let mut command = world.without_keys(&["whoami", "--json"]);
        command.env("AWS_ACCESS_KEY_ID", text(&keys, "AccessKeyId"));
        command.env("AWS_SECRET_ACCESS_KEY", text(&keys, "SecretAccessKey"));
        command.env("AWS_SESSION_TOKEN", text(&keys, "Token"));
        assert!(printed(command).contains(":assumed-role/other/build"));
    }
    // One session for both spellings, assumed with the role of --role.
    let assumed: Vec<_> =
        world.sts.requests().into_iter().filter(|it| it.action.as_deref() == Some("AssumeRole")).collect();
    assert_eq!(assumed.len(), 2);
    assert_ne!(assumed[1].access_key_id.as_deref(), Some(KEY_ID));

    let (status, refused) = serving.get(&format!("/role-arn/{}", world.sts.role_arn("nobodys")));
    assert_eq!((status, text(&refused, "Code")), (400, "AccessDenied"), "{refused}");
    assert!(text(&refused, "Message").contains("AssumeRole"), "{refused}");
    for target in ["/role-arn/", "/role-arn/x", "/role-arn/arn:aws:iam::1:role/%0a", "/role-arn/%ff"] {
        assert_eq!(serving.get(target).0, 400, "{target}");
    }
    for target in ["//", "/x", "/?a=b", "/role-arn", "/latest/meta-data/"] {
        assert_eq!(serving.get(target).0, 404, "{target}");
    }
}

#[test]
fn callers_without_the_token_or_with_another_host_get_nothing() {
    let Some(world) = World::new() else { return };
    let serving = Serving::start(in_role(&world, &["--debug"]));
    let Serving { address, token, .. } = &serving;
    let port = address.port();
    let host = format!("Host: {address}\r\n");
    let authorization = format!("Authorization: {token}\r\n");
    let other = format!("{}{}", &token[1..], &token[..1]);
    let longer = format!("Authorization: {token}0\r\n");
    let head = |headers: &[&str]| format!("GET / HTTP/1.1\r\n{}\r\n", headers.concat());
    let mut attacks = vec![
        (head(&[&host]), 403),
        (head(&[&host, "Authorization:\r\n"]), 403),
        (head(&[&host, "Authorization: x\r\n"]), 403),
        (head(&[&host, &format!("Authorization: {other}\r\n")]), 403),
        (head(&[&host, &format!("Authorization: {}\r\n", &token[..token.len() - 1])]), 403),
        (head(&[&host, &longer]), 403),
        (head(&[&host, &format!("Authorization: Bearer {token}\r\n")]), 403),
        (head(&[&host, &format!("X-Authorization: {token}\r\n")]), 403),
        // Which of the two is meant, readers disagree about.
        (head(&[&host, &authorization, &authorization]), 403),
        (head(&[&authorization]), 403),
        (head(&[&host, &host, &authorization]), 403),
        (format!("GET /?{token} HTTP/1.1\r\n{host}\r\n"), 403),
        (format!("POST / HTTP/1.1\r\n{host}{authorization}Content-Length: 0\r\n\r\n"), 405),
        (format!("OPTIONS / HTTP/1.1\r\n{host}{authorization}\r\n"), 405),
        (format!("HEAD / HTTP/1.1\r\n{host}{authorization}\r\n"), 405),
        (format!("GET http://{address}/ HTTP/1.1\r\n{host}{authorization}\r\n"), 404),
        ("\u{1}\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{host}{authorization} folded\r\nA B: c\r\n\r\n"), 400),
        // Too much: of headers, of one header, of a target, without end.
        (head(&[&host, &authorization, &"A: b\r\n".repeat(65)]), 431),
        (head(&[&host, &authorization, &format!("A: {}\r\n", "b".repeat(20_000))]), 431),
        (format!("GET /{} HTTP/1.1\r\n{host}{authorization}\r\n", "a".repeat(20_000)), 431),
        ("G".repeat(4_000_000), 431),
    ];
    // Pages of other names that lead here, and other spellings of this machine.
    for name in [
        "evil.example",
        "127.0.0.1",
        "127.1",
        "[::1]",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
    ] {
        attacks.push((head(&[&format!("Host: {name}:{port}\r\n"), &authorization]), 403));
        attacks.push((head(&[&format!("Host: {name}\r\n"), &authorization]), 403));
    }
    attacks.retain(|(attack, _)| *attack != head(&[&host, &authorization]));
    for (attack, expected) in &attacks {
        let (status, answer) = serving.send(attack);
        let start: String = attack.chars().take(300).collect();
        assert_eq!(status, *expected, "{start:?}: {answer}");
        assert!(answer.get("AccessKeyId").is_none() && !answer.to_string().contains(token), "{answer}");
        assert!(!text(&answer, "Code").is_empty() && !text(&answer, "Message").is_empty());
    }
    assert_eq!(serving.get("/").0, 200);
    let (token, keys) = (token.clone(), serving.get("/").1);
    let said = serving.said();
    assert!(said.contains("http 403"), "{said}");
    for secret in [token.as_str(), SECRET_KEY, text(&keys, "SecretAccessKey"), text(&keys, "Token")] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn only_this_machine_is_listened_to() {
    let Some(world) = World::new() else { return };
    let serving = Serving::start(in_role(&world, &[]));
    assert!(serving.address.ip().is_loopback());
    let port = serving.address.port();
    for other in [SocketAddr::from(([127, 0, 0, 2], port)), format!("[::1]:{port}").parse().unwrap()] {
        assert!(TcpStream::connect_timeout(&other, Duration::from_secs(10)).is_err(), "{other}");
    }
    // The port is taken.
    let (status, printed, errors) = end(in_role(&world, &["--port", &port.to_string()]));
    assert_eq!((status, printed.as_str()), (Some(1), ""));
    assert!(errors.starts_with(&format!("sts: port {port} of 127.0.0.1 cannot be listened at")), "{errors}");
}

#[test]
fn slow_callers_do_not_keep_others_waiting() {
    let Some(world) = World::new() else { return };
    let serving = Serving::start(in_role(&world, &[]));
    let mut slow: Vec<_> = (0..200).map(|_| serving.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    }
    assert_eq!(serving.get("/").0, 200);
    // A byte now and then does not buy more time.
    let dripping = std::thread::spawn({
        let mut stream = slow.pop().unwrap();
        move || {
            let mut reader = stream.try_clone().unwrap();
            let writer = std::thread::spawn(move || {
                while stream.write_all(b"a").is_ok() {
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
            let mut answer = String::new();
            let _ = reader.read_to_string(&mut answer);
            writer.join().unwrap();
            answer
        }
    });
    for mut stream in slow {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(parsed(&answer).0, 408);
    }
    assert!(dripping.join().unwrap().starts_with("HTTP/1.1 408 "));
}

#[test]
fn many_callers_share_one_session() {
    let Some(world) = World::with(Server::builder().role(Role::new("other"))) else { return };
    let serving = Arc::new(Serving::start(in_role(&world, &[])));
    let target = format!("/role-arn/{}", world.sts.role_arn("other"));
    let callers: Vec<_> = (0..300)
        .map(|number| {
            let (serving, target) = (Arc::clone(&serving), target.clone());
            std::thread::spawn(move || serving.get(if number % 2 == 0 { "/" } else { &target }))
        })
        .collect();
    let mut ids: Vec<_> = callers
        .into_iter()
        .map(|caller| {
            let (status, keys) = caller.join().unwrap();
            assert_eq!(status, 200, "{keys}");
            text(&keys, "AccessKeyId").to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2);
    assert_eq!(
        world.sts.requests().iter().filter(|it| it.action.as_deref() == Some("AssumeRole")).count(),
        2
    );
}

#[test]
fn sessions_are_renewed_before_they_end() {
    let Some(world) = World::with(Server::builder().min_duration_seconds(1)) else { return };
    let serving = Serving::start(in_role(&world, &["--duration", "3"]));
    let first = text(&serving.get("/").1, "AccessKeyId").to_owned();
    let mut ids = std::collections::BTreeSet::from([first]);
    while ids.len() < 3 {
        let (status, keys) = serving.get("/");
        assert_eq!(status, 200, "{keys}");
        let mut command = world.without_keys(&["get-caller-identity"]);
        command.envs(serving.variables());
        printed(command);
        ids.insert(text(&keys, "AccessKeyId").to_owned());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A service that fails later does not end the program, and callers learn of it in the form that they know.
#[test]
fn failures_have_the_form_of_a_container() {
    let Some(world) = World::with(Server::builder().role(Role::new("other"))) else { return };
    let serving = Serving::start(in_role(&world, &[]));
    let target = format!("/role-arn/{}", world.sts.role_arn("other"));
    world
        .sts
        .respond_with(|_| Some(http::Response::builder().status(503).body(bytes::Bytes::new()).unwrap()));
    let (status, answer) = serving.get(&target);
    assert_eq!(status, 503, "{answer}");
    assert!(text(&answer, "Message").contains("503"), "{answer}");
    // What is there is given.
    assert_eq!(serving.get("/").0, 200);
    world.sts.respond_normally();
    let mut command = world.without_keys(&["whoami"]);
    command.envs(serving.variables()).env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong");
    let (status, _, errors) = end(command);
    assert_eq!(status, Some(3), "{errors}");
    assert!(errors.contains("was answered with http 403 AccessDenied; check the token"), "{errors}");
}

#[test]
fn nothing_is_said_to_be_ready_without_credentials() {
    let Some(world) = World::new() else { return };
    let (status, printed, _) = end(world.without_keys(&["serve"]));
    assert_eq!((status, printed.as_str()), (Some(3), ""));
    let role = world.sts.role_arn("nobodys");
    let (status, printed, errors) = end(world.sts(&["serve", "--role", &role]));
    assert_eq!((status, printed.as_str()), (Some(1), ""), "{errors}");
    let (status, printed, errors) = end(world.sts(&["serve", "--format", "ini"]));
    assert_eq!((status, printed.as_str()), (Some(2), ""), "{errors}");
}

#[test]
fn what_goes_before_the_endpoint_is_said() {
    let Some(world) = World::new() else { return };
    let said = Serving::start(in_role(&world, &[])).said();
    assert!(
        said.starts_with(
            "sts: programs with these variables look for the credentials of environment first; "
        ),
        "{said}"
    );
    world.home.write(
        ".aws/credentials",
        format!("[base]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET_KEY}\n"),
    );
    assert_eq!(Serving::start(world.without_keys(&["serve", "--profile", "base"])).said(), "");
    // Variables of a container, in a format that removes them and in one that cannot.
    for name in ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
        for (format, said, printed) in [
            ("env", String::new(), format!("unset {name}\n")),
            (
                "dotenv",
                format!("sts: programs obey {name} before these variables; take it away from them\n"),
                String::new(),
            ),
        ] {
            let mut command = world.without_keys(&["serve", "--profile", "base", "--format", format]);
            command.env(name, "/v2/credentials");
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let (told, errors) = first_words(child, if printed.is_empty() { 2 } else { 3 });
            assert_eq!(errors, said, "{name}");
            assert!(
                told.ends_with(&printed) && told.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
                "{told}"
            );
        }
    }
}

/// So many lines of its standard output, and all of its standard error until it is ended after them.
fn first_words(mut child: Child, lines: usize) -> (String, String) {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    for _ in 0..lines {
        output.read_line(&mut told).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (told, errors)
}

#[test]
fn a_signal_ends_it_at_once_and_no_list_of_processes_shows_a_secret() {
    use std::os::unix::process::ExitStatusExt;

    let Some(world) = World::new() else { return };
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mut serving = Serving::start(in_role(&world, &[]));
        let pid = serving.child.id().to_string();
        if let Ok(line) = std::fs::read_to_string(format!("/proc/{pid}/cmdline")) {
            assert!(
                line.contains("serve") && !line.contains(&serving.token) && !line.contains(SECRET_KEY),
                "{line}"
            );
        }
        Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert_eq!(ended(&mut serving.child).signal(), Some(number));
    }
}

#[test]
fn boto3_and_the_aws_cli_ask_it() {
    let Some(world) = World::new() else { return };
    let Some(python) = std::env::var_os("STS_PYTHON").map(std::path::PathBuf::from) else {
        assert!(std::env::var_os("CI").is_none(), "STS_PYTHON names no Python that has boto3 and awscli");
        println!("skipped: STS_PYTHON names no Python that has boto3 and awscli");
        return;
    };
    let serving = Serving::start(in_role(&world, &["--session-name", "build"]));
    let with = |mut command: Command| {
        command.env_clear().envs(world.home.variables(&[]));
        command.envs(serving.variables()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("AWS_ENDPOINT_URL_STS", world.sts.url()).env("AWS_DEFAULT_REGION", "us-east-1");
        end(command)
    };
    let mut boto = Command::new(&python);
    boto.args(["-I", "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"]);
    let mut cli = Command::new(python.with_file_name("aws"));
    cli.args(["sts", "get-caller-identity", "--query", "Arn", "--output", "text"]);
    for command in [boto, cli] {
        let (status, arn, errors) = with(command);
        assert_eq!(status, Some(0), "{errors}");
        assert!(arn.trim().ends_with(":assumed-role/demo/build"), "{arn}");
    }
}
