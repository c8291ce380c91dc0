//! MongoDB.

use std::fmt;
use std::time::SystemTime;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};
use zeroize::Zeroizing;

use super::Proof;
use super::error::ProofError;
use super::request::{ACTION, sign};
use crate::base64::STANDARD;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::scope::Scope;

/// A conversation with a MongoDB server by the SASL mechanism `MONGODB-AWS`: the client's [`first`](Self::first) message,
/// the server's, and the client's second, which is a [`Proof`].
///
/// Source: MongoDB's specification of driver authentication, "MONGODB-AWS". The host that is signed for is the one that the
/// server names, and the region is the second part of its name, so that the region of a client does not matter.
///
/// ```
/// use std::time::SystemTime;
/// use sts_proto::Credentials;
/// use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{MongoDb, Proof, ProofError};
///
/// fn login(
///     endpoint: &Endpoint,
///     keys: &Credentials,
///     exchange: &mut dyn FnMut(&[u8]) -> Vec<u8>,
///     random: [u8; 32],
/// ) -> Result<(), ProofError> {
///     let conversation = MongoDb::new(random);
///     // The payload of `saslStart`, and of `saslContinue`.
///     let server = exchange(&conversation.first());
///     let reply = conversation.reply(&server)?;
///     let now = SystemTime::now();
///     exchange(reply.prove(endpoint, keys, now)?.expose());
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct MongoDb {
    nonce: [u8; NONCE],
}

impl MongoDb {
    /// With 32 bytes that are random, and used for this conversation only: the server's answer has to begin with them.
    pub fn new(nonce: [u8; 32]) -> Self {
        Self { nonce }
    }

    /// The client's first message, in BSON.
    pub fn first(&self) -> Vec<u8> {
        let mut message = Bson::new(32 + NONCE);
        message.put_binary("r", &self.nonce);
        // The GS2 flag: no channel binding.
        message.put_int32("p", i32::from(b'n'));
        message.finish().to_vec()
    }

    /// Takes the server's message, in BSON.
    ///
    /// # Errors
    ///
    /// [`ProofError::Challenge`] if it is no answer to the first message, or names a host that cannot be one: of more than
    /// 255 bytes, or with an empty label.
    pub fn reply(&self, server: &[u8]) -> Result<MongoDbReply, ProofError> {
        let challenge = |problem| ProofError::Challenge { problem };
        let (nonce, host) = read(server).ok_or(challenge("is not the nonce and the host in bson"))?;
        let nonce = <[u8; 2 * NONCE]>::try_from(nonce).ok().filter(|nonce| nonce.starts_with(&self.nonce));
        let nonce = nonce.ok_or(challenge("does not repeat the nonce of the first one"))?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        if host.is_empty()
            || host.len() > MAX_HOST
            || host.split('.').any(str::is_empty)
            || !host.bytes().all(fits)
        {
            return Err(challenge("names a host that is not valid"));
        }
        Ok(MongoDbReply { nonce, host: host.to_owned() })
    }
}

/// Shows nothing: the nonce is what ties the conversation together.
impl fmt::Debug for MongoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoDb").finish_non_exhaustive()
    }
}

/// The client's second message in a [`MongoDb`] conversation, not yet signed.
#[derive(Clone)]
pub struct MongoDbReply {
    nonce: [u8; 2 * NONCE],
    host: String,
}

impl MongoDbReply {
    /// The host that the server has named, for which the message is signed.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The region of that host: the second label, and `us-east-1` for `sts.amazonaws.com` and for a host of one label.
    pub fn region(&self) -> &str {
        let second = self.host.split('.').nth(1);
        second.filter(|_| self.host != "sts.amazonaws.com").unwrap_or("us-east-1")
    }
}

impl fmt::Debug for MongoDbReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoDbReply").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Is signed for the host that the server has named, whatever the endpoint.
impl Proof for MongoDbReply {
    type Output = MongoDbMessage;

    fn prove(
        &self,
        _: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<MongoDbMessage, ProofError> {
        let host = HeaderValue::from_str(&self.host);
        let host = host.map_err(|_| ProofError::Challenge { problem: "names a host that is not valid" })?;
        let nonce = STANDARD.encode(&self.nonce);
        let mut request = Request::new(ACTION);
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(CONTENT_LENGTH, ACTION.len().into());
        headers.insert(GS2_FLAG, HeaderValue::from_static("n"));
        if let Ok(nonce) = HeaderValue::from_str(&nonce) {
            headers.insert(SERVER_NONCE, nonce);
        }
        sign(&mut request, credentials, &Scope::new(self.region().to_owned(), "sts"), now)?;

        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let (signature, date) = (text("authorization"), text("x-amz-date"));
        let parts = [("a", signature), ("d", date), ("t", text("x-amz-security-token"))];
        let size = parts.iter().map(|(_, text)| text.map_or(0, str::len) + 8).sum::<usize>();
        let mut message = Bson::new(8 + size);
        for (name, text) in parts {
            if let Some(text) = text {
                message.put_text(name, text);
            }
        }
        Ok(MongoDbMessage(message.finish()))
    }
}

/// A message of a [`MongoDb`] conversation. `Debug` does not show it, and it is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MongoDbMessage(Zeroizing<Vec<u8>>);

impl MongoDbMessage {
    /// The payload of `saslContinue`. Keep it out of logs.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MongoDbMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A BSON document that is being written, in memory that it does not outgrow.
struct Bson(Zeroizing<Vec<u8>>);

impl Bson {
    fn new(size: usize) -> Self {
        let mut bytes = Vec::with_capacity(size + 16);
        bytes.extend([0; 4]);
        Self(Zeroizing::new(bytes))
    }

