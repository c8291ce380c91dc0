//! Which roots a client trusts over TLS and what it shows of itself: pure data. A driver hands it to its TLS library.

// A page has TLS of its own, whatever features are on.
#[cfg(all(feature = "native-tls", not(all(target_family = "wasm", target_os = "unknown"))))]
mod native;
#[cfg(all(feature = "rustls", not(all(target_family = "wasm", target_os = "unknown"))))]
mod own_authority;
#[cfg(all(feature = "rustls", not(all(target_family = "wasm", target_os = "unknown"))))]
mod rustls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::origin::Sourced;
use super::reason::reason;
use super::{Origin, Setting, SettingsError, SettingsErrorKind};
use crate::flow::Event;
use crate::secret::Secret;
use crate::transport::{TransportError, TransportErrorKind};

/// The root certificates that a client trusts, chosen at run time: a feature of some crate in the program makes more of
/// them available and never changes which are used. Exhaustive on purpose: a driver has to know each.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // on purpose
pub enum Roots {
    /// Mozilla's, compiled in with the drivers' feature `webpki-roots`. The default, but for a driver whose only TLS is
    /// `native-tls`.
    Mozilla,
    /// Those of the platform that the program runs on, with the drivers' feature `platform-roots` or with `native-tls`.
    Platform,
    /// Exactly these, in PEM.
    Pem(Vec<u8>),
    /// Exactly those in this PEM file, which is read when the client is built: what `AWS_CA_BUNDLE` and `ca_bundle` name.
    File(PathBuf),
}

impl Roots {
    /// Why roots that are not compiled in cannot be used, and what to do.
    pub fn unavailable(&self) -> SettingsError {
        let problem = match self {
            Self::Mozilla => {
                "mozilla's root certificates are not compiled in; enable the features webpki-roots and ring or aws-lc, or \
                 choose others with roots(Roots::Platform) or a ca bundle"
            }
            _ => {
                "the platform's root certificates cannot be read; enable the feature platform-roots, or choose others with \
                 roots(Roots::Mozilla) or a ca bundle"
            }
        };
        SettingsError::tls(problem)
    }
}

/// Prints no certificates.
impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mozilla => f.write_str("Mozilla"),
            Self::Platform => f.write_str("Platform"),
            Self::Pem(pem) => write!(f, "Pem({} bytes)", pem.len()),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// What TLS is set up with, each part with its origin. Clones share it.
#[derive(Clone, Default)]
pub struct TlsSettings(Option<Arc<Chosen>>);

/// What code or a file has chosen. Most clients choose nothing, and hold no such value.
#[derive(Clone, Default)]
struct Chosen {
    roots: Sourced<Option<Roots>>,
    extra_roots: Sourced<Option<Vec<u8>>>,
    client_certificate: Sourced<Option<(Vec<u8>, Secret)>>,
    /// What is in the file of the roots, once it is read.
    contents: Option<Vec<u8>>,
}

impl TlsSettings {
    /// Nothing is chosen: the default roots, and no client certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these roots.
    #[must_use]
    pub fn with_roots(mut self, roots: Roots) -> Self {
        self.change().roots = Sourced::in_code(Some(roots));
        self
    }

