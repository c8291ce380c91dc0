//! A server that does to every request what its script says, well or badly, over TCP or TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is done to a connection.
#[derive(Clone, Debug)]
pub enum Script {
    /// Read the request, answer with status, content type and body, close.
    Answer(u16, &'static str, Vec<u8>),
    /// Read the request, write these bytes as they are, close.
    Raw(Vec<u8>),
    /// Read the request, write these bytes as they are, say no more and keep the connection open.
    RawThenSilence(Vec<u8>),
    /// Read the request and answer with a refusal whose message is the request, headers and body.
    Echo,
    /// Accept the connection and neither read nor write: a TLS handshake never gets its answer.
    Silence,
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    over: AtomicBool,
    requests: AtomicUsize,
}

impl Scripted {
    /// Over plain TCP.
    pub fn start(script: Script) -> Self {
        Self::begin(script, None)
    }

    /// Over TLS with this certificate.
    pub fn start_tls(script: Script, tls: Arc<ServerConfig>) -> Self {
        Self::begin(script, Some(tls))
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many requests were read whole.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    fn begin(script: Script, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if of_thread.over.load(Ordering::SeqCst) {
                    return;
                }
                let (script, tls, shared) = (script.clone(), tls.clone(), Arc::clone(&of_thread));
                std::thread::spawn(move || {
                    // What the client does to the connection is the test's affair.
                    let _ = serve(&script, stream, tls, &shared);
                });
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    script: &Script,
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    shared: &Shared,
) -> io::Result<()> {
    if let Script::Silence = script {
        return silence(shared);
    }
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    match tls {
        None => exchange(script, &stream, shared)?,
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(connection, stream.try_clone()?);
            exchange(script, &mut tls, shared)?;
            tls.conn.send_close_notify();
            tls.flush()?;
        }
    }
    stream.shutdown(Shutdown::Write)?;
    // The client closes first, so that nothing it has not read yet is lost to a reset.
    let _ = io::copy(&mut &stream, &mut io::sink());
    Ok(())
}

fn exchange(script: &Script, mut stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let request = read_request(&mut stream)?;
    shared.requests.fetch_add(1, Ordering::SeqCst);
    match script {
        Script::Answer(status, content_type, body) => answer(&mut stream, *status, content_type, body),
        Script::Echo => {
            let quoted = String::from_utf8_lossy(&request).replace('&', "&amp;").replace('<', "&lt;");
            let line = quoted.replace("\r\n", " ");
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>{line}\n{quoted}\
                 </Message><CanonicalRequest>{quoted}</CanonicalRequest></Error></ErrorResponse>"
            );
            answer(&mut stream, 403, "text/xml", body.as_bytes())
        }
        Script::Raw(bytes) => stream.write_all(bytes).and_then(|()| stream.flush()),
        Script::RawThenSilence(bytes) => {
            stream.write_all(bytes)?;
            stream.flush()?;
            silence(shared)
        }
        Script::Silence => silence(shared),
    }
}

fn answer(stream: &mut impl Write, status: u16, content_type: &str, body: &[u8]) -> io::Result<()> {
    let location =
        if (300..400).contains(&status) { "Location: http://127.0.0.1:9/elsewhere\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{location}\
         x-amzn-RequestId: scripted-request-id\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client may rightly stop reading in the middle of a body that is too long.
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}

/// Head and body of one request.
fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length = length.and_then(|length| length.trim().parse::<usize>().ok()).unwrap_or(0);
            if request.len() >= end + 4 + length {
                return Ok(request);
            }
        }
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => request.extend_from_slice(&part[..count]),
        }
    }
}

/// Says nothing until the server is dropped.
fn silence(shared: &Shared) -> io::Result<()> {
    while !shared.over.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
