use std::collections::BTreeMap;
use std::future::poll_fn;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// What futures wait at until something has ended, for drivers whose waiting is asynchronous, on any executor.
#[derive(Debug, Default)]
pub struct Bell(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// How many have come so far: each has its number.
    came: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl Bell {
    /// Lets all that wait look again.
    pub fn ring(&self) {
        let wakers = mem::take(&mut self.waiting().wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    /// Waits until there is something to see. It is looked for at once, and again each time the bell has rung.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let place = Place { bell: self, number: self.number() };
        poll_fn(|cx| {
            if let Some(seen) = look() {
                return Poll::Ready(seen);
            }
            place.bell.waiting().wakers.insert(place.number, cx.waker().clone());
            // Once more after registering, or an end in between is missed.
            look().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn number(&self) -> u64 {
        let mut waiting = self.waiting();
        waiting.came = waiting.came.wrapping_add(1);
        waiting.came
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a future waits. It leaves no waker behind.
struct Place<'a> {
    bell: &'a Bell,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.bell.waiting().wakers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn all_that_wait_look_again_and_leave_nothing_behind() {
        let bell = Bell::default();
        let (ended, woken) = (Cell::new(None), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        {
            let (mut one, mut other) = (pin!(bell.until(|| ended.get())), pin!(bell.until(|| ended.get())));
            for _ in 0..3 {
                assert!(one.as_mut().poll(&mut cx).is_pending() && other.as_mut().poll(&mut cx).is_pending());
                assert_eq!(bell.waiting().wakers.len(), 2);
            }
            bell.ring();
            assert_eq!(woken.0.load(Ordering::Relaxed), 2);
            assert!(one.as_mut().poll(&mut cx).is_pending(), "it was something else");
            ended.set(Some(7));
            assert_eq!(one.poll(&mut cx), Poll::Ready(7));
        }
        assert!(bell.waiting().wakers.is_empty(), "one has seen it, the other was given up");
    }

    #[test]
    fn an_end_between_looking_and_registering_is_not_missed() {
        let (bell, looks) = (Bell::default(), Cell::new(0));
        let seen = pin!(bell.until(|| (looks.replace(looks.get() + 1) == 1).then_some(())));
        assert!(seen.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}
