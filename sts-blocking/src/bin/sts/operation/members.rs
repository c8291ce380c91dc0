//! Members of an input from flags and from JSON.

use std::borrow::Cow;

use clap::{Arg, ArgAction, ArgMatches};
use sts_blocking::Secret;
use sts_blocking::sts_proto::wire::{Member, Shape, Value};

use crate::failure::Failure;
use crate::input;
use crate::json::Json;

pub(super) type Members = Vec<(Cow<'static, str>, Value)>;

/// The flag of a member.
pub(super) fn flag(member: &Member) -> Arg {
    let kind = match member.shape {
        Shape::List(item) => *item,
        shape => shape,
    };
    let value = match kind {
        Shape::Number => "NUMBER",
        Shape::Truth => "true|false",
        Shape::Secret if member.name == "TokenCode" => "CODE|file://PATH|-",
        Shape::Secret => "file://PATH|-",
        Shape::Structure(_) => "STRUCTURE",
        _ => "TEXT",
    };
    let required = if member.required { " [required]" } else { "" };
    let help = member.documentation.trim().trim_end_matches('.').replace('`', "");
    let flag = Arg::new(member.name)
        .long(kebab(member.name))
        .value_name(value)
        .allow_hyphen_values(matches!(kind, Shape::Number))
        .help(format!("{help}{required}"));
    match member.shape {
        Shape::List(_) => flag.num_args(1..).action(ArgAction::Append),
        _ => flag,
    }
}

/// The members that are given, in the order in which they are sent.
pub(super) fn read(members: &'static [Member], matches: &ArgMatches) -> Result<Members, Failure> {
    let mut stdin = Stdin { is_read: false };
    let mut given = match matches.get_one::<String>(INPUT) {
        Some(file) => from_json(members, stdin.file(file)?.expose())?,
        None => Vec::new(),
    };
    for member in members {
        if let Some(values) = matches.get_many::<String>(member.name) {
            let values: Vec<_> = values.map(String::as_str).collect();
            let value = of_flag(member, &values, &mut stdin);
            let value = value.map_err(|problem| {
                Failure::Usage(format!("--{} cannot be used: {problem}", kebab(member.name)))
            })?;
            given.retain(|(name, _)| name != member.name);
            given.push((member.name.into(), value));
        }
    }
    given.sort_by_key(|(given, _)| members.iter().position(|member| member.name == given));
    Ok(given)
}

/// The MFA device of a call that names one and has no code of it.
pub(super) fn lacks_code(members: &[Member], given: &Members) -> Option<String> {
    let has_code = given.iter().any(|(name, _)| name == "TokenCode");
    let takes_code = members.iter().any(|member| member.name == "TokenCode");
    given.iter().find_map(|(name, value)| match value {
        Value::Text(serial) if name == "SerialNumber" && takes_code && !has_code => Some(serial.clone()),
        _ => None,
    })
}

pub(super) fn require(members: &[Member], given: &Members) -> Result<(), Failure> {
    match missing(members, given) {
        Some(name) => Err(Failure::Usage(format!("{name} is missing; add --{} or --input", kebab(name)))),
        None => Ok(()),
    }
}

fn missing(members: &[Member], given: &Members) -> Option<&'static str> {
    let is_missing = |member: &&Member| member.required && !given.iter().any(|(name, _)| name == member.name);
    members.iter().find(is_missing).map(|member| member.name)
}

fn from_json(members: &'static [Member], text: &str) -> Result<Members, Failure> {
    let wrong = |problem: String| Failure::Usage(format!("--input cannot be used: {problem}"));
    let json = parse(text).map_err(wrong)?;
    match of_json(&Shape::Structure(members), json, false).map_err(wrong)? {
        Value::Structure(members) => Ok(members),
        _ => Ok(Vec::new()),
    }
}

/// The text of the error has no part of the document, which may have secrets.
fn parse(text: &str) -> Result<Json, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("it is no JSON (line {}, column {})", error.line(), error.column()))
}

