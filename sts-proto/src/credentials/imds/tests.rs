use super::*;
use crate::credentials::testing::{Played, answer, failed, now, play};
use crate::flow::Direct;
use crate::settings::Env;
use crate::transport::{Phase, TransportErrorKind};

const HANGS: TransportErrorKind = TransportErrorKind::Timeout(Phase::Response);
const KEYS: &str = r#"{"Code":"Success","LastUpdated":"2023-11-14T22:00:00Z","Type":"AWS-HMAC","AccessKeyId":"AKID",
    "SecretAccessKey":"planted-s","Token":"planted-t","Expiration":"2023-11-15T04:00:00Z"}"#;
const EXPIRED: &str = r#"{"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"s","Token":"t",
    "Expiration":"2023-11-14T22:13:20Z"}"#;

fn config(variables: &[(&str, &str)]) -> Config {
    Config::new(&Env::from_iter(variables.iter().copied()), None).unwrap().unwrap()
}

fn asked(variables: &[(&str, &str)], events: impl IntoIterator<Item = Event>) -> Played<Option<Credentials>> {
    play(&mut InstanceMetadata::new(config(variables), 1), now(), events)
}

fn region(events: impl IntoIterator<Item = Event>) -> Played<Option<String>> {
    play(&mut super::Region::new(config(&[])), now(), events)
}

#[test]
fn token_role_keys() {
    let old = [answer(200, "tok=="), answer(404, ""), answer(200, "a+role name\n"), answer(200, KEYS)];
    let new = [answer(200, "tok=="), answer(200, "a+role name\n"), answer(200, KEYS)];
    let played = asked(&[], old);
    assert_eq!(
        played.requests(),
        [
            "PUT http://169.254.169.254/latest/api/token",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/a+role%20name",
        ]
    );
    assert_eq!(played.header(3, "x-aws-ec2-metadata-token"), Some("tok=="));
    let played = asked(&[], new);
    assert_eq!(
        played.requests(),
        [
            "PUT http://169.254.169.254/latest/api/token",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/a+role%20name",
        ]
    );
    assert_eq!(played.header(0, "x-aws-ec2-metadata-token-ttl-seconds"), Some("21600"));
    assert_eq!(played.header(0, "x-aws-ec2-metadata-token"), None);
    for index in [1, 2] {
        assert_eq!(played.header(index, "x-aws-ec2-metadata-token"), Some("tok=="));
        assert!(played.sent[index].0.headers()["x-aws-ec2-metadata-token"].is_sensitive());
    }
    assert!(played.sent.iter().all(|(request, _)| request.extensions().get::<Direct>().is_some()));
    let keys = played.result.unwrap().unwrap();
    assert_eq!((keys.access_key_id.as_str(), keys.secret_access_key.expose()), ("AKID", "planted-s"));
    assert_eq!(keys.session_token.unwrap().expose(), "planted-t");
    assert_eq!(keys.expiration, crate::wire::time::parse("2023-11-15T04:00:00Z"));
}

#[test]
fn a_token_that_is_echoed_is_not_taken_for_a_name() {
    const TOKEN: &str = "AQAEAplantedNjT0ken-with_more==";
    for name in
        [TOKEN, "role-AQAEAplantedNjT0ken-with_more", "AQAEAplantedNjT0k", "aqaeaplantednjt0ken-with-more"]
    {
        let played = asked(&[], [answer(200, TOKEN), answer(200, name)]);
        assert!(played.error().contains("it is not the name of a role"), "{}", played.error());
        assert!(!played.requests().iter().any(|request| request.contains(name)));
        assert!(!format!("{:?}", played.result).to_lowercase().contains("planted"));
        let error = region([answer(200, TOKEN), answer(200, name)]).error();
        assert!(error.contains("it is not the name of a region"), "{error}");
        assert!(!error.to_lowercase().contains("planted"), "{error}");
    }
    assert!(asked(&[], [answer(200, TOKEN), answer(200, "with_more"), answer(200, KEYS)]).result.is_ok());
    let keys = KEYS.replace("\"AKID\"", &format!("{TOKEN:?}"));
    let played = asked(&[], [answer(200, TOKEN), answer(200, "role"), answer(200, &keys)]);
    assert!(played.error().contains("its access key id is the token that was sent"), "{}", played.error());
    assert!(!format!("{:?}", played.result).contains("planted"));
    let keys = KEYS.replacen('{', &format!("{{\"AccountId\":{TOKEN:?},"), 1);
    let played = asked(&[], [answer(200, TOKEN), answer(200, "role"), answer(200, &keys)]);
    assert!(played.error().contains("its account id is the token that was sent"), "{}", played.error());
    assert!(!format!("{:?}", played.result).contains("planted"));
}

