use std::fmt;

use super::{MAX_ATTRIBUTES, MAX_DEPTH};

/// Why a document could not be read. Names places and members, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlError {
    /// There is no element in it.
    Empty,
    /// A byte sequence is not UTF-8.
    NotUtf8 {
        /// Offset in bytes.
        at: usize,
    },
    /// Not well-formed: a tag is not closed, an entity is unknown, a character is not allowed, …
    NotWellFormed {
        /// Offset in bytes, near the fault.
        at: usize,
    },
    /// It declares a document type; none of the service's answers does.
    Doctype,
    /// Elements nest deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A tag has more than [`MAX_ATTRIBUTES`] attributes.
    TooManyAttributes,
    /// A required member is absent.
    Missing {
        /// The structure that should have it.
        shape: &'static str,
        /// Its name.
        member: &'static str,
    },
    /// A member's text is not what its type asks for.
    NotA {
        /// What it should be.
        what: &'static str,
        /// The member's name, once known.
        member: &'static str,
    },
    /// An entity or character reference stands for nothing that XML allows.
    UnknownReference,
}

impl XmlError {
    pub(super) fn not_a(what: &'static str) -> Self {
        Self::NotA { what, member: "a member" }
    }

    /// The same, said of this member if no other is named yet.
    pub fn of_member(self, name: &'static str) -> Self {
        match self {
            Self::NotA { what, member: "a member" } => Self::NotA { what, member: name },
            error => error,
        }
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the document is empty"),
            Self::NotUtf8 { at } => write!(f, "the document is not utf-8 at byte {at}"),
            Self::NotWellFormed { at } => write!(f, "the document is not well-formed xml near byte {at}"),
            Self::Doctype => f.write_str("the document has a doctype, which is refused"),
            Self::TooDeep => write!(f, "the document nests deeper than {MAX_DEPTH} elements"),
            Self::TooManyAttributes => {
                write!(f, "the document has a tag with more than {MAX_ATTRIBUTES} attributes")
            }
            Self::Missing { shape, member } => write!(f, "{shape} has no {member}"),
            Self::NotA { what, member } => write!(f, "{member} should be a {what} and is not"),
            Self::UnknownReference => {
                f.write_str("the document has a reference to an unknown entity or character")
            }
        }
    }
}

impl std::error::Error for XmlError {}
