//! What people get wrong about credentials, each with the words of the error that tells them: through both clients, with
//! real files, programs and servers.

use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use sts_proto::settings::Env;
use sts_proto::{Effect, Error, Event, Flow, Settings, Step};
use sts_tests::driver::{Driver, Setup};
use sts_tests::finding::Finding;
use sts_tests::home::{Home, slashed};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What is wrong, and what the error has to say.
struct Row {
    name: &'static str,
    config: &'static str,
    /// Other files, below the home directory.
    files: &'static [(&'static str, &'static str)],
    /// `{home}`, `{html}` and `{silent}` stand for the home directory and two servers, `{long}` for a name that is too long.
    variables: &'static [(&'static str, &'static str)],
    words: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        name: "a source profile is missing",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = gone\n",
        words: &["profile default", "source_profile gone", "in none of the shared files"],
        ..NOTHING
    },
    Row {
        name: "AWS_PROFILE names nothing",
        config: "[default]\nregion = us-east-1\n",
        variables: &[("AWS_PROFILE", "gone")],
        words: &["gone", "AWS_PROFILE", "{home}/.aws/config"],
        ..NOTHING
    },
    Row {
        name: "half a key pair in a profile",
        config: "[default]\naws_secret_access_key = planted\n",
        words: &["profile default", "aws_secret_access_key without aws_access_key_id"],
        ..NOTHING
    },
    Row {
        name: "half a key pair in the environment",
        variables: &[("AWS_SECRET_ACCESS_KEY", "planted")],
        words: &["AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"],
        ..NOTHING
    },
    Row {
        name: "a loop of three profiles",
        config: "[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = b\nsource_profile = c\n\
                 [profile c]\nrole_arn = c\nsource_profile = default\n",
        words: &["circle", "default to b to c to default"],
        ..NOTHING
    },
    Row {
        name: "a role without a source",
        config: "[default]\nrole_arn = arn:aws:iam::1:role/a\n",
        words: &[
            "profile default",
            "role_arn without source_profile, credential_source or web_identity_token_file",
        ],
        ..NOTHING
    },
    Row {
        name: "both sources",
        config: "[default]\nrole_arn = a\nsource_profile = b\ncredential_source = Environment\n[profile b]\n",
        words: &["profile default", "both source_profile and credential_source"],
        ..NOTHING
    },
    Row {
        name: "a file that cannot be read",
        variables: &[("AWS_CONFIG_FILE", "{home}/.aws/{long}")],
        words: &["{home}/.aws/{long}", "cannot be read (file name too long)"],
        ..NOTHING
    },
    Row {
        name: "a directory in place of a file",
        variables: &[("AWS_SHARED_CREDENTIALS_FILE", "{home}/.aws")],
        words: &["{home}/.aws", "cannot be read"],
        ..NOTHING
    },
    Row { name: TEN_MEBIBYTES, words: &["{home}/.aws/config", "larger than 1 MiB"], ..NOTHING },
    Row { name: NOT_UTF_8, words: &["{home}/.aws/config", "line 2", "not valid utf-8"], ..NOTHING },
    Row {
        name: "a token file that is empty",
        files: &[("token", "\n")],
        variables: WEB_IDENTITY,
        words: &["web identity", "{home}/token is empty", "check"],
        ..NOTHING
    },
    Row {
        name: "a token file with a line break inside",
        files: &[("token", "planted\nplanted")],
        variables: WEB_IDENTITY,
        words: &["{home}/token", "line break inside", "a token alone"],
        ..NOTHING
    },
    Row {
        name: "no token file",
        variables: WEB_IDENTITY,
        words: &["{home}/token does not exist", "check its path"],
        ..NOTHING
    },
    Row {
        name: "a container's token file with a line break inside",
        files: &[("token", "planted\nx: planted")],
        variables: &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{html}"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{home}/token"),
        ],
        words: &["{home}/token", "line break inside", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
        ..NOTHING
    },
    Row {
        name: "a program that fails",
        config: "[default]\ncredential_process = sh -c \"echo planted; echo planted >&2; exit 7\"\n",
        words: &["profile default", "credential_process", "status 7", "run it by hand"],
        ..NOTHING
    },
    Row {
        name: "a program that is not there",
        config: "[default]\ncredential_process = /no/such/program --key planted\n",
        words: &["credential_process", "cannot be run (no such file or directory)", "exists"],
        ..NOTHING
    },
    Row {
        name: "a program with a secret in front that fails",
        config: "[default]\ncredential_process = TOKEN=planted sh -c 'test \"$TOKEN\" = planted && exit 9'\n",
        words: &["credential_process", "status 9"],
        ..NOTHING
    },
    Row {
        name: "a program that prints nothing",
        config: "[default]\ncredential_process = true --key planted\n",
        words: &["credential_process", "printed nothing", "Version 1"],
        ..NOTHING
    },
    Row {
        name: "a program that prints megabytes",
        config: "[default]\ncredential_process = head -c 5000000 /dev/zero\n",
        words: &["credential_process", "more than 1048576 bytes"],
        ..NOTHING
    },
    Row {
        name: "a program that prints another version",
        config: "[default]\ncredential_process = echo '{\"Version\": 2, \"SecretAccessKey\": \"planted\"}'\n",
        words: &["credential_process", "version 2, not 1"],
        ..NOTHING
    },
    Row {
        name: "a container on a foreign host",
        variables: &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://keys.example.com/x"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "planted"),
        ],
        words: &["AWS_CONTAINER_CREDENTIALS_FULL_URI", "keys.example.com", "may not be asked", "https"],
        ..NOTHING
    },
    Row {
        name: "a container that answers with a web page",
        variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{html}")],
        words: &["container", "not json", "web page"],
        ..NOTHING
    },
    Row {
        name: "a metadata service that answers with a web page",
        variables: &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{html}")],
        words: &["instance metadata", "/latest/api/token", "not a token", "AWS_EC2_METADATA_DISABLED=true"],
        ..NOTHING
    },
    Row {
        name: "a metadata service behind one hop too many",
        variables: &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{silent}")],
        words: &["instance metadata", "hop limit", "AWS_EC2_METADATA_DISABLED=true"],
        ..NOTHING
    },
    Row {
        name: "an expired login",
        config: "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n[sso-session corp]\n\
                 sso_start_url = https://corp.example.com\nsso_region = us-east-1\n",
        files: &[(
            ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
            r#"{"accessToken": "planted", "expiresAt": "2020-01-01T00:00:00Z"}"#,
        )],
        words: &["expired", "`aws sso login --sso-session corp`"],
        ..NOTHING
    },
    Row {
        name: "a flag that is neither true nor false",
        variables: &[("AWS_USE_FIPS_ENDPOINT", "yes")],
        words: &["AWS_USE_FIPS_ENDPOINT has to be true or false"],
        ..NOTHING
    },
    Row {
        name: "nothing at all",
        words: &[
            "no credentials",
            "AWS_ACCESS_KEY_ID",
            "profile default",
            "AWS_EC2_METADATA_DISABLED is true",
        ],
        ..NOTHING
    },
];

