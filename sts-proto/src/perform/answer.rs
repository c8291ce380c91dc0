use crate::transport::{TransportError, TransportErrorKind};
use crate::wire::MAX_BODY;

/// Bounds what is read for one answer, everything included: a server may send interim answers, chunk sizes or trailers
/// without end, none of which is part of a body.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerBound {
    read: usize,
}

impl AnswerBound {
    /// Something is written: what is read next belongs to another answer.
    pub fn begin(&mut self) {
        self.read = 0;
    }

    /// This many bytes were read.
    ///
    /// # Errors
    ///
    /// They are more than an answer can have. Give the connection up.
    pub fn receive(&mut self, bytes: usize) -> Result<(), TransportError> {
        self.read = self.read.saturating_add(bytes);
        if self.read <= MAX_ANSWER {
            return Ok(());
        }
        let why = "the server sends more than an answer can have";
        Err(TransportError::new(TransportErrorKind::NotHttp, why))
    }
}

/// A body, and as much again for headers and chunk framing.
const MAX_ANSWER: usize = 2 * MAX_BODY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_own_bound() {
        let mut bound = AnswerBound::default();
        for _ in 0..2 {
            bound.begin();
            assert!(bound.receive(MAX_ANSWER).is_ok());
            assert_eq!(bound.receive(1).unwrap_err().kind(), TransportErrorKind::NotHttp);
            assert!(bound.receive(usize::MAX).is_err());
        }
    }
}
