//! Providers that assume roles by way of a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sts_proto::operations::AssumeRole;
use sts_tests::driver::through_both;
use sts_tests::home::Home;
use sts_tests::peer::{IDENTITY, Peer, answer};
use sts_tests::provider::WebIdentity;

use super::{call, keys, setup};

/// Gives a session for each role: that of `ARN/role/a` has the access key `SESSIONA`.
fn gives_roles() -> Peer {
    Peer::new(|request| {
        let body = std::str::from_utf8(request.body()).unwrap();
        let Some((_, rest)) = body.split_once("role%2F") else { return answer(200, IDENTITY) };
        if rest.starts_with("refused") {
            return answer(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
        }
        let (web, id) = (body.contains("WebIdentity"), rest.chars().next().unwrap().to_uppercase());
        let action = if web { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
        let body = format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>SESSION{id}</AccessKeyId>\
             <SecretAccessKey>planted-secret</SecretAccessKey><SessionToken>planted-token</SessionToken>\
             <Expiration>2090-01-31T12:00:00Z</Expiration></Credentials><AssumedRoleUser>\
             <Arn>arn:aws:sts::0123:assumed-role/a/b</Arn></AssumedRoleUser></{action}Result></{action}Response>"
        );
        answer(200, body)
    })
}

#[test]
fn a_role_is_assumed_by_way_of_another() {
    through_both(|make| {
        let peer = gives_roles();
        let sts = make(&setup(&peer).provider(keys("BASE", 3600))).unwrap();
        let role = |name: &str| AssumeRole::new(format!("arn:aws:iam::0123:role/{name}"), "session");
        let hub = sts.with_provider(sts.assumes(role("a").external_id("x-1")));
        let leaf = hub.with_provider(hub.assumes(role("b")));
        for _ in 0..3 {
            call(&leaf).unwrap();
        }
        assert_eq!(peer.signers(), ["BASE", "SESSIONA", "SESSIONB", "SESSIONB", "SESSIONB"]);
        assert_eq!(leaf.credentials().unwrap().account_id.as_deref(), Some("0123"));
        let refused = sts.with_provider(hub.assumes(role("refused")));
        let error = call(&refused).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.starts_with("no credentials from the role arn:aws:iam::0123:role/refused: "),
            "{shown}"
        );
        assert!(shown.contains("AccessDenied"), "{shown}");
    });
}

#[test]
fn the_code_of_a_device_is_asked_for_once_a_session() {
    through_both(|make| {
        let peer = gives_roles();
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = {
            let asked = Arc::clone(&asked);
            move |serial: &str| {
                asked.fetch_add(1, Ordering::SeqCst);
                (serial == "arn:mfa").then(|| "123456\n".into())
            }
        };
        let sts = make(&setup(&peer).provider(keys("BASE", 3600)).mfa_code(ask)).unwrap();
        let role = |name: &str| AssumeRole::new(format!("arn:aws:iam::0123:role/{name}"), "session");
        let in_role = sts.with_provider(sts.assumes(role("a").serial_number("arn:mfa")));
        for _ in 0..3 {
            call(&in_role).unwrap();
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert!(
            peer.bodies()[0].ends_with("&SerialNumber=arn%3Amfa&TokenCode=123456"),
            "{:?}",
            peer.bodies()
        );
        assert_eq!(peer.signers(), ["BASE", "SESSIONA", "SESSIONA", "SESSIONA"]);
        // A code that is given is not asked for.
        let given = role("a").serial_number("arn:mfa").token_code("654321");
        call(&sts.with_provider(sts.assumes(given))).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        // No code, and nothing to ask with: nothing is sent.
        let sent = peer.bodies().len();
        let other = sts.with_provider(sts.assumes(role("a").serial_number("other")));
        let error = call(&other).unwrap_err().to_string();
        assert!(error.contains("the mfa device other: no code was given"), "{error}");
        let silent = make(&setup(&peer).provider(keys("BASE", 3600))).unwrap();
        let silent = silent.with_provider(silent.assumes(role("a").serial_number("arn:mfa")));
        let error = call(&silent).unwrap_err().to_string();
        assert_eq!(
            error,
            "no credentials from the mfa device: the role needs the code of the mfa device arn:mfa: the client has \
             no way to ask for it; set mfa_code when building the client"
        );
        assert_eq!(peer.bodies().len(), sent);
    });
}

/// A code is good for one request: the service counts a second one as wrong.
#[test]
fn a_code_is_sent_once() {
    through_both(|make| {
        for refusal in [503, 403] {
            let peer = Peer::new(move |_| {
                answer(refusal, "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>")
            });
            let setup = setup(&peer).provider(keys("BASE", 3600)).mfa_code(|_| Some("123456".into()));
            let sts = make(&setup).unwrap();
            let role = AssumeRole::new("arn:aws:iam::0123:role/a", "session").serial_number("arn:mfa");
            sts.assumes(role).credentials(&sts).unwrap_err();
            assert_eq!(peer.bodies().len(), 1, "{refusal}");
        }
    });
}

#[test]
fn tokens_are_read_from_their_file_each_time() {
    through_both(|make| {
        let (peer, home) = (gives_roles(), Home::new());
        let file = home.path("token");
        let sts = make(&setup(&peer)).unwrap();
        let web = sts.assumes_with(&WebIdentity {
            role_arn: "arn:aws:iam::0123:role/web",
            token_file: file.clone(),
            session_name: "build-42",
            duration_seconds: 900,
        });
        let error = web.credentials(&sts).unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
        for token in ["first", "second"] {
            home.write("token", format!("{token}\n"));
            assert_eq!(web.credentials(&sts).unwrap().access_key_id, "SESSIONW");
        }
        let bodies = peer.bodies();
        assert!(
            bodies[0].contains("WebIdentityToken=first") && bodies[1].contains("WebIdentityToken=second")
        );
        assert!(bodies[0].contains("RoleSessionName=build-42") && bodies[0].contains("DurationSeconds=900"));
    });
}
