use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

use super::XmlError;
use super::name::local_name;
use super::plain::{is_plain, leaf, tag};

/// How deep elements may nest. Answers need five levels; what the reader does not know may need more.
pub const MAX_DEPTH: usize = 64;

/// How many attributes a tag may have. Answers have one; to check that none is there twice takes memory for each.
pub const MAX_ATTRIBUTES: usize = 64;

/// Reads an XML document element by element, without building a tree.
///
/// Namespaces, attributes, comments, processing instructions and the declaration are skipped, names lose their prefix, and
/// text is joined from character data, CDATA sections and references. These are errors: a DOCTYPE, an entity that XML does
/// not predefine (XML 1.0 §4.6), nesting beyond [`MAX_DEPTH`], a tag with more than [`MAX_ATTRIBUTES`] attributes, bytes that
/// are not UTF-8, and elements, attributes and characters that are not well-formed. What is skipped is not validated further:
/// a declaration may say anything, and names may contain any character beyond ASCII.
///
/// Take the children of an element with [`child`](Self::child) until it says `None`, and do exactly one of three
/// things with each: read its own children to the end, [`text`](Self::text), or [`skip`](Self::skip).
///
/// ```
/// use sts_proto::wire::{XmlError, XmlReader};
///
/// fn account(document: &[u8]) -> Result<Option<String>, XmlError> {
///     let mut reader = XmlReader::new(document)?;
///     let mut account = None;
///     while let Some(name) = reader.child()? {
///         match name {
///             "Account" => account = Some(reader.text()?.into_owned()),
///             _ => reader.skip()?,
///         }
///     }
///     reader.end()?;
///     Ok(account)
/// }
/// assert_eq!(
///     account(b"<Result><Account>0123</Account></Result>")
///         .unwrap()
///         .as_deref(),
///     Some("0123")
/// );
/// ```
pub struct XmlReader<'a> {
    text: &'a str,
    events: Reader<&'a [u8]>,
    root: &'a str,
    /// Nothing in the text asks for a second look: see [`is_plain`].
    plain: bool,
    depth: usize,
    current: Current<'a>,
}

/// How far the current element was read.
#[derive(Default)]
enum Current<'a> {
    /// Its start tag, and perhaps some of its content.
    #[default]
    Begun,
    /// All of it: it was written `<Name/>`, and has no content and no end tag of its own.
    Empty,
    /// Its name only: its start tag is next.
    Ahead(&'a str),
}

impl<'a> XmlReader<'a> {
    /// Begins with a document: reads up to the start tag of its root element.
    pub fn new(document: &'a [u8]) -> Result<Self, XmlError> {
        let text =
            std::str::from_utf8(document).map_err(|error| XmlError::NotUtf8 { at: error.valid_up_to() })?;
        let plain = is_plain(text);
        if let Some(at) = if plain { None } else { forbidden_character(text) } {
            return Err(XmlError::NotWellFormed { at });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader =
            Self { text, events: tokenize(text), root: "", plain, depth: 0, current: Current::Begun };
        let mut first = true;
        loop {
            match reader.next()? {
                Event::Start(tag) => return reader.begin(tag, false),
                Event::Empty(tag) => return reader.begin(tag, true),
                // Only the very beginning of a document is a place for a declaration (XML 1.0 §2.8).
                Event::Decl(_) if first => {}
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Eof => return Err(XmlError::Empty),
                _ => return Err(reader.not_well_formed()),
            }
            first = false;
        }
    }

    /// The name of the root element, without its prefix.
    pub fn root(&self) -> &'a str {
        self.root
    }

