//! One setting from several places: variables first, then the profile.

use super::{Env, Origin, Section, SettingsError, SettingsErrorKind};
use crate::text::eq_ignore_ascii_case;

/// Where settings are looked for.
#[derive(Clone, Copy)]
pub(crate) struct Lookup<'a> {
    pub(crate) env: &'a Env,
    pub(crate) profile: Option<&'a Section>,
}

impl<'a> Lookup<'a> {
    /// The first of `variables` that is not blank, else the profile's `key`.
    pub(crate) fn text(
        self,
        variables: &[&'static str],
        key: &'static str,
    ) -> Result<Option<(&'a str, Origin)>, SettingsError> {
        for variable in variables {
            if let Some(value) = self.env.get(variable)? {
                return Ok(Some((value.trim(), Origin::Environment(variable))));
            }
        }
        let property = self.profile.and_then(|profile| Some((profile.get(key)?, profile.origin(key))));
        Ok(property)
    }

    /// Which of `choices` is named, in any case.
    pub(crate) fn choice(
        self,
        variable: &'static str,
        key: &'static str,
        choices: &'static [&'static str],
    ) -> Result<Option<(usize, Origin)>, SettingsError> {
        let Some((value, origin)) = self.text(&[variable], key)? else { return Ok(None) };
        match choices.iter().position(|choice| eq_ignore_ascii_case(choice, value)) {
            Some(position) => Ok(Some((position, origin))),
            None => Err(SettingsErrorKind::NotOneOf { origin, choices }.into()),
        }
    }

    /// `true` or `false`, in any case.
    pub(crate) fn flag(
        self,
        variable: &'static str,
        key: &'static str,
    ) -> Result<Option<(bool, Origin)>, SettingsError> {
        let choice = self.choice(variable, key, &["true", "false"])?;
        Ok(choice.map(|(position, origin)| (position == 0, origin)))
    }

    /// A whole number, 1 or more.
    pub(crate) fn number(
        self,
        variable: &'static str,
        key: &'static str,
    ) -> Result<Option<(u32, Origin)>, SettingsError> {
        let Some((value, origin)) = self.text(&[variable], key)? else { return Ok(None) };
        match value.parse() {
            Ok(number) if number >= 1 => Ok(Some((number, origin))),
            _ => Err(SettingsErrorKind::NotANumber { origin }.into()),
        }
    }
}
