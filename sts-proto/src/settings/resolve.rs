use std::sync::Arc;

use super::endpoint_url::configured_endpoint_url;
#[cfg(feature = "credentials")]
use super::files::{CONFIG, CREDENTIALS};
#[cfg(feature = "credentials")]
use super::list::{FileState, Found, FoundFile};
use super::lookup::Lookup;
use super::origin::Sourced;
#[cfg(feature = "credentials")]
use super::profile::Kind;
use super::proxy::Proxies;
use super::{Env, Origin, Profiles, Roots, Section, Settings, SettingsError};
#[cfg(feature = "credentials")]
use super::{Files, Setting, SettingsErrorKind};
use crate::retry::Retry;

impl Settings {
    /// What the environment says; a variable that is blank counts as absent.
    ///
    /// | setting | variables, the first that is there |
    /// |---|---|
    /// | region | `AWS_REGION`, `AWS_DEFAULT_REGION` |
    /// | endpoint URL | `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`; neither if `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true |
    /// | FIPS, dual stack | `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`: `true` or `false` |
    /// | global endpoint | `AWS_STS_REGIONAL_ENDPOINTS`: `legacy` or `regional` (the default) |
    /// | app id | `AWS_SDK_UA_APP_ID` |
    /// | signature, with the feature `sigv4a` | `AWS_AUTH_SCHEME_PREFERENCE`: of a list, the first that is `sigv4` or `sigv4a`; `AWS_SIGV4A_SIGNING_REGION_SET` |
    /// | roots to trust | `AWS_CA_BUNDLE`: a PEM file |
    /// | retries | `AWS_RETRY_MODE`: `standard` (the default; `legacy` is the same) or `adaptive`; `AWS_MAX_ATTEMPTS` |
    /// | trace in AWS Lambda | `_X_AMZN_TRACE_ID`, where `AWS_LAMBDA_FUNCTION_NAME` is there |
    /// | proxy | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`: see [`proxy`](super::proxy) |
    /// | credentials | `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, with `AWS_SESSION_TOKEN` if they are temporary, `AWS_CREDENTIAL_EXPIRATION` if their end is known and `AWS_ACCOUNT_ID` if their account is |
    ///
    /// (AWS SDKs and Tools Reference Guide, "Environment variables support".)
    ///
    /// # Errors
    ///
    /// A variable that is not Unicode or has a value that it may not have. Keys and proxies that cannot be used are
    /// an error only when a client is built, and not if code sets others.
    pub fn from_env(env: &Env) -> Result<Self, SettingsError> {
        let value = env.credentials().map(|keys| keys.map(Arc::new));
        let is_set = !matches!(value, Ok(None));
        let origin = if is_set { Origin::Environment("AWS_ACCESS_KEY_ID") } else { Origin::Default };
        let credentials = Sourced { value, origin };
        Ok(Self { credentials, ..Self::resolve(env, &Profiles::default(), None, &Self::new())? })
    }

    /// What the environment and the shared files say, and the name of the profile: the one in code, else the one of
    /// `AWS_PROFILE`, else `default`. The two states are those of the config and the credentials file. What `code` sets is not
    /// looked for, so that a value that cannot be used does no harm there.
    #[cfg(feature = "credentials")]
    pub(crate) fn from_files(
        env: &Env,
        in_code: Option<&Sourced<String>>,
        profiles: &Profiles,
        files: Files,
        code: &Self,
        [config_state, credentials_state]: [FileState; 2],
    ) -> Result<(Self, String), SettingsError> {
        let Sourced { value: name, origin } = match in_code {
            Some(named) => named.clone(),
            None => match env.get("AWS_PROFILE")? {
                Some(name) => {
                    Sourced { value: name.trim().to_owned(), origin: Origin::Environment("AWS_PROFILE") }
                }
                None => Sourced { value: DEFAULT.to_owned(), origin: Origin::Default },
            },
        };
        let profile = profiles.profile(&name)?;
        if profile.is_none() && name != DEFAULT {
            let files = [files.config, files.credentials].into_iter().flatten().collect();
            let hint = profiles.hint(Kind::Profile, &name);
            return Err(SettingsErrorKind::NoProfile { name, origin, files, hint }.into());
        }
        let found = |variable, path, state| {
            let origin = if env.has(variable) { Origin::Environment(variable) } else { Origin::Default };
            FoundFile { path, origin, state }
        };
        let mut not_understood = profiles.not_understood();
        if origin == Origin::Default && env.has(DEFAULT_PROFILE) {
            let advice = "name the profile in AWS_PROFILE";
            not_understood.push(Setting::new("not read", advice, Origin::Environment(DEFAULT_PROFILE)));
        }
        let mut settings = Self::resolve(env, profiles, profile, code)?;
        settings.found = Some(Found {
            profile_exists: profile.is_some(),
            profile: Sourced { value: name.clone(), origin },
            config: found(CONFIG, files.config, config_state),
            credentials: found(CREDENTIALS, files.credentials, credentials_state),
            not_understood,
        });
        Ok((settings, name))
    }

