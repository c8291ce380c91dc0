use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::canonical::{Received, Scope, encoded};
use super::*;

/// An access key, and the session token of a temporary one.
#[derive(Clone)]
struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

/// A response.
struct Reply {
    status: u16,
    headers: String,
    body: String,
}

impl Reply {
    /// The text of the first element with this name.
    fn text(&self, name: &str) -> &str {
        let after = self.body.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
        after.split_once('<').map_or("", |(text, _)| text)
    }

    fn keys(&self) -> Keys {
        assert_eq!(self.status, 200, "{}", self.body);
        let token = Some(self.text("SessionToken").to_owned());
        Keys {
            id: self.text("AccessKeyId").to_owned(),
            secret: self.text("SecretAccessKey").to_owned(),
            token,
        }
    }

    fn code(&self) -> (u16, &str) {
        (self.status, self.text("Code"))
    }
}

fn alice(sts: &Server) -> Keys {
    Keys { id: sts.access_key_id().into(), secret: sts.secret_access_key().into(), token: None }
}

/// A connection with a read time-out.
fn connect(sts: &Server) -> TcpStream {
    let stream = TcpStream::connect(sts.address()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    stream
}

fn send(sts: &Server, request: &str) -> Reply {
    let mut stream = connect(sts);
    let _ = stream.write_all(request.as_bytes());
    read(stream)
}

fn read(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (headers, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = headers.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, headers: headers.to_ascii_lowercase(), body: body.to_owned() }
}

fn form(action: &str, members: &[(&str, &str)]) -> String {
    let all = [("Action", action), ("Version", "2011-06-15")];
    let items =
        all.iter().chain(members).map(|(name, value)| format!("{name}={}", encoded(value.as_bytes())));
    items.collect::<Vec<_>>().join("&")
}

fn head(sts: &Server, method: &str, target: &str, headers: &[(&str, String)], body: &str) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (host, length) = (sts.address(), body.len());
    format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
    )
}

fn signed(sts: &Server, keys: &Keys, method: &str, query: &str, body: &str, region: &str) -> String {
    let date = verify::format_date(sts.now());
    let mut headers = vec![
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
        ("x-amz-date", date.clone()),
    ];
    headers.extend(keys.token.clone().map(|token| ("x-amz-security-token", token)));
    let mut map: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    map.insert("host", sts.address().to_string().parse().unwrap());
    let mut names: Vec<_> = map.keys().map(|name| name.as_str()).collect();
    names.sort();
    let received = Received { method, path: "/", query, headers: &map, body: body.as_bytes() };
    let scope = Scope { day: &date[..8], region: Some(region), service: "sts" };
    let signature = scope.signature(&keys.secret, &scope.string_to_sign(&date, &received.canonical(&names)));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{}/{region}/sts/aws4_request, SignedHeaders={}, Signature={signature}",
        keys.id,
        scope.day,
        names.join(";"),
    );
    headers.push(("authorization", authorization));
    let target = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
    head(sts, method, &target, &headers, body)
}

fn call(sts: &Server, keys: &Keys, action: &str, members: &[(&str, &str)]) -> Reply {
    send(sts, &signed(sts, keys, "POST", "", &form(action, members), "eu-west-1"))
}

fn call_unsigned(sts: &Server, action: &str, members: &[(&str, &str)]) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
    send(sts, &head(sts, "POST", "/", &headers, &form(action, members)))
}

fn assume<'a>(role: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("RoleArn", role), ("RoleSessionName", "build-42")], more].concat()
}

#[test]
fn caller_identity() {
    let sts = Server::start();
    let reply = call(&sts, &alice(&sts), "GetCallerIdentity", &[]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.text("Arn"), "arn:aws:iam::123456789012:user/alice");
    assert_eq!(reply.text("Account"), "123456789012");
    assert!(reply.text("UserId").starts_with("AIDA"));
    assert!(reply.headers.contains("content-type: text/xml"));
    assert!(reply.headers.contains("\r\ndate: "));
    assert!(reply.headers.contains(&format!("x-amzn-requestid: {}", reply.text("RequestId"))));
    let [arrival] = &sts.requests()[..] else { panic!("one request was sent") };
    assert_eq!(arrival.action.as_deref(), Some("GetCallerIdentity"));
    assert_eq!(arrival.access_key_id.as_deref(), Some(sts.access_key_id()));
    assert_eq!((arrival.request_id.as_str(), arrival.status.as_u16()), (reply.text("RequestId"), 200));
    assert_eq!((arrival.code.as_ref(), arrival.connection, arrival.canned), (None, 1, false));
}

