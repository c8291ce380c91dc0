//! The actions of other servers: what both clients send, as the embedded STS reads it in the place of the server, and what
//! is made of the server's answers.

use http::Response;
use serde_json::{Map, Value};
use sts_proto::dialects::{minio, seaweedfs};
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::wire::{FromXml, Value as Read};
use sts_proto::{Credentials, Error, Operation, Output, Settings};
use sts_tests::driver::Setup;
use sts_tests::peer::Peer;
use sts_tests::pki::Pki;
use sts_tests::sts::{Dialect, Server};

use crate::record::Record;
use crate::report::Case;

pub(crate) fn check(mut vector: Record, case: &mut Case) -> Result<(), String> {
    // How the vector was made.
    vector.text("from")?;
    let (server, action) = (vector.text("server")?, vector.text("operation")?);
    let members = if vector.has("input") { vector.value("input")? } else { Map::new().into() };
    let input = Input(Record::new("input", members)?);
    match (&*server, &*action) {
        ("minio", "AssumeRoleWithLDAPIdentity") => visit(input.minio_ldap()?, &server, vector, case),
        ("minio", "AssumeRoleWithCertificate") => visit(input.minio_certificate()?, &server, vector, case),
        ("minio", "AssumeRoleWithCustomToken") => visit(input.minio_custom_token()?, &server, vector, case),
        ("minio", "AssumeRoleWithClientGrants") => visit(input.minio_client_grants()?, &server, vector, case),
        ("minio", "AssumeRoleWithWebIdentity") => visit(input.minio_web_identity()?, &server, vector, case),
        ("seaweedfs", "AssumeRoleWithLDAPIdentity") => visit(input.seaweedfs_ldap()?, &server, vector, case),
        ("ecs", "AssumeRole") => visit(AssumeRole::new("arn", "me"), &server, vector, case),
        ("ecs", "GetCallerIdentity") => visit(GetCallerIdentity::new(), &server, vector, case),
        _ => Err(format!("no such action: {action} of {server}")),
    }
}

/// The members of a vector; an answer's has none, and any value will do.
struct Input(Record);

impl Input {
    fn text(&mut self, name: &str) -> Result<String, String> {
        Ok(self.0.text_if_there(name)?.unwrap_or_else(|| "x".to_owned()))
    }

    fn optional<T: From<String>>(&mut self, name: &str) -> Result<Option<T>, String> {
        Ok(self.0.text_if_there(name)?.map(T::from))
    }

    fn seconds(&mut self) -> Result<Option<u32>, String> {
        let name = "DurationSeconds";
        if !self.0.has(name) {
            return Ok(None);
        }
        u32::try_from(self.0.number(name)?).map(Some).map_err(|error| error.to_string())
    }

    fn minio_ldap(mut self) -> Result<minio::AssumeRoleWithLdapIdentity, String> {
        let (name, password) = (self.text("LDAPUsername")?, self.text("LDAPPassword")?);
        let mut operation = minio::AssumeRoleWithLdapIdentity::new(name, password);
        operation.policy = self.optional("Policy")?;
        operation.duration_seconds = self.seconds()?;
        operation.token_revoke_type = self.optional("TokenRevokeType")?;
        operation.config_name = self.optional("ConfigName")?;
        self.0.end()?;
        Ok(operation)
    }

    fn minio_certificate(mut self) -> Result<minio::AssumeRoleWithCertificate, String> {
        let mut operation = minio::AssumeRoleWithCertificate::new();
        operation.duration_seconds = self.seconds()?;
        operation.token_revoke_type = self.optional("TokenRevokeType")?;
        self.0.end()?;
        Ok(operation)
    }

    fn minio_custom_token(mut self) -> Result<minio::AssumeRoleWithCustomToken, String> {
        let mut operation = minio::AssumeRoleWithCustomToken::new(self.text("Token")?, self.text("RoleArn")?);
        operation.duration_seconds = self.seconds()?;
        operation.token_revoke_type = self.optional("TokenRevokeType")?;
        self.0.end()?;
        Ok(operation)
    }

    fn minio_client_grants(mut self) -> Result<minio::AssumeRoleWithClientGrants, String> {
        let mut operation = minio::AssumeRoleWithClientGrants::new(self.text("Token")?);
        operation.policy = self.optional("Policy")?;
        operation.duration_seconds = self.seconds()?;
        self.0.end()?;
        Ok(operation)
    }

    fn minio_web_identity(mut self) -> Result<minio::AssumeRoleWithWebIdentity, String> {
        let mut operation = minio::AssumeRoleWithWebIdentity::new(self.text("WebIdentityToken")?);
        operation.web_identity_access_token = self.optional("WebIdentityAccessToken")?;
        operation.role_arn = self.optional("RoleArn")?;
        operation.policy = self.optional("Policy")?;
        operation.duration_seconds = self.seconds()?;
        operation.token_revoke_type = self.optional("TokenRevokeType")?;
        self.0.end()?;
        Ok(operation)
    }

    fn seaweedfs_ldap(mut self) -> Result<seaweedfs::AssumeRoleWithLdapIdentity, String> {
        let mut operation = seaweedfs::AssumeRoleWithLdapIdentity::new(
            self.text("LDAPUsername")?,
            self.text("LDAPPassword")?,
            self.text("RoleArn")?,
            self.text("RoleSessionName")?,
        );
        operation.policy = self.optional("Policy")?;
        operation.duration_seconds = self.seconds()?;
        operation.ldap_provider_name = self.optional("LDAPProviderName")?;
        self.0.end()?;
        Ok(operation)
    }
}

