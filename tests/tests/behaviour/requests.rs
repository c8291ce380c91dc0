//! What is sent, and what is made of the answer.

use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::{Credentials, Error};
use sts_tests::driver::through_both;
use sts_tests::peer::{Peer, answer};

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

const ANSWER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId><Account>0123</Account>\
    <Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId>\
    </ResponseMetadata></GetCallerIdentityResponse>";
