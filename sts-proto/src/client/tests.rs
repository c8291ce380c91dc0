mod clock;
mod explain;
mod keys;
mod region;
mod settings;
mod tokens;
mod world;

use crate::client::Config;
use crate::error::Error;
use crate::flow::{Event, Flow};
use crate::operations::GetCallerIdentity;
use world::{built, start};

#[test]
fn flows_that_are_over_stay_over() {
    let core = built(Config::isolated().region("eu-west-1").credentials(world::keys("ASIA")));
    let mut get = core.credentials(1);
    assert!(get.step(start(), Event::Start).is_ok());
    assert!(matches!(get.step(start(), Event::Start), Err(Error::OutOfTurn)));
    let mut call = core.send(GetCallerIdentity::new(), 1);
    assert!(matches!(call.step(start(), Event::Elapsed), Err(Error::OutOfTurn)));
    assert!(matches!(call.step(start(), Event::Start), Err(Error::OutOfTurn)));
}
