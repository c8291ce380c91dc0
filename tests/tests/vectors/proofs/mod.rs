//! Proofs of identity and tokens: what is made, and what a verifier makes of them. `PROOFS.md` beside the vectors says what
//! their members mean.

mod checking;
mod making;
mod shape;

use std::time::SystemTime;

use serde_json::Value;
use sts_proto::Credentials;

use crate::report::Case;

pub(crate) fn check(record: &Value, case: &mut Case) -> Result<(), String> {
    match text(record, "kind")? {
        "proof" => making::check(record, case),
        "verify" => checking::check(record, case),
        other => Err(format!("a kind that this test does not know: {other}")),
    }
}

fn text<'a>(record: &'a Value, name: &str) -> Result<&'a str, String> {
    record[name].as_str().ok_or_else(|| format!("{name} is not text but {}", record[name]))
}

fn time(record: &Value, name: &str) -> Result<SystemTime, String> {
    sts_proto::wire::time::parse(text(record, name)?).ok_or_else(|| format!("{name} is no time"))
}

fn keys(record: &Value) -> Result<Credentials, String> {
    let keys = Credentials::new(text(record, "access_key_id")?, text(record, "secret_access_key")?);
    Ok(match record["session_token"].as_str() {
        Some(token) => keys.with_session_token(token),
        None => keys,
    })
}
