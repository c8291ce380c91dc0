//! A web site on the loopback interface: files, and what its pages post.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A site that is there until the program ends.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    posts: Receiver<Post>,
}

/// What a page has posted.
#[derive(Debug)]
pub struct Post {
    /// Its path.
    pub path: String,
    /// Its body.
    pub body: String,
}

impl Site {
    /// The files of a folder and those that are given, by name. Port 0 stands for any.
    pub fn start(port: u16, folder: PathBuf, given: BTreeMap<&'static str, String>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let (sender, posts) = sync_channel(16);
        let shared = Arc::new((folder, given, sender));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                // What goes wrong is for the page to notice.
                std::thread::spawn(move || serve(&stream, &shared.0, &shared.1, &shared.2));
            }
        });
        Ok(Self { address, posts })
    }

    /// The URL of the site.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What its pages post.
    pub fn posts(&self) -> &Receiver<Post> {
        &self.posts
    }
}

fn serve(
    stream: &TcpStream,
    folder: &std::path::Path,
    given: &BTreeMap<&'static str, String>,
    posts: &SyncSender<Post>,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? <= 2 {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let name = path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let mut status = "200 OK";
    let body = if method == "POST" {
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body)?;
        let _ = posts.send(Post { path: path.to_owned(), body });
        Vec::new()
    } else if let Some(text) = given.get(name) {
        text.clone().into_bytes()
    } else if let Some(bytes) =
        (!name.contains("..")).then(|| std::fs::read(folder.join(name)).ok()).flatten()
    {
        bytes
    } else {
        status = "404 Not Found";
        Vec::new()
    };
    let media = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        _ => "text/plain; charset=utf-8",
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}
