//! Everything that a client of the table may ask: STS, the metadata of an instance, a container's endpoint, a portal.

use bytes::Bytes;
use http::{Method, Request};
use sts_proto::{Phase, TransportErrorKind};
use sts_tests::peer::{Answered, IDENTITY, Peer, answer, signer};

/// Answers by host and path. `v1.test` is metadata without tokens, `silent.test` metadata whose tokens do not arrive,
/// `strict.test` such that ask for them, `old.test` metadata whose answers do not have the account, `bare.test` an instance
/// without role and region, and at `nowhere.test` there is nothing.
pub(super) fn peer() -> Peer {
    Peer::new(|request| match (request.uri().host().unwrap_or_default(), request.uri().path()) {
        ("nowhere.test", _) => Err(TransportErrorKind::Refused.into()),
        ("v1.test", "/latest/api/token") => answer(405, ""),
        ("silent.test" | "strict.test", "/latest/api/token") => {
            Err(TransportErrorKind::Timeout(Phase::Response).into())
        }
        ("strict.test", _) => answer(401, ""),
        (_, "/latest/api/token") => answer(200, "metadata-token"),
        ("bare.test", _) => answer(404, ""),
        (_, "/latest/meta-data/placement/region") => answer(200, "eu-south-1"),
        ("old.test", "/latest/meta-data/iam/security-credentials/") => answer(200, "the-role"),
        ("old.test", "/latest/meta-data/iam/security-credentials/the-role") => {
            answer(200, document("ASIAINSTANCE"))
        }
        ("old.test", _) => answer(404, ""),
        (_, "/latest/meta-data/iam/security-credentials-extended/") => answer(200, "the-role"),
        (_, "/latest/meta-data/iam/security-credentials-extended/the-role") => {
            answer(200, document("ASIAINSTANCE"))
        }
        (_, path) if path.starts_with("/latest/") => answer(404, ""),
        (_, "/v2/keys") => answer(200, document("ASIACONTAINER")),
        (_, "/federation/credentials") => answer(200, PORTAL),
        _ => sts(request),
    })
}

/// A request in one line: action or method, URL without query, and what it was signed with, if it was.
pub(super) fn line(request: &Request<Bytes>) -> String {
    let (method, uri) = (request.method(), request.uri());
    let name = match *method == Method::POST {
        true => member(request, "Action"),
        false => method.to_string(),
    };
    let (scheme, host) = (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |it| it.as_str()));
    let line = format!("{name} {scheme}://{host}{} {} {}", uri.path(), signer(request), region(request));
    line.trim_end().to_owned()
}

fn sts(request: &Request<Bytes>) -> Answered {
    let action = member(request, "Action");
    if action == "GetCallerIdentity" {
        return answer(200, IDENTITY);
    }
    let role = member(request, "RoleArn");
    let id = role.rsplit("%2F").next().unwrap_or_default().to_uppercase();
    let keys = format!(
        "<AccessKeyId>ASIA{id}</AccessKeyId><SecretAccessKey>planted-session</SecretAccessKey>\
         <SessionToken>planted-token</SessionToken><Expiration>2080-01-01T00:00:00Z</Expiration>"
    );
    answer(
        200,
        format!(
            "<{action}Response><{action}Result><Credentials>{keys}</Credentials></{action}Result></{action}Response>"
        ),
    )
}

/// A member of the form that a request carries, as it is written there.
fn member(request: &Request<Bytes>, name: &str) -> String {
    let body = String::from_utf8_lossy(request.body());
    let mut members = body.split('&').filter_map(|member| member.split_once('='));
    members.find(|(known, _)| *known == name).map_or(String::new(), |(_, value)| value.to_owned())
}

fn region(request: &Request<Bytes>) -> String {
    let header = request.headers().get("authorization").map(|value| value.to_str().expect("it is text"));
    let scope = header.and_then(|header| header.split_once("Credential=")).map_or("", |(_, scope)| scope);
    scope.split('/').nth(2).unwrap_or_default().to_owned()
}

fn document(id: &str) -> String {
    format!(
        r#"{{"AccessKeyId":"{id}","SecretAccessKey":"planted-s","Token":"planted-t","Expiration":"2080-01-01T00:00:00Z"}}"#
    )
}

const PORTAL: &str = r#"{"roleCredentials":{"accessKeyId":"ASIAPORTAL","secretAccessKey":"planted-s",
    "sessionToken":"planted-t","expiration":3471292800000}}"#;
