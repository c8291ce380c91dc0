//! The caller's identity, as STS states it.

use super::reason::Reason;

/// A caller's identity, as STS has stated it.
///
/// Bind permissions to [`account`](Self::account) and [`unique_id`](Self::unique_id) together, and key caches by both: a
/// role or user that is deleted and made again has the same name and another id, and a role of one name may exist in
/// every account (CVE-2025-11621). A session name says something only of roles that one party alone may assume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// What kind of caller it is.
    pub kind: IdentityKind,
    /// The partition, for example `aws`.
    pub partition: String,
    /// The account, 12 digits.
    pub account: String,
    /// The ARN as STS says it.
    pub arn: String,
    /// The ARN of what permissions are given to: of a session the role, without its path, which STS does not say; else the
    /// same as `arn`.
    pub canonical_arn: String,
    /// The id that is never used again: of the role (`AROA…`) or the user (`AIDA…`), the account of its root user, the
    /// account and name of a federated user.
    pub unique_id: String,
    /// The name of a role's session or of a federated user.
    pub session_name: Option<String>,
}

/// What kind of caller an [`Identity`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityKind {
    /// A session of a role.
    AssumedRole,
    /// A user of IAM.
    User,
    /// The root user of the account.
    Root,
    /// A session of `GetFederationToken`.
    FederatedUser,
}

impl IdentityKind {
    /// As ARNs have it, for example `assumed-role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssumedRole => "assumed-role",
            Self::User => "user",
            Self::Root => "root",
            Self::FederatedUser => "federated-user",
        }
    }
}

impl Identity {
    /// Reads an answer's members, which have to fit each other and the partition that was asked.
    pub(super) fn read(account: &str, arn: &str, user_id: &str, partition: &str) -> Result<Self, Reason> {
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Reason::Account);
        }
        let mut parts = arn.splitn(6, ':');
        let mut part = || parts.next().ok_or(Reason::Arn);
        let (head, of, service, region, in_account, resource) =
            (part()?, part()?, part()?, part()?, part()?, part()?);
        if head != "arn" || !region.is_empty() {
            return Err(Reason::Arn);
        }
        if of != partition {
            return Err(Reason::Partition);
        }
        if in_account != account {
            return Err(Reason::Account);
        }
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        let (kind, canonical_arn, unique_id, session_name) = match (service, kind) {
            ("sts", "assumed-role") => {
                let (role, session) = name.split_once('/').ok_or(Reason::Arn)?;
                if !is_name(role) || !is_name(session) {
                    return Err(Reason::Arn);
                }
                let (id, of) = user_id.split_once(':').ok_or(Reason::UserId)?;
                if !is_id(id, "AROA") || of != session {
                    return Err(Reason::UserId);
                }
                let role = format!("arn:{partition}:iam::{account}:role/{role}");
                (IdentityKind::AssumedRole, role, id, Some(session))
            }
            ("sts", "federated-user") if is_name(name) => {
                if user_id.split_once(':') != Some((account, name)) {
                    return Err(Reason::UserId);
                }
                (IdentityKind::FederatedUser, arn.to_owned(), user_id, Some(name))
            }
            ("iam", "user") => {
                let (path, user) =
                    name.rsplit_once('/').map_or((None, name), |(path, user)| (Some(path), user));
                let is_path = |path: &str| {
                    path.split('/').all(|part| !part.is_empty())
                        && path.bytes().all(|byte| byte.is_ascii_graphic())
                };
                if !is_name(user) || !path.is_none_or(is_path) {
                    return Err(Reason::Arn);
                }
                if !is_id(user_id, "AIDA") {
                    return Err(Reason::UserId);
                }
                (IdentityKind::User, arn.to_owned(), user_id, None)
            }
            ("iam", "root") if resource == "root" => {
                if user_id != account {
                    return Err(Reason::UserId);
                }
                (IdentityKind::Root, arn.to_owned(), user_id, None)
            }
            _ => return Err(Reason::Arn),
        };
        Ok(Self {
            kind,
            partition: partition.to_owned(),
            account: account.to_owned(),
            arn: arn.to_owned(),
            canonical_arn,
            unique_id: unique_id.to_owned(),
            session_name: session_name.map(str::to_owned),
        })
    }
}