#[test]
fn get_signed_in_headers() {
    let sts = Server::start();
    let query = form("GetCallerIdentity", &[]);
    assert_eq!(send(&sts, &signed(&sts, &alice(&sts), "GET", &query, "", "us-east-1")).status, 200);
}

#[test]
fn sessions_work_and_expire() {
    let sts = Server::builder().min_duration_seconds(1).start();
    let role = sts.role_arn("demo");
    let more = [("DurationSeconds", "2"), ("SourceIdentity", "carol"), ("MinimumSessionTokenSize", "2000")];
    let reply = call(&sts, &alice(&sts), "AssumeRole", &assume(&role, &more));
    assert_eq!(reply.text("SourceIdentity"), "carol");
    assert_eq!((reply.text("SessionTokenSize"), reply.text("SessionToken").len()), ("2000", 2000));
    let keys = reply.keys();
    let me = call(&sts, &keys, "GetCallerIdentity", &[]);
    assert_eq!(me.text("Arn"), "arn:aws:sts::123456789012:assumed-role/demo/build-42");
    assert_eq!(me.text("UserId"), reply.text("AssumedRoleId"));
    for token in [None, Some("other".to_owned())] {
        let reply = call(&sts, &Keys { token, ..keys.clone() }, "GetCallerIdentity", &[]);
        assert_eq!(reply.code(), (403, "InvalidClientTokenId"));
    }
    std::thread::sleep(std::time::Duration::from_millis(3100));
    let late = call(&sts, &keys, "GetCallerIdentity", &[]);
    assert_eq!(late.code(), (403, "ExpiredToken"));
    assert_eq!(late.text("Message"), "The security token included in the request is expired");
}

#[test]
fn invalid_requests_are_refused() {
    let sts = Server::start();
    let alice = alice(&sts);
    let wrong = Keys { secret: "wrong".into(), ..alice.clone() };
    assert_eq!(call(&sts, &wrong, "GetCallerIdentity", &[]).code(), (403, "SignatureDoesNotMatch"));
    let unknown = Keys { id: "AKIANOSUCHKEY0000000".into(), ..alice.clone() };
    assert_eq!(call(&sts, &unknown, "GetCallerIdentity", &[]).code(), (403, "InvalidClientTokenId"));
    let made_up = Keys { token: Some("bogus".into()), ..alice.clone() };
    assert_eq!(call(&sts, &made_up, "GetCallerIdentity", &[]).code(), (403, "InvalidClientTokenId"));
    let changed = signed(&sts, &alice, "POST", "", &form("GetCallerIdentity", &[]), "us-east-1");
    let changed = changed
        .replace("Action=GetCaller", "Action=GetCal%6cer")
        .replace("content-length: 43", "content-length: 45");
    assert_eq!(send(&sts, &changed).code(), (403, "SignatureDoesNotMatch"));
    let unsigned = call_unsigned(&sts, "GetCallerIdentity", &[]);
    assert_eq!(unsigned.code(), (403, "MissingAuthenticationToken"));
    assert_eq!(unsigned.text("Message"), "Request is missing Authentication Token");
    assert_eq!(call(&sts, &alice, "NoSuchAction", &[]).code(), (400, "InvalidAction"));
    assert_eq!(call(&sts, &alice, "", &[]).code(), (400, "MissingAction"));
    let old = signed(&sts, &alice, "POST", "", "Action=GetCallerIdentity&Version=1999-01-01", "us-east-1");
    let reply = send(&sts, &old);
    assert_eq!(reply.code(), (400, "InvalidAction"));
    assert_eq!(reply.text("Message"), "Could not find operation GetCallerIdentity for version 1999-01-01");
    assert_eq!(send(&sts, &head(&sts, "PUT", "/", &[], "")).code(), (405, "MethodNotAllowed"));
    assert_eq!(sts.requests().len(), 9);
    sts.forget_requests();
    assert!(sts.requests().is_empty());
}

#[test]
fn regions_and_clocks() {
    let sts =
        Server::builder().region("eu-west-1").disabled_region("eu-west-1").clock_offset_ms(3_600_000).start();
    let alice = alice(&sts);
    let disabled = call(&sts, &alice, "GetCallerIdentity", &[]);
    assert_eq!(disabled.code(), (403, "RegionDisabledException"));
    let elsewhere = signed(&sts, &alice, "POST", "", &form("GetCallerIdentity", &[]), "us-east-1");
    assert!(send(&sts, &elsewhere).text("Message").contains("valid region"));
    let late = signed(&sts, &alice, "POST", "", &form("GetCallerIdentity", &[]), "eu-west-1");
    sts.set_clock_offset_ms(0);
    let reply = send(&sts, &late);
    assert_eq!(reply.code(), (403, "SignatureDoesNotMatch"));
    assert!(reply.text("Message").starts_with("Signature not yet current: "), "{}", reply.body);
}

