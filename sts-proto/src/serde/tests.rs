use std::time::{Duration, SystemTime};

use serde_json::json;

use super::Exposed;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::operations::{
    AssumeRole, AssumeRoleWithSaml, GetSessionToken, GetWebIdentityToken, GetWebIdentityTokenOutput,
};
use crate::secret::Secret;

fn role() -> AssumeRole {
    AssumeRole::new("arn", "name")
        .duration_seconds(900)
        .tags([("a", "b")])
        .policy_arns(["p"])
        .token_code("planted")
        .minimum_session_token_size(8)
}

#[test]
fn an_input_has_the_names_of_the_wire() {
    let expected = json!({
        "RoleArn": "arn",
        "RoleSessionName": "name",
        "PolicyArns": [{"arn": "p"}],
        "DurationSeconds": 900,
        "Tags": [{"Key": "a", "Value": "b"}],
        "TokenCode": "planted",
        "MinimumSessionTokenSize": 8,
    });
    assert_eq!(serde_json::to_value(Exposed(&role())).unwrap(), expected);
    assert_eq!(serde_json::from_value::<AssumeRole>(expected.clone()).unwrap(), role());
    let mut redacted = expected;
    redacted["TokenCode"] = "[redacted]".into();
    assert_eq!(serde_json::to_value(role()).unwrap(), redacted);
    // Null is absent.
    let session: GetSessionToken = serde_json::from_str(r#"{"TokenCode": null}"#).unwrap();
    assert_eq!(session, GetSessionToken::new());
    let saml = AssumeRoleWithSaml::new("r", "p", "planted");
    assert!(!serde_json::to_string(&saml).unwrap().contains("planted"));
}

#[test]
fn what_is_no_such_input_is_refused_and_not_quoted() {
    for (text, problem) in [
        ("7", "it has to be a structure"),
        (r#"{"RoleArn": "a"}"#, "RoleSessionName is missing"),
        (r#"{"RoleArn": 7, "RoleSessionName": "n"}"#, "RoleArn: it has to be a text"),
        (r#"{"RoleArn": "a", "RoleSessionName": "n", "RoleARN": "b"}"#, "there is no member \"RoleARN\""),
        (r#"{"RoleArn": "a", "RoleSessionName": "n", "DurationSeconds": -1}"#, "from 0 to 4294967295"),
        (
            r#"{"RoleArn": "a", "RoleSessionName": "n", "DurationSeconds": "900"}"#,
            "DurationSeconds: it has to be",
        ),
        (
            r#"{"RoleArn": "a", "RoleSessionName": "n", "DurationSeconds": 900.5}"#,
            "DurationSeconds: it has to be",
        ),
        (
            r#"{"RoleArn": "a", "RoleSessionName": "n", "DurationSeconds": 900.0}"#,
            "DurationSeconds: it has to be",
        ),
        (r#"{"RoleArn": "a", "RoleSessionName": 1.5}"#, "RoleSessionName: it has to be a text"),
        (
            r#"{"RoleArn": "a", "RoleSessionName": 18446744073709551615}"#,
            "RoleSessionName: it has to be a text",
        ),
        (r#"{"RoleArn": "a", "RoleSessionName": "n", "TokenCode": 1e300}"#, "TokenCode: it has to be a text"),
        (r#"{"RoleArn": "a", "RoleSessionName": "n", "Tags": [{"Key": "k"}]}"#, "Tags: Value is missing"),
        (r#"{"RoleArn": "a", "RoleArn": "b", "RoleSessionName": "n"}"#, "\"RoleArn\" is there twice"),
        (
            r#"{"RoleArn": "a", "RoleSessionName": "n", "TokenCode": "[redacted]"}"#,
            "TokenCode: it has to be a text, and",
        ),
        (
            r#"{"RoleArn": "a", "RoleSessionName": "n", "TokenCode": {"planted": 1}}"#,
            "TokenCode: it has to be a text",
        ),
    ] {
        let error = serde_json::from_str::<AssumeRole>(text).unwrap_err().to_string();
        assert!(error.contains(problem) && !error.contains("planted"), "{text}: {error}");
    }
}

/// Looking for a member that is there twice takes a time that its number bounds.
#[test]
fn so_many_members_are_no_input() {
    let of = |count: u32| (0..count).map(|number| (number.to_string(), number.into())).collect();
    for (count, problem) in [(128, "RoleArn is missing"), (129, "more than 128 members")] {
        let error = serde_json::from_value::<AssumeRole>(serde_json::Value::Object(of(count))).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

crate::input! {
    /// One member for each type of numbers.
    pub struct Numbers {
        short: u16 = "Short",
        long: u32 = "Long",
        large: u64 = "Large",
        signed: i64 = "Signed",
    }
}

#[test]
fn numbers_are_read_by_one_rule_whatever_their_size() {
    let largest = Numbers::new(u16::MAX, u32::MAX, u64::MAX, i64::MIN);
    let text =
        r#"{"Short":65535,"Long":4294967295,"Large":18446744073709551615,"Signed":-9223372036854775808}"#;
    assert_eq!(serde_json::to_string(&largest).unwrap(), text);
    assert_eq!(serde_json::from_str::<Numbers>(text).unwrap(), largest);
    let fits = serde_json::to_value(Numbers::new(1, 1, 1, 1)).unwrap();
    for name in ["Short", "Long", "Large", "Signed"] {
        for wrong in [json!("1"), json!(1.0), json!(true), json!([1])] {
            let mut with = fits.clone();
            with[name] = wrong;
            let error = serde_json::from_value::<Numbers>(with).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: it has to be a whole number from ")), "{error}");
        }
    }
    for (name, wrong) in
        [("Short", json!(65536)), ("Long", json!(-1)), ("Large", json!(-1)), ("Signed", json!(u64::MAX))]
    {
        let mut with = fits.clone();
        with[name] = wrong;
        assert!(serde_json::from_value::<Numbers>(with).is_err(), "{name}");
    }
}

#[test]
fn members_that_were_read_are_not_shown() {
    let read = serde_json::from_str(r#"{"TokenCode": "planted"}"#).unwrap();
    assert_eq!(format!("{:?}", super::Members::new(read).unwrap()), "[\"TokenCode\"]");
}

#[test]
fn outputs_and_credentials_are_read_as_they_were_written() {
    let body = "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken>planted</WebIdentityToken>\
                <Expiration>2030-01-31T12:00:00.5Z</Expiration></GetWebIdentityTokenResult>\
                </GetWebIdentityTokenResponse>";
    let mut output = GetWebIdentityToken::parse(&http::Response::new(body.as_bytes())).unwrap();
    output.metadata = Default::default();
    let written = serde_json::to_value(Exposed(&output)).unwrap();
    assert_eq!(written, json!({"WebIdentityToken": "planted", "Expiration": "2030-01-31T12:00:00.5Z"}));
    let mut more = written;
    more["Other"] = json!([1.5, null, {"a": true}]);
    assert_eq!(serde_json::from_value::<GetWebIdentityTokenOutput>(more).unwrap(), output);

    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    let keys = Credentials::new("AKID", "planted");
    for keys in
        [keys.clone(), keys.with_session_token("planted").with_expiration(end).with_account_id("0123")]
    {
        let kept = serde_json::to_string(&Exposed(&keys)).unwrap();
        assert_eq!(serde_json::from_str::<Credentials>(&kept).unwrap(), keys);
        let logged = serde_json::to_string(&keys).unwrap();
        assert!(logged.contains("AKID") && !logged.contains("planted"), "{logged}");
        assert!(serde_json::from_str::<Credentials>(&logged).is_err());
    }
    assert_eq!(serde_json::to_string(&Secret::from("planted")).unwrap(), "\"[redacted]\"");
}
