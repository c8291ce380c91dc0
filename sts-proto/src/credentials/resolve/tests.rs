use super::*;
use crate::credentials::testing::{NOW, context, done, effect, error, refused, sent, session, step};
use crate::credentials::{Plan, Role};
use crate::flow::Effect;
use crate::transport::{TransportError, TransportErrorKind};

fn candidate(name: &str, found: Found) -> Candidate {
    Candidate { name: name.into(), found }
}

fn keys(id: &str) -> Source {
    Source::Static(Credentials::new(id, "planted"))
}

fn roles(source: Source, roles: Vec<Role>) -> Vec<Candidate> {
    vec![
        candidate("environment", Found::NotConfigured("AWS_ACCESS_KEY_ID is not set".into())),
        candidate("profile dev", Found::Plan(Box::new(Plan { source, roles }))),
        candidate("container", Found::NotConfigured("nothing is set".into())),
    ]
}

fn resolve(candidates: Vec<Candidate>) -> Resolve {
    Resolve::new(Arc::new(Chain { candidates }), context(), 1)
}

fn told(resolve: &Resolve) -> Vec<String> {
    resolve.tried().iter().map(ToString::to_string).collect()
}

#[test]
fn what_was_begun_out_of_turn_stays_over() {
    let mut flow = resolve(roles(keys("AKIDSTATIC00"), Vec::new()));
    for event in [Event::Elapsed, Event::Start, Event::Start] {
        assert!(matches!(refused(step(&mut flow, event)), Error::OutOfTurn));
    }
}

#[test]
fn roles_are_assumed_one_after_the_other_each_with_the_keys_of_the_one_before() {
    let links = vec![Role::new("arn:one"), Role { external_id: Some("x".into()), ..Role::new("arn:two") }];
    let mut flow = resolve(roles(keys("AKIDSTATIC00"), links));
    for (id, role, next) in [("AKIDSTATIC00", "one", "ASIAFIRST000"), ("ASIAFIRST000", "two", "ASIASECOND99")]
    {
        let event = if role == "one" { Event::Start } else { session("AssumeRole", id, 900) };
        let request = sent(step(&mut flow, event));
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert!(body.contains(&format!("RoleArn=arn%3A{role}")), "{body}");
        assert_eq!(body.contains("ExternalId=x"), role == "two");
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains(&format!("Credential={id}/")), "{authorization}, then {next}");
    }
    let resolved = done(step(&mut flow, session("AssumeRole", "ASIASECOND99", 900)));
    assert_eq!(resolved.credentials.access_key_id, "ASIASECOND99");
    assert_eq!(
        told(&flow),
        [
            "environment: not configured, AWS_ACCESS_KEY_ID is not set",
            "profile dev: used, keys, then the role arn:one, then the role arn:two: access key …ND99, \
             account 123456789012, valid for 900 s",
            "container: not asked",
        ]
    );
    assert!(matches!(refused(step(&mut flow, Event::Start)), Error::OutOfTurn));
}

#[test]
fn the_code_of_an_mfa_device_is_asked_for_and_sent_once() {
    let role = Role { mfa_serial: Some("arn:mfa".into()), ..Role::new("arn:one") };
    let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![role.clone()]));
    let Effect::AskMfaCode(serial) = effect(step(&mut flow, Event::Start)) else {
        panic!("it does not ask for a code")
    };
    assert_eq!(serial, "arn:mfa");
    let request = sent(step(&mut flow, Event::MfaCode(" 123456\r\n".into())));
    let body = String::from_utf8(request.body().to_vec()).unwrap();
    assert!(body.ends_with("SerialNumber=arn%3Amfa&TokenCode=123456"), "{body}");
    // Any other call would be retried after this error.
    let error = refused(step(&mut flow, error(500, "InternalFailure")));
    assert!(error.to_string().contains("the role arn:one cannot be assumed"), "{error}");

    let unasked = TransportError::new(TransportErrorKind::Unsupported, "there is no person to ask");
    for (nothing, why) in [
        (Event::Failed(unasked), "there is no person to ask"),
        (Event::Failed(TransportErrorKind::Unsupported.into()), "the transport"),
        (Event::MfaCode(" \n".into()), "no code was given; mfa_code has to answer with the current one"),
    ] {
        let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![role.clone()]));
        step(&mut flow, Event::Start).unwrap();
        let error = refused(step(&mut flow, nothing));
        assert!(error.to_string().contains(&format!("the code of the mfa device arn:mfa: {why}")), "{error}");
    }
}

#[test]
fn a_source_that_fails_ends_the_search_and_is_named() {
    let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![Role::new("arn:one")]));
    step(&mut flow, Event::Start).unwrap();
    let error = refused(step(&mut flow, error(403, "AccessDenied")));
    let text = error.to_string();
    assert!(
        text.starts_with("no credentials from profile dev: the role arn:one cannot be assumed: "),
        "{text}"
    );
    assert!(text.contains("AccessDenied"), "{text}");
    let Error::Credentials(error) = error else { panic!("{error:?}") };
    assert_eq!(error.tried().len(), 3);
    assert!(matches!(error.tried()[1].outcome, Outcome::Failed(_)));
    // The refusal can be reached, and is printed once.
    assert!(std::error::Error::source(&error).is_none());
    assert_eq!(Error::from(error).code(), Some(&crate::error::ErrorCode::AccessDenied));

    let broken = CredentialsError::new("profile dev", "in profile dev: it is half a thing");
    let mut flow = resolve(vec![candidate("profile dev", Found::Broken(broken))]);
    let error = refused(step(&mut flow, Event::Start)).to_string();
    assert_eq!(error, "no credentials from profile dev: in profile dev: it is half a thing");
}

