//! The canonical request: the text whose hash is signed.
//!
//! It is hashed piece by piece; only an explanation holds it as a whole.

use std::collections::BinaryHeap;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::digits::hex;
use crate::escape::{Kept, UNRESERVED, UNRESERVED_OR_SLASH, pieces};

/// Consumes a text piece by piece.
pub(super) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for Sha256 {
    fn put(&mut self, bytes: &[u8]) {
        Digest::update(self, bytes);
    }
}

impl Sink for Hmac<Sha256> {
    fn put(&mut self, bytes: &[u8]) {
        Mac::update(self, bytes);
    }
}

/// Buffers small pieces, since hashing a few large ones costs less. Long pieces are passed on directly, so
/// that no copy of a session token is left in the buffer.
pub(super) struct Gather<'a, S: Sink> {
    to: &'a mut S,
    buffer: [u8; 256],
    filled: usize,
}

impl<'a, S: Sink> Gather<'a, S> {
    pub(super) fn new(to: &'a mut S) -> Self {
        Self { to, buffer: [0; 256], filled: 0 }
    }

    /// Passes on the buffered rest.
    pub(super) fn finish(&mut self) {
        self.pass(b"");
    }

    /// Passes on what is buffered, and these bytes. Not inlined: hashing is much code, and this is called a few times.
    #[inline(never)]
    fn pass(&mut self, bytes: &[u8]) {
        self.to.put(self.buffer.get(..self.filled).unwrap_or_default());
        self.filled = 0;
        self.to.put(bytes);
    }
}

impl<S: Sink> Sink for Gather<'_, S> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.filled..self.filled + bytes.len()) {
            Some(room) if bytes.len() <= LONG => {
                room.copy_from_slice(bytes);
                self.filled += bytes.len();
            }
            _ => self.pass(bytes),
        }
    }
}

const LONG: usize = 64;

/// The parts of a canonical request.
///
/// Source: "Create a signed AWS API request", step "Create a canonical request", AWS IAM User Guide.
pub(super) struct Canonical<'a> {
    pub(super) method: &'a str,
    pub(super) path: Path<'a>,
    /// Query strings, to be joined; without `?`, in any order and encoding.
    pub(super) query: [&'a [u8]; 3],
    pub(super) fields: Fields<'a>,
    pub(super) payload: &'a Hex,
}

impl Canonical<'_> {
    pub(super) fn put(&self, sink: &mut impl Sink) {
        sink.put(self.method.as_bytes());
        sink.put(b"\n");
        self.path.put(sink);
        sink.put(b"\n");
        if self.query.iter().any(|part| !part.is_empty()) {
            sink.put(&sorted(&self.query));
        }
        sink.put(b"\n");
        self.fields.put_lines(sink);
        sink.put(b"\n");
        self.fields.put_names(b";", sink);
        sink.put(b"\n");
        sink.put(self.payload.as_bytes());
    }
}

/// A path and how to encode it for the service.
pub(super) struct Path<'a> {
    pub(super) text: &'a str,
    pub(super) normalize: bool,
    pub(super) double_encode: bool,
}

impl Path<'_> {
    fn put(&self, sink: &mut impl Sink) {
        match self.text {
            "" | "/" => sink.put(b"/"),
            text => sink.put(&self.encoded(text)),
        }
    }

    /// Not inlined, and not generic over the sink, since few requests have a path: rarely used code is compiled once.
    #[inline(never)]
    fn encoded(&self, text: &str) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(text.len() + 16);
        if !self.normalize || is_normal(text) {
            self.put_text(text, &mut encoded);
            return encoded;
        }
        let mut kept = Vec::new();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => drop(kept.pop()),
                name => kept.push(name),
            }
        }
        for segment in &kept {
            encoded.push(b'/');
            self.put_text(segment, &mut encoded);
        }
        // A final slash stays. A final `.` or `..` leaves no slash, as in AWS's own clients (unlike RFC
        // 3986).
        if kept.is_empty() || text.ends_with('/') {
            encoded.push(b'/');
        }
        encoded
    }

    /// Escapes all but unreserved characters and slashes. Existing escapes are escaped again or kept.
    fn put_text(&self, text: &str, to: &mut Vec<u8>) {
        for (index, piece) in text.as_bytes().split(|byte| *byte == b'%').enumerate() {
            if index > 0 {
                let keep = !self.double_encode && unescape(piece).is_some();
                to.put(if keep { b"%" } else { b"%25" });
            }
            put_encoded(piece, &UNRESERVED_OR_SLASH, to);
        }
    }
}

/// Whether normalising would change nothing. May be `false` by mistake, for `/.name`.
fn is_normal(path: &str) -> bool {
    !path.as_bytes().windows(2).any(|pair| matches!(pair, b"//" | b"/."))
}