    /// All but the credentials and what `code` sets: the environment first, then the profile.
    fn resolve(
        env: &Env,
        profiles: &Profiles,
        profile: Option<&Section>,
        code: &Self,
    ) -> Result<Self, SettingsError> {
        let lookup = Lookup { env, profile };
        let mut settings = Self::new();
        settings.looked = true;
        if code.region.is_default() {
            settings.region = lookup.text(&["AWS_REGION", "AWS_DEFAULT_REGION"], "region")?.into();
        }
        if code.endpoint_url.is_default() {
            settings.endpoint_url =
                configured_endpoint_url(env, profiles, profile, "AWS_ENDPOINT_URL_STS", "sts")?;
        }
        if code.use_fips_endpoint.is_default() {
            settings.use_fips_endpoint = lookup.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?.into();
        }
        if code.use_dualstack_endpoint.is_default() {
            settings.use_dualstack_endpoint =
                lookup.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?.into();
        }
        if code.use_global_endpoint.is_default() {
            let endpoints = ["AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints"];
            settings.use_global_endpoint =
                lookup.choice(endpoints[0], endpoints[1], &["regional", "legacy"])?.map(is_second).into();
        }
        if code.app_id.is_default() {
            settings.app_id = lookup.text(&["AWS_SDK_UA_APP_ID"], "sdk_ua_app_id")?.into();
        }
        if code.use_sigv4a.is_default() {
            settings.use_sigv4a = sigv4a_preferred(lookup)?.into();
        }
        if code.signing_region_set.is_default() {
            let set = lookup.text(&["AWS_SIGV4A_SIGNING_REGION_SET"], "sigv4a_signing_region_set")?;
            settings.signing_region_set = set.into();
        }
        if !code.tls.has_roots()
            && let Some((path, origin)) = lookup.text(&["AWS_CA_BUNDLE"], "ca_bundle")?
        {
            settings.tls.configure_roots(Roots::File(path.into()), origin);
        }
        if !code.sets_retry() {
            settings.read_retry(lookup)?;
        }
        settings.trace_id = env.trace_id();
        settings.proxies = Proxies::from_env(env);
        Ok(settings)
    }

    fn read_retry(&mut self, lookup: Lookup<'_>) -> Result<(), SettingsError> {
        let modes = &["standard", "adaptive", "legacy"];
        if let Some((mode, origin)) = lookup.choice("AWS_RETRY_MODE", "retry_mode", modes)? {
            self.retry = if mode == 1 { Retry::adaptive() } else { Retry::standard() };
            self.retry_mode_origin = origin;
        }
        if let Some((max, origin)) = lookup.number("AWS_MAX_ATTEMPTS", "max_attempts")? {
            self.retry = self.retry.max_attempts(max);
            self.max_attempts_origin = origin;
        }
        Ok(())
    }
}

#[cfg(feature = "credentials")]
const DEFAULT: &str = "default";
/// Read by the AWS CLI and some SDKs, and not by that of JavaScript.
#[cfg(feature = "credentials")]
const DEFAULT_PROFILE: &str = "AWS_DEFAULT_PROFILE";

/// Whether SigV4a is the first of the preferred schemes that this client knows. A preference is no demand: schemes that it
/// does not know are passed over.
fn sigv4a_preferred(lookup: Lookup<'_>) -> Result<Option<(bool, Origin)>, SettingsError> {
    let preferred = lookup.text(&["AWS_AUTH_SCHEME_PREFERENCE"], "auth_scheme_preference")?;
    Ok(preferred.and_then(|(schemes, origin)| {
        let known = schemes.split(',').map(str::trim).find(|scheme| matches!(*scheme, "sigv4" | "sigv4a"))?;
        Some((known == "sigv4a", origin))
    }))
}

fn is_second((position, origin): (usize, Origin)) -> (bool, Origin) {
    (position == 1, origin)
}

#[cfg(test)]
mod tests {
    use super::super::SettingsErrorKind;
    use super::*;
    use crate::keys::Credentials;

    fn from(pairs: &[(&'static str, &'static str)]) -> Result<Settings, SettingsError> {
        Settings::from_env(&Env::from_iter(pairs.iter().copied()))
    }