    /// Trusts these root certificates, in PEM, besides; and those of earlier calls.
    #[must_use]
    pub fn with_extra_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        let extra = &mut self.change().extra_roots;
        let mut all = extra.value.take().unwrap_or_default();
        all.push(b'\n');
        all.append(&mut pem.into());
        *extra = Sourced::in_code(Some(all));
        self
    }

    /// Shows this certificate to servers that ask for one: its chain, its own certificate first, and its private key, both
    /// in PEM.
    #[must_use]
    pub fn with_client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        // Bytes that are not text are not PEM either, and are refused as such.
        let key = String::from_utf8(key.into()).map_err(|error| Zeroizing::new(error.into_bytes()));
        let key = Secret::new(key.unwrap_or_default());
        self.change().client_certificate = Sourced::in_code(Some((chain.into(), key)));
        self
    }

    /// The roots that were chosen; `None` for the default.
    pub fn roots(&self) -> Option<&Roots> {
        self.chosen().roots.value.as_ref()
    }

    /// Trusts these roots, which are configured there.
    pub(super) fn configure_roots(&mut self, roots: Roots, origin: Origin) {
        self.change().roots = Sourced { value: Some(roots), origin };
    }

    /// Whether roots are chosen.
    pub(super) fn has_roots(&self) -> bool {
        !self.chosen().roots.is_default()
    }

    /// The certificates to trust that are given in PEM: instead of other roots, and besides.
    ///
    /// # Errors
    ///
    /// A text of which `read` makes nothing, or no certificate.
    pub fn certificates<T>(
        &self,
        mut read: impl FnMut(&[u8]) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, SettingsError> {
        let mut read = |pem: &[u8]| read(pem).filter(|read| !read.is_empty());
        let bundle = match self.roots() {
            Some(Roots::Pem(pem)) => Some((&pem[..], None)),
            Some(Roots::File(path)) => {
                Some((self.chosen().contents.as_deref().unwrap_or_default(), Some(path.clone())))
            }
            _ => None,
        };
        let mut all = Vec::new();
        if let Some((pem, path)) = bundle {
            let origin = self.chosen().roots.origin.clone();
            all = read(pem).ok_or(SettingsErrorKind::CaBundle { path, origin })?;
        }
        if let Some(pem) = &self.chosen().extra_roots.value {
            all.append(&mut read(pem).ok_or(SettingsErrorKind::ExtraRoots)?);
        }
        Ok(all)
    }

    /// The chain, in PEM, and its key.
    pub fn client_certificate(&self) -> Option<(&[u8], &Secret)> {
        self.chosen().client_certificate.value.as_ref().map(|(chain, key)| (&chain[..], key))
    }

    /// Whether there are certificates that the TLS library has to understand, or roots that it may not have.
    fn is_chosen(&self) -> bool {
        let Chosen { roots, extra_roots, client_certificate, contents } = self.chosen();
        let roots = match roots.value {
            Some(Roots::File(_)) => contents.is_some(),
            _ => roots.value.is_some(),
        };
        roots || extra_roots.value.is_some() || client_certificate.value.is_some()
    }

    /// These settings where they are set, else those of `base`.
    pub(super) fn over(self, base: Self) -> Self {
        let (chosen, base) = match (self.0, base.0) {
            (Some(chosen), Some(base)) => (Arc::unwrap_or_clone(chosen), Arc::unwrap_or_clone(base)),
            (chosen, base) => return Self(chosen.or(base)),
        };
        Self(Some(Arc::new(Chosen {
            roots: chosen.roots.over(base.roots),
            extra_roots: chosen.extra_roots.over(base.extra_roots),
            client_certificate: chosen.client_certificate.over(base.client_certificate),
            contents: None,
        })))
    }

    /// With what is in the file of the roots, if they are in one. It was named, so it has to be there.
    fn read(mut self, read: impl FnOnce(&Path) -> Event) -> Result<Self, SettingsError> {
        let Some(Roots::File(path)) = self.roots() else { return Ok(self) };
        let reason = match read(path) {
            Event::Contents(Some(contents)) => {
                self.change().contents = Some(contents.into());
                return Ok(self);
            }
            Event::Contents(None) => "no such file".to_owned(),
            Event::Failed(error) => reason(path, &error),
            _ => "it was not read".to_owned(),
        };
        let origin = self.chosen().roots.origin.clone();
        Err(SettingsErrorKind::CaBundleFile { path: path.clone(), reason, origin }.into())
    }

    fn chosen(&self) -> &Chosen {
        self.0.as_deref().unwrap_or(&NOTHING)
    }

    fn change(&mut self) -> &mut Chosen {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// The rows of a client's explanation, where these roots are the default.
    pub fn list(&self, default: &Roots) -> Vec<Setting> {
        let (roots, bundle) = match self.roots().unwrap_or(default) {
            Roots::Mozilla => ("mozilla's", None),
            Roots::Platform => ("the platform's", None),
            Roots::Pem(_) => ("the ca bundle's", Some(GIVEN.to_owned())),
            Roots::File(path) => ("the ca bundle's", Some(path.display().to_string())),
        };
        let row = |name, value: Option<&str>, origin: &Origin| {
            Setting::new(name, value.unwrap_or("not set"), origin.clone())
        };
        let chosen = self.chosen();
        let extra_roots = chosen.extra_roots.value.as_ref().map(|_| GIVEN);
        let client_certificate = chosen.client_certificate.value.as_ref().map(|_| GIVEN);
        vec![
            row("roots", Some(roots), &chosen.roots.origin),
            row("ca bundle", bundle.as_deref(), &chosen.roots.origin),
            row("extra roots", extra_roots, &chosen.extra_roots.origin),
            row("client certificate", client_certificate, &chosen.client_certificate.origin),
        ]
    }
}

/// Prints neither certificates nor the key.
impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings").field("roots", &self.chosen().roots.value).finish_non_exhaustive()
    }
}

