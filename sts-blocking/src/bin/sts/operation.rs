//! The operations of the service as commands. The core lists the operations, and each tells the members of its input and of
//! its output.

mod members;

use std::marker::PhantomData;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use sts_blocking::sts_proto::for_each_operation;
use sts_blocking::sts_proto::wire::{Form, FromXml, Member, Shape, ToForm, Value};
use sts_blocking::{Client, Error, Operation, operations};

use crate::args::Global;
use crate::failure::Failure;
use crate::json::{Json, Shown};
use crate::mfa;
use crate::output::{Format, columns, print, print_json};

/// An operation that was chosen, with its arguments.
pub(crate) struct Call {
    entry: &'static Entry,
    matches: ArgMatches,
}

/// One operation of the list.
struct Entry {
    /// The name of the clients' method, with `-` for `_`.
    name: &'static str,
    about: &'static str,
    members: fn() -> &'static [Member],
    arguments: fn(Command) -> Command,
    send: fn(&Client, Value) -> Result<Value, Error>,
}

/// The commands of all operations.
pub(crate) fn commands(is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Command> {
    ALL.iter().filter(move |entry| is_wanted(entry.name)).map(|entry| {
        let about = entry.about.trim().trim_end_matches('.').replace('`', "");
        Command::new(entry.name).about(about).defer(entry.arguments)
    })
}

/// Their names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|entry| entry.name)
}

impl Call {
    /// The operation that has this name as a command.
    pub(crate) fn new(name: &str, matches: &ArgMatches) -> Option<Self> {
        let entry = ALL.iter().find(|entry| entry.name == name)?;
        Some(Self { entry, matches: matches.clone() })
    }

    pub(crate) fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let members = (self.entry.members)();
        let mut input = members::read(members, &self.matches)?;
        members::require(members, &input)?;
        if let Some(serial) = members::lacks_code(members, &input) {
            let code = mfa::code(&serial, global.mfa_process.as_deref());
            let code = code.map_err(|missing| Failure::NoCode(missing.line()))?;
            input.push(("TokenCode".into(), Value::Secret(code)));
        }
        let output = (self.entry.send)(&global.client()?, Value::Structure(input))?;
        let format = self.matches.get_one(FORMAT).copied();
        if let Some(message) = decoded(&output).filter(|_| format.is_none()) {
            match serde_json::from_str::<Json>(message) {
                Ok(json) => print_json(&json)?,
                Err(_) => print(message)?,
            }
            return Ok(ExitCode::SUCCESS);
        }
        match format.unwrap_or_default() {
            Format::Json => print_json(&Shown(&output))?,
            Format::Table => {
                let mut rows = Vec::new();
                list(String::new(), &output, &mut rows);
                let rows: Vec<_> = rows.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                print(&columns(&rows))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The members of a call that were given, in the place of the operation's own type.
struct Given<O>(Value, PhantomData<O>);

impl<O: Operation> ToForm for Given<O> {
    fn write(&self, form: &mut Form) {
        self.0.write(form);
    }
}

impl<O: Operation> Operation for Given<O> {
    const ACTION: &'static str = O::ACTION;
    const VERSION: &'static str = O::VERSION;
    const SIGNED: bool = O::SIGNED;
    type Output = O::Output;
}

fn members_of<O: Operation>() -> &'static [Member] {
    match O::SHAPE {
        Shape::Structure(members) => members,
        _ => &[],
    }
}

fn arguments<O: Operation>(command: Command) -> Command {
    let input = Arg::new(members::INPUT).long("input").value_name("FILE");
    let format = Arg::new(FORMAT).long("output").value_name("FORMAT").value_parser(value_parser!(Format));
    command
        .args(members_of::<O>().iter().map(members::flag))
        .arg(
            input.help(
                "JSON object with members in the service's names; - is standard input. Flags override it",
            ),
        )
        .arg(format.help("How to print the answer; json by default"))
        .after_help(members::HELP)
}

fn send<O: Operation>(sts: &Client, input: Value) -> Result<Value, Error> {
    Ok(sts.send(Given::<O>(input, PhantomData))?.to_value())
}

/// The output of DecodeAuthorizationMessage, which is a document itself.
fn decoded(output: &Value) -> Option<&str> {
    match output {
        Value::Structure(members) => match members.as_slice() {
            [(name, Value::Text(message))] if name == "DecodedMessage" => Some(message),
            _ => None,
        },
        _ => None,
    }
}

/// A row for each value, with the path that leads to it.
fn list(path: String, value: &Value, rows: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Structure(members) => members.iter().for_each(|(name, value)| list(below(name), value, rows)),
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| list(below(&index.to_string()), item, rows));
        }
        Value::Text(text) => rows.push((path, text.clone())),
        Value::Secret(secret) => rows.push((path, secret.expose().to_owned())),
        Value::Number(number) => rows.push((path, number.to_string())),
        Value::Fraction(number) => rows.push((path, number.to_string())),
        Value::Truth(truth) => rows.push((path, truth.to_string())),
        _ => {}
    }
}

/// The name of a method as that of a command.
const fn kebab<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let mut kebab = [0; LENGTH];
    let mut index = 0;
    while index < LENGTH {
        let byte = name.as_bytes()[index];
        kebab[index] = if byte == b'_' { b'-' } else { byte };
        index += 1;
    }
    kebab
}

macro_rules! entries {
    (() $(
        $(#[doc = $sentence:literal])*
        $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt
    )*) => {
        &[$(Entry {
            name: {
                const NAME: [u8; stringify!($method).len()] = kebab(stringify!($method));
                match std::str::from_utf8(&NAME) {
                    Ok(name) => name,
                    Err(_) => "",
                }
            },
            about: concat!($($sentence),*),
            members: members_of::<operations::$operation>,
            arguments: arguments::<operations::$operation>,
            send: send::<operations::$operation>,
        }),*]
    };
}

const ALL: &[Entry] = for_each_operation!(entries);
const FORMAT: &str = "output format";
