//! What was used last, at most so many of a kind.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// A digest of everything that the caller sets.
pub(super) type Key = [u8; 32];

pub(super) struct Kept<C> {
    pub(super) sessions: BTreeMap<Key, (u64, C)>,
    /// By the time of their last use, counted in uses.
    order: BTreeMap<u64, Key>,
    uses: u64,
}

impl<C: Clone> Kept<C> {
    pub(super) fn used(&mut self, key: &Key) -> Option<C> {
        let (at, client) = self.sessions.get_mut(key)?;
        self.order.remove(at);
        self.uses += 1;
        *at = self.uses;
        self.order.insert(self.uses, *key);
        Some(client.clone())
    }

    /// Returns the session that made room.
    pub(super) fn keep(&mut self, key: Key, client: C, max: NonZeroUsize) -> Option<C> {
        self.uses += 1;
        self.sessions.insert(key, (self.uses, client));
        self.order.insert(self.uses, key);
        if self.sessions.len() <= max.get() {
            return None;
        }
        let (_, oldest) = self.order.pop_first()?;
        self.sessions.remove(&oldest).map(|(_, client)| client)
    }

    pub(super) fn forget(&mut self, key: &Key) -> Option<C> {
        let (at, client) = self.sessions.remove(key)?;
        self.order.remove(&at);
        Some(client)
    }
}

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self { sessions: BTreeMap::new(), order: BTreeMap::new(), uses: 0 }
    }
}