#[test]
fn each_is_a_clear_error() {
    let servers = Servers::start();
    // One after the other would be a matter of waiting, for servers that are silent.
    let outcomes: Vec<(&Row, Result<Vec<String>, String>)> = std::thread::scope(|scope| {
        // Programs and the longest names are those of Unix.
        let of_unix = |row: &Row| {
            let long = row.variables.iter().any(|(_, value)| value.contains("{long}"));
            long || row.config.contains("credential_process")
        };
        let rows = ROWS.iter().filter(|row| cfg!(unix) || !of_unix(row));
        let rows: Vec<_> = rows.map(|row| (row, scope.spawn(|| row.run(&servers)))).collect();
        rows.into_iter().map(|(row, run)| (row, run.join().expect("no row panics"))).collect()
    });
    let mut failures = Vec::new();
    for (row, outcome) in outcomes {
        match outcome {
            Ok(texts) => println!("{}: {}", row.name, texts.join("\n    ")),
            Err(problem) => failures.push(format!("{}: {problem}", row.name)),
        }
    }
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), ROWS.len(), failures.join("\n"));
}

/// Daemons often have it so. There can be no file, which is no mistake.
#[test]
fn a_home_that_is_no_folder_holds_no_files() {
    let variables = [
        ("HOME", "/dev/null"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    for driver in Setup::of_environment(variables).drivers().expect("the settings can be used") {
        let keys = driver.credentials().unwrap_or_else(|error| panic!("{driver}: {error}"));
        assert_eq!(keys.access_key_id, "AKIDEXAMPLE", "{driver}");
    }
}

/// A program is given most of a minute: more than a test has.
#[cfg(unix)]
#[test]
fn a_program_that_hangs_is_ended() {
    let home = Home::with_config("[default]\ncredential_process = sleep 300\n");
    let hurry = |flow| Altered { flow, ahead: Duration::ZERO, longest_run: Duration::from_millis(300) };
    let begun = Instant::now();
    for (driver, error) in through_both(&home, hurry) {
        check(&error, &["credential_process", "did not end", "was stopped", "run it by hand"])
            .unwrap_or_else(|problem| panic!("{driver}: {problem}"));
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "the program was not ended");
}

/// The clock is an hour ahead, and keys that are good for half of one seem to be over.
#[test]
fn a_clock_that_is_wrong_by_an_hour() {
    let end = OffsetDateTime::from(SystemTime::now() + Duration::from_secs(1800));
    let end = end.format(&Rfc3339).expect("a date of our time");
    let quote = if cfg!(windows) { "" } else { "'" };
    let home = Home::with_config(&format!(
        "[default]\ncredential_process = echo {quote}{{\"Version\": 1, \"AccessKeyId\": \"ASIA\", \"SecretAccessKey\": \
         \"planted\", \"SessionToken\": \"planted\", \"Expiration\": \"{end}\"}}{quote}\n"
    ));
    let late =
        |flow| Altered { flow, ahead: Duration::from_secs(3600), longest_run: Duration::from_secs(60) };
    for (driver, error) in through_both(&home, late) {
        check(&error, &["profile default", "expired 1", "s ago", "set this machine's clock right"])
            .unwrap_or_else(|problem| panic!("{driver}: {problem}"));
    }
}

impl Row {
    fn run(&self, servers: &Servers) -> Result<Vec<String>, String> {
        let home = Home::new();
        std::fs::create_dir_all(home.path(".aws/sso/cache")).expect("a directory can be made");
        match self.name {
            TEN_MEBIBYTES => home.write(".aws/config", "# planted\n".repeat(1 << 20)),
            NOT_UTF_8 => home.write(".aws/config", b"[default]\naws_secret_access_key = planted\xff\n"),
            _ => home.write(".aws/config", self.config),
        };
        for (name, contents) in self.files {
            home.write(name, contents);
        }
        let fill = |text: &str| {
            let root = slashed(home.path("").to_str().unwrap_or_default());
            let text = text.replace("{home}", &root);
            let text = text.replace("{html}", &servers.html).replace("{silent}", &servers.silent);
            text.replace("{long}", &"x".repeat(300))
        };
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| (*name, fill(value))).collect();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let setup = Setup::of_environment(home.variables(&variables));
        let words: Vec<String> = self.words.iter().map(|words| fill(words)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut texts = Vec::new();
        for (name, driver) in [("blocking", setup.blocking()), ("async", setup.asynchronous())] {
            let Err(error) = driver.and_then(|driver| driver.credentials()) else {
                return Err(format!("{name} found credentials"));
            };
            check(&error, &words).map_err(|problem| format!("{name}: {problem}"))?;
            texts.push(error.to_string());
        }
        if texts[0] != texts[1] {
            return Err(format!("the clients differ: {} | {}", texts[0], texts[1]));
        }
        texts.truncate(1);
        Ok(texts)
    }
}

/// The error holds these words, in one lower-case line, and nothing that was planted.
fn check(error: &Error, words: &[&str]) -> Result<(), String> {
    let text = slashed(&error.to_string());
    let mut everything = format!("{text} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        everything.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    if let Some(missing) = words.iter().find(|words| !text.contains(**words)) {
        return Err(format!("{missing:?} is not said: {text}"));
    }
    if everything.contains("planted") {
        return Err(format!("a secret is shown: {everything}"));
    }
    let begins_small =
        text.chars().next().is_some_and(|first| !first.is_uppercase()) || text.starts_with("AWS_");
    let one_line = !text.contains('\n') && !text.ends_with('.');
    if begins_small && one_line { Ok(()) } else { Err(format!("it is not written as errors are: {text:?}")) }
}

/// What comes of finding credentials, with something altered.
fn through_both<F>(home: &Home, alter: impl Fn(Finding) -> F) -> Vec<(Driver, Error)>
where
    F: Flow<Output: Send, Error = Error> + Send + 'static,
{
    let env = Env::from_iter(home.variables(&[]));
    let drivers =
        Setup::new(Settings::new().region("us-east-1")).drivers().expect("the settings can be used");
    let one = |driver: Driver| match driver.run(alter(Finding::new(env.clone(), 1))) {
        Ok(_) => panic!("{driver} found credentials"),
        Err(error) => (driver, error),
    };
    drivers.into_iter().map(one).collect()
}

/// A flow whose clock is wrong, and whose programs have less time.
struct Altered {
    flow: Finding,
    ahead: Duration,
    longest_run: Duration,
}

impl Flow for Altered {
    type Output = <Finding as Flow>::Output;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Self::Output>, Error> {
        Ok(match self.flow.step(now + self.ahead, event)? {
            Step::Perform(Effect::Run(mut command)) => {
                command.timeout = command.timeout.min(self.longest_run);
                Step::Perform(Effect::Run(command))
            }
            step => step,
        })
    }
}

/// Servers that are not what they are taken for.
struct Servers {
    html: String,
    silent: String,
}

impl Servers {
    /// They live as long as the process.
    fn start() -> Self {
        const PAGE: &[u8] =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 41\r\nConnection: close\r\n\r\n\
                              <html><body>planted sign-in</body></html>";
        let server = |answer: &'static [u8]| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback interface");
            let address = listener.local_addr().expect("an address");
            std::thread::spawn(move || {
                for mut stream in listener.incoming().flatten() {
                    std::thread::spawn(move || {
                        let mut some = [0; 4096];
                        let _ = stream.read(&mut some);
                        let _ = std::io::Write::write_all(&mut stream, answer);
                        // One that says nothing waits for the client to go.
                        let _ = answer.is_empty().then(|| stream.read(&mut some));
                    });
                }
            });
            format!("http://{address}")
        };
        Self { html: server(PAGE), silent: server(b"") }
    }
}

const NOTHING: Row = Row { name: "", config: "", files: &[], variables: &[], words: &[] };
const TEN_MEBIBYTES: &str = "a config file of ten mebibytes";
const NOT_UTF_8: &str = "a config file that is not UTF-8";
const WEB_IDENTITY: &[(&str, &str)] =
    &[("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token"), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/web")];