    /// The name of the next child of the current element, which becomes the current element; `None` once the
    /// current element has ended, which makes its parent the current one again.
    pub fn child(&mut self) -> Result<Option<&'a str>, XmlError> {
        self.advance(None)
    }

    /// The text of the current element, which is then ended. Elements inside it are passed over.
    pub fn text(&mut self) -> Result<Cow<'a, str>, XmlError> {
        let mut text = Cow::Borrowed("");
        while self.advance(Some(&mut text))?.is_some() {
            self.skip()?;
        }
        Ok(text)
    }

    /// The text of the current element, which is then ended, and whether it had children: `each` gets them.
    pub(crate) fn text_or_children(
        &mut self,
        mut each: impl FnMut(&mut Self, &'a str) -> Result<(), XmlError>,
    ) -> Result<(String, bool), XmlError> {
        let (mut text, mut children) = (Cow::Borrowed(""), false);
        while let Some(name) = self.advance(Some(&mut text))? {
            children = true;
            each(self, name)?;
        }
        Ok((text.into_owned(), children))
    }

    /// Passes over the current element and all that is in it.
    pub fn skip(&mut self) -> Result<(), XmlError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.child()?;
        }
        Ok(())
    }

    /// Checks that nothing but blanks and comments follows the root element.
    pub fn end(mut self) -> Result<(), XmlError> {
        loop {
            match self.next()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) | Event::PI(_) => {}
                event => return Err(self.misplaced(&event)),
            }
        }
    }

    fn begin(mut self, tag: BytesStart<'a>, empty: bool) -> Result<Self, XmlError> {
        self.root = self.open(tag, empty)?;
        Ok(self)
    }

    #[inline]
    fn open(&mut self, tag: BytesStart<'a>, empty: bool) -> Result<&'a str, XmlError> {
        if self.depth >= MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        let name_len = tag.name().as_ref().len();
        if tag.len() > name_len && !is_simple_attribute(tag.attributes_raw()) {
            self.check_attributes(&tag)?;
        }
        self.depth += 1;
        self.current = if empty { Current::Empty } else { Current::Begun };
        // The event borrows its name from itself; taken from the document by place, it outlives the event. The
        // reader stands behind `<name …>` or `<name …/>`.
        let start = self.position().wrapping_sub(tag.len() + 1 + usize::from(empty));
        let name = start.checked_add(name_len).and_then(|end| self.text.get(start..end));
        debug_assert_eq!(name, Some(tag.name().as_ref()));
        name.and_then(local_name).ok_or_else(|| self.not_well_formed())
    }

    /// Checks that a tag's attributes are well-formed (XML 1.0 §3.1), each there once, and not too many.
    fn check_attributes(&self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        let text = tag.attributes_raw();
        for (before, attribute) in tag.attributes().enumerate() {
            let attribute = attribute.map_err(|_| self.not_well_formed())?;
            let (key, value) = (attribute.key.into_inner(), &*attribute.value);
            // XML 1.0 §3.1 wants a blank before each. The iterator also takes `a='1'b='2'`.
            let at = key.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
            let follows_blank = text.get(..at).is_some_and(|before| before.ends_with(BLANKS));
            if !follows_blank || local_name(key).is_none() || value.contains('<') || !are_references(value) {
                return Err(self.not_well_formed());
            }
            if before >= MAX_ATTRIBUTES {
                return Err(XmlError::TooManyAttributes);
            }
        }
        Ok(())
    }

    /// Goes on to the next child or to the end of the current element, and adds what stands before it to `text`, if
    /// that is wanted.
    #[inline]
    fn advance(&mut self, mut text: Option<&mut Cow<'a, str>>) -> Result<Option<&'a str>, XmlError> {
        match std::mem::take(&mut self.current) {
            Current::Begun => {}
            Current::Empty => return Ok(self.close()),
            Current::Ahead(name) => {
                if let Some(length) = leaf(self.events.get_ref(), name) {
                    if let Some(text) = &mut text {
                        let start = self.position() + name.len() + 2;
                        **text = Cow::Borrowed(self.text.get(start..start + length).unwrap_or_default());
                    }
                    self.pass_over(length + 2 * name.len() + 5);
                    return Ok(self.close());
                }
                // Its start tag.
                self.next()?;
            }
        }
        // Blanks between elements are most of the text of an answer, and no text of anything.
        if let Some(name) = self.look_ahead(text.is_none()) {
            return Ok(Some(name));
        }
        self.events.config_mut().trim_text_start = text.is_none();
        loop {
            match self.events.read_event() {
                // XML 1.0 §2.4: the end of a CDATA section is no character data.
                Ok(Event::Text(part)) if !self.plain && part.contains("]]>") => {
                    return Err(self.not_well_formed());
                }
                Ok(Event::Text(part)) => {
                    if let Some(text) = &mut text {
                        join(text, if self.plain { part.into_inner() } else { part.xml10_content() });
                    }
                }
                Ok(Event::CData(part)) => {
                    if let Some(text) = &mut text {
                        join(text, part.xml10_content());
                    }
                }
                // Checked wherever it stands.
                Ok(Event::GeneralRef(reference)) => {
                    let character = resolve_reference(&reference)?;
                    if let Some(text) = &mut text {
                        push(text, character.encode_utf8(&mut [0; 4]));
                    }
                }
                Ok(Event::Start(tag)) => return self.open(tag, false).map(Some),
                Ok(Event::Empty(tag)) => return self.open(tag, true).map(Some),
                Ok(Event::End(_)) => return Ok(self.close()),
                Ok(Event::Comment(_) | Event::PI(_)) => {}
                Ok(event) => return Err(self.misplaced(&event)),
                Err(_) => return Err(self.not_well_formed()),
            }
        }
    }

    /// Begins the element that is next, if its tag has nothing but a name. Only right behind a tag: the tokenizer has seen
    /// what follows a text.
    #[inline]
    fn look_ahead(&mut self, after_blanks: bool) -> Option<&'a str> {
        if !self.plain || self.depth >= MAX_DEPTH {
            return None;
        }
        if after_blanks {
            let rest = self.events.get_mut();
            *rest = rest.trim_ascii_start();
        }
        let (length, is_empty) = tag(self.events.get_ref())?;
        let start = self.position() + 1;
        let name = self.text.get(start..start + length)?;
        if is_empty {
            self.pass_over(length + 3);
        }
        self.current = if is_empty { Current::Empty } else { Current::Ahead(name) };
        self.depth += 1;
        Some(name)
    }

    /// Lets the tokenizer go on behind the next bytes, which must end with a tag.
    fn pass_over(&mut self, length: usize) {
        let rest = self.events.get_mut();
        *rest = rest.get(length..).unwrap_or_default();
    }

    /// How much the tokenizer has read.
    fn position(&self) -> usize {
        self.text.len().saturating_sub(self.events.get_ref().len())
    }

    /// Ends the current element.
    fn close(&mut self) -> Option<&'a str> {
        self.depth = self.depth.saturating_sub(1);
        None
    }

    fn next(&mut self) -> Result<Event<'a>, XmlError> {
        self.events.read_event().map_err(|_| self.not_well_formed())
    }

    fn misplaced(&self, event: &Event<'_>) -> XmlError {
        match event {
            Event::DocType(_) => XmlError::Doctype,
            _ => self.not_well_formed(),
        }
    }

    fn not_well_formed(&self) -> XmlError {
        XmlError::NotWellFormed { at: self.position() }
    }
}

