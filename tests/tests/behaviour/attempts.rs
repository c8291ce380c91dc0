//! What the hook of a client is told of the attempts of its calls.

use std::sync::{Arc, Mutex};

use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, RetryClass, Settings, TransportErrorKind};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{IDENTITY, Peer, answer};

/// Operation, host, number, status, request id, error and class, and whether another attempt follows.
type Told = (&'static str, String, u32, Option<u16>, Option<String>, Option<(String, RetryClass)>, bool);

const HOST: &str = "sts.eu-west-1.amazonaws.com";
const THROTTLED: &str =
    "<ErrorResponse><Error><Code>Throttling</Code></Error><RequestId>r-2</RequestId></ErrorResponse>";
const DENIED: &str = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>planted-secret</Message></Error>\
    <RequestId>planted-secret</RequestId></ErrorResponse>";

#[test]
fn each_attempt_is_told_with_how_it_ended() {
    through_both(|make| {
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let teller = Arc::clone(&told);
        let number = Mutex::new(0);
        let peer = Peer::new(move |request| {
            let mut number = number.lock().unwrap();
            *number += 1;
            match *number {
                1 => Err(TransportErrorKind::Refused.into()),
                2 => answer(400, THROTTLED),
                3 => {
                    let id =
                        IDENTITY.replace("</GetCallerIdentityResponse>", "<ResponseMetadata><RequestId>r-3");
                    answer(200, id + "</RequestId></ResponseMetadata></GetCallerIdentityResponse>")
                }
                _ if request.body().starts_with(b"Action=AssumeRole&") => answer(403, DENIED),
                _ => answer(500, ""),
            }
        });
        let keys = Credentials::new("AKIDEXAMPLE", "planted-secret");
        let settings = Settings::new().region("eu-west-1").credentials(keys);
        let setup = Setup::new(settings).transport(&peer).on_attempt(move |end| {
            let error = end.error_type.map(|error| (error.to_owned(), end.class.unwrap()));
            let id = end.request_id.map(str::to_owned);
            assert!(end.took.as_secs() < 60);
            teller.lock().unwrap().push((
                end.operation,
                end.host.to_owned(),
                end.number,
                end.status,
                id,
                error,
                end.wait.is_some(),
            ));
        });
        let sts = make(&setup).unwrap();
        sts.send(GetCallerIdentity::new()).unwrap();
        let row = |number, status, id: Option<&str>, error: Option<(&str, RetryClass)>, again| {
            let error = error.map(|(error, class)| (error.to_owned(), class));
            ("GetCallerIdentity", HOST.to_owned(), number, status, id.map(str::to_owned), error, again)
        };
        let expected = [
            row(1, None, None, Some(("refused", RetryClass::Transient)), true),
            row(2, Some(400), Some("r-2"), Some(("Throttling", RetryClass::Throttling)), true),
            row(3, Some(200), Some("r-3"), None, false),
        ];
        assert_eq!(*told.lock().unwrap(), expected);

        // The call of a provider is one more, and no secret is told.
        told.lock().unwrap().clear();
        let role = AssumeRole::new("arn:aws:iam::123456789012:role/demo", "s");
        let in_role = sts.with_provider(sts.assumes(role));
        in_role.send(GetCallerIdentity::new()).unwrap_err();
        let error = Some(("AccessDenied".to_owned(), RetryClass::Never));
        let withheld = Some("[redacted]".to_owned());
        assert_eq!(
            *told.lock().unwrap(),
            [("AssumeRole", HOST.to_owned(), 1, Some(403), withheld, error, false)]
        );
    });
}