#[test]
fn each_request_is_tried_again() {
    let played = asked(
        &[],
        [
            answer(503, ""),
            answer(200, "tok"),
            failed(HANGS),
            answer(200, "role"),
            answer(500, ""),
            answer(429, ""),
            failed(TransportErrorKind::Closed),
            answer(200, KEYS),
        ],
    );
    assert!(played.result.unwrap().is_some());
    assert_eq!(played.waits.len(), 5);
}

#[test]
fn a_service_that_does_not_exist_is_asked_once() {
    for kind in [TransportErrorKind::UnknownHost, TransportErrorKind::Timeout(Phase::Connect)] {
        assert_eq!(asked(&[], [failed(kind)]).result.unwrap(), None);
        assert_eq!(region([failed(kind)]).result.unwrap(), None);
    }
    let v1_disabled = [("AWS_EC2_METADATA_V1_DISABLED", "true")];
    // A refusal takes no time, and may be meant for the method alone.
    for kind in [TransportErrorKind::Connect, TransportErrorKind::Refused] {
        assert_eq!(asked(&v1_disabled, [failed(kind)]).result.unwrap(), None);
        let both = || [failed(kind), failed(kind)];
        assert_eq!(asked(&[], both()).result.unwrap(), None);
        assert_eq!(region(both()).result.unwrap(), None);
        let played = asked(&[], [failed(kind), answer(404, ""), answer(200, "role"), answer(200, KEYS)]);
        assert!(played.result.unwrap().is_some());
        assert_eq!(
            region([failed(kind), answer(200, "eu-west-1")]).result.unwrap().as_deref(),
            Some("eu-west-1")
        );
    }
}

#[test]
fn no_role_is_not_configured() {
    let nothing = || answer(404, "<html>");
    assert_eq!(asked(&[], [answer(200, "tok"), nothing(), nothing()]).result.unwrap(), None);
    assert_eq!(asked(&[], [answer(200, "tok"), answer(200, "\n")]).result.unwrap(), None);
}

#[test]
fn a_token_that_is_no_longer_taken_is_replaced_once() {
    let begin = || [answer(200, "one"), answer(200, "role"), answer(401, ""), answer(200, "two")].into_iter();
    let played = asked(&[], begin().chain([answer(200, KEYS)]));
    assert_eq!(played.header(4, "x-aws-ec2-metadata-token"), Some("two"));
    assert_eq!(played.sent[4].0.uri().path(), "/latest/meta-data/iam/security-credentials-extended/role");
    assert!(played.result.unwrap().is_some());
    let error = asked(&[], begin().chain([answer(401, "")])).error();
    assert!(error.contains("http 401"), "{error}");
    // A service that has answered before is not taken for absent.
    let gone = std::iter::repeat_with(|| failed(TransportErrorKind::Refused)).take(4);
    let error = asked(&[], [answer(200, "one"), answer(401, "")].into_iter().chain(gone)).error();
    assert!(error.contains("refused") && error.contains("(4 tries)"), "{error}");
}

