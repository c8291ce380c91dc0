//! Any bytes as a document: reading ends and never panics, has the same result by each method of reading, and
//! finds the same elements and texts as another reader.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roxmltree::Node;
use sts_fuzz::document::{self, Verdict};
use sts_proto::wire::{MAX_ATTRIBUTES, MAX_DEPTH, XmlError, XmlReader};

fuzz_target!(|body: &[u8]| {
    let skipped = whole(body, |reader| reader.skip());
    assert_eq!(whole(body, |reader| reader.text().map(drop)), skipped, "text and skip disagree");
    assert_eq!(whole(body, walk), skipped, "a walk and skip disagree");
    match document::read(&document::lines(body)) {
        None => assert!(matches!(skipped, Err(XmlError::NotUtf8 { .. }))),
        Some(Verdict::Namespaces) => {}
        Some(Verdict::Read(document)) => match skipped {
            Ok(()) => {
                let mut reader = XmlReader::new(body).expect("it was read before");
                assert_eq!(reader.root(), document.root_element().tag_name().name());
                compare(&mut reader, document.root_element());
            }
            Err(XmlError::TooDeep) => assert!(depth(document.root_element()) > MAX_DEPTH),
            Err(XmlError::TooManyAttributes) => {
                assert!(attributes(document.root_element()) >= MAX_ATTRIBUTES);
            }
            // The other reader also accepts `&#x110000;`, which is not a character.
            Err(_) if body.windows(2).any(|pair| pair == b"&#") => {}
            // And a declaration that is not the first thing, unless a space follows its name.
            Err(XmlError::NotWellFormed { .. }) if has_late_declaration(body) => {}
            Err(error) => panic!("another reader accepts what this one refuses: {error}"),
        },
        Some(Verdict::Refused(error)) => {
            let refused =
                skipped.is_err() || document::has_instructions(body) || document::has_odd_names(body);
            assert!(refused, "another reader refuses what this one accepts: {error}");
        }
    }
});

/// Reads a document from start to end, with `read` for the root element.
fn whole(body: &[u8], read: impl FnOnce(&mut XmlReader<'_>) -> Result<(), XmlError>) -> Result<(), XmlError> {
    let mut reader = XmlReader::new(body)?;
    read(&mut reader)?;
    reader.end()
}

fn walk(reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
    while reader.child()?.is_some() {
        walk(reader)?;
    }
    Ok(())
}

fn compare(reader: &mut XmlReader<'_>, node: Node<'_, '_>) {
    const READ: &str = "it was read before";
    if document::elements(node).next().is_none() {
        assert_eq!(reader.text().expect(READ), document::text(node));
        return;
    }
    for child in document::elements(node) {
        assert_eq!(reader.child().expect(READ), Some(child.tag_name().name()));
        compare(reader, child);
    }
    assert_eq!(reader.child().expect(READ), None);
}

fn depth(node: Node<'_, '_>) -> usize {
    1 + document::elements(node).map(depth).max().unwrap_or(0)
}

/// The maximum number of attributes and namespaces in an element. A node also has the namespaces of its
/// ancestors; `xml`, which every node has, is not counted.
fn attributes(node: Node<'_, '_>) -> usize {
    let own = node.attributes().len() + node.namespaces().count();
    document::elements(node).map(attributes).fold(own, usize::max)
}

/// Whether there is a declaration without a space behind its name (XML 1.0 §2.8 allows one at the beginning only).
fn has_late_declaration(body: &[u8]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let is_one = |part: &[u8]| part.starts_with(b"<?xml") && matches!(part[5], b'?' | b'\t' | b'\r' | b'\n');
    text.windows(6).skip(1).any(is_one)
}
