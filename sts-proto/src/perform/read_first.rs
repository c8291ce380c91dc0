use std::io::{Error, ErrorKind};

/// Holds back a failed write until what the server sent before is read.
///
/// A server that refuses while the request is still being written sends an early answer or a TLS alert and closes the
/// connection. The next write then fails, and to report that would leave the reason unread.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadFirst {
    gone: Option<ErrorKind>,
}

impl ReadFirst {
    /// Whether to go on as if the write that failed like this had succeeded.
    pub fn holds(&mut self, error: &Error) -> bool {
        let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted];
        let holds = gone.contains(&error.kind());
        if holds {
            self.gone = Some(error.kind());
        }
        holds
    }

    /// The error of a read that ended or failed, and whether to write anything: the write that has failed, if one has.
    pub fn failure(&self) -> Option<Error> {
        self.gone.map(Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_connection_is_held_back() {
        let mut first = ReadFirst::default();
        for other in [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted, ErrorKind::Other] {
            assert!(!first.holds(&other.into()) && first.failure().is_none(), "{other}");
        }
        assert!(first.holds(&ErrorKind::BrokenPipe.into()));
        assert!(!first.holds(&ErrorKind::TimedOut.into()));
        assert_eq!(first.failure().map(|error| error.kind()), Some(ErrorKind::BrokenPipe));
    }
}