/// The pairs sorted by encoded key, then by encoded value. A key without a value gets an empty one.
#[inline(never)]
fn sorted(query: &[&[u8]]) -> Vec<u8> {
    let length = query.iter().map(|part| part.len() + 1).sum::<usize>();
    let (mut text, mut count) = (Vec::with_capacity(length + 16), 0);
    let all = query.iter().flat_map(|part| part.split(|byte| *byte == b'&'));
    for pair in all.filter(|pair| !pair.is_empty()) {
        let (key, value) = split(pair, b'=');
        if count > 0 {
            text.push(b'&');
        }
        put_recoded(key, &mut text);
        text.push(b'=');
        put_recoded(value, &mut text);
        count += 1;
    }
    if count < 2 {
        return text;
    }
    // Both are encoded, so neither a key nor a value contains a separator. A heap is a tenth of the code of a sort.
    let mut pairs = BinaryHeap::with_capacity(count);
    pairs.extend(text.split(|byte| *byte == b'&').map(|pair| split(pair, b'=')));
    let mut sorted = Vec::with_capacity(text.len());
    for (index, (key, value)) in pairs.into_sorted_vec().into_iter().enumerate() {
        if index > 0 {
            sorted.push(b'&');
        }
        sorted.put(key);
        sorted.push(b'=');
        sorted.put(value);
    }
    sorted
}

/// Decodes escapes and escapes all but unreserved characters. A `%` outside an escape and a `+` stand for
/// themselves.
fn put_recoded(text: &[u8], to: &mut Vec<u8>) {
    for (index, mut piece) in text.split(|byte| *byte == b'%').enumerate() {
        if index > 0 {
            let (byte, rest) = unescape(piece).unwrap_or((b'%', piece));
            put_encoded(&[byte], &UNRESERVED, to);
            piece = rest;
        }
        put_encoded(piece, &UNRESERVED, to);
    }
}

/// The byte that two leading hexadecimal digits stand for, and the rest.
fn unescape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = text.split_first_chunk()?;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = digit(high)? << 4 | digit(low)?;
    Some((u8::try_from(byte).ok()?, rest))
}

/// Escapes the bytes that are not in `kept`.
pub(super) fn put_encoded(text: &[u8], kept: &Kept, sink: &mut impl Sink) {
    pieces(text, kept, |piece| sink.put(piece));
}

