//! A server that keeps what it is asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came.
pub(crate) struct Captured {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A server on 127.0.0.1 that gives these answers, each with its status, in turn.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Receiver<Captured>,
}

impl Server {
    pub(crate) fn start(answers: &[(u16, &str)]) -> Self {
        Self::begin(answers, None)
    }

    /// Over TLS with this certificate.
    pub(crate) fn start_tls(answers: &[(u16, &str)], tls: Arc<ServerConfig>) -> Self {
        Self::begin(answers, Some(tls))
    }

    fn begin(answers: &[(u16, &str)], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Vec<_> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let captured = match &tls {
                    None => exchange(stream, status, &body),
                    Some(tls) => {
                        let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
                        exchange(StreamOwned::new(connection, stream), status, &body)
                    }
                };
                // The client may have been satisfied with less.
                let _ = captured.map(|captured| sender.send(captured));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has come so far.
    pub(crate) fn requests(&self) -> Vec<Captured> {
        self.requests.try_iter().collect()
    }
}

fn exchange(stream: impl Read + Write, status: u16, body: &str) -> io::Result<Captured> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut sent = vec![0; length];
    stream.read_exact(&mut sent)?;
    let size = body.len();
    let answer =
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n");
    stream.get_mut().write_all(format!("{answer}Connection: close\r\n\r\n{body}").as_bytes())?;
    stream.get_mut().flush()?;
    Ok(Captured { head, body: String::from_utf8(sent).unwrap() })
}
