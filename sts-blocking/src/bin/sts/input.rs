//! What is read from files and from standard input: text of bounded size, in memory that is wiped.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sts_blocking::Secret;
use sts_blocking::sts_proto::perform::in_our_style;

use crate::output::printable;

/// The text of a file. The error names the file, unless it may be the secret that should have been in it.
pub(crate) fn file(path: impl AsRef<Path>) -> Result<Secret, String> {
    let path = path.as_ref();
    let name = printable(&path.to_string_lossy());
    let is_token = ["k8s-aws-v1.", "eyJ"].iter().any(|start| name.starts_with(start));
    let name = if is_token || name.len() > MAX_NAME { "a file whose name may be a secret" } else { &name };
    File::open(path)
        .map_err(|error| in_our_style(&error))
        .and_then(text)
        .map_err(|problem| format!("{name} cannot be read: {problem}"))
}

/// The text of standard input, all of it.
pub(crate) fn stdin() -> Result<Secret, String> {
    text(io::stdin().lock()).map_err(|problem| format!("standard input cannot be read: {problem}"))
}

fn text(from: impl Read) -> Result<Secret, String> {
    // All of it at once: what a growing buffer leaves behind is not wiped. The rest is what the end is looked for with.
    let mut bytes = Vec::with_capacity(MAX_TEXT + 64);
    let read = from.take(MAX_TEXT as u64 + 1).read_to_end(&mut bytes);
    let is_longer = bytes.len() > MAX_TEXT;
    let text = String::from_utf8(bytes).map(Secret::new);
    read.map_err(|error| in_our_style(&error))?;
    match text {
        _ if is_longer => Err(format!("it is longer than {} KiB", MAX_TEXT / 1024)),
        Ok(text) => Ok(text),
        Err(_) => Err("it is not utf-8".to_owned()),
    }
}

/// Longer than the names that people give to files.
const MAX_NAME: usize = 1024;
/// Longer than anything that STS accepts.
const MAX_TEXT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_place_of_a_file_is_not_shown() {
        assert_eq!(file("/no/file").err().unwrap(), "/no/file cannot be read: no such file or directory");
        assert_eq!(file("/no/\x1b\n").err().unwrap(), "/no/?? cannot be read: no such file or directory");
        for secret in ["k8s-aws-v1.planted", "eyJplanted", &"planted".repeat(200)] {
            assert!(!file(secret).err().unwrap().contains("planted"));
        }
    }

    #[test]
    fn text_is_bounded() {
        let longest = "a".repeat(MAX_TEXT);
        assert_eq!(text(longest.as_bytes()).unwrap().expose(), longest);
        for (bytes, problem) in
            [(&*vec![b'a'; MAX_TEXT + 1], "it is longer than 256 KiB"), (&[0xff][..], "it is not utf-8")]
        {
            assert_eq!(text(bytes).err().as_deref(), Some(problem));
        }
        assert!(text(io::repeat(b'a')).is_err());
    }
}
