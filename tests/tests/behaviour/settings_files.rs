//! Files on a disk, through both clients.

use std::fs;
use std::path::{Path, PathBuf};

use sts_proto::client::Load;
use sts_proto::settings::{Env, Roots, Settings};
use sts_proto::{Error, Retry};
use sts_tests::driver::{Driver, Setup, through_both};

#[test]
fn settings_come_from_files() {
    let home = Home::new("good");
    fs::write(home.path("config"), "[profile dev]\nregion = eu-west-1\nuse_fips_endpoint = true\n").unwrap();
    fs::write(home.path("credentials"), "[dev]\nregion = eu-west-2\n").unwrap();
    for driver in drivers() {
        let settings = home.load(&driver, &[("AWS_PROFILE", "dev")]).unwrap();
        let endpoint = settings.endpoint().unwrap();
        assert_eq!(endpoint.uri(), "https://sts-fips.eu-west-2.amazonaws.com/", "{driver}");
        let region = settings.list().into_iter().find(|setting| setting.name == "region").unwrap();
        let place = format!("profile dev, region ({} line 2)", home.path("credentials").display());
        assert_eq!(region.origin.to_string(), place, "{driver}");
    }
}

#[test]
fn a_bad_file_is_an_error_that_names_it() {
    let cases: [(&str, Make); 4] = [
        ("cannot be read (", |path| fs::create_dir(path).unwrap()),
        ("is larger than 1 MiB", |path| fs::write(path, "#\n".repeat(5 << 20)).unwrap()),
        ("at line 2: it is not valid utf-8", |path| fs::write(path, b"[default]\nregion = \xff\n").unwrap()),
        ("at line 1: it is before the first section", |path| fs::write(path, "region = a").unwrap()),
    ];
    for (index, (words, make)) in cases.into_iter().enumerate() {
        for name in ["config", "credentials"] {
            let home = Home::new(&format!("bad-{index}-{name}"));
            make(&home.path(name));
            let path = home.path(name).display().to_string();
            let variable = if name == "config" { "AWS_CONFIG_FILE" } else { "AWS_SHARED_CREDENTIALS_FILE" };
            for driver in drivers() {
                let text = error(home.load(&driver, &[(variable, &path)]));
                assert!(text.contains(words) && text.contains(&path), "{driver}: {text}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_no_missing_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new("locked");
    fs::write(home.path("config"), "[default]\n").unwrap();
    fs::set_permissions(home.path("config"), fs::Permissions::from_mode(0o000)).unwrap();
    let everything = fs::read(home.path("config")).is_ok();
    let path = home.path("config").display().to_string();
    for driver in drivers() {
        match home.load(&driver, &[("AWS_CONFIG_FILE", &path)]) {
            // Who may do everything may read this too.
            Ok(_) => assert!(everything, "{driver}"),
            error => assert!(self::error(error).contains("cannot be read"), "{driver}"),
        }
    }
}

#[test]
fn a_profile_that_nobody_wrote_is_an_error_that_says_who_named_it() {
    let home = Home::new("named");
    for driver in drivers() {
        assert!(home.load(&driver, &[]).is_ok(), "{driver}");
        let text = error(home.load(&driver, &[("AWS_PROFILE", "gone")]));
        let (config, credentials) = (home.path("config"), home.path("credentials"));
        for part in ["\"gone\"", "AWS_PROFILE", config.to_str().unwrap(), credentials.to_str().unwrap()] {
            assert!(text.contains(part), "{driver}: {text}");
        }
        let text = error(home.load(&driver, &[("AWS_USE_FIPS_ENDPOINT", "yes")]));
        assert_eq!(text, "the environment variable AWS_USE_FIPS_ENDPOINT has to be true or false");
    }
}

/// Puts something bad where a file should be.
type Make = fn(&Path);

/// A home directory of a test's own, which goes with it.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let home = std::env::temp_dir().join(format!("sts-profile-{name}-{}", std::process::id()));
        fs::create_dir_all(home.join(".aws")).unwrap();
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(".aws").join(name)
    }

    fn load(&self, driver: &Driver, variables: &[(&str, &str)]) -> Result<Settings, Error> {
        let home = [("HOME", self.0.to_str().unwrap())];
        let load = Load::new(Env::from_iter(home.iter().chain(variables).copied()));
        Ok(driver.run(load)?.settings)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn drivers() -> [Driver; 2] {
    Setup::new(Settings::new().region("us-east-1")).drivers().unwrap()
}

fn error(result: Result<Settings, Error>) -> String {
    let error = match result {
        Err(Error::Settings(error)) => error,
        other => panic!("{other:?}"),
    };
    let text = error.to_string();
    assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
    text
}

/// What code sets is not looked for, so what stands elsewhere does no harm.
#[test]
fn a_value_that_cannot_be_used_matters_only_where_code_sets_no_other() {
    type Sets = fn(Settings) -> Settings;
    let rows: &[(&str, &str, Sets)] = &[
        ("AWS_USE_FIPS_ENDPOINT", "yes", |settings| settings.use_fips_endpoint(false)),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1", |settings| settings.use_dualstack_endpoint(true)),
        ("AWS_STS_REGIONAL_ENDPOINTS", "global", |settings| settings.use_global_endpoint(false)),
        ("AWS_RETRY_MODE", "never", |settings| settings.retry(Retry::standard())),
        ("AWS_MAX_ATTEMPTS", "0", |settings| settings.retry(Retry::off())),
        ("AWS_CA_BUNDLE", "/nowhere/roots.pem", |settings| settings.roots(Roots::Mozilla)),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "yes", |settings| {
            settings.endpoint_url("http://localhost:1")
        }),
        ("AWS_ENDPOINT_URL", "planted", |settings| settings.endpoint_url("http://localhost:1")),
        ("AWS_REGION", "not a region", |settings| settings.region("eu-west-1")),
    ];
    for (variable, value, sets) in rows {
        let keys = [
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "planted"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_REGION", "eu-west-1"),
        ];
        let others = keys.into_iter().filter(|(name, _)| name != variable);
        let setup = Setup::of_environment(others.chain([(*variable, *value)]));
        through_both(|make| {
            let error = make(&setup).map(|_| ()).expect_err("it is looked for").to_string();
            assert!(!error.contains("planted"), "{variable}: {error}");
            let driver = make(&setup.clone().settings(sets(Settings::new())));
            let driver = driver.unwrap_or_else(|error| panic!("{variable}: {error}"));
            assert!(driver.credentials().is_ok(), "{variable}");
        });
    }
}
