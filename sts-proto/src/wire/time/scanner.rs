//! A reader of short texts from left to right. What is not there is not skipped, so that another reading can be tried.

#[derive(Clone, Copy)]
pub(super) struct Scanner<'a>(&'a [u8]);

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn at_end(&self) -> Option<()> {
        self.is_at_end().then_some(())
    }

    pub(super) fn next(&mut self) -> Option<u8> {
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

    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// The next three letters, in lower case.
    pub(super) fn three_letters(&mut self) -> Option<[u8; 3]> {
        let (letters, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(letters.map(|letter: u8| letter.to_ascii_lowercase()))
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

    #[inline(never)]
    pub(super) fn digit(&mut self) -> Option<u8> {
        let digit = self.0.first().filter(|byte| byte.is_ascii_digit())? - b'0';
        self.next();
        Some(digit)
    }

    /// A number of so many digits, which are at most nine.
    #[inline(never)]
    pub(super) fn digits(&mut self, count: usize) -> Option<u32> {
        let mut after = *self;
        let mut number = 0;
        for _ in 0..count {
            number = number * 10 + u32::from(after.digit()?);
        }
        *self = after;
        Some(number)
    }
}
