//! Finds secrets in the texts of a server: some servers quote the request in their errors, escaped in one way or another.

mod unescape;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BinaryHeap;

use zeroize::Zeroizing;

use self::unescape::{ESCAPES, QUOTED_PRINTABLE, unescape};
use crate::secret::Secret;

/// Finds secrets by their letters and digits, in a text as it is and with its escapes decoded.
/// [`Error::redact`](crate::Error::redact) documents what it finds.
pub(crate) struct Redactor<'a> {
    secrets: &'a [Secret],
    /// Part of a secret may look like an escape, and is decoded in the text as well.
    decoded: Vec<Secret>,
    /// Of the secrets' runs.
    filter: Filter,
    /// The runs themselves, once a text has one that the filter lets through.
    runs: OnceCell<Zeroizing<Vec<u64>>>,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(secrets: &'a [Secret]) -> Self {
        let decoded: Vec<_> = secrets.iter().filter_map(|secret| unescaped(secret.expose())).collect();
        let mut filter = Filter::for_runs(texts(secrets, &decoded).map(str::len).sum());
        texts(secrets, &decoded).flat_map(|secret| runs(secret, RUN)).for_each(|run| filter.add(run));
        Self { secrets, decoded, filter, runs: OnceCell::new() }
    }

    /// Whether the text quotes one of the secrets.
    pub(crate) fn finds(&self, text: &str) -> bool {
        if self.texts().next().is_none() {
            return false;
        }
        let mut text = Cow::Borrowed(text);
        for _ in 0..MAX_ROUNDS {
            if self.finds_plain(&text) {
                return true;
            }
            match unescape(&text, ESCAPES) {
                Some(plain) => text = Cow::Owned(plain),
                // Last and alone, because `=` usually separates a name from a value.
                None => {
                    return unescape(&text, QUOTED_PRINTABLE).is_some_and(|plain| self.finds_plain(&plain));
                }
            }
        }
        // The text is still escaped and cannot be judged.
        true
    }

    fn finds_plain(&self, text: &str) -> bool {
        let is_short_in = |secret: &str| match letters(secret).take(RUN).count() {
            RUN => false,
            count @ MIN_LETTERS.. => {
                let whole = runs(secret, count).next();
                runs(text, count).any(|run| Some(run) == whole)
            }
            _ => text.contains(secret),
        };
        runs(text, RUN).any(|run| self.filter.may_hold(run) && self.runs().binary_search(&run).is_ok())
            || self.texts().any(is_short_in)
    }

    /// Each run of a secret, in order.
    fn runs(&self) -> &[u64] {
        self.runs.get_or_init(|| {
            let all = || self.texts().flat_map(|secret| runs(secret, RUN));
            // It must not grow: that would leave unwiped copies behind. The heap sorts them where they are.
            let mut sorted = BinaryHeap::with_capacity(all().count());
            sorted.extend(all());
            Zeroizing::new(sorted.into_sorted_vec())
        })
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        texts(self.secrets, &self.decoded)
    }
}

/// The secrets that are long enough to be found, as they are and decoded.
fn texts<'a>(secrets: &'a [Secret], decoded: &'a [Secret]) -> impl Iterator<Item = &'a str> {
    secrets.iter().chain(decoded).map(Secret::expose).filter(|secret| secret.len() >= MIN_SECRET)
}

/// The secret with its escapes decoded, if part of it looks like one.
fn unescaped(secret: &str) -> Option<Secret> {
    let mut plain = Secret::new(unescape(secret, ESCAPES)?);
    for _ in 1..MAX_ROUNDS {
        match unescape(plain.expose(), ESCAPES) {
            Some(more) => plain = Secret::new(more),
            None => break,
        }
    }
    Some(plain)
}

/// Adds a text to those that are searched together.
pub(super) fn add(text: &str, texts: &mut String) {
    // Exact, because a text may be as large as an answer.
    texts.reserve_exact(text.len() + SEPARATOR.len_utf8());
    texts.push_str(text);
    texts.push(SEPARATOR);
}

/// A Bloom filter, which lets through about one in ten thousand of the runs that are not in it.
struct Filter(Zeroizing<Vec<u64>>);

impl Filter {
    fn for_runs(count: usize) -> Self {
        Self(Zeroizing::new(vec![0; (count / 2).next_power_of_two().min(MAX_WORDS)]))
    }

    fn add(&mut self, run: u64) {
        let (at, hash) = self.place(run);
        if let Some(word) = self.0.get_mut(at) {
            *word |= bits(hash).fold(0, |bits, bit| bits | 1 << bit);
        }
    }

    fn may_hold(&self, run: u64) -> bool {
        let (at, hash) = self.place(run);
        self.0.get(at).is_some_and(|word| bits(hash).all(|bit| word >> bit & 1 == 1))
    }

    /// Which word a run is in, and what its bits of that word depend on.
    fn place(&self, run: u64) -> (usize, u64) {
        let hash = run.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (usize::try_from(hash >> 48).unwrap_or_default() & (self.0.len() - 1), hash)
    }
}

/// Four bits of a word.
fn bits(hash: u64) -> impl Iterator<Item = u64> {
    [16, 24, 32, 40].into_iter().map(move |from| hash >> from & 63)
}

/// Each sequence of `count` letters and digits, as a number. `count` must not be above [`RUN`].
fn runs(text: &str, count: usize) -> impl Iterator<Item = u64> {
    let mask = (1 << (BITS * count)) - 1;
    let mut last = 0;
    let each = letters(text).map(move |letter| {
        last = (last << BITS | letter) & mask;
        last
    });
    each.skip(count - 1)
}

/// The letters and digits (ASCII) of a text, numbered from 1, ignoring case. A separator has a number of its own.
fn letters(text: &str) -> impl Iterator<Item = u64> {
    let number = |byte: u8| NUMBERS.get(usize::from(byte)).copied().unwrap_or_default();
    text.bytes().map(number).filter(|number| *number != 0).map(u64::from)
}

/// Separates texts. Neither XML nor a header can contain it.
const SEPARATOR: char = '\0';

#[allow(clippy::indexing_slicing)] // at compile time
static NUMBERS: [u8; 256] = {
    let mut numbers = [0; 256];
    let mut at = 0;
    while at < numbers.len() {
        let byte = (at as u8).to_ascii_lowercase();
        numbers[at] = match byte {
            b'0'..=b'9' => byte - b'0' + 1,
            b'a'..=b'z' => byte - b'a' + 11,
            _ => 0,
        };
        at += 1;
    }
    numbers[SEPARATOR as usize] = (1 << BITS) - 1;
    numbers
};

/// Replaces a text that quotes a secret.
pub(super) const INSTEAD: &str = "[redacted]";

/// In bytes. Anything shorter may be part of any word; an MFA code has six digits.
const MIN_SECRET: usize = 6;
/// A secret with fewer letters and digits is found only as it is.
const MIN_LETTERS: usize = 4;
/// So many equal letters and digits in a row do not occur by chance. A secret with fewer must be quoted completely.
const RUN: usize = 10;
/// Bits of a letter's number, so that a run fits a `u64`.
const BITS: usize = 6;
/// A longer secret is not worth more of a filter.
const MAX_WORDS: usize = 4096;
/// How many forms of a text are searched: as it is, and decoded once, twice, …
const MAX_ROUNDS: usize = 8;

#[cfg(test)]
mod tests;
