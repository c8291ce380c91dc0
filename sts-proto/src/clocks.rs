use std::time::SystemTime;

/// What time it is by two clocks: this machine's, and the service's as far as a refusal has shown it. See
/// [`Context::clocks`](crate::context::Context::clocks).
///
/// Either may be wrong, and so may the expiration of credentials, which another clock has set. Credentials have expired where
/// both clocks say so; where they disagree, the service decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    local: SystemTime,
    service: SystemTime,
}

impl Clocks {
    /// `service` is what the service's clock says when this machine's says `local`.
    pub fn new(local: SystemTime, service: SystemTime) -> Self {
        Self { local, service }
    }

    /// This machine's.
    pub fn local(self) -> SystemTime {
        self.local
    }

    /// The service's.
    pub fn service(self) -> SystemTime {
        self.service
    }

    /// The earlier one: both clocks say that this time has come.
    pub fn both(self) -> SystemTime {
        self.local.min(self.service)
    }

    /// The later one: at least one clock says that this time has come.
    pub fn either(self) -> SystemTime {
        self.local.max(self.service)
    }

    /// The clock to measure the time until `end` with: the service's, unless `end` has passed by that clock and not by this
    /// machine's.
    pub fn until(self, end: SystemTime) -> SystemTime {
        if end > self.service { self.service } else { self.both() }
    }
}

/// Both clocks say the same.
impl From<SystemTime> for Clocks {
    fn from(now: SystemTime) -> Self {
        Self { local: now, service: now }
    }
}
