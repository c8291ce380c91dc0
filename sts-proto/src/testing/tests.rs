//! What is written is what is read back, for outputs of any content.

use bytes::Bytes;
use http::Request;

use super::{Answer, Refusal, Sample, Service};
use crate::dialects::minio;
use crate::endpoint::{Endpoint, EndpointParams};
use crate::operation::{Operation, Output};
use crate::operations;
use crate::types::ProvidedContext;
use crate::wire::ToForm;

/// Numbers that look random and are the same each time (splitmix64).
fn source(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

fn request(action: &str) -> Request<Bytes> {
    Request::new(format!("Action={action}&Version=2011-06-15").into())
}

fn reads_back<O: Operation + ToForm>()
where
    O::Output: Output + Sample + Clone + PartialEq + std::fmt::Debug,
{
    let mut source = source(7);
    let mut others = 0;
    for _ in 0..ROUNDS {
        let output = O::Output::sample(&mut source);
        let service = Service::from([Answer::from(output.clone())]);
        let response = service.answer(request(O::ACTION)).unwrap();
        let read = O::parse(&response).unwrap_or_else(|error| panic!("{error}: {:?}", response.body()));
        assert_eq!(read, output);
        others += usize::from(O::Output::sample(&mut source) != output);
    }
    assert!(others > ROUNDS / 2, "samples of {} differ", O::ACTION);
}

macro_rules! each {
    (() $(
        $(#[$sentence:meta])*
        $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt
    )*) => {
        [$(reads_back::<operations::$operation> as fn()),*]
    };
}

#[test]
fn outputs_of_all_operations_are_read_as_they_were_made() {
    let each = crate::for_each_operation!(each);
    assert_eq!(each.len(), 11);
    each.into_iter().for_each(|reads_back| reads_back());
}

#[test]
fn refusals_are_read_as_they_were_made() {
    let mut source = source(11);
    for _ in 0..ROUNDS {
        let [code, message, id] = [0; 3].map(|_| String::sample(&mut source));
        let status = u16::try_from(400 + source(200)).unwrap();
        let error = Refusal::new(status, &code, &*message).request_id(&*id).while_calling("AssumeRole");
        let error = error.as_service_error().unwrap();
        let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        assert_eq!(error.wire_code().map(str::to_owned), filled(code));
        assert_eq!(error.message().map(str::to_owned), Some(message).filter(|text| !text.is_empty()));
        assert_eq!(error.metadata().request_id().map(str::to_owned), filled(id));
        assert_eq!((error.metadata().status().as_u16(), error.operation()), (status, "AssumeRole"));
    }
}

#[test]
fn what_no_document_holds_is_replaced() {
    let output = operations::DecodeAuthorizationMessageOutput::new("a\0b\u{ffff}c");
    let response = Service::from([output]).answer(request("DecodeAuthorizationMessage")).unwrap();
    let read = operations::DecodeAuthorizationMessage::parse(&response).unwrap();
    assert_eq!(read.decoded_message, "a\u{fffd}b\u{fffd}c");
}

#[test]
fn keys_of_an_answer_are_temporary() {
    let keys = crate::keys::Credentials::new("ASIA", "secret");
    let output = operations::GetSessionTokenOutput::new(&keys);
    assert!(output.credentials.session_token.is_some());
    assert_eq!(output.credentials.expiration_rfc3339().as_deref(), Some("2099-12-31T23:59:59Z"));
    let response = Service::from([output.clone()]).answer(request("GetSessionToken")).unwrap();
    assert_eq!(operations::GetSessionToken::parse(&response).unwrap(), output);
}

#[test]
fn secrets_of_other_servers_and_of_other_protocols_are_not_shown() {
    let params =
        EndpointParams { endpoint_url: Some("https://minio.example.net:9000"), ..Default::default() };
    let endpoint = Endpoint::resolve(&params).unwrap();
    let service = Service::new(|_| Refusal::new(403, "AccessDenied", "not you"));
    for request in [
        minio::AssumeRoleWithLdapIdentity::new("alice", "planted").to_request(&endpoint),
        minio::AssumeRoleWithCustomToken::new("planted", "arn").to_request(&endpoint),
        // AWS's action of this name has no access token.
        minio::AssumeRoleWithWebIdentity::new("planted")
            .web_identity_access_token("planted")
            .to_request(&endpoint),
        Request::new(r#"{"token": "planted=", "other": "&planted=planted"}"#.into()),
    ] {
        service.answer(request).unwrap();
    }
    let received = service.received();
    let [ldap, token, _, other] = &received[..] else { panic!("{received:?}") };
    assert_eq!(ldap.member("LDAPPassword"), Some("planted"));
    assert_eq!((token.operation(), token.member("Token")), ("AssumeRoleWithCustomToken", Some("planted")));
    assert_eq!((other.operation(), other.members().count()), ("", 0));
    let shown = format!("{service:?}");
    assert!(shown.contains("LDAPPassword") && shown.contains("WebIdentityAccessToken"), "{shown}");
    assert!(!shown.contains("planted"), "{shown}");
}

#[test]
fn a_secret_in_a_list_is_not_shown_and_what_is_beside_it_is() {
    let params = EndpointParams { region: Some("eu-west-1"), ..Default::default() };
    let endpoint = Endpoint::resolve(&params).unwrap();
    let service = Service::new(|_| Refusal::new(403, "AccessDenied", "not you"));
    let context = ProvidedContext::new().provider_arn("arn:provider").context_assertion("planted");
    let role =
        operations::AssumeRole::new("arn", "me").provided_contexts([context]).tags([("team", "payments")]);
    service.answer(role.to_request(&endpoint)).unwrap();
    // Names that end before the item of a list does.
    let body = "Action=AssumeRole&ProvidedContexts=planted&ProvidedContexts.member=planted&Tags=plain";
    service.answer(Request::new(body.into())).unwrap();
    let shown = format!("{service:?}");
    for text in ["plain", "ContextAssertion", "arn:provider", "team", "payments"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains("planted"), "{shown}");
}

const ROUNDS: usize = 300;
