//! Any bytes as the answer to any operation, with any status: parsing ends, and never panics.
//!
//! The first byte chooses the operation, the second the status; the rest is the body.

#![no_main]

use http::{Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use sts_proto::Operation;
use sts_proto::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage,
    GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken, GetFederationToken, GetSessionToken,
    GetWebIdentityToken,
};

fuzz_target!(|data: &[u8]| {
    let [operation, status, body @ ..] = data else { return };
    let parse = PARSERS[usize::from(*operation) % PARSERS.len()];
    parse(STATUSES[usize::from(*status) % STATUSES.len()], body);
});

const PARSERS: [fn(u16, &[u8]); 11] = [
    check::<GetCallerIdentity>,
    check::<AssumeRole>,
    check::<AssumeRoleWithSaml>,
    check::<AssumeRoleWithWebIdentity>,
    check::<AssumeRoot>,
    check::<DecodeAuthorizationMessage>,
    check::<GetAccessKeyInfo>,
    check::<GetDelegatedAccessToken>,
    check::<GetFederationToken>,
    check::<GetSessionToken>,
    check::<GetWebIdentityToken>,
];

const STATUSES: [u16; 5] = [200, 400, 403, 500, 302];

fn check<O: Operation>(status: u16, body: &[u8]) {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("the table holds statuses");
    match O::parse(&response) {
        Ok(_) => assert_eq!(status, 200, "a refusal is no success"),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 4096, "an error is one short line: {text:?}");
            assert!(error.metadata().is_some_and(|metadata| metadata.status().as_u16() == status));
            assert!(format!("{error:?}").len() < 64 * 1024, "debug is bounded");
        }
    }
}
