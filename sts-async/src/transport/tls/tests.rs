use std::path::Path;

use sts_proto::settings::SettingsErrorKind;
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Settings};

use super::LIBRARY;
use crate::{Builder, Roots};

#[cfg(any(feature = "native-tls", feature = "_rustls"))]
mod connections;

/// What the settings are refused for.
fn refused_for(error: &Error) -> &SettingsErrorKind {
    let Error::Settings(error) = error else { panic!("{error:?}") };
    error.kind()
}

fn builder() -> Builder {
    Builder::isolated().region("eu-west-1")
}

#[test]
fn a_ca_bundle_has_to_be_one() {
    for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = builder().ca_bundle(pem).build().unwrap_err();
        if LIBRARY.is_some() {
            assert!(matches!(refused_for(&error), SettingsErrorKind::CaBundle { .. }), "{pem}: {error:?}");
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
        let refused = with(path).build().err().is_some_and(|error| match refused_for(&error) {
            SettingsErrorKind::CaBundleFile { path: told, reason, .. } => {
                told == path && *path != text && !reason.is_empty()
            }
            SettingsErrorKind::CaBundle { path: told, .. } => *path == text && told.as_ref() == Some(path),
            error => panic!("{error:?}"),
        });
        assert_eq!(refused, LIBRARY.is_some(), "{}", path.display());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
