use sts_proto::settings::Env;
use sts_proto::{Outcome, Presign};

use super::peer::{IDENTITY, response};
use super::*;
use crate::operations::{AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity};

#[tokio::test]
async fn the_last_word_in_code_counts() {
    let peer = Peer::sts();
    let given = || builder(&peer).credentials(keys("GIVEN", 3600));
    let id =
        async |builder: Builder| builder.build().unwrap().credentials().await.map(|keys| keys.access_key_id);
    assert_eq!(id(given()).await.unwrap(), "GIVEN");
    assert_eq!(id(given().credentials_provider(keys("PROVIDED", 3600))).await.unwrap(), "PROVIDED");
    let provided = || builder(&peer).credentials_provider(keys("PROVIDED", 3600));
    assert_eq!(id(provided().credentials(keys("GIVEN", 3600))).await.unwrap(), "GIVEN");
    assert!(matches!(
        id(provided().without_credentials()).await,
        Err(Error::Credentials(CredentialsError::NotConfigured(_)))
    ));
    assert!(matches!(id(builder(&peer)).await, Err(Error::Credentials(CredentialsError::NotConfigured(_)))));
    let boxed: Box<dyn CredentialsProvider> = Box::new(keys("BOXED", 3600));
    assert_eq!(id(provided().credentials_provider(boxed)).await.unwrap(), "BOXED");
    let shared: Arc<dyn CredentialsProvider> = Arc::new(keys("SHARED", 3600));
    assert_eq!(id(provided().credentials_provider(shared)).await.unwrap(), "SHARED");
    assert_eq!(id(builder(&peer).credentials_provider(given().build().unwrap())).await.unwrap(), "GIVEN");
}

#[tokio::test]
async fn unsigned_calls_ask_nobody_and_presigned_urls_do() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        counter.again();
        async { Ok(keys("KEY", 3600)) }
    });
    let web = AssumeRoleWithWebIdentity::new("arn:aws:iam::0123:role/a", "b", "token");
    assert!(sts.assume_role_with_web_identity(web.clone()).await.is_err());
    let options = Presign::new(Duration::from_secs(60));
    sts.presign(&web, &options).await.unwrap();
    assert_eq!((asked.times(), peer.signers()), (0, vec![String::new()]));
    let request = sts.presign(&GetCallerIdentity::new(), &options).await.unwrap();
    assert!(request.uri().query().unwrap().contains("X-Amz-Credential=KEY%2F"));
    assert_eq!(asked.times(), 1);
    let nobody = builder(&peer).build().unwrap();
    assert!(matches!(
        nobody.presign(&GetCallerIdentity::new(), &options).await,
        Err(Error::Credentials(CredentialsError::NotConfigured(_)))
    ));
}

/// Gives each its session: `ARN/role/a` as `A`.
fn gives_roles() -> Peer {
    Peer::new(|request| {
        let body = std::str::from_utf8(request.body()).unwrap();
        let Some((_, rest)) = body.split_once("role%2F") else { return response(200, IDENTITY) };
        if rest.starts_with("refused") {
            return response(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
        }
        let (web, id) = (body.contains("WebIdentity"), rest.chars().next().unwrap().to_uppercase());
        let action = if web { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
        let body = format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>SESSION{id}</AccessKeyId>\
             <SecretAccessKey>planted-secret</SecretAccessKey><SessionToken>planted-token</SessionToken>\
             <Expiration>2090-01-31T12:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::0123:assumed-role/a/b</Arn>\
             </AssumedRoleUser></{action}Result></{action}Response>"
        );
        http::Response::new(body.into())
    })
}

#[tokio::test]
async fn roles_are_assumed_one_by_way_of_the_other() {
    let peer = gives_roles();
    let sts = client(&peer, keys("BASE", 3600));
    let role = |name: &str| AssumeRole::new(format!("arn:aws:iam::0123:role/{name}"), "session");
    let hub =
        sts.with_credentials_provider(AssumeRoleProvider::new(sts.clone(), role("a").external_id("x-1")));
    let leaf = hub.with_credentials_provider(AssumeRoleProvider::new(hub.clone(), role("b")));
    for _ in 0..3 {
        leaf.get_caller_identity().await.unwrap();
    }
    assert_eq!(peer.signers(), ["BASE", "SESSIONA", "SESSIONB", "SESSIONB", "SESSIONB"]);
    assert_eq!(leaf.credentials().await.unwrap().account_id.as_deref(), Some("0123"));
    let refused = sts.with_credentials_provider(AssumeRoleProvider::new(hub, role("refused")));
    let error = refused.get_caller_identity().await.unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with("no credentials from the role arn:aws:iam::0123:role/refused: "), "{shown}");
    assert!(shown.contains("AccessDenied"), "{shown}");
}

