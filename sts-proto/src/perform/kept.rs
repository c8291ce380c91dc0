use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::transport::{TransportError, TransportErrorKind as Kind};

/// The connections that a driver keeps for its next requests, in whatever its library keeps them in.
///
/// All are given up together after an exchange that ended in silence or broke: a network that has changed, a machine that
/// has slept or a gateway that has forgotten them leaves all in the same state, and each would cost another attempt.
pub struct Kept<T> {
    /// `None` before the first exchange and once all are given up.
    now: Mutex<Option<Arc<T>>>,
    make: Box<dyn Fn() -> T + Send + Sync>,
}

impl<T> Kept<T> {
    /// Nothing yet. `make` is called for the first exchange, since many clients make none, and again after all are given up.
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { now: Mutex::default(), make: Box::new(make) }
    }

    /// For one exchange, which tells [how it ended](Lent::ended).
    pub fn lend(&self) -> Lent<'_, T> {
        let connections = Arc::clone(self.locked().get_or_insert_with(|| Arc::new((self.make)())));
        Lent { kept: self, connections, ended: false }
    }

    fn give_up(&self, connections: &Arc<T>) {
        let mut now = self.locked();
        // Another exchange may have seen to it.
        if now.as_ref().is_some_and(|now| Arc::ptr_eq(now, connections)) {
            *now = None;
        }
    }

    fn locked(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// The connections for one exchange. If it is dropped before the exchange has ended, as the future of one that took too long
/// for its caller may be, they are given up.
pub struct Lent<'a, T> {
    kept: &'a Kept<T>,
    connections: Arc<T>,
    ended: bool,
}

impl<T> Lent<'_, T> {
    /// What keeps them.
    pub fn connections(&self) -> &T {
        &self.connections
    }

    /// The exchange has ended like this.
    pub fn ended<R>(mut self, end: Result<R, TransportError>) -> Result<R, TransportError> {
        if !end.as_ref().err().is_some_and(|error| is_doubtful(error.kind())) {
            self.ended = true;
        }
        end
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        if !self.ended {
            self.kept.give_up(&self.connections);
        }
    }
}

impl<T> fmt::Debug for Lent<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

/// Connections to one host that are kept for later: as many as a busy server has in use at once, since one that is not
/// kept then is made anew, TLS included, for one of the next requests.
pub const MAX_IDLE: usize = 1024;

fn is_doubtful(kind: Kind) -> bool {
    matches!(kind, Kind::Timeout(_) | Kind::Closed | Kind::Other)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::transport::Phase;

    #[test]
    fn an_exchange_without_an_answer_gives_all_up_once() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let kept = Kept::new(move || count.fetch_add(1, Ordering::Relaxed));
        assert_eq!(made.load(Ordering::Relaxed), 0);
        let ended = |lent: Lent<'_, usize>, kind: Kind| drop(lent.ended::<()>(Err(kind.into())));
        assert!(kept.lend().ended(Ok(1)).is_ok());
        for kind in [Kind::Refused, Kind::Tls, Kind::TooLarge, Kind::NotHttp] {
            ended(kept.lend(), kind);
        }
        assert_eq!(*kept.lend().connections(), 0);
        // The last one was dropped, and these two are lent together.
        let [first, second] = [kept.lend(), kept.lend()];
        assert_eq!((*first.connections(), *second.connections()), (1, 1));
        ended(first, Kind::Timeout(Phase::Response));
        ended(second, Kind::Closed);
        assert_eq!(*kept.lend().connections(), 2);
        assert_eq!(made.load(Ordering::Relaxed), 3);
    }
}
