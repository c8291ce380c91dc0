//! A process that can start no thread. Calls through each client end, with an error or without.

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Retry, Settings, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup};
use sts_tests::peer::IDENTITY;
use sts_tests::scripted::{Script, Scripted};

pub(crate) fn no_thread_to_be_had_is_an_error() {
    // It is read when the first thread is started; no system has so much memory for a stack.
    let endless = (1_u64 << 60).to_string();
    if std::env::var("RUST_MIN_STACK").is_ok_and(|stack| stack == endless) {
        return calls_without_threads();
    }
    let server = Scripted::start(Script::Answer(200, "text/xml", IDENTITY.into()));
    let mut test = std::process::Command::new(std::env::current_exe().unwrap());
    let test = test.args(["--exact", "no_thread_to_be_had_is_an_error", "--nocapture", "--test-threads=1"]);
    let output = test.env("RUST_MIN_STACK", endless).env(PORT, server.port().to_string()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}{err}");
    assert!(!err.contains("panicked"), "{err}");
}

fn calls_without_threads() {
    assert!(std::thread::Builder::new().spawn(|| {}).is_err(), "there are threads");
    let port = std::env::var(PORT).unwrap();
    let config = std::env::temp_dir().join(format!("sts-tests-threads-{}", std::process::id()));
    std::fs::write(&config, "[default]\n").unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let settings = Settings::new()
            .region("eu-west-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "planted-secret"))
            .endpoint_url(format!("http://{host}:{port}"))
            .retry(Retry::off());
        for driver in drivers(&Setup::new(settings)) {
            match driver.send(GetCallerIdentity::new()) {
                Ok(_) => assert_eq!(host, "127.0.0.1", "{driver}: an address needs no thread"),
                Err(error) => {
                    let error = error.as_transport_error().unwrap();
                    assert_eq!((host, error.kind()), ("localhost", Kind::Connect), "{driver}: {error:?}");
                    let why = std::error::Error::source(error).unwrap().to_string();
                    assert!(
                        why.starts_with("no thread could be started to look the name up"),
                        "{driver}: {why}"
                    );
                }
            }
        }
    }
    // Files are read, and jobs are run, without a thread for them.
    let path = config.display().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let token = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", path.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::0123:role/a"),
        ("AWS_CONFIG_FILE", &path),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_SHARED_CREDENTIALS_FILE", &path),
        ("AWS_ENDPOINT_URL", &url),
    ];
    for driver in drivers(&Setup::of_environment(token)) {
        // The server gives no credentials; what matters is that it was asked.
        let error = driver.send(GetCallerIdentity::new()).unwrap_err();
        assert!(error.to_string().contains("AssumeRoleWithWebIdentity"), "{driver}: {error}");
    }
    std::fs::remove_file(&config).unwrap();
}

/// The async one on a runtime that starts no thread of its own.
fn drivers(setup: &Setup) -> [Driver; 2] {
    [setup.blocking().unwrap(), setup.on_this_thread().unwrap()]
}

const PORT: &str = "STS_TESTS_PORT";
