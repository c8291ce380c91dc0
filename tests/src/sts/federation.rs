//! The proofs of identity providers, web identity tokens and SAML assertions: writing and reading them.
//!
//! **Signatures are not checked.** The form, the claims and the times are.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::answer::{Fault, escaped, iso8601};

/// The issuer of the tokens that the server issues.
pub(crate) const ISSUER: &str = "https://tokens.sts.test";

/// The claims of a web identity token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WebIdentity {
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) issuer: String,
}

impl WebIdentity {
    /// Reads a token: three parts in base64url, of which the second contains unexpired claims.
    pub(crate) fn read(token: &str, now: OffsetDateTime) -> Result<WebIdentity, Fault> {
        let claims = claims(token).ok_or_else(|| {
            invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
        })?;
        let text = |name: &str| {
            let found = claims.get(name).and_then(|claim| match claim {
                Value::Array(items) => items.first().and_then(Value::as_str),
                claim => claim.as_str(),
            });
            found.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let missing = |name: &str| invalid(format!("Missing a required claim: {name}"));
        let expires = claims.get("exp").and_then(Value::as_f64).ok_or_else(|| missing("exp"))?;
        let identity = WebIdentity {
            subject: text("sub").ok_or_else(|| missing("sub"))?,
            audience: text("aud").ok_or_else(|| missing("aud"))?,
            issuer: text("iss").ok_or_else(|| missing("iss"))?,
        };
        let seconds = now.unix_timestamp();
        if expires <= seconds as f64 {
            return Err(Fault::new(
                400,
                "ExpiredTokenException",
                format!(
                    "Token expired: current date/time {seconds} must be before the expiration date/time{expires}"
                ),
            ));
        }
        Ok(identity)
    }
}

/// A token with these claims and an invalid signature.
pub(crate) fn jwt(algorithm: &str, claims: &Value) -> String {
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": "sts-tests" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&header), part(claims), URL_SAFE_NO_PAD.encode([0xfb; 64]))
}

/// The contents of a SAML assertion.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assertion {
    pub(crate) subject: String,
    pub(crate) subject_type: String,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) session_name: String,
    /// Pairs of a role and a provider, each `role,provider`.
    pub(crate) roles: Vec<String>,
}

impl Assertion {
    /// Reads an assertion by searching for the elements that STS needs.
    pub(crate) fn read(assertion: &str, now: OffsetDateTime) -> Result<Assertion, Fault> {
        let unbroken: String = assertion.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(unbroken).map_err(|_| invalid("Invalid base64 SAMLResponse"))?;
        let xml = String::from_utf8(bytes).map_err(|_| invalid("Invalid base64 SAMLResponse"))?;
        if element(&xml, "Assertion").is_none() {
            return Err(invalid("SAML Assertion not found in the response."));
        }
        for (attributes, _) in elements(&xml, "Conditions") {
            let end = attribute(attributes, "NotOnOrAfter")
                .and_then(|end| OffsetDateTime::parse(end, &Rfc3339).ok());
            if end.is_some_and(|end| end <= now) {
                let message = "Token must be redeemed within 5 minutes of issuance";
                return Err(Fault::new(400, "ExpiredTokenException", message));
            }
        }
        let values = |name: &str| -> Vec<String> {
            elements(&xml, "Attribute")
                .filter(|(attributes, _)| {
                    attribute(attributes, "Name").is_some_and(|found| {
                        found == format!("https://aws.amazon.com/SAML/Attributes/{name}")
                    })
                })
                .flat_map(|(_, inside)| elements(inside, "AttributeValue"))
                .map(|(_, text)| unescaped(text.trim()))
                .collect()
        };
        let text = |name| element(&xml, name).map(|(_, text)| unescaped(text.trim())).unwrap_or_default();
        let format = element(&xml, "NameID").and_then(|(attributes, _)| attribute(attributes, "Format"));
        let session_name = values("RoleSessionName").into_iter().next();
        Ok(Assertion {
            subject: text("NameID"),
            subject_type: format.and_then(|format| format.rsplit(':').next()).unwrap_or_default().to_owned(),
            issuer: text("Issuer"),
            audience: text("Audience"),
            session_name: session_name
                .filter(|name| (2..=64).contains(&name.len()))
                .ok_or_else(|| invalid("RoleSessionName is required in AuthnResponse"))?,
            roles: values("Role"),
        })
    }

    /// Whether it is for this role and provider; either may come first in a pair.
    pub(crate) fn is_for(&self, role: &str, provider: &str) -> bool {
        self.roles.iter().filter_map(|pair| pair.split_once(',')).any(|(a, b)| {
            let pair = (a.trim(), b.trim());
            pair == (role, provider) || pair == (provider, role)
        })
    }
}

