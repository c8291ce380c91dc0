//! What is kept of a document while it is read.

use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{MAX_BELOW, MAX_MEMBERS};
use crate::secret::Secret;

/// Reads a document to its end.
pub(super) fn read(document: &[u8]) -> Result<Kept, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(document);
    let kept = Level::Top.deserialize(&mut reader)?;
    reader.end()?;
    Ok(kept)
}

/// What is kept of a value.
pub(super) enum Kept {
    Null,
    Text(Secret),
    Whole(i64),
    /// A number with a fraction or an exponent.
    Fraction(f64),
    Object(Members),
    /// An object with more members than these.
    TooMany(usize),
    /// Something else, or something too far down.
    Other,
}

/// The members of an object, each name there once.
#[derive(Default)]
pub(super) struct Members(Vec<(Box<str>, Kept)>);

impl Members {
    /// Takes a member out.
    pub(super) fn take(&mut self, name: &str) -> Option<Kept> {
        let at = self.0.iter().position(|(known, _)| **known == *name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Keeps a member, in place of one of the same name; `false` where there are as many as there may be.
    fn keep(&mut self, name: Box<str>, kept: Kept, max: usize) -> bool {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *known = kept;
        } else if self.0.len() < max {
            self.0.push((name, kept));
        } else {
            return false;
        }
        true
    }

    /// The number that these stand for, if they do.
    fn as_number(&self) -> Option<Kept> {
        match &self.0[..] {
            [(name, Kept::Text(text))] if **name == *NUMBER => {
                Some(text.expose().parse().map_or(Kept::Other, Kept::Whole))
            }
            _ => None,
        }
    }
}

/// Where a value stands, and so what is kept of it.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// The document itself.
    Top,
    /// A member of it.
    Member,
    /// A member of a member.
    Below,
    /// A member of that, which is of use only where it is the text of a number.
    Last,
    /// Further down: it is only read, and as strictly as all else (`IgnoredAny` would let more pass).
    Passed,
}

impl Level {
    /// The level of the members of an object at this one, and how many of them are kept.
    fn members(self) -> Option<(Self, usize)> {
        match self {
            Self::Top => Some((Self::Member, MAX_MEMBERS)),
            Self::Member => Some((Self::Below, MAX_BELOW)),
            Self::Below => Some((Self::Last, 1)),
            Self::Last | Self::Passed => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kept, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Kept, E> {
        Ok(Kept::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Kept, E> {
        Ok(Kept::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Kept, E> {
        Ok(Kept::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Kept, E> {
        Ok(i64::try_from(number).map_or(Kept::Other, Kept::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Kept, E> {
        Ok(Kept::Fraction(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Kept, E> {
        Ok(match self {
            Self::Member | Self::Below | Self::Last => Kept::Text(Secret::from(text)),
            Self::Top | Self::Passed => Kept::Other,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kept, A::Error> {
        while items.next_element_seed(Self::Passed)?.is_some() {}
        Ok(Kept::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kept, A::Error> {
        let Some((level, max)) = self.members() else {
            while map.next_entry_seed(Name, Self::Passed)?.is_some() {}
            return Ok(Kept::Other);
        };
        let (mut members, mut fits) = (Members::default(), true);
        while let Some(name) = map.next_key_seed(Name)? {
            let kept = map.next_value_seed(if fits { level } else { Self::Passed })?;
            if fits && !members.keep(name, kept, max) {
                (members, fits) = (Members::default(), false);
            }
        }
        Ok(match members.as_number() {
            Some(number) if self != Self::Top => number,
            _ if fits => Kept::Object(members),
            _ => Kept::TooMany(max),
        })
    }
}

/// The name of a member.
pub(super) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Box<str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Box<str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Box<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Box<str>, E> {
        Ok(name.into())
    }
}

/// The only member of a number, as serde_json hands them on with its feature `arbitrary_precision`, which any crate of a
/// program may switch on for all of them.
const NUMBER: &str = "$serde_json::private::Number";
