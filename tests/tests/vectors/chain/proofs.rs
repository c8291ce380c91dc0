//! Proofs that a request's sender has a key (RFC 9449), verified by another implementation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use super::scenario::Scenario;

/// What is wrong with the proofs that were sent.
pub(crate) fn problems(scenario: &Scenario, sent: &[String]) -> Vec<String> {
    let mut problems: Vec<_> = sent
        .iter()
        .filter_map(|proof| verified(proof).err().map(|problem| format!("a proof: {problem}")))
        .collect();
    let Some(recorded) = &scenario.proofs else { return problems };
    // How often a request is repeated may differ, and so do the proofs' ids and signatures.
    match (recorded.first(), sent.first()) {
        (None, None) => {}
        (Some(recorded), Some(sent)) => {
            let Ok((header, payload)) = verified(sent) else { return problems };
            let theirs = |part: &str| -> Value {
                recorded[part].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
            };
            if header != theirs("header") {
                problems.push(format!("the header of a proof is {header}"));
            }
            let recorded = theirs("payload");
            for member in ["htm", "htu", "iat"] {
                if payload[member] != recorded[member] {
                    problems.push(format!("{member} of a proof is {}", payload[member]));
                }
            }
            let members = |json: &Value| json.as_object().map_or(0, serde_json::Map::len);
            if payload["jti"].as_str().is_none_or(|id| id.len() != 36)
                || members(&payload) != members(&recorded)
            {
                problems.push(format!("the contents of a proof are {payload}"));
            }
        }
        (Some(_), None) => problems.push("no proof was sent".to_owned()),
        (None, Some(_)) => problems.push("a proof was sent, and none is recorded".to_owned()),
    }
    problems
}

/// Header and contents of a proof that verifies.
fn verified(proof: &str) -> Result<(Value, Value), String> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|error| error.to_string());
    let [header, payload, signature] = proof.split('.').collect::<Vec<_>>()[..] else {
        return Err("it has not three parts".to_owned());
    };
    let json = |text| serde_json::from_slice::<Value>(&decode(text)?).map_err(|error| error.to_string());
    let (read, contents) = (json(header)?, json(payload)?);
    let coordinate = |name: &str| decode(read["jwk"][name].as_str().unwrap_or_default());
    let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(format!("{header}.{payload}").as_bytes(), &decode(signature)?)
        .map_err(|_| "it does not verify".to_owned())?;
    Ok((read, contents))
}
