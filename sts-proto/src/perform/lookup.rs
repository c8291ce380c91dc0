use std::fmt::{self, Display};
use std::io::Error;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use http::Uri;

use super::{Addresses, host_and_port, in_our_style};
use crate::transport::{TransportError, TransportErrorKind as Kind};

/// The look-ups of names that a client has under way. A look-up cannot be stopped and so has a thread of its own, of which
/// there are few, however many callers wait for a resolver that does not answer: callers that want the same name share one.
///
/// `B` is what callers wait with; the driver wakes all that wait when it is rung.
pub struct Lookups<B> {
    running: Running<B>,
    ring: fn(&B),
}

impl<B: Default> Lookups<B> {
    /// No look-ups yet, whose ends are rung like this.
    pub fn new(ring: fn(&B)) -> Self {
        Self { running: Running::default(), ring }
    }

    /// A look-up of the URI's host to wait for. `start` passes the work to a new thread, where no look-up is under way that can
    /// be expected to end soon.
    ///
    /// # Errors
    ///
    /// There is no thread to be had, or as many look-ups as there may be are under way for other names.
    pub fn join(
        &self,
        uri: &Uri,
        start: impl FnOnce(LookupWork<B>) -> Result<(), Error>,
    ) -> Result<Lookup<B>, TransportError> {
        let (lookup, work) = self.find(uri)?;
        match work.map_or(Ok(()), start) {
            Ok(()) => Ok(lookup),
            Err(error) => {
                let why = format!("{NO_THREAD}: {}", in_our_style(&error));
                Err(TransportError::new(Kind::Connect, why))
            }
        }
    }

    fn find(&self, uri: &Uri) -> Result<(Lookup<B>, Option<LookupWork<B>>), TransportError> {
        let (host, port) = host_and_port(uri);
        let mut running = locked(&self.running);
        let full = running.len() >= MAX_RUNNING;
        let same = running.iter().rev().find(|shared| shared.host == host && shared.port == port);
        if let Some(shared) = same.filter(|shared| full || !shared.slow.load(Ordering::Relaxed)) {
            return Ok((Lookup(Arc::clone(shared)), None));
        }
        if full {
            let why = "the resolver does not answer, and no more look-ups can wait for it";
            return Err(TransportError::new(Kind::Connect, why));
        }
        let shared = Arc::new(Shared {
            host: host.to_owned(),
            port,
            found: OnceLock::new(),
            slow: AtomicBool::new(false),
            bell: B::default(),
        });
        running.push(Arc::clone(&shared));
        let work =
            LookupWork { shared: Arc::clone(&shared), running: Arc::clone(&self.running), ring: self.ring };
        Ok((Lookup(shared), Some(work)))
    }
}

impl<B> fmt::Debug for Lookups<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups").field("running", &locked(&self.running).len()).finish_non_exhaustive()
    }
}

/// One caller's wait for a look-up. After a caller that has waited in vain, the next begins another look-up: the resolver
/// may have changed with the network.
pub struct Lookup<B>(Arc<Shared<B>>);

impl<B> Lookup<B> {
    /// What to wait with.
    pub fn bell(&self) -> &B {
        &self.0.bell
    }

    /// What was found, once the look-up has ended.
    pub fn addresses(&self) -> Option<Result<Addresses, TransportError>> {
        Some(match self.0.found.get()? {
            Ok(found) => Ok(Addresses::new(found.iter().copied())),
            Err((kind, why)) => Err(TransportError::new(*kind, why.clone())),
        })
    }
}

impl<B> Drop for Lookup<B> {
    fn drop(&mut self) {
        if self.0.found.get().is_none() {
            self.0.slow.store(true, Ordering::Relaxed);
        }
    }
}

impl<B> fmt::Debug for Lookup<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("host", &self.0.host).finish_non_exhaustive()
    }
}

/// What a thread has to do for a look-up. If it is dropped undone, the callers that wait are told so.
pub struct LookupWork<B> {
    shared: Arc<Shared<B>>,
    running: Running<B>,
    ring: fn(&B),
}

impl<B> LookupWork<B> {
    /// Looks the name up with the system's resolver, or with what is given in its place.
    pub fn run<A: Iterator<Item = SocketAddr>>(self, resolve: impl FnOnce(&str, u16) -> Result<A, Error>) {
        let found = resolve(&self.shared.host, self.shared.port);
        let failed = |error: &dyn Display| (Kind::UnknownHost, in_our_style(error));
        self.end(found.map(Iterator::collect).map_err(|error| failed(&error)));
    }