/// The events of a document. A longer name is read before, so that there is room for the names of all open elements, which
/// would grow three times in an answer.
fn tokenize(document: &str) -> Reader<&[u8]> {
    let mut events = Reader::from_str(LONG_NAME);
    while matches!(events.read_event(), Ok(Event::Start(_))) {}
    *events.get_mut() = document.as_bytes();
    events.config_mut().check_comments = true;
    events
}

const LONG_NAME: &str = "<____________________________________________________________>\
                         </____________________________________________________________>";

/// Adds a part to a text, which stays borrowed as long as it is one part.
#[inline]
fn join<'a>(text: &mut Cow<'a, str>, part: Cow<'a, str>) {
    match text.is_empty() {
        true => *text = part,
        false => {
            push(text, &part);
            wipe(part);
        }
    }
}

/// The same with a part that is borrowed. What the text grows out of is wiped: it may be a secret.
fn push(text: &mut Cow<'_, str>, part: &str) {
    let length = text.len() + part.len();
    match text {
        Cow::Owned(text) if text.capacity() >= length => text.push_str(part),
        _ => {
            let mut grown = String::with_capacity(length.max(2 * text.len()));
            grown.push_str(text);
            grown.push_str(part);
            wipe(std::mem::replace(text, Cow::Owned(grown)));
        }
    }
}

/// Wipes what is a copy.
fn wipe(text: Cow<'_, str>) {
    if let Cow::Owned(text) = text {
        drop(Zeroizing::new(text));
    }
}

