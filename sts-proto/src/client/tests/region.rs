//! The region of a client that was given none.

use std::time::Duration;

use super::world::*;
use crate::client::Config;
use crate::error::Error;
use crate::flow::Event;
use crate::settings::Env;

#[test]
fn the_region_is_searched_once_for_all() {
    let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
    let hosts = std::cell::RefCell::new(Vec::new());
    let serve: Serve<'_> = Box::new(|_, request| {
        let host = request.uri().host().unwrap().to_owned();
        let event = match (&*host, request.uri().path()) {
            ("169.254.169.254", "/latest/api/token") => answer(200, "token"),
            ("169.254.169.254", _) => answer(200, "eu-north-1"),
            _ => success(),
        };
        hosts.borrow_mut().push(host);
        (Duration::from_millis(10), event)
    });
    let mut world = World::new(Config::new(env), serve, gives_none());
    let calls: Vec<_> = (0..10).map(|_| world.call()).collect();
    world.run();
    for call in calls {
        assert!(world.end(call).1.is_ok(), "{:?}", world.end(call).1);
    }
    assert_eq!(world.jobs, 1);
    let list = explained(&world.core).settings;
    let region = list.iter().find(|setting| setting.name == "region").unwrap();
    assert_eq!((&*region.value, &region.origin), ("eu-north-1", &crate::settings::Origin::InstanceMetadata));
    drop(world);
    let asked = hosts.borrow().iter().filter(|host| *host == "169.254.169.254").count();
    assert_eq!(asked, 2);
    assert!(hosts.borrow().iter().any(|host| host == "sts.eu-north-1.amazonaws.com"));
}

#[test]
fn a_region_that_is_nowhere_is_an_error_of_each_call() {
    let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
    let serve: Serve<'_> =
        Box::new(|_, _| (Duration::ZERO, Event::Failed(crate::TransportErrorKind::Connect.into())));
    let mut world = World::new(Config::new(env), serve, gives_none());
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        let error = world.end(call).1.as_ref().unwrap_err();
        assert!(matches!(error, Error::Endpoint(_)), "{error}");
    }
}

#[test]
fn a_region_is_searched_only_where_none_is_set() {
    let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
    let mut world = World::new(Config::new(env.clone()).region("eu-west-1"), serves(), gives_none());
    let call = world.call();
    world.run();
    assert!(world.end(call).1.is_ok());
    assert_eq!(world.jobs, 0);

    // Until one is found, the list says that the endpoint depends on it.
    let core = built(Config::new(env));
    let fails = |_| Event::Failed(crate::TransportErrorKind::Connect.into());
    let Ok(told) = drive(&core, start(), core.explain(1), &fails);
    let endpoint = told.settings.iter().find(|setting| setting.name == "endpoint").unwrap();
    assert_eq!(format!("{} ({})", endpoint.value, endpoint.origin), "known once the region is (default)");
}