#[test]
fn roles_check_their_conditions() {
    let role = Role::new("partner").external_id("ext-42").requires_mfa(true).max_session_seconds(3600);
    let sts = Server::builder().role(role).packed_policy_limit(100).start();
    let (alice, role, serial) = (alice(&sts), sts.role_arn("partner"), sts.mfa_serial());
    let code = |members: &[(&str, &str)]| {
        let reply = call(&sts, &alice, "AssumeRole", &assume(&role, members));
        (reply.status, reply.text("Code").to_owned(), reply.text("Message").to_owned())
    };
    let good = [("ExternalId", "ext-42"), ("SerialNumber", &serial), ("TokenCode", sts.mfa_code())];
    assert_eq!(code(&good).0, 200);
    let denied = format!(
        "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: sts:AssumeRole on resource: {role}"
    );
    assert_eq!(code(&good[..1]), (403, "AccessDenied".into(), denied.clone()));
    assert_eq!(code(&good[1..]), (403, "AccessDenied".into(), denied));
    for bad in
        [[good[0], good[1], ("TokenCode", "000000")], [good[0], ("SerialNumber", "000000000"), good[2]]]
    {
        let (status, code, message) = code(&bad);
        assert_eq!((status, code.as_str()), (403, "AccessDenied"));
        assert!(message.starts_with("MultiFactorAuthentication failed"), "{message}");
    }
    assert!(code(&good[..2]).2.contains("must provide both"));
    let with = |member| code(&[good[0], good[1], good[2], member]);
    assert!(with(("DurationSeconds", "3601")).2.contains("MaxSessionDuration"));
    assert_eq!(with(("Policy", "{")).1, "MalformedPolicyDocument");
    let long = format!("{{\"Statement\":[],\"Id\":\"{}\"}}", "x".repeat(100));
    assert_eq!(with(("Policy", &long)).1, "PackedPolicyTooLarge");
    for role in
        ["arn:aws:iam::123456789012:role/none", &sts.role_arn("web"), "arn:aws:iam::210987654321:role/demo"]
    {
        assert_eq!(
            call(&sts, &alice, "AssumeRole", &assume(role, &[])).code(),
            (403, "AccessDenied"),
            "{role}"
        );
    }
    let user = sts.user_arn();
    assert_eq!(call(&sts, &alice, "AssumeRole", &assume(&user, &[])).code(), (400, "ValidationError"));
    let name = call(&sts, &alice, "AssumeRole", &[("RoleArn", &role), ("RoleSessionName", "a b")]);
    assert_eq!(
        name.text("Message"),
        "1 validation error detected: Value &#39;a b&#39; at &#39;roleSessionName&#39; failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    );
}

#[test]
fn operations_that_sessions_may_not_call() {
    let sts = Server::start();
    let (alice, role) = (alice(&sts), sts.role_arn("demo"));
    let assumed = call(&sts, &alice, "AssumeRole", &assume(&role, &[])).keys();
    let federated = call(&sts, &alice, "GetFederationToken", &[("Name", "bob")]).keys();
    let session = call(&sts, &alice, "GetSessionToken", &[]).keys();
    for keys in [&assumed, &federated, &session] {
        let reply = call(&sts, keys, "GetFederationToken", &[("Name", "bob")]);
        assert_eq!(reply.code(), (403, "AccessDenied"));
        assert_eq!(reply.text("Message"), "Cannot call GetFederationToken with session credentials");
        assert_eq!(call(&sts, keys, "GetSessionToken", &[]).code(), (403, "AccessDenied"));
        assert_eq!(call(&sts, keys, "GetCallerIdentity", &[]).status, 200);
    }
    assert_eq!(call(&sts, &assumed, "AssumeRole", &assume(&role, &[])).status, 200);
    let long = assume(&role, &[("DurationSeconds", "3601")]);
    assert_eq!(call(&sts, &assumed, "AssumeRole", &long).code(), (400, "ValidationError"));
    assert_eq!(call(&sts, &session, "AssumeRole", &long).status, 200);
    assert_eq!(call(&sts, &federated, "AssumeRole", &assume(&role, &[])).code(), (403, "AccessDenied"));
    assert_eq!(
        call(&sts, &session, "GetAccessKeyInfo", &[("AccessKeyId", &alice.id)]).code(),
        (403, "AccessDenied")
    );
    let me = call(&sts, &federated, "GetCallerIdentity", &[]);
    assert_eq!(me.text("Arn"), "arn:aws:sts::123456789012:federated-user/bob");
    assert_eq!(call(&sts, &session, "GetCallerIdentity", &[]).text("Arn"), sts.user_arn());
}

#[test]
fn unsigned_federation() {
    let sts = Server::start();
    let (web, saml, provider) = (sts.role_arn("web"), sts.role_arn("saml"), sts.saml_provider_arn());
    let by_token = |token: &str| {
        call_unsigned(&sts, "AssumeRoleWithWebIdentity", &assume(&web, &[("WebIdentityToken", token)]))
    };
    let reply = by_token(&sts.web_identity_token("bob"));
    assert_eq!(reply.text("SubjectFromWebIdentityToken"), "bob");
    let me = call(&sts, &reply.keys(), "GetCallerIdentity", &[]);
    assert_eq!(me.text("Arn"), "arn:aws:sts::123456789012:assumed-role/web/build-42");
    assert_eq!(by_token(&sts.expired_web_identity_token("bob")).code(), (400, "ExpiredTokenException"));
    assert_eq!(by_token("a.b.c").code(), (400, "InvalidIdentityToken"));
    let made = call(
        &sts,
        &alice(&sts),
        "GetWebIdentityToken",
        &[("Audience.member.1", "a"), ("SigningAlgorithm", "RS256")],
    );
    assert_eq!(by_token(made.text("WebIdentityToken")).text("SubjectFromWebIdentityToken"), sts.user_arn());
    let by_assertion = |assertion: &str, provider: &str| {
        let members = [("RoleArn", saml.as_str()), ("PrincipalArn", provider), ("SAMLAssertion", assertion)];
        call_unsigned(&sts, "AssumeRoleWithSAML", &members)
    };
    let reply = by_assertion(&sts.saml_assertion("bob"), &provider);
    assert_eq!((reply.text("Subject"), reply.text("SubjectType")), ("bob", "persistent"));
    let me = call(&sts, &reply.keys(), "GetCallerIdentity", &[]);
    assert_eq!(me.text("Arn"), "arn:aws:sts::123456789012:assumed-role/saml/bob");
    assert_eq!(
        by_assertion(&sts.expired_saml_assertion("bob"), &provider).code(),
        (400, "ExpiredTokenException")
    );
    let other = provider.replace("idp", "other");
    assert_eq!(by_assertion(&sts.saml_assertion("bob"), &other).code(), (403, "AccessDenied"));
    assert_eq!(by_assertion("abcd", &provider).code(), (400, "InvalidIdentityToken"));
}

#[test]
fn other_operations() {
    let sts = Server::builder().outbound_web_identity(false).start();
    let alice = alice(&sts);
    let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    let root = [("TargetPrincipal", "210987654321"), ("TaskPolicyArn.arn", task)];
    let keys = call(&sts, &alice, "AssumeRoot", &root).keys();
    assert_eq!(call(&sts, &keys, "GetCallerIdentity", &[]).text("Arn"), "arn:aws:iam::210987654321:root");
    for bad in [
        [("TargetPrincipal", "21098765432x"), root[1]],
        [root[0], ("TaskPolicyArn.arn", "arn:aws:iam::aws:policy/A")],
    ] {
        assert_eq!(call(&sts, &alice, "AssumeRoot", &bad).code(), (400, "ValidationError"));
    }
    let message = sts.authorization_message("{\"allowed\":false}");
    let decoded = call(&sts, &alice, "DecodeAuthorizationMessage", &[("EncodedMessage", &message)]);
    assert_eq!(decoded.text("DecodedMessage"), "{&quot;allowed&quot;:false}");
    let bad = call(&sts, &alice, "DecodeAuthorizationMessage", &[("EncodedMessage", "bad")]);
    assert_eq!(bad.code(), (400, "InvalidAuthorizationMessageException"));
    assert_eq!(
        call(&sts, &alice, "GetAccessKeyInfo", &[("AccessKeyId", &keys.id)]).text("Account"),
        "210987654321"
    );
    let unknown = [("AccessKeyId", "AKIANOSUCHKEY0000000")];
    assert_eq!(call(&sts, &alice, "GetAccessKeyInfo", &unknown).code(), (400, "ValidationError"));
    let traded = call(&sts, &alice, "GetDelegatedAccessToken", &[("TradeInToken", &sts.trade_in_token())]);
    assert_eq!(traded.text("AssumedPrincipal"), sts.user_arn());
    assert_eq!(call(&sts, &traded.keys(), "GetCallerIdentity", &[]).text("Arn"), sts.user_arn());
    let stale = call(&sts, &alice, "GetDelegatedAccessToken", &[("TradeInToken", "stale")]);
    assert_eq!(stale.code(), (400, "ExpiredTradeInTokenException"));
    let token = [("Audience.member.1", "a"), ("SigningAlgorithm", "RS256")];
    let disabled = call(&sts, &alice, "GetWebIdentityToken", &token);
    assert_eq!(disabled.code(), (403, "OutboundWebIdentityFederationDisabledException"));
    let bob = sts.add_user("bob");
    let bob = Keys { id: bob.access_key_id, secret: bob.secret_access_key, token: None };
    assert_eq!(call(&sts, &bob, "GetCallerIdentity", &[]).text("Arn"), "arn:aws:iam::123456789012:user/bob");
}

#[test]
fn invalid_http_does_not_stop_the_server() {
    let sts = Server::start();
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        let mut stream = connect(&sts);
        stream.write_all(garbage.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(matches!(read(stream).status, 0 | 400));
    }
    let latin =
        head(&sts, "POST", "/?Action=%ff", &[("authorization", "AWS4-HMAC-SHA256 \u{e9}".into())], "");
    assert_eq!(send(&sts, &latin).code(), (400, "MalformedQueryString"));
    let latin = head(
        &sts,
        "GET",
        &format!("/?{}", form("GetCallerIdentity", &[])),
        &[("authorization", "AWS4-HMAC-SHA256 \u{e9}".into())],
        "",
    );
    assert_eq!(send(&sts, &latin).code(), (400, "IncompleteSignature"));
    let large = head(&sts, "POST", "/", &[], &"x".repeat((1 << 20) + 1));
    let reply = send(&sts, &large);
    // The response may be lost in the reset that follows the unread data.
    assert!(matches!(reply.code(), (413, "RequestEntityTooLarge") | (0, "")), "{}", reply.body);
    assert_eq!(call(&sts, &alice(&sts), "GetCallerIdentity", &[]).status, 200);
}

#[test]
fn responses_from_a_hook() {
    let sts = Server::start();
    sts.respond_with(|request| {
        assert_ne!(request.uri().path(), "/panic");
        (request.uri().path() == "/teapot").then(|| {
            let answer = Response::builder().status(418).header("x-amzn-requestid", "canned");
            answer.body(Bytes::from_static(b"short and stout")).unwrap()
        })
    });
    let reply = send(&sts, &head(&sts, "GET", "/teapot", &[], ""));
    assert_eq!((reply.status, reply.body.as_str()), (418, "short and stout"));
    assert_eq!(call(&sts, &alice(&sts), "GetCallerIdentity", &[]).status, 200);
    assert_eq!(send(&sts, &head(&sts, "GET", "/panic", &[], "")).status, 0);
    sts.respond_normally();
    assert_eq!(send(&sts, &head(&sts, "GET", "/teapot", &[], "")).code(), (400, "MissingAction"));
    let requests = sts.requests();
    assert_eq!(
        (requests[0].canned, requests[0].request_id.as_str(), requests[1].canned),
        (true, "canned", false)
    );
}

#[test]
fn connections_close() {
    let (sts, other) = (Server::start(), Server::start());
    let mut idle = connect(&sts);
    let mut ended = connect(&sts);
    let request = signed(&sts, &alice(&sts), "POST", "", &form("GetCallerIdentity", &[]), "us-east-1");
    for stream in [&mut idle, &mut ended] {
        stream.write_all(request.replace("connection: close", "connection: keep-alive").as_bytes()).unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
    }
    assert_eq!((sts.connections(), sts.connections_opened()), (2, 2));
    sts.close_connections();
    assert!(ended.read_to_end(&mut Vec::new()).is_ok());
    assert_eq!(call(&sts, &alice(&sts), "GetCallerIdentity", &[]).status, 200);
    let mut silent = connect(&sts);
    silent.write_all(b"POST / HTTP/1.1\r\n").unwrap();
    let (address, begin) = (sts.address(), Instant::now());
    drop(sts);
    assert!(begin.elapsed() < std::time::Duration::from_secs(60));
    let _ = silent.read_to_end(&mut Vec::new());
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(call(&other, &alice(&other), "GetCallerIdentity", &[]).status, 200);
}

#[test]
fn starts_and_stops_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let sts = Server::start();
        assert_eq!(call(&sts, &alice(&sts), "GetCallerIdentity", &[]).status, 200);
    });
}
