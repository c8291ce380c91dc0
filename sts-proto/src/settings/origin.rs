use std::fmt;

use crate::text::one_line;

/// Where the value of a setting comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The default: nothing sets it.
    #[default]
    Default,
    /// Set in code.
    Code,
    /// An argument of the program, by its name: see [`Settings::of_program`](super::Settings::of_program).
    Argument(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A profile, or a section that it refers to; the text names the file, line, section and key.
    Profile(Box<str>),
    /// The instance metadata.
    InstanceMetadata,
}

impl Origin {
    /// Replaces [`Code`](Self::Code) with this argument of the program.
    pub(super) fn name_argument(&mut self, name: impl FnOnce() -> &'static str) {
        if *self == Self::Code {
            *self = Self::Argument(name());
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Code => f.write_str("set in code"),
            Self::Argument(name) => f.write_str(name),
            Self::Environment(variable) => f.write_str(variable),
            Self::Profile(place) => f.write_str(place),
            Self::InstanceMetadata => f.write_str("instance metadata"),
        }
    }
}

/// A setting as it is in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// The value; never a secret.
    pub value: Box<str>,
    /// Where the value comes from.
    pub origin: Origin,
}

impl Setting {
    /// `value` must not contain a secret. Control characters in it are replaced by spaces.
    pub fn new(name: &'static str, value: impl AsRef<str>, origin: Origin) -> Self {
        Self { name, value: one_line(value.as_ref()).into(), origin }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T> Sourced<T> {
    pub(crate) fn in_code(value: T) -> Self {
        Self { value, origin: Origin::Code }
    }

    /// This one where it is set, else `base`.
    pub(super) fn over(self, base: Self) -> Self {
        if self.is_default() { base } else { self }
    }

    /// The same, set by this argument of the program where it is set in code.
    #[cfg(feature = "credentials")]
    pub(crate) fn by_argument(mut self, name: &'static str) -> Self {
        self.origin.name_argument(|| name);
        self
    }

    /// Whether it is set nowhere.
    pub(super) fn is_default(&self) -> bool {
        self.origin == Origin::Default
    }
}

impl<T: Into<U>, U> From<Option<(T, Origin)>> for Sourced<Option<U>> {
    fn from(found: Option<(T, Origin)>) -> Self {
        match found {
            Some((value, origin)) => Self { value: Some(value.into()), origin },
            None => Self { value: None, origin: Origin::Default },
        }
    }
}

impl From<Option<(bool, Origin)>> for Sourced<bool> {
    fn from(found: Option<(bool, Origin)>) -> Self {
        found.map(|(value, origin)| Self { value, origin }).unwrap_or_default()
    }
}
