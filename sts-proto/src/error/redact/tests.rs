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

fn finds(secret: &str, text: &str) -> bool {
    Redactor::new(&[Secret::from(secret)]).finds(text)
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
        for (name, escaper) in ESCAPERS {
            let text = format!("the token \"{}\" is not valid", escaper(&secret));
            assert!(finds(&secret, &text), "{name}: {text}");
        }
    }
}

#[test]
fn what_is_cut_is_found_however_it_is_escaped() {
    let many = |text: &str| letters(text).count() >= RUN;
    for secret in secrets() {
        for (name, escaper) in ESCAPERS {
            for length in (10..secret.len()).step_by(if secret.len() > 100 { 97 } else { 1 }) {
                for start in [0, (secret.len() - length) / 2, secret.len() - length] {
                    let part = &secret[start..start + length];
                    let quoted = format!("x {}…", escaper(part));
                    assert!(!many(part) || finds(&secret, &quoted), "{name}: {part}: {quoted}");
                }
            }
        }
    }
    for cut in ["PLANTED/tok+", "PLANTED%2Ftok", "planted&amp;#x2F;tok"] {
        assert!(finds("PLANTED/tok+en==", &format!("x {cut}…")), "{cut}");
    }
}

#[test]
fn what_was_reported_is_found() {
    for quoted in [
        "PLANTED\\/tok\\u002ben\\u003d\\u003d",
        "PLANTED\\u002Ftok\\u002Ben\\u003D\\u003D",
        "PLANTED/tok%2Ben%3D%3D",
        "PLANTED/tok&amp;#43;en&amp;#x3D;&amp;#x3D;",
        "PLANTED&amp;#x2F;tok+en==",
        "PLANTED/tok en==",
        "PLANTED/tok+en",
        "planted/TOK+en==",
        "PLANTED%252ftok%252ben",
        "PLANTED%25252Ftok%25252Ben",
        "PLAN\nTED/tok+en==",
        "PLANTED/t\u{7f}ok+en==",
    ] {
        assert!(finds("PLANTED/tok+en==", &format!("<{quoted}>")), "{quoted}");
    }
}

/// Escapes of a kind that is not known leave what stands between them.
#[test]
fn ten_letters_together_are_enough_whatever_the_escape() {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    for quoted in [
        "wJalrXUtnFEMI_x002F_K7MDENG_x002B_bPxRfiCYEXAMPLEKEY",
        "wJalrXUtnFEMI+AC8-K7MDENG+ACs-bPxRfiCYEXAMPLEKEY",
        "{2F}K7MDENG{2B}bPxRfiCYEX",
    ] {
        assert!(finds(secret, quoted), "{quoted}");
    }
}

/// So are letters that are escaped themselves.
#[test]
fn escapes_may_stand_for_letters() {
    for quoted in
        ["%50LANTED/tok+en", "&#80;LANTED&#x2f;tok", "\\u0050LANTED/tok", "\\120LANTED/tok", "=50LANTED/tok"]
    {
        assert!(finds("PLANTED/tok+en==", quoted), "{quoted}");
    }
}

/// What looks like an escape may be part of a secret, or stand in front of one.
#[test]
fn what_looks_like_an_escape_hides_nothing() {
    for (secret, quoted) in [
        ("100%ab&amp;x\\u0041", "100%ab&amp;x\\u0041"),
        ("100%ab&amp;x\\u0041", "100%25ab%26amp%3Bx%5Cu0041"),
        ("100%ab&amp;x\\u0041", "100%ab&amp;amp;x\\u0041"),
        ("ab/cdef", "LDAPPassword=ab%2Fcdef&Version=1"),
        ("ab/cdef", "LDAPPassword=ab/cdef"),
        ("123456", "TokenCode=123456"),
    ] {
        assert!(finds(secret, quoted), "{secret}: {quoted}");
    }
    // What a secret stands for may be too little to go by.
    assert!(!finds("%41%42", "CABLE") && !finds("%2F%2F", "a//b"));
}

#[test]
fn what_is_still_escaped_after_many_times_is_withheld() {
    let escaped = |times: usize| format!("a%{}41", "25".repeat(times));
    assert!(!finds("PLANTED/tok+en==", &escaped(MAX_ROUNDS - 2)));
    assert!(finds("PLANTED/tok+en==", &escaped(MAX_ROUNDS - 1)));
    // Only where there is something to be found.
    assert!(!Redactor::new(&[Secret::from("short")]).finds(&escaped(100)));
}