    fn end(&self, found: Result<Vec<SocketAddr>, (Kind, String)>) {
        // If it has ended before, the first end counts.
        let _ = self.shared.found.set(found);
    }
}

impl<B> Drop for LookupWork<B> {
    fn drop(&mut self) {
        self.end(Err((Kind::Connect, NO_THREAD.to_owned())));
        locked(&self.running).retain(|shared| !Arc::ptr_eq(shared, &self.shared));
        (self.ring)(&self.shared.bell);
    }
}

impl<B> fmt::Debug for LookupWork<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookupWork").field("host", &self.shared.host).finish_non_exhaustive()
    }
}

type Running<B> = Arc<Mutex<Vec<Arc<Shared<B>>>>>;

struct Shared<B> {
    host: String,
    port: u16,
    found: OnceLock<Result<Vec<SocketAddr>, (Kind, String)>>,
    /// A caller has waited in vain.
    slow: AtomicBool,
    bell: B,
}

fn locked<B>(running: &Running<B>) -> MutexGuard<'_, Vec<Arc<Shared<B>>>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads that a client may have for look-ups at a time.
const MAX_RUNNING: usize = 8;
const NO_THREAD: &str = "no thread could be started to look the name up";

#[cfg(test)]
mod tests {
    use super::*;

    fn lookups() -> Lookups<AtomicBool> {
        Lookups::new(|bell| bell.store(true, Ordering::Relaxed))
    }

    fn uri(uri: &str) -> Uri {
        uri.parse().unwrap()
    }

    fn kind(lookup: &Lookup<AtomicBool>) -> Kind {
        lookup.addresses().unwrap().unwrap_err().kind()
    }

    #[test]
    fn callers_share_a_look_up_until_one_has_waited_in_vain() {
        let lookups = lookups();
        let (first, work) = lookups.find(&uri("https://a.test")).unwrap();
        let (second, none) = lookups.find(&uri("https://a.test")).unwrap();
        assert!(work.is_some() && none.is_none() && second.addresses().is_none());
        assert!(lookups.find(&uri("http://a.test")).unwrap().1.is_some(), "another port");
        drop(second);
        assert!(lookups.find(&uri("https://a.test")).unwrap().1.is_some(), "after a wait in vain");

        let address = SocketAddr::from(([127, 0, 0, 2], 443));
        work.unwrap().run(|host, port| {
            assert_eq!((host, port), ("a.test", 443));
            Ok([address].into_iter())
        });
        assert!(first.bell().load(Ordering::Relaxed), "it was rung");
        let mut addresses = first.addresses().unwrap().unwrap();
        assert_eq!(addresses.next(std::time::Duration::MAX).unwrap().0, address);
    }

    #[test]
    fn however_many_callers_wait_there_are_few_threads() {
        let lookups = lookups();
        let works: Vec<_> =
            (0..100).map(|_| lookups.find(&uri("https://a.test"))).map(|join| join.unwrap().1).collect();
        assert_eq!(works.iter().flatten().count(), MAX_RUNNING);
        assert_eq!(lookups.find(&uri("https://other.test")).unwrap_err().kind(), Kind::Connect);
        drop(works);
        assert!(lookups.find(&uri("https://other.test")).unwrap().1.is_some(), "all have ended");
    }

    #[test]
    fn a_look_up_that_failed_or_never_began_says_so() {
        let lookups = lookups();
        let (lookup, work) = lookups.find(&uri("https://a.test")).unwrap();
        work.unwrap().run(|_, _| Err::<std::vec::IntoIter<_>, _>(Error::other("No such name")));
        assert_eq!(kind(&lookup), Kind::UnknownHost);
        let (lookup, work) = lookups.find(&uri("https://a.test")).unwrap();
        drop(work);
        assert_eq!(kind(&lookup), Kind::Connect);
        assert!(lookup.bell().load(Ordering::Relaxed));
        let refused = |_| Err(std::io::ErrorKind::WouldBlock.into());
        assert_eq!(lookups.join(&uri("https://a.test"), refused).unwrap_err().kind(), Kind::Connect);
        assert!(
            lookups.join(&uri("https://a.test"), |_| Ok(())).is_ok(),
            "the next one may have better luck"
        );
    }
}
