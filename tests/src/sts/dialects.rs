//! The actions that other servers add to STS, as these servers perform them.

use super::actions::{Answer, Call, write_assumed_role, write_credentials};
use super::answer::Fault;
use super::federation::WebIdentity;
use super::identity::{Principal, SessionKind, Trust};
use super::model::Operation;
use super::operations::{MINIO, SEAWEEDFS};
use super::policy::Packed;

/// A server that the embedded STS can stand for, beside AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// MinIO.
    Minio,
    /// SeaweedFS.
    SeaweedFs,
}

/// The only user of the directory, and the password.
pub const LDAP_USER: (&str, &str) = ("alice", "correct horse+/&=%é");
/// The only token that the identity plugin understands.
pub const CUSTOM_TOKEN: &str = "custom token+/&=%é";
/// The plugin's ARN.
pub const CUSTOM_ROLE: &str = "arn:minio:iam:::role/idmp-plugin";
/// The provider that SeaweedFS has the directory's user from.
pub const LDAP_PROVIDER: &str = "directory";

/// How a request came.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    /// Whether the members are in the query.
    pub(crate) in_query: bool,
    /// Whether the connection has TLS.
    pub(crate) tls: bool,
    /// The common name of the certificate that the client has shown.
    pub(crate) holder: Option<&'a str>,
}

impl Dialect {
    /// The operation with the name of an action, if this server has one of its own.
    pub(crate) fn find(self, action: &str) -> Option<&'static Operation> {
        let own = match self {
            Dialect::Minio => MINIO,
            Dialect::SeaweedFs => SEAWEEDFS,
        };
        own.iter().find(|operation| operation.name == action)
    }

    /// Performs one of them.
    pub(crate) fn perform(self, call: &mut Call<'_>, operation: &str, way: Way<'_>) -> Answer {
        match (self, operation) {
            (Dialect::Minio, "AssumeRoleWithLDAPIdentity") => with_ldap(call),
            (Dialect::Minio, "AssumeRoleWithCertificate") => with_certificate(call, way),
            (Dialect::Minio, "AssumeRoleWithCustomToken") => with_custom_token(call, way),
            (Dialect::Minio, "AssumeRoleWithClientGrants") => with_client_grants(call),
            (Dialect::Minio, "AssumeRoleWithWebIdentity") => with_web_identity(call),
            (Dialect::SeaweedFs, "AssumeRoleWithLDAPIdentity") => with_ldap_in_role(call),
            _ => Err(Fault::new(500, "InternalError", format!("{operation} is not implemented"))),
        }
    }
}

fn with_ldap(call: &mut Call<'_>) -> Answer {
    let name = user(call).map_err(|message| Fault::new(400, "InvalidParameterValue", message))?;
    keys_of(call, &name, |_| {})
}

fn with_certificate(call: &mut Call<'_>, way: Way<'_>) -> Answer {
    only_in_query(way)?;
    if !way.tls {
        return Err(Fault::new(400, "InsecureConnection", "No TLS connection attempt"));
    }
    let name = way.holder.ok_or_else(|| {
        Fault::new(400, "InvalidClientCertificate", "The provided client certificate is invalid.")
    })?;
    keys_of(call, name, |_| {})
}

fn with_custom_token(call: &mut Call<'_>, way: Way<'_>) -> Answer {
    only_in_query(way)?;
    if call.text("RoleArn") != CUSTOM_ROLE {
        return Err(Fault::new(400, "InvalidParameterValue", "no such role"));
    }
    if call.text("Token") != CUSTOM_TOKEN {
        // Quotes what it does not understand, as a plugin may.
        let message = format!("the plugin refuses the token {}", call.text("Token"));
        return Err(Fault::new(403, "AccessDenied", message));
    }
    keys_of(call, "custom", |xml| xml.text("AssumedUser", "custom:alice"))
}

fn with_client_grants(call: &mut Call<'_>) -> Answer {
    let subject = WebIdentity::read(call.text("Token"), call.now)?.subject;
    keys_of(call, &subject.clone(), move |xml| xml.text("SubjectFromToken", &subject))
}

fn with_web_identity(call: &mut Call<'_>) -> Answer {
    let identity = WebIdentity::read(call.text("WebIdentityToken"), call.now)?;
    keys_of(call, &identity.subject.clone(), move |xml| {
        xml.element("AssumedRoleUser", |xml| {
            xml.text("Arn", "");
            xml.text("AssumedRoleId", "");
        });
        xml.text("SubjectFromWebIdentityToken", &identity.subject);
        xml.text("Audience", &identity.audience);
    })
}

fn with_ldap_in_role(call: &mut Call<'_>) -> Answer {
    if call.form.get("LDAPProviderName").is_some_and(|name| name != LDAP_PROVIDER) {
        return Err(Fault::new(503, "ServiceUnavailable", "no LDAP provider configured"));
    }
    user(call).map_err(|_| Fault::access_denied("authentication failed"))?;
    let role = call.store.role(call.text("RoleArn"), Trust::Principals, call.text("RoleSessionName"));
    let (_, principal) = role.ok_or_else(|| Fault::access_denied("trust policy denies access"))?;
    let seconds = call.seconds(3600);
    let issued = call.issue(principal.clone(), SessionKind::Role, seconds, false, None, Packed::NONE);
    Ok(Box::new(move |xml| {
        write_credentials(xml, &issued);
        write_assumed_role(xml, &principal);
        xml.number("PackedPolicySize", 0);
    }))
}

/// The user whose name and password a request has.
fn user(call: &Call<'_>) -> Result<String, &'static str> {
    let given = (call.text("LDAPUsername"), call.text("LDAPPassword"));
    if given == LDAP_USER { Ok(given.0.to_owned()) } else { Err("LDAP authentication failed") }
}

/// Keys without a role.
fn keys_of(call: &mut Call<'_>, name: &str, more: impl FnOnce(&mut super::answer::Xml) + 'static) -> Answer {
    let principal = Principal::Federated { account: call.store.account.clone(), name: name.to_owned() };
    let seconds = call.seconds(3600);
    let issued = call.issue(principal, SessionKind::Role, seconds, false, None, Packed::NONE);
    Ok(Box::new(move |xml| {
        write_credentials(xml, &issued);
        more(xml);
    }))
}

fn only_in_query(way: Way<'_>) -> Result<(), Fault> {
    let message = "Unsupported action in the body";
    if way.in_query { Ok(()) } else { Err(Fault::new(400, "InvalidParameterValue", message)) }
}
