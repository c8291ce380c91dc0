//! A server over TCP or TLS that handles each request as its script says, including in ways that a real
//! server should not.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What to do with a connection.
#[derive(Clone, Debug)]
pub enum Script {
    /// Read the request, respond with status, content type and body, close.
    Answer(u16, &'static str, Vec<u8>),
    /// Read the request, respond with status, these headers and this body. The next request on the connection
    /// gets the next script.
    Kept(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Read the request, write these bytes, close.
    Raw(Vec<u8>),
    /// Read the request, write these bytes, close without waiting until the client does.
    RawThenClosed(Vec<u8>),
    /// Read the request, write these bytes, then send nothing and keep the connection open.
    RawThenSilence(Vec<u8>),
    /// Write these bytes as soon as the request starts to arrive, then reset the connection.
    RawThenReset(Vec<u8>),
    /// Read the request, write the first bytes at once and the others one by one with a pause after each,
    /// close.
    Trickle(Vec<u8>, Vec<u8>, Duration),
    /// Read the request, write the first bytes once and the others repeatedly, until the client stops
    /// reading.
    Endless(Vec<u8>, Vec<u8>),
    /// Write these bytes without reading a request, and close.
    Unasked(Vec<u8>),
    /// Write these bytes without reading a request, and close without waiting until the client does.
    UnaskedThenClosed(Vec<u8>),
    /// Wait, then run this script.
    Late(Duration, Box<Script>),
    /// Read the request and respond with an error whose message is the whole request, headers and body.
    Echo,
    /// Accept the connection and send nothing. A TLS handshake is not answered either.
    Silence,
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    over: AtomicBool,
    played: AtomicUsize,
    requests: AtomicUsize,
    successes: AtomicUsize,
    accepted: AtomicUsize,
    connections: AtomicUsize,
    pick: Box<dyn Fn(Turn) -> Script + Send + Sync>,
}

/// Which script is asked for. All numbers count from 0.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Among all scripts of the server.
    pub number: usize,
    /// The connection.
    pub connection: usize,
    /// Among the scripts of the connection.
    pub of_connection: usize,
}

impl Scripted {
    /// Over plain TCP, with the same script for every request.
    pub fn start(script: Script) -> Self {
        Self::begin(ANY_PORT, move |_| script.clone(), None)
    }

    /// Over TLS with this certificate, with the same script for every request.
    pub fn start_tls(script: Script, tls: Arc<ServerConfig>) -> Self {
        Self::begin(ANY_PORT, move |_| script.clone(), Some(tls))
    }

    /// Over plain TCP, with one script after the other; the last one is repeated.
    ///
    /// A connection takes its first script when it is accepted, and the next one for each further request.
    pub fn in_turn(scripts: Vec<Script>) -> Self {
        Self::choosing(move |number| match scripts.get(number).or(scripts.last()) {
            Some(script) => script.clone(),
            None => Script::Silence,
        })
    }

    /// Over plain TCP, with the script that `pick` returns for a number that counts from 0.
    pub fn choosing(pick: impl Fn(usize) -> Script + Send + Sync + 'static) -> Self {
        Self::by_turn(move |turn| pick(turn.number))
    }

    /// Over plain TCP, with the script that `pick` returns for a connection and what has happened on it.
    pub fn by_turn(pick: impl Fn(Turn) -> Script + Send + Sync + 'static) -> Self {
        Self::begin(ANY_PORT, pick, None)
    }

