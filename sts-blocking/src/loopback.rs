//! Servers on the loopback interface, for unit tests.

use std::error::Error as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::{Builder, Credentials, Error};

/// A client of this URL, with keys.
pub(crate) fn builder(url: &str) -> Builder {
    let keys = Credentials::new("AKIDEXAMPLE", "planted-secret").with_session_token("planted-token");
    Builder::isolated().region("eu-west-1").endpoint_url(url).credentials(keys)
}

/// An error with all that lies below it.
pub(crate) fn text(error: &Error) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(cause) = source {
        text.push_str(&format!("; {cause}"));
        source = cause.source();
    }
    text
}

/// Serves each connection in a thread of its own, until the test ends.
pub(crate) struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(
        serve: impl Fn(Connection<TcpStream>, &mut dyn FnMut(String)) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (serve, hears) = (Arc::new(serve), Arc::clone(&heard));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, hears) = (Arc::clone(&serve), Arc::clone(&hears));
                std::thread::spawn(move || {
                    serve(Connection(stream), &mut |head| hears.lock().unwrap().push(head));
                });
            }
        });
        Self { address, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

pub(crate) struct Connection<S>(pub(crate) S);

impl<S: Read + Write> Connection<S> {
    /// Up to and with the blank line; what there was of it, if the connection ends before.
    pub(crate) fn head(&mut self) -> String {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && self.0.read(&mut byte).is_ok_and(|read| read == 1) {
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// The head of a request whose body has been read, too.
    pub(crate) fn request(&mut self) -> Option<String> {
        let head = self.head();
        let length = head.lines().find_map(|line| {
            line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        });
        let mut body = vec![0; length?.1.parse().unwrap()];
        self.0.read_exact(&mut body).ok()?;
        Some(head)
    }

    pub(crate) fn write(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).and_then(|()| self.0.flush());
    }
}

pub(crate) fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nx-amzn-requestid: req-1\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
    <Account>0123</Account><Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
