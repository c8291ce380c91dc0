use std::fmt;

/// Where the value of a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The program.
    Code,
    /// This environment variable.
    Environment(&'static str),
    /// A profile, or a section that it refers to; the text names file, line, section and key.
    Profile(Box<str>),
    /// The instance's metadata.
    InstanceMetadata,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Code => f.write_str("set in code"),
            Self::Environment(variable) => f.write_str(variable),
            Self::Profile(place) => f.write_str(place),
            Self::InstanceMetadata => f.write_str("instance metadata"),
        }
    }
}

/// A setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is; never a secret.
    pub value: Box<str>,
    /// Where that came from.
    pub origin: Origin,
}

impl Setting {
    /// A setting as it is in force. `value` may not hold a secret.
    pub fn new(name: &'static str, value: impl Into<Box<str>>, origin: Origin) -> Self {
        Self { name, value: value.into(), origin }
    }
}