/// The text before and after the first separator.
fn split(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let mut parts = text.splitn(2, |byte| *byte == separator);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Header fields: lower-case names, raw values. The first six need no allocation.
pub(super) struct Fields<'a> {
    inline: [Field<'a>; 6],
    count: usize,
    heap: Vec<Field<'a>>,
}

type Field<'a> = (&'a str, &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new() -> Self {
        Self { inline: [("", b""); 6], count: 0, heap: Vec::new() }
    }

    /// Adds a field in its place by name; fields of the same name keep their order.
    pub(super) fn push(&mut self, name: &'a str, value: &'a [u8]) {
        let at = self.all().iter().rposition(|(known, _)| *known <= name).map_or(0, |before| before + 1);
        if self.heap.is_empty() && self.count < self.inline.len() {
            self.inline.copy_within(at..self.count, at + 1);
            if let Some(free) = self.inline.get_mut(at) {
                *free = (name, value);
            }
            self.count += 1;
        } else {
            if self.heap.is_empty() {
                self.heap.extend_from_slice(&self.inline);
            }
            self.heap.insert(at, (name, value));
        }
    }

    fn all(&self) -> &[Field<'a>] {
        if self.heap.is_empty() { self.inline.get(..self.count).unwrap_or_default() } else { &self.heap }
    }

    /// The length of the names, joined by separators of one byte.
    pub(super) fn names_len(&self) -> usize {
        let mut length = 0;
        self.each(|index, (name, _), first| {
            length += if first { name.len() + usize::from(index > 0) } else { 0 };
        });
        length
    }

    /// Each name once.
    pub(super) fn put_names(&self, separator: &[u8], sink: &mut impl Sink) {
        self.each(|index, (name, _), first| {
            if first {
                sink.put(if index > 0 { separator } else { b"" });
                sink.put(name.as_bytes());
            }
        });
    }

    /// `name:value,value` and a line feed for each name.
    fn put_lines(&self, sink: &mut impl Sink) {
        self.each(|index, (name, value), first| {
            if first {
                sink.put(if index > 0 { b"\n" } else { b"" });
                sink.put(name.as_bytes());
                sink.put(b":");
            } else {
                sink.put(b",");
            }
            put_value(value, sink);
        });
        sink.put(b"\n");
    }

    /// Calls `show` with each field, its index and whether it is the first of its name.
    fn each(&self, mut show: impl FnMut(usize, Field<'a>, bool)) {
        let mut last = "";
        for (index, field) in self.all().iter().enumerate() {
            show(index, *field, field.0 != last);
            last = field.0;
        }
    }
}

/// Trims a value and collapses white space to single spaces. The bytes need not be UTF-8.
fn put_value(value: &[u8], sink: &mut impl Sink) {
    if is_trimmed(value) {
        return sink.put(value);
    }
    for (index, word) in value.split(is_space).filter(|word| !word.is_empty()).enumerate() {
        if index > 0 {
            sink.put(b" ");
        }
        sink.put(word);
    }
}

/// Whether the only white space is single spaces between words, as in most values. Branch-free, since tokens
/// are long.
fn is_trimmed(value: &[u8]) -> bool {
    let inside =
        value.first().is_none_or(|byte| !is_space(byte)) && value.last().is_none_or(|byte| !is_space(byte));
    let pairs = value.iter().zip(value.iter().skip(1));
    inside
        && !pairs.fold(false, |found, (one, other)| {
            found | (*other == b'\t') | ((*one == b' ') & (*other == b' '))
        })
}

/// White space of RFC 9110 §5.6.3.
fn is_space(byte: &u8) -> bool {
    (*byte == b' ') | (*byte == b'\t')
}

/// A SHA-256 hash in lower-case hexadecimal digits.
#[derive(Clone, Copy)]
pub(super) struct Hex([[u8; 2]; 32]);

impl Hex {
    pub(super) fn new(hash: [u8; 32]) -> Self {
        Self(hex(hash))
    }

    pub(super) fn sha256(data: &[u8]) -> Self {
        Self::new(Sha256::digest(data).into())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str, normalize: bool, double_encode: bool) -> String {
        let mut out = Vec::new();
        Path { text, normalize, double_encode }.put(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn query(parts: &[&str]) -> String {
        String::from_utf8(sorted(&parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>())).unwrap()
    }

    #[test]
    fn normalises_paths() {
        for (raw, normal) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/.", "/"),
            ("/..", "/"),
            ("/./", "/"),
            ("/../../", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a//", "/a/"),
            ("/./a", "/a"),
            ("/a/.", "/a"),
            ("/a/./", "/a/"),
            ("/a/b/..", "/a"),
            ("/a/b/../", "/a/"),
            ("/a/..", "/"),
            ("/a/../", "/"),
            ("/a/b/../../c", "/c"),
            ("/../a", "/a"),
            ("//a//b/../c/./d/", "/a/c/d/"),
            ("/.hidden/..twice/...", "/.hidden/..twice/..."),
        ] {
            assert_eq!(path(raw, true, true), normal, "{raw}");
            assert_eq!(path(raw, true, false), normal, "{raw}");
            assert_eq!(path(raw, false, true), if raw.is_empty() { "/" } else { raw });
        }
    }

    #[test]
    fn encodes_paths_once_or_twice() {
        for (raw, once, twice) in [
            ("/a%20b", "/a%20b", "/a%2520b"),
            (
                "/@c(*)'!;=:+,&$",
                "/%40c%28%2A%29%27%21%3B%3D%3A%2B%2C%26%24",
                "/%40c%28%2A%29%27%21%3B%3D%3A%2B%2C%26%24",
            ),
            ("/-._~09AZaz", "/-._~09AZaz", "/-._~09AZaz"),
            ("/%", "/%25", "/%25"),
            ("/%4", "/%254", "/%254"),
            ("/%zz%2f%", "/%25zz%2f%25", "/%25zz%252f%25"),
            ("/%%41", "/%25%41", "/%25%2541"),
            ("/\u{1234}", "/%E1%88%B4", "/%E1%88%B4"),
        ] {
            assert_eq!(path(raw, true, false), once, "{raw}");
            assert_eq!(path(raw, true, true), twice, "{raw}");
        }
    }

    #[test]
    fn sorts_and_recodes_queries() {
        for (raw, canonical) in [
            ("", ""),
            ("&", ""),
            ("a", "a="),
            ("=", "="),
            ("=v", "=v"),
            ("b=1&a=2", "a=2&b=1"),
            ("a=2&a=1&a", "a=&a=1&a=2"),
            ("a=b=c", "a=b%3Dc"),
            ("a=x+y", "a=x%2By"),
            ("a=%7e%2f%2F/", "a=~%2F%2F%2F"),
            ("a=%&b=%4&c=%zz", "a=%25&b=%254&c=%25zz"),
            ("a=%26&%3d=1", "%3D=1&a=%26"),
            ("b&&a&", "a=&b="),
            ("A=1&a=2&%41=0", "A=0&A=1&a=2"),
            ("a=%ff%00", "a=%FF%00"),
        ] {
            assert_eq!(query(&[raw]), canonical, "{raw}");
        }
        assert_eq!(query(&["", "", ""]), "");
        assert_eq!(query(&["b=1", "", "a=2"]), "a=2&b=1");
        // Keys and values are compared separately, not as one text: `=` is greater than `-`.
        assert_eq!(query(&["a-b=1&a=2"]), "a=2&a-b=1");
    }

    #[test]
    fn joins_fields_of_any_number() {
        for extra in [0, 14, 15, 40] {
            let mut fields = Fields::new();
            fields.push("b", b"  2\t \t3 ");
            fields.push("a", b"1");
            for _ in 0..extra {
                fields.push("b", b"\xff");
            }
            let mut out = Vec::new();
            fields.put_lines(&mut out);
            assert_eq!(out, [&b"a:1\nb:2 3"[..], &b",\xff".repeat(extra), b"\n"].concat());
            out.clear();
            fields.put_names(b"; ", &mut out);
            assert_eq!(out, b"a; b");
            assert_eq!(fields.names_len(), 3);
        }
    }
}
