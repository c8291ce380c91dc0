use std::fmt;
use std::mem;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::wire::MAX_BODY;

/// Takes at most [`MAX_BODY`] bytes, and one more that shows that there are too many. All of it is wiped when it is
/// dropped, and so is what it leaves behind when it grows.
///
/// [`ReadFile`](super::ReadFile) and [`RunProgram`](super::RunProgram) have one. A driver needs others only if it cannot
/// read into theirs.
pub struct Buffer {
    bytes: Zeroizing<Vec<u8>>,
    filled: usize,
}

impl Buffer {
    /// With room for this many bytes, and for more if that turns out to be too few.
    pub fn new(expected: u64) -> Self {
        // One more: the end of a file is found without growing.
        let size = usize::try_from(expected).unwrap_or(MAX_BODY).clamp(MIN_SIZE, MAX_BODY) + 1;
        Self { bytes: Zeroizing::new(vec![0; size]), filled: 0 }
    }

    /// Where the next bytes go; empty only if there are too many.
    pub fn room(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() && !self.is_too_large() {
            let size = (self.filled * 2).min(MAX_BODY + 1);
            let mut larger = Zeroizing::new(Vec::with_capacity(size));
            larger.extend_from_slice(&self.bytes);
            larger.resize(size, 0);
            self.bytes = larger;
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// This many bytes of the room are filled now.
    pub fn fill(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
    }

    /// What it was filled with.
    pub fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.filled > MAX_BODY
    }

    /// The same memory, no longer wiped: the flow that gets it does that.
    pub(super) fn into_bytes(mut self) -> Bytes {
        self.bytes.truncate(self.filled);
        mem::take(&mut *self.bytes).into()
    }
}

/// Prints how much there is and not what it is.
impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.filled)
    }
}

/// Enough for most of what is read, so that few buffers grow.
const MIN_SIZE: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills it in pieces, as long as there is room.
    fn filled(expected: u64, mut count: usize) -> Buffer {
        let mut buffer = Buffer::new(expected);
        loop {
            let room = buffer.room();
            let piece = room.len().min(count).min(10_000);
            room[..piece].fill(7);
            if piece == 0 {
                return buffer;
            }
            buffer.fill(piece);
            count -= piece;
        }
    }

    #[test]
    fn holds_as_much_as_it_may_whatever_was_expected() {
        for expected in [0, 10, MAX_BODY as u64, u64::MAX] {
            for count in [0, 1, MIN_SIZE, MIN_SIZE + 2, 100_000, MAX_BODY] {
                let buffer = filled(expected, count);
                assert!(!buffer.is_too_large());
                assert_eq!(buffer.filled(), vec![7; count]);
                assert_eq!(buffer.into_bytes(), vec![7; count]);
            }
            for count in [MAX_BODY + 1, MAX_BODY + 2, 5 * MAX_BODY] {
                let mut buffer = filled(expected, count);
                assert!(buffer.is_too_large() && buffer.room().is_empty());
                assert!(buffer.bytes.capacity() <= 2 * MAX_BODY);
            }
        }
    }

    #[test]
    fn a_count_beyond_the_room_is_no_panic() {
        let mut buffer = Buffer::new(1);
        buffer.fill(usize::MAX);
        assert_eq!(buffer.into_bytes().len(), MIN_SIZE + 1);
        assert_eq!(format!("{:?}", filled(0, 3)), "[3 bytes]");
    }
}
