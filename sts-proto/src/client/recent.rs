//! What was used last, at most so many of a kind.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::operation::Operation;

/// A value for each input of an operation, at most `max` of them. Where there are more, the one that was asked for longest ago
/// makes room.
pub(super) struct Recent<T> {
    pub(super) max: NonZeroUsize,
    kept: Mutex<Kept<T>>,
}

impl<T: Clone> Recent<T> {
    pub(super) fn new(max: NonZeroUsize) -> Self {
        Self { max, kept: Mutex::default() }
    }

    /// The value of this input, which is made where it is not kept yet.
    pub(super) fn get<O: Operation>(&self, input: &O, make: impl FnOnce() -> T) -> T {
        let key = key(input);
        let known = self.kept().used(&key);
        if let Some(value) = known {
            return value;
        }
        // No other call waits while a value is made or dropped, and what makes one may ask for others here.
        let value = make();
        let mut kept = self.kept();
        // Another call may have been first.
        let known = kept.used(&key);
        let forgotten = if known.is_none() { kept.keep(key, value.clone(), self.max) } else { None };
        drop(kept);
        drop(forgotten);
        known.unwrap_or(value)
    }

    /// Returns whether there was one.
    pub(super) fn forget<O: Operation>(&self, input: &O) -> bool {
        let forgotten = self.kept().forget(&key(input));
        forgotten.is_some()
    }
}

impl<T> Recent<T> {
    pub(super) fn len(&self) -> usize {
        self.kept().values.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A digest of everything that the caller sets.
type Key = [u8; 32];

struct Kept<T> {
    values: BTreeMap<Key, (u64, T)>,
    /// By the time of their last use, counted in uses.
    order: BTreeMap<u64, Key>,
    uses: u64,
}

impl<T: Clone> Kept<T> {
    fn used(&mut self, key: &Key) -> Option<T> {
        let (at, value) = self.values.get_mut(key)?;
        self.order.remove(at);
        self.uses += 1;
        *at = self.uses;
        self.order.insert(self.uses, *key);
        Some(value.clone())
    }

    /// Returns the value that made room.
    fn keep(&mut self, key: Key, value: T, max: NonZeroUsize) -> Option<T> {
        self.uses += 1;
        self.values.insert(key, (self.uses, value));
        self.order.insert(self.uses, key);
        if self.values.len() <= max.get() {
            return None;
        }
        let (_, oldest) = self.order.pop_first()?;
        self.values.remove(&oldest).map(|(_, value)| value)
    }

    fn forget(&mut self, key: &Key) -> Option<T> {
        let (at, value) = self.values.remove(key)?;
        self.order.remove(&at);
        Some(value)
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), order: BTreeMap::new(), uses: 0 }
    }
}

/// The form has every member that is set, each with its name, escaped: two inputs have the same only if they are equal.
fn key<O: Operation>(input: &O) -> Key {
    Sha256::digest(input.to_form()).into()
}
