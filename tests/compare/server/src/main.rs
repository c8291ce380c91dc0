//! A loopback server with minimal cost: it answers every request with the same canned success. Prints its
//! port and ends at the end of its standard input.
//!
//! With the argument `silent`, it accepts connections and never responds.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> io::Result<()> {
    let silent = std::env::args().nth(1).as_deref() == Some("silent");
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            match silent {
                true => kept.push(stream),
                false => drop(std::thread::spawn(move || serve(stream))),
            }
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Responds until the client closes the connection.
fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::new(stream.try_clone()?);
    let mut to = stream;
    let (role, identity) = (answer(ROLE), answer(IDENTITY));
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        body.resize(length, 0);
        from.read_exact(&mut body)?;
        to.write_all(if body.starts_with(b"Action=AssumeRole&") { &role } else { &identity })?;
    }
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nx-amzn-requestid: c6104cbe-af31-11e0-8154-cbc7ccf896c7\r\ncontent-type: text/xml\r\n\
         content-length: {}\r\ndate: {}\r\n\r\n",
        body.len(),
        date(),
    );
    [head.as_bytes(), body].concat()
}

/// Now, as HTTP has it (RFC 9110 §5.6.7). Servers send it, and clients read it.
fn date() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut day, time) = (seconds / 86_400, seconds % 86_400);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(day % 7) as usize];
    let mut year = 1970;
    let leap = |year: u64| u64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    while day >= 365 + leap(year) {
        day -= 365 + leap(year);
        year += 1;
    }
    let mut months = [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter();
    let mut names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(' ');
    let mut month = names.next();
    while let Some(length) = months.next().filter(|length| day >= *length) {
        day -= length;
        month = names.next();
    }
    let (month, day) = (month.unwrap_or_default(), day + 1);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

const ROLE: &[u8] = include_bytes!("../../../../sts-proto/benches/cost/assume_role.xml");
const IDENTITY: &[u8] =
    b"<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
      <Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account>\
      </GetCallerIdentityResult><ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>\
      </ResponseMetadata></GetCallerIdentityResponse>";
