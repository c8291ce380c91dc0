//! Providers that assume roles by way of a client.

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
