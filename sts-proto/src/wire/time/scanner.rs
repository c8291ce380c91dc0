//! A reader of short texts from left to right. What is not there is not skipped, so that another reading can be tried.

#[derive(Clone, Copy)]
pub(super) struct Scanner<'a>(&'a [u8]);

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    pub(super) fn at_end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.0.first() == Some(&byte);
        if is_there {
            self.next();
        }
        is_there
    }

    /// 1 or -1.
    pub(super) fn sign(&mut self) -> Option<i32> {
        let sign = match self.0.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.next();
        Some(sign)
    }

    pub(super) fn digit(&mut self) -> Option<u8> {
        let digit = self.0.first().filter(|byte| byte.is_ascii_digit())? - b'0';
        self.next();
        Some(digit)
    }
}
