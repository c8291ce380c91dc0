//! Sessions of many roles at once.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use sts_proto::Settings;
use sts_proto::client::RoleSessions;
use sts_proto::operations::AssumeRole;
use sts_proto::types::Tag;
use sts_tests::driver::{Driver, Setup, through_both};
use sts_tests::sts::Server;

fn client(sts: &Server) -> Setup {
    let keys = sts_proto::Credentials::new(sts.access_key_id(), sts.secret_access_key());
    Setup::new(Settings::new().region("eu-west-1").endpoint_url(sts.url()).credentials(keys))
}

fn sessions(driver: Driver, max: usize) -> RoleSessions<Driver> {
    RoleSessions::new(driver, NonZeroUsize::new(max).unwrap())
}

/// How often a session of each name was asked for.
fn asked(sts: &Server) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for arrival in sts.requests() {
        if let Some(name) = arrival.form.get("RoleSessionName") {
            *asked.entry(name.clone()).or_default() += 1;
        }
    }
    asked
}

#[test]
fn a_crowd_asks_once_for_each_tenant_and_each_has_its_own() {
    through_both(|make| {
        let sts = Server::start();
        let role = sts.role_arn("demo");
        let sessions = sessions(make(&client(&sts)).unwrap(), 10);
        let who = sessions.source().crowd(|_| {
            ["alice", "bob"].map(|tenant| {
                let input = AssumeRole::new(&role, tenant).tags([Tag::new("tenant", tenant)]);
                super::call(&sessions.client(&input)).unwrap().arn
            })
        });
        assert!(who.iter().all(|[a, b]| a.ends_with(":assumed-role/demo/alice") && b.ends_with("/bob")));
        assert_eq!(asked(&sts), BTreeMap::from([("alice".into(), 1), ("bob".into(), 1)]));
        assert_eq!(sessions.len(), 2);
    });
}

#[test]
fn no_more_are_kept_than_it_was_said_and_those_given_out_go_on() {
    through_both(|make| {
        let sts = Server::start();
        let sessions = sessions(make(&client(&sts)).unwrap(), 2);
        let input = |tenant: &str| AssumeRole::new(sts.role_arn("demo"), tenant);
        let first = sessions.client(&input("t0"));
        for tenant in ["t0", "t1", "t2", "t2", "t1"] {
            super::call(&sessions.client(&input(tenant))).unwrap();
        }
        assert_eq!(sessions.len(), 2);
        let once = BTreeMap::from(["t0", "t1", "t2"].map(|tenant| (tenant.to_owned(), 1)));
        assert_eq!(asked(&sts), once);
        assert!(super::call(&first).unwrap().arn.ends_with("/t0"));
        assert_eq!(asked(&sts), once);
        super::call(&sessions.client(&input("t0"))).unwrap();
        assert_eq!(asked(&sts)["t0"], 2);
        assert!(sessions.forget(&input("t0")));
        super::call(&sessions.client(&input("t0"))).unwrap();
        assert_eq!(asked(&sts)["t0"], 3);
    });
}

#[test]
fn a_role_that_is_refused_says_so_for_each_call_and_another_tenant_works() {
    through_both(|make| {
        let sts = Server::start();
        let sessions = sessions(make(&client(&sts)).unwrap(), 2);
        let refused = AssumeRole::new("arn:aws:iam::999999999999:role/other", "alice");
        let error = super::call(&sessions.client(&refused)).unwrap_err();
        assert_eq!(error.code().map(ToString::to_string).as_deref(), Some("AccessDenied"), "{error}");
        assert!(error.to_string().contains("role/other") && error.request_id().is_some(), "{error}");
        super::call(&sessions.client(&AssumeRole::new(sts.role_arn("demo"), "bob"))).unwrap();
        super::call(&sessions.client(&refused)).unwrap_err();
    });
}