#[test]
fn a_server_without_tokens_is_asked_without_unless_that_is_forbidden() {
    for status in [302, 401, 403, 404, 405] {
        let played = asked(&[], [answer(status, ""), answer(200, "role"), answer(200, KEYS)]);
        assert_eq!(played.header(1, "x-aws-ec2-metadata-token"), None);
        assert!(played.result.unwrap().is_some());
    }
    for status in [429, 503] {
        let refusals = std::iter::repeat_with(|| answer(status, "")).take(4);
        let played = asked(&[], refusals.chain([answer(200, "role"), answer(200, KEYS)]));
        assert!(played.result.unwrap().is_some());
    }
    for status in [404, 405] {
        let v1_disabled = [("AWS_EC2_METADATA_V1_DISABLED", "True")];
        let error = asked(&v1_disabled, [answer(status, "")]).error();
        assert!(error.contains("AWS_EC2_METADATA_V1_DISABLED"), "{error}");
        let no = [("AWS_EC2_METADATA_V1_DISABLED", "false")];
        let absent = [answer(status, ""), answer(404, ""), answer(404, "")];
        assert_eq!(asked(&no, absent).result.unwrap(), None);
    }
}

#[test]
fn a_server_that_does_not_answer_with_a_token_is_asked_without_unless_that_is_forbidden() {
    for late in [HANGS, TransportErrorKind::Timeout(Phase::Body)] {
        let played = asked(&[], [failed(late), answer(404, ""), answer(200, "role"), answer(200, KEYS)]);
        assert_eq!(played.requests()[1..].len(), 3);
        assert!(
            played
                .sent
                .iter()
                .all(|(request, _)| !request.headers().contains_key("x-aws-ec2-metadata-token"))
        );
        assert!(played.waits.is_empty() && played.result.unwrap().is_some());
        assert_eq!(
            region([failed(late), answer(200, "eu-west-1")]).result.unwrap().as_deref(),
            Some("eu-west-1")
        );
        // A server that asks for a token, one that does not answer either, and one that stops.
        let hops = "in a container, the hop limit of the instance's metadata options has to be 2 or more";
        for rest in [answer(401, ""), failed(late)] {
            let error = asked(&[], [failed(late), rest]).error();
            assert!(
                error.contains("GET http://169.254.169.254/latest/meta-data/") && error.contains(hops),
                "{error}"
            );
            assert!(!error.contains("tries"), "{error}");
        }
        let error = region([failed(late), answer(401, "")]).error();
        assert!(
            error.contains("placement/region was answered with http 401") && error.contains(hops),
            "{error}"
        );
        let tries = std::iter::repeat_with(|| failed(late)).take(3);
        let late_again =
            [failed(late), answer(200, "role")].into_iter().chain(tries).chain([answer(200, KEYS)]);
        assert!(asked(&[], late_again).result.unwrap().is_some());

        let v1_disabled = [("AWS_EC2_METADATA_V1_DISABLED", "true")];
        let error = asked(&v1_disabled, std::iter::repeat_with(|| failed(late)).take(4)).error();
        assert!(
            error.contains("PUT ") && error.contains("in time (4 tries); in a container, the hop limit"),
            "{error}"
        );
    }
    let busy = [answer(503, ""), failed(HANGS), answer(200, "role"), answer(200, KEYS)];
    assert!(asked(&[], busy).result.unwrap().is_some());
}

#[test]
fn a_role_may_be_named_or_replaced() {
    const NAME: (&str, &str) = ("AWS_EC2_INSTANCE_PROFILE_NAME", " a+role name ");
    let played = asked(&[NAME], [answer(200, "tok"), answer(404, ""), answer(200, KEYS)]);
    assert_eq!(
        played.requests()[1..],
        [
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/a+role%20name",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/a+role%20name",
        ]
    );
    assert!(played.result.unwrap().is_some());
    let error = asked(&[NAME], [answer(200, "tok"), answer(404, ""), answer(404, "")]).error();
    assert!(error.contains("a+role%20name") && error.contains("AWS_EC2_INSTANCE_PROFILE_NAME"), "{error}");

    let replaced =
        [answer(200, "tok"), answer(200, "one"), answer(404, ""), answer(200, "two"), answer(200, KEYS)];
    let played = asked(&[], replaced);
    assert!(played.requests()[4].ends_with("-extended/two"), "{:?}", played.requests());
    assert!(played.result.unwrap().is_some());
    let removed = [answer(200, "tok"), answer(200, "one"), answer(404, ""), answer(404, ""), answer(404, "")];
    assert_eq!(asked(&[], removed).result.unwrap(), None);
}

