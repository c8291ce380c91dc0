//! What a person is told, and how the region is found.

use std::sync::Mutex;

use sts_proto::settings::Env;
use sts_proto::{Outcome, Tried};
use sts_proto::{SendTimeouts, Timeouts};

use super::peer::{IDENTITY, response};
use super::*;
use crate::{Transport, TransportFuture};

/// An environment, files and all, of which nothing is there but this.
fn from_env(more: &[(&str, &str)]) -> Builder {
    let nowhere =
        [("AWS_CONFIG_FILE", "/nowhere/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")];
    Builder::from_snapshot(Env::from_iter(nowhere.into_iter().chain(more.iter().copied()))).unwrap()
}

fn shown(told: &[Tried]) -> Vec<String> {
    told.iter().map(ToString::to_string).collect()
}

/// A program that prints credentials, in a profile of its own.
#[cfg(unix)]
struct Profile(std::path::PathBuf);

#[cfg(unix)]
impl Profile {
    fn new(name: &str, command: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sts-async-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config"), format!("[profile dev]\ncredential_process = {command}\n"))
            .unwrap();
        Self(folder)
    }

    fn builder(&self) -> Builder {
        let config = self.0.join("config").display().to_string();
        from_env(&[("AWS_PROFILE", "dev"), ("AWS_CONFIG_FILE", &config)]).region("eu-west-1")
    }
}

#[cfg(unix)]
impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_source_that_does_not_answer_is_named() {
    let profile = Profile::new("hangs", "sleep 30");
    let sts = profile.builder().transport(Peer::sts()).build().unwrap();
    let sts = sts.with_timeouts(Timeouts { call: Duration::from_millis(300), ..Timeouts::default() });
    let error = sts.get_caller_identity().await.unwrap_err().to_string();
    assert!(error.starts_with("no credentials from profile dev: it has not answered after 300ms"), "{error}");
    let told = shown(&sts.explain().await.credentials);
    assert!(told[0].starts_with("environment: not configured"), "{told:?}");
    assert!(told[1].starts_with("profile dev: failed, it has not answered after 300ms"), "{told:?}");
    assert_eq!(told[4], "instance metadata: not asked");
}

