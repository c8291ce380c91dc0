use std::time::{Duration, SystemTime};

/// What the answers of a service have shown of its clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerClock {
    /// As the last answer showed it. A request that is dated wrongly is refused, and the refusal corrects this.
    offset: Offset,
    /// As a refusal has confirmed it. Nothing corrects a wrong judgement about expirations, so one date is not enough.
    confirmed: Offset,
    /// What answers show and a refusal has disproved: what sets their dates is not what judges ours.
    disproved: Option<Offset>,
}

impl ServerClock {
    /// What requests are dated with.
    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }

    /// What expirations are judged by.
    pub(crate) fn confirmed(&self) -> Offset {
        self.confirmed
    }

    /// Compares the `date` of a response with the local times at which the request was sent and the response received.
    /// Returns the offset that follows. Ignored are an exchange that took too long to say much, and an implausible date.
    pub(crate) fn measure(
        &mut self,
        sent: SystemTime,
        received: SystemTime,
        date: SystemTime,
    ) -> Option<Offset> {
        let since = date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let took = received.duration_since(sent).ok().filter(|took| *took <= MAX_EXCHANGE)?;
        if !PLAUSIBLE.contains(&since) {
            return None;
        }
        if !self.offset.explains(sent, received, date) {
            let shown = Offset::between(sent.checked_add(took / 2)?, date);
            if self.disproved.is_some_and(|wrong| !shown.moved_from(wrong)) {
                return Some(self.offset);
            }
            self.offset = shown;
        }
        self.disproved = None;
        if !self.offset.moved_from(Offset::default()) {
            // Two clocks agree: this machine's and the service's.
            self.confirmed = Offset::default();
        } else if !self.offset.moved_from(self.confirmed) {
            self.confirmed = self.offset;
        }
        Some(self.offset)
    }

    /// The service has refused, for its date, a request that was dated with this offset, and shows no other. From now on this
    /// machine's clock counts, until an answer shows something else.
    pub(crate) fn disprove(&mut self, offset: Offset) {
        *self = Self { disproved: Some(offset), ..Self::default() };
    }

    /// The service has refused a request for its date that was dated by this machine's clock.
    pub(crate) fn believe_again(&mut self) {
        self.disproved = None;
    }

    /// The service has refused a request for its date and shown this offset, or has answered one that was dated with it.
    pub(crate) fn confirm(&mut self, offset: Offset) {
        if offset.moved_from(Offset::default()) {
            self.confirmed = offset;
        }
    }
}

/// How far the server's clock is ahead of the local clock, or behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offset {
    behind: Duration,
    ahead: Duration,
}

impl Offset {
    /// The server's time when the local time is `now`.
    pub(crate) fn apply(self, now: SystemTime) -> SystemTime {
        let later = now.checked_add(self.ahead).unwrap_or(now);
        later.checked_sub(self.behind).unwrap_or(later)
    }

    /// Whether the clock difference has changed so much since `before` that it may have caused a refusal.
    pub(crate) fn moved_from(self, before: Self) -> bool {
        let one = self.ahead.saturating_add(before.behind);
        let other = before.ahead.saturating_add(self.behind);
        one.abs_diff(other) >= NOTABLE
    }

    fn between(local: SystemTime, server: SystemTime) -> Self {
        match server.duration_since(local) {
            Ok(ahead) => Self { ahead, behind: Duration::ZERO },
            Err(error) => Self { ahead: Duration::ZERO, behind: error.duration() },
        }
    }

    /// Whether a server whose clock is this far ahead may have sent `date`, which has whole seconds, between these two
    /// local times. A process that stood still meanwhile cannot tell when that was.
    fn explains(self, sent: SystemTime, received: SystemTime, date: SystemTime) -> bool {
        let end = date.checked_add(DATE_STEP).unwrap_or(date);
        self.apply(sent) < end && date <= self.apply(received)
    }
}

/// Whether a request that would be dated `now` may be taken where one that was dated `then` was refused for its date.
pub(crate) fn is_dated_anew(then: SystemTime, now: SystemTime) -> bool {
    now.duration_since(then).unwrap_or_else(|error| error.duration()) >= NOTABLE
}

/// The years 2000 to 2100, since 1970.
const PLAUSIBLE: std::ops::Range<Duration> =
    Duration::from_secs(946_684_800)..Duration::from_secs(4_102_444_800);
