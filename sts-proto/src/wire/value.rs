use std::borrow::Cow;
use std::time::SystemTime;

use super::{Value, XmlError, XmlReader, time};
use crate::secret::Secret;

/// A value that an XML element can hold.
pub trait FromXml: Sized {
    /// Reads the current element of `reader` to its end.
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError>;

    /// The value of a `member` of `shape` that the document does not have: an error, unless the type says
    /// otherwise.
    fn missing(shape: &'static str, member: &'static str) -> Result<Self, XmlError> {
        Err(XmlError::Missing { shape, member })
    }

    /// The value with what it is made of: nothing unless the type says more.
    fn to_value(&self) -> Value {
        Value::Absent
    }
}

/// A place for a value that is read, without the type of the value, so that [`read_members`] is compiled once and not for each
/// structure.
#[doc(hidden)]
pub trait Place {
    /// Reads the current element to its end.
    fn read(&mut self, reader: &mut XmlReader<'_>) -> Result<(), XmlError>;
}

impl<T: FromXml> Place for Option<T> {
    fn read(&mut self, reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
        *self = Some(T::read(reader)?);
        Ok(())
    }
}

/// Reads the members of a structure, each into its place, for [`output!`](crate::output).
#[doc(hidden)]
pub fn read_members(
    reader: &mut XmlReader<'_>,
    members: &mut [(&'static str, &mut dyn Place)],
) -> Result<(), XmlError> {
    // A hostile document may be full of names that no member has. Lengths are compared first, since most of these differ in it.
    let bit = |name: &str| 1_u64 << (name.len() % 64);
    let lengths = members.iter().fold(0, |lengths, (member, _)| lengths | bit(member));
    while let Some(name) = reader.child()? {
        let known = lengths & bit(name) != 0;
        match members.iter_mut().find(|(member, _)| known && *member == name) {
            Some((member, place)) => place.read(reader).map_err(|error| error.of_member(member))?,
            None => reader.skip()?,
        }
    }
    Ok(())
}

impl<T: FromXml> FromXml for Option<T> {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        T::read(reader).map(Some)
    }

    fn missing(_: &'static str, _: &'static str) -> Result<Self, XmlError> {
        Ok(None)
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Absent, T::to_value)
    }
}

/// A list: each child element is an item, whatever its name (`member`, as a rule).
impl<T: FromXml> FromXml for Vec<T> {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        let mut items = Self::new();
        while reader.child()?.is_some() {
            items.push(T::read(reader)?);
        }
        Ok(items)
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl FromXml for String {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        reader.text().map(Cow::into_owned)
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromXml for Secret {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        String::read(reader).map(Self::new)
    }

    fn to_value(&self) -> Value {
        Value::Secret(self.clone())
    }
}

impl FromXml for i64 {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        reader.text()?.trim().parse().map_err(|_| XmlError::not_a("whole number"))
    }

    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl FromXml for u64 {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        reader.text()?.trim().parse().map_err(|_| XmlError::not_a("whole number, not negative"))
    }

    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl FromXml for bool {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        match reader.text()?.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(XmlError::not_a("truth value")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Truth(*self)
    }
}

impl FromXml for SystemTime {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        time::parse(&reader.text()?).ok_or(XmlError::not_a("date and time"))
    }

    fn to_value(&self) -> Value {
        time::format_exactly(*self).map_or(Value::Absent, Value::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_times_and_lists() {
        fn read<T: FromXml>(document: &str) -> Result<T, XmlError> {
            T::read(&mut XmlReader::new(document.as_bytes())?)
        }
        assert_eq!(read("<r> 6\n</r>"), Ok(6i64));
        assert_eq!(read("<r>+5</r>"), Ok(5i64));
        assert_eq!(read("<r>2147483648</r>"), Ok(2_147_483_648i64));
        assert!(read::<i64>("<r>6.0</r>").is_err());
        assert_eq!(read("<r> 18446744073709551615 </r>"), Ok(u64::MAX));
        for wrong in ["<r>-1</r>", "<r>18446744073709551616</r>", "<r/>"] {
            assert_eq!(read::<u64>(wrong), Err(XmlError::not_a("whole number, not negative")), "{wrong}");
        }
        assert_eq!((read("<r>true</r>"), read("<r> false\n</r>")), (Ok(true), Ok(false)));
        for wrong in ["<r>True</r>", "<r>1</r>", "<r/>"] {
            assert_eq!(read::<bool>(wrong), Err(XmlError::not_a("truth value")), "{wrong}");
        }
        assert!(read::<i64>("<r/>").is_err());
        assert!(read::<SystemTime>("<r>not a date</r>").is_err());
        assert_eq!(read("<r><member>a</member><member/></r>"), Ok(vec!["a".to_owned(), String::new()]));
        assert_eq!(read::<Option<i64>>("<r>1</r>"), Ok(Some(1)));
    }
}
