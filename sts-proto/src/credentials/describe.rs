use std::fmt::Write as _;
use std::time::SystemTime;

use crate::Credentials;

/// Which credentials these are, for a person, without a secret: `access key …MPLE, account 123456789012, valid for 3540 s`.
/// `now` is the service's clock: see [`Context::service_time`](crate::Context::service_time).
///
/// ```
/// use std::time::SystemTime;
/// use sts_proto::Credentials;
/// use sts_proto::credentials::describe;
///
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI").with_account_id("123456789012");
/// assert_eq!(describe(&keys, SystemTime::now()), "access key …MPLE, account 123456789012");
/// ```
pub fn describe(credentials: &Credentials, now: SystemTime) -> String {
    let mut text = format!("access key …{}", last_four(&credentials.access_key_id));
    if let Some(account) = &credentials.account_id {
        let _ = write!(text, ", account {account}");
    }
    if let Some(end) = credentials.expiration {
        let _ = match end.duration_since(now) {
            Ok(left) if !left.is_zero() => write!(text, ", valid for {} s", left.as_secs()),
            _ => write!(text, ", expired"),
        };
    }
    text
}

fn last_four(id: &str) -> String {
    let length = id.chars().count();
    // Of a short one that would be too much.
    let kept = if length >= 8 { 4 } else { 0 };
    id.chars().skip(length - kept).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn four_characters_at_most_and_nothing_secret() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        let of = |id: &str| describe(&Credentials::new(id, "planted").with_session_token("planted"), now);
        assert_eq!(of("ASIAEXAMPLE"), "access key …MPLE");
        assert_eq!(of("planted"), "access key …");
        assert_eq!(of("ключключ"), "access key …ключ");
        let ends = |end| describe(&Credentials::new("ASIAEXAMPLE", "planted").with_expiration(end), now);
        assert_eq!(ends(now + Duration::from_millis(2500)), "access key …MPLE, valid for 2 s");
        assert_eq!(ends(now), "access key …MPLE, expired");
    }
}
