//! Permissions: which callers may perform which operations.

use super::answer::Fault;
use super::form::Form;
use super::identity::{Caller, Principal, Session, SessionKind};

/// Checks the operations that AWS forbids to sessions, by the operation that issued the session.
pub(crate) fn check_session(operation: &str, caller: &Caller, form: &Form) -> Result<(), Fault> {
    let Some(Session { kind, .. }) = &caller.session else { return Ok(()) };
    if matches!(operation, "GetFederationToken" | "GetSessionToken") {
        return Err(Fault::access_denied(format!("Cannot call {operation} with session credentials")));
    }
    let allowed: &[&str] = match kind {
        SessionKind::Role | SessionKind::Delegated => return Ok(()),
        SessionKind::SessionToken => &["AssumeRole", "GetCallerIdentity"],
        SessionKind::Federation | SessionKind::Root => &["GetCallerIdentity"],
    };
    match allowed.contains(&operation) {
        true => Ok(()),
        false => {
            let resource = form.get("RoleArn").unwrap_or("*");
            Err(not_authorized(&caller.principal, &format!("sts:{operation}"), resource))
        }
    }
}

/// Checks that `arn` is the ARN of a role.
pub(crate) fn check_role_arn(arn: &str) -> Result<(), Fault> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", account, resource]
            if account.len() == 12
                && account.bytes().all(|digit| digit.is_ascii_digit())
                && resource.starts_with("role/") =>
        {
            Ok(())
        }
        _ => Err(Fault::validation("Request ARN is invalid")),
    }
}

/// AWS's error for a caller without permission.
pub(crate) fn not_authorized(principal: &Principal, action: &str, resource: &str) -> Fault {
    Fault::access_denied(format!(
        "User: {} is not authorized to perform: {action} on resource: {resource}",
        principal.arn()
    ))
}

/// Whether the caller has presented an MFA code, in this request or when the session was issued. `shown` is
/// the code that the devices show.
pub(crate) fn check_mfa(form: &Form, caller: &Caller, shown: &str) -> Result<bool, Fault> {
    let before = caller.session.as_ref().is_some_and(|session| session.mfa);
    let failed = |why: &str| Err(Fault::access_denied(format!("MultiFactorAuthentication failed{why}")));
    let (serial, code) = match (form.get("SerialNumber"), form.get("TokenCode")) {
        (None, None) => return Ok(before),
        (Some(serial), Some(code)) => (serial, code),
        _ => return failed(", must provide both MFA serial number and one time pass code."),
    };
    match &caller.principal {
        Principal::User { account, name, .. } if serial == format!("arn:aws:iam::{account}:mfa/{name}") => {
            if code == shown {
                Ok(true)
            } else {
                failed(" with invalid MFA one time pass code. ")
            }
        }
        _ => failed(
            ", unable to validate MFA code.  Please verify your MFA serial number is valid and associated with \
             this user.",
        ),
    }
}