/// Whether it is a name of IAM or a session: `[\w+=,.@-]+`, at most 64 characters.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn is_id(text: &str, prefix: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (prefix.len() + 1..=128).contains(&text.len()) && text.starts_with(prefix) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "123456789012";

    fn read(account: &str, arn: &str, user_id: &str) -> Result<Identity, Reason> {
        Identity::read(account, arn, user_id, "aws")
    }

    #[test]
    fn each_kind_of_caller_is_read() {
        for (arn, user_id, kind, canonical, id, session) in [
            (
                "arn:aws:sts::123456789012:assumed-role/demo/me@x",
                "AROAEXAMPLE:me@x",
                "assumed-role",
                "arn:aws:iam::123456789012:role/demo",
                "AROAEXAMPLE",
                Some("me@x"),
            ),
            (
                "arn:aws:sts::123456789012:federated-user/bob",
                "123456789012:bob",
                "federated-user",
                "arn:aws:sts::123456789012:federated-user/bob",
                "123456789012:bob",
                Some("bob"),
            ),
            (
                "arn:aws:iam::123456789012:user/a/b/alice",
                "AIDAEXAMPLE",
                "user",
                "arn:aws:iam::123456789012:user/a/b/alice",
                "AIDAEXAMPLE",
                None,
            ),
            (
                "arn:aws:iam::123456789012:root",
                ACCOUNT,
                "root",
                "arn:aws:iam::123456789012:root",
                ACCOUNT,
                None,
            ),
        ] {
            let read = read(ACCOUNT, arn, user_id).unwrap();
            let Identity { kind: of, canonical_arn, unique_id, session_name, .. } = &read;
            assert_eq!(
                (of.as_str(), &**canonical_arn, &**unique_id, session_name.as_deref()),
                (kind, canonical, id, session),
            );
            assert_eq!((&*read.account, &*read.arn, &*read.partition), (ACCOUNT, arn, "aws"));
        }
    }

    #[test]
    fn members_that_do_not_fit_each_other_are_refused() {
        let user = "arn:aws:iam::123456789012:user/alice";
        let root = "arn:aws:iam::123456789012:root";
        let session = "arn:aws:sts::123456789012:assumed-role/demo/me";
        let federated = "arn:aws:sts::123456789012:federated-user/bob";
        for (account, arn, user_id, reason) in [
            // An account is twelve digits, even where the ARN says the same.
            ("12345678901", "arn:aws:iam::12345678901:user/alice", "AIDAX", Reason::Account),
            ("1234567890123", "arn:aws:iam::1234567890123:user/alice", "AIDAX", Reason::Account),
            ("12345678901x", "arn:aws:iam::12345678901x:user/alice", "AIDAX", Reason::Account),
            (ACCOUNT, "arn:aws:iam::210987654321:user/alice", "AIDAX", Reason::Account),
            (ACCOUNT, "ARN:aws:iam::123456789012:user/alice", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws:iam:us-east-1:123456789012:user/alice", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws-cn:iam::123456789012:user/alice", "AIDAX", Reason::Partition),
            (ACCOUNT, "arn:aws:iam::123456789012", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws:s3::123456789012:user/alice", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws:iam::123456789012:role/demo", "AROAX", Reason::Arn),
            // Users.
            (ACCOUNT, "arn:aws:iam::123456789012:user/", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws:iam::123456789012:user/al ice", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws:iam::123456789012:user//alice", "AIDAX", Reason::Arn),
            (ACCOUNT, "arn:aws:iam::123456789012:user/a b/alice", "AIDAX", Reason::Arn),
            (ACCOUNT, user, "AROAX", Reason::UserId),
            (ACCOUNT, user, "AIDA", Reason::UserId),
            (ACCOUNT, user, "AIDAx", Reason::UserId),
            (ACCOUNT, user, "AIDAX:alice", Reason::UserId),
            // The root user.
            (ACCOUNT, root, "AIDAX", Reason::UserId),
            (ACCOUNT, root, "210987654321", Reason::UserId),
            (ACCOUNT, "arn:aws:iam::123456789012:root/", ACCOUNT, Reason::Arn),
            // Sessions.
            (ACCOUNT, "arn:aws:sts::123456789012:assumed-role/demo", "AROAX:demo", Reason::Arn),
            (ACCOUNT, "arn:aws:sts::123456789012:assumed-role/a/b/c", "AROAX:c", Reason::Arn),
            (ACCOUNT, session, "AROAX", Reason::UserId),
            (ACCOUNT, session, "AROAX:you", Reason::UserId),
            (ACCOUNT, session, "AIDAX:me", Reason::UserId),
            (ACCOUNT, federated, "123456789012:alice", Reason::UserId),
            (ACCOUNT, federated, "210987654321:bob", Reason::UserId),
            (ACCOUNT, federated, "bob", Reason::UserId),
            (ACCOUNT, "arn:aws:sts::123456789012:federated-user/", "123456789012:", Reason::Arn),
        ] {
            assert_eq!(read(account, arn, user_id), Err(reason), "{account} {arn} {user_id}");
        }
    }
}