    fn put_name(&mut self, kind: u8, name: &str) {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
    }

    fn put_length(&mut self, length: usize) {
        // A header, and so the text of one, is far below this bound.
        self.0.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_le_bytes());
    }

    fn put_binary(&mut self, name: &str, bytes: &[u8]) {
        self.put_name(BINARY, name);
        self.put_length(bytes.len());
        self.0.push(0);
        self.0.extend_from_slice(bytes);
    }

    fn put_text(&mut self, name: &str, text: &str) {
        self.put_name(TEXT, name);
        self.put_length(text.len() + 1);
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    fn put_int32(&mut self, name: &str, number: i32) {
        self.put_name(INT32, name);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn finish(mut self) -> Zeroizing<Vec<u8>> {
        self.0.push(0);
        let length = i32::try_from(self.0.len()).unwrap_or(i32::MAX).to_le_bytes();
        if let Some(start) = self.0.first_chunk_mut() {
            *start = length;
        }
        self.0
    }
}

/// The members `s` and `h` of the server's message, each there once and nothing beside them.
fn read(document: &[u8]) -> Option<(&[u8], &str)> {
    let (length, rest) = document.split_first_chunk()?;
    if usize::try_from(i32::from_le_bytes(*length)).ok()? != document.len() {
        return None;
    }
    let (mut nonce, mut host, mut rest) = (None, None, rest);
    loop {
        rest = match rest {
            [0] => return nonce.zip(host),
            [BINARY, b's', 0, after @ ..] if nonce.is_none() => {
                let (length, after) = after.split_first_chunk()?;
                let (subtype, after) = after.split_first()?;
                let (bytes, after) =
                    after.split_at_checked(usize::try_from(i32::from_le_bytes(*length)).ok()?)?;
                nonce = Some(bytes).filter(|_| *subtype == 0);
                after
            }
            [TEXT, b'h', 0, after @ ..] if host.is_none() => {
                let (length, after) = after.split_first_chunk()?;
                let (text, after) =
                    after.split_at_checked(usize::try_from(i32::from_le_bytes(*length)).ok()?)?;
                host = Some(std::str::from_utf8(text.strip_suffix(&[0])?).ok()?);
                after
            }
            _ => return None,
        };
    }
}

const NONCE: usize = 32;
/// In bytes, by the specification.
const MAX_HOST: usize = 255;
const GS2_FLAG: HeaderName = HeaderName::from_static("x-mongodb-gs2-cb-flag");
const SERVER_NONCE: HeaderName = HeaderName::from_static("x-mongodb-server-nonce");
const TEXT: u8 = 2;
const BINARY: u8 = 5;
const INT32: u8 = 16;

#[cfg(test)]
mod tests {
    use super::super::testing::{endpoint, keys, now};
    use super::*;

    fn server(nonce: &[u8], host: &str) -> Vec<u8> {
        let mut message = Bson::new(16 + nonce.len() + host.len());
        message.put_binary("s", nonce);
        message.put_text("h", host);
        message.finish().to_vec()
    }

    #[test]
    fn a_message_that_is_cut_or_changed_is_refused() {
        let conversation = MongoDb::new([7; 32]);
        let good = server(&[7; 64], "sts.eu-west-1.amazonaws.com");
        assert_eq!(conversation.reply(&good).unwrap().region(), "eu-west-1");
        for length in 0..good.len() {
            assert!(conversation.reply(&good[..length]).is_err(), "{length}");
        }
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 0x80;
            // The second half of the nonce is the server's.
            assert_eq!(conversation.reply(&changed).is_ok(), (44..76).contains(&at), "{at}");
        }
        for message in [[&good[..], &[0]].concat(), vec![5, 0, 0, 0, 0], vec![0xff; 200]] {
            assert!(conversation.reply(&message).is_err());
        }
    }

    #[test]
    fn nothing_is_shown() {
        let conversation = MongoDb::new([65; 32]);
        let reply = conversation.reply(&server(&[65; 64], "sts.amazonaws.com")).unwrap();
        let message = reply.prove(&endpoint(), &keys(), now()).unwrap();
        let shown = format!("{conversation:?} {reply:?} {message:?}");
        assert_eq!(shown, "MongoDb { .. } MongoDbReply { host: \"sts.amazonaws.com\", .. } [redacted]");
    }
}
