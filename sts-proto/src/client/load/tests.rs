use bytes::Bytes;

use super::*;
use crate::settings::{Roots, slashed};
use crate::transport::{TransportError, TransportErrorKind};

const HOME: (&str, &str) = ("HOME", "/home/me");
const CONFIG_PATH: &str = "/home/me/.aws/config";
const CREDENTIALS_PATH: &str = "/home/me/.aws/credentials";

/// What a path holds: text, nothing, or an error.
type Disk<'a> = &'a [(&'a str, Result<&'a [u8], (TransportErrorKind, &'a str)>)];

fn run(mut load: Load, disk: Disk<'_>) -> Result<Settings, Error> {
    let mut event = Event::Start;
    loop {
        let effect = match load.step(SystemTime::UNIX_EPOCH, event)? {
            Step::Done(settings) => {
                let after = load.step(SystemTime::UNIX_EPOCH, Event::Start);
                assert!(matches!(after, Err(Error::OutOfTurn)));
                return Ok(settings.settings);
            }
            Step::Perform(effect) => effect,
        };
        let Effect::Read(path) = effect else { panic!("{effect:?}") };
        event = match disk.iter().find(|(name, _)| slashed(&path.to_string_lossy()) == *name) {
            None => Event::Contents(None),
            Some((_, Ok(contents))) => Event::Contents(Some(Bytes::copy_from_slice(contents))),
            Some((_, Err((kind, reason)))) => Event::Failed(TransportError::new(*kind, reason.to_string())),
        };
    }
}

fn load(variables: &[(&str, &str)]) -> Load {
    Load::new(Env::from_iter([HOME].iter().chain(variables).copied()))
}

/// With one config file.
fn with(variables: &[(&str, &str)], config: &str) -> Result<Settings, Error> {
    run(load(variables), &[(CONFIG_PATH, Ok(config.as_bytes()))])
}

fn error(result: Result<Settings, Error>) -> String {
    let text = slashed(&result.map(|_| ()).unwrap_err().to_string());
    assert!(!text.contains('\n'), "{text}");
    text
}

fn listed(settings: &Settings, name: &str) -> String {
    let setting = settings.list().into_iter().find(|setting| setting.name == name).unwrap();
    slashed(&format!("{} ({})", setting.value, setting.origin))
}

#[test]
fn each_key_of_the_profile_is_heeded_and_says_where_it_stands() {
    let config = "[profile dev]\nregion = eu-west-1\nuse_fips_endpoint = TRUE\nuse_dualstack_endpoint = false\n\
                  sts_regional_endpoints = Legacy\nretry_mode = adaptive\nmax_attempts = 9\n\
                  sdk_ua_app_id = mine\nca_bundle = /etc/roots.pem\n";
    let settings = with(&[("AWS_PROFILE", "dev")], config).unwrap();
    let at = |key: &str, line: usize| format!("(profile dev, {key} ({CONFIG_PATH} line {line}))");
    let expected = [
        ("profile", "dev (AWS_PROFILE)".to_owned()),
        ("config file", format!("{CONFIG_PATH} (default)")),
        ("credentials file", format!("{CREDENTIALS_PATH} (not found) (default)")),
        ("region", format!("eu-west-1 {}", at("region", 2))),
        ("endpoint", format!("https://sts-fips.eu-west-1.amazonaws.com/ {}", at("region", 2))),
        ("fips endpoint", format!("on {}", at("use_fips_endpoint", 3))),
        ("dual-stack endpoint", format!("off {}", at("use_dualstack_endpoint", 4))),
        ("global endpoint", format!("on {}", at("sts_regional_endpoints", 5))),
        ("retry mode", format!("adaptive {}", at("retry_mode", 6))),
        ("max attempts", format!("9 {}", at("max_attempts", 7))),
        ("app id", format!("mine {}", at("sdk_ua_app_id", 8))),
        ("roots", format!("the ca bundle's {}", at("ca_bundle", 9))),
        ("ca bundle", format!("/etc/roots.pem {}", at("ca_bundle", 9))),
    ];
    for (name, expected) in expected {
        assert_eq!(listed(&settings, name), expected, "{name}");
    }
    assert_eq!(settings.tls().roots(), Some(&Roots::File("/etc/roots.pem".into())));
}

#[cfg(not(feature = "sigv4a"))]
#[test]
fn a_preference_that_takes_a_feature_is_passed_over_and_told() {
    let settings =
        with(&[("AWS_AUTH_SCHEME_PREFERENCE", "sigv4a")], "[default]\nregion = eu-west-1\n").unwrap();
    let told = "off, since the feature sigv4a is not compiled in (AWS_AUTH_SCHEME_PREFERENCE)";
    assert_eq!(listed(&settings, "sigv4a"), told);
    assert_eq!(settings.endpoint().unwrap().operation_scope().unwrap().regions(), None);
}

#[cfg(feature = "sigv4a")]
#[test]
fn a_profile_prefers_sigv4a() {
    let config =
        "[default]\nregion = eu-west-1\nauth_scheme_preference = sigv4a\nsigv4a_signing_region_set = a, b\n";
    let settings = with(&[], config).unwrap();
    let at = |key: &str, line: usize| format!("(profile default, {key} ({CONFIG_PATH} line {line}))");
    assert_eq!(listed(&settings, "sigv4a"), format!("on {}", at("auth_scheme_preference", 3)));
    let set = listed(&settings, "sigv4a signing region set");
    assert_eq!(set, format!("a, b {}", at("sigv4a_signing_region_set", 4)));
    assert_eq!(settings.endpoint().unwrap().operation_scope().unwrap().regions(), Some("a,b"));
    let endpoint = settings.clone().signing_region_set("").endpoint().unwrap();
    assert_eq!(endpoint.operation_scope().unwrap().regions(), Some("eu-west-1"));
    assert_eq!(settings.use_sigv4a(false).endpoint().unwrap().operation_scope().unwrap().regions(), None);
    let settings = with(&[("AWS_AUTH_SCHEME_PREFERENCE", "sigv4")], config).unwrap();
    assert_eq!(listed(&settings, "sigv4a"), "off (AWS_AUTH_SCHEME_PREFERENCE)");
}

#[cfg(feature = "sigv4a")]
#[test]
fn a_region_set_in_capitals_means_the_one_in_lower_case_but_for_a_server_of_ones_own() {
    let config = "[default]\nregion = EU-West-1\nauth_scheme_preference = sigv4a\n";
    let regions = |set: &str, url: Option<&str>| {
        let settings = with(&[], config).unwrap().signing_region_set(set);
        let settings = if let Some(url) = url { settings.endpoint_url(url) } else { settings };
        settings.endpoint().unwrap().operation_scope().unwrap().regions().map(str::to_owned)
    };
    for (set, with_aws, with_url) in [
        ("EU-West-1, US-*", "eu-west-1,us-*", "EU-West-1,US-*"),
        ("", "eu-west-1", "EU-West-1"),
        ("*", "*", "*"),
    ] {
        assert_eq!(regions(set, None).as_deref(), Some(with_aws), "{set}");
        assert_eq!(regions(set, Some("https://sts.example.com")).as_deref(), Some(with_url), "{set}");
    }
}

#[test]
fn code_then_environment_then_profile() {
    let config = "[default]\nregion = eu-west-1\nservices = here\nuse_fips_endpoint = true\nmax_attempts = 9\n\
                  [services here]\nsts =\n  endpoint_url = http://here:1\n";
    let settings = with(&[("AWS_USE_FIPS_ENDPOINT", "false")], config).unwrap();
    assert_eq!(settings.endpoint().unwrap().uri(), "http://here:1/");
    let place = format!("services here, sts.endpoint_url ({CONFIG_PATH} line 8)");
    assert_eq!(listed(&settings, "endpoint url"), format!("http://here:1 ({place})"));
    assert_eq!(listed(&settings, "fips endpoint"), "off (AWS_USE_FIPS_ENDPOINT)");
    let variables = [("AWS_DEFAULT_REGION", "eu-west-2"), ("AWS_ENDPOINT_URL", "http://there:2")];
    let settings = with(&variables, &config.replace("true", "false")).unwrap();
    assert_eq!(listed(&settings, "endpoint"), "http://there:2/ (AWS_ENDPOINT_URL)");
    assert_eq!(listed(&settings, "region"), "eu-west-2 (AWS_DEFAULT_REGION)");
    let settings = settings.region("eu-west-3").without_endpoint_url().retry(crate::retry::Retry::off());
    assert_eq!(listed(&settings, "endpoint"), "https://sts.eu-west-3.amazonaws.com/ (set in code)");
    assert_eq!(listed(&settings, "max attempts"), "1 (set in code)");
}

#[test]
fn the_profile_is_the_one_in_code_then_the_variables_then_default() {
    let config = "[default]\nregion = a\n[profile b]\nregion = b\n[profile c]\nregion = c\n";
    let disk: Disk<'_> = &[(CONFIG_PATH, Ok(config.as_bytes()))];
    let region = |load: Load| {
        let listed = listed(&run(load, disk).unwrap(), "region");
        listed.split_once(' ').map(|(region, _)| region.to_owned())
    };
    assert_eq!(region(load(&[])).as_deref(), Some("a"));
    assert_eq!(region(load(&[("AWS_PROFILE", "")])).as_deref(), Some("a"));
    assert_eq!(region(load(&[("AWS_PROFILE", "b")])).as_deref(), Some("b"));
    assert_eq!(region(load(&[("AWS_PROFILE", "b")]).profile("c")).as_deref(), Some("c"));
}

#[test]
fn nothing_there_is_no_error() {
    let settings = run(load(&[]), &[]).unwrap();
    assert_eq!(listed(&settings, "profile"), "default (not there) (default)");
    let homeless = run(Load::new(Env::default()), &[]).unwrap();
    let none = "none, since the home directory is not known (default)";
    assert_eq!(listed(&homeless, "config file"), none);
    let elsewhere = run(load(&[("AWS_CONFIG_FILE", "~/x")]), &[("/home/me/x", Ok(b"[default]\nregion = a"))]);
    assert_eq!(listed(&elsewhere.unwrap(), "config file"), "/home/me/x (AWS_CONFIG_FILE)");
}

#[test]
fn what_is_ignored_and_what_is_passed_on_is_listed() {
    let ignored = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_ENDPOINT_URL", "http://h")];
    assert_eq!(
        listed(&run(load(&ignored), &[]).unwrap(), "endpoint url"),
        "not set, what is configured is ignored (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)"
    );
    let traced = [("AWS_LAMBDA_FUNCTION_NAME", "f"), ("_X_AMZN_TRACE_ID", "Root=1-2-3")];
    let traced = run(load(&traced), &[]).unwrap();
    assert_eq!(listed(&traced, "trace id"), "Root=1-2-3 (_X_AMZN_TRACE_ID)");
}

#[test]
fn a_profile_that_is_not_there_is_an_error_unless_it_is_the_default_one() {
    let expected = format!("looked in {CONFIG_PATH} and {CREDENTIALS_PATH}");
    let text = error(with(&[("AWS_PROFILE", "gone")], "[profile here]\nregion = a"));
    assert!(text.contains("\"gone\" (named by AWS_PROFILE)") && text.contains(&expected), "{text}");
    let text = error(run(load(&[]).profile("gone"), &[]));
    assert!(text.contains("\"gone\" (named by the program)") && text.contains(&expected), "{text}");
    assert!(with(&[("AWS_PROFILE", "default")], "").is_ok());
    let text = error(run(Load::new(Env::from_iter([("AWS_PROFILE", "gone")])), &[]));
    assert!(text.contains("set HOME"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for (variable, path) in [(CONFIG, CONFIG_PATH), (CREDENTIALS, CREDENTIALS_PATH)] {
        let named = || load(&[(variable, path)]);
        for (kind, words, expected) in [
            (
                TransportErrorKind::Other,
                "Permission denied (os error 13)\n(more)",
                "cannot be read (permission denied); mend it",
            ),
            (
                TransportErrorKind::Other,
                &*format!("{path}: is a directory"),
                "cannot be read (is a directory)",
            ),
            (
                TransportErrorKind::TooLarge,
                "a driver's own words",
                "cannot be read (it is larger than 1 MiB)",
            ),
        ] {
            let text = error(run(named(), &[(path, Err((kind, words)))]));
            assert!(text.contains(path) && text.contains(expected), "{text}");
        }
        let ten = b"#".repeat(10 << 20);
        let text = error(run(named(), &[(path, Ok(&ten))]));
        assert!(text.contains(path) && text.contains("larger than 1 MiB"), "{text}");
        let text = error(run(load(&[]), &[(path, Ok(b"[default]\nregion = \xff"))]));
        assert!(text.contains(path) && text.contains("line 2: it is not valid utf-8"), "{text}");
        let text = error(run(load(&[]), &[(path, Ok(b"[default]\n= us-east-1"))]));
        assert!(text.contains(path) && text.contains("line 2: it has no key"), "{text}");
    }
}

#[test]
fn a_file_in_its_usual_place_that_cannot_be_read_counts_as_absent() {
    for (name, path) in [("config file", CONFIG_PATH), ("credentials file", CREDENTIALS_PATH)] {
        let ten = b"#".repeat(10 << 20);
        let failure = || Err((TransportErrorKind::Other, "Permission denied (os error 13)"));
        for (contents, reason) in
            [(failure(), "Permission denied (os error 13)"), (Ok(&ten[..]), "it is larger than 1 MiB")]
        {
            let settings = run(load(&[]), &[(path, contents)]).unwrap();
            assert_eq!(listed(&settings, name), format!("{path} (not read: {reason}) (default)"));
        }
        let text = error(run(load(&[("AWS_PROFILE", "a")]), &[(path, failure())]));
        assert!(text.contains("\"a\"") && text.contains(&format!("{path} was not read (")), "{text}");
    }
}

#[test]
fn what_cannot_be_understood_matters_where_it_is_needed() {
    let config =
        "[default]\nregion = a\n[profile b]\nplanted\n[profile c d]\n[services e]\n= x\n[x]\nplanted\n";
    let settings = with(&[], config).unwrap();
    let told: Vec<_> =
        settings.list().into_iter().filter(|setting| setting.name == "not understood").collect();
    let told: Vec<_> =
        told.iter().map(|setting| (slashed(&setting.origin.to_string()), &*setting.value)).collect();
    let place = |section: &str, line: u32| format!("{section} ({CONFIG_PATH} line {line})");
    let expected = [
        (place("profile b", 4), "it has no equals sign; write key = value"),
        (place("services e", 7), "it has no key before the equals sign; write key = value"),
        (place("[profile c d]", 5), "a name with blanks or quotation marks has to be in quotation marks"),
        (place("[x]", 9), "it has no equals sign; write key = value"),
    ];
    assert_eq!(told, expected);
    let text = error(with(&[("AWS_PROFILE", "b")], config));
    assert!(text.contains(CONFIG_PATH) && text.contains("line 4: it has no equals sign"), "{text}");
    let services = config.replace("region = a", "services = e");
    let text = error(with(&[], &services));
    assert!(text.contains(CONFIG_PATH) && text.contains("line 7: it has no key"), "{text}");
    assert!(with(&[("AWS_ENDPOINT_URL", "http://h")], &services).is_ok());
    // A great many are not told one by one.
    let many: String = (0..100).map(|number| format!("[profile p{number}]\nplanted\n")).collect();
    let told = with(&[], &many).unwrap().list().into_iter().filter(|it| it.name == "not understood").count();
    assert_eq!(told, 16);
}

#[test]
fn a_missing_profile_says_what_may_be_meant() {
    for (config, name, hint) in [
        ("[x]\n[custom]\n", "custom", "the section [custom] ({} line 2) has to be [profile custom]"),
        ("[Profile a]\n", "a", "the section [Profile a] ({} line 1) has to be [profile a]"),
        ("[profile a (b)]\n", "a (b)", "the section [profile a (b)] ({} line 1) has to be [profile 'a (b)']"),
        ("[profile \"a\" ]b\n", "a", ""),
        ("[profile a's]\n", "a's", "the section [profile a's] ({} line 1) has to be [profile \"a's\"]"),
        ("\u{ff}\u{fe}[\n", "a", "{} cannot be understood at line 1: it is before the first section"),
        (
            "[profile\u{a0}a]\n",
            "a",
            "the section [profile\u{a0}a] ({} line 1) has to be [profile a]; write it anew, since a character",
        ),
        ("[profile a\u{200b}]\n", "a", "({} line 1) has to be [profile a]; write it anew, since a character"),
        ("[\u{feff}profile a]\n", "a", "({} line 1) has to be [profile a]; write it anew, since a character"),
        ("[profile b]\n", "a", "add it there ([profile a] in the config file), or name another"),
    ] {
        let result = with(&[("AWS_PROFILE", name)], config);
        if hint.is_empty() {
            assert!(result.is_ok(), "{config}");
            continue;
        }
        let text = error(result);
        assert!(text.contains(&hint.replace("{}", CONFIG_PATH)), "{text}");
    }
    let disk: Disk<'_> = &[(CREDENTIALS_PATH, Ok(b"[profile a]\n"))];
    let text = error(run(load(&[("AWS_PROFILE", "a")]), disk));
    let hint = format!("the section [profile a] ({CREDENTIALS_PATH} line 1) has to be [a]");
    assert!(text.ends_with(&hint), "{text}");
}

#[test]
fn a_value_that_may_not_be_is_named_with_its_place() {
    let text = error(with(&[("AWS_USE_FIPS_ENDPOINT", "yes")], ""));
    assert_eq!(text, "the environment variable AWS_USE_FIPS_ENDPOINT has to be true or false");
    for (key, value) in [
        ("use_fips_endpoint", "yes"),
        ("use_dualstack_endpoint", "1"),
        ("ignore_configured_endpoint_urls", "on"),
        ("sts_regional_endpoints", "global"),
        ("retry_mode", "often"),
        ("max_attempts", "0"),
        ("services", "nowhere"),
    ] {
        let text = error(with(&[], &format!("[default]\n\n{key} = {value}")));
        let place = format!("profile default, {key} ({CONFIG_PATH} line 3)");
        assert!(text.starts_with(&place), "{text}");
    }
}

#[test]
fn what_is_out_of_turn_is_refused() {
    let mut early = load(&[]);
    assert!(matches!(early.step(SystemTime::UNIX_EPOCH, Event::Contents(None)), Err(Error::OutOfTurn)));
    let mut wrong = load(&[]);
    assert!(wrong.step(SystemTime::UNIX_EPOCH, Event::Start).is_ok());
    assert!(matches!(wrong.step(SystemTime::UNIX_EPOCH, Event::Elapsed), Err(Error::OutOfTurn)));
}