/// Whether this is one attribute as servers write it: ` xmlns="…"`. `false` says nothing.
#[inline]
fn is_simple_attribute(text: &str) -> bool {
    let special = |b: u8| (b == b'"') | (b == b'<') | (b == b'&');
    let attribute = text.strip_prefix(' ').and_then(|text| text.strip_suffix('"')?.split_once('='));
    attribute.and_then(|(key, value)| Some((key, value.strip_prefix('"')?))).is_some_and(|(key, value)| {
        local_name(key).is_some() && !value.bytes().fold(false, |found, b| found | special(b))
    })
}

/// Whether every `&` in an attribute's value begins a reference that stands for something.
fn are_references(value: &str) -> bool {
    let reference =
        |part: &str| part.split_once(';').is_some_and(|(name, _)| resolve_reference(name).is_ok());
    value.split('&').skip(1).all(reference)
}

/// A character reference (XML 1.0 §4.1) or one of the five predefined entities (§4.6).
pub(crate) fn resolve_reference(reference: &str) -> Result<char, XmlError> {
    let unknown = XmlError::UnknownReference;
    let Some(number) = reference.strip_prefix('#') else {
        return match reference {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            _ => Err(unknown),
        };
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hexadecimal| (hexadecimal, 16));
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(unknown);
    }
    let code = u32::from_str_radix(digits, radix).map_err(|_| unknown)?;
    char::from_u32(code).filter(|c| is_xml_char(*c)).ok_or(unknown)
}

/// The characters that a document may hold: `Char` of XML 1.0 §2.2.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Where a character stands that `Char` of XML 1.0 §2.2 leaves out: a control character, U+FFFE or U+FFFF.
fn forbidden_character(document: &str) -> Option<usize> {
    document.char_indices().find(|(_, c)| !is_xml_char(*c)).map(|(at, _)| at)
}

