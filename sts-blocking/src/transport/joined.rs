//! Saves system calls. ureq writes the head and the body of a request one after the other, and looks whether a connection is
//! open when it keeps it and again when it takes it, with three calls each time.

use std::fmt;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use zeroize::{Zeroize as _, Zeroizing};

/// A connection, above its TLS, that sends head and body together, and looks whether it is open only before it is taken.
pub(crate) struct Joined {
    inner: Box<dyn Transport>,
    /// A head that waits for its body. It may have a session token.
    head: Zeroizing<Vec<u8>>,
    /// Some of a request was written, and no answer awaited.
    begun: bool,
    /// There was an exchange since the last look.
    used: bool,
}

impl Joined {
    pub(crate) fn new(inner: Box<dyn Transport>) -> Self {
        Self { inner, head: Zeroizing::default(), begun: false, used: false }
    }

    /// Sends the head that waits, and what is in the buffer.
    fn send(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let head = self.head.len();
        let output = self.inner.buffers().output();
        // Of a body that fills the buffer, the end goes on its own.
        let fits = amount.min(output.len().saturating_sub(head));
        let end = Zeroizing::new(output.get(fits..amount).unwrap_or_default().to_vec());
        output.copy_within(..fits, head);
        output.iter_mut().zip(&*self.head).for_each(|(to, byte)| *to = *byte);
        self.head.zeroize();
        self.inner.transmit_output(head + fits, timeout)?;
        if end.is_empty() {
            return Ok(());
        }
        self.inner.buffers().output().iter_mut().zip(&*end).for_each(|(to, byte)| *to = *byte);
        self.inner.transmit_output(end.len(), timeout)
    }
}

impl Transport for Joined {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.used = true;
        if std::mem::replace(&mut self.begun, true) {
            return if self.head.is_empty() {
                self.inner.transmit_output(amount, timeout)
            } else {
                self.send(amount, timeout)
            };
        }
        match self.inner.buffers().output().get(..amount).filter(|head| head.len() <= MAX_HEAD) {
            Some(head) => self.head.extend_from_slice(head),
            None => return self.inner.transmit_output(amount, timeout),
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.begun = false;
        if !self.head.is_empty() {
            // There is no body.
            self.send(0, timeout)?;
        }
        self.inner.await_input(timeout)
    }

    /// After an exchange, ureq asks whether to keep the connection. It asks again before it takes it, and what the server has
    /// sent or closed by then is noticed as well.
    fn is_open(&mut self) -> bool {
        std::mem::take(&mut self.used) || self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Leaves most of the buffer to the body, in bytes. A longer head is sent at once.
const MAX_HEAD: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ureq::unversioned::transport::LazyBuffers;
    use ureq::unversioned::transport::time::Duration;

    use super::*;

    #[derive(Debug)]
    struct Recorded(LazyBuffers, Arc<Mutex<Vec<String>>>);

    impl Recorded {
        fn record(&self, what: impl Into<String>) {
            self.1.lock().unwrap().push(what.into());
        }
    }

    impl Transport for Recorded {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.0
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
            let output = String::from_utf8_lossy(&self.0.output()[..amount]).into_owned();
            self.record(output);
            Ok(())
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            self.record("(answer)");
            Ok(true)
        }

        fn is_open(&mut self) -> bool {
            self.record("(look)");
            true
        }
    }

    fn joined(size: usize, parts: &[&str]) -> Vec<String> {
        let timeout = NextTimeout {
            after: Duration::NotHappening,
            reason: ureq::Timeout::Global,
            per_read: None,
            per_write: None,
        };
        let done = Arc::default();
        let mut joined = Joined::new(Box::new(Recorded(LazyBuffers::new(64, size), Arc::clone(&done))));
        for _ in 0..2 {
            for part in parts {
                joined.buffers().output()[..part.len()].copy_from_slice(part.as_bytes());
                joined.transmit_output(part.len(), timeout).unwrap();
            }
            assert!(joined.await_input(timeout).unwrap() && joined.await_input(timeout).unwrap());
            // To be kept, and to be taken again.
            assert!(joined.is_open() && joined.is_open());
        }
        let mut done = done.lock().unwrap().clone();
        let second = done.split_off(done.len() / 2);
        assert_eq!(done, second);
        done
    }

    #[test]
    fn head_and_body_are_sent_together() {
        assert_eq!(joined(64, &["head ", "body"]), ["head body", "(answer)", "(answer)", "(look)"]);
        assert_eq!(joined(64, &["head"]), ["head", "(answer)", "(answer)", "(look)"]);
        let parts = ["head ", "body", " of", " parts"];
        assert_eq!(joined(64, &parts), ["head body", " of", " parts", "(answer)", "(answer)", "(look)"]);
    }

    #[test]
    fn what_does_not_fit_is_sent_all_the_same() {
        assert_eq!(joined(8, &["head", "the body"]), ["headthe ", "body", "(answer)", "(answer)", "(look)"]);
        assert_eq!(joined(8, &["the head", "body"]), ["the head", "body", "(answer)", "(answer)", "(look)"]);
        let long = "h".repeat(MAX_HEAD + 1);
        assert_eq!(joined(MAX_HEAD + 1, &[&long, "b"]), [&long, "b", "(answer)", "(answer)", "(look)"]);
    }
}
