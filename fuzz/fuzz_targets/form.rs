//! Any structure as a form: the output parses to the same pairs, uses only the characters that AWS allows,
//! and contains the same secrets.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sts_proto::Secret;
use sts_proto::wire::{Form, ToForm};

fuzz_target!(|members: Vec<(Name, Value)>| {
    let structure = Value::Structure(members);
    let (mut pairs, mut secrets) = (Vec::new(), Vec::new());
    structure.expect("", &mut pairs, &mut secrets);

    let mut form = Form::new();
    structure.write(&mut form);
    let text = form.finish();
    let read: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    assert_eq!(read, pairs, "{text}");
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%&=".contains(&byte);
    assert!(text.bytes().all(allowed), "{text}");
    assert!(!text.split('%').skip(1).any(|escape| escape.bytes().take(2).any(|b| b.is_ascii_lowercase())));
    assert_eq!(Form::secrets_of(&structure), secrets);
});

/// A member's name. A number yields a name too, so that inputs with empty names are not lost.
#[derive(Arbitrary, Debug)]
struct Name(u8, String);

impl Name {
    fn text(&self) -> String {
        format!("M{}{}", self.0, self.1)
    }
}

#[derive(Arbitrary, Debug)]
enum Value {
    Text(String),
    Secret(String),
    Number(i64),
    Size(u64),
    Truth(bool),
    Absent,
    List(Vec<Value>),
    Structure(Vec<(Name, Value)>),
}

impl Value {
    /// Appends the pairs that the AWS Query protocol makes of the value under this name.
    fn expect(&self, name: &str, pairs: &mut Vec<(String, String)>, secrets: &mut Vec<Secret>) {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Secret(text) => {
                secrets.push(text.as_str().into());
                text.clone()
            }
            Self::Number(number) => number.to_string(),
            Self::Size(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::List(items) if items.is_empty() => String::new(),
            Self::Absent => return,
            Self::List(items) => {
                for (index, item) in (1..).zip(items.iter().filter(|item| !item.is_absent())) {
                    item.expect(&format!("{name}.member.{index}"), pairs, secrets);
                }
                return;
            }
            Self::Structure(members) => {
                let dot = if name.is_empty() { "" } else { "." };
                for (member, value) in members {
                    value.expect(&format!("{name}{dot}{}", member.text()), pairs, secrets);
                }
                return;
            }
        };
        pairs.push((name.to_owned(), text));
    }
}

impl ToForm for Value {
    fn write(&self, form: &mut Form) {
        match self {
            Self::Text(text) => text.write(form),
            Self::Secret(text) => Secret::from(text.as_str()).write(form),
            Self::Number(number) => number.write(form),
            Self::Size(number) => number.write(form),
            Self::Truth(truth) => truth.write(form),
            Self::Absent => None::<String>.write(form),
            Self::List(items) => items.write(form),
            Self::Structure(members) => {
                members.iter().for_each(|(name, value)| form.member(&name.text(), value));
            }
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}