fn is_blank(text: &str) -> bool {
    text.trim_start_matches(BLANKS).is_empty()
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `<r>…</r>` as text.
    fn text(document: &str) -> Result<String, XmlError> {
        let mut reader = XmlReader::new(document.as_bytes())?;
        let text = reader.text()?.into_owned();
        reader.end()?;
        Ok(text)
    }

    #[test]
    fn text_is_joined_from_all_its_parts() {
        for (document, expected) in [
            ("<r>a</r>", "a"),
            ("<r/>", ""),
            ("<r></r>", ""),
            ("<r> a </r>", " a "),
            ("\u{feff}<?xml version=\"1.0\"?><!-- c --><p:r xmlns:p='urn:x'>a</p:r>\n", "a"),
            ("<r>a<!-- <b> & --><![CDATA[<&>]]>&amp;&#x1F980;&#129408;<?pi x?>z</r>", "a<&>&🦀🦀z"),
            ("<r>a\r\nb\rc&#xD;d</r>", "a\nb\nc\rd"),
            ("<r>a<x>b<y/></x>c</r>", "ac"),
            ("<r>&lt;&gt;&amp;&apos;&quot;</r>", "<>&'\""),
        ] {
            assert_eq!(text(document).as_deref(), Ok(expected), "{document}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for document in [
            "",
            " ",
            "text",
            "{}",
            "<r>",
            "<r>a",
            "<r></x>",
            "<r>&nope;</r>",
            "<r>&#0;</r>",
            "<r>&#x110000;</r>",
            "<r>&#xD800;</r>",
            "<r>&#+65;</r>",
            "<r>&#;</r>",
            "<r>&amp</r>",
            "<r/><r/>",
            "<r/>x",
            "a<r/>",
            "\u{feff}\u{feff}<r/>",
            "<r a></r>",
            "<r a='1' a='2'/>",
            "<r a='<'/>",
            "<r a='&nope;'/>",
            "<r a='&'/>",
            "<r a='1'b='2'/>",
            "<r a=\"1\"b=\"2\"></r>",
            "<r a='1' b='2'c='3'/>",
            "<r><x xmlns=\"urn:x\"b=''/></r>",
            "<r><x a=''b=''></x></r>",
            "<r 1a=''/>",
            "<r/a/>",
            "<r='1'/>",
            "<1r/>",
            "<r!/>",
            "< r/>",
            "<r>]]></r>",
            "<r><!-- a -- b --></r>",
            " <?xml version='1.0'?><r/>",
            "<r><?xml version='1.0'?></r>",
            "<r>\u{1}</r>",
            "<r>&#xFFFF;</r>",
            "<!DOCTYPE r><r/>",
            "<r><!DOCTYPE r></r>",
            "<!DOCTYPE r [<!ENTITY x 'y'>]><r>&x;</r>",
            "<r/><!DOCTYPE r>",
        ] {
            assert!(text(document).is_err(), "{document}");
        }
        assert_eq!(text("<!DOCTYPE r><r/>"), Err(XmlError::Doctype));
        assert_eq!(XmlReader::new(b"<r>\xff</r>").err(), Some(XmlError::NotUtf8 { at: 3 }));
    }

    #[test]
    fn what_is_passed_over_is_not_read() {
        for document in [
            "<?xml?><r/>",
            "<?xml ver='1.0'encoding=?><r/>",
            "<r><?XML?></r>",
            "<r><?1?></r>",
            "<r><? a?></r>",
            "<?<a?><r/>",
            "<r/><??>",
        ] {
            assert_eq!(text(document).as_deref(), Ok(""), "{document}");
        }
    }

    #[test]
    fn a_name_loses_its_prefix() {
        for (name, expected) in [
            ("a", "a"),
            ("_a-1.b", "_a-1.b"),
            ("p:a", "a"),
            ("é", "é"),
            ("p:é\u{300}\u{b7}", "é\u{300}\u{b7}"),
            ("\u{10000}", "\u{10000}"),
            ("日本", "日本"),
            ("\u{b7}a", "\u{b7}a"),
        ] {
            assert_eq!(local_name(name), Some(expected));
        }
        for name in ["", "1a", "-a", ".a", "a b", "a!", "\u{30c}/", "é!", "a=b", "a/b", "a<b", "a'b", "a\"b"]
        {
            assert_eq!(local_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn depth_is_bounded_however_an_element_is_taken() {
        let nested = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert_eq!(text(&nested(MAX_DEPTH)).as_deref(), Ok(""));
        assert_eq!(text(&nested(MAX_DEPTH + 1)), Err(XmlError::TooDeep));
        let deep = nested(100_000);
        let mut reader = XmlReader::new(deep.as_bytes()).unwrap();
        assert_eq!(reader.skip(), Err(XmlError::TooDeep));
    }

    #[test]
    fn attributes_are_bounded() {
        let tag = |count: usize, more: &str| {
            let attributes: String = (0..count).map(|number| format!(" a{number}='1'")).collect();
            format!("<r{attributes}{more}>x</r>")
        };
        assert_eq!(text(&tag(MAX_ATTRIBUTES, "")).as_deref(), Ok("x"));
        for document in [tag(MAX_ATTRIBUTES + 1, ""), tag(MAX_ATTRIBUTES, " \n b=''"), tag(10_000, "")] {
            assert_eq!(text(&document), Err(XmlError::TooManyAttributes), "{document}");
            let inside = format!("<r><a/>{document}</r>");
            assert_eq!(text(&inside), Err(XmlError::TooManyAttributes), "{inside}");
        }
        assert!(matches!(text(&tag(MAX_ATTRIBUTES, " a7=''")), Err(XmlError::NotWellFormed { .. })));
        assert_eq!(
            XmlError::TooManyAttributes.to_string(),
            "the document has a tag with more than 64 attributes"
        );
    }

    #[test]
    fn unknown_elements_do_not_leak_into_their_parent() {
        let document = b"<r><u><k>wrong</k></u><k>right</k><k2/></r>";
        let mut reader = XmlReader::new(document).unwrap();
        assert_eq!(reader.root(), "r");
        let mut seen = Vec::new();
        while let Some(name) = reader.child().unwrap() {
            match name {
                "k" | "k2" => seen.push((name, reader.text().unwrap().into_owned())),
                _ => reader.skip().unwrap(),
            }
        }
        reader.end().unwrap();
        assert_eq!(seen, [("k", "right".to_owned()), ("k2", String::new())]);
    }
}
