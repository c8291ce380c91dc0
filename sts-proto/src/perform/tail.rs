use std::fmt;
use std::mem;

use bytes::Bytes;
use zeroize::{Zeroize, Zeroizing};

/// Keeps the end of what is written into it, at least [`KEPT`] bytes of it, however much that is. All of it is wiped when it
/// is dropped.
pub(super) struct Tail {
    bytes: Zeroizing<Vec<u8>>,
    filled: usize,
}

impl Tail {
    pub(super) fn new() -> Self {
        Self { bytes: Zeroizing::new(vec![0; 2 * KEPT]), filled: 0 }
    }

    /// Where the next bytes go; never empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() {
            self.bytes.copy_within(KEPT.., 0);
            self.filled = KEPT;
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// This many bytes of the room are filled now.
    pub(super) fn fill(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
    }

    /// What is kept.
    #[cfg(any(feature = "credentials", test))]
    pub(super) fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// The same memory, no longer wiped: the flow that gets it does that.
    pub(super) fn into_bytes(mut self) -> Bytes {
        if let Some(rest) = self.bytes.get_mut(self.filled..) {
            rest.zeroize();
        }
        self.bytes.truncate(self.filled);
        mem::take(&mut *self.bytes).into()
    }
}

/// Prints how much there is and not what it is.
impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.filled)
    }
}

/// In bytes. More than a line has that a person reads.
const KEPT: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_however_much_is_written() {
        for (count, piece) in
            [(0, 1), (10, 3), (KEPT, 7), (2 * KEPT, 1000), (10 * KEPT + 5, 333), (100 * KEPT, 2 * KEPT)]
        {
            let written: Vec<u8> = (0..count).map(|number| (number % 251) as u8).collect();
            let mut tail = Tail::new();
            let mut rest = &written[..];
            while !rest.is_empty() {
                let room = tail.room();
                let taken = piece.min(rest.len()).min(room.len());
                assert!(taken > 0);
                room[..taken].copy_from_slice(&rest[..taken]);
                tail.fill(taken);
                rest = &rest[taken..];
            }
            assert_eq!(tail.bytes.len(), 2 * KEPT);
            let kept = tail.into_bytes();
            assert!(kept.len() >= KEPT.min(count) && written.ends_with(&kept), "{count} {piece}");
        }
    }

    #[test]
    fn a_count_beyond_the_room_is_no_panic() {
        let mut tail = Tail::new();
        tail.fill(usize::MAX);
        assert_eq!(format!("{tail:?}"), "[8192 bytes]");
        assert_eq!(tail.into_bytes().len(), 2 * KEPT);
    }
}
