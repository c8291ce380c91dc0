//! Credentials and providers that are set in code.

use std::time::Duration;

use sts_proto::Presign;
use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::Peer;
use sts_tests::provider::Provider;

use super::{Asked, is_not_configured, keys, setup};

#[test]
fn of_credentials_and_providers_the_last_in_code_counts() {
    through_both(|make| {
        let peer = Peer::sts();
        let given = || setup(&peer).credentials(keys("GIVEN", 3600));
        let id = |setup: Setup| make(&setup).unwrap().credentials().map(|keys| keys.access_key_id);
        assert_eq!(id(given()).unwrap(), "GIVEN");
        assert_eq!(id(given().provider(keys("PROVIDED", 3600))).unwrap(), "PROVIDED");
        let provided = || setup(&peer).provider(keys("PROVIDED", 3600));
        assert_eq!(id(provided().credentials(keys("GIVEN", 3600))).unwrap(), "GIVEN");
        assert!(is_not_configured(&id(provided().without_credentials())));
        assert!(is_not_configured(&id(setup(&peer))));
        assert_eq!(id(provided().provider(keys("BOXED", 3600))).unwrap(), "BOXED");
        assert_eq!(id(provided().provider(Provider::from(keys("SHARED", 3600)).shared())).unwrap(), "SHARED");
        assert_eq!(id(setup(&peer).provider(&make(&given()).unwrap())).unwrap(), "GIVEN");
    });
}

#[test]
fn unsigned_calls_ask_no_provider_and_presigned_urls_do() {
    through_both(|make| {
        let (peer, asked) = (Peer::sts(), Asked::default());
        let provider = asked.provider(Duration::ZERO, |_| Ok(keys("KEY", 3600)));
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        let web = AssumeRoleWithWebIdentity::new("arn:aws:iam::0123:role/a", "b", "token");
        assert!(sts.send(web.clone()).is_err());
        let options = Presign::new(Duration::from_secs(60));
        sts.presign(&web, &options).unwrap();
        assert_eq!((asked.times(), peer.signers()), (0, vec![String::new()]));
        let request = sts.presign(&GetCallerIdentity::new(), &options).unwrap();
        assert!(request.uri().query().unwrap().contains("X-Amz-Credential=KEY%2F"));
        assert_eq!(asked.times(), 1);
        let without = make(&setup(&peer)).unwrap();
        assert!(is_not_configured(&without.presign(&GetCallerIdentity::new(), &options)));
    });
}
