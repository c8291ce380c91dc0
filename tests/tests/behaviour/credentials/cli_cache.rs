//! The AWS CLI's cache of sessions, where something is wrong with it.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use sts_proto::credentials::cli_cache::role_file;
use sts_proto::credentials::{Role, Source};
use sts_proto::operations::AssumeRole;
use sts_tests::driver::{Setup, through_both};
use sts_tests::home::{Home, slashed};
use sts_tests::peer::{EXPIRED, IDENTITY, Peer, answer, signer};

use super::call;

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

/// A home directory with a profile that assumes a role.
fn home() -> Home {
    Home::with_config(&format!(
        "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = planted\n\
         [profile r]\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = ann\n"
    ))
}

/// Gives the session `ASIANEW`, and refuses `ASIAOLD` as expired.
fn service() -> Peer {
    Peer::new(|request| match (signer(request).as_str(), request.body().starts_with(b"Action=AssumeRole")) {
        ("ASIAOLD", _) => answer(403, EXPIRED),
        ("AKIDBASE", true) => answer(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIANEW</AccessKeyId>\
             <SecretAccessKey>planted-s</SecretAccessKey><SessionToken>planted-t</SessionToken>\
             <Expiration>2090-01-31T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        ),
        _ => answer(200, IDENTITY),
    })
}

fn setup(home: &Home, peer: &Peer) -> Setup {
    Setup::of_environment(home.variables(&[("AWS_PROFILE", "r")])).share_cli_cache().transport(peer)
}

/// The file of the session of the profile.
fn file(home: &Home) -> PathBuf {
    home.path(".aws/cli/cache").join(role_file(&AssumeRole::new(ROLE, "ann"), true).unwrap())
}

fn entry(id: &str) -> Value {
    let keys = json!({
        "AccessKeyId": id, "SecretAccessKey": "planted-s", "SessionToken": "planted-t",
        "Expiration": "2090-01-31T12:00:00UTC",
    });
    json!({"Credentials": keys, "PackedPolicySize": 6})
}

fn sessions(peer: &Peer) -> usize {
    peer.bodies().iter().filter(|body| body.starts_with("Action=AssumeRole")).count()
}

#[test]
fn a_folder_that_cannot_be_written_costs_the_cache_and_not_the_call() {
    through_both(|make| {
        // Root may write everywhere, but not below a file.
        let (home, peer) = (home(), service());
        home.write(".aws/cli", "");
        for number in 1..3 {
            let sts = make(&setup(&home, &peer)).unwrap();
            call(&sts).unwrap();
            call(&sts).unwrap();
            assert_eq!(
                (sessions(&peer), sts.credentials().unwrap().access_key_id.as_str()),
                (number, "ASIANEW")
            );
            let told = sts.explain().to_string();
            let warning = format!("warning: not kept in the aws cli's cache, {}: ", file(&home).display());
            let (told, warning) = (slashed(&told), slashed(&warning));
            assert!(told.contains(&warning) && !told.contains("planted"), "{told}");
        }
    });
}

#[test]
fn an_entry_of_no_use_is_passed_over_and_replaced_and_its_neighbours_stay() {
    let whole = entry("ASIAOLD").to_string();
    let keys = |member: &str, value: Value| {
        let mut entry = entry("ASIAOLD");
        entry["Credentials"][member] = value;
        entry.to_string()
    };
    let rows: Vec<Vec<u8>> = vec![
        Vec::new(),
        whole.as_bytes()[..whole.len() / 2].to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"null".to_vec(),
        br#"{"accessToken": "planted", "expiresAt": "2090-01-31T12:00:00Z"}"#.to_vec(),
        br#"{"Credentials": "planted"}"#.to_vec(),
        b"\xff\xfe\x00planted".to_vec(),
        vec![b'['; 2 << 20],
        keys("SessionToken", Value::Null).into(),
        keys("AccessKeyId", json!("ASIA\r\nOLD")).into(),
        keys("Expiration", json!("2090-01-31T12:00:00")).into(),
        keys("Expiration", json!("2020-01-31T12:00:00UTC")).into(),
    ];
    through_both(|make| {
        for row in &rows {
            let shown = String::from_utf8_lossy(&row[..row.len().min(100)]);
            let (home, peer) = (home(), service());
            let (file, beside) = (file(&home), home.path(".aws/cli/cache/other.json"));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, row).unwrap();
            fs::write(&beside, row).unwrap();
            call(&make(&setup(&home, &peer)).unwrap()).unwrap();
            // The next client uses what was written.
            let next = make(&setup(&home, &peer)).unwrap();
            call(&next).unwrap();
            assert_eq!((sessions(&peer), peer.signers().last().unwrap().as_str()), (1, "ASIANEW"), "{shown}");
            assert!(next.explain().to_string().contains("from the aws cli's cache, "), "{shown}");
            let written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            assert_eq!(written["Credentials"]["AccessKeyId"], "ASIANEW", "{shown}");
            assert_eq!(fs::read(&beside).unwrap(), *row, "{shown}");
            assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 2, "{shown}");
        }
    });
}

