//! XML as roxmltree reads it.

use roxmltree::{Document, Error, Node};
use sts_proto::wire::XmlReader;

/// What another reader says of a document.
pub enum Verdict<'a> {
    /// A tree to compare with.
    Read(Document<'a>),
    /// It is refused for something that our reader passes over on purpose: namespaces are none of its business.
    Namespaces,
    /// It is no document.
    Refused(Error),
}

/// A body with line feeds where it had other ends of lines: XML has that done before all else (XML 1.0 §2.11), and the other
/// reader forgets a carriage return in front of a reference.
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

/// Reads what [`lines`] makes of a body.
pub fn read(body: &[u8]) -> Option<Verdict<'_>> {
    let text = std::str::from_utf8(body).ok()?;
    // Names that are no names with namespaces: `<:a></a>` is a document to roxmltree, `<:/>` is none.
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
        // To XML alone a colon is a letter like others.
        Err(Error::InvalidName(_)) if Document::parse(&text.replace(':', "_")).is_ok() => Verdict::Namespaces,
        Err(error) => Verdict::Refused(error),
    })
}

/// Whether our reader takes a document, from its beginning to its end.
pub fn is_taken(body: &[u8]) -> bool {
    let whole = || {
        let mut reader = XmlReader::new(body)?;
        reader.skip()?;
        reader.end()
    };
    whole().is_ok()
}

/// The elements in an element.
pub fn elements<'a, 'd>(node: Node<'a, 'd>) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(Node::is_element)
}

/// The last element of this name in an element: of members that are there twice, the last one counts.
pub fn last<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    elements(node).filter(|child| child.tag_name().name() == name).last()
}

/// An element's own text, without that of the elements in it.
pub fn text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|part| part.text()).collect()
}