/// A TLS library that is set up when it is needed. What was chosen has to be right at once, so that a client is not built
/// with what cannot be used; and else it is set up for the first `https` request, since many clients make none.
///
/// A program may replace the file of the roots at any time. So a driver reads it again when TLS has failed: see
/// [`renew`](Self::renew).
pub struct LazyTls<C> {
    library: Option<TlsLibrary<C>>,
    state: Mutex<State<C>>,
}

/// The file of the roots that a request is sent with, and how many times it had been replaced by then.
#[derive(Clone, Debug)]
pub struct RootsFile {
    path: PathBuf,
    renewals: u64,
}

impl RootsFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What is known, and what the library has made of it so far.
struct State<C> {
    settings: TlsSettings,
    made: Option<Result<Arc<C>, SettingsError>>,
    renewals: u64,
}

/// Sets a TLS library up.
pub type TlsLibrary<C> = fn(&TlsSettings) -> Result<C, SettingsError>;

impl<C> LazyTls<C> {
    /// With the library that is compiled in, if there is one, and a way to read a file. Without a library the file is not
    /// read: it is named by the environment for other programs.
    pub fn new(
        settings: &TlsSettings,
        library: Option<TlsLibrary<C>>,
        read: impl FnOnce(&Path) -> Event,
    ) -> Result<Self, SettingsError> {
        let settings = settings.clone();
        let settings = if library.is_some() { settings.read(read)? } else { settings };
        let made = settings.is_chosen().then(|| make(library, &settings)).transpose()?;
        Ok(Self { library, state: Mutex::new(State { settings, made: made.map(Ok), renewals: 0 }) })
    }

    /// For an `https` request.
    pub fn get(&self) -> Result<Arc<C>, TransportError> {
        let State { settings, made, .. } = &mut *self.state();
        let made = made.get_or_insert_with(|| make(self.library, settings));
        made.clone().map_err(|error| TransportError::new(TransportErrorKind::Unsupported, error))
    }

    /// The file of the roots, if they are in one. Asked before a request is sent, for [`renew`](Self::renew).
    pub fn file(&self) -> Option<RootsFile> {
        let state = self.state();
        match state.settings.roots() {
            Some(Roots::File(path)) if self.library.is_some() => {
                Some(RootsFile { path: path.clone(), renewals: state.renewals })
            }
            _ => None,
        }
    }

    /// Takes what was read from the [`file`](Self::file) after TLS has failed for a request. Returns whether there are other
    /// roots by now than the request was sent with, so that it may be sent once more: those in the file, or those that another
    /// request has found there since. What cannot be used changes nothing: a program may be about to write it.
    pub fn renew(&self, sent_with: &RootsFile, read: Event) -> bool {
        let mut state = self.state();
        if state.renewals != sent_with.renewals {
            return true;
        }
        let Ok(settings) = state.settings.clone().read(|_| read) else { return false };
        if settings.chosen().contents == state.settings.chosen().contents {
            return false;
        }
        let Ok(made) = make(self.library, &settings) else { return false };
        *state = State { settings, made: Some(Ok(made)), renewals: state.renewals.wrapping_add(1) };
        true
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make<C>(library: Option<TlsLibrary<C>>, settings: &TlsSettings) -> Result<Arc<C>, SettingsError> {
    library.map_or_else(|| Err(SettingsError::no_tls()), |make| make(settings).map(Arc::new))
}

impl<C> fmt::Debug for LazyTls<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state().settings.fmt(f)
    }
}

static NOTHING: Chosen = Chosen {
    roots: Sourced { value: None, origin: Origin::Default },
    extra_roots: Sourced { value: None, origin: Origin::Default },
    client_certificate: Sourced { value: None, origin: Origin::Default },
    contents: None,
};
const GIVEN: &str = "given";

#[cfg(test)]
mod tests;
