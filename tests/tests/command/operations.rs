//! All operations, with members as flags and as JSON.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use sts_tests::eleven::ACTIONS;

use super::program::{World, end, end_with_input, printed};

/// The commands of all operations, each with something that the server grants.
fn granted(world: &World) -> Vec<(Vec<String>, &'static str, &'static [&'static str])> {
    let sts = &world.sts;
    let demo = sts.role_arn("demo");
    let file = |name: &str, text: String| format!("file://{}", world.home.write(name, text).display());
    let token = file("token.jwt", sts.web_identity_token("bob"));
    let assertion = file("assertion", sts.saml_assertion("bob"));
    let trade_in = file("trade-in", sts.trade_in_token());
    let code = file("code", format!("{}\n", sts.mfa_code()));
    let message = sts.authorization_message(r#"{"b":{"allowed":false},"a":[]}"#);
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let keys = &["Credentials"][..];
    vec![
        (words("get-caller-identity"), "GetCallerIdentity", &["UserId", "Account", "Arn"]),
        (
            words(&format!(
                "assume-role --role-arn {demo} --role-session-name build-42 --duration-seconds 900 --tags team=a=b \
                 Key=stage,Value=x --transitive-tag-keys team --external-id x-42 --policy-arns arn:aws:iam::aws:policy/A"
            )),
            "AssumeRole",
            &["Credentials", "AssumedRoleUser"],
        ),
        (
            words(&format!(
                "assume-role-with-saml --role-arn {} --principal-arn {} --saml-assertion {assertion}",
                sts.role_arn("saml"),
                sts.saml_provider_arn()
            )),
            "AssumeRoleWithSAML",
            keys,
        ),
        (
            words(&format!(
                "assume-role-with-web-identity --role-arn {} --role-session-name bob --web-identity-token {token}",
                sts.role_arn("web")
            )),
            "AssumeRoleWithWebIdentity",
            keys,
        ),
        (
            words(&format!(
                "assume-root --target-principal {} --task-policy-arn \
                 arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
                sts.account()
            )),
            "AssumeRoot",
            keys,
        ),
        (
            words(&format!("decode-authorization-message --encoded-message {message}")),
            "DecodeAuthorizationMessage",
            &["b", "a"],
        ),
        (
            words(&format!("get-access-key-info --access-key-id {}", sts.access_key_id())),
            "GetAccessKeyInfo",
            &["Account"],
        ),
        (
            words(&format!("get-delegated-access-token --trade-in-token {trade_in}")),
            "GetDelegatedAccessToken",
            keys,
        ),
        (words("get-federation-token --name carol --duration-seconds 900"), "GetFederationToken", keys),
        (
            words(&format!("get-session-token --serial-number {} --token-code {code}", sts.mfa_serial())),
            "GetSessionToken",
            keys,
        ),
        (
            words(
                "get-web-identity-token --audience https://a.example https://b.example --signing-algorithm ES384",
            ),
            "GetWebIdentityToken",
            &["WebIdentityToken", "Expiration"],
        ),
    ]
}

#[test]
fn all_eleven() {
    let Some(world) = World::new() else { return };
    let granted = granted(&world);
    assert_eq!(granted.iter().map(|(_, action, _)| *action).collect::<Vec<_>>(), ACTIONS);
    for (arguments, action, members) in granted {
        world.sts.forget_requests();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let told = world.prints(&arguments);
        let answer: Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{action}: {told}"));
        assert!(members.iter().all(|member| answer.get(member).is_some()), "{action}: {told}");
        assert!(!told.contains("[redacted]") && !told.contains("null"), "{action}: {told}");
        let arrival = world.sts.requests().pop().expect("a request");
        assert_eq!(arrival.action.as_deref(), Some(action));
    }
}

#[test]
fn flags_become_members() {
    let Some(world) = World::new() else { return };
    let (arguments, ..) = granted(&world).swap_remove(1);
    world.prints(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let form = world.sts.requests()[0].form.clone();
    let demo = world.sts.role_arn("demo");
    let expected: BTreeMap<String, String> = [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", &demo),
        ("RoleSessionName", "build-42"),
        ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/A"),
        ("DurationSeconds", "900"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a=b"),
        ("Tags.member.2.Key", "stage"),
        ("Tags.member.2.Value", "x"),
        ("TransitiveTagKeys.member.1", "team"),
        ("ExternalId", "x-42"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    assert_eq!(form, expected);
}

#[test]
fn members_from_standard_input() {
    let Some(world) = World::new() else { return };
    let input = json!({
        "RoleSessionName": "from-json",
        "RoleArn": world.sts.role_arn("demo"),
        "Policy": {"Version": "2012-10-17", "Statement": []},
        "Tags": [{"Key": "team", "Value": "a"}],
    });
    let command =
        world.sts(&["assume-role", "--input", "-", "--duration-seconds", "900", "--tags", "stage=b"]);
    let (status, _, errors) = end_with_input(command, &input.to_string());
    assert_eq!(status, Some(0), "{errors}");
    let form = world.sts.requests()[0].form.clone();
    assert_eq!(form["RoleSessionName"], "from-json");
    assert_eq!(form["DurationSeconds"], "900");
    assert_eq!(form["Tags.member.1.Key"], "stage", "flags override it");
    let policy: Value = serde_json::from_str(&form["Policy"]).unwrap();
    assert_eq!(policy, input["Policy"]);
    let token = world.sts.web_identity_token("bob");
    let role = world.sts.role_arn("web");
    let arguments = [
        "assume-role-with-web-identity",
        "--role-arn",
        &role,
        "--role-session-name",
        "bob",
        "--web-identity-token",
        "-",
    ];
    let (status, _, errors) = end_with_input(world.without_keys(&arguments), &token);
    assert_eq!(status, Some(0), "{errors}");
    for (input, problem) in [
        ("", "it is no JSON"),
        (&" ".repeat(300 * 1024), "it is longer than 256 KiB"),
        (r#"{"Role": "x"}"#, "there is no member \"Role\"; there are: RoleArn, "),
        (r#"{"RoleArn": "x"}"#, "RoleSessionName is missing"),
    ] {
        let (status, told, errors) = end_with_input(world.sts(&["assume-role", "--input", "-"]), input);
        assert_eq!((status, told.as_str()), (Some(2), ""));
        assert!(errors.contains(problem), "{errors}");
    }
}

#[test]
fn what_is_secret_is_no_argument() {
    let Some(world) = World::new() else { return };
    let arguments = [
        "assume-role-with-web-identity",
        "--role-arn",
        "r",
        "--role-session-name",
        "s",
        "--web-identity-token",
        "PLANTED",
    ];
    let (status, told, errors) = end(world.sts(&arguments));
    assert_eq!((status, told.as_str()), (Some(2), ""));
    assert!(errors.contains("list of processes") && !errors.contains("PLANTED"), "{errors}");
}

/// It works once.
#[test]
fn a_code_may_be_an_argument() {
    let Some(world) = World::new() else { return };
    let (serial, code) = (world.sts.mfa_serial(), world.sts.mfa_code());
    printed(world.sts(&["get-session-token", "--serial-number", &serial, "--token-code", code]));
    assert_eq!(world.sts.requests()[0].form["TokenCode"], code);
}

/// As the AWS CLI takes it.
#[test]
fn a_list_may_be_json() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    let tags = r#"[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]"#;
    printed(world.sts(&["assume-role", "--role-arn", &role, "--role-session-name", "s1", "--tags", tags]));
    let form = world.sts.requests()[0].form.clone();
    assert_eq!((&*form["Tags.member.1.Key"], &*form["Tags.member.2.Value"]), ("a", ""));
}

#[test]
fn json_and_a_table_of_the_same_answer() {
    let Some(world) = World::new() else { return };
    world.sts.respond_with(|_| Some(http::Response::new(Bytes::from_static(ANSWER.as_bytes()))));
    let arguments = ["assume-role", "--role-arn", "r", "--role-session-name", "s"];
    let json = r#"{
  "Credentials": {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "a/b+c",
    "SessionToken": "t==",
    "Expiration": "2030-01-31T12:00:00Z"
  },
  "AssumedRoleUser": {
    "AssumedRoleId": "AROAEXAMPLE:s",
    "Arn": "arn:aws:sts::123456789012:assumed-role/demo/s"
  },
  "PackedPolicySize": 6
}
"#;
    assert_eq!(world.prints(&arguments), json);
    let table = "\
Credentials.AccessKeyId        ASIAEXAMPLE
Credentials.SecretAccessKey    a/b+c
Credentials.SessionToken       t==
Credentials.Expiration         2030-01-31T12:00:00Z
AssumedRoleUser.AssumedRoleId  AROAEXAMPLE:s
AssumedRoleUser.Arn            arn:aws:sts::123456789012:assumed-role/demo/s
PackedPolicySize               6
";
    assert_eq!(world.prints(&[&arguments[..], &["--output", "table"]].concat()), table);
}

const ANSWER: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>\
    <SecretAccessKey>a/b+c</SecretAccessKey><SessionToken>t==</SessionToken>\
    <Expiration>2030-01-31T12:00:00Z</Expiration></Credentials><AssumedRoleUser>\
    <AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/demo/s</Arn>\
    </AssumedRoleUser><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>";

#[test]
fn an_authorization_message_is_printed_as_the_document_that_it_is() {
    let Some(world) = World::new() else { return };
    let message = world.sts.authorization_message(r#"{"b":{"allowed":false},"a":[1]}"#);
    let decoded = world.prints(&["decode-authorization-message", "--encoded-message", &message]);
    assert_eq!(decoded, "{\n  \"b\": {\n    \"allowed\": false\n  },\n  \"a\": [\n    1\n  ]\n}\n");
    let message = world.sts.authorization_message("no json");
    assert_eq!(world.prints(&["decode-authorization-message", "--encoded-message", &message]), "no json\n");
}

#[test]
fn operations_that_are_sent_unsigned_need_no_credentials() {
    let Some(world) = World::new() else { return };
    let (arguments, ..) = granted(&world).swap_remove(3);
    let told = printed(world.without_keys(&arguments.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(told.contains("AccessKeyId"), "{told}");
    assert!(!world.sts.requests()[0].headers.contains_key("authorization"));
}
