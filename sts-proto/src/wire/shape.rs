//! What inputs are made of and outputs hold, for programs that take members from text and print them: a command line, a
//! template, a log.

use std::borrow::Cow;

use super::{Form, ToForm};
use crate::secret::Secret;

/// What a member of an input is made of: [`ToForm::SHAPE`].
///
/// ```
/// use sts_proto::operations::AssumeRole;
/// use sts_proto::wire::{Shape, ToForm};
///
/// let Shape::Structure(members) = AssumeRole::SHAPE else {
///     panic!("an input has members")
/// };
/// let required = members.iter().filter(|member| member.required);
/// let required: Vec<_> = required.map(|member| member.name).collect();
/// assert_eq!(required, ["RoleArn", "RoleSessionName"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// A text.
    Text,
    /// A text that is not to be shown.
    Secret,
    /// A whole number.
    Number,
    /// A truth value.
    Truth,
    /// Any number of such values.
    List(&'static Shape),
    /// These members, in the order in which they are sent.
    Structure(&'static [Member]),
}

/// A member of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// Its documentation, as it is written in the source.
    pub documentation: &'static str,
    /// What it is made of.
    pub shape: Shape,
}

impl Member {
    /// One that has to be there.
    pub const fn required(name: &'static str, documentation: &'static str, shape: Shape) -> Self {
        Self { name, required: true, documentation, shape }
    }

    /// One that may be missing.
    pub const fn optional(name: &'static str, documentation: &'static str, shape: Shape) -> Self {
        Self { name, required: false, documentation, shape }
    }
}

/// A value of any shape: what an output holds ([`FromXml::to_value`](super::FromXml::to_value)), or what an input is written
/// from.
///
/// ```
/// use sts_proto::wire::{Form, ToForm, Value};
///
/// let mut form = Form::new();
/// let tag = [
///     ("Key".into(), Value::from("team")),
///     ("Value".into(), Value::from("payments")),
/// ];
/// form.member("Tags", &Value::List(vec![Value::Structure(tag.into())]));
/// assert_eq!(
///     form.finish(),
///     "Tags.member.1.Key=team&Tags.member.1.Value=payments"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing, as for an optional member that is missing.
    Absent,
    /// A text, or an instant as RFC 3339 writes it.
    Text(String),
    /// A text that is not to be shown.
    Secret(Secret),
    /// A whole number.
    Number(i128),
    /// Another number, as formats of serde have them. No member of an operation is one.
    Fraction(f64),
    /// A truth value.
    Truth(bool),
    /// A list.
    List(Vec<Value>),
    /// The members of a structure, each with its name.
    Structure(Vec<(Cow<'static, str>, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl ToForm for Value {
    fn write(&self, form: &mut Form) {
        match self {
            Self::Absent => {}
            Self::Text(text) => text.write(form),
            Self::Secret(secret) => secret.write(form),
            Self::Number(number) => number.to_string().write(form),
            Self::Fraction(number) => number.to_string().write(form),
            Self::Truth(truth) => truth.write(form),
            Self::List(items) => form.list(items),
            Self::Structure(members) => {
                for (name, value) in members {
                    form.member(name, value);
                }
            }
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Operation;
    use crate::operations::{AssumeRoot, GetCallerIdentity, GetWebIdentityToken};

    fn members(shape: Shape) -> &'static [Member] {
        match shape {
            Shape::Structure(members) => members,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn inputs_tell_their_members_in_the_order_of_the_wire() {
        assert_eq!(GetCallerIdentity::SHAPE, Shape::Structure(&[]));
        let token = members(GetWebIdentityToken::SHAPE);
        let told: Vec<_> = token.iter().map(|member| (member.name, member.required)).collect();
        assert_eq!(
            told,
            [("Audience", true), ("DurationSeconds", false), ("SigningAlgorithm", true), ("Tags", false)]
        );
        assert_eq!(token[0].shape, Shape::List(&Shape::Text));
        assert_eq!(token[1].documentation.trim(), "Lifetime in seconds, 60 to 3,600; 300 by default.");
        let Shape::List(tag) = token[3].shape else { panic!("a list") };
        assert_eq!(members(*tag)[1], Member::required("Value", " Up to 256 characters.", Shape::Text));
        let root = members(AssumeRoot::SHAPE);
        assert_eq!(members(root[1].shape)[0].name, "arn");
    }

    #[test]
    fn a_value_is_written_as_what_it_stands_for() {
        let mut form = Form::new();
        let arn = [("arn".into(), Value::from("p"))];
        for (name, value) in [
            ("A", Value::Absent),
            ("B", Value::Truth(true)),
            ("C", Value::Number(-1)),
            ("D", Value::Secret("s".into())),
            ("E", Value::List(Vec::new())),
            ("F", Value::List(vec![Value::Structure(arn.to_vec())])),
            ("G", Value::Structure(arn.to_vec())),
        ] {
            form.member(name, &value);
        }
        assert_eq!(form.finish(), "B=true&C=-1&D=s&E=&F.member.1.arn=p&G.arn=p");
        assert_eq!(Form::secrets_of(&Value::Secret("s".into())), ["s".into()]);
    }

    #[test]
    fn outputs_tell_what_they_hold() {
        let body = "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken>planted</WebIdentityToken>\
                    <Expiration>2030-01-31T12:00:00.5Z</Expiration></GetWebIdentityTokenResult>\
                    </GetWebIdentityTokenResponse>";
        let output = GetWebIdentityToken::parse(&http::Response::new(body.as_bytes())).unwrap();
        let value = super::super::FromXml::to_value(&output);
        let expected = Value::Structure(vec![
            ("WebIdentityToken".into(), Value::Secret("planted".into())),
            ("Expiration".into(), Value::from("2030-01-31T12:00:00.5Z")),
        ]);
        assert_eq!(value, expected);
        assert!(!format!("{value:?}").contains("planted"));
    }
}