#[test]
fn refusals_say_what_to_do() {
    for (events, expected) in [
        (
            vec![answer(403, "planted"), answer(403, "planted")],
            "request forbidden: the instance's metadata service is disabled",
        ),
        (
            vec![answer(400, "planted")],
            "PUT http://169.254.169.254/latest/api/token was answered with http 400;",
        ),
        (
            vec![answer(200, "<html> planted")],
            "PUT http://169.254.169.254/latest/api/token cannot be used, it is not a token",
        ),
        (vec![answer(200, "")], "it is not a token"),
        (
            vec![failed(HANGS), failed(HANGS)],
            "the answer did not begin in time; in a container, the hop limit",
        ),
        (vec![answer(200, "tok"), answer(200, "<!DOCTYPE html>planted")], "it is not the name of a role"),
        (vec![answer(200, "tok"), answer(200, "../../../planted")], "it is not the name of a role"),
        (vec![answer(200, "tok"), answer(200, "..")], "it is not the name of a role"),
        (vec![answer(200, "tok"), answer(403, "")], "forbidden"),
        (vec![answer(200, "tok"), answer(302, "")], "http 302"),
        (
            vec![
                answer(200, "tok"),
                answer(200, "role"),
                answer(404, ""),
                answer(200, "role"),
                answer(404, ""),
            ],
            "the role no longer exists",
        ),
        (vec![answer(200, "tok"), answer(200, "role"), answer(200, "<html>planted")], "it is not json"),
        (
            vec![
                answer(200, "tok"),
                answer(200, "role"),
                answer(200, r#"{"Code":"AssumeRoleUnauthorizedAccess"}"#),
            ],
            "with the code AssumeRoleUnauthorizedAccess; check the role",
        ),
    ] {
        let error = asked(&[], events).error();
        assert!(error.starts_with("no credentials from instance metadata: "), "{error}");
        assert!(error.contains(expected) && !error.contains("planted"), "{error}");
    }
}

#[test]
fn old_credentials_are_kept_alive_for_ten_to_fifteen_minutes() {
    let mut extensions: Vec<u64> = (0..200)
        .map(|seed| {
            let mut flow = InstanceMetadata::new(config(&[]), seed);
            let played = play(&mut flow, now(), [answer(200, "t"), answer(200, "r"), answer(200, EXPIRED)]);
            assert!(flow.extended());
            let expiration = played.result.unwrap().unwrap().expiration.unwrap();
            expiration.duration_since(now()).unwrap().as_secs()
        })
        .collect();
    extensions.sort_unstable();
    assert!((600..640).contains(&extensions[0]) && (860..900).contains(&extensions[199]), "{extensions:?}");
    let mut fresh = InstanceMetadata::new(config(&[]), 1);
    play(&mut fresh, now(), [answer(200, "t"), answer(200, "r"), answer(200, KEYS)]);
    assert!(!fresh.extended());
}

#[test]
fn the_region_is_asked_for_and_checked() {
    let played = region([answer(200, "tok"), answer(200, "eu-west-1\n")]);
    assert_eq!(played.requests()[1], "GET http://169.254.169.254/latest/meta-data/placement/region");
    assert_eq!(played.header(1, "x-aws-ec2-metadata-token"), Some("tok"));
    assert_eq!(played.result.unwrap().as_deref(), Some("eu-west-1"));
    for body in ["", "<html>", "eu west 1", "eu-west-1.evil.example", "eu-west-1/"] {
        let error = region([answer(200, "tok"), answer(200, body)]).error();
        assert!(error.contains("region cannot be used, it is not the name of a region"), "{body}: {error}");
    }
    for (events, words) in [
        (vec![answer(403, ""), answer(403, "")], "service is disabled"),
        (vec![answer(200, "<html>")], "not a token"),
    ] {
        let error = region(events).error();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(region([answer(200, "tok"), answer(404, "")]).result.unwrap(), None);
}

#[test]
fn the_first_endpoint_or_mode_that_is_set_wins() {
    use crate::settings::Profiles;
    const ENDPOINT: (&str, &str) = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://env:1/p/");
    const MODE: (&str, &str) = ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipV6");
    const ENDPOINT_KEY: (&str, &str) = ("ec2_metadata_service_endpoint", "http://profile");
    const MODE_KEY: (&str, &str) = ("ec2_metadata_service_endpoint_mode", "IPV6");
    let find = |variables: &[(&str, &str)], keys: &[(&str, &str)], code: &str| {
        let env = Env::from_iter(variables.iter().copied());
        let mut profiles = Profiles::default();
        profiles.insert_profile("p", keys.iter().copied());
        let profile = profiles.profile("p").unwrap();
        let config = match code {
            "" => Config::new(&env, profile),
            "IPv4" => Config::with_mode(Mode::IPv4, &env, profile),
            "IPv6" => Config::with_mode(Mode::IPv6, &env, profile),
            url => Config::with_endpoint(url, &env, profile),
        };
        match config {
            Ok(Some(config)) => config.uri("/x").unwrap().to_string(),
            Ok(None) => "off".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    const V4: &str = "http://169.254.169.254/x";
    const V6: &str = "http://[fd00:ec2::254]/x";
    for (variables, keys, code, expected) in [
        (&[][..], &[][..], "", V4),
        (&[MODE], &[], "", V6),
        (&[], &[MODE_KEY], "", V6),
        (&[(MODE.0, "IPv4")], &[MODE_KEY], "", V4),
        (&[MODE], &[MODE_KEY], "IPv4", V4),
        (&[(MODE.0, "nonsense")], &[], "IPv6", V6),
        (&[MODE], &[ENDPOINT_KEY, MODE_KEY], "", "http://profile/x"),
        (&[ENDPOINT, (MODE.0, "nonsense")], &[ENDPOINT_KEY], "", "http://env:1/p/x"),
        (&[ENDPOINT], &[], "IPv6", "http://env:1/p/x"),
        (&[], &[ENDPOINT_KEY], "IPv6", "http://profile/x"),
        (&[(ENDPOINT.0, "not a uri")], &[], "https://code", "https://code/x"),
        (&[("AWS_EC2_METADATA_DISABLED", "True"), (MODE.0, "nonsense")], &[], "", "off"),
        (&[("AWS_EC2_METADATA_DISABLED", "true")], &[], "IPv6", "off"),
        (&[("AWS_EC2_METADATA_DISABLED", "true")], &[], "https://code", "off"),
        (&[("AWS_EC2_METADATA_DISABLED", "false")], &[], "", V4),
    ] {
        assert_eq!(find(variables, keys, code), expected, "{variables:?} {keys:?} {code}");
    }
    for (variables, keys, code, expected) in [
        (
            &[(MODE.0, "IPv5")][..],
            &[][..],
            "",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE has to be IPv4 or IPv6",
        ),
        (
            &[],
            &[(MODE_KEY.0, "v6")],
            "",
            "profile p, ec2_metadata_service_endpoint_mode has to be IPv4 or IPv6",
        ),
        (&[(ENDPOINT.0, "not a uri")], &[], "", "has a space"),
        (&[(ENDPOINT.0, "http://user:planted@h")], &[], "", "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        (&[], &[(ENDPOINT_KEY.0, "169.254.169.254")], "", "profile p, ec2_metadata_service_endpoint"),
        (&[], &[], "ftp://h", "set in code"),
        (
            &[("AWS_EC2_METADATA_V1_DISABLED", "yes")],
            &[],
            "",
            "AWS_EC2_METADATA_V1_DISABLED has to be true or false",
        ),
        (
            &[("AWS_EC2_INSTANCE_PROFILE_NAME", "../planted")],
            &[],
            "",
            "AWS_EC2_INSTANCE_PROFILE_NAME is not the name of a role",
        ),
        (
            &[],
            &[("ec2_instance_profile_name", "..")],
            "",
            "ec2_instance_profile_name is not the name of a role",
        ),
        (&[], &[("ec2_metadata_v1_disabled", "1")], "", "ec2_metadata_v1_disabled has to be true or false"),
    ] {
        let error = find(variables, keys, code);
        assert!(error.starts_with("no credentials from instance metadata: "), "{error}");
        assert!(error.contains(expected) && !error.contains("planted"), "{error}");
    }
}