/// `whole`: whether no member may be missing.
fn of_json(shape: &Shape, json: Json, whole: bool) -> Result<Value, String> {
    Ok(match (shape, json) {
        (Shape::Structure(members), Json::Object(entries)) => {
            let mut given = Vec::new();
            for (name, json) in entries {
                let known = members.iter().find(|member| member.name.eq_ignore_ascii_case(&name));
                let member = known.ok_or_else(|| no_member(&name, members))?;
                if given.iter().any(|(known, _)| known == member.name) {
                    return Err(format!("it has {} twice", member.name));
                }
                if json != Json::Null {
                    let value = of_json(&member.shape, json, true);
                    let value = value.map_err(|problem| format!("{}: {problem}", member.name))?;
                    given.push((member.name.into(), value));
                }
            }
            match missing(members, &given).filter(|_| whole) {
                Some(name) => return Err(format!("{name} is missing")),
                None => Value::Structure(given),
            }
        }
        (Shape::List(item), Json::List(items)) => {
            let items = items.into_iter().map(|json| of_json(item, json, true));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (Shape::Number, Json::Number(number)) => {
            Value::Number(number.as_i64().ok_or("it has to be a whole number")?.into())
        }
        (Shape::Truth, Json::Bool(truth)) => Value::Truth(truth),
        (Shape::Text, Json::Text(text)) => Value::Text(text),
        (Shape::Secret, Json::Text(text)) => Value::Secret(Secret::new(text)),
        // A policy may be written as what it is.
        (Shape::Text, json @ Json::Object(_)) => {
            Value::Text(serde_json::to_string(&json).map_err(|error| error.to_string())?)
        }
        (shape, _) => return Err(format!("it has to be {}", name_of(shape))),
    })
}

fn of_flag(member: &Member, values: &[&str], stdin: &mut Stdin) -> Result<Value, String> {
    match (member.shape, values) {
        (shape @ Shape::List(_), [text]) if text.starts_with('[') => of_json_in_line(&shape, text),
        (Shape::List(item), values) => {
            Ok(Value::List(values.iter().map(|text| of_text(item, text, stdin)).collect::<Result<_, _>>()?))
        }
        // It works once, and not for long.
        (Shape::Secret, [code])
            if member.name == "TokenCode"
                && code.len() == 6
                && code.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Ok(Value::Secret((*code).into()))
        }
        (shape, [text]) => of_text(&shape, text, stdin),
        _ => Err("it has to be given once".to_owned()),
    }
}

fn of_text(shape: &Shape, text: &str, stdin: &mut Stdin) -> Result<Value, String> {
    let wrong = || format!("it has to be {}", name_of(shape));
    Ok(match shape {
        Shape::Number => Value::Number(text.parse::<i64>().map_err(|_| wrong())?.into()),
        Shape::Truth => Value::Truth(text.parse().map_err(|_| wrong())?),
        Shape::Secret => {
            let path = text.strip_prefix("file://").or((text == "-").then_some(text));
            let path = path.ok_or_else(|| format!("{IN_LIST}; give file://PATH, or - for standard input"))?;
            let text = stdin.read(path)?;
            match text.expose().trim() {
                "" => return Err("it is empty".to_owned()),
                text => Value::Secret(text.into()),
            }
        }
        Shape::Structure(members) => structure(members, text, stdin)?,
        _ => Value::Text(match text.strip_prefix("file://") {
            // The end of a line is that of the file.
            Some(path) => stdin.read(path)?.expose().trim_end_matches(['\r', '\n']).to_owned(),
            None => text.to_owned(),
        }),
    })
}

