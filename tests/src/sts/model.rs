//! The members of operations, and whether a request conforms to them.

use std::collections::BTreeSet;

use super::answer::Fault;
use super::form::Form;

/// An operation: its name and its members.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// Whether it needs credentials.
    pub(crate) signed: bool,
    pub(crate) members: &'static [Member],
}

impl Operation {
    /// The operation with the name of an action.
    pub(crate) fn find(action: &str) -> Option<&'static Operation> {
        super::operations::ALL.iter().find(|operation| operation.name == action)
    }

    /// Checks all bounds and reports the violations in one message. `min_lifetime` replaces the lower bound
    /// of lifetimes.
    ///
    /// A member that the operation does not have is an error too: AWS ignores it, but here it is a typing
    /// error in a test.
    pub(crate) fn check(&self, form: &Form, min_lifetime: Option<u32>) -> Result<(), Fault> {
        let mut checker = Checker { form, min_lifetime, known: BTreeSet::new(), problems: Vec::new() };
        for member in self.members {
            checker.member("", "", member);
        }
        let Checker { known, problems, .. } = checker;
        if !problems.is_empty() {
            let errors = if problems.len() == 1 { "error" } else { "errors" };
            let message = format!("{} validation {errors} detected: {}", problems.len(), problems.join("; "));
            return Err(Fault::validation(message));
        }
        match form.items().find(|(name, _)| !matches!(*name, "Action" | "Version") && !known.contains(*name))
        {
            Some((name, _)) => {
                Err(Fault::new(400, "MalformedInput", format!("{} has no member '{name}'", self.name)))
            }
            None => Ok(()),
        }
    }
}

/// A member of an operation, or of a structure.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    /// Whether its value is left out of messages.
    pub(crate) hidden: bool,
    pub(crate) kind: Kind,
}

