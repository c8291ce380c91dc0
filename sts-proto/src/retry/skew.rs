use std::time::{Duration, SystemTime};

/// How far the server's clock is ahead of the local clock, or behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skew {
    behind: Duration,
    ahead: Duration,
}

impl Skew {
    /// The server's time when the local time is `now`.
    pub(crate) fn apply(self, now: SystemTime) -> SystemTime {
        let later = now.checked_add(self.ahead).unwrap_or(now);
        later.checked_sub(self.behind).unwrap_or(later)
    }

    /// Compares the `date` of a response with the middle of the exchange, whose begin and end are local
    /// times. Ignored are an exchange that took too long to be precise, and an implausible date.
    pub(crate) fn measure(&mut self, sent: SystemTime, received: SystemTime, date: SystemTime) {
        let since = date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let Ok(took) = received.duration_since(sent) else { return };
        if !PLAUSIBLE.contains(&since) {
            return;
        }
        let Some(middle) = sent.checked_add(took / 2).filter(|_| took <= MAX_EXCHANGE) else { return };
        *self = match date.duration_since(middle) {
            Ok(ahead) => Self { ahead, behind: Duration::ZERO },
            Err(error) => Self { ahead: Duration::ZERO, behind: error.duration() },
        };
    }

    /// Whether the clock difference has changed so much since `before` that it may have caused a refusal.
    pub(crate) fn moved_from(self, before: Self) -> bool {
        let one = self.ahead.saturating_add(before.behind);
        let other = before.ahead.saturating_add(self.behind);
        one.abs_diff(other) >= NOTABLE
    }
}

/// The years 2000 to 2100, since 1970.
const PLAUSIBLE: std::ops::Range<Duration> =
    Duration::from_secs(946_684_800)..Duration::from_secs(4_102_444_800);
const MAX_EXCHANGE: Duration = Duration::from_secs(15 * 60);
const NOTABLE: Duration = Duration::from_secs(4 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn the_middle_of_an_exchange_is_compared_with_its_date() {
        let mut skew = Skew::default();
        skew.measure(at(1000), at(1010), at(4605));
        assert_eq!(skew.apply(at(1000)), at(4600));
        skew.measure(at(5000), at(5000), at(1400));
        assert_eq!(skew.apply(at(5000)), at(1400));
        skew.measure(at(5000), at(5000 + 901), at(9999));
        skew.measure(at(5000), at(4000), at(9999));
        let year = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        skew.measure(at(5000), at(5000), year(0));
        skew.measure(at(5000), at(5000), year(253_402_300_799));
        assert_eq!(skew.apply(at(5000)), at(1400), "too slow, backwards, implausible: all ignored");
    }

    #[test]
    fn a_move_of_four_minutes_is_notable_in_either_direction() {
        let ahead = |seconds| Skew { ahead: Duration::from_secs(seconds), behind: Duration::ZERO };
        let behind = |seconds| Skew { ahead: Duration::ZERO, behind: Duration::from_secs(seconds) };
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
        let far = Skew { ahead: Duration::MAX, behind: Duration::MAX };
        let _ = far.apply(at(0));
        assert!(!far.moved_from(far));
        assert!(Skew { behind: Duration::ZERO, ..far }.moved_from(Skew { ahead: Duration::ZERO, ..far }));
    }
}
