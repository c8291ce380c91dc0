//! What one call has otherwise than the client: its region, and how often it is tried.

use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, Error, Settings};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{IDENTITY, Peer, answer};

fn settings() -> Settings {
    Settings::new().region("eu-west-1").credentials(Credentials::new("AKIDEXAMPLE", "planted-secret"))
}

#[test]
fn another_region_is_called_and_signed_for() {
    through_both(|make| {
        let peer = Peer::sts();
        let sts = make(&Setup::new(settings()).transport(&peer)).unwrap();
        let there = sts.with_region("us-gov-west-1");
        assert_eq!((sts.region(), there.region()), (Some("eu-west-1"), Some("us-gov-west-1")));
        for (sts, region) in [(&sts, "eu-west-1"), (&there, "us-gov-west-1"), (&sts, "eu-west-1")] {
            peer.forget();
            sts.send(GetCallerIdentity::new()).unwrap();
            let request = &peer.requests()[0];
            assert_eq!(request.uri().host(), Some(&*format!("sts.{region}.amazonaws.com")));
            let signed = request.headers()["authorization"].to_str().unwrap();
            assert!(signed.contains(&format!("/{region}/sts/aws4_request")), "{signed}");
        }
        // Where the endpoint is given, it stays.
        let url = Settings::endpoint_url(settings(), "http://sts.example");
        let there = make(&Setup::new(url).transport(&peer)).unwrap().with_region("eu-north-1");
        peer.forget();
        there.send(GetCallerIdentity::new()).unwrap();
        assert_eq!(peer.requests()[0].uri().host(), Some("sts.example"));
        // What is no region is an error of the call.
        let nowhere = sts.with_region("no region");
        assert!(matches!(nowhere.send(GetCallerIdentity::new()), Err(Error::Endpoint(_))));
    });
}

#[test]
fn another_region_has_the_same_credentials() {
    through_both(|make| {
        let session = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>\
            <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2226-01-01T00:00:00Z</Expiration>\
            </Credentials></AssumeRoleResult></AssumeRoleResponse>";
        let peer = Peer::new(move |request| {
            let begins = request.body().starts_with(b"Action=AssumeRole&");
            answer(200, if begins { session } else { IDENTITY })
        });
        let sts = make(&Setup::new(settings()).transport(&peer)).unwrap();
        let role = sts.assumes(AssumeRole::new("arn:aws:iam::123456789012:role/demo", "s"));
        let in_role = sts.with_provider(role);
        for sts in [in_role.with_region("eu-north-1"), in_role.clone(), in_role.with_region("eu-south-1")] {
            sts.send(GetCallerIdentity::new()).unwrap();
        }
        let hosts = peer
            .requests()
            .iter()
            .map(|request| request.uri().host().unwrap().to_owned())
            .collect::<Vec<_>>();
        // The role is assumed once, where the client is.
        let expected = ["eu-west-1", "eu-north-1", "eu-west-1", "eu-south-1"];
        assert_eq!(hosts, expected.map(|region| format!("sts.{region}.amazonaws.com")));
        assert_eq!(peer.signers(), ["AKIDEXAMPLE", "ASIA", "ASIA", "ASIA"]);
    });
}

#[test]
fn a_call_is_tried_as_often_as_it_says() {
    through_both(|make| {
        let peer = Peer::new(|_| answer(500, ""));
        let sts = make(&Setup::new(settings()).transport(&peer)).unwrap();
        for (max, expected) in [(1, 1), (0, 1), (2, 2), (4, 4)] {
            peer.forget();
            let error = sts.with_max_attempts(max).send(GetCallerIdentity::new()).unwrap_err();
            assert_eq!((error.attempts(), peer.requests().len()), (expected, expected as usize));
        }
        peer.forget();
        assert_eq!(sts.send(GetCallerIdentity::new()).unwrap_err().attempts(), 3);
        // They pay from one quota.
        assert_eq!(sts.context().retry_quota(), 500 - 14 * 6);
    });
}
