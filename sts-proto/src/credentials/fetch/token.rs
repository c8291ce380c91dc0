use http::HeaderValue;

/// Why a token cannot be sent; holds no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::credentials) enum TokenProblem {
    Empty,
    LineBreak,
    Character,
}

impl TokenProblem {
    pub(in crate::credentials) fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::LineBreak => "has a line break inside, which cannot be sent; it has to hold a token alone",
            Self::Character => "has a character inside that cannot be sent; it has to hold a token alone",
        }
    }
}

/// The value of the header `authorization` for a token. A line break at the end, which editors add, is removed. One inside
/// is refused, since it would begin another header.
pub(in crate::credentials) fn authorization(token: &[u8]) -> Result<HeaderValue, TokenProblem> {
    let token = token.strip_suffix(b"\n").unwrap_or(token);
    let token = token.strip_suffix(b"\r").unwrap_or(token);
    if token.iter().all(u8::is_ascii_whitespace) {
        return Err(TokenProblem::Empty);
    }
    if token.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Err(TokenProblem::LineBreak);
    }
    let value = HeaderValue::from_bytes(token).ok().filter(|_| token.is_ascii());
    let mut value = value.ok_or(TokenProblem::Character)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        for (token, expected) in [
            ("t", Ok("t")),
            (" a b ", Ok(" a b ")),
            ("t\n", Ok("t")),
            ("t\r\n", Ok("t")),
            ("", Err(TokenProblem::Empty)),
            (" \r\n\n", Err(TokenProblem::Empty)),
            ("a\nb", Err(TokenProblem::LineBreak)),
            ("a\rb", Err(TokenProblem::LineBreak)),
            ("a\n\n", Err(TokenProblem::LineBreak)),
            ("\nt", Err(TokenProblem::LineBreak)),
            ("t\0", Err(TokenProblem::Character)),
            ("t\u{fc}", Err(TokenProblem::Character)),
        ] {
            let value = authorization(token.as_bytes());
            assert!(value.as_ref().map_or(true, HeaderValue::is_sensitive));
            let value = value.map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(value, expected.map(str::to_owned), "{token:?}");
        }
        assert_eq!(authorization(b"\xff"), Err(TokenProblem::Character));
    }
}
