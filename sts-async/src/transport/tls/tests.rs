use std::path::Path;

use sts_proto::settings::SettingsError;
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Settings};

use super::LIBRARY;
use crate::{Builder, Roots};

#[cfg(any(feature = "native-tls", feature = "_rustls"))]
mod connections;

fn builder() -> Builder {
    Builder::isolated().region("eu-west-1")
}

#[test]
fn a_ca_bundle_has_to_be_one() {
    for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = builder().ca_bundle(pem).build().unwrap_err();
        if LIBRARY.is_some() {
            assert!(matches!(error, Error::Settings(SettingsError::CaBundle { .. })), "{pem}: {error:?}");
        } else {
            assert!(error.to_string().contains("not compiled in; enable the feature ring"), "{pem}: {error}");
        }
    }
}

#[test]
fn the_ca_bundle_of_the_settings_is_read_when_the_client_is_made() {
    let folder = std::env::temp_dir().join(format!("sts-async-ca-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let large = folder.join("large.pem");
    std::fs::write(&large, vec![b'x'; MAX_BODY + 1]).unwrap();
    let with = |path: &Path| {
        Builder::isolated().settings(Settings::new().region("eu-west-1").roots(Roots::File(path.into())))
    };
    let text = folder.join("text.pem");
    std::fs::write(&text, "no pem").unwrap();
    for path in [&large, &folder, &folder.join("none.pem"), &text] {
        let refused = match with(path).build() {
            Ok(_) => false,
            Err(Error::Settings(SettingsError::CaBundleFile { path: told, reason, .. })) => {
                told == *path && *path != text && !reason.is_empty()
            }
            Err(Error::Settings(SettingsError::CaBundle { path: told, .. })) => {
                *path == text && told.as_ref() == Some(path)
            }
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(refused, LIBRARY.is_some(), "{}", path.display());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
