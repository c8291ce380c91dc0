use std::time::Duration;

use super::RetryClass;

/// Random numbers from a seed (SplitMix64): the same seed gives the same numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u128) -> Self {
        Self((seed >> 64) as u64 ^ seed as u64)
    }

    /// Uniformly distributed from 0 to below 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// How long to wait before retry number `retry`, counted from 0: a random time below a ceiling that doubles
/// with each retry ("full jitter").
pub(crate) fn backoff(class: RetryClass, retry: u32, dice: &mut Dice) -> Duration {
    let base = if class == RetryClass::Throttling { THROTTLING_BASE } else { BASE };
    let ceiling = base.saturating_mul(2u32.saturating_pow(retry)).min(CEILING);
    ceiling.mul_f64(dice.fraction())
}

/// The wait when the server has suggested one: at least the back-off, and at most five seconds longer than
/// it.
pub(crate) fn with_hint(backoff: Duration, hint: Option<Duration>) -> Duration {
    hint.map_or(backoff, |hint| backoff.max(hint.min(backoff.saturating_add(MAX_EXTENSION))))
}

const BASE: Duration = Duration::from_millis(50);
const THROTTLING_BASE: Duration = Duration::from_secs(1);
const CEILING: Duration = Duration::from_secs(20);
const MAX_EXTENSION: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_uniform_below_a_ceiling_that_doubles() {
        let mut dice = Dice::new(7);
        for (class, retry, ceiling) in [
            (RetryClass::Transient, 0, 0.05),
            (RetryClass::Transient, 1, 0.1),
            (RetryClass::Transient, 8, 12.8),
            (RetryClass::Transient, 9, 20.0),
            (RetryClass::Transient, u32::MAX, 20.0),
            (RetryClass::Throttling, 0, 1.0),
            (RetryClass::Throttling, 4, 16.0),
            (RetryClass::Throttling, 5, 20.0),
        ] {
            let waits: Vec<f64> = (0..1000).map(|_| backoff(class, retry, &mut dice).as_secs_f64()).collect();
            let mean = waits.iter().sum::<f64>() / 1000.0;
            assert!(waits.iter().all(|wait| (0.0..ceiling).contains(wait)));
            assert!((mean / ceiling - 0.5).abs() < 0.05, "{class:?} {retry}: {mean} of {ceiling}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draws =
            |seed| std::iter::repeat_with(Dice::new(seed).into_fractions()).take(5).collect::<Vec<_>>();
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        assert_ne!(draws(1), draws(1 << 64 | 2));
    }

    impl Dice {
        fn into_fractions(mut self) -> impl FnMut() -> f64 {
            move || self.fraction()
        }
    }

    #[test]
    fn a_hint_lengthens_the_wait_within_bounds() {
        let seconds = Duration::from_secs;
        assert_eq!(with_hint(seconds(2), None), seconds(2));
        assert_eq!(with_hint(seconds(2), Some(seconds(1))), seconds(2));
        assert_eq!(with_hint(seconds(2), Some(seconds(4))), seconds(4));
        assert_eq!(with_hint(seconds(2), Some(seconds(100))), seconds(7));
        assert_eq!(with_hint(seconds(2), Some(Duration::MAX)), seconds(7));
    }
}
