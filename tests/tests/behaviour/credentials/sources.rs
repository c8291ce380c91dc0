//! Credentials and providers that are set in code.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use sts_proto::credentials::{Role, Source, container, imds, login, sso};
use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::settings::Env;
use sts_proto::{Credentials, Presign};
use sts_tests::driver::{Setup, through_both};
use sts_tests::home::Home;
use sts_tests::peer::{Answered, Peer, answer};
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

/// Each source alone, whatever else the environment names.
#[test]
fn a_single_source_gives_its_credentials_and_no_other_is_asked() {
    let home = Home::new();
    let env = Env::from_iter([
        ("HOME", home.path("").to_str().unwrap()),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/planted"),
    ]);
    home.write("token", "planted");
    let sso = sso::Config::of_session(&env, "corp", "us-east-1", "123456789012", "Reader").unwrap();
    let login = login::Config::of_session(&env, "arn:aws:iam::111122223333:user/ann").unwrap();
    let keys = json!({
        "accessKeyId": "ASIALOGIN", "secretAccessKey": "planted", "sessionToken": "planted",
        "expiresAt": "2090-01-31T12:00:00Z",
    });
    for (file, text) in [
        (sso.token_file(), json!({"accessToken": "planted", "expiresAt": "2090-01-31T12:00:00Z"})),
        (
            login.token_file(),
            json!({"accessToken": keys, "refreshToken": "planted", "clientId": "c", "dpopKey": "planted"}),
        ),
    ] {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text.to_string()).unwrap();
    }
    let role = Role::new("arn:aws:iam::0123:role/web");
    let printed =
        r#"{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"planted","AccountId":"0123"}"#;
    let printed = home.write("printed", printed);
    let print = if cfg!(windows) { "cmd /c type" } else { "cat" };
    let process = format!("{print} \"{}\"", printed.display());
    for (source, name, id) in [
        (Source::Static(keys_of("AKIDSTATIC")), "static", "AKIDSTATIC"),
        (Source::Process { command: process.into(), account_id: None }, "credential_process", "ASIAPROCESS"),
        (Source::WebIdentity { role, token_file: home.path("token") }, "web identity", "ASIAWEB"),
        (
            Source::Container(container::Config::from_env(&env).unwrap().unwrap()),
            "container",
            "ASIACONTAINER",
        ),
        (
            Source::InstanceMetadata(imds::Config::new(&env, None).unwrap().unwrap()),
            "instance metadata",
            "ASIAINSTANCE",
        ),
        (Source::Sso(sso), "sso", "ASIASSO"),
        (Source::Login(login), "login", "ASIALOGIN"),
    ] {
        through_both(|make| {
            let peer = Peer::new(gives_credentials);
            let sts = make(&setup(&peer)).unwrap();
            let provider = sts.gives(source.clone());
            let of_source = sts.with_provider(provider);
            assert_eq!(of_source.credentials().unwrap().access_key_id, id, "{name}");
            let told = of_source.explain().to_string();
            assert!(told.contains("the provider set in code") && !told.contains("planted"), "{told}");
            let asked = peer.requests().len();
            of_source.credentials().unwrap();
            assert_eq!(peer.requests().len(), asked, "{name}: what is kept is not asked for again");
            // The client that asks needs none of its own, and has none.
            assert!(is_not_configured(&sts.credentials()), "{name}");
        });
    }
}

#[test]
fn a_single_source_that_is_not_there_is_an_error_that_names_it() {
    through_both(|make| {
        let peer = Peer::new(|_| answer(404, ""));
        let sts = make(&setup(&peer)).unwrap();
        let config = imds::Config::new(&Env::from_iter([("HOME", "/nowhere")]), None).unwrap().unwrap();
        let error = sts.gives(Source::InstanceMetadata(config)).credentials(&sts).unwrap_err().to_string();
        assert!(error.contains("the instance's metadata"), "{error}");
        let process = Source::Process { command: "/nowhere/planted".into(), account_id: None };
        let error = sts.gives(process).credentials(&sts).unwrap_err().to_string();
        assert!(error.contains("credential_process"), "{error}");
        // The shell of Windows tells its name.
        assert!(cfg!(windows) || !error.contains("planted"), "{error}");
    });
}

fn keys_of(id: &str) -> Credentials {
    Credentials::new(id, "planted")
}

/// Every service that has credentials, each with others.
fn gives_credentials(request: &Request<Bytes>) -> Answered {
    let (host, path) = (request.uri().host().unwrap(), request.uri().path());
    let keys = |id: &str| {
        format!(
            r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"planted","Token":"planted",
            "Expiration":"2090-01-31T12:00:00Z"}}"#
        )
    };
    match (host, path) {
        ("169.254.170.2", "/v2/credentials/planted") => answer(200, keys("ASIACONTAINER")),
        ("169.254.169.254", "/latest/api/token") => answer(200, "planted"),
        ("169.254.169.254", path) if path.ends_with("/r") => answer(200, keys("ASIAINSTANCE")),
        ("169.254.169.254", _) => answer(200, "r"),
        ("portal.sso.us-east-1.amazonaws.com", "/federation/credentials") => answer(
            200,
            r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"planted","sessionToken":"planted",
                "expiration":3789000000000}}"#,
        ),
        ("sts.eu-west-1.amazonaws.com", _) => answer(
            200,
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
             <AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>planted</SecretAccessKey><SessionToken>planted\
             </SessionToken><Expiration>2090-01-31T12:00:00Z</Expiration></Credentials>\
             </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        ),
        other => panic!("{other:?} is asked"),
    }
}