/// The type and the bounds of a member.
pub(crate) enum Kind {
    Text { min: usize, max: usize, pattern: Option<&'static Pattern> },
    Number { min: i64, max: i64 },
    Lifetime { min: i64, max: i64 },
    Structure(&'static [Member]),
    List { of: &'static Kind, min: usize, max: usize },
}

/// The characters that a text may contain, and how the service describes them.
pub(crate) struct Pattern {
    pub(crate) shown: &'static str,
    pub(crate) allows: fn(char) -> bool,
}

struct Checker<'a> {
    form: &'a Form,
    min_lifetime: Option<u32>,
    known: BTreeSet<String>,
    problems: Vec<String>,
}

impl Checker<'_> {
    fn member(&mut self, wire_prefix: &str, shown_prefix: &str, member: &Member) {
        let wire = format!("{wire_prefix}{}", member.name);
        let shown = format!("{shown_prefix}{}", lower_first(member.name));
        if self.form.has(&wire) {
            self.value(&wire, &shown, member.hidden, &member.kind);
        } else if member.required {
            self.problems.push(format!(
                "Value null at '{shown}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }

    fn value(&mut self, wire: &str, shown: &str, hidden: bool, kind: &Kind) {
        match kind {
            Kind::Text { .. } | Kind::Number { .. } | Kind::Lifetime { .. } => {
                self.known.insert(wire.to_owned());
                let Some(value) = self.form.get(wire) else { return };
                let quoted = if hidden { String::new() } else { format!(" '{value}'") };
                for constraint in broken(kind, value, self.min_lifetime) {
                    self.problems.push(format!(
                        "Value{quoted} at '{shown}' failed to satisfy constraint: {constraint}"
                    ));
                }
            }
            Kind::Structure(members) => {
                for member in *members {
                    self.member(&format!("{wire}."), &format!("{shown}."), member);
                }
            }
            Kind::List { of, min, max } => self.list(wire, shown, of, *min, *max),
        }
    }

    fn list(&mut self, wire: &str, shown: &str, of: &Kind, min: usize, max: usize) {
        if self.form.get(wire) == Some("") {
            self.known.insert(wire.to_owned());
        }
        let item = |n: usize| format!("{wire}.member.{n}");
        let length = (1..=max + 1).take_while(|n| self.form.has(&item(*n))).count();
        if let Some(bound) = length_bounds(length, min, max) {
            self.problems.push(format!("Value '[]' at '{shown}' failed to satisfy constraint: {bound}"));
        }
        for n in 1..=length.min(max) {
            self.value(&item(n), &format!("{shown}.{n}.member"), false, of);
        }
    }
}

fn broken(kind: &Kind, value: &str, min_lifetime: Option<u32>) -> Vec<String> {
    let number = |min: i64, max: i64| match value.parse::<i64>() {
        Ok(number) if number < min => vec![format!("Member must have value greater than or equal to {min}")],
        Ok(number) if number > max => vec![format!("Member must have value less than or equal to {max}")],
        Ok(_) => vec![],
        Err(_) => vec!["Member must be an integer".to_owned()],
    };
    match kind {
        Kind::Text { min, max, pattern } => {
            let length = value.encode_utf16().count();
            let broken = pattern.filter(|pattern| !value.chars().all(pattern.allows));
            let pattern = broken
                .map(|pattern| format!("Member must satisfy regular expression pattern: {}", pattern.shown));
            pattern.into_iter().chain(length_bounds(length, *min, *max)).collect()
        }
        Kind::Number { min, max } => number(*min, *max),
        Kind::Lifetime { min, max } => {
            number(min_lifetime.map_or(*min, |min_lifetime| i64::from(min_lifetime).min(*min)), *max)
        }
        Kind::Structure(_) | Kind::List { .. } => vec![],
    }
}

fn length_bounds(length: usize, min: usize, max: usize) -> Option<String> {
    if length < min {
        return Some(format!("Member must have length greater than or equal to {min}"));
    }
    (length > max).then(|| format!("Member must have length less than or equal to {max}"))
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "RoleArn=arn:aws:iam::123456789012:role/demo";

    fn check(operation: &str, query: &str) -> String {
        let form = Form::read(query, b"").unwrap();
        Operation::find(operation)
            .unwrap()
            .check(&form, None)
            .map_or_else(|fault| fault.message, |()| "ok".to_owned())
    }

    #[test]
    fn within_bounds() {
        let tags = "Tags.member.1.Key=a%20b&Tags.member.1.Value=&TransitiveTagKeys.member.1=a%20b";
        let lists = "PolicyArns.member.1.arn=arn:aws:iam::aws:policy/A&ProvidedContexts.member.1.ContextAssertion=abcd";
        assert_eq!(
            check("AssumeRole", &format!("{ROLE}&RoleSessionName=a.b@c&{tags}&{lists}&DurationSeconds=900")),
            "ok"
        );
        assert_eq!(check("AssumeRole", &format!("{ROLE}&RoleSessionName=ab&Tags=&PolicyArns=")), "ok");
        assert_eq!(check("GetCallerIdentity", "Action=GetCallerIdentity&Version=2011-06-15"), "ok");
    }

    #[test]
    fn out_of_bounds() {
        let not_null = "failed to satisfy constraint: Member must not be null";
        assert_eq!(
            check("AssumeRole", ""),
            format!(
                "2 validation errors detected: Value null at 'roleArn' {not_null}; Value null at 'roleSessionName' {not_null}"
            )
        );
        let one = "1 validation error detected: Value";
        for (members, expected) in [
            (
                "RoleSessionName=a%20b",
                r"'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
            ),
            (
                "RoleSessionName=a",
                "'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
            ),
            (
                "RoleSessionName=ab&DurationSeconds=5",
                "'5' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
            ),
            (
                "RoleSessionName=ab&DurationSeconds=43201",
                "'43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
            ),
            (
                "RoleSessionName=ab&TokenCode=12345a",
                r" at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]*",
            ),
            (
                "RoleSessionName=ab&Tags.member.1.Key=",
                "null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
            ),
            (
                "RoleSessionName=ab&ProvidedContexts=",
                "'[]' at 'providedContexts' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
        ] {
            let found = check("AssumeRole", &format!("{ROLE}&{members}"));
            assert!(found.contains(expected.trim_start()), "{members}: {found}");
            assert!(found.starts_with(one) || found.starts_with("2 "), "{found}");
        }
    }

    #[test]
    fn misspelt() {
        for members in [
            "RoleSessionName=ab&Tag=1",
            "RoleSessionName=ab&Tags.member.2.Key=a",
            "RoleSessionName=ab&PolicyArns.member.1.Arn=x",
        ] {
            assert!(check("AssumeRole", &format!("{ROLE}&{members}")).contains("has no member"), "{members}");
        }
    }

    #[test]
    fn shorter_lifetimes() {
        let form = Form::read("DurationSeconds=1", b"").unwrap();
        let operation = Operation::find("GetSessionToken").unwrap();
        assert!(operation.check(&form, Some(1)).is_ok());
        assert!(operation.check(&form, Some(2)).is_err());
    }
}
