//! A forward proxy on the loopback interface that knows what it was asked, over TCP or TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What it does with a request.
#[derive(Clone, Debug)]
pub enum Does {
    /// Answers with these bytes and closes. As an answer to any other request than `CONNECT` it makes a server of it.
    Answer(String),
    /// Makes the tunnel that it is asked for.
    Tunnel,
    /// Makes a tunnel to this address, whatever it is asked for.
    TunnelTo(SocketAddr),
    /// Keeps the connection open and says nothing.
    Silence,
}

/// A running proxy, until the program ends.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Spoken to over TCP.
    pub fn start(does: Does) -> Self {
        Self::begin(does, None)
    }

    /// Spoken to over TLS with this certificate.
    pub fn start_tls(does: Does, tls: Arc<ServerConfig>) -> Self {
        Self::begin(does, Some(tls))
    }

    /// Its address and port on 127.0.0.1.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests that it has read, each up to and with the empty line.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no thread panics with it").clone()
    }

    fn begin(does: Does, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (does, tls, heads) = (does.clone(), tls.clone(), Arc::clone(&kept));
                std::thread::spawn(move || {
                    // What the client does to the connection is the test's affair.
                    let _ = serve(stream, tls, &does, &heads);
                });
            }
        });
        Self { address, heads }
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    does: &Does,
    heads: &Mutex<Vec<String>>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    match tls {
        None => converse(&mut &stream, &stream, does, heads)?,
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut secure = StreamOwned::new(connection, stream.try_clone()?);
            converse(&mut secure, &stream, does, heads)?;
            secure.conn.send_close_notify();
            secure.flush()?;
        }
    }
    stream.shutdown(Shutdown::Write)
}

fn converse(
    client: &mut (impl Read + Write),
    tcp: &TcpStream,
    does: &Does,
    heads: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let head = read_request(client)?;
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().expect("no thread panics with it").push(head);
    let server = match does {
        Does::Answer(answer) => {
            client.write_all(answer.as_bytes())?;
            return client.flush();
        }
        Does::Silence => {
            std::thread::sleep(PATIENCE);
            return Ok(());
        }
        Does::Tunnel => TcpStream::connect(target)?,
        Does::TunnelTo(address) => TcpStream::connect(address)?,
    };
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    client.flush()?;
    tcp.set_read_timeout(Some(TICK))?;
    server.set_read_timeout(Some(TICK))?;
    while pass(client, &mut &server)? && pass(&mut &server, client)? {}
    Ok(())
}

/// Passes on what there is, and says whether there may be more.
fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut bytes = [0; 16 * 1024];
    match from.read(&mut bytes) {
        Ok(0) => Ok(false),
        Ok(count) => to.write_all(&bytes[..count]).and_then(|()| to.flush()).map(|()| true),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(true),
        Err(error) => Err(error),
    }
}

/// The head of a request whose body has been read too.
fn read_request(client: &mut impl Read) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.to_ascii_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length:").and_then(|length| length.trim().parse::<u64>().ok())
    });
    io::copy(&mut client.take(length.unwrap_or(0)), &mut io::sink())?;
    Ok(head)
}

const PATIENCE: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(5);
