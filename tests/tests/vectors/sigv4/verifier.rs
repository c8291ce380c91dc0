//! The embedded STS's verifier, which shares no code with the signer: whether it takes what was signed elsewhere.

use serde_json::Value;
use sts_tests::sts::Signed;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Files;
use crate::report::Case;

/// Checks the signed requests of a case.
pub(super) fn check(files: &Files, case: &mut Case) {
    let Some(context) = files.get("context.json") else {
        // These are about the path alone: their dates contradict each other.
        let request = Signed::parse(&files.text("header-signed-request.txt"));
        let path = |text: &str| text.lines().nth(1).map(str::to_owned);
        let canonical = files.text("header-canonical-request.txt");
        case.equal("path by the verifier", &path(&request.canonical()), &path(&canonical));
        case.count("paths by the verifier");
        return;
    };
    let context: Value = serde_json::from_str(&context).expect("context.json is JSON");
    if context["normalize"] == false {
        return; // paths as S3 signs them
    }
    let text = |name: &str| context[name].as_str().unwrap_or_else(|| panic!("context.json has no {name}"));
    let secret = context["credentials"]["secret_access_key"].as_str().expect("a secret");
    let now = OffsetDateTime::parse(text("timestamp"), &Rfc3339).expect("a time");
    let token_outside = context["omit_session_token"] == true;
    for form in ["header", "query"] {
        let Some(signed) = files.get(&format!("{form}-signed-request.txt")) else { continue };
        let request = Signed::parse(&signed);
        let verdict = |secret| request.verify(secret, text("service"), Some(text("region")), now);
        if token_outside {
            // AWS lets some services take a token that was added after signing. STS does not.
            case.equal(&format!("verdict, {form}"), &verdict(secret), &Err("SignatureDoesNotMatch"));
            continue;
        }
        let canonical = files.text(&format!("{form}-canonical-request.txt")).replace("\r\n", "\n");
        case.equal(&format!("canonical request by the verifier, {form}"), &request.canonical(), &canonical);
        case.equal(&format!("verdict, {form}"), &verdict(secret), &Ok(()));
        case.equal(
            &format!("verdict on another secret, {form}"),
            &verdict("another"),
            &Err("SignatureDoesNotMatch"),
        );
        case.count("verified by the embedded STS");
    }
}
