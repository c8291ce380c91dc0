//! AssumeRole written and read by hand.

use serde::Deserialize;

/// The contents of `assume_role.form`.
pub fn form() -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRole")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", "arn:aws:iam::123456789012:role/deployment-of-the-shop")
        .append_pair("RoleSessionName", "build-42-of-the-main-branch")
        .append_pair("DurationSeconds", "900")
        .append_pair("ExternalId", "b6d1c9")
        .finish()
}

/// The keys in a response, and the other useful members.
pub fn read(answer: &[u8]) -> Result<AssumeRoleResult, quick_xml::DeError> {
    let answer: Answer = quick_xml::de::from_str(&String::from_utf8_lossy(answer))?;
    Ok(answer.assume_role_result)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    assume_role_result: AssumeRoleResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "parsed, but never used")]
pub struct AssumeRoleResult {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "parsed, but never used")]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "parsed, but never used")]
struct AssumedRoleUser {
    arn: String,
    assumed_role_id: String,
}