const MAX_EXCHANGE: Duration = Duration::from_secs(15 * 60);
const NOTABLE: Duration = Duration::from_secs(4 * 60);
const DATE_STEP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    fn ahead(seconds: u64) -> Offset {
        Offset { ahead: Duration::from_secs(seconds), behind: Duration::ZERO }
    }

    fn behind(seconds: u64) -> Offset {
        Offset { ahead: Duration::ZERO, behind: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_middle_of_an_exchange_is_compared_with_its_date() {
        let mut clock = ServerClock::default();
        let mut skew = |sent, received, date| {
            clock.measure(sent, received, date);
            clock.offset()
        };
        assert_eq!(skew(at(1000), at(1010), at(4605)).apply(at(1000)), at(4600));
        assert_eq!(skew(at(5000), at(5000), at(1400)).apply(at(5000)), at(1400));
        skew(at(5000), at(5000 + 901), at(9999));
        skew(at(5000), at(4000), at(9999));
        let year = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        skew(at(5000), at(5000), year(0));
        let offset = skew(at(5000), at(5000), year(253_402_300_799));
        assert_eq!(offset.apply(at(5000)), at(1400), "too slow, backwards, implausible: all ignored");
    }

    #[test]
    fn an_offset_that_explains_a_date_stays_however_long_the_exchange_took() {
        for (known, sent, received, date, left) in [
            // The process stood still after the server had answered, or before it was asked, or a bit of both.
            (ahead(0), 0, 600, 0, ahead(0)),
            (ahead(0), 0, 600, 600, ahead(0)),
            (ahead(0), 0, 600, 250, ahead(0)),
            (ahead(3600), 0, 600, 3600, ahead(3600)),
            (ahead(3600), 0, 600, 4200, ahead(3600)),
            (behind(3600), 3600, 4200, 0, behind(3600)),
            (behind(3600), 3600, 4200, 600, behind(3600)),
            // Nothing that happens in the meantime explains these.
            (ahead(0), 0, 600, 601, ahead(301)),
            (ahead(0), 10, 610, 8, behind(302)),
            (ahead(3600), 0, 600, 3598, ahead(3298)),
        ] {
            let mut clock = ServerClock { offset: known, ..ServerClock::default() };
            let measured = clock.measure(at(sent), at(received), at(date));
            assert_eq!((measured, clock.offset), (Some(left), left), "{known:?} {sent} {received} {date}");
        }
    }

    #[test]
    fn one_date_confirms_nothing_and_the_next_right_one_corrects_what_was_confirmed() {
        let mut clock = ServerClock::default();
        clock.measure(at(0), at(0), at(172_800));
        assert_eq!((clock.offset, clock.confirmed), (ahead(172_800), ahead(0)));
        clock.measure(at(1), at(1), at(1));
        assert_eq!(clock, ServerClock::default());
        clock.measure(at(2), at(2), at(3602));
        clock.confirm(clock.offset);
        assert_eq!(clock.confirmed, ahead(3600));
        clock.measure(at(3), at(3), at(3605));
        assert_eq!(clock.confirmed, ahead(3602), "it drifts");
        clock.measure(at(4), at(4), at(172_804));
        assert_eq!((clock.offset, clock.confirmed), (ahead(172_800), ahead(3602)));
        clock.measure(at(5), at(5), at(5));
        assert_eq!(clock, ServerClock::default(), "this machine's clock was set");
        clock.confirm(ahead(200));
        assert_eq!(clock.confirmed, ahead(0), "too little to matter");
    }

    #[test]
    fn a_date_is_another_one_after_four_minutes_in_either_direction() {
        for (seconds, anew) in [(0, false), (239, false), (240, true), (1200, true)] {
            assert_eq!(is_dated_anew(at(0), at(seconds)), anew, "{seconds}");
            assert_eq!(is_dated_anew(at(seconds), at(0)), anew, "{seconds}");
        }
    }

    #[test]
    fn a_move_of_four_minutes_is_notable_in_either_direction() {
        for (one, other, moved) in [
            (ahead(0), ahead(239), false),
            (ahead(0), ahead(240), true),
            (ahead(0), behind(240), true),
            (ahead(120), behind(120), true),
            (ahead(120), behind(119), false),
            (ahead(3600), ahead(3600), false),
            (behind(3600), behind(3300), true),
        ] {
            assert_eq!((one.moved_from(other), other.moved_from(one)), (moved, moved), "{one:?} {other:?}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let far = Offset { ahead: Duration::MAX, behind: Duration::MAX };
        let _ = far.apply(at(0));
        assert!(!far.moved_from(far));
        assert!(Offset { behind: Duration::ZERO, ..far }.moved_from(Offset { ahead: Duration::ZERO, ..far }));
    }
}
