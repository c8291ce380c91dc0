//! What a program says when it fails, as an error may show it.

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use crate::credentials::command_line;
use crate::error::Redactor;
use crate::secret::Secret;
use crate::text::{eq_ignore_ascii_case, split_once, to_ascii_lowercase};

/// The last line that a program wrote to standard error: plain text of bounded length, with `[redacted]` in place of what may
/// be a secret. `None` if it wrote none, nothing else is left of it, or it printed more than credentials are.
///
/// Withheld are words that occur in the arguments of the command line or in what the program printed, words behind a name
/// such as `password:`, the query of a URL, and what looks like a key or token.
pub(super) fn last_line(stderr: &[u8], command_line: &str, stdout: &[u8]) -> Option<String> {
    let text = plain(stderr);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    if stdout.len() > MAX_PRINTED {
        return None;
    }
    let mut secrets = arguments(command_line);
    secrets.extend(
        plain(stdout).split(|c| !is_of_key(c)).filter(|word| word.len() >= MIN_PRINTED).map(Secret::from),
    );
    let known = Known::new(&secrets);
    let mut words: Vec<&str> = Vec::new();
    let (mut is_announced, mut before) = (false, "");
    for word in line.split_whitespace() {
        let (shown, has_query) = without_query(word);
        let hides = is_announced || names_and_gives(shown) || looks_secret(shown) || known.holds(shown);
        is_announced = announces(before, word) || (is_announced && (is_scheme(word) || is_sign(word)));
        before = word;
        words.push(if hides { INSTEAD } else { shown });
        words.extend(has_query.then_some(INSTEAD));
    }
    words.dedup_by(|next, last| *next == INSTEAD && *last == INSTEAD);
    let shown = words.join(" ");
    let is_shown = words != [INSTEAD] && !known.redactor.finds(&shown);
    is_shown.then(|| match shown.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown,
    })
}

/// What an error must not quote.
struct Known<'a> {
    secrets: &'a [Secret],
    redactor: Redactor<'a>,
    /// All of them, with what no word has in between.
    joined: Zeroizing<String>,
}

impl<'a> Known<'a> {
    fn new(secrets: &'a [Secret]) -> Self {
        let size = secrets.iter().map(|secret| secret.expose().len() + 1).sum();
        // It does not grow: that would leave unwiped copies behind.
        let mut joined = Zeroizing::new(String::with_capacity(size));
        for secret in secrets {
            joined.push_str(secret.expose());
            joined.push('\0');
        }
        Self { secrets, redactor: Redactor::new(secrets), joined }
    }

    /// Whether the word is one of these secrets, or part of one, or has one in it.
    fn holds(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_one = bare.len() >= MIN_WORD && self.secrets.iter().any(|secret| secret.expose() == bare);
        is_one || self.redactor.finds(word) || Redactor::new(&[bare.into()]).finds(&self.joined)
    }
}

/// The arguments of a command line, where people put secrets. Left out are names of options, paths, and the values of the
/// options in [`SHOWN`]: an error may well be about the profile.
fn arguments(command_line: &str) -> Vec<Secret> {
    let words = command_line::words(command_line);
    let mut secrets = Vec::new();
    let mut is_shown = false;
    for (index, word) in words.into_iter().map(Zeroizing::new).enumerate() {
        let is_shown = std::mem::replace(&mut is_shown, SHOWN.contains(&word.as_str()));
        match split_once(&word, '=') {
            Some((option, _)) if SHOWN.contains(&option) => {}
            Some((_, value)) => secrets.extend([value.into(), word.as_str().into()]),
            None if index == 0 || is_shown || is_option(&word) || is_path(&word) => {}
            None => secrets.push(word.as_str().into()),
        }
    }
    secrets
}