#[tokio::test]
async fn tokens_are_read_from_their_file_each_time() {
    let peer = gives_roles();
    let folder = std::env::temp_dir().join(format!("sts-async-web-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("token");
    let sts = builder(&peer).build().unwrap();
    let web = WebIdentityProvider::new(sts, "arn:aws:iam::0123:role/web", &file);
    let web = web.session_name("build-42").duration_seconds(900);
    let error = web.credentials().await.unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
    for token in ["first", "second"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        assert_eq!(web.credentials().await.unwrap().access_key_id, "SESSIONW");
    }
    let bodies: Vec<_> = peer.bodies();
    assert!(bodies[0].contains("WebIdentityToken=first") && bodies[1].contains("WebIdentityToken=second"));
    assert!(bodies[0].contains("RoleSessionName=build-42") && bodies[0].contains("DurationSeconds=900"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn explained_without_a_secret() {
    let peer = Peer::sts();
    let outcome =
        async |builder: Builder| builder.build().unwrap().explain().await.credentials.remove(0).outcome;
    let used =
        |outcome: &Outcome, text: &str| matches!(outcome, Outcome::Used(which) if which.contains(text));
    assert!(used(&outcome(builder(&peer).credentials(keys("ASIAGIVENKEYS", 3600))).await, "…KEYS"));
    let provided = builder(&peer).credentials_provider(keys("ASIAPROVIDED", 3600));
    assert!(used(&outcome(provided).await, "…IDED"));
    let fails = outcome(builder(&peer).credentials_provider(|| async { Err(sealed()) })).await;
    assert_eq!(fails, Outcome::Failed("it is sealed".into()));
    assert!(matches!(outcome(builder(&peer)).await, Outcome::NotConfigured(_)));
    assert!(matches!(
        outcome(builder(&peer).credentials_provider(|| async { Err(sealed()) })).await,
        Outcome::Failed(_)
    ));

    let env = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted-secret")];
    let from_env =
        Builder::from_snapshot(Env::from_iter(env)).unwrap().region("eu-west-1").transport(peer.clone());
    let sts = from_env.build().unwrap();
    let shown = sts.explain().await.to_string();
    assert!(shown.contains("…MPLE") && shown.contains("proxy"), "{shown}");
    let provider =
        AssumeRoleProvider::new(sts.clone(), AssumeRole::new("arn", "s").token_code("planted-code"));
    let shown = format!("{shown} {sts:?} {provider:?} {:?}", sts.explain().await);
    assert!(!shown.contains("planted"), "{shown}");
    let debug =
        format!("{:?}", builder(&peer).credentials(keys("ASIA", 1)).credentials_provider(keys("ASIA", 1)));
    assert!(!debug.contains("planted"), "{debug}");
    assert!(peer.signers().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn a_chain_needs_no_region() {
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted-secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
    ];
    let builder = || Builder::from_snapshot(Env::from_iter(env)).unwrap();
    assert!(matches!(builder().build(), Err(Error::Endpoint(_))));
    let chain = ChainProvider::from_builder(builder()).unwrap();
    assert_eq!(chain.credentials().await.unwrap().access_key_id, "AKIDEXAMPLE");
    assert!(!format!("{chain:?} {}", chain.explain().await).contains("planted"));
}

#[tokio::test]
async fn a_profile_that_is_named_late_is_the_one_that_counts() {
    let peer = Peer::sts();
    let folder = std::env::temp_dir().join(format!("sts-async-profile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config");
    let text = "[profile dev]\nregion = eu-west-1\naws_access_key_id = DEVEXAMPLE\naws_secret_access_key = planted\n\
        [profile prod]\nregion = us-west-2\naws_access_key_id = PRODEXAMPLE\naws_secret_access_key = planted\n";
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let none = folder.join("none").to_str().unwrap().to_owned();
    let env = [
        ("AWS_PROFILE", "dev"),
        ("AWS_CONFIG_FILE", path),
        ("AWS_SHARED_CREDENTIALS_FILE", &none),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let builder = || Builder::from_snapshot(Env::from_iter(env)).unwrap().transport(peer.clone());
    let host = |sts: &Client| sts.context().endpoint().unwrap().uri().to_string();
    let dev = builder().build().unwrap();
    let prod = builder().use_dualstack_endpoint(true).profile("prod").build().unwrap();
    let moved = builder().profile("prod").region("eu-central-1").build().unwrap();
    assert_eq!(dev.credentials().await.unwrap().access_key_id, "DEVEXAMPLE");
    assert_eq!(prod.credentials().await.unwrap().access_key_id, "PRODEXAMPLE");
    assert_eq!(host(&dev), "https://sts.eu-west-1.amazonaws.com/");
    assert_eq!(host(&prod), "https://sts.us-west-2.api.aws/");
    assert_eq!(host(&moved), "https://sts.eu-central-1.amazonaws.com/");
    let shown = prod.explain().await.to_string();
    assert!(shown.contains("profile prod") && shown.contains(path) && shown.contains("…MPLE"), "{shown}");
    assert!(!shown.contains("planted"), "{shown}");
    let error = builder().profile("nobody").build().unwrap_err().to_string();
    assert!(error.contains("nobody") && error.contains(path), "{error}");
    // What code gives goes before the chain, and none is none.
    let given = builder().credentials(keys("GIVEN", 3600)).build().unwrap();
    assert_eq!(given.credentials().await.unwrap().access_key_id, "GIVEN");
    let nobody = builder().without_credentials().build().unwrap();
    assert!(matches!(
        nobody.credentials().await,
        Err(Error::Credentials(CredentialsError::NotConfigured(_)))
    ));
    // Where nothing is found, the error says where that was.
    std::fs::write(&file, "[profile dev]\nregion = eu-west-1\n").unwrap();
    let error = builder().build().unwrap().get_caller_identity().await.unwrap_err();
    assert!(
        matches!(&error, Error::Credentials(CredentialsError::NotConfigured(nothing)) if nothing.operation == "GetCallerIdentity"),
        "{error:?}"
    );
    assert!(error.to_string().contains("profile dev"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