#[test]
fn nothing_anywhere_tells_where_it_was_looked_for() {
    let mut flow = resolve(vec![
        candidate("environment", Found::NotConfigured("AWS_ACCESS_KEY_ID is not set".into())),
        candidate("container", Found::NotConfigured("no variable is set".into())),
    ]);
    assert_eq!(
        refused(step(&mut flow, Event::Start)).to_string(),
        "no credentials (looked for in: environment: not configured, AWS_ACCESS_KEY_ID is not set; \
         container: not configured, no variable is set)"
    );
}

#[test]
fn what_has_expired_is_refused_at_each_link() {
    let old = Credentials::new("AKIDSTATIC00", "planted").with_expiration(NOW);
    let mut flow = resolve(roles(Source::Static(old), Vec::new()));
    let error = refused(step(&mut flow, Event::Start)).to_string();
    assert!(error.contains("expired 0 s ago") && error.contains("clock"), "{error}");
    let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![Role::new("arn:one"), Role::new("arn:two")]));
    step(&mut flow, Event::Start).unwrap();
    let error = refused(step(&mut flow, session("AssumeRole", "ASIA", 0))).to_string();
    assert!(error.contains("expired"), "{error}");
}

#[test]
fn keys_of_the_instance_outlive_trouble_of_its_metadata_and_others_do_not() {
    let env = crate::settings::Env::default();
    let metadata =
        || Source::InstanceMetadata(crate::credentials::imds::Config::new(&env, None).unwrap().unwrap());
    let held = |end| Some(Credentials::new("ASIAHELD0000", "planted").with_expiration(end));
    let later = NOW + Duration::from_secs(60);
    for (source, links, held, kept) in [
        (metadata(), Vec::new(), held(NOW), true),
        // These have not expired yet, so that the next try may still get new ones in time.
        (metadata(), Vec::new(), held(later), false),
        (metadata(), Vec::new(), None, false),
        (metadata(), vec![Role::new("arn:one")], held(NOW), false),
        (Source::Process { command: "tool".into(), account_id: None }, Vec::new(), held(NOW), false),
    ] {
        let candidates = vec![candidate("profile dev", Found::Plan(Box::new(Plan { source, roles: links })))];
        let mut flow = resolve(candidates).held(held);
        step(&mut flow, Event::Start).unwrap();
        let next = step(&mut flow, Event::Failed(TransportErrorKind::UnknownHost.into()));
        if !kept {
            refused(next);
            continue;
        }
        let resolved = done(next);
        assert_eq!(resolved.credentials.access_key_id, "ASIAHELD0000");
        let life = resolved.credentials.expiration.unwrap().duration_since(NOW).unwrap();
        assert!((600..=900).contains(&life.as_secs()), "{life:?}");
        assert!(told(&flow)[0].contains("warning: ") && flow.kept_in_use(), "{:?}", told(&flow));
    }
}

#[test]
fn a_code_is_asked_for_once_for_all_that_stands_on_its_session() {
    let mfa = || Role { mfa_serial: Some("arn:mfa".into()), ..Role::new("arn:one") };
    let mfa_session = MfaSession::default();
    let again = || {
        let links = vec![mfa(), Role::new("arn:two")];
        resolve(roles(keys("AKIDSTATIC00"), links)).mfa_session(mfa_session.clone())
    };
    let mut flow = again();
    assert!(matches!(effect(step(&mut flow, Event::Start)), Effect::AskMfaCode(_)));
    sent(step(&mut flow, Event::MfaCode("123456".into())));
    sent(step(&mut flow, session("AssumeRole", "ASIAMFA00000", 900)));
    done(step(&mut flow, session("AssumeRole", "ASIALEAF0000", 60)));
    // Only the last role is assumed again.
    let mut flow = again();
    let request = sent(step(&mut flow, Event::Start));
    assert!(request.headers()["authorization"].to_str().unwrap().contains("Credential=ASIAMFA00000/"));
    assert!(String::from_utf8(request.body().to_vec()).unwrap().contains("arn%3Atwo"));
    done(step(&mut flow, session("AssumeRole", "ASIALEAF0001", 60)));
    // Once the session is about to expire, or is refused as expired, the user is asked again.
    let mut flow = again();
    let late = NOW + Duration::from_secs(841);
    assert!(matches!(effect(flow.step(late, Event::Start)), Effect::AskMfaCode(_)));
    let mut flow = again();
    sent(step(&mut flow, Event::Start));
    refused(step(&mut flow, error(403, "ExpiredToken")));
    assert!(matches!(effect(step(&mut again(), Event::Start)), Effect::AskMfaCode(_)));
}
