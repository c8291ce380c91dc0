use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Clock;

/// The numbers that a client names calls and spreads waits with, in place of random ones: for `Builder::seeds`.
#[derive(Clone, Debug)]
pub struct Seeds(Arc<AtomicU64>);

impl Seeds {
    /// This number, then the next one, and so on.
    pub fn from(first: u64) -> Self {
        Self(Arc::new(AtomicU64::new(first)))
    }

    pub(crate) fn next(&self) -> u128 {
        // Far apart, since low bits alone make waits that are alike.
        u128::from(self.0.fetch_add(1, Ordering::Relaxed))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }
}

/// What a test has fixed for a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    pub(crate) clock: Option<Clock>,
    pub(crate) seeds: Option<Seeds>,
}
