//! The endpoints that give out keys to every program on the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sts_proto::Outcome;
use sts_tests::driver::Driver;
use sts_tests::home::Home;

use super::peer::{Peer, drivers, is_session};

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn instance_metadata(peer: &Peer) {
    let home = Home::new();
    let variables = home.variables(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &peer.url)]);
    for driver in drivers(&variables) {
        found(&driver, "instance metadata", "version 2");
    }
    // The region comes from there too, where nothing else says it.
    let variables: Vec<_> = variables.into_iter().filter(|(name, _)| *name != "AWS_REGION").collect();
    for driver in drivers(&variables) {
        found(&driver, "instance metadata", "version 2, without a region");
        let settings = driver.explain().settings;
        let region = settings.iter().find(|setting| setting.name == "region").expect("a region is listed");
        assert_eq!(&*region.value, "us-east-1", "{driver}: {region:?}");
    }

    let front = Front::before(&peer.url);
    let variables = home.variables(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &front.url)]);
    for driver in drivers(&variables) {
        found(&driver, "instance metadata", "version 1");
    }
    assert_eq!(front.refused.load(Ordering::SeqCst), 2, "each client asks for a token first");
    let forbidden =
        [("AWS_EC2_METADATA_SERVICE_ENDPOINT", front.url.as_str()), ("AWS_EC2_METADATA_V1_DISABLED", "true")];
    for driver in drivers(&home.variables(&forbidden)) {
        let error = driver.credentials().expect_err("version 1 is forbidden").to_string();
        assert!(error.contains("AWS_EC2_METADATA_V1_DISABLED"), "{driver}: {error}");
    }
}

pub(crate) fn container(peer: &Peer) {
    let home = Home::new();
    let uri = format!("{}/v2/credentials/6b1e3ab7", peer.url);
    let token = home.write("token", "Basic planted");
    let token = token.to_str().expect("a plain name");
    let more = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token),
    ];
    for driver in drivers(&home.variables(&more)) {
        found(&driver, "container", "as it is");
    }
}

/// The client finds the keys of a session, from this source, and says so.
fn found(driver: &Driver, source: &str, how: &str) {
    let keys = driver.credentials().unwrap_or_else(|error| panic!("{driver}, {source}, {how}: {error}"));
    assert!(is_session(&keys, HOUR), "{driver}, {source}, {how}: {keys:?}");
    assert!(keys.access_key_id.starts_with("ASIA"), "{driver}, {source}, {how}: {keys:?}");
    let explanation = driver.explain();
    let used = explanation.credentials.iter().find(|tried| matches!(tried.outcome, Outcome::Used(_)));
    assert_eq!(used.map(|used| &*used.source), Some(source), "{driver}: {explanation}");
    let text = explanation.to_string();
    assert!(!text.contains(keys.secret_access_key.expose()), "{driver} explains too much: {text}");
    super::say(format_args!("{source}, {how}, {driver} ok (access key …{})", &keys.access_key_id[16..]));
}

/// Stands before a metadata service and refuses to give out tokens, as one of version 1 does.
struct Front {
    url: String,
    refused: Arc<AtomicUsize>,
}

impl Front {
    /// Lives as long as the process.
    fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback interface");
        let address = listener.local_addr().expect("an address");
        let refused = Arc::<AtomicUsize>::default();
        let (behind, count) = (url.trim_start_matches("http://").to_owned(), Arc::clone(&refused));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behind, count) = (behind.clone(), Arc::clone(&count));
                std::thread::spawn(move || pass_on(stream, &behind, &count));
            }
        });
        Self { url: format!("http://{address}"), refused }
    }
}

/// One request; then the connection is closed.
fn pass_on(mut client: TcpStream, behind: &str, refused: &AtomicUsize) -> std::io::Result<()> {
    let mut head = String::new();
    let mut lines = BufReader::new(client.try_clone()?);
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    if !head.starts_with("GET ") {
        refused.fetch_add(1, Ordering::SeqCst);
        return client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let shows_token = head.to_ascii_lowercase().contains("x-aws-ec2-metadata-token");
    assert!(!shows_token, "version 1 knows no tokens");
    let mut server = TcpStream::connect(behind)?;
    server.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    client.write_all(&answer)
}