#[test]
fn other_text_is_not_withheld() {
    let mut secrets: Vec<Secret> = secrets().into_iter().map(Secret::from).collect();
    secrets.extend(["123456", "a/B c+d", "abcdef", "", "a", "in", "is+no", "/+/+/+/+"].map(Secret::from));
    let redactor = Redactor::new(&secrets);
    for text in [
        "User: arn:aws:iam::123450006789:user/a is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/r",
        "The security token included in the request is invalid",
        "1 validation error detected: Value 'x' at 'durationSeconds' failed to satisfy constraint: Member must be > 900",
        "Signature expired: 20230101T000000Z is now earlier than 20230101T000500Z (20230101T001000Z - 15 min.)",
        "a bad cab did; a b, ce, be fed; 12-34-65, 12:43:56, 12345",
        "planted trees, PLANTED/to, tok+en==, a correct ho, wJalrXUtn, XAMPLEKEY is in no document",
        "eyJhbGciO, 7d1b4f0e-1111-2222-3333-444455556666, é ü \u{1F600}",
        "100% of \\d at a=b&c; &amp; D:\\Users\\me %zz &nope",
    ] {
        assert!(!redactor.finds(text), "{text}");
    }
}

#[test]
fn a_secret_with_few_letters_is_found_by_all_of_them() {
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
        "123 456",
        "12-34-56",
    ] {
        assert!(redactor.finds(&format!("<{quoted}>")), "{quoted}");
    }
    for other in ["nothing of it", "a/B c", "bcdef", "12345", "23456"] {
        assert!(!redactor.finds(other), "{other}");
    }
    let short = [Secret::from("a"), Secret::from("12345"), Secret::default()];
    assert!(!Redactor::new(&short).finds("a 12345"));
}

#[test]
fn what_has_no_letters_is_found_as_it_is() {
    let secrets = [Secret::from("ééé"), Secret::from("=/+=/+"), Secret::from("(p\u{e4}ssw\u{f6}rd)")];
    for (secret, quoted) in secrets.iter().zip(["ééé", "=/+=/+", "(p\u{e4}ssw\u{f6}rd)"]) {
        assert!(finds(secret.expose(), &format!("<{quoted}>")), "{quoted}");
    }
    for quoted in ["p%C3%A4ssw%C3%B6rd", "p\\u00e4ssw\\u00f6rd", "p&auml;ssw&ouml;rd"] {
        assert!(Redactor::new(&secrets).finds(&format!("<{quoted}>")), "{quoted}");
    }
}

#[test]
fn each_of_several_secrets_is_found() {
    let secrets =
        [Secret::from("PLANTED-one"), Secret::from("PLANTED-one-more"), Secret::from("other-secret")];
    let redactor = Redactor::new(&secrets);
    for text in
        ["a PLANTED-one b", "other-secret", "PLANTED-one-more", "PLANTED-oneother-secret!", "é PLANTED-one é"]
    {
        assert!(redactor.finds(text), "{text}");
    }
    assert!(!redactor.finds("other-secr, PLANTED-on"));
}

#[test]
fn texts_that_are_searched_together_are_not_joined() {
    let together = |one: &str, other: &str| {
        let mut texts = String::new();
        add(one, &mut texts);
        add(other, &mut texts);
        texts
    };
    for secret in ["PLANTED/tok+en==", "123456"] {
        let (one, other) = secret.split_at(3);
        assert!(!finds(secret, &together(one, other)), "{secret}");
        assert!(finds(secret, &together("x", secret)) && finds(secret, &together(secret, "x")), "{secret}");
    }
    assert!(!finds("PLANTED/tok+en==", &together("PLANTED/t&", "amp;ok+en")));
}

#[test]
fn secrets_that_repeat_themselves_are_found() {
    let size = 32 * 1024;
    let secrets = [Secret::from("a/".repeat(size).as_str()), Secret::from("a".repeat(size).as_str())];
    let redactor = Redactor::new(&secrets);
    for (unit, found) in [
        ("a", true),
        ("a/", true),
        ("a%2F", true),
        ("a a a a a a a a b ", false),
        ("a/a/a/a/a/a/a/b", false),
        ("aaaaaaaab", false),
        ("-", false),
        ("a-------------", true),
    ] {
        assert_eq!(redactor.finds(&unit.repeat(size / unit.len())), found, "{unit}");
    }
}

#[test]
fn long_secrets_are_found_in_long_texts() {
    let size = 64 * 1024;
    let secret = base64(size);
    for (name, text) in [
        ("as it is", secret.clone()),
        ("escaped", escape(&secret)),
        ("cut on both sides", secret[100..size - 100].to_owned()),
        ("ten letters", format!("{} {} -", "-b".repeat(size), &secret[size / 2..size / 2 + 14])),
    ] {
        assert!(finds(&secret, &format!("<{text}>")), "{name}");
    }
    assert!(!finds(&secret, &secret.chars().rev().collect::<String>()));
}

/// What the filter lets through by chance is compared.
#[test]
fn nothing_else_is_found_in_long_texts() {
    let both = base64(64 * 1024);
    let (secret, text) = both.split_at(32 * 1024);
    assert!(!finds(secret, text));
}
