//! The properties of a section, stored compactly: there may be very many.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::Secret;

/// Properties by key, in lower case.
///
/// After [`push`](Self::push), call [`settle`](Self::settle) before anything else; `extend` does.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Properties(Vec<(Box<str>, Property)>);

impl Properties {
    /// Adds a property, which replaces an earlier one of the same key.
    pub(super) fn push(&mut self, key: Box<str>, property: Property) {
        let length = self.0.len();
        if length == self.0.capacity() {
            // Repetitions of the same key take no more memory.
            self.settle();
            match length {
                0 => self.0.reserve_exact(1),
                _ if self.0.len() > length / 2 => self.0.reserve_exact(length),
                _ => {}
            }
        }
        self.0.push((key, property));
    }

    /// Sorts the properties and keeps the last one of each key.
    pub(super) fn settle(&mut self) {
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.0.dedup_by(|later, earlier| {
            let repeated = later.0 == earlier.0;
            if repeated {
                std::mem::swap(later, earlier);
            }
            repeated
        });
    }

    /// Adds the properties of another file, which replace these.
    pub(super) fn merge(&mut self, more: Self) {
        if self.0.is_empty() {
            *self = more;
        } else {
            self.extend(more.0);
        }
    }

    /// Removes these keys.
    pub(super) fn remove(&mut self, keys: &[&str]) {
        self.0.retain(|(key, _)| !keys.contains(&&**key));
    }

    /// Frees unused capacity.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    #[inline(never)]
    pub(super) fn get(&self, key: &str) -> Option<&Property> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
        self.0.get(at).map(|(_, property)| property)
    }

    /// The properties in the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Property)> {
        self.0.iter().map(|(key, property)| (&**key, property))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Extend<(Box<str>, Property)> for Properties {
    fn extend<T: IntoIterator<Item = (Box<str>, Property)>>(&mut self, more: T) {
        for (key, property) in more {
            self.push(key, property);
        }
        self.settle();
    }
}

/// A value, wiped when dropped, and where it was set.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Property {
    value: Zeroizing<Box<str>>,
    /// The file; `None` if the value was set in code.
    path: Option<Arc<PathBuf>>,
    lines: Lines,
}

/// The lines of a value in its file.
#[derive(Clone, PartialEq, Eq)]
enum Lines {
    /// Nearly all values have one line.
    One(u32),
    Each(Box<[u32]>),
}

impl Property {
    /// A value from a file, with the number of each of its lines.
    pub(super) fn at(value: Box<str>, path: Arc<PathBuf>, lines: Vec<u32>) -> Self {
        let lines = match lines[..] {
            [line] => Lines::One(line),
            _ => Lines::Each(lines.into()),
        };
        Self { value: Zeroizing::new(value), path: Some(path), lines }
    }

    pub(super) fn by_hand(value: &Secret) -> Self {
        Self { value: Zeroizing::new(value.expose().into()), path: None, lines: Lines::Each(Box::default()) }
    }

    pub(super) fn value(&self) -> &str {
        &self.value
    }

    /// The file, and the number of the value's line `index`.
    pub(super) fn line(&self, index: usize) -> Option<(&Path, u32)> {
        let line = match &self.lines {
            Lines::One(line) => (index == 0).then_some(*line),
            Lines::Each(lines) => lines.get(index).copied(),
        };
        Some((self.path.as_ref()?, line?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(value: &str) -> Property {
        Property::by_hand(&value.into())
    }

    #[test]
    fn the_last_property_of_a_key_wins_however_many_there_are() {
        let mut properties = Properties::default();
        for number in 0..10_000 {
            properties.push(format!("k{}", number % 7).into(), property(&number.to_string()));
        }
        properties.settle();
        let all: Vec<_> = properties.iter().map(|(key, property)| (key, property.value())).collect();
        let last = [
            ("k0", "9996"),
            ("k1", "9997"),
            ("k2", "9998"),
            ("k3", "9999"),
            ("k4", "9993"),
            ("k5", "9994"),
            ("k6", "9995"),
        ];
        assert_eq!(all, last);
        assert!(properties.0.capacity() < 64, "{}", properties.0.capacity());
        properties.extend([("k9".into(), property("x")), ("k1".into(), property("y"))]);
        assert_eq!(properties.get("k1").map(Property::value), Some("y"));
        assert_eq!(properties.get("k9").map(Property::value), Some("x"));
        assert_eq!((properties.get("k").is_none(), properties.len()), (true, 8));
    }
}
