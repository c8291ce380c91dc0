use super::*;
use crate::escape::escape;

/// What a server may do to what it quotes.
type Escaper = (&'static str, fn(&str) -> String);

fn each(text: &str, escaped: impl Fn(char) -> Option<String>) -> String {
    text.chars().map(|c| escaped(c).unwrap_or_else(|| c.to_string())).collect()
}

/// All but letters and digits.
fn others(text: &str, escaped: impl Fn(char) -> String) -> String {
    each(text, |c| (!c.is_ascii_alphanumeric()).then(|| escaped(c)))
}

fn lower(escaped: &str) -> String {
    let mut left = 0;
    let lowered = |c: char| {
        left = if c == '%' { 3 } else { left };
        left = i32::max(left - 1, -1);
        if left >= 0 { c.to_ascii_lowercase() } else { c }
    };
    escaped.chars().map(lowered).collect()
}

fn amp(text: &str) -> String {
    text.replace('&', "&amp;")
}

fn wrapped(text: &str, width: usize, with: &str) -> String {
    text.as_bytes()
        .chunks(width)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect::<Vec<_>>()
        .join(with)
}

const ESCAPERS: &[Escaper] = &[
    ("as it is", str::to_owned),
    ("percent", escape),
    ("percent, lower case", |text| lower(&escape(text))),
    ("percent, slash kept", |text| escape(text).replace("%2F", "/")),
    ("percent twice", |text| escape(&escape(text))),
    ("percent twice, lower case", |text| lower(&escape(&lower(&escape(text))))),
    ("percent three times", |text| escape(&escape(&escape(text)))),
    ("form", |text| escape(text).replace("%20", "+")),
    ("form, decoded once more", |text| text.replace('+', " ")),
    ("xml, named", |text| amp(text).replace('<', "&lt;").replace('"', "&quot;").replace('=', "&equals;")),
    ("html, named", |text| text.replace('/', "&sol;").replace('+', "&plus;").replace('=', "&equals;")),
    ("xml, decimal", |text| others(text, |c| format!("&#{};", u32::from(c)))),
    ("xml, hex", |text| others(text, |c| format!("&#x{:X};", u32::from(c)))),
    ("xml, decimal, escaped again", |text| amp(&others(text, |c| format!("&#{};", u32::from(c))))),
    ("xml, hex, escaped again", |text| amp(&others(text, |c| format!("&#x{:x};", u32::from(c))))),
    ("xml, hex, three times", |text| amp(&amp(&others(text, |c| format!("&#x{:x};", u32::from(c)))))),
    ("xml, then percent", |text| escape(&others(text, |c| format!("&#x{:x};", u32::from(c))))),
    ("json", |text| text.replace('\\', "\\\\").replace('"', "\\\"")),
    ("json, safe in html", |text| others(text, |c| format!("\\u{:04x}", u32::from(c)))),
    ("json, upper case", |text| others(text, |c| format!("\\u{:04X}", u32::from(c)))),
    ("json in json", |text| others(text, |c| format!("\\\\u{:04x}", u32::from(c)))),
    ("json, slash", |text| text.replace('/', "\\/")),
    ("json, mixed", |text| text.replace('/', "\\/").replace('=', "\\u003d").replace('+', "\\u002b")),
    ("quoted-printable", |text| others(text, |c| format!("={:02X}", u32::from(c)))),
    ("octal", |text| others(text, |c| format!("\\{:03o}", u32::from(c)))),
    ("url-safe", |text| text.replace('+', "-").replace('/', "_")),
    ("stripped padding", |text| text.trim_end_matches('=').to_owned()),
    ("stripped of all", |text| text.replace(|c: char| !c.is_ascii_alphanumeric(), "")),
    ("upper case", str::to_ascii_uppercase),
    ("lower case", str::to_ascii_lowercase),
    ("wrapped", |text| wrapped(text, 76, "\r\n")),
    ("wrapped and indented", |text| wrapped(text, 64, "\n\t  ")),
    ("wrapped, then percent", |text| escape(&wrapped(text, 76, "\r\n"))),
    ("broken by a line feed", |text| wrapped(text, 5, "\n")),
    ("broken by a control character", |text| wrapped(text, 3, "\u{7f}")),
    ("broken by a soft hyphen", |text| wrapped(text, 7, "\u{ad}")),
];

/// Of the letters and digits that are seen in a text, how many in a row are those of the secret.
fn left_of(secret: &str, text: &str) -> usize {
    let letters = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).collect::<Vec<_>>();
    let (secret, text) = (letters(&secret.to_lowercase()), letters(&text.to_lowercase()));
    let common = |(one, other): (&[u8], &[u8])| one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let longest = |at: usize| (0..secret.len()).map(move |from| (from, at));
    let starts = (0..text.len()).flat_map(longest).filter(|(from, at)| secret[*from] == text[*at]);
    starts.map(|(from, at)| common((&secret[from..], &text[at..]))).max().unwrap_or(0)
}