/// The text without the sequences that colour it on a terminal. A line that another one overwrites there is one of its own.
fn plain(bytes: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    // It does not grow: that would leave unwiped copies behind.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\u{1b}' => skip_sequence(&mut rest),
            '\r' | '\n' => plain.push('\n'),
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// Behind an escape character (ECMA-48, §5.4 and §5.6).
fn skip_sequence(rest: &mut Peekable<Chars<'_>>) {
    match rest.next() {
        Some('[') => while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        Some(']') => while rest.next_if(|c| !matches!(c, '\n' | '\r' | '\u{7}' | '\u{1b}')).is_some() {},
        _ => {}
    }
}

/// The word up to the query of a URL, and whether there is one.
fn without_query(word: &str) -> (&str, bool) {
    match split_once(word, '?') {
        Some((url, query)) if url.contains("://") && !query.is_empty() => (url, true),
        _ => (word, false),
    }
}

/// Whether the next word may be a secret: `password:`, `password =`, `api key:`, `--token`, `Bearer`.
fn announces(before: &str, word: &str) -> bool {
    let bare = word.trim_matches(QUOTES);
    let name = bare.strip_suffix([':', '=']).or_else(|| bare.starts_with("--").then_some(bare));
    let is_name = |name| is_secret_name(name) || is_secret_name(&format!("{before}{name}"));
    name.is_some_and(is_name) || is_sign(word) && is_secret_name(before) || is_scheme(word)
}

fn is_sign(word: &str) -> bool {
    matches!(word, ":" | "=" | "=>" | ":=")
}

/// `password=…`, `"SessionToken":"…"`, or a URL with a password.
fn names_and_gives(word: &str) -> bool {
    let named = word.match_indices([':', '=']).any(|(at, _)| {
        let (name, value) = (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default());
        is_secret_name(name) && value.contains(char::is_alphanumeric)
    });
    let host = word.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    named || host.is_some_and(|host| host.contains('@'))
}

fn is_secret_name(name: &str) -> bool {
    let name = to_ascii_lowercase(name.trim_end_matches(QUOTES)).replace(['-', '_'], "");
    NAMES.iter().any(|end| name.ends_with(end))
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic"].iter().any(|scheme| eq_ignore_ascii_case(word.trim_matches(QUOTES), scheme))
}

/// Whether a part of the word is long and mixed, as keys and tokens are.
fn looks_secret(word: &str) -> bool {
    word.split(|c| !is_of_key(c)).any(|part| {
        let has = |test: fn(&char) -> bool| part.chars().any(|c| test(&c));
        let (upper, lower) = (has(char::is_ascii_uppercase), has(char::is_ascii_lowercase));
        let mixed = has(char::is_ascii_digit) && (upper || lower);
        (mixed && part.len() >= 2 * MIN_KEY) || (mixed && upper && lower && part.len() > MIN_KEY)
    })
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-')
}

fn is_option(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '-';
    word.len() == 2 && word.starts_with('-')
        || word.strip_prefix("--").is_some_and(|name| name.chars().all(plain))
}

fn is_path(word: &str) -> bool {
    let begins = ["/", "~/", "./", "../"].iter().any(|begin| word.starts_with(begin));
    begins && !word.contains(char::is_whitespace) && !looks_secret(word)
}

const INSTEAD: &str = "[redacted]";
const QUOTES: [char; 3] = ['"', '\'', '`'];
/// Ends of names of secrets, without what separates words.
const NAMES: [&str; 18] = [
    "secret",
    "token",
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "authorization",
    "cookie",
    "otp",
    "accesskey",
    "secretkey",
    "apikey",
    "privatekey",
    "sessionkey",
    "signingkey",
    "credential",
    "credentials",
];
/// Options whose values may be shown.
const SHOWN: [&str; 6] = ["--profile", "--region", "--role", "--role-arn", "--role-name", "--account-id"];
/// In bytes. Shorter words occur in any text.
const MIN_WORD: usize = 4;
/// In bytes. Tokens are longer, and most words are shorter.
const MIN_KEY: usize = 16;
/// In bytes. Shorter words of an output are ones of its format.
const MIN_PRINTED: usize = 6;
/// In bytes. Credentials are shorter.
const MAX_PRINTED: usize = 16 * 1024;
const MAX_CHARS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &str = "vault keys /etc/vault.d/server --profile prod-admin --key planted-argument -x \"and planted words\" PIN=9876";

    fn line(stderr: &str) -> Option<String> {
        last_line(stderr.as_bytes(), COMMAND, b"")
    }

    #[test]
    fn it_is_the_last_line_that_is_not_blank() {
        for (stderr, expected) in [
            ("", None),
            (" \n\r\n\t", None),
            ("one", Some("one")),
            ("one\ntwo\n", Some("two")),
            ("one\r\ntwo\r\n\r\n  \n", Some("two")),
            ("10 %\r50 %\rfailed\r", Some("failed")),
            ("\u{1b}[1;31mError\u{1b}[0m: log\tin\u{7}\n", Some("Error: log in")),
            ("\u{1b}]8;;https://x\u{7}here\u{1b}", Some("here")),
            ("\u{1b}[", None),
            ("é\u{0}ü", Some("é ü")),
        ] {
            assert_eq!(line(stderr).as_deref(), expected, "{stderr:?}");
        }
        assert_eq!(last_line(b"one\xfftwo", COMMAND, b"").as_deref(), Some("one\u{fffd}two"));
        let long = line(&"é ".repeat(5000)).unwrap();
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn it_says_what_to_do() {
        for text in [
            "the session has expired, run `vault login --profile prod-admin`",
            "open https://corp.awsapps.com/start and log in",
            "An error occurred (ExpiredToken) when calling the GetRole operation",
            "no role arn:aws:iam::123456789012:role/admin in eu-west-1",
            "/home/me/.vault/config: permission denied (os error 13)",
            "the token has expired",
            "the server in /etc/vault.d/server is sealed",
            "key --key is unknown",
        ] {
            assert_eq!(line(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn secrets_are_withheld() {
        for (text, expected) in [
            ("cannot use planted-argument", Some("cannot use [redacted]")),
            ("cannot use 'planted-argument'!", Some("cannot use [redacted]")),
            ("--key=planted-argument is wrong", Some("[redacted] is wrong")),
            ("what is planted?", Some("what is [redacted]")),
            ("what is PLANTED%2Dargument", Some("what is [redacted]")),
            ("wrong: and planted words", Some("wrong: and [redacted] words")),
            ("pin 9876", Some("pin [redacted]")),
            ("planted-argument", None),
            ("password: hunter", Some("password: [redacted]")),
            ("password=hunter wrong", Some("[redacted] wrong")),
            ("Authorization: Bearer abc def", Some("Authorization: [redacted] def")),
            ("{\"Version\":1,\"SecretAccessKey\":\"abc\"}", None),
            ("got \"SessionToken\": \"abc\", sorry", Some("got \"SessionToken\": [redacted] sorry")),
            ("+ curl --token abc", Some("+ curl --token [redacted]")),
            ("+ curl --api-key abc", Some("+ curl --api-key [redacted]")),
            ("password = hunter", Some("password = [redacted]")),
            ("\"Password\" : \"hunter\"", Some("\"Password\" : [redacted]")),
            ("token: = abc", Some("token: [redacted]")),
            ("secret_key=abc wrong", Some("[redacted] wrong")),
            ("aws-secret-key: abc", Some("aws-secret-key: [redacted]")),
            ("secret key: abc", Some("secret key: [redacted]")),
            ("PWD=abc", None),
            ("see https://me:abc@host/x", Some("see [redacted]")),
            ("see https://host/x?code=abc now", Some("see https://host/x [redacted] now")),
            ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY it is", Some("[redacted] it is")),
            ("(0123456789abcdef0123456789abcdef)", None),
        ] {
            assert_eq!(line(text).as_deref(), expected, "{text}");
        }
        let keys = br#"{"SecretAccessKey":"planted","SessionToken":"shorter"}"#;
        assert_eq!(last_line(b"planted is not shorter", "x", keys).unwrap(), "[redacted] is not [redacted]");
        assert_eq!(last_line(b"no key/planted", "x", b"not json key\\/planted").unwrap(), "no [redacted]");
        assert_eq!(last_line(b"no keys", "x", &vec![b' '; MAX_PRINTED]).unwrap(), "no keys");
        assert_eq!(last_line(b"no keys", "x", &vec![b' '; MAX_PRINTED + 1]), None);
        let script = "sh -c 'echo planted-error >&2; exit 3'";
        assert_eq!(last_line(b"planted-error", script, b"planted-output"), None);
    }
}