    /// Over plain TCP, on the port of an earlier server.
    pub fn restart(port: u16, script: Script) -> Self {
        Self::begin(port, move |_| script.clone(), None)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The server's URL, without TLS.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many scripts were started.
    pub fn played(&self) -> usize {
        self.shared.played.load(Ordering::SeqCst)
    }

    /// How many requests were read completely.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// How many requests got a response with a status of 200 to 299.
    pub fn successes(&self) -> usize {
        self.shared.successes.load(Ordering::SeqCst)
    }

    /// How many connections were accepted.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    fn begin(
        port: u16,
        pick: impl Fn(Turn) -> Script + Send + Sync + 'static,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            over: AtomicBool::new(false),
            played: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            successes: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            pick: Box::new(pick),
        });
        let of_thread = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if of_thread.over.load(Ordering::SeqCst) {
                    return;
                }
                let (tls, live) = (tls.clone(), Live::new(Arc::clone(&of_thread)));
                std::thread::spawn(move || {
                    // Errors of a connection are for the test to notice in the client.
                    let _ = serve(stream, tls, &live);
                });
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes up the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn next(&self, connection: usize, of_connection: usize) -> Script {
        let number = self.played.fetch_add(1, Ordering::SeqCst);
        (self.pick)(Turn { number, connection, of_connection })
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("played", &self.played)
            .field("requests", &self.requests)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Counts a connection for as long as it is open.
struct Live {
    shared: Arc<Shared>,
    number: usize,
}

impl Live {
    fn new(shared: Arc<Shared>) -> Self {
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
        shared.connections.fetch_add(1, Ordering::SeqCst);
        Self { shared, number }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What happens to the connection after a script.
enum After {
    Keep,
    Close,
    /// Closed at once.
    Closed,
    Reset,
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, live: &Live) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let after = match tls {
        None => converse(&stream, &stream, live)?,
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(connection, stream.try_clone()?);
            let after = converse(&mut tls, &stream, live)?;
            tls.conn.send_close_notify();
            tls.flush()?;
            after
        }
    };
    match after {
        After::Closed => return Ok(()),
        After::Reset => {
            // Closing resets the connection, since it has unread data. The written bytes must arrive first.
            std::thread::sleep(Duration::from_millis(20));
            return Ok(());
        }
        After::Keep | After::Close => {}
    }
    stream.shutdown(Shutdown::Write)?;
    // The client closes first, so that a reset does not discard what it has not read yet.
    let _ = io::copy(&mut &stream, &mut io::sink());
    Ok(())
}

fn converse(mut stream: impl Read + Write, tcp: &TcpStream, live: &Live) -> io::Result<After> {
    let shared = &*live.shared;
    for of_connection in 0.. {
        match exchange(&shared.next(live.number, of_connection), &mut stream, tcp, shared)? {
            After::Keep if another(tcp, shared)? => {}
            After::Keep => return Ok(After::Close),
            after => return Ok(after),
        }
    }
    Ok(After::Close)
}

fn exchange(
    script: &Script,
    stream: &mut (impl Read + Write),
    mut tcp: &TcpStream,
    shared: &Shared,
) -> io::Result<After> {
    match script {
        Script::Late(wait, script) => {
            std::thread::sleep(*wait);
            return exchange(script, stream, tcp, shared);
        }
        Script::Silence => return silence(tcp, shared),
        Script::Unasked(bytes) => return tcp.write_all(bytes).map(|()| After::Close),
        Script::UnaskedThenClosed(bytes) => return tcp.write_all(bytes).map(|()| After::Closed),
        Script::RawThenReset(bytes) => {
            tcp.peek(&mut [0])?;
            return tcp.write_all(bytes).map(|()| After::Reset);
        }
        _ => {}
    }
    let request = read_request(stream)?;
    shared.requests.fetch_add(1, Ordering::SeqCst);
    match script {
        Script::Answer(status, content_type, body) => {
            let headers = [("Content-Type", (*content_type).to_owned()), ("Connection", "close".to_owned())];
            answer(stream, *status, &headers, body, shared)?;
        }
        Script::Kept(status, headers, body) => {
            answer(stream, *status, headers, body, shared)?;
            return Ok(After::Keep);
        }
        Script::Echo => {
            let quoted = String::from_utf8_lossy(&request).replace('&', "&amp;").replace('<', "&lt;");
            let line = quoted.replace("\r\n", " ");
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>{line}\n{quoted}\
                 </Message><CanonicalRequest>{quoted}</CanonicalRequest></Error></ErrorResponse>"
            );
            let headers = [("Content-Type", "text/xml".to_owned()), ("Connection", "close".to_owned())];
            answer(stream, 403, &headers, body.as_bytes(), shared)?;
        }
        Script::Raw(bytes) => stream.write_all(bytes).and_then(|()| stream.flush())?,
        Script::RawThenClosed(bytes) => {
            stream.write_all(bytes).and_then(|()| stream.flush())?;
            return Ok(After::Closed);
        }
        Script::RawThenSilence(bytes) => {
            stream.write_all(bytes)?;
            stream.flush()?;
            return silence(tcp, shared);
        }
        Script::Trickle(first, bytes, pause) => {
            stream.write_all(first)?;
            for byte in bytes.chunks(1).take_while(|_| !shared.over()) {
                stream.write_all(byte)?;
                stream.flush()?;
                std::thread::sleep(*pause);
            }
        }
        Script::Endless(first, again) => {
            stream.write_all(first)?;
            loop {
                stream.write_all(again)?;
            }
        }
        Script::Late(..)
        | Script::Silence
        | Script::Unasked(_)
        | Script::UnaskedThenClosed(_)
        | Script::RawThenReset(_) => {}
    }
    Ok(After::Close)
}

fn answer(
    stream: &mut impl Write,
    status: u16,
    headers: &[(&str, String)],
    body: &[u8],
    shared: &Shared,
) -> io::Result<()> {
    let location =
        if (300..400).contains(&status) { "Location: http://127.0.0.1:9/elsewhere\r\n" } else { "" };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Length: {}\r\n{location}{headers}\
         x-amzn-RequestId: scripted-request-id\r\n\r\n",
        body.len()
    );
    if (200..300).contains(&status) {
        shared.successes.fetch_add(1, Ordering::SeqCst);
    }
    // A client may stop reading a body that is too long.
    stream.write_all(&[head.as_bytes(), body].concat())?;
    stream.flush()
}

/// Reads the head and the body of one request.
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

/// Whether another request starts on the connection, rather than its end.
fn another(tcp: &TcpStream, shared: &Shared) -> io::Result<bool> {
    tcp.set_read_timeout(Some(TICK))?;
    while !shared.over() {
        match tcp.peek(&mut [0]) {
            Ok(count) => {
                tcp.set_read_timeout(Some(PATIENCE))?;
                return Ok(count > 0);
            }
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Sends nothing until the client closes the connection or the server is dropped.
fn silence(mut tcp: &TcpStream, shared: &Shared) -> io::Result<After> {
    tcp.set_read_timeout(Some(TICK))?;
    while !shared.over() {
        match tcp.read(&mut [0; 4096]) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(After::Close)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

const ANY_PORT: u16 = 0;
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(20);