/// `length` characters of base64 without an order.
fn base64(length: usize) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 7_u64;
    let digit = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(DIGITS[usize::try_from(state >> 58).unwrap()])
    };
    (0..length).map(digit).collect()
}

fn secrets() -> Vec<String> {
    let token = base64(900);
    vec![
        "PLANTED/tok+en==".to_owned(),
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        format!("IQoJb3JpZ2luX2VjE{}wEaCXVzLWVhc3Qt{token}==", "/".repeat(12)),
        format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.{}", token.replace('+', "-").replace('/', "_")),
        "correct horse \"battery\" & staple".to_owned(),
    ]
}

#[test]
fn however_it_is_escaped_a_secret_is_found() {
    for secret in secrets() {
        let redactor = [Secret::from(secret.as_str())];
        let redactor = Redactor::new(&redactor);
        for (name, escaper) in ESCAPERS {
            let text = format!("the token \"{}\" is not valid", escaper(&secret));
            let cleaned = redactor.clean(&text).unwrap_or_else(|| panic!("{name}: {text}"));
            // A shown text loses its control characters, and the rest must not become whole by that.
            let left = left_of(&secret, &cleaned);
            assert!(left < 10, "{name}: {left} letters are left: {cleaned}");
            assert!(cleaned.starts_with("the token \"[redacted]"), "{name}: {cleaned}");
            assert!(cleaned.ends_with("\" is not valid"), "{name}: {cleaned}");
        }
    }
}

#[test]
fn what_is_cut_is_found_however_it_is_escaped() {
    for secret in secrets().into_iter().skip(1) {
        let redactor = [Secret::from(secret.as_str())];
        let redactor = Redactor::new(&redactor);
        let many = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).count() >= 12;
        for (name, escaper) in ESCAPERS {
            for length in (12..secret.len()).step_by(if secret.len() > 100 { 97 } else { 5 }) {
                for (part, first) in [(&secret[..length], true), (&secret[secret.len() - length..], false)] {
                    let quoted = escaper(part);
                    let Some(cleaned) = redactor.clean(&quoted) else {
                        assert!(!many(part), "{name}: {quoted}");
                        continue;
                    };
                    let left = left_of(&secret, &cleaned);
                    assert!(left < 12, "{name}: {left} letters are left: {quoted}: {cleaned}");
                    assert!(!first || cleaned.starts_with("[redacted]"), "{name}: {quoted}: {cleaned}");
                }
            }
        }
    }
    let short = [Secret::from("PLANTED/tok+en==")];
    for cut in ["PLANTED/tok+", "PLANTED%2Ftok", "planted&amp;#x2F;tok"] {
        assert_eq!(
            Redactor::new(&short).clean(&format!("x {cut}…")).as_deref().map(|c| &c[..12]),
            Some("x [redacted]")
        );
    }
}

#[test]
fn what_was_reported_is_gone() {
    let secrets = [Secret::from("PLANTED/tok+en==")];
    let redactor = Redactor::new(&secrets);
    for (quoted, rest) in [
        ("PLANTED\\/tok\\u002ben\\u003d\\u003d", "\\u003d\\u003d"),
        ("PLANTED\\u002Ftok\\u002Ben\\u003D\\u003D", "\\u003D\\u003D"),
        ("PLANTED/tok%2Ben%3D%3D", "%3D%3D"),
        ("PLANTED/tok&amp;#43;en&amp;#x3D;&amp;#x3D;", "&amp;#x3D;&amp;#x3D;"),
        ("PLANTED&amp;#x2F;tok+en==", ""),
        ("PLANTED/tok en==", ""),
        ("PLANTED/tok+en", ""),
        ("planted/TOK+en==", ""),
        ("PLANTED%252ftok%252ben", ""),
        ("PLANTED%25252Ftok%25252Ben", ""),
        ("PLAN\nTED/tok+en==", ""),
        ("PLANTED/t\u{7f}ok+en==", ""),
    ] {
        let expected = format!("<[redacted]{rest}>");
        assert_eq!(redactor.clean(&format!("<{quoted}>")), Some(expected), "{quoted}");
    }
}

#[test]
fn other_text_stays_as_it_is() {
    let mut secrets: Vec<Secret> = secrets().into_iter().map(Secret::from).collect();
    secrets.extend(["123456", "a/B c+d", "abcdef", "", "a", "in", "is+no", "/+/+/+/+"].map(Secret::from));
    let redactor = Redactor::new(&secrets);
    for text in [
        "User: arn:aws:iam::123450006789:user/a is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/r",
        "The security token included in the request is invalid",
        "1 validation error detected: Value 'x' at 'durationSeconds' failed to satisfy constraint: Member must be > 900",
        "Signature expired: 20230101T000000Z is now earlier than 20230101T000500Z (20230101T001000Z - 15 min.)",
        "a bad cab did; a b, cd, be fed; 12-34-56, 12:34:56, 12345",
        "planted trees, PLANTED/to, tok+en==, a correct ho, wJalrXUtn, EXAMPLEKEY is in no document",
        "eyJhbGciO, 7d1b4f0e-1111-2222-3333-444455556666, é ü \u{1F600}",
    ] {
        assert_eq!(redactor.clean(text), None, "{text}");
    }
}