    fn url(pairs: &[(&'static str, &'static str)]) -> String {
        from(pairs).unwrap().endpoint().unwrap().uri().to_string()
    }

    #[test]
    fn what_an_environment_does_not_set_is_that_of_the_settings_below() {
        let keys = Settings::new().credentials(Credentials::new("AKIDBELOW", "s"));
        let above = from(&[("AWS_RETRY_MODE", "adaptive")]).unwrap().over(keys);
        assert_eq!(above.credentials.value.as_ref().unwrap().as_ref().unwrap().access_key_id, "AKIDBELOW");
        let above = above.over(from(&[("AWS_MAX_ATTEMPTS", "7"), ("AWS_RETRY_MODE", "standard")]).unwrap());
        assert_eq!(above.retry, crate::retry::Retry::adaptive().max_attempts(7));
    }

    #[test]
    fn the_first_variable_that_is_not_blank_wins() {
        assert_eq!(url(&[("AWS_DEFAULT_REGION", "eu-west-1")]), "https://sts.eu-west-1.amazonaws.com/");
        let both = [("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        assert_eq!(url(&both), "https://sts.us-west-2.amazonaws.com/");
        assert_eq!(url(&[("AWS_REGION", " "), both[1]]), "https://sts.eu-west-1.amazonaws.com/");
        let urls = [("AWS_ENDPOINT_URL_STS", "http://a:1"), ("AWS_ENDPOINT_URL", "http://b:2"), both[0]];
        assert_eq!(url(&urls), "http://a:1/");
        assert_eq!(url(&urls[1..]), "http://b:2/");
        let ignored = [urls[0], both[0], ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        assert_eq!(url(&ignored), "https://sts.us-west-2.amazonaws.com/");
    }

    #[test]
    fn flags_and_choices() {
        let region = ("AWS_REGION", "us-west-2");
        assert_eq!(
            url(&[region, ("AWS_USE_FIPS_ENDPOINT", "TRUE")]),
            "https://sts-fips.us-west-2.amazonaws.com/"
        );
        assert_eq!(url(&[region, ("AWS_USE_DUALSTACK_ENDPOINT", "true")]), "https://sts.us-west-2.api.aws/");
        assert_eq!(url(&[region, ("AWS_STS_REGIONAL_ENDPOINTS", "legacy")]), "https://sts.amazonaws.com/");
        assert_eq!(
            from(&[("AWS_USE_FIPS_ENDPOINT", "yes")]).unwrap_err().to_string(),
            "the environment variable AWS_USE_FIPS_ENDPOINT has to be true or false"
        );
        assert!(from(&[("AWS_STS_REGIONAL_ENDPOINTS", "global")]).is_err());
    }

    #[test]
    fn a_password_in_an_endpoint_url_is_not_shown() {
        let settings = Settings::new().region("eu-west-1").endpoint_url("https://user:planted@host/");
        assert!(!format!("{settings:?}").contains("planted"));
        assert!(!settings.endpoint().unwrap_err().to_string().contains("planted"));
    }

    #[test]
    fn keys_come_in_pairs() {
        let keys =
            |pairs: &[_]| from(pairs).unwrap().credentials.value.map(|keys| keys.map(Arc::unwrap_or_clone));
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s"));
        assert_eq!(keys(&[]), Ok(None));
        assert_eq!(keys(&[id, secret]), Ok(Some(Credentials::new("AKID", "s"))));
        let token = ("AWS_SESSION_TOKEN", "t");
        assert_eq!(
            keys(&[id, secret, token]),
            Ok(Some(Credentials::new("AKID", "s").with_session_token("t")))
        );
        assert_eq!(
            keys(&[id, ("AWS_SECRET_ACCESS_KEY", "")]),
            Err(SettingsErrorKind::HalfKeyPair {
                set: "AWS_ACCESS_KEY_ID",
                missing: "AWS_SECRET_ACCESS_KEY"
            }
            .into())
        );
        assert_eq!(
            keys(&[secret]),
            Err(SettingsErrorKind::HalfKeyPair {
                set: "AWS_SECRET_ACCESS_KEY",
                missing: "AWS_ACCESS_KEY_ID"
            }
            .into())
        );
        assert!(keys(&[id, secret, ("AWS_CREDENTIAL_EXPIRATION", "soon")]).is_err());
        // Code goes before the environment, right or wrong.
        let settings = from(&[id]).unwrap().region("eu-west-1");
        assert!(crate::context::Context::new(&settings, "test/1").is_err());
        assert!(crate::context::Context::new(&settings.clone().without_credentials(), "test/1").is_ok());
        assert!(
            crate::context::Context::new(&settings.credentials(Credentials::new("a", "b")), "test/1").is_ok()
        );
    }
}