/// A JSON object, `Name=value,Name=value`, or short forms: the value alone if there is but one member, `key=value` if there
/// are two that have to be there.
fn structure(members: &'static [Member], text: &str, stdin: &mut Stdin) -> Result<Value, String> {
    if text.starts_with('{') {
        return of_json_in_line(&Shape::Structure(members), text);
    }
    let named = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let member = members.iter().find(|member| member.name == name)?;
        Some((member.name.into(), Value::from(value)))
    };
    let given = match (members, named(text).is_some()) {
        ([member], false) => vec![(member.name.into(), Value::from(text))],
        ([key, value], false) if key.required && value.required => {
            let (first, second) = text.split_once('=').ok_or("use KEY=VALUE")?;
            vec![(key.name.into(), Value::from(first)), (value.name.into(), Value::from(second))]
        }
        _ => {
            let parts: Option<Members> = text.split(',').map(named).collect();
            let mut parts = parts.ok_or_else(|| format!("use {}, or JSON", short_form(members)))?;
            for (name, value) in &mut parts {
                let is_secret =
                    members.iter().any(|known| known.name == name && known.shape == Shape::Secret);
                if let (true, Value::Text(text)) = (is_secret, &*value) {
                    *value = of_text(&Shape::Secret, text, stdin)
                        .map_err(|problem| format!("{name}: {problem}"))?;
                }
            }
            parts
        }
    };
    match missing(members, &given) {
        Some(name) => Err(format!("{name} is missing")),
        None => Ok(Value::Structure(given)),
    }
}

/// JSON in an argument, where no secret may be.
fn of_json_in_line(shape: &Shape, text: &str) -> Result<Value, String> {
    let value = of_json(shape, parse(text)?, true)?;
    if holds_secret(&value) { Err(format!("{IN_LIST}; give it with --input")) } else { Ok(value) }
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Structure(members) => members.iter().any(|(_, value)| holds_secret(value)),
        _ => false,
    }
}

fn short_form(members: &[Member]) -> String {
    members.iter().map(|member| format!("{}=…", member.name)).collect::<Vec<_>>().join(",")
}

fn no_member(name: &str, members: &[Member]) -> String {
    let known: Vec<_> = members.iter().map(|member| member.name).collect();
    format!("there is no member {name:?}; there are: {}", known.join(", "))
}

fn name_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Number => "a whole number",
        Shape::Truth => "true or false",
        Shape::List(_) => "a list",
        Shape::Structure(_) => "an object",
        _ => "a text",
    }
}

/// `RoleArn` as `role-arn`, `SAMLAssertion` as `saml-assertion`.
fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut kebab = String::new();
    for (index, char) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| chars.get(index));
        let follows_small = before.is_some_and(|before| before.is_lowercase());
        let begins_word = before.is_some() && chars.get(index + 1).is_some_and(|after| after.is_lowercase());
        if char.is_uppercase() && (follows_small || begins_word) {
            kebab.push('-');
        }
        kebab.push(char.to_ascii_lowercase());
    }
    kebab
}

/// Standard input, which can be read once.
struct Stdin {
    is_read: bool,
}

impl Stdin {
    /// The file of `--input`.
    fn file(&mut self, path: &str) -> Result<Secret, Failure> {
        self.read(path).map_err(|problem| Failure::Usage(format!("--input cannot be used: {problem}")))
    }

    fn read(&mut self, path: &str) -> Result<Secret, String> {
        if path != "-" {
            return input::file(path.strip_prefix("file://").unwrap_or(path));
        }
        if std::mem::replace(&mut self.is_read, true) {
            return Err("standard input can be read once".to_owned());
        }
        input::stdin()
    }
}

pub(super) const INPUT: &str = "input file";
pub(super) const HELP: &str = "\
TEXT may be file://PATH. What is secret is read from file://PATH, or from standard input (-), since other programs can read
arguments. STRUCTURE is JSON, or Name=value,Name=value; a tag is KEY=VALUE, a policy its ARN. A code of an MFA device that
is missing is asked.";

/// Why no secret may be in an argument.
const IN_LIST: &str = "other programs could read it in the list of processes";

#[cfg(test)]
mod tests {
    use sts_blocking::operations::AssumeRole;
    use sts_blocking::sts_proto::wire::{Form, ToForm};

    use super::*;

