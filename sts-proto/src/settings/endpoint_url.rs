use super::lookup::Lookup;
use super::origin::Sourced;
use super::profile::Kind;
use super::{Env, Origin, Profiles, Section, SettingsError, SettingsErrorKind};

/// The endpoint URL that environment and profile have for a service, and where it stands. The first that is there: the
/// service's own variable, `AWS_ENDPOINT_URL`, the block of the service in the `services` section that the profile names,
/// the profile's `endpoint_url`; none if `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, or else the profile's
/// `ignore_configured_endpoint_urls`, is true (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
///
/// The URL is as it was written: it may be unusable, and hold a password. Where it is ignored, the origin says why.
pub(crate) fn configured_endpoint_url(
    env: &Env,
    profiles: &Profiles,
    profile: Option<&Section>,
    service_variable: &'static str,
    service_key: &'static str,
) -> Result<Sourced<Option<String>>, SettingsError> {
    let ignored = Lookup { env, profile }
        .flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")?;
    match ignored {
        Some((true, origin)) => Ok(Sourced { value: None, origin }),
        _ => Ok(first(env, profiles, profile, service_variable, service_key)?.into()),
    }
}

fn first(
    env: &Env,
    profiles: &Profiles,
    profile: Option<&Section>,
    service_variable: &'static str,
    service_key: &'static str,
) -> Result<Option<(String, Origin)>, SettingsError> {
    for variable in [service_variable, "AWS_ENDPOINT_URL"] {
        if let Some(url) = env.get(variable)? {
            return Ok(Some((url.trim().to_owned(), Origin::Environment(variable))));
        }
    }
    let Some(profile) = profile else { return Ok(None) };
    if let Some(name) = profile.get("services") {
        let services = profiles.services(name)?.ok_or_else(|| {
            SettingsError::from(SettingsErrorKind::NoServices {
                name: name.to_owned(),
                origin: profile.origin("services"),
                hint: profiles.hint(Kind::Services, name),
            })
        })?;
        if let Some(url) = services.nested(service_key, URL) {
            return Ok(Some((url.to_owned(), services.nested_origin(service_key, URL))));
        }
        services.check_block(service_key, URL)?;
    }
    Ok(profile.get(URL).map(|url| (url.to_owned(), profile.origin(URL))))
}

const URL: &str = "endpoint_url";

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles() -> Profiles {
        let mut profiles = Profiles::default();
        profiles.insert_profile("dev", [("services", "here"), (URL, "http://profile")]);
        profiles.insert_profile("plain", [(URL, "http://plain")]);
        profiles.insert_profile("off", [(URL, "http://off"), ("ignore_configured_endpoint_urls", "TRUE")]);
        profiles.insert_profile("lost", [("services", "nowhere"), (URL, "http://lost")]);
        profiles.insert_services("here", [("sts", "\nendpoint_url = http://sts"), ("s3", "\nx = y")]);
        profiles
    }

    fn url(variables: &[(&str, &str)], profile: &str, service: (&'static str, &'static str)) -> String {
        let (env, profiles) = (Env::from_iter(variables.iter().copied()), profiles());
        match configured_endpoint_url(
            &env,
            &profiles,
            profiles.profile(profile).unwrap(),
            service.0,
            service.1,
        ) {
            Ok(Sourced { value, origin }) => {
                format!("{} from {origin}", value.as_deref().unwrap_or("none"))
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_first_that_is_there_wins() {
        const STS: (&str, &str) = ("AWS_ENDPOINT_URL_STS", "sts");
        const SSO: (&str, &str) = ("AWS_ENDPOINT_URL_SSO", "sso");
        let own = ("AWS_ENDPOINT_URL_STS", "http://own");
        let global = ("AWS_ENDPOINT_URL", "http://global");
        let blank = (own.0, " ");
        assert_eq!(url(&[own, global], "dev", STS), "http://own from AWS_ENDPOINT_URL_STS");
        assert_eq!(url(&[blank, global], "dev", STS), "http://global from AWS_ENDPOINT_URL");
        assert_eq!(url(&[own, global], "dev", SSO), "http://global from AWS_ENDPOINT_URL");
        assert_eq!(url(&[], "dev", STS), "http://sts from services here, sts.endpoint_url");
        assert_eq!(url(&[], "dev", SSO), "http://profile from profile dev, endpoint_url");
        assert_eq!(url(&[], "plain", STS), "http://plain from profile plain, endpoint_url");
        assert_eq!(url(&[], "absent", STS), "none from default");
        // The environment's word on ignoring them goes before the profile's.
        let (ignore, heed) = (
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"),
        );
        assert_eq!(url(&[own, ignore], "dev", STS), "none from AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        assert_eq!(url(&[own], "off", STS), "none from profile off, ignore_configured_endpoint_urls");
        assert_eq!(url(&[heed], "off", STS), "http://off from profile off, endpoint_url");
        // A section that does not exist matters only where it would be read.
        assert_eq!(url(&[own], "lost", STS), "http://own from AWS_ENDPOINT_URL_STS");
        let lost = url(&[], "lost", STS);
        assert!(lost.contains("profile lost, services") && lost.contains("nowhere"), "{lost}");
    }
}