#[test]
fn short_secrets_are_found_in_the_forms_that_keep_their_letters_apart() {
    let secrets =
        [Secret::from("a/B c+d"), Secret::from("abcdef"), Secret::from("abcdefTAIL"), Secret::from("123456")];
    let redactor = Redactor::new(&secrets);
    for quoted in [
        "a/B c+d",
        "a%2FB%20c%2Bd",
        "a%2fB%20c%2bd",
        "a%2FB+c%2Bd",
        "a%252FB%2520c%252Bd",
        "a\\/B c+d",
        "abcdef",
        "ABCDEF",
        "abc\u{7f}def",
        "abcdefTAIL",
        "123456",
        "123\n456",
    ] {
        assert_eq!(redactor.clean(&format!("<{quoted}>")).as_deref(), Some("<[redacted]>"), "{quoted}");
    }
    assert_eq!(redactor.clean("nothing of it"), None);
    assert_eq!(
        Redactor::new(&[Secret::from("a"), Secret::from("12345"), Secret::default()]).clean("a 12345"),
        None
    );
}

#[test]
fn what_has_no_letters_is_found_as_it_is() {
    let secrets = [Secret::from("ééé"), Secret::from("=/+=/+"), Secret::from("(p\u{e4}ssw\u{f6}rd)")];
    let redactor = Redactor::new(&secrets);
    for quoted in ["ééé", "=/+=/+", "(p\u{e4}ssw\u{f6}rd)"] {
        assert_eq!(redactor.clean(&format!("<{quoted}>")).as_deref(), Some("<[redacted]>"), "{quoted}");
    }
    for quoted in ["p%C3%A4ssw%C3%B6rd", "p\\u00e4ssw\\u00f6rd", "p&auml;ssw&ouml;rd"] {
        assert_eq!(redactor.clean(&format!("<{quoted}>")).as_deref(), Some("<[redacted]>"), "{quoted}");
    }
}

#[test]
fn secrets_side_by_side_and_in_each_other_are_all_found() {
    let secrets =
        [Secret::from("PLANTED-one"), Secret::from("PLANTED-one-more"), Secret::from("other-secret")];
    let redactor = Redactor::new(&secrets);
    for (text, expected) in [
        ("a PLANTED-one b PLANTED-one c", "a [redacted] b [redacted] c"),
        ("PLANTED-one-more, other-secret", "[redacted], [redacted]"),
        ("PLANTED-oneother-secret!", "[redacted]!"),
        ("é PLANTED-onePLANTED-one é", "é [redacted] é"),
    ] {
        assert_eq!(redactor.clean(text).as_deref(), Some(expected));
    }
}

/// Searching may take no longer than a few passes. Where text and secret are made so that it would, nothing is shown.
#[test]
fn text_that_is_made_to_take_long_is_withheld() {
    let size = 32 * 1024;
    let secrets = [Secret::from("a/".repeat(size).as_str()), Secret::from("a".repeat(size).as_str())];
    let redactor = Redactor::new(&secrets);
    for unit in
        ["a", "a/", "a%2F", "a a a a a a a a b ", "a/a/a/a/a/a/a/b", "aaaaaaaab", "-", "a-------------"]
    {
        let text = unit.repeat(size / unit.len());
        if let Some(cleaned) = redactor.clean(&text) {
            assert!(left_of(&"a".repeat(12), &cleaned[..cleaned.len().min(4096)]) < 12, "{unit}");
        }
    }
}

#[test]
fn what_cannot_be_searched_in_time_is_withheld() {
    let secrets = [Secret::from(format!("a{}", "/".repeat(32)).repeat(100))];
    let redactor = Redactor::new(&secrets);
    let text = format!("{}{} ", "a-".repeat(8), "b".repeat(1200)).repeat(64);
    assert_eq!(redactor.clean(&text).as_deref(), Some(INSTEAD));
    assert_eq!(redactor.clean(&"b".repeat(64 * 1200)), None);
}

#[test]
fn long_secrets_are_found_in_long_texts() {
    let size = 64 * 1024;
    let secret = base64(size);
    let secrets = [Secret::from(secret.as_str())];
    let redactor = Redactor::new(&secrets);
    for (name, text) in [
        ("as it is", secret.clone()),
        ("escaped", escape(&secret)),
        ("cut on both sides", secret[100..size - 100].to_owned()),
    ] {
        assert_eq!(redactor.clean(&format!("<{text}>")).as_deref(), Some("<[redacted]>"), "{name}");
    }
    assert_eq!(redactor.clean(&secret.chars().rev().collect::<String>()), None);
}