/// An unsigned assertion for `subject`, which is also the session's name.
pub(crate) fn saml(subject: &str, role: &str, provider: &str, end: OffsetDateTime) -> String {
    let name = "https://aws.amazon.com/SAML/Attributes";
    let (subject, end) = (escaped(subject), iso8601(end));
    STANDARD.encode(format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">
  <Assertion ID="_1" Version="2.0">
    <Issuer>https://idp.sts.test</Issuer>
    <Subject>
      <NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</NameID>
    </Subject>
    <Conditions NotOnOrAfter="{end}">
      <AudienceRestriction>
        <Audience>https://signin.aws.amazon.com/saml</Audience>
      </AudienceRestriction>
    </Conditions>
    <AttributeStatement>
      <Attribute Name="{name}/RoleSessionName"><AttributeValue>{subject}</AttributeValue></Attribute>
      <Attribute Name="{name}/Role"><AttributeValue>{role},{provider}</AttributeValue></Attribute>
    </AttributeStatement>
  </Assertion>
</samlp:Response>
"#
    ))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(400, "InvalidIdentityToken", message)
}

fn claims(token: &str) -> Option<Value> {
    let parts: Vec<_> =
        token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('='))).collect();
    let [Ok(header), Ok(payload), Ok(_)] = &parts[..] else { return None };
    serde_json::from_slice::<Value>(header).ok().filter(Value::is_object)?;
    serde_json::from_slice(payload).ok().filter(Value::is_object)
}

fn element<'a>(xml: &'a str, name: &'a str) -> Option<(&'a str, &'a str)> {
    elements(xml, name).next()
}

/// The attributes and the contents of each element with this local name. Elements of the same name must not
/// be nested.
fn elements<'a>(xml: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    xml.match_indices('<').filter_map(move |(at, _)| {
        let (tag, rest) = xml[at + 1..].split_once('>')?;
        let (full_name, attributes) = tag.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((tag, ""));
        if full_name.rsplit(':').next() != Some(name) || tag.starts_with('/') {
            return None;
        }
        let end = rest.find(&format!("</{full_name}>"))?;
        Some((attributes, &rest[..end]))
    })
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (before, after) = attributes.split_once(&format!("{name}="))?;
    if !before.is_empty() && !before.ends_with(|c: char| c.is_ascii_whitespace()) {
        return None;
    }
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    after[1..].split_once(quote).map(|(value, _)| value)
}

fn unescaped(text: &str) -> String {
    ["&lt;<", "&gt;>", "&quot;\"", "&#39;'", "&apos;'", "&amp;&"].iter().fold(
        text.to_owned(),
        |text, pair| {
            let (entity, plain) = pair.split_at(pair.len() - 1);
            text.replace(entity, plain)
        },
    )
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00:00 UTC);

    fn code<T>(result: Result<T, Fault>) -> &'static str {
        result.err().map_or("ok", |fault| fault.code)
    }

    #[test]
    fn web_identity() {
        let token = |claims: Value| jwt("RS256", &claims);
        let end = NOW.unix_timestamp() + 1;
        let good = token(json!({ "sub": "bob", "aud": ["a", "b"], "iss": "i", "exp": end }));
        let expected = WebIdentity { subject: "bob".into(), audience: "a".into(), issuer: "i".into() };
        assert_eq!(WebIdentity::read(&good, NOW), Ok(expected));
        for claims in [
            json!({ "sub": "bob", "aud": "a", "iss": "i" }),
            json!({ "sub": "bob", "iss": "i", "exp": end }),
            json!({ "sub": 1, "aud": "a", "iss": "i", "exp": end }),
            json!([]),
        ] {
            assert_eq!(code(WebIdentity::read(&token(claims), NOW)), "InvalidIdentityToken");
        }
        let expired = token(json!({ "sub": "bob", "aud": "a", "iss": "i", "exp": end - 1 }));
        assert_eq!(code(WebIdentity::read(&expired, NOW)), "ExpiredTokenException");
        for bad in ["", "a.b.c", "a.b", &good[1..], &format!("{good}.x"), "\u{e9}.\u{e9}.\u{e9}"] {
            assert_eq!(code(WebIdentity::read(bad, NOW)), "InvalidIdentityToken", "{bad}");
        }
    }

    #[test]
    fn assertions() {
        let good = saml("b<b", "role", "provider", NOW + time::Duration::SECOND);
        let read = Assertion::read(&good, NOW).unwrap();
        assert_eq!((read.subject.as_str(), read.subject_type.as_str()), ("b<b", "persistent"));
        assert_eq!((read.issuer.as_str(), read.session_name.as_str()), ("https://idp.sts.test", "b<b"));
        assert!(read.is_for("role", "provider") && !read.is_for("role2", "provider"));
        assert_eq!(code(Assertion::read(&good, NOW + time::Duration::SECOND)), "ExpiredTokenException");
        for bad in [
            "%",
            "abcd",
            &STANDARD.encode("<Assertion></Assertion>"),
            &STANDARD.encode("<<\u{e9}<Assertion/"),
        ] {
            assert_eq!(code(Assertion::read(bad, NOW)), "InvalidIdentityToken", "{bad}");
        }
    }
}
