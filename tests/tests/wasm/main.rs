//! The async client in WebAssembly, in Node.js and in Chromium, against the embedded STS and servers that behave badly.
//!
//! The cases are those of `tests/wasm/cases`, which `tests/wasm/build` builds, as the rest of that folder; `STS_WASM` names the
//! folder with what it has made. Without it, nothing is run, which is said on standard output; under `CI` that is a failure.

mod stalling;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::header::LOCATION;
use http::{Response, StatusCode};
use sts_tests::site::Site;
use sts_tests::sts::Server;

use stalling::{Stall, Stalling};

#[test]
fn node() {
    let Some(folder) = folder() else { return };
    all_cases_pass("node", |site| {
        let mut node = Command::new("node");
        node.arg(folder.join("cases/node.mjs")).arg(site);
        node
    });
}

#[test]
fn page() {
    in_chromium("index.html");
}

#[test]
fn worker() {
    in_chromium("worker.html");
}

fn in_chromium(page: &str) {
    let Some(folder) = folder() else { return };
    let profile = folder.join(format!("chromium-{page}"));
    all_cases_pass(page, |site| {
        let mut chromium = Command::new("chromium");
        chromium.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ]);
        chromium.arg(format!("--user-data-dir={}", profile.display())).arg(format!("{site}{page}"));
        chromium
    });
}

/// The core imports nothing where there is nothing, and runs on WASI.
#[test]
fn bare() {
    let Some(folder) = folder() else { return };
    let output = Command::new("node").arg("--no-warnings").arg(folder.join("bare/bare.mjs")).output();
    let output = output.expect("Node.js");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "arn:aws:iam::123456789012:user/alice\n", "{said}");
}

const CASES: [&str; 14] = [
    "identity",
    "role",
    "role_kept_fresh",
    "web_identity",
    "refusal",
    "retry",
    "clock_with_date",
    "clock_without_date",
    "redirect",
    "nobody_listens",
    "time_out",
    "too_large",
    "cancellation",
    "no_environment",
];

fn all_cases_pass(host: &str, program: impl Fn(&str) -> Command) {
    let keys = ("AKIAEXAMPLE000000000", "a-secret-that-all-servers-know-0000000000");
    let sts = || Server::builder().access_key(keys.0, keys.1);
    let hour = Duration::from_secs(3600).as_millis() as i64;
    let usual = sts().start();
    let failing_once = sts().start();
    let failed = std::sync::atomic::AtomicBool::new(false);
    failing_once.respond_with(move |_| {
        let first = !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
        first.then(|| Response::builder().status(500).body("unwell".into()).expect("an answer"))
    });
    let dated = sts().clock_offset_ms(hour).exposed_headers("date").start();
    // A browser hides the date that Node.js would show.
    let undated = sts().clock_offset_ms(hour);
    let undated = if host == "node" { undated.without_date().start() } else { undated.start() };
    let redirecting = sts().start();
    let elsewhere = sts().start();
    let target = elsewhere.url();
    redirecting.respond_with(move |_| {
        let answer = Response::builder().status(StatusCode::TEMPORARY_REDIRECT).header(LOCATION, &target);
        Some(answer.body("".into()).expect("an answer"))
    });
    let [silent, dropped] = [Stalling::start(Stall::Silent), Stalling::start(Stall::Silent)];
    let (halting, endless) = (Stalling::start(Stall::Halting), Stalling::start(Stall::Endless));
    // Taken and given back: no server listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    let given = [
        ("access_key_id", keys.0.to_owned()),
        ("secret_access_key", keys.1.to_owned()),
        ("user_arn", usual.user_arn()),
        ("demo", usual.role_arn("demo")),
        ("web", usual.role_arn("web")),
        ("nowhere", usual.role_arn("nowhere")),
        ("token", usual.web_identity_token("page")),
        ("sts", usual.url()),
        ("failing_once", failing_once.url()),
        ("dated", dated.url()),
        ("undated", undated.url()),
        ("redirecting", redirecting.url()),
        ("nobody", format!("http://{nobody}")),
        ("silent", silent.url().to_owned()),
        ("halting", halting.url().to_owned()),
        ("endless", endless.url().to_owned()),
        ("dropped", dropped.url().to_owned()),
    ];
    let given: String = given.into_iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    let folder = folder().expect("a folder").join("cases");
    let site = Site::start(0, folder, BTreeMap::from([("given", given)])).expect("a site");
    let _running =
        Running(program(&site.url()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect(host));
    let post = site.posts().recv_timeout(WITHIN).expect("the page posts what came of its cases");
    assert_eq!(post.path, "/outcome", "{host}: {}", post.body);
    let outcomes: BTreeMap<&str, &str> = post.body.lines().filter_map(|line| line.split_once(' ')).collect();
    let expected: BTreeMap<&str, &str> = CASES.into_iter().map(|case| (case, "ok")).collect();
    assert_eq!(outcomes, expected, "{host}");

    // What the servers have seen of it.
    assert!(elsewhere.requests().is_empty(), "{host} has followed a redirect");
    assert_eq!(usual.preflights() > 0, host != "node");
    let agent =
        |name| usual.requests().iter().filter_map(|request| request.headers.get(name).cloned()).next_back();
    let agent = agent("x-amz-user-agent").expect("a user agent");
    assert!(agent.to_str().is_ok_and(|agent| agent.starts_with("sts-async/")), "{agent:?}");
    for server in [&silent, &halting, &dropped, &endless] {
        let deadline = std::time::Instant::now() + WITHIN;
        while server.seen() != (1, 1) {
            assert!(
                std::time::Instant::now() < deadline,
                "{host}: {:?}, and one request was given up",
                server.seen()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("STS_WASM").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI is set, and STS_WASM is not");
        println!("STS_WASM is not set: nothing is run in WebAssembly");
    }
    folder
}

/// Generous: the machine may be busy.
const WITHIN: Duration = Duration::from_secs(120);
