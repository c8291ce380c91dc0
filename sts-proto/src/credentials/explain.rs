use std::fmt;

use crate::Tried;
use crate::settings::Setting;

/// What a client is made with and where its credentials come from, for a person to read. `Display` makes two lists of it:
/// every setting with its origin, and every source of credentials, in order, with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Every setting, with its origin.
    pub settings: Vec<Setting>,
    /// Every source of credentials, in order, and what became of it; none where they were given in code, or are looked for
    /// by a provider of the program's own.
    pub credentials: Vec<Tried>,
}

impl Explanation {
    /// Of these.
    pub fn new(settings: Vec<Setting>, credentials: Vec<Tried>) -> Self {
        Self { settings, credentials }
    }

    /// What a driver knows better than the settings do: in the place of the setting of that name, or else behind the others.
    #[must_use]
    pub fn with(mut self, setting: Setting) -> Self {
        match self.settings.iter_mut().find(|known| known.name == setting.name) {
            Some(known) => *known = setting,
            None => self.settings.push(setting),
        }
        self
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = widest(self.settings.iter().map(|setting| setting.name));
        let values = widest(self.settings.iter().map(|setting| &*setting.value));
        f.write_str("settings")?;
        for Setting { name, value, origin } in &self.settings {
            write!(f, "\n  {name:<names$}  {value:<values$}  {origin}")?;
        }
        f.write_str("\ncredentials, in the order in which they are looked for")?;
        if self.credentials.is_empty() {
            return f.write_str("\n  nowhere");
        }
        let sources = widest(self.credentials.iter().map(|tried| &*tried.source));
        for Tried { source, outcome } in &self.credentials {
            write!(f, "\n  {source:<sources$}  {outcome}")?;
        }
        Ok(())
    }
}

/// The width of a column, which does not grow for what is very long.
fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0)
}

const WIDEST: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::settings::Origin;

    #[test]
    fn two_lists_in_columns() {
        let profile = Origin::Profile("profile dev, region (/home/me/.aws/config line 2)".into());
        let long = "x".repeat(WIDEST + 1);
        let settings = vec![
            Setting::new("region", "eu-west-1", profile),
            Setting::new("max attempts", "5", Origin::Environment("AWS_MAX_ATTEMPTS")),
            Setting::new("app id", long.clone(), Origin::Code),
        ];
        let credentials = vec![
            Tried::new("environment", Outcome::NotConfigured("AWS_ACCESS_KEY_ID is not set".into())),
            Tried::new("profile dev", Outcome::Used("access key …WXYZ".into())),
            Tried::new("container", Outcome::NotAsked),
        ];
        let expected = format!(
            "settings\n\
             \x20 region        eu-west-1  profile dev, region (/home/me/.aws/config line 2)\n\
             \x20 max attempts  5          AWS_MAX_ATTEMPTS\n\
             \x20 app id        {long}  set in code\n\
             credentials, in the order in which they are looked for\n\
             \x20 environment  not configured, AWS_ACCESS_KEY_ID is not set\n\
             \x20 profile dev  used, access key …WXYZ\n\
             \x20 container    not asked"
        );
        assert_eq!(Explanation::new(settings, credentials).to_string(), expected);
    }

    #[test]
    fn what_a_driver_knows_better_stands_in_its_place() {
        let setting = |name, value| Setting::new(name, value, Origin::Code);
        let told = Explanation::new(vec![setting("ca bundle", "a"), setting("app id", "b")], Vec::new());
        let told = told.with(setting("proxy", "c")).with(setting("ca bundle", "d"));
        let shown: Vec<_> = told.settings.iter().map(|known| (known.name, &*known.value)).collect();
        assert_eq!(shown, [("ca bundle", "d"), ("app id", "b"), ("proxy", "c")]);
    }

    #[test]
    fn nothing_to_tell() {
        let text = Explanation::new(Vec::new(), Vec::new()).to_string();
        assert_eq!(text, "settings\ncredentials, in the order in which they are looked for\n  nowhere");
    }
}
