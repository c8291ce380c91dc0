use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;

use crate::operation::Operation;
use crate::wire::{Member, Shape, ToForm};

/// A request as a [`Service`](super::Service) received it; the HTTP request itself by dereferencing.
///
/// `Debug` shows the operation, its members and the headers. Of secrets, and of members that no operation of AWS has, it shows
/// the name alone.
#[derive(Clone)]
pub struct Received {
    request: Request<Bytes>,
    form: Vec<(String, String)>,
}

impl Received {
    pub(super) fn new(request: Request<Bytes>) -> Self {
        let body = std::str::from_utf8(request.body()).unwrap_or_default();
        // Some actions of other servers are in the URL alone.
        let form = if body.is_empty() { request.uri().query().unwrap_or_default() } else { body };
        let form = form.split('&').filter_map(|member| member.split_once('='));
        let decoded =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let form: Vec<_> = form.map(|(name, value)| (decoded(name), decoded(value))).collect();
        // Any other text that has these characters is no form, and what is in it may be secret.
        let is_form = form.iter().any(|(name, _)| name == "Action");
        Self { request, form: if is_form { form } else { Vec::new() } }
    }

    /// The action, such as `AssumeRole`; empty where the request is not one of the protocol.
    pub fn operation(&self) -> &str {
        self.member("Action").unwrap_or_default()
    }

    /// The member of this name, such as `RoleArn` or `Tags.member.1.Key`.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All members, in the order in which they were sent, without `Action` and `Version`.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let members = self.form.iter().filter(|(name, _)| !["Action", "Version"].contains(&name.as_str()));
        members.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The access key id that the request was signed with; `None` for one that was not signed.
    pub fn access_key_id(&self) -> Option<&str> {
        self.scope()?.next()
    }

    /// The region that the request was signed for.
    pub fn signing_region(&self) -> Option<&str> {
        self.scope()?.nth(2)
    }

    fn scope(&self) -> Option<impl Iterator<Item = &str>> {
        let header = self.request.headers().get(AUTHORIZATION)?.to_str().ok()?;
        let (_, scope) = header.split_once("Credential=")?;
        Some(scope.split([',', ' ']).next()?.split('/'))
    }
}

impl Deref for Received {
    type Target = Request<Bytes>;

    fn deref(&self) -> &Request<Bytes> {
        &self.request
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = members_of(self.operation());
        let members = self.members().map(|(name, value)| {
            let is_hidden = is_secret(Shape::Structure(known), &mut name.split('.'));
            (name, if is_hidden { REDACTED } else { value })
        });
        let headers = self.request.headers().iter().map(|(name, value)| {
            let secret = value.is_sensitive() || SECRET_HEADERS.contains(&name.as_str());
            (name.as_str(), if secret { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()) })
        });
        f.debug_struct("Received")
            .field("operation", &self.operation())
            .field("members", &members.collect::<Vec<_>>())
            .field("host", &self.request.uri().host())
            .field("headers", &headers.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Whether the member at this path is a secret. One that is not known may be.
fn is_secret(shape: Shape, path: &mut dyn Iterator<Item = &str>) -> bool {
    match shape {
        Shape::Secret => true,
        // `member`, and the number of the item.
        Shape::List(item) => match path.nth(1) {
            Some(_) => is_secret(*item, path),
            None => has_secrets(*item),
        },
        Shape::Structure(members) => {
            let known = path.next().and_then(|name| members.iter().find(|member| member.name == name));
            known.is_none_or(|member| is_secret(member.shape, path))
        }
        _ => false,
    }
}

fn has_secrets(shape: Shape) -> bool {
    match shape {
        Shape::Secret => true,
        Shape::List(item) => has_secrets(*item),
        Shape::Structure(members) => members.iter().any(|member| has_secrets(member.shape)),
        _ => false,
    }
}

/// The members of an operation of AWS.
fn members_of(action: &str) -> &'static [Member] {
    let shapes = crate::for_each_operation!(shapes);
    match shapes.into_iter().find(|(name, _)| *name == action) {
        Some((_, Shape::Structure(members))) => members,
        _ => &[],
    }
}

macro_rules! shapes {
    (() $(
        $(#[$sentence:meta])*
        $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt
    )*) => {
        [$((crate::operations::$operation::ACTION, crate::operations::$operation::SHAPE)),*]
    };
}
use shapes;

const SECRET_HEADERS: [&str; 2] = ["authorization", "x-amz-security-token"];
const REDACTED: &str = "[redacted]";
