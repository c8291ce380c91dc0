use super::*;
use crate::settings::{Env, Settings};

fn from_env(path: &'static str) -> TlsSettings {
    let env = Env::from_iter([("AWS_CA_BUNDLE", path)]);
    Settings::from_env(&env).unwrap().tls().clone()
}

fn read(tls: TlsSettings, event: Event) -> Result<TlsSettings, SettingsError> {
    tls.read(|path| {
        assert_eq!(path.to_str(), Some("/etc/roots.pem"));
        event
    })
}

/// The texts with certificates.
fn pems(tls: &TlsSettings) -> Vec<Vec<u8>> {
    tls.certificates(|pem| Some(vec![pem.to_vec()])).unwrap()
}

fn failed(kind: TransportErrorKind, why: &'static str) -> Event {
    Event::Failed(TransportError::new(kind, why))
}

#[test]
fn the_file_is_read_and_each_error_names_it_and_who_named_it() {
    let tls = read(from_env("/etc/roots.pem"), Event::Contents(Some("garbage".into()))).unwrap();
    assert_eq!(pems(&tls), [b"garbage"]);
    let unusable = tls.certificates::<()>(|_| None).unwrap_err();
    assert_eq!(
        unusable.to_string(),
        "the ca bundle /etc/roots.pem (AWS_CA_BUNDLE) holds no certificate, or a damaged one; it has to be pem"
    );
    for (event, why) in [
        (Event::Contents(None), "no such file"),
        (failed(TransportErrorKind::TooLarge, "x"), "it is larger than 1 MiB"),
        (failed(TransportErrorKind::Other, "/etc/roots.pem: Is a directory (os error 21)"), "is a directory"),
    ] {
        let error = read(from_env("/etc/roots.pem"), event).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the ca bundle /etc/roots.pem (AWS_CA_BUNDLE) cannot be read ({why}); mend it, or name another"
            )
        );
    }
    assert!(read(from_env("/etc/roots.pem"), Event::Elapsed).is_err());
}

#[test]
fn what_is_in_no_file_is_not_read() {
    for roots in [Roots::Mozilla, Roots::Platform, Roots::Pem(b"planted".to_vec())] {
        assert!(TlsSettings::new().with_roots(roots).read(|path| panic!("{path:?} is read")).is_ok());
    }
}

#[test]
fn code_goes_before_the_environment() {
    let tls = from_env("/etc/roots.pem").with_roots(Roots::Pem(b"mine".to_vec())).with_extra_roots("more");
    let tls = tls.with_extra_roots("still more");
    assert_eq!(pems(&tls), [&b"mine"[..], b"\nmore\nstill more"]);
    let without = |unreadable: &'static [u8]| {
        let read = |pem: &[u8]| (pem != unreadable).then(|| vec![()]);
        tls.certificates(read).unwrap_err().to_string()
    };
    assert!(without(b"mine").starts_with("the ca bundle (set in code) holds no certificate"));
    assert!(without(b"\nmore\nstill more").starts_with("the extra roots (set in code) hold no certificate"));
    assert!(tls.certificates::<()>(|_| Some(Vec::new())).is_err(), "a text without certificates");
}

#[test]
fn a_person_is_told_that_certificates_are_given_and_not_which() {
    let all = TlsSettings::new().with_roots(Roots::Pem(b"planted".to_vec())).with_extra_roots("planted");
    let all = all.with_client_certificate("planted", "planted");
    let rows = |tls: &TlsSettings, default| -> Vec<_> {
        tls.list(&default).iter().map(|row| format!("{} ({})", row.value, row.origin)).collect()
    };
    let given = "given (set in code)";
    assert_eq!(rows(&all, Roots::Mozilla), ["the ca bundle's (set in code)", given, given, given]);
    let not_set = "not set (default)";
    for (default, roots) in
        [(Roots::Mozilla, "mozilla's (default)"), (Roots::Platform, "the platform's (default)")]
    {
        assert_eq!(rows(&TlsSettings::new(), default), [roots, not_set, not_set, not_set]);
    }
    let named = rows(&from_env("/etc/roots.pem"), Roots::Mozilla);
    assert_eq!(named[..2], ["the ca bundle's (AWS_CA_BUNDLE)", "/etc/roots.pem (AWS_CA_BUNDLE)"]);
    assert!(!format!("{all:?} {:?}", all.roots()).contains("planted"));
}

#[test]
fn what_was_chosen_is_made_at_once_and_the_default_when_it_is_needed() {
    let refuse: TlsLibrary<()> = |_| Err(SettingsError::tls("planted"));
    let contents = |_: &Path| Event::Contents(Some("x".into()));
    let chosen = [
        TlsSettings::new().with_roots(Roots::Platform),
        TlsSettings::new().with_extra_roots("x"),
        TlsSettings::new().with_client_certificate("x", "y"),
    ];
    for chosen in &chosen {
        assert!(LazyTls::new(chosen, Some(refuse), contents).is_err());
        assert!(LazyTls::<()>::new(chosen, None, contents).is_err(), "without tls");
    }
    let file = from_env("/etc/roots.pem");
    assert!(LazyTls::new(&file, Some(refuse), contents).is_err());
    assert!(LazyTls::new(&TlsSettings::new(), Some(refuse), contents).unwrap().get().is_err());
    // A driver without TLS does not read the file.
    for later in [TlsSettings::new(), file] {
        let tls = LazyTls::<()>::new(&later, None, |path| panic!("{path:?} is read")).unwrap();
        let error = tls.get().unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unsupported);
        let why =
            "tls cannot be set up: it is not compiled in; enable the feature ring, aws-lc or native-tls";
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), why);
    }
    let tls = LazyTls::new(&TlsSettings::new(), Some(|_| Ok(1)), contents).unwrap();
    assert_eq!(*tls.get().unwrap(), 1);
}

/// A request that failed with the old roots is sent once more, even if another request has read the new file first.
#[test]
fn all_requests_under_way_are_sent_again_once_the_file_has_other_roots() {
    let pem = |text: &'static str| Event::Contents(Some(text.into()));
    let tls = LazyTls::new(&from_env("/etc/roots.pem"), Some(|_| Ok(())), |_| pem("old")).unwrap();
    let [first, second] = [tls.file().unwrap(), tls.file().unwrap()];
    assert_eq!(first.path(), Path::new("/etc/roots.pem"));
    assert!(!tls.renew(&first, pem("old")));
    assert!(tls.renew(&first, pem("new")));
    assert!(tls.renew(&second, pem("new")));
    let third = tls.file().unwrap();
    assert!(!tls.renew(&third, pem("new")));
    assert!(!tls.renew(&third, Event::Contents(None)));
}