    fn members() -> &'static [Member] {
        match AssumeRole::SHAPE {
            Shape::Structure(members) => members,
            _ => &[],
        }
    }

    fn written(members: Members) -> String {
        let mut form = Form::new();
        Value::Structure(members).write(&mut form);
        form.finish()
    }

    #[test]
    fn names() {
        for (name, flag) in [
            ("RoleArn", "role-arn"),
            ("SAMLAssertion", "saml-assertion"),
            ("Name", "name"),
            ("arn", "arn"),
            ("TransitiveTagKeys", "transitive-tag-keys"),
        ] {
            assert_eq!(kebab(name), flag);
        }
    }

    #[test]
    fn json_is_what_the_operation_takes() {
        let json = r#"{"Tags": [{"Key": "a", "Value": "b"}], "RoleArn": "r", "DurationSeconds": 900, "ExternalId": null,
            "Policy": {"b": 1, "a": []}, "PolicyArns": [{"arn": "p"}], "TokenCode": "1"}"#;
        let Ok(given) = from_json(members(), json) else { panic!("it can be used") };
        let written = written(given);
        assert!(written.contains("Policy=%7B%22b%22%3A1%2C%22a%22%3A%5B%5D%7D"), "{written}");
        assert!(written.contains("PolicyArns.member.1.arn=p"), "{written}");
        assert!(!written.contains("ExternalId"), "{written}");
        for (wrong, problem) in [
            ("", "it is no JSON (line 1, column 0)"),
            ("[]", "it has to be an object"),
            (r#"{"TokenCode": "planted" "#, "it is no JSON (line 1, column 24)"),
            (r#"{"TokenCode": ["planted"]}"#, "TokenCode: it has to be a text"),
            (r#"{"RoleArn": "a", "roleArn": "b"}"#, "it has RoleArn twice"),
            (r#"{"DurationSeconds": 1.5}"#, "DurationSeconds: it has to be a whole number"),
            (r#"{"Tags": [{"Key": "a"}]}"#, "Tags: Value is missing"),
            (r#"{"Tags": {}}"#, "Tags: it has to be a list"),
        ] {
            match from_json(members(), wrong) {
                Err(Failure::Usage(text)) => assert_eq!(text, format!("--input cannot be used: {problem}")),
                _ => panic!("{wrong}"),
            }
        }
    }

    #[test]
    fn structures_have_short_forms() {
        let of = |name: &str, text: &str| {
            let member = members().iter().find(|member| member.name == name).unwrap();
            let Shape::List(item) = member.shape else { panic!("a list") };
            let value = of_text(item, text, &mut Stdin { is_read: false })?;
            let mut form = Form::new();
            form.member("M", &value);
            Ok::<_, String>(form.finish())
        };
        assert_eq!(of("Tags", "team=a=b,c").unwrap(), "M.Key=team&M.Value=a%3Db%2Cc");
        assert_eq!(of("Tags", "Key=team,Value=x").unwrap(), "M.Key=team&M.Value=x");
        assert_eq!(of("Tags", r#"{"Value":"a,b","Key":"Key"}"#).unwrap(), "M.Value=a%2Cb&M.Key=Key");
        assert_eq!(of("PolicyArns", "arn:p").unwrap(), "M.arn=arn%3Ap");
        assert_eq!(of("PolicyArns", "arn=arn:p").unwrap(), "M.arn=arn%3Ap");
        for context in
            [r#"{"ProviderArn": "a", "ContextAssertion": "b"}"#, "ProviderArn=a,ContextAssertion=b"]
        {
            let error = of("ProvidedContexts", context).unwrap_err();
            assert!(error.contains("in the list of processes"), "{error}");
        }
        assert_eq!(of("ProvidedContexts", "ProviderArn=a").unwrap(), "M.ProviderArn=a");
        let file = std::env::temp_dir().join(format!("sts-context-{}", std::process::id()));
        std::fs::write(&file, "b\n").unwrap();
        let context = format!("ProviderArn=a,ContextAssertion=file://{}", file.display());
        let form = of("ProvidedContexts", &context);
        std::fs::remove_file(file).unwrap();
        assert_eq!(form.unwrap(), "M.ProviderArn=a&M.ContextAssertion=b");
        assert_eq!(of("Tags", "team").unwrap_err(), "use KEY=VALUE");
        assert_eq!(of("Tags", "Key=team").unwrap_err(), "Value is missing");
        assert_eq!(of("ProvidedContexts", "x").unwrap_err(), "use ProviderArn=…,ContextAssertion=…, or JSON");
    }
}
