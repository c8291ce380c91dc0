//! Both clients against servers that this project did not write: those of `../shared/servers`, found by the
//! environment variables that its scripts print, and that of `ldap.sh` beside this file.
//!
//! A server that no variable names is left out, which is said on standard output; under `CI` that is a failure.
//! Each server's table says what it answers, so that one that ceases to answer is a failure too.

mod cli_cache;
mod front_ends;
mod honest;
mod ldap;
mod live_credentials;
mod migrating;
mod operations;
mod peer;
mod python;
mod refusals;
mod report;
mod sessions;
mod witnesses;

use peer::{Answers, Known, Peer, Refusals, Use, WebIdentity};

/// What has to be there where `CI` is set.
const VARIABLES: [&str; 10] = [
    "MINISTACK_URL",
    "SEAWEEDFS_URL",
    "SEAWEEDFS_TLS_URL",
    "SEAWEEDFS_LDAP_URL",
    "RGW_URL",
    "RGW_TLS_URL",
    "MOTO_URL",
    "MOTO_AUTH_URL",
    "OIDC_ISSUER",
    "STS_PEERS_CA",
];

/// Blanks on purpose: RGW wants them as `%20`, and a signature covers however they are written.
const SPACED: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:*", "s3:*"], "Resource": "*"}]}"#;
/// moto with authentication signs a body that it wrote itself, with `+` for a blank.
const COMPACT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:*","s3:*"],"Resource":"*"}]}"#;