fn visit<O: Operation + Clone + std::fmt::Debug + Send + 'static>(
    operation: O,
    server: &str,
    mut vector: Record,
    case: &mut Case,
) -> Result<(), String>
where
    O::Output: std::fmt::Debug,
{
    match vector.text("kind")?.as_str() {
        "request" => request(operation, server, vector, case),
        "response" => response(operation, vector, case),
        other => Err(format!("no such kind: {other:?}")),
    }
}

/// What arrives, and that the server takes it.
fn request<O: Operation + Clone + std::fmt::Debug + Send + 'static>(
    operation: O,
    server: &str,
    mut vector: Record,
    case: &mut Case,
) -> Result<(), String>
where
    O::Output: std::fmt::Debug,
{
    let secrets = vector.list("secrets")?;
    let mut expect = vector.record("expect")?;
    let (method, query, body) = (expect.text("method")?, expect.text_or_null("query")?, expect.text("body")?);
    expect.end()?;
    vector.end()?;
    let dialect = if server == "minio" { Dialect::Minio } else { Dialect::SeaweedFs };
    let pki = Pki::new();
    let sts = Server::builder().dialect(dialect).tls(pki.asking()).start();
    let (chain, key) = pki.client_named("readonly");
    let setup = Setup::new(Settings::new().endpoint_url(sts.url())).ca_bundle(pki.ca_pem());
    let printed = format!("{operation:?}");
    for secret in &secrets {
        case.require(!printed.contains(secret), format!("Debug shows {secret}"));
    }
    for driver in setup.client_certificate(chain, key).drivers().map_err(|error| error.to_string())? {
        sts.forget_requests();
        let sent = driver.send(operation.clone());
        case.require(sent.is_ok(), format!("{driver}: it is refused: {:?}", sent.as_ref().err()));
        let printed = format!("{sent:?}");
        for secret in &secrets {
            case.require(!printed.contains(secret), format!("{driver}: the outcome shows {secret}"));
        }
        let arrived = sts.requests();
        let [arrived] = &arrived[..] else { return Err(format!("{} requests arrived", arrived.len())) };
        let target = query.as_ref().map_or("/".to_owned(), |query| format!("/?{query}"));
        case.equal("method", arrived.method.as_str(), &method);
        case.equal("target", &arrived.target, &target);
        case.equal("body", &*arrived.body, body.as_bytes());
        let header = |name: &str| arrived.headers.get(name).and_then(|value| value.to_str().ok());
        let lengths: Vec<_> = arrived.headers.get_all("content-length").iter().collect();
        case.equal("content-length", &lengths, &vec![&body.len().into()]);
        case.equal("whether a form is announced", &header("content-type").is_some(), &query.is_none());
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "transfer-encoding"] {
            case.equal(name, &header(name), &None);
        }
    }
    case.count("requests");
    Ok(())
}

/// What is made of an answer, and how often it is asked for.
fn response<O: Operation + Clone + Send + 'static>(
    operation: O,
    mut vector: Record,
    case: &mut Case,
) -> Result<(), String> {
    let status = u16::try_from(vector.number("status")?).map_err(|error| error.to_string())?;
    let body = vector.text("body")?;
    let mut expect = vector.record("expect")?;
    vector.end()?;
    let peer = Peer::new(move |_| {
        let answer = Response::builder().status(status).body(body.clone().into());
        Ok(answer.expect("a status"))
    });
    let settings = Settings::new().region("us-east-1").credentials(Credentials::new("AKIDEXAMPLE", "secret"));
    let drivers = Setup::new(settings).transport(&peer).drivers().map_err(|error| error.to_string())?;
    let sent = drivers.map(|driver| {
        peer.forget();
        let sent = driver.send(operation.clone());
        (driver, sent, peer.requests().len())
    });
    if !expect.has("error") {
        let (output, id) = (expect.value("output")?, expect.text("request_id")?);
        for (driver, sent, _) in sent {
            let read = sent.map_err(|error| format!("{driver}: {error}"))?;
            case.equal("output", &json(read.to_value()), &output);
            case.equal("request id", &read.metadata().request_id(), &Some(&*id));
        }
        case.count("outputs");
        return expect.end();
    }
    let mut error = expect.record("error")?;
    let wanted =
        [error.text("code")?, error.text("message")?, error.text("retry")?, error.text("request_id")?];
    error.end()?;
    for (driver, sent, requests) in sent {
        let error = sent.err().ok_or_else(|| format!("{driver}: it is read as a success"))?;
        case.equal("refusal", &parts(&error), &Some(wanted.clone()));
        case.equal("attempts", &requests, &if wanted[2] == "never" { 1 } else { 3 });
    }
    case.count("errors");
    expect.end()
}

fn parts(error: &Error) -> Option<[String; 4]> {
    let refusal = error.as_service_error()?;
    let texts = [refusal.wire_code()?, refusal.message()?, error.retry_class().as_str(), error.request_id()?];
    Some(texts.map(str::to_owned))
}

/// What was read, as a vector writes it.
fn json(value: Read) -> Value {
    match value {
        Read::Structure(members) => {
            let present = members.into_iter().filter(|(_, value)| !matches!(value, Read::Absent));
            Value::Object(present.map(|(name, value)| (name.into_owned(), json(value))).collect())
        }
        Read::Text(text) => text.into(),
        Read::Secret(secret) => secret.expose().into(),
        Read::Number(number) => serde_json::Number::from_i128(number).expect("a number of 64 bits").into(),
        other => format!("{other:?}").into(),
    }
}
