//! Session policies and tags: whether they are valid, and how much of a session token they take.

use serde_json::Value;

use super::answer::Fault;
use super::form::Form;

/// The space that session policies and tags take in a session token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) bytes: usize,
    /// Of the maximum.
    pub(crate) percent: usize,
}

impl Packed {
    pub(crate) const NONE: Packed = Packed { bytes: 0, percent: 0 };
}

/// Checks that policies and tags are valid and take at most `limit` bytes.
///
/// AWS compresses them first, by an undocumented method; here they are counted uncompressed.
pub(crate) fn check(form: &Form, limit: usize) -> Result<Packed, Fault> {
    let policy = form.get("Policy").unwrap_or_default();
    if !policy.is_empty() {
        check_document(policy)?;
    }
    let arns = form.list("PolicyArns", ".arn");
    if let Some(arn) = arns.iter().find(|arn| !arn.starts_with("arn:")) {
        return Err(Fault::validation(format!("ARN {arn} is not valid.")));
    }
    let tags = tags(form)?;
    let has = |wanted: &str| tags.iter().any(|(key, _)| key.to_lowercase() == wanted.to_lowercase());
    if !form.list("TransitiveTagKeys", "").into_iter().all(has) {
        return Err(invalid("The specified transitive tag key must be included in the requested tags."));
    }
    let bytes = policy.len()
        + arns.iter().map(|arn| arn.len()).sum::<usize>()
        + tags.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    let percent = (bytes * 100).div_ceil(limit.max(1));
    if percent > 100 {
        let message =
            format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.");
        return Err(Fault::new(400, "PackedPolicyTooLarge", message));
    }
    Ok(Packed { bytes, percent })
}

/// The tags, whose keys must all differ.
pub(crate) fn tags(form: &Form) -> Result<Vec<(&str, &str)>, Fault> {
    let tags: Vec<_> = form.list("Tags", ".Key").into_iter().zip(form.list("Tags", ".Value")).collect();
    let mut keys: Vec<_> = tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    keys.sort();
    match keys.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")),
        false => Ok(tags),
    }
}

fn check_document(policy: &str) -> Result<(), Fault> {
    let malformed = |message: &str| Fault::new(400, "MalformedPolicyDocument", message);
    let read: Value =
        serde_json::from_str(policy).map_err(|_| malformed("This policy contains invalid Json"))?;
    match read.get("Statement") {
        Some(Value::Array(_) | Value::Object(_)) => Ok(()),
        _ => Err(malformed("Syntax errors in policy.")),
    }
}

fn invalid(message: &str) -> Fault {
    Fault::new(400, "InvalidParameterValue", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judged() {
        let code = |query: &str| {
            let form = Form::read(query, b"").unwrap();
            check(&form, 50).map_or_else(|fault| fault.code.to_owned(), |packed| packed.percent.to_string())
        };
        for (query, expected) in [
            ("", "0"),
            ("Policy={\"Statement\":[]}", "32"),
            ("Policy={\"Statement\":[]", "MalformedPolicyDocument"),
            ("Policy={\"Statement\":1}", "MalformedPolicyDocument"),
            ("Policy=[]", "MalformedPolicyDocument"),
            ("PolicyArns.member.1.arn=arn:12345&PolicyArns.member.2.arn=arn:12345", "36"),
            ("PolicyArns.member.1.arn=bad", "ValidationError"),
            ("Tags.member.1.Key=a&Tags.member.1.Value=b&TransitiveTagKeys.member.1=A", "4"),
            (
                "Tags.member.1.Key=a&Tags.member.1.Value=b&TransitiveTagKeys.member.1=c",
                "InvalidParameterValue",
            ),
            (
                "Tags.member.1.Key=a&Tags.member.1.Value=&Tags.member.2.Key=A&Tags.member.2.Value=",
                "InvalidParameterValue",
            ),
            (
                "Policy={\"Statement\":[],\"Version\":\"2012-10-17\",\"Id\":\"12345678\"}",
                "PackedPolicyTooLarge",
            ),
        ] {
            assert_eq!(code(query), expected, "{query}");
        }
    }
}