const MINISTACK: Known = Known {
    name: "ministack",
    prefix: "MINISTACK",
    user: ":user/alice",
    policy: SPACED,
    answers: &[
        ("GetCallerIdentity", Answers::Plainly),
        ("AssumeRole", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        ("AssumeRoleWithWebIdentity", Answers::Session(Use::Identity(":assumed-role/web/sts-tests"))),
        ("GetSessionToken", Answers::Session(Use::Identity(":user/alice"))),
        ("GetFederationToken", Answers::Session(Use::Identity(":federated-user/bob"))),
        ("GetAccessKeyInfo", Answers::Plainly),
        ("GetWebIdentityToken", Answers::Plainly),
    ],
    refusals: Some(Refusals {
        wrong_secret: "SignatureDoesNotMatch",
        changed_body: "SignatureDoesNotMatch",
        changed_token: "InvalidClientTokenId",
        wrong_clock: Some("SignatureDoesNotMatch"),
    }),
    web_identity: WebIdentity::Unread,
};

const SEAWEEDFS: Known = Known {
    name: "seaweedfs",
    prefix: "SEAWEEDFS",
    user: "alice",
    policy: SPACED,
    answers: &[
        ("GetCallerIdentity", Answers::Plainly),
        ("AssumeRole", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        ("AssumeRoleWithWebIdentity", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        ("GetFederationToken", Answers::Session(Use::Identity(":federated-user/bob"))),
    ],
    refusals: Some(Refusals {
        wrong_secret: "SignatureDoesNotMatch",
        changed_body: "SignatureDoesNotMatch",
        changed_token: "InvalidAccessKeyId",
        wrong_clock: Some("RequestTimeTooSkewed"),
    }),
    web_identity: WebIdentity::Verified,
};

const RGW: Known = Known {
    name: "rgw",
    prefix: "RGW",
    user: "",
    policy: SPACED,
    answers: &[
        ("AssumeRole", Answers::Session(Use::Role)),
        // The role that is for web identities may not call STS, but S3.
        ("AssumeRoleWithWebIdentity", Answers::Session(Use::Buckets)),
        ("GetSessionToken", Answers::Session(Use::Role)),
    ],
    refusals: Some(Refusals {
        wrong_secret: "AccessDenied",
        changed_body: "AccessDenied",
        changed_token: "InvalidArgument",
        wrong_clock: Some("RequestTimeTooSkewed"),
    }),
    web_identity: WebIdentity::Verified,
};

const MOTO: Known = Known {
    name: "moto",
    prefix: "MOTO",
    user: ":user/moto",
    policy: SPACED,
    answers: &[
        ("GetCallerIdentity", Answers::Plainly),
        ("AssumeRole", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        ("AssumeRoleWithSAML", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        ("AssumeRoleWithWebIdentity", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        // Keys that are the same for everybody, so that nothing tells whose they are.
        ("GetSessionToken", Answers::Session(Use::Identity(":user/moto"))),
        ("GetFederationToken", Answers::Session(Use::Identity(":user/moto"))),
        ("GetAccessKeyInfo", Answers::Plainly),
    ],
    refusals: None,
    web_identity: WebIdentity::Unread,
};

const MOTO_AUTH: Known = Known {
    name: "moto_auth",
    prefix: "MOTO_AUTH",
    user: ":user/alice",
    policy: COMPACT,
    answers: &[
        ("GetCallerIdentity", Answers::Plainly),
        ("AssumeRole", Answers::Session(Use::Identity(":assumed-role/demo/sts-tests"))),
        // The keys that these two return are the documentation's; this server itself refuses them.
        ("GetSessionToken", Answers::Session(Use::Nothing)),
        ("GetFederationToken", Answers::Session(Use::Nothing)),
        ("GetAccessKeyInfo", Answers::Plainly),
    ],
    refusals: Some(Refusals {
        wrong_secret: "SignatureDoesNotMatch",
        changed_body: "SignatureDoesNotMatch",
        changed_token: "InvalidClientTokenId",
        wrong_clock: None,
    }),
    web_identity: WebIdentity::Unread,
};

#[test]
fn under_ci_every_server_is_there() {
    if std::env::var_os("CI").is_some() {
        let missing: Vec<_> = VARIABLES.iter().filter(|name| std::env::var_os(name).is_none()).collect();
        assert!(missing.is_empty(), "CI is set, and these are not: {missing:?}");
    }
}

#[test]
fn ministack() {
    let Some(peer) = Peer::find(&MINISTACK, "MINISTACK_URL", None) else { return };
    peer.visit(|peer, driver, report| {
        sessions::presigned_url(peer, driver, report);
        sessions::two_seconds(peer, driver, report);
    });
}

#[test]
fn seaweedfs() {
    let Some(peer) = Peer::find(&SEAWEEDFS, "SEAWEEDFS_URL", None) else { return };
    peer.visit(|_, _, _| {});
}

#[test]
fn seaweedfs_tls() {
    let known = Known { name: "seaweedfs_tls", ..SEAWEEDFS };
    let Some(peer) = Peer::find(&known, "SEAWEEDFS_TLS_URL", Some("STS_PEERS_CA")) else { return };
    peer.visit(|_, _, _| {});
}

#[test]
fn rgw() {
    let Some(peer) = Peer::find(&RGW, "RGW_URL", None) else { return };
    peer.visit(|_, _, _| {});
}

#[test]
fn rgw_tls() {
    let known = Known { name: "rgw_tls", ..RGW };
    let Some(peer) = Peer::find(&known, "RGW_TLS_URL", Some("STS_PEERS_CA")) else { return };
    peer.visit(|_, _, _| {});
}

#[test]
fn moto() {
    let Some(peer) = Peer::find(&MOTO, "MOTO_URL", None) else { return };
    peer.visit(|_, _, _| {});
}

#[test]
fn moto_auth() {
    let Some(peer) = Peer::find(&MOTO_AUTH, "MOTO_AUTH_URL", None) else { return };
    peer.visit(|_, _, _| {});
}

/// MiniStack behind nginx and haproxy.
#[test]
fn tls_front_ends() {
    front_ends::visit(&MINISTACK);
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = std::io::Write::write_fmt(&mut std::io::stdout().lock(), format_args!("{line}\n"));
}
