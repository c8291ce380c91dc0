//! Outputs of any content, for the test that what is written is read back.

use std::time::{Duration, SystemTime};

use super::made::metadata;
use crate::error::Metadata;
use crate::keys::Credentials;
use crate::secret::Secret;

/// Where samples come from: numbers below the one that is given.
pub type Source<'a> = dyn FnMut(u64) -> u64 + 'a;

/// A type of members.
#[doc(hidden)]
pub trait Sample {
    /// Any value of it.
    fn sample(source: &mut Source<'_>) -> Self;
}

impl<T: Sample> Sample for Option<T> {
    fn sample(source: &mut Source<'_>) -> Self {
        (source(4) > 0).then(|| T::sample(source))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(source: &mut Source<'_>) -> Self {
        (0..source(4)).map(|_| T::sample(source)).collect()
    }
}

impl Sample for String {
    fn sample(source: &mut Source<'_>) -> Self {
        let odd = [
            '<', '>', '&', '"', '\'', ']', ' ', '\t', '\n', '\r', '\u{85}', 'é', '\u{2028}', '\u{fffd}', '🦀',
        ];
        let character = |source: &mut Source<'_>| match source(3) {
            0 => usize::try_from(source(odd.len() as u64)).ok().and_then(|at| odd.get(at).copied()),
            _ => u32::try_from(0x20 + source(0x5f)).ok().and_then(char::from_u32),
        };
        (0..source(12)).filter_map(|_| character(source)).collect()
    }
}

impl Sample for Secret {
    fn sample(source: &mut Source<'_>) -> Self {
        Self::new(String::sample(source))
    }
}

impl Sample for i64 {
    fn sample(source: &mut Source<'_>) -> Self {
        let number = source(u64::MAX).cast_signed();
        if source(2) == 0 { number } else { number % 1000 }
    }
}

impl Sample for u64 {
    fn sample(source: &mut Source<'_>) -> Self {
        source(Self::MAX)
    }
}

impl Sample for bool {
    fn sample(source: &mut Source<'_>) -> Self {
        source(2) == 0
    }
}

impl Sample for SystemTime {
    fn sample(source: &mut Source<'_>) -> Self {
        let nanoseconds = if source(2) == 0 { 0 } else { source(1_000_000_000) };
        let distance = Duration::from_secs(source(4_000_000_000)) + Duration::from_nanos(nanoseconds);
        let at = if source(8) == 0 {
            Self::UNIX_EPOCH.checked_sub(distance)
        } else {
            Self::UNIX_EPOCH.checked_add(distance)
        };
        at.unwrap_or(Self::UNIX_EPOCH)
    }
}

impl Sample for Credentials {
    fn sample(source: &mut Source<'_>) -> Self {
        Self::new(String::sample(source), Secret::sample(source))
            .with_session_token(Secret::sample(source))
            .with_expiration(SystemTime::sample(source))
    }
}

impl Sample for Metadata {
    fn sample(source: &mut Source<'_>) -> Self {
        let id = String::sample(source);
        metadata(Some(id.as_str()).filter(|_| source(2) == 0))
    }
}
