//! What is sent, and what is made of the answer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::HeaderMap;
use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::proof::Eks;
use sts_proto::{Credentials, Error, Presign};
use sts_tests::driver::{Setup, through_both};
use sts_tests::exchange;
use sts_tests::peer::{Peer, answer};
use sts_tests::sts::Server;

use crate::credentials::setup;

#[test]
fn calls_go_out_signed_and_come_back_typed() {
    through_both(|make| {
        let peer = Peer::new(|_| answer(200, ANSWER));
        let sts = make(&setup(&peer).credentials(Credentials::new("AKID", "planted-secret"))).unwrap();
        let me = sts.send(GetCallerIdentity::new()).unwrap();
        assert_eq!((me.arn.as_str(), me.metadata.request_id()), ("arn:aws:iam::0123:user/a", Some("r-1")));
        sts.send(GetCallerIdentity::new()).unwrap();
        let web = AssumeRoleWithWebIdentity::new("arn", "me", "jwt");
        assert!(matches!(sts.send(web), Err(Error::Response(_))));

        let sent = peer.requests();
        let header = |index: usize, name: &str| sent[index].headers().get(name).cloned();
        assert!(header(0, "authorization").is_some() && header(2, "authorization").is_none());
        let product = format!("sts-{sts}/");
        assert!(header(0, "user-agent").unwrap().to_str().unwrap().starts_with(&product));
        assert!(header(0, "amz-sdk-invocation-id").is_some());
        assert_ne!(header(0, "amz-sdk-invocation-id"), header(1, "amz-sdk-invocation-id"));
    });
}

#[test]
fn a_preference_for_sigv4a_signs_calls_for_several_regions_and_proofs_for_one() {
    let server = Server::start();
    let variables = |preference: &str, regions: &str| {
        [
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT_URL_STS", server.url()),
            ("AWS_ACCESS_KEY_ID", server.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", server.secret_access_key().to_owned()),
            ("AWS_AUTH_SCHEME_PREFERENCE", preference.to_owned()),
            ("AWS_SIGV4A_SIGNING_REGION_SET", regions.to_owned()),
        ]
    };
    through_both(|make| {
        for (preference, regions, expected) in [
            ("sigv4a", "", Some("us-east-1")),
            (" sigv4a , sigv4", " us-east-1,, us-west-2 ", Some("us-east-1,us-west-2")),
            ("bearer,sigv4a", "*", Some("*")),
            ("sigv4,sigv4a", "*", None),
            ("SIGV4A", "*", None),
        ] {
            let sts = make(&Setup::of_environment(variables(preference, regions))).unwrap();
            assert!(sts.send(GetCallerIdentity::new()).unwrap().arn.ends_with("user/alice"), "{preference}");
            let signed = sts.sign(&GetCallerIdentity::new(), &HeaderMap::new()).unwrap();
            let set = signed.headers().get("x-amz-region-set").map(|set| set.to_str().unwrap());
            assert_eq!(set, expected, "{preference}");
            let url = sts
                .presign(&GetCallerIdentity::new(), &Presign::new(std::time::Duration::from_secs(60)))
                .unwrap()
                .uri()
                .to_string();
            assert_eq!(url.contains("X-Amz-Region-Set="), expected.is_some(), "{url}");
            let sent = exchange::send(&sts, http::Request::get(&url).body(Bytes::new()).unwrap()).unwrap();
            assert_eq!(sent.status(), 200, "{preference}");
            // Its reader expects a signature for the region.
            let proof = sts.prove(&Eks::new("demo")).unwrap().token;
            let url = proof.expose().strip_prefix("k8s-aws-v1.").unwrap();
            let url = String::from_utf8(URL_SAFE_NO_PAD.decode(url).unwrap()).unwrap();
            assert!(url.contains("X-Amz-Algorithm=AWS4-HMAC-SHA256&"), "{url}");
        }
    });
}

const ANSWER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId><Account>0123</Account>\
    <Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId>\
    </ResponseMetadata></GetCallerIdentityResponse>";
