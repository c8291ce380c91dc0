//! Every source of credentials, each with secrets in all that it reads, and one in all that comes back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sts_proto::settings::Env;
use sts_proto::{Error, Secret};
use sts_tests::driver::Driver;
use sts_tests::scripted::{Script, Scripted};

use super::planted::{PLANTED, clean, clean_debug, clean_error, secret};

/// What a client is made of.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    env: Vec<(&'static str, String)>,
    /// Answers one request after the other.
    server: Scripted,
}

/// One for each source and each way in which it may fail. `home` is an empty folder.
pub(crate) fn cases(home: &Path) -> Vec<Case> {
    let token_file = write(home, "token", &secret("token-file"));
    let document = format!(
        r#"{{"Version":1,"Code":"Success","AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"{0}","SessionToken":"{0}","Token":"{0}","Expiration":"2099-01-01T00:00:00Z"}}"#,
        secret("issued")
    );
    let prints = |name: &str, text: &str| {
        let file = write(home, &format!("{name}.json"), text);
        write(home, name, &format!("cat {file}\n"))
    };
    let document_file = prints("document", &document);
    let quoted =
        format!(r#"{{"Code":"{0}","message":"{0}","Version":1,"AccessKeyId":"{0}"}}"#, secret("quoted"));
    let quoted_file = prints("quoted", &quoted);
    let portal = format!(
        r#"{{"roleCredentials":{{"accessKeyId":"a","secretAccessKey":"{0}","sessionToken":"{0}","expiration":4000000000000}}}}"#,
        secret("portal")
    );
    let login = format!(r#"{{"accessToken":"{}","expiresAt":"2099-01-01T00:00:00Z"}}"#, secret("login"));
    // SHA-1 of the session's name, `s`.
    write(home, ".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json", &login);

    // Both end at once, so that they are renewed each time.
    let console = |session: &str| {
        let login = format!(
            r#"{{"accessToken":{{"accessKeyId":"A","secretAccessKey":"{0}","sessionToken":"{0}","expiresAt":"2020-01-01T00:00:00Z"}},"refreshToken":"{1}","clientId":"c","dpopKey":"{KEY}"}}"#,
            secret("console"),
            secret("console-refresh")
        );
        let name: String = Sha256::digest(session).iter().map(|byte| format!("{byte:02x}")).collect();
        write(home, &format!(".aws/login/cache/{name}.json"), &login);
        vec![("CONFIG", format!("[default]\nlogin_session = {session}\n"))]
    };
    let renewed = format!(
        r#"{{"accessToken":{{"accessKeyId":"ASIAEXAMPLE","secretAccessKey":"{0}","sessionToken":"{0}"}},"refreshToken":"{1}","expiresIn":200}}"#,
        secret("console-renewed"),
        secret("console-refresh-renewed")
    );
    let ended = format!(
        r#"{{"accessToken":"{0}","expiresAt":"2020-01-01T00:00:00Z","clientId":"c","clientSecret":"{0}","registrationExpiresAt":"2099-01-01T00:00:00Z","refreshToken":"{0}"}}"#,
        secret("ended")
    );
    // SHA-1 of the session's name, `t`.
    write(home, ".aws/sso/cache/8efd86fb78a56a5145ed7739dcb00c78581c5375.json", &ended);
    let token =
        format!(r#"{{"accessToken":"{0}","refreshToken":"{0}","expiresIn":200}}"#, secret("token-renewed"));

    let json = |body: &str| Script::Answer(200, "application/json", body.as_bytes().to_vec());
    let refused = |body: &str| Script::Answer(400, "application/json", body.as_bytes().to_vec());
    let metadata = |last: Script| vec![json(&secret("imds-token")), json("role"), last];
    let container = || vec![("AWS_CONTAINER_AUTHORIZATION_TOKEN", secret("container"))];
    let from_file = || vec![("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file.clone())];
    let keys = format!(
        "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {0}\naws_session_token = {0}\n",
        secret("profile")
    );
    let role =
        "[profile role]\nrole_arn = arn:r\nsource_profile = default\nmfa_serial = arn:mfa\nexternal_id = x\n";
    let process =
        |command: String| format!("[default]\ncredential_process = {command} {}\n", secret("argument"));
    let sso = "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = eu-west-1\n\
               sso_start_url = https://x.awsapps.com/start\n";
    let sso_renewed = sso.replace("= s\n", "= t\n").replace("session s]", "session t]");
    let web =
        || vec![("AWS_WEB_IDENTITY_TOKEN_FILE", token_file.clone()), ("AWS_ROLE_ARN", "arn:r".to_owned())];
    let config = |text: String| vec![("CONFIG", text)];

    vec![
        Case::new("environment", keys_of_the_environment(), vec![Script::Echo]),
        Case::new("profile", config(keys.clone()), vec![Script::Echo]),
        Case::new("a profile with a wrong line", config(format!("{keys}{PLANTED}\n")), vec![Script::Echo]),
        Case::new(
            "role",
            [config(format!("{keys}{role}")), vec![("AWS_PROFILE", "role".to_owned())]].concat(),
            vec![Script::Echo],
        ),
        Case::new("process", config(process(format!("sh {document_file}"))), vec![Script::Echo]),
        Case::new("process that quotes", config(process(format!("sh {quoted_file}"))), vec![Script::Echo]),
        Case::new("process that is not there", config(process("/nonexistent".into())), vec![Script::Echo]),
        Case::new("process with a quote left open", config(process("cat 'x".into())), vec![Script::Echo]),
        Case::new("container", container(), vec![json(&document), Script::Echo]),
        Case::new("container that quotes", container(), vec![json(&quoted), Script::Echo]),
        Case::new("container that refuses", container(), vec![refused(&quoted), Script::Echo]),
        Case::new("container that echoes", container(), vec![Script::Echo]),
        Case::new("container with a token file", from_file(), vec![json(&document), Script::Echo]),
        Case::new("container with a token file that echoes", from_file(), vec![Script::Echo]),
        Case::new("metadata", Vec::new(), metadata(json(&document))),
        Case::new("metadata that quotes", Vec::new(), metadata(json(&quoted))),
        Case::new("metadata that echoes", Vec::new(), metadata(Script::Echo)),
        Case::new("sso", config(sso.to_owned()), vec![json(&portal), Script::Echo]),
        Case::new("sso that quotes", config(sso.to_owned()), vec![json(&quoted), Script::Echo]),
        Case::new("sso that echoes", config(sso.to_owned()), vec![Script::Echo]),
        Case::new(
            "sso that is renewed",
            config(sso_renewed.clone()),
            vec![json(&token), json(&portal), Script::Echo],
        ),
        Case::new("sso whose renewal echoes", config(sso_renewed), vec![Script::Echo]),
        Case::new("login", console("a"), vec![json(&renewed), json(&renewed), Script::Echo]),
        Case::new("login that quotes", console("b"), vec![json(&quoted), refused(&quoted), Script::Echo]),
        Case::new("login that echoes", console("c"), vec![Script::Echo]),
        Case::new("web identity", web(), vec![Script::Echo]),
    ]
    .into_iter()
    .map(|case| case.at_home(home))
    .collect()
}

fn keys_of_the_environment() -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret("environment")),
        ("AWS_SESSION_TOKEN", secret("environment-token")),
    ]
}

impl Case {
    fn new(name: &'static str, env: Vec<(&'static str, String)>, scripts: Vec<Script>) -> Self {
        Self { name, env, server: Scripted::in_turn(scripts) }
    }

    /// Puts the files below a folder, and every endpoint where the server is.
    fn at_home(mut self, home: &Path) -> Self {
        let url = self.server.url();
        let config = self.env.iter().position(|(name, _)| *name == "CONFIG").map(|at| self.env.remove(at).1);
        let file =
            write(home, &format!("config-{}", self.name.replace(' ', "-")), &config.unwrap_or_default());
        let container = self.env.iter().any(|(name, _)| name.starts_with("AWS_CONTAINER_"));
        self.env.extend([
            ("AWS_CONFIG_FILE", file),
            ("AWS_SHARED_CREDENTIALS_FILE", home.join("none").display().to_string()),
            ("HOME", home.display().to_string()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ENDPOINT_URL", url.clone()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.clone()),
            ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ]);
        if container {
            let url = format!("{url}/get?key={}", secret("query"));
            self.env.push(("AWS_CONTAINER_CREDENTIALS_FULL_URI", url));
        }
        self
    }

    /// One of the clients, after its builder has been looked at.
    pub(crate) fn driver(&self, asynchronous: bool) -> Result<Driver, Error> {
        let env = Env::from_iter(self.env.clone());
        let code = |_: &str| Some(Secret::from(secret("code")));
        if asynchronous {
            let builder = sts_async::Client::builder().env(env).mfa_code(code);
            clean_debug(&builder);
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            return Ok(Driver::Async(builder.build()?, Arc::new(runtime.expect("a runtime starts"))));
        }
        let builder = sts_blocking::Client::builder().env(env).mfa_code(code);
        clean_debug(&builder);
        builder.build().map(Driver::Blocking)
    }
}

/// Looks at all that a client tells of itself and of its credentials. Whether there were some.
pub(crate) fn look(driver: &Driver) -> bool {
    let (explanation, credentials) = match driver {
        Driver::Blocking(client) => {
            clean_debug(client);
            clean_debug(client.context());
            (client.explain(), client.credentials())
        }
        Driver::Async(client, runtime) => {
            clean_debug(client);
            clean_debug(client.context());
            (runtime.block_on(client.explain()), runtime.block_on(client.credentials()))
        }
    };
    clean(&explanation.to_string());
    clean_debug(&explanation);
    match &credentials {
        Ok(credentials) => clean_debug(credentials),
        Err(error) => clean_error(error),
    }
    credentials.is_ok()
}

fn write(home: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = home.join(name);
    std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder can be made");
    std::fs::write(&path, text).expect("a file can be written");
    path.display().to_string()
}

/// Made for tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEINgJsfoMn5NmrX2lSBFyPwPHx2wjdpaTb7/DnmJk0WYIoAoGCCqGSM49\\n\
                   AwEHoUQDQgAEwGZ4738OtPyA4oY0iHSM7oLyA5ykNMzuQFaWWBG4L0NwRaw9KBfR\\n4V4WDfsapNz4mVzvHBix5v5RqRbGfq6wpw==\\n\
                   -----END EC PRIVATE KEY-----\\n";