#[test]
fn an_entry_that_is_a_folder_is_neither_read_nor_replaced() {
    through_both(|make| {
        let (home, peer) = (home(), service());
        fs::create_dir_all(file(&home)).unwrap();
        let sts = make(&setup(&home, &peer)).unwrap();
        call(&sts).unwrap();
        assert!(file(&home).is_dir());
        assert!(sts.explain().to_string().contains("warning: not kept in the aws cli's cache, "));
    });
}

#[test]
fn an_entry_that_the_service_refuses_is_fetched_anew_and_replaced() {
    through_both(|make| {
        let (home, peer) = (home(), service());
        let file = file(&home);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, entry("ASIAOLD").to_string()).unwrap();
        let sts = make(&setup(&home, &peer)).unwrap();
        call(&sts).unwrap();
        assert_eq!(peer.signers(), ["ASIAOLD", "AKIDBASE", "ASIANEW"]);
        let written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(written["Credentials"]["AccessKeyId"], "ASIANEW");
        // So is that of a provider of the role.
        fs::write(&file, entry("ASIAOLD").to_string()).unwrap();
        let peer = service();
        let base = home.variables(&[("AWS_PROFILE", "base")]);
        let base = make(&Setup::of_environment(base).share_cli_cache().transport(&peer)).unwrap();
        let in_role = base.with_provider(base.assumes(AssumeRole::new(ROLE, "ann")));
        call(&in_role).unwrap();
        assert_eq!(peer.signers(), ["ASIAOLD", "AKIDBASE", "ASIANEW"]);
    });
}

/// By a client of its own, which has the cache, for a source that another client asks.
#[test]
fn an_entry_that_a_source_gave_and_the_service_refuses_is_fetched_anew() {
    through_both(|make| {
        let home = home();
        let asked = AtomicUsize::new(0);
        let peer = Peer::new(move |request| {
            if request.body().starts_with(b"Action=AssumeRoleWithWebIdentity") {
                let id = if asked.fetch_add(1, Ordering::Relaxed) == 0 { "ASIAOLD" } else { "ASIANEW" };
                return answer(
                    200,
                    format!(
                        "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>\
                         planted-s</SecretAccessKey><SessionToken>planted-t</SessionToken><Expiration>2090-01-31T12:00:00Z\
                         </Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>"
                    ),
                );
            }
            if signer(request) == "ASIAOLD" { answer(403, EXPIRED) } else { answer(200, IDENTITY) }
        });
        let setup = Setup::of_environment(home.variables(&[])).region("eu-west-1").transport(&peer);
        let asks = make(&setup.clone().share_cli_cache().without_credentials()).unwrap();
        let token_file = home.write("token", "jwt");
        let provider = asks.gives(Source::WebIdentity { role: Role::new(ROLE), token_file });
        let own = setup.provider(provider).beside(&asks).unwrap();
        call(&own).unwrap();
        assert_eq!(own.credentials().unwrap().access_key_id, "ASIANEW");
    });
}

/// As many programs would that start at the same time.
#[test]
fn clients_that_begin_sessions_at_once_leave_one_of_them() {
    through_both(|make| {
        let (home, peer) = (home(), service());
        let setup = setup(&home, &peer);
        let first = make(&setup).unwrap();
        let got = first.crowd(|driver| {
            let mine = setup.beside(driver).unwrap();
            mine.credentials().unwrap().access_key_id
        });
        assert!(got.iter().all(|id| id == "ASIANEW"));
        let begun = sessions(&peer);
        assert!((1..=got.len()).contains(&begun), "{begun}");
        let written: Value = serde_json::from_slice(&fs::read(file(&home)).unwrap()).unwrap();
        assert_eq!(written["Credentials"]["AccessKeyId"], "ASIANEW");
        call(&setup.beside(&first).unwrap()).unwrap();
        assert_eq!(sessions(&peer), begun);
        assert_eq!(fs::read_dir(file(&home).parent().unwrap()).unwrap().count(), 1, "something else is left");
    });
}
