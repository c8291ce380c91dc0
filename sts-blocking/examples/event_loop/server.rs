//! A server that speaks as much of STS as the examples need.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime};

/// Starts the server in a thread of its own.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let mut service = Service::default();
        for stream in listener.incoming().flatten() {
            // What is wrong with a connection is the client's affair.
            let _ = answer(stream, &mut service);
        }
    });
    Ok(address)
}

#[derive(Default)]
struct Service {
    requests: u32,
    /// How many were begun.
    sessions: u32,
}

impl Service {
    /// Status and body.
    fn answer(&mut self, head: &str, body: &[u8]) -> (&'static str, String) {
        self.requests += 1;
        if body.starts_with(b"Action=AssumeRole&") {
            self.sessions += 1;
            return ("200 OK", session(self.sessions));
        }
        if self.requests.is_multiple_of(10) {
            return ("503 Busy", String::new());
        }
        let signer = head.split_once("Credential=").and_then(|(_, rest)| rest.split('/').next());
        match signer {
            Some("ASIA1") if self.requests > 15 => ("403 Forbidden", EXPIRED.to_owned()),
            signer => ("200 OK", IDENTITY.replace("{session}", signer.unwrap_or_default())),
        }
    }
}

/// Reads a request and answers it.
fn answer(stream: TcpStream, service: &mut Service) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let begin = head.len();
        if stream.read_line(&mut head)? <= 2 {
            break;
        }
        if let Some(value) = head[begin..].strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    stream.by_ref().take(length).read_to_end(&mut body)?;
    let (status, body) = service.answer(&head, &body);
    write!(stream.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn session(number: u32) -> String {
    // Seconds since 1970 are one of the forms that times may have.
    let end = (SystemTime::now() + LIFETIME).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SESSION.replace("{number}", &number.to_string()).replace("{end}", &end.as_secs_f64().to_string())
}

/// A client refreshes a session when between two thirds and nine tenths of its life are over.
const LIFETIME: Duration = Duration::from_secs(2);

const SESSION: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{number}</AccessKeyId>\
    <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>{end}</Expiration>\
    </Credentials></AssumeRoleResult></AssumeRoleResponse>";
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AROA:loop</UserId>\
    <Account>123456789012</Account><Arn>arn:aws:sts::123456789012:assumed-role/loop/{session}</Arn>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";
const EXPIRED: &str = "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>";
