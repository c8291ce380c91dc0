//! Whether a refusal may be tried again, as `REFERENCE.md` §4 has it, and what the vectors' other client says.

use sts_proto::RetryClass;

use crate::report::Case;
use crate::rules::Rule;

/// Compares our class with the reference, and the reference with the other client.
pub(crate) fn check(
    ours: RetryClass,
    (status, code, message): (u16, Option<&str>, Option<&str>),
    peer: Option<&str>,
    case: &mut Case,
) {
    let code = code.unwrap_or_default();
    let (expected, is_own_rule) = class(status, code, message.unwrap_or_default());
    case.equal("retry class", &ours, &expected);
    let peers = match peer {
        None => return,
        // A server's fault that the SDKs do not retry, such as 501.
        Some("none" | "server") => RetryClass::Never,
        Some("transient") => RetryClass::Transient,
        Some("throttling") => RetryClass::Throttling,
        Some(other) => return case.fail(format!("peer.retry {other:?} is not known")),
    };
    case.count("retry classes");
    if peers != expected {
        case.rule(Rule::OtherRetryClass);
        case.require(
            is_own_rule,
            format!("the retry class is {expected:?} here and {peers:?} there, by no rule"),
        );
    }
}

/// The class, and whether it is one that the other client does not know of.
fn class(status: u16, code: &str, message: &str) -> (RetryClass, bool) {
    let name = code.rsplit('#').next().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let prefixed = name != code;
    match name.strip_suffix("Exception").unwrap_or(name) {
        _ if status == 429 || THROTTLING.contains(&name) => (RetryClass::Throttling, prefixed),
        "RequestTimeTooSkewed" | "RequestExpired" => (RetryClass::ClockSkew, true),
        "InvalidSignature" | "SignatureDoesNotMatch" if says(&["expired", "not yet current"]) => {
            (RetryClass::ClockSkew, true)
        }
        "InvalidIdentityToken" if says(&["verification key"]) => (RetryClass::Transient, true),
        "RequestTimeout" | "IDPCommunicationError" => (RetryClass::Transient, prefixed),
        _ if matches!(status, 500 | 502 | 503 | 504) => (RetryClass::Transient, false),
        _ => (RetryClass::Never, false),
    }
}

const THROTTLING: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];
