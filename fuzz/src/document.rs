//! XML, read by roxmltree.

use roxmltree::{Document, Error, Node};
use sts_proto::wire::XmlReader;

/// The other reader's result.
pub enum Verdict<'a> {
    /// A tree to compare with.
    Read(Document<'a>),
    /// Refused because of namespaces, which our reader deliberately ignores.
    Namespaces,
    /// Not a well-formed document.
    Refused(Error),
}

/// Normalises line ends, as XML requires before parsing (XML 1.0 §2.11). The other reader drops a carriage
/// return before a reference.
pub fn lines(body: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(body.len());
    for (at, byte) in body.iter().enumerate() {
        match byte {
            b'\r' if body.get(at + 1) == Some(&b'\n') => {}
            b'\r' => lines.push(b'\n'),
            byte => lines.push(*byte),
        }
    }
    lines
}

/// Reads the output of [`lines`].
pub fn read(body: &[u8]) -> Option<Verdict<'_>> {
    let text = std::str::from_utf8(body).ok()?;
    // Invalid names with namespaces: roxmltree accepts `<:a></a>` but refuses `<:/>`.
    if text.contains("<:") || text.contains("</:") {
        return Some(Verdict::Namespaces);
    }
    Some(match Document::parse(text) {
        Ok(document) => Verdict::Read(document),
        Err(
            Error::InvalidXmlPrefixUri(_)
            | Error::UnexpectedXmlUri(_)
            | Error::UnexpectedXmlnsUri(_)
            | Error::InvalidElementNamePrefix(_)
            | Error::DuplicatedNamespace(..)
            | Error::UnknownNamespace(..)
            | Error::NamespacesLimitReached,
        ) => Verdict::Namespaces,
        // Without namespaces, a colon is an ordinary name character.
        Err(Error::InvalidName(_)) if Document::parse(&text.replace(':', "_")).is_ok() => Verdict::Namespaces,
        Err(error) => Verdict::Refused(error),
    })
}

/// Whether a document can be read once its characters beyond ASCII are letters: our reader accepts all of them in names.
pub fn has_odd_names(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let plain: String = text.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    !text.is_ascii() && !matches!(read(plain.as_bytes()), Some(Verdict::Refused(_)))
}

/// Whether there is an XML declaration or a processing instruction, which our reader skips unread.
/// Two common declarations do not count.
pub fn has_instructions(body: &[u8]) -> bool {
    let usual: [&[u8]; 2] = [b"<?xml version=\"1.0\"?>", b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>"];
    let rest = usual.iter().find_map(|usual| body.strip_prefix(*usual)).unwrap_or(body);
    rest.windows(2).any(|pair| pair == b"<?")
}

/// Whether our reader accepts the whole document.
pub fn is_accepted(body: &[u8]) -> bool {
    let whole = || {
        let mut reader = XmlReader::new(body)?;
        reader.skip()?;
        reader.end()
    };
    whole().is_ok()
}

/// The child elements.
pub fn elements<'a, 'd>(node: Node<'a, 'd>) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(Node::is_element)
}

/// The child elements with this name.
pub fn named<'a, 'd>(node: Node<'a, 'd>, name: &str) -> impl Iterator<Item = Node<'a, 'd>> {
    elements(node).filter(move |child| child.tag_name().name() == name)
}

/// The last of them: of duplicate members, the last one counts.
pub fn last<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    named(node, name).last()
}

/// An element's own text, without that of its child elements.
pub fn text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|part| part.text()).collect()
}