// GNU's `date`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_used_is_told_as_it_is_now_and_what_failed_since_too() {
    let end = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 6;
    // Good once, for six seconds at the most. The time is UTC's, whatever the zone.
    let script = "sh -c 'test -e $0 && exit 7; : >$0; date -u -d @$1 +\"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"ASIAEXAMPLE\\\",\\\"SecretAccessKey\\\":\\\"planted\\\",\\\"SessionToken\\\":\\\"planted\\\",\\\"Expiration\\\":\\\"%Y-%m-%dT%H:%M:%SZ\\\"}\"'";
    let profile = Profile::new("once", "");
    let marker = profile.0.join("marker");
    let text = format!("[profile dev]\ncredential_process = {script} {} {end}\n", marker.display());
    std::fs::write(profile.0.join("config"), text).unwrap();
    let sts = profile.builder().transport(Peer::sts()).build().unwrap();
    let first = shown(&sts.explain().await.credentials);
    assert!(first[1].contains("used, credential_process: access key …MPLE, valid for "), "{first:?}");
    // The moment of refresh lies between two thirds and nine tenths of that.
    let told = loop {
        let told = shown(&sts.explain().await.credentials);
        if told[1].contains("warning") || !told[1].contains("used") {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let line = &told[1];
    let (used, warning) = line.split_once("; warning: ").unwrap();
    assert!(
        used.contains("used, credential_process: access key …MPLE, valid for ")
            && warning.contains("status 7"),
        "{line}"
    );
    assert_ne!(first[1], *used);
}

#[tokio::test]
async fn settings_are_told_as_they_are_in_force() {
    let row = |told: &sts_proto::credentials::Explanation, name| {
        let setting = told.settings.iter().find(|setting| setting.name == name).unwrap();
        format!("{} ({})", setting.value, setting.origin)
    };
    let keys = keys("ASIAEXAMPLE", 3600);
    let sts = from_env(&[("AWS_REGION", "eu-west-1"), ("AWS_CA_BUNDLE", "/nowhere/bundle")]);
    let told = sts.transport(Peer::sts()).credentials_provider(keys.clone()).build().unwrap();
    let told = told.with_timeouts(Timeouts { call: Duration::from_secs(1), ..Timeouts::default() });
    let told = told.explain().await;
    assert_eq!(row(&told, "call time-out"), "1 s (set in code)");
    assert_eq!(row(&told, "credentials"), "from a provider (set in code)");
    assert_eq!(row(&told, "ca bundle"), "as the client's own transport has it (set in code)");
    assert_eq!(told.settings.iter().filter(|setting| setting.name == "credentials").count(), 1);

    let told = from_env(&[("AWS_REGION", "eu-west-1")]).credentials(keys).build().unwrap().explain().await;
    assert_eq!(row(&told, "call time-out"), "60 s (default)");
    assert_eq!(row(&told, "extra roots"), "not set (default)");
    assert_eq!(row(&told, "client certificate"), "not set (default)");
}

#[test]
fn of_certificates_is_told_that_they_are_there() {
    let pem = || Some(b"planted".to_vec());
    let all = crate::transport::TlsSettings {
        ca_bundle: pem(),
        extra_roots: pem(),
        client_certificate: Some((b"planted".to_vec(), "planted".into())),
    };
    let shown = |told: Vec<sts_proto::settings::Setting>| -> Vec<String> {
        told.iter().map(|row| format!("{}: {} ({})", row.name, row.value, row.origin)).collect()
    };
    let given = [
        "ca bundle: given (set in code)",
        "extra roots: given (set in code)",
        "client certificate: given (set in code)",
    ];
    assert_eq!(shown(all.told()), given);
    // The environment's bundle is among the settings already.
    let none = ["extra roots: not set (default)", "client certificate: not set (default)"];
    assert_eq!(shown(crate::transport::TlsSettings::default().told()), none);
}

/// An instance's metadata service that knows the region, or does not, and takes a moment; counts the tokens.
#[derive(Clone)]
struct Instance {
    tokens: Arc<Mutex<usize>>,
    region: Option<&'static str>,
}

impl Transport for Instance {
    fn send(&self, request: http::Request<bytes::Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        let path = request.uri().path();
        if path.ends_with("/api/token") {
            *self.tokens.lock().unwrap() += 1;
        }
        let metadata = path.starts_with("/latest/");
        let response = match (path, self.region) {
            ("/latest/api/token", _) => response(200, "token"),
            ("/latest/meta-data/placement/region", Some(region)) => response(200, region),
            ("/", _) => response(200, IDENTITY),
            _ => response(404, ""),
        };
        Box::pin(async move {
            if metadata {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(response)
        })
    }
}

#[tokio::test]
async fn the_region_is_asked_for_once() {
    for region in [Some("eu-central-1"), None] {
        let instance = Instance { tokens: Arc::default(), region };
        let sts = from_env(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
        let sts = sts.transport(instance.clone()).build().unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let sts = sts.clone();
            tasks.spawn(async move { sts.get_caller_identity().await });
        }
        let results = tasks.join_all().await;
        for result in results {
            assert_eq!(result.is_ok(), region.is_some(), "{:?}", result.err());
        }
        assert_eq!(*instance.tokens.lock().unwrap(), 1);
    }
    // Nobody waits for it longer than he has time.
    let instance = Instance { tokens: Arc::default(), region: Some("eu-central-1") };
    let sts = from_env(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
    let sts = sts.transport(instance).build().unwrap();
    let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(20), ..Timeouts::default() });
    let error = hurried.get_caller_identity().await.unwrap_err();
    assert!(error.as_transport_error().is_some(), "{error:?}");
    assert!(matches!(sts.explain().await.credentials[0].outcome, Outcome::Used(_)));
    sts.get_caller_identity().await.unwrap();
}
